//! Which linkers and compilers there are.

use crate::{Outcome, process, workdir};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

/// A linker, and a folder with it under the names that compiler drivers look for.
#[derive(Debug)]
pub struct Linker {
    /// `gild`, `ld` or `lld`: the stem of its outputs' names.
    pub name: &'static str,
    /// The executable.
    pub path: PathBuf,
    /// Holds `ld`, `ld.gild` …, for `gcc -B`.
    pub drivers: PathBuf,
}

impl Linker {
    fn new(name: &'static str, path: PathBuf) -> Outcome<Self> {
        let drivers = workdir::cached(&format!("drivers/{name}"))?;
        for alias in ["ld", &format!("ld.{name}")] {
            relink(&path, &drivers.join(alias))?;
        }
        Ok(Self { name, path, drivers })
    }

    /// A command that starts the linker itself, in `dir`.
    pub fn command(&self, dir: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(dir);
        command
    }
}

/// Points the symbolic link `alias` to `path`; test processes may do so at the same time.
fn relink(path: &Path, alias: &Path) -> Outcome {
    if fs::read_link(alias).is_ok_and(|old| old == path) {
        return Ok(());
    }
    let beside = alias.with_extension(format!("{}.new", std::process::id()));
    symlink(path, &beside)
        .and_then(|()| fs::rename(&beside, alias))
        .map_err(|error| format!("{}: {error}", alias.display()))
}

/// The linker under test: `$GILD` where it is set (also a way to see that the tests themselves hold
/// with another linker), else this workspace's own, built on demand.
pub fn gild() -> Outcome<&'static Linker> {
    static GILD: OnceLock<Outcome<Linker>> = OnceLock::new();
    let found = GILD.get_or_init(|| {
        let path = match std::env::var_os("GILD") {
            Some(path) => PathBuf::from(path),
            None => built_gild()?,
        };
        Linker::new("gild", path)
    });
    found.as_ref().map_err(Clone::clone)
}

/// Builds gild in the profile of this test, so that a test never runs against a stale binary.
fn built_gild() -> Outcome<PathBuf> {
    let profile = workdir::profile_dir();
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(workdir::source_root()).args(["build", "--quiet", "-p", "gild-linker"]);
    build.arg("--target-dir").arg(workdir::target_dir());
    if profile.ends_with("release") {
        build.arg("--release");
    }
    process::run_within(&mut build, Duration::from_secs(1200))?.success()?;
    Ok(profile.join("gild"))
}

/// The linkers that gild's output is compared with.
pub fn peers() -> Outcome<&'static [Linker]> {
    static PEERS: OnceLock<Outcome<Vec<Linker>>> = OnceLock::new();
    let found = PEERS.get_or_init(|| {
        Ok(vec![
            Linker::new("ld", which(&["ld.bfd", "ld"])?)?,
            Linker::new("lld", which(&["ld.lld-19", "ld.lld"])?)?,
        ])
    });
    found.as_deref().map_err(Clone::clone)
}

/// One of the [`peers`] by name.
pub fn peer(name: &str) -> Outcome<&'static Linker> {
    peers()?.iter().find(|linker| linker.name == name).ok_or(format!("no linker {name}"))
}

/// The first of `names` that is on the search path.
pub fn which(names: &[&str]) -> Outcome<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&path)
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)))
        .collect::<Vec<_>>();
    candidates.sort_by_key(|file| names.iter().position(|name| file.ends_with(name)));
    let found = candidates.into_iter().find(|file| file.is_file());
    found.ok_or_else(|| format!("none of {names:?} is installed; test.sh installs it"))
}

/// clang, the newest that test.sh installs.
pub fn clang() -> Outcome<&'static Path> {
    static CLANG: LazyLock<Outcome<PathBuf>> = LazyLock::new(|| which(&["clang-19", "clang"]));
    CLANG.as_deref().map_err(Clone::clone)
}

/// The C++ driver of the same clang.
pub fn clangxx() -> Outcome<PathBuf> {
    which(&["clang++-19", "clang++"])
}

/// Where gcc keeps the file `name` (`crtbegin.o` and the like).
pub fn gcc_file(name: &str) -> Outcome<PathBuf> {
    let mut gcc = Command::new("gcc");
    let found = process::run(gcc.arg(format!("-print-file-name={name}")))?.success()?.text();
    let path = PathBuf::from(found.trim());
    if path.is_absolute() { Ok(path) } else { Err(format!("gcc has no {name}")) }
}

/// musl's start files and archives.
pub fn musl_dir() -> Outcome<PathBuf> {
    let dir = PathBuf::from("/usr/lib/x86_64-linux-musl");
    if dir.is_dir() { Ok(dir) } else { Err("musl-tools is not installed".into()) }
}
