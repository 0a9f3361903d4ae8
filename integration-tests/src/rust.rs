//! Test programs in Rust, and the musl target's sysroot.

use crate::capture::{self, Capture};
use crate::program::Case;
use crate::{Outcome, process, workdir};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// Debian's and rustup's name for the glibc target.
pub const GLIBC: &str = "x86_64-unknown-linux-gnu";
/// The musl target.
pub const MUSL: &str = "x86_64-unknown-linux-musl";

/// The target triple that goes with a libc.
pub fn target(libc: &str) -> &'static str {
    if libc == "musl" { MUSL } else { GLIBC }
}

/// Compiles the case's main file once, and records how rustc has it linked.
pub fn build(case: &Case, dir: &Path) -> Outcome<Capture> {
    let mut rustc = rustc(&case.libc)?;
    rustc.current_dir(dir).args(["--edition=2024", "--crate-name=program", "-g", "-o", "ld-first"]);
    rustc.arg(case.program.dir.join("main.rs")).args(["--target", target(&case.libc)]);
    rustc.args(flags(case.pie)).args(gcc_with(&capture::recorder(dir)?, &case.libc));
    rustc.args(case.program.directives.cflags.iter().flat_map(|(_, flags)| flags));
    rustc.args(&case.variant.cflags);
    process::run_within(&mut rustc, Duration::from_secs(300))?.success()?;
    Capture::load(dir)
}

/// Static, at a fixed address or anywhere.
pub fn flags(pie: bool) -> [&'static str; 4] {
    let model = if pie { "relocation-model=pic" } else { "relocation-model=static" };
    ["-C", "target-feature=+crt-static", "-C", model]
}

/// Flags that make rustc link through gcc, and gcc through the `ld` in `folder`.
pub fn gcc_with(folder: &Path, libc: &str) -> Vec<String> {
    let mut flags = vec!["-Clinker=gcc".to_owned(), format!("-Clink-arg=-B{}", folder.display())];
    flags.extend(no_lld(libc).map(str::to_owned));
    flags
}

/// For the glibc target, rustc 1.90 and later prefer the lld that they ship.
pub fn no_lld(libc: &str) -> Option<&'static str> {
    (libc == "glibc").then_some("-Clinker-features=-lld")
}

/// rustc, with a standard library for the libc's target.
pub fn rustc(libc: &str) -> Outcome<Command> {
    Ok(Command::new(if libc == "musl" { musl_rustc()? } else { PathBuf::from("rustc") }))
}

/// A rustc for the musl target: rustup's where that is installed, else one over a sysroot that
/// `scripts/musl-sysroot.sh` makes from Debian's sources and that later runs find again.
pub fn musl_rustc() -> Outcome<PathBuf> {
    static RUSTC: OnceLock<Outcome<PathBuf>> = OnceLock::new();
    RUSTC.get_or_init(|| if has_musl_std() { Ok("rustc".into()) } else { own_sysroot() }).clone()
}

fn has_musl_std() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", MUSL]);
    let Ok(found) = process::run(&mut rustc) else { return false };
    let entries = std::fs::read_dir(found.text().trim());
    entries.is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
        })
    })
}

fn own_sysroot() -> Outcome<PathBuf> {
    let dir = workdir::cached("musl-sysroot")?;
    // Test binaries may run side by side; one builds, the others wait.
    let lock = File::create(dir.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let rustc = dir.join("bin/rustc");
    if !rustc.exists() {
        let script = workdir::source_root().join("scripts/musl-sysroot.sh");
        let mut build = Command::new(script);
        process::run_within(build.arg(&dir), Duration::from_secs(1200))?.success()?;
    }
    Ok(rustc)
}
