//! The contestants, and the flags that make their work equal.

use crate::process::{self, rust_lld, which};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whose command line a linker understands beyond what all of them share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// This project's linker.
    Gild,
    /// LLVM's.
    Lld,
    /// mold forks, unless told not to.
    Mold,
    /// wild forks, unless told not to.
    Wild,
    /// GNU ld runs on one thread.
    Ld,
}

/// What a contestant counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The linker whose ratios are reported.
    Subject,
    /// One of those that the ratios refer to.
    Peer,
    /// Measured and listed, but no reference for wall time.
    Listed,
}

/// A linker with its flags.
#[derive(Clone, Debug, Serialize)]
pub struct Contestant {
    /// The name in the tables.
    pub name: String,
    /// Its command line's kind.
    pub family: Family,
    /// What it counts for.
    pub role: Role,
    /// The executable.
    pub program: PathBuf,
    /// Flags of this contestant alone.
    pub flags: Vec<String>,
    /// What `--version` prints.
    pub version: String,
}

impl Contestant {
    fn new(name: &str, family: Family, role: Role, program: &Path, flags: &[&str]) -> Self {
        let mut query = Command::new(program);
        query.args(dispatch(program)).arg("--version");
        let version = process::run(&mut query).unwrap_or_default();
        let version = version.lines().next().unwrap_or("?").to_owned();
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        Self { name: name.to_owned(), family, role, program: program.to_owned(), flags, version }
    }

    /// The arguments in front of all others.
    pub fn leading(&self) -> &'static [&'static str] {
        dispatch(&self.program)
    }

    /// This contestant with a fixed number of threads, if its linker can be told one.
    pub fn with_threads(&self, threads: usize) -> Option<Self> {
        if self.family == Family::Ld {
            return None;
        }
        let mut fixed = self.clone();
        fixed.name = format!("{} ({threads} threads)", self.name);
        fixed.flags.push(format!("--threads={threads}"));
        Some(fixed)
    }
}

/// `rust-lld` is every flavour of LLD in one file.
pub fn dispatch(program: &Path) -> &'static [&'static str] {
    if program.ends_with("rust-lld") { &["-flavor", "gnu"] } else { &[] }
}

/// Every linker there is on this machine: gild, the three peers, the same without fork, GNU ld.
pub fn installed(workspace: &Workspace) -> Vec<Contestant> {
    let gild = Some(gild(workspace));
    let wild = Some(workspace.tools().join("bin/wild")).filter(|path| path.is_file());
    let wild = wild.or_else(|| which(&["wild"]));
    let mold = which(&["mold"]);
    let lld = rust_lld();
    let entries = [
        ("gild", Family::Gild, Role::Subject, gild, &[][..]),
        // Where rustc brings no LLD of its own, Debian's stands in.
        ("lld", Family::Lld, Role::Peer, lld.or_else(|| which(&["ld.lld-19", "ld.lld"])), &[]),
        ("mold", Family::Mold, Role::Peer, mold.clone(), &[]),
        ("wild", Family::Wild, Role::Peer, wild.clone(), &[]),
        ("mold-no-fork", Family::Mold, Role::Listed, mold, &["--no-fork"]),
        ("wild-no-fork", Family::Wild, Role::Listed, wild, &["--no-fork"]),
        ("ld", Family::Ld, Role::Listed, which(&["ld.bfd", "ld"]), &[]),
    ];
    let found = entries.into_iter().filter_map(|(name, family, role, path, flags)| {
        let path = path.filter(|path| path.is_file())?;
        Some(Contestant::new(name, family, role, &path, flags))
    });
    found.collect()
}

/// `$GILD`, or gild as it would be installed, and as wild is. What a linker has just written lies in the
/// page cache in single pages, and starts 0.15 ms later than a copy, whose pages are mapped together.
pub fn gild(workspace: &Workspace) -> PathBuf {
    if let Some(path) = std::env::var_os("GILD") {
        return path.into();
    }
    let built = workspace.target.join("release/gild");
    let folder = workspace.tools().join("bin");
    let copy = folder.join("gild");
    // It may be running.
    let _ = fs::remove_file(&copy);
    match fs::create_dir_all(&folder).and_then(|()| fs::copy(&built, &copy)) {
        Ok(_) => copy,
        Err(_) => built,
    }
}

/// A contestant from the command line: `NAME=PATH` or `NAME=PATH,FLAG,…`. The name's beginning says
/// whose flags it takes; any other name is taken for a build of gild.
///
/// # Errors
/// If the path is missing or is no file.
pub fn named(text: &str) -> Result<Contestant> {
    let Some((name, rest)) = text.split_once('=') else { bail!("{text}: expected NAME=PATH") };
    let mut parts = rest.split(',');
    let path = PathBuf::from(parts.next().unwrap_or_default());
    if !path.is_file() {
        bail!("{}: not a file", path.display());
    }
    let path = path.canonicalize()?;
    let families =
        [("lld", Family::Lld), ("mold", Family::Mold), ("wild", Family::Wild), ("ld", Family::Ld)];
    let family = families.iter().find(|(prefix, _)| name.starts_with(prefix));
    let family = family.map_or(Family::Gild, |(_, family)| *family);
    let flags = parts.collect::<Vec<_>>();
    let role = match family {
        Family::Lld | Family::Mold | Family::Wild => Role::Peer,
        Family::Gild if name == "gild" => Role::Subject,
        Family::Gild | Family::Ld => Role::Listed,
    };
    Ok(Contestant::new(name, family, role, &path, &flags))
}

/// Flags that every linker gets, because their defaults differ and one of the two means less work.
pub fn evened(gc_sections: bool, build_id: &str) -> Vec<String> {
    let gc = if gc_sections { "--gc-sections" } else { "--no-gc-sections" };
    // The index of unwind tables is made by some by default, by others on request.
    vec![gc.to_owned(), format!("--build-id={build_id}"), "--eh-frame-hdr".to_owned()]
}

/// [`evened`] in words, for the reports: flag and reason.
pub const EVENED: &[(&str, &str)] = &[
    ("--gc-sections / --no-gc-sections", "said to all: wild collects by default, the others don't"),
    ("--build-id=none", "for all, unless --build-id is given: each hashes with another algorithm"),
    ("--eh-frame-hdr", "for all: some make the index of unwind tables by default only"),
    ("-plugin …", "left out: only GNU ld and mold load gcc's plugin"),
    ("debug information", "by job: kept by all or dropped by all (--strip-debug)"),
    ("-z …, -O…, --icf", "as the compiler driver gave them; identical code is folded by none"),
    ("threads", "each linker's own choice, unless --threads is given"),
    ("fork", "as each linker does by default; mold and wild without it are listed beside"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_flags_a_linker_takes() {
        let family = |text: &str| named(text).map(|linker| (linker.family, linker.role)).unwrap();
        assert_eq!(family("lld-19=/bin/true"), (Family::Lld, Role::Peer));
        assert_eq!(family("ld=/bin/true"), (Family::Ld, Role::Listed));
        assert_eq!(family("gild=/bin/true"), (Family::Gild, Role::Subject));
        assert_eq!(family("before=/bin/true,--a"), (Family::Gild, Role::Listed));
        assert!(named("gild=/no/such/file").is_err());
    }

    #[test]
    fn gnu_ld_has_no_number_of_threads() {
        assert!(named("ld=/bin/true").unwrap().with_threads(4).is_none());
        let fixed = named("mold=/bin/true").unwrap().with_threads(4).unwrap();
        assert_eq!(fixed.flags, ["--threads=4"]);
    }
}
