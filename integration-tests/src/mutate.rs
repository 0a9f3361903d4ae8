//! Damaging object files, archives and linker scripts systematically.

use crate::{Outcome, ensure};
use object::LittleEndian as LE;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader};

/// One damaged copy of a file.
pub struct Mutant {
    /// What was done, for messages.
    pub what: String,
    /// The damaged bytes.
    pub bytes: Vec<u8>,
}

/// The kinds of damage to an object.
pub const OBJECT: &[&str] =
    &["truncated", "header", "sections", "symbols", "relocations", "contents", "random"];
/// The kinds of damage to an archive with an index and a table of long names.
pub const ARCHIVE: &[&str] = &["truncated", "headers", "index", "names", "random"];
/// The kinds of damage to a linker script.
pub const SCRIPT: &[&str] = &["truncated", "text", "random"];

/// Enough to visit every field of a small object, few enough for a test.
const LIMIT: usize = 200;

/// Damaged copies of `bytes`, always the same ones. Errors: a file that `kind` finds nothing in.
pub fn mutants(bytes: &[u8], kind: &str) -> Outcome<Vec<Mutant>> {
    let mutants = match kind {
        "truncated" => truncated(bytes),
        "random" => (1..=LIMIT as u64).map(|seed| random(bytes, seed)).collect(),
        _ => field_by_field(bytes, &places(bytes, kind)?),
    };
    ensure(!mutants.is_empty(), || format!("nothing to damage: {kind}"))?;
    Ok(mutants)
}

/// Cut off at every interesting length, and some others.
fn truncated(bytes: &[u8]) -> Vec<Mutant> {
    let step = (bytes.len() / LIMIT).max(1);
    let lengths = (0..bytes.len()).step_by(step);
    let cut = |length: usize| Mutant {
        what: format!("cut off after {length} bytes"),
        bytes: bytes[..length].to_vec(),
    };
    lengths.map(cut).collect()
}

/// Every byte at the places, or every nth, becomes each of a few values.
fn field_by_field(bytes: &[u8], places: &[usize]) -> Vec<Mutant> {
    let values = [0xff, 0x00, 0x80, 0x01];
    // An odd step visits all the bytes of a field in turn, whatever the size of a record.
    let step = (places.len() * values.len() / LIMIT) | 1;
    let all = places.iter().flat_map(|place| values.map(|value| (*place, value)));
    all.step_by(step)
        .filter(|(place, value)| bytes.get(*place).is_some_and(|byte| byte != value))
        .map(|(place, value)| {
            let mut copy = bytes.to_vec();
            copy[place] = value;
            Mutant { what: format!("byte {place:#x} set to {value:#x}"), bytes: copy }
        })
        .collect()
}

/// A few bytes at places that a seed decides (xorshift64).
fn random(bytes: &[u8], seed: u64) -> Mutant {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut copy = bytes.to_vec();
    for _ in 0..1 + seed % 4 {
        let place = next() as usize % copy.len().max(1);
        if let Some(byte) = copy.get_mut(place) {
            *byte = next() as u8;
        }
    }
    Mutant { what: format!("random damage, seed {seed}"), bytes: copy }
}

/// Where a file keeps what `kind` names.
fn places(bytes: &[u8], kind: &str) -> Outcome<Vec<usize>> {
    match kind {
        "text" => Ok((0..bytes.len()).collect()),
        "headers" | "index" | "names" => Ok(archive_places(bytes, kind)),
        _ => object_places(bytes, kind),
    }
}

/// ar(5): a header of 60 bytes before each member begins with a name and has the size at 48. The index
/// is called `/`, the table of names `//`.
fn archive_places(bytes: &[u8], kind: &str) -> Vec<usize> {
    let is_thin = bytes.starts_with(b"!<thin>");
    let mut places = Vec::new();
    let mut at = 8;
    while let Some(header) = bytes.get(at..at + 60) {
        let size = String::from_utf8_lossy(&header[48..58]).trim_end().parse().unwrap_or(0);
        let body = at + 60..at + 60 + size;
        let name = header[..16].trim_ascii_end();
        match (kind, name) {
            ("headers", _) => places.extend(at..body.start),
            ("index", b"/") | ("names", b"//") => places.extend(body.clone()),
            _ => {}
        }
        let is_elsewhere = is_thin && ![&b"/"[..], b"//"].contains(&name);
        at = if is_elsewhere { body.start } else { body.end.next_multiple_of(2) };
    }
    places
}

fn object_places(bytes: &[u8], kind: &str) -> Outcome<Vec<usize>> {
    let text = |error: object::read::Error| error.to_string();
    let header = FileHeader64::<LE>::parse(bytes).map_err(text)?;
    let table = header.sections(LE, bytes).map_err(text)?;
    let headers = header.e_shoff(LE) as usize..bytes.len();
    let of = |wanted: &dyn Fn(u32) -> bool| -> Vec<usize> {
        let sections = table.iter().filter(|section| wanted(section.sh_type(LE).0));
        let range = |start: u64, size: u64| start as usize..(start + size) as usize;
        let ranges = sections.map(|section| range(section.sh_offset(LE), section.sh_size(LE)));
        ranges.filter(|range| range.end <= bytes.len()).flatten().collect()
    };
    Ok(match kind {
        "header" => (0..64).collect(),
        "sections" => headers.collect(),
        "symbols" => of(&|kind| kind == elf::SHT_SYMTAB.0 || kind == elf::SHT_STRTAB.0),
        "relocations" => of(&|kind| kind == elf::SHT_RELA.0 || kind == elf::SHT_GROUP.0),
        _ => of(&|kind| kind == elf::SHT_PROGBITS.0 || kind == elf::SHT_NOTE.0),
    })
}
