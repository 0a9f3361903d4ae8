//! `--time`: wall and CPU time of each phase.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::fmt;
use std::time::{Duration, Instant};

/// The phases' times, in the order they ran.
#[derive(Debug)]
pub struct Times {
    phases: Vec<Phase>,
    wall: Instant,
    cpu: Duration,
}

#[derive(Debug)]
struct Phase {
    name: &'static str,
    wall: Duration,
    cpu: Duration,
}

impl Times {
    /// Starts the clock of the first phase.
    pub fn start() -> Times {
        Times { phases: Vec::new(), wall: Instant::now(), cpu: cpu_time() }
    }

    /// Ends the running phase under `name` and starts the next.
    pub fn end(&mut self, name: &'static str) {
        let (wall, cpu) = (Instant::now(), cpu_time());
        self.phases.push(Phase { name, wall: wall - self.wall, cpu: cpu.saturating_sub(self.cpu) });
        (self.wall, self.cpu) = (wall, cpu);
    }
}

/// CPU time of all threads of the process, user and system.
fn cpu_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(tv_sec as u64, tv_nsec as u32)
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |name: &str, wall: Duration, cpu: Duration| {
            format!(
                "{name:<10} {:>10.3} {:>10.3}",
                wall.as_secs_f64() * 1e3,
                cpu.as_secs_f64() * 1e3
            )
        };
        writeln!(f, "{:<10} {:>10} {:>10}", "phase", "wall ms", "CPU ms")?;
        for phase in &self.phases {
            writeln!(f, "{}", row(phase.name, phase.wall, phase.cpu))?;
        }
        let wall = self.phases.iter().map(|phase| phase.wall).sum();
        let cpu = self.phases.iter().map(|phase| phase.cpu).sum();
        write!(f, "{}", row("total", wall, cpu))
    }
}
