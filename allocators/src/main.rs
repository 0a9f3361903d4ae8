//! `gild-allocators DIR [NAME…]`: builds allocator archives into `DIR/glibc` and `DIR/musl`, for
//! use as `GILD_ALLOCATOR_PATH=DIR`.

mod libc;
mod recipe;

use libc::Libc;
use recipe::{Allocator, Error, Places, Toolchain};
use serde_json::Value;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

const USAGE: &str = "usage: gild-allocators DIR [mimalloc|mimalloc2|jemalloc|snmalloc|rpmalloc …]
Builds lib<NAME>.a into DIR/glibc and DIR/musl; without names, all of them.";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let Some(directory) = arguments.next().filter(|argument| !argument.starts_with('-')) else {
        say(USAGE);
        return ExitCode::from(2);
    };
    let mut wanted = Vec::new();
    for name in arguments {
        match Allocator::ALL.into_iter().find(|allocator| allocator.name() == name) {
            Some(allocator) => wanted.push(allocator),
            None => {
                say(format_args!("gild-allocators: unknown allocator {name}\n{USAGE}"));
                return ExitCode::from(2);
            }
        }
    }
    if wanted.is_empty() {
        wanted.extend(Allocator::ALL);
    }
    match build_all(Path::new(&directory), &wanted) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            say(format_args!("gild-allocators: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A line for standard error. `eprintln!` would panic where nobody reads it or the disk is full.
fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Builds what it can and says what it couldn't; returns how many failed.
fn build_all(directory: &Path, wanted: &[Allocator]) -> Result<usize, Error> {
    let metadata = metadata()?;
    let mut failed = 0;
    for &allocator in wanted {
        let sources = crate_root(&metadata, allocator.crate_name())?;
        for libc in Libc::ALL {
            match build(directory, allocator, libc, &sources) {
                Ok(line) => _ = writeln!(io::stdout(), "{line}"),
                Err(error) => {
                    failed += 1;
                    say(format_args!("no {} for {}: {error}", allocator.name(), libc.name()));
                }
            }
        }
    }
    Ok(failed)
}

fn build(
    directory: &Path,
    allocator: Allocator,
    libc: Libc,
    sources: &Path,
) -> Result<String, Error> {
    let toolchain = Toolchain::find(libc)?;
    let work = env::temp_dir().join(format!("gild-allocators-{}", std::process::id()));
    let places = Places {
        sources,
        glue: &Path::new(env!("CARGO_MANIFEST_DIR")).join("glue"),
        work: &work,
        out: &directory.join(libc.name()),
    };
    let built = recipe::build(allocator, &toolchain, &places);
    // Best effort: what is left lies among temporary files.
    let _ = fs::remove_dir_all(&work);
    let built = built?;
    Ok(format!("{} ({} {})", built.archive.display(), allocator.name(), built.version))
}

/// What cargo knows of the workspace's dependencies; fetches the ones that were never built.
fn metadata() -> Result<Value, Error> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--manifest-path"])
        .arg(manifest)
        .output()
        .map_err(|error| Error(format!("cargo metadata: {error}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Error(format!("cargo metadata: {}", text.trim())));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error(format!("cargo metadata: {error}")))
}

/// Finds the directory of an unpacked crate.
fn crate_root(metadata: &Value, name: &str) -> Result<PathBuf, Error> {
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let package = packages.find(|package| package["name"] == name);
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let root = manifest.and_then(|path| Path::new(path).parent());
    root.map(PathBuf::from).ok_or_else(|| Error(format!("cargo knows no crate {name}")))
}
