//! Where libraries are looked for: `-l`, `-l:` and the names in linker-script stubs.

use super::mapping::Mapping;
use super::parse::is_foreign;
use crate::diagnostics::Error;
use std::path::{Path, PathBuf};

/// A file that was found.
pub type Found = (PathBuf, Mapping);

/// `-lNAME`: `libNAME.a` in the first directory that has it.
///
/// Errors: not found, naming the directories or the shared library that stands in its place.
pub fn library(name: &str, directories: &[PathBuf], dynamic: bool) -> Result<Found, Error> {
    let archive = format!("lib{name}.a");
    if let Some(found) = in_directories(&archive, directories)? {
        return Ok(found);
    }
    let shared = format!("lib{name}.so");
    let shared = directories.iter().map(|dir| dir.join(&shared)).find(|path| path.exists());
    Err(Error::Message(match shared {
        Some(shared) => shared_only(name, &archive, &shared, dynamic),
        None => not_found(&format!("-l{name}"), directories),
    }))
}

fn shared_only(name: &str, archive: &str, shared: &Path, dynamic: bool) -> String {
    let remedy = if dynamic {
        "link with -static and install the static library, or use another linker (lld, mold) for a \
         dynamic executable"
    } else {
        "install the static library, or use another linker (lld, mold) for a dynamic executable"
    };
    format!(
        "unable to find library -l{name}: there is {} but no {archive}, and gild links static \
         executables; {remedy}",
        shared.display()
    )
}

/// `-l:FILE`: exactly that file in the first directory that has it.
pub fn library_file(name: &str, directories: &[PathBuf]) -> Result<Found, Error> {
    let found = in_directories(name, directories)?;
    found.ok_or_else(|| Error::Message(not_found(&format!("-l:{name}"), directories)))
}

/// `name` in the first of `directories` that has it; `None` if none does. One for another machine is
/// passed over, as by GNU ld, if there is a better one: `-L/usr/lib -L/usr/lib64` is common.
pub fn in_directories(name: &str, directories: &[PathBuf]) -> Result<Option<Found>, Error> {
    let mut foreign = None;
    for directory in directories {
        let path = directory.join(name);
        match open_existing(&path)? {
            Some(map) if is_foreign(map.bytes()) => foreign = foreign.or(Some((path, map))),
            Some(map) => return Ok(Some((path, map))),
            None => continue,
        }
    }
    Ok(foreign)
}

/// Opens `path`; `None` if there is no such file, or only a directory of that name.
pub fn open_existing(path: &Path) -> Result<Option<Mapping>, Error> {
    use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    match Mapping::open(path) {
        Ok(map) => Ok(Some(map)),
        Err(Error::Io { source, .. })
            if matches!(source.kind(), NotFound | NotADirectory | IsADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn not_found(library: &str, directories: &[PathBuf]) -> String {
    let mut text = format!("unable to find library {library}");
    if directories.is_empty() {
        text += ": no -L directory was given";
    }
    for directory in directories {
        text += &format!("\n>>> searched {}", directory.display());
    }
    text
}
