//! The process that starts a linker and waits for all of its tree.

use super::Sample;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fs::File;
use std::io::Error;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// The first argument that makes `gild-bench` a launcher.
pub const NAME: &str = "launch";

/// `gild-bench launch LOG PROGRAM ARGUMENT…`: prints a [`Sample`] as JSON.
///
/// # Errors
/// If the program can't be started.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let log = arguments.next().context("launch: no log file")?;
    let program = arguments.next().context("launch: no program")?;
    let log = File::create(log)?;
    let mut command = Command::new(program);
    command.args(arguments).stdout(log.try_clone()?).stderr(log);
    let sample = watch(&mut command)?;
    println!("{}", serde_json::to_string(&sample)?);
    Ok(ExitCode::SUCCESS)
}

/// Starts `command` and measures its tree; makes this process a subreaper.
pub fn watch(command: &mut Command) -> Result<Sample> {
    // SAFETY: PR_SET_CHILD_SUBREAPER takes one integer and touches no memory.
    if unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) } != 0 {
        bail!("PR_SET_CHILD_SUBREAPER: {}", Error::last_os_error());
    }
    let mut sample = Sample { launcher_bytes: own_peak(), ..Sample::default() };
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("starting {:?}", command.get_program()))?;
    let first = child.id() as i32;
    while let Some((pid, status, usage)) = reap()? {
        let now = start.elapsed().as_secs_f64();
        sample.settled = now;
        if pid == first {
            sample.wall = now;
            sample.status = code(status);
        }
        sample.user += seconds(usage.ru_utime);
        sample.system += seconds(usage.ru_stime);
        // The kernel counts in units of 1024 bytes.
        sample.memory = sample.memory.max(usage.ru_maxrss as u64 * 1024);
        sample.minor_faults += usage.ru_minflt as u64;
        sample.processes += 1;
    }
    Ok(sample)
}

/// Waits for any child or adopted orphan; nothing when none is left. Its usage includes that of the
/// children it has waited for itself, so that nothing is counted twice or left out.
fn reap() -> Result<Option<(i32, i32, libc::rusage)>> {
    let mut status = 0;
    // SAFETY: rusage is a struct of integers, for which zero bytes are a value.
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    loop {
        // SAFETY: both pointers are to live locals of the types that wait4 fills in.
        let pid = unsafe { libc::wait4(-1, &raw mut status, 0, &raw mut usage) };
        if pid > 0 {
            return Ok(Some((pid, status, usage)));
        }
        let error = Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ECHILD) => return Ok(None),
            Some(libc::EINTR) => {}
            _ => return Err(error).context("wait4"),
        }
    }
}

fn code(status: i32) -> i32 {
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) }
}

fn seconds(time: libc::timeval) -> f64 {
    (Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64))
        .as_secs_f64()
}

fn own_peak() -> u64 {
    // SAFETY: as in `reap`.
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    // SAFETY: the pointer is to a live local of the type that getrusage fills in.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    usage.ru_maxrss as u64 * 1024
}
