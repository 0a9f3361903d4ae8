//! Reads an allocator's own version out of the crate that ships it.

use super::{Allocator, Error};
use std::fs;
use std::path::Path;

/// Such as `3.3.2`.
pub fn of(allocator: Allocator, sources: &Path) -> Result<String, Error> {
    let file = match allocator {
        Allocator::Mimalloc => "c_src/mimalloc/v3/include/mimalloc.h",
        Allocator::Mimalloc2 => "c_src/mimalloc/v2/include/mimalloc.h",
        Allocator::Rpmalloc => "rpmalloc/CHANGELOG",
        Allocator::Jemalloc | Allocator::Snmalloc => "Cargo.toml",
    };
    let path = sources.join(file);
    let text = fs::read_to_string(&path).map_err(|e| Error::at(&path, &e))?;
    let version = match allocator {
        Allocator::Mimalloc | Allocator::Mimalloc2 => mimalloc(&text),
        Allocator::Rpmalloc => text.split_whitespace().next().map(String::from),
        // The crate of jemalloc has a number of its own, then `+` and jemalloc's.
        Allocator::Jemalloc => manifest(&text)
            .and_then(|version| version.split_once('+'))
            .and_then(|(_, version)| version.split('-').next())
            .map(String::from),
        Allocator::Snmalloc => manifest(&text).map(String::from),
    };
    version.ok_or_else(|| Error(format!("{}: no version found", path.display())))
}

/// `#define MI_MALLOC_VERSION 30302`: major, two digits of minor, two of patch.
fn mimalloc(header: &str) -> Option<String> {
    let line = header.lines().find(|line| line.starts_with("#define MI_MALLOC_VERSION"))?;
    let number: u32 = line.split_whitespace().nth(2)?.parse().ok()?;
    Some(format!("{}.{}.{}", number / 10000, number / 100 % 100, number % 100))
}

/// The first `version = "…"` of a manifest, which is the package's.
fn manifest(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("version = \""))?;
    line.split('"').nth(1)
}
