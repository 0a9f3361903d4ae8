//! The C library on the line: which one it is, and what in it is displaced.

use super::family;
use crate::input::archive::Index;
use crate::input::{Contents, Inputs};
use gild_allocators::Libc;
use memchr::memmem;
use std::collections::BTreeMap;

/// The archives with the C library. Rust's crate `libc` brings musl's members along, so there can
/// be two.
#[derive(Debug, Default)]
pub struct Found {
    /// Which one.
    pub libc: Option<Libc>,
    /// Its archives, as ranks in `Inputs::entries`.
    pub ranks: Vec<u32>,
}

/// Recognises the C library by what its archive's index lists.
pub fn find(inputs: &Inputs) -> Found {
    let mut found = Found::default();
    for rank in 0..inputs.entries.len() as u32 {
        let Ok(Contents::Archive(archive)) = inputs.contents(rank) else { continue };
        let Some(index) = archive.index() else { continue };
        let has = |name: &[u8]| memmem::find(index.names(), name).is_some();
        let libc = if has(b"\0gnu_get_libc_version\0") {
            Libc::Glibc
        } else if has(b"\0__libc_malloc_impl\0") || has(b"\0__init_libc\0") {
            Libc::Musl
        } else {
            continue;
        };
        found.libc.get_or_insert(libc);
        found.ranks.push(rank);
    }
    found
}

/// Members of these archives that define the family, with the names.
pub fn displaced(inputs: &Inputs, ranks: &[u32]) -> BTreeMap<String, Vec<String>> {
    let mut displaced: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for &rank in ranks {
        let Ok(Contents::Archive(archive)) = inputs.contents(rank) else { continue };
        let Some(index) = archive.index() else { continue };
        let path = inputs.path(&inputs.entries[rank as usize]);
        let family = entries(&index)
            .filter(|(name, _)| family::FAMILY.iter().any(|known| known.as_bytes() == *name));
        for (name, offset) in family {
            let Ok(member) = archive.member(offset) else { continue };
            let member = format!("{}({})", path.display(), String::from_utf8_lossy(member.name));
            let names = displaced.entry(member).or_default();
            names.push(String::from_utf8_lossy(name).into());
        }
    }
    displaced
}

fn entries<'data>(index: &Index<'data>) -> impl Iterator<Item = (&'data [u8], u64)> + use<'data> {
    let index = *index;
    let names = index.names().split(|&byte| byte == 0).enumerate();
    names.filter_map(move |(number, name)| Some((name, index.offset(number)?)))
}
