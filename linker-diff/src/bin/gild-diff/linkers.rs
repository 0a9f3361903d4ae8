//! Where the linkers are.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use which::which;

/// Linkers that are asked when the command line names none.
pub const PEERS: [&str; 4] = ["ld", "lld", "mold", "wild"];

/// A linker that can be run.
#[derive(Clone, Debug)]
pub struct Linker {
    /// What it is called in the report.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
    /// Arguments that make it link as GNU ld does.
    pub first: Vec<OsString>,
}

impl Linker {
    /// The linker at `path`.
    pub fn at(path: PathBuf) -> Self {
        let name = path.file_name().map_or("linker".into(), |n| n.to_string_lossy().into_owned());
        // rust-lld is lld in all its flavours.
        let first = if name == "rust-lld" { vec!["-flavor".into(), "gnu".into()] } else { vec![] };
        Self { name, path, first }
    }
}

/// Finds a linker by its short name; `GILD_DIFF_LD`, `GILD_DIFF_LLD` and so on override.
pub fn find(name: &str) -> Option<Linker> {
    let variable = format!("GILD_DIFF_{}", name.to_uppercase());
    let by_name = |candidates: &[&str]| candidates.iter().find_map(|c| which(c).ok());
    let path = match env::var_os(variable) {
        Some(path) => Some(PathBuf::from(path)),
        None => match name {
            "ld" => by_name(&["ld.bfd", "ld"]),
            "lld" => by_name(&["ld.lld", "ld.lld-20", "ld.lld-19", "ld.lld-18"]).or_else(rust_lld),
            "mold" => by_name(&["mold", "ld.mold"]),
            "gild" => beside_this("gild").or_else(|| by_name(&["gild"])),
            other => by_name(&[other]),
        },
    };
    path.filter(|p| p.is_file()).map(|path| Linker { name: name.into(), ..Linker::at(path) })
}

/// Whether a word of the link command is a linker rather than its first argument.
pub fn is_linker(word: &Path) -> Option<PathBuf> {
    let name = word.file_name()?.to_str()?;
    if name.starts_with(['-', '@'])
        || [".o", ".a", ".so", ".rlib"].iter().any(|e| name.ends_with(e))
    {
        return None;
    }
    which(word).ok()
}

fn beside_this(name: &str) -> Option<PathBuf> {
    let here = env::current_exe().ok()?;
    Some(here.with_file_name(name)).filter(|p| p.is_file())
}

/// The lld that comes with rustc.
fn rust_lld() -> Option<PathBuf> {
    let out = Command::new("rustc").args(["--print", "sysroot"]).output().ok()?;
    let root = PathBuf::from(String::from_utf8(out.stdout).ok()?.trim());
    let path = root.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
    path.is_file().then_some(path)
}
