//! Running a command with a deadline, and keeping what it said.

use crate::Outcome;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Long enough for a loaded two-core machine, short enough to notice a hang.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What a finished command left behind.
#[derive(Debug)]
pub struct Finished {
    /// The command as one would type it, for messages.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Everything it wrote to standard output.
    pub stdout: Vec<u8>,
    /// Everything it wrote to standard error, made UTF-8.
    pub stderr: String,
}

impl Finished {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// An error unless the command exited with status 0.
    pub fn success(self) -> Outcome<Finished> {
        if self.status.success() { Ok(self) } else { Err(self.describe()) }
    }

    /// The exit status as a number; a signal is 128 more than its number, as in a shell.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    /// Everything a reader of a failed test wants to see.
    pub fn describe(&self) -> String {
        let text = self.text();
        format!("{}\n{}\n{}{}", self.command, self.status, clip(&text), clip(&self.stderr))
    }
}

/// Keeps a report readable when a command was talkative.
fn clip(text: &str) -> String {
    const LIMIT: usize = 6000;
    if text.len() <= LIMIT {
        return text.to_owned();
    }
    let end = (0..=LIMIT).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{} … ({} bytes in all)\n", &text[..end], text.len())
}

/// Runs `command` to its end within [`DEADLINE`], without a terminal on standard input.
pub fn run(command: &mut Command) -> Outcome<Finished> {
    run_within(command, DEADLINE)
}

/// As [`run`], with a deadline of one's own.
pub fn run_within(command: &mut Command, deadline: Duration) -> Outcome<Finished> {
    let shown = show(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{shown}\ncannot start: {error}"))?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let status = wait(&mut child, deadline);
    let stdout = stdout.join().unwrap_or_default();
    let stderr = String::from_utf8_lossy(&stderr.join().unwrap_or_default()).into_owned();
    match status {
        Some(status) => Ok(Finished { command: shown, status, stdout, stderr }),
        None => Err(format!("{shown}\nstill running after {deadline:?}\n{}", clip(&stderr))),
    }
}

/// Reads a pipe on a thread of its own, so that a full pipe never blocks the child.
fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// The child's status, or `None` after it had to be killed.
fn wait(child: &mut Child, deadline: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if start.elapsed() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// A command line one can paste into a shell.
fn show(command: &Command) -> String {
    let mut shown = String::new();
    if let Some(dir) = command.get_current_dir() {
        shown.push_str(&format!("cd {} && ", dir.display()));
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shown.push_str(&format!("{}={} ", name.display(), quote(&value.to_string_lossy())));
        }
    }
    shown.push_str(&quote(&command.get_program().to_string_lossy()));
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&quote(&argument.to_string_lossy()));
    }
    shown
}

/// Shell quoting where a word needs it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./,:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
