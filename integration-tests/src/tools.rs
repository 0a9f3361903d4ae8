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
    /// `gild`, `ld`, `lld`, `mold` or `wild`: the stem of its outputs' names.
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

    /// Whether gild is held to what it makes, and not only compared with it.
    pub fn is_judge(&self) -> bool {
        matches!(self.name, "ld" | "lld")
    }

    /// What it is told first, so that it does by default what the others do.
    pub fn habits(&self) -> &'static [&'static str] {
        // Other than the rest, wild collects garbage unasked.
        if self.name == "wild" { &["--no-gc-sections"] } else { &[] }
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

/// GNU ld and lld, by which gild is judged: their outputs must pass every check that gild's must.
pub fn peers() -> Outcome<&'static [Linker]> {
    static PEERS: OnceLock<Outcome<Vec<Linker>>> = OnceLock::new();
    let found = PEERS.get_or_init(|| ["ld", "lld"].into_iter().map(find).collect());
    found.as_deref().map_err(Clone::clone)
}

/// The linkers that the suite `programs` compares with: those that `$GILD_TEST_PEERS` names, or
/// [`peers`] without it.
pub fn swept() -> Outcome<&'static [Linker]> {
    static SWEPT: OnceLock<Outcome<Vec<Linker>>> = OnceLock::new();
    let Ok(names) = std::env::var("GILD_TEST_PEERS") else { return peers() };
    let found = SWEPT.get_or_init(|| names.split(',').map(|name| find(name.trim())).collect());
    found.as_deref().map_err(Clone::clone)
}

fn find(name: &str) -> Outcome<Linker> {
    match name {
        "ld" => Linker::new("ld", which(&["ld.bfd", "ld"])?),
        "lld" => Linker::new("lld", which(&["ld.lld-19", "ld.lld"])?),
        "mold" => Linker::new("mold", which(&["mold"])?),
        // No package of Debian's: gild-diff's variable names it.
        "wild" => match std::env::var_os("GILD_DIFF_WILD") {
            Some(path) => Linker::new("wild", path.into()),
            None => Linker::new("wild", which(&["wild"])?),
        },
        _ => Err(format!("no peer `{name}`; there are ld, lld, mold and wild")),
    }
}

/// One of the [`peers`] by name.
pub fn peer(name: &str) -> Outcome<&'static Linker> {
    peers()?.iter().find(|linker| linker.name == name).ok_or(format!("no linker {name}"))
}

/// The first of `names` that is on the search path.
pub fn which(names: &[&str]) -> Outcome<PathBuf> {
    let found = names.iter().find_map(|name| which::which(name).ok());
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
