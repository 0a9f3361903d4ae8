//! Finding the provider and reading what it defines.

use super::{Binding, family, objects};
use crate::args::{Libc, Options};
use crate::diagnostics::{Error, Errors, Result};
use crate::elf::{SHN_UNDEF, SymExt};
use crate::input::mapping::{Kind, Mapping, identify};
use crate::input::{Contents, Inputs};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Which C library is on the line, by what its archive's index lists.
pub fn libc(inputs: &Inputs) -> Option<Libc> {
    (0..inputs.entries.len() as u32).find_map(|rank| {
        let path = inputs.path(&inputs.entries[rank as usize]);
        // Rust's crate `libc` for musl brings musl's members along.
        let name = path.file_name()?.to_string_lossy();
        if !name.starts_with("libc.")
            && !name.starts_with("liblibc")
            && !name.starts_with("libself")
        {
            return None;
        }
        let Ok(Contents::Archive(archive)) = inputs.contents(rank) else { return None };
        let index = archive.index()?;
        let names = index.names();
        let has = |name: &[u8]| names.split(|&byte| byte == 0).any(|known| known == name);
        if has(b"gnu_get_libc_version") {
            Some(Libc::Glibc)
        } else if has(b"__libc_malloc_impl") || has(b"__init_libc") {
            Some(Libc::Musl)
        } else {
            None
        }
    })
}

/// `--allocator=CHOICE`: a path if it looks like one or there is such a file, else a name.
pub fn open(choice: &str, libc: Option<Libc>, options: &Options) -> Result<(PathBuf, Mapping)> {
    let path = Path::new(choice);
    let is_path = choice.contains('/') || choice.ends_with(".a") || choice.ends_with(".o");
    let shared = choice.ends_with(".so") || choice.contains(".so.");
    if is_path || shared {
        let map = Mapping::open(path)?;
        return check(path, &map).map(|()| (path.into(), map));
    }
    let file = format!("lib{choice}.a");
    let folder = match libc {
        Some(Libc::Musl) => "musl",
        _ => "glibc",
    };
    let own = options.allocator.directories.iter();
    let own = own.flat_map(|directory| [directory.join(folder), directory.clone()]);
    let directories: Vec<PathBuf> = options.library_paths.iter().cloned().chain(own).collect();
    for directory in &directories {
        let path = directory.join(&file);
        if path.exists() {
            let map = Mapping::open(&path)?;
            return check(&path, &map).map(|()| (path, map));
        }
    }
    let bundled = &options.allocator.bundled;
    let fits = |libc: Option<Libc>, other| libc.is_none_or(|libc| libc == other);
    if let Some(found) = bundled.iter().find(|it| it.name == choice && fits(libc, it.libc)) {
        return Ok((
            format!("<bundled>/{folder}/{file}").into(),
            Mapping::Read(found.bytes.into()),
        ));
    }
    let mut known: Vec<&str> = bundled.iter().map(|bundled| bundled.name).collect();
    known.sort_unstable();
    known.dedup();
    let known = if known.is_empty() { "none".into() } else { known.join(", ") };
    let mut text = format!("unknown allocator {choice}: there is no {file}");
    for directory in directories {
        text += &format!("\n>>> searched {}", directory.display());
    }
    text += &format!("\n>>> bundled with gild: {known}");
    if path.exists() {
        text += &format!("\n>>> for the file, say --allocator=./{choice}");
    }
    Err(Error::Message(text).into())
}

fn check(path: &Path, map: &Mapping) -> Result<()> {
    /// gABI: `e_type` of a shared object.
    const ET_DYN: u8 = 3;
    let bytes = map.bytes();
    let fail =
        |text: &str| Err(Errors::from(Error::Message(format!("{}: {text}", path.display()))));
    match identify(bytes) {
        Kind::Archive => Ok(()),
        Kind::Elf if bytes.get(16) == Some(&ET_DYN) => fail(
            "is a shared library, and a static program needs a static archive of the allocator \
             (lib….a)",
        ),
        Kind::Elf => Ok(()),
        Kind::Bitcode => fail(crate::input::mapping::BITCODE),
        _ => fail("is no archive or object, so no allocator"),
    }
}

/// `mimalloc` for `…/libmimalloc.a`.
pub fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix("lib").unwrap_or(&stem).into()
}

/// The allocator that uses a prefix.
pub fn of_prefix(prefix: &str) -> &str {
    match prefix {
        "mi_" => "mimalloc",
        "je_" | "_rjem_" => "jemalloc",
        "sn_" => "snmalloc",
        "rp" => "rpmalloc",
        "tc_" => "tcmalloc",
        other => other.trim_matches('_'),
    }
}

/// Every global name that the provider defines. Errors: members that can't be linked.
pub fn names(inputs: &Inputs, _binding: &Binding) -> Result<HashSet<Vec<u8>>> {
    let mut names = HashSet::new();
    for object in objects(inputs, 0)? {
        for (index, symbol) in object.global_symbols() {
            if symbol.shndx() != SHN_UNDEF {
                names.insert(object.symbol_name(index).to_vec());
            }
        }
    }
    Ok(names)
}

/// Family names with this prefix that any input has.
pub fn names_with_prefix(inputs: &Inputs, prefix: &str, names: &mut HashSet<Vec<u8>>) {
    let wanted: HashSet<Vec<u8>> =
        family::FAMILY.iter().map(|name| format!("{prefix}{name}").into_bytes()).collect();
    *names = offered(inputs, 0, &wanted);
}

/// Which of the names inputs from `first` on define. An input that can't be read has none; it is
/// reported when its turn comes.
pub fn offered(inputs: &Inputs, first: u32, wanted: &HashSet<Vec<u8>>) -> HashSet<Vec<u8>> {
    let mut names = HashSet::new();
    for rank in first..inputs.entries.len() as u32 {
        if let Ok(Contents::Archive(archive)) = inputs.contents(rank)
            && let Some(index) = archive.index()
        {
            let all = index.names().split(|&byte| byte == 0);
            names.extend(all.filter(|name| wanted.contains(*name)).map(<[u8]>::to_vec));
            continue;
        }
        for object in objects(inputs, rank).unwrap_or_default() {
            let defined = object.global_symbols().filter(|(_, symbol)| symbol.shndx() != SHN_UNDEF);
            let all = defined.map(|(index, _)| object.symbol_name(index));
            names.extend(all.filter(|name| wanted.contains(*name)).map(<[u8]>::to_vec));
        }
    }
    names
}
