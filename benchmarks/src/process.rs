//! Running the programs that `prepare` needs.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs `command` and fails, with what it printed, unless it succeeds. Gives its standard output.
///
/// # Errors
/// If the program can't be started or doesn't exit with 0.
pub fn run(command: &mut Command) -> Result<String> {
    // A link's command line can fill several screens.
    let shown = format!("{command:?}").chars().take(400).collect::<String>();
    let output = command.output().with_context(|| format!("starting {shown}"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!("{shown} ended with {}:\n{}", output.status, messages.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first of `names` on the search path.
pub fn which(names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| which::which(name).ok())
}

/// LLD as it comes with the Rust toolchain, where there is one.
pub fn rust_lld() -> Option<PathBuf> {
    let sysroot = run(Command::new("rustc").args(["--print", "sysroot"])).ok()?;
    let lld = Path::new(sysroot.trim()).join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
    lld.is_file().then_some(lld)
}
