//! `--time`: wall and CPU time of each phase.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::fmt;
use std::time::{Duration, Instant};

/// The phases' times, in the order they ran.
#[derive(Debug)]
pub struct Times {
    wanted: bool,
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
    /// Starts the clock of the first phase. Unless times are `wanted`, nothing is measured: the
    /// first look at a clock costs 20 µs, and valgrind fails there.
    pub fn start(wanted: bool) -> Times {
        let cpu = if wanted { cpu_time() } else { Duration::ZERO };
        Times { wanted, phases: Vec::new(), wall: Instant::now(), cpu }
    }

    /// Ends the running phase under `name` and starts the next.
    pub fn end(&mut self, name: &'static str) {
        if !self.wanted {
            return;
        }
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
