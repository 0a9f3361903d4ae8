//! Installing packages and linkers.

use crate::process::{self, which};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Debian's packages: linkers, compilers, and libraries of the jobs.
const PACKAGES: &[&str] = &[
    "lld-19",
    "mold",
    "binutils",
    "gcc",
    "g++",
    "clang-19",
    "musl-tools",
    "llvm-19-dev",
    "zlib1g-dev",
    "libzstd-dev",
];

/// The version of wild that figures refer to.
const WILD: &str = "0.10.0";

/// The target for programs on musl.
pub const MUSL: &str = "x86_64-unknown-linux-musl";

/// The target for programs on glibc.
pub const GLIBC: &str = "x86_64-unknown-linux-gnu";

/// Installs what is missing: packages, wild, and a Rust std for musl.
///
/// # Errors
/// If one can't be installed.
pub fn install(workspace: &Workspace) -> Result<()> {
    install_packages(workspace, PACKAGES)?;
    install_wild(workspace)?;
    build_gild(workspace)?;
    musl_rustc(workspace).map(drop)
}

/// Installs those of Debian's packages that are missing.
///
/// # Errors
/// If one can't be installed.
pub fn install_packages(workspace: &Workspace, names: &[&str]) -> Result<()> {
    let script = workspace.root.join("scripts/install.sh");
    process::run(Command::new(script).args(names)).context("installing Debian packages").map(drop)
}

fn install_wild(workspace: &Workspace) -> Result<()> {
    if workspace.tools().join("bin/wild").is_file() {
        return Ok(());
    }
    eprintln!("building wild {WILD}");
    let mut cargo = Command::new("cargo");
    cargo.args(["install", "wild-linker", "--version", WILD, "--locked", "--quiet", "--root"]);
    cargo.arg(workspace.tools());
    // The same build directory for all of the benchmark's builds, whatever the caller has set.
    cargo.env("CARGO_TARGET_DIR", workspace.work().join("wild"));
    process::run(&mut cargo).context("building wild").map(drop)
}

/// Builds gild into `target/release`.
///
/// # Errors
/// If it doesn't compile.
pub fn build_gild(workspace: &Workspace) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&workspace.root).args(["build", "--release", "--quiet", "-p", "gild-linker"]);
    cargo.arg("--target-dir").arg(&workspace.target);
    process::run(&mut cargo).context("building gild").map(drop)
}

/// A rustc that has a std for musl: rustup's, or one over a sysroot built from Debian's sources.
///
/// # Errors
/// If neither is there and the sysroot can't be built.
pub fn musl_rustc(workspace: &Workspace) -> Result<PathBuf> {
    let mut query = Command::new("rustc");
    query.args(["--print", "target-libdir", "--target", MUSL]);
    let libdir = process::run(&mut query).map(|text| PathBuf::from(text.trim()));
    let has_std = libdir.ok().and_then(|dir| fs::read_dir(dir).ok()).is_some_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    });
    if has_std {
        return which(&["rustc"]).context("no rustc");
    }
    let folder = workspace.tools().join("musl-sysroot");
    let script = workspace.root.join("scripts/musl-sysroot.sh");
    process::run(Command::new(script).arg(&folder)).context("building a Rust std for musl")?;
    Ok(folder.join("bin/rustc"))
}
