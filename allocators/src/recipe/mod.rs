//! How each archive is made. Used by the build script (mimalloc) and by the command (all), so it
//! depends on nothing but std.

mod jemalloc;
mod single;
mod toolchain;
mod version;

pub use toolchain::Toolchain;

use crate::libc::Libc;
use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// An allocator that there is a recipe for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allocator {
    /// Version 3, the one that its authors recommend.
    Mimalloc,
    /// Version 2, the one that its authors call stable.
    Mimalloc2,
    /// Version 5.
    Jemalloc,
    /// Needs a C++ compiler, but none of the C++ library.
    Snmalloc,
    /// With the thread initialisation that it leaves to its user.
    Rpmalloc,
}

impl Allocator {
    /// All of them, in the order in which the command builds them.
    pub const ALL: [Allocator; 5] = [
        Allocator::Mimalloc,
        Allocator::Mimalloc2,
        Allocator::Jemalloc,
        Allocator::Snmalloc,
        Allocator::Rpmalloc,
    ];

    /// What `--allocator=NAME` calls it; the archive is `lib<NAME>.a`.
    pub fn name(self) -> &'static str {
        match self {
            Allocator::Mimalloc => "mimalloc",
            Allocator::Mimalloc2 => "mimalloc2",
            Allocator::Jemalloc => "jemalloc",
            Allocator::Snmalloc => "snmalloc",
            Allocator::Rpmalloc => "rpmalloc",
        }
    }

    /// The published crate that ships its sources.
    pub fn crate_name(self) -> &'static str {
        match self {
            Allocator::Mimalloc | Allocator::Mimalloc2 => "libmimalloc-sys",
            Allocator::Jemalloc => "tikv-jemalloc-sys",
            Allocator::Snmalloc => "snmalloc-sys",
            Allocator::Rpmalloc => "rpmalloc-sys",
        }
    }

    /// `lib<NAME>.a`.
    pub fn file_name(self) -> String {
        format!("lib{}.a", self.name())
    }
}

/// Where a recipe reads and writes.
pub struct Places<'a> {
    /// Root of the unpacked crate that ships the sources; never written to.
    pub sources: &'a Path,
    /// `allocators/glue`.
    pub glue: &'a Path,
    /// A directory for objects; made when missing.
    pub work: &'a Path,
    /// Directory of the finished archive; made when missing.
    pub out: &'a Path,
}

/// A finished archive.
pub struct Built {
    /// The archive's path.
    pub archive: PathBuf,
    /// The allocator's own version, such as `3.3.2`.
    pub version: String,
}

/// Why there is no archive, in a sentence for the user.
#[derive(Debug)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error {
    fn at(path: &Path, error: &io::Error) -> Error {
        Error(format!("{}: {error}", path.display()))
    }
}

/// Builds one archive for one libc. The same sources and compiler give the same bytes.
pub fn build(allocator: Allocator, toolchain: &Toolchain, places: &Places) -> Result<Built, Error> {
    for directory in [places.work, places.out] {
        fs::create_dir_all(directory).map_err(|e| Error::at(directory, &e))?;
    }
    let version = version::of(allocator, places.sources)?;
    let identity = format!("{} {version}", allocator.name().trim_end_matches('2'));
    let mut members = vec![match allocator {
        Allocator::Jemalloc => jemalloc::object(toolchain, places, &identity)?,
        _ => single::object(allocator, toolchain, places, &identity)?,
    }];
    // musl declares none of what the extras define.
    if toolchain.libc == Libc::Glibc {
        members.push(single::extras(allocator, toolchain, places)?);
    }
    let archive = places.out.join(allocator.file_name());
    toolchain.archive(&archive, &members)?;
    Ok(Built { archive, version })
}
