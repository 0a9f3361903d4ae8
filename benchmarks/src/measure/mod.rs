//! One run of a linker: wall time, CPU time and memory of the whole process tree.
//!
//! Some linkers fork: the parent exits as soon as the output is complete, while a child still gives
//! memory back. A small launcher process of its own starts the linker. It is a *subreaper*
//! (`PR_SET_CHILD_SUBREAPER`): orphans of the tree become its children, so that `wait4` tells the
//! CPU time and the peak memory of each of them, and the next run begins when the last one is gone.
//!
//! - **wall**: from before the linker is started until its first process has exited. That is what a
//!   compiler driver waits for.
//! - **settled**: until the last process of the tree has exited.
//! - **CPU**: user + system of all processes of the tree.
//! - **memory**: the peak of resident memory of the process that has most, as the kernel counts it.
//!   A sum would count memory twice that two processes share. With a fork the parent's few megabytes
//!   are left out. A control group's peak would also count the page cache of the output, which is not
//!   the linker's.
//!
//! Linux inherits the peak of the process that calls `exec`. A launcher of a few megabytes keeps
//! that small ([`Sample::launcher_bytes`]); below it nothing can be measured.

mod launcher;
pub mod room;

pub use launcher::{NAME as LAUNCH, main as launch};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program to start.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The folder it runs in.
    pub dir: PathBuf,
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// What one run cost.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds until the first process has exited.
    pub wall: f64,
    /// Seconds until the last process has exited.
    pub settled: f64,
    /// CPU seconds in user mode, of all processes.
    pub user: f64,
    /// CPU seconds in the kernel, of all processes.
    pub system: f64,
    /// Bytes: the greatest of the processes' peaks of resident memory.
    pub memory: u64,
    /// Page faults that needed no reading, of all processes.
    pub minor_faults: u64,
    /// Processes in the tree.
    pub processes: u32,
    /// Bytes that the launcher itself had resident when it started the linker.
    pub launcher_bytes: u64,
    /// The exit status of the first process; 128 + signal if one ended it.
    pub status: i32,
}

/// Runs `invocation` once. Its messages go to the file `log`.
///
/// # Errors
/// If the launcher fails or the program exits with another status than 0.
pub fn run(invocation: &Invocation, log: &Path) -> Result<Sample> {
    let sample = attempt(invocation, log)?;
    if sample.status != 0 {
        let messages = std::fs::read_to_string(log).unwrap_or_default();
        let shown = messages.lines().take(5).collect::<Vec<_>>().join("\n");
        bail!("{} ended with {}:\n{shown}", invocation.program.display(), sample.status);
    }
    Ok(sample)
}

fn attempt(invocation: &Invocation, log: &Path) -> Result<Sample> {
    let launcher = std::env::current_exe()?;
    let output = Command::new(launcher)
        .arg(launcher::NAME)
        .arg(log)
        .arg(&invocation.program)
        .args(&invocation.arguments)
        .current_dir(&invocation.dir)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("starting the launcher")?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("launching {}", invocation.program.display()))
}

#[cfg(test)]
mod tests {
    use super::launcher::watch;
    use std::process::Command;

    // All in one test: a subreaper also gets the orphans of tests that run at the same time.
    #[test]
    fn a_tree_is_measured_to_its_last_process() {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            "(sleep 0.3; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done) & exit 3",
        ]);
        let sample = watch(&mut shell).unwrap();
        assert_eq!(sample.status, 3);
        assert!(sample.wall < 0.25, "the parent leaves at once: {sample:?}");
        assert!(sample.settled >= 0.3, "the child is waited for: {sample:?}");
        assert!(sample.user > 0.0 && sample.processes >= 2, "and counted: {sample:?}");

        // More than this process ever has, whose peak the shell inherits.
        let orphan = "head -c 200000000 /dev/zero | tail -c 200000000 | wc &";
        let peak = watch(Command::new("sh").args(["-c", orphan])).unwrap().memory;
        assert!(peak > 190_000_000, "{peak}");
    }
}
