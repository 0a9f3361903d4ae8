//! Notes, the build id, processor properties and `.comment`.

use std::collections::BTreeSet;

use super::Pair;
use super::sink::Sink;
use crate::code::text;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::elf::{PT_NOTE, SHT_NOTE};
use crate::reason::Reason;

/// A note: owner, type and description.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Note {
    /// Who defined the type.
    pub owner: Vec<u8>,
    /// `n_type`.
    pub kind: u32,
    /// The description.
    pub bytes: Vec<u8>,
}

const NT_GNU_BUILD_ID: u32 = 3;
/// NT_GNU_PROPERTY_TYPE_0.
pub const NT_GNU_PROPERTY: u32 = 5;

/// GNU_PROPERTY_X86_FEATURE_1_AND: indirect branch tracking and shadow stack.
pub const FEATURE_1_AND: u32 = 0xc000_0002;

/// The 32-bit value of a property in a NT_GNU_PROPERTY_TYPE_0 note, 0 if it has none.
pub fn property(note: &Note, wanted: u32) -> u32 {
    let half = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(note.bytes.get(at..at + 4)?.try_into().ok()?))
    };
    let mut at = 0usize;
    while let (Some(kind), Some(size)) = (half(at), half(at + 4)) {
        if kind == wanted {
            return half(at + 8).unwrap_or(0);
        }
        at = at.saturating_add(8 + (size as usize).next_multiple_of(8));
    }
    0
}

/// Compares them.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    let (ours, theirs) = (read(pair.a), read(pair.b));
    for (side, list, others) in [(Side::Right, &ours, &theirs), (Side::Left, &theirs, &ours)] {
        for note in list {
            sink.compared += 1;
            one(pair, side, note, others, sink);
        }
    }
    comment(pair, sink);
}

/// All notes of a program, in file order: by sections, which know each note's padding, or by
/// segments, into which linkers put notes of different padding.
pub fn read(image: &Image) -> Vec<Note> {
    let mut parts: Vec<(&[u8], u64)> = Vec::new();
    for s in image.sections.iter().filter(|s| s.kind == SHT_NOTE && s.is_alloc()) {
        parts.push((s.data, s.align));
    }
    if image.sectionless {
        for s in image.segments.iter().filter(|s| s.kind == PT_NOTE) {
            let bytes = image.memory.from(s.vaddr).unwrap_or(&[]);
            parts.push((&bytes[..bytes.len().min(s.filesz as usize)], s.align));
        }
    }
    let mut out = Vec::new();
    for (mut bytes, align) in parts {
        // gABI: 4-byte words; the GNU properties of 64-bit files are padded to 8.
        let pad = if align == 8 { 8 } else { 4 };
        while let Some((note, rest)) = split(bytes, pad) {
            out.push(note);
            bytes = rest;
        }
    }
    out
}

fn split(bytes: &[u8], pad: usize) -> Option<(Note, &[u8])> {
    let half = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (name, size, kind) = (half(0)? as usize, half(4)? as usize, half(8)?);
    let owner = bytes.get(12..12usize.checked_add(name)?)?;
    let at = 12 + name.next_multiple_of(4);
    let at = if pad == 8 { at.next_multiple_of(8) } else { at };
    let description = bytes.get(at..at.checked_add(size)?)?;
    let rest = bytes.get((at + size).next_multiple_of(pad)..).unwrap_or(&[]);
    let owner = owner.strip_suffix(&[0]).unwrap_or(owner);
    Some((Note { owner: owner.to_vec(), kind, bytes: description.to_vec() }, rest))
}

fn one(pair: &Pair, side: Side, note: &Note, others: &[Note], sink: &mut Sink) {
    let same_type: Vec<&Note> =
        others.iter().filter(|n| n.owner == note.owner && n.kind == note.kind).collect();
    if same_type.contains(&note) {
        return;
    }
    let owner = String::from_utf8_lossy(&note.owner).into_owned();
    let lacks = if side == Side::Right { pair.b } else { pair.a };
    let kind = match (&note.owner[..], note.kind) {
        (b"GNU", NT_GNU_BUILD_ID) => Kind::BuildId,
        (b"GNU", NT_GNU_PROPERTY) => Kind::Property,
        _ => Kind::Note,
    };
    let other = same_type.first();
    if other.is_some() && side == Side::Left {
        // Told already from the other side.
        return;
    }
    let detail = match other {
        Some(_) => "the notes differ".to_owned(),
        None => format!("{} has no such note", lacks.label()),
    };
    let theirs = other.map_or("missing".into(), |n| text::hex(&n.bytes));
    let ours = text::hex(&note.bytes);
    let mut finding = Finding::new(kind, format!("note {owner} {}", note.kind), detail);
    finding = match side {
        Side::Right => finding.showing(ours, theirs).on(side),
        _ => finding.showing(theirs, ours).on(side),
    };
    if kind == Kind::Property {
        let protections = |n: &Note| property(n, FEATURE_1_AND);
        let none = other.map_or(0, |n| protections(n));
        if protections(note) == none {
            sink.count(Reason::IsaMarker, "isa", finding);
        } else {
            sink.push(finding);
        }
        return;
    }
    let digest = kind == Kind::BuildId && other.is_some();
    if digest {
        sink.count(Reason::BuildIdValue, "id", finding);
    } else if owner.eq_ignore_ascii_case("gild") {
        sink.count(Reason::NoteOfLinker, "note", finding);
    } else {
        sink.push(finding);
    }
}

/// The compilers' names; a linker may add its own.
fn comment(pair: &Pair, sink: &mut Sink) {
    let strings = |image: &Image| -> BTreeSet<Vec<u8>> {
        let section = image.section(".comment");
        let parts = section.map(|s| s.data.split(|&b| b == 0)).into_iter().flatten();
        parts.filter(|s| !s.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let (ours, theirs) = (strings(pair.a), strings(pair.b));
    let signed = |list: &BTreeSet<Vec<u8>>| list.iter().all(|line| is_linker(line));
    if ours.is_empty() != theirs.is_empty() && !(signed(&ours) && signed(&theirs)) {
        let finding = Finding::new(Kind::Comment, ".comment", "one program has none");
        sink.push(finding.on(if ours.is_empty() { Side::Left } else { Side::Right }));
        return;
    }
    sink.compared += ours.len() as u64;
    for (line, side) in ours
        .difference(&theirs)
        .map(|l| (l, Side::Right))
        .chain(theirs.difference(&ours).map(|l| (l, Side::Left)))
    {
        let linker = is_linker(line);
        let line = String::from_utf8_lossy(line).into_owned();
        let mut finding =
            Finding::new(Kind::Comment, ".comment", "one side names another tool").on(side);
        finding = match side {
            Side::Right => finding.showing(&line, "missing"),
            _ => finding.showing("missing", &line),
        };
        if linker {
            sink.count(Reason::LinkerName, "name", finding);
        } else {
            sink.push(finding);
        }
    }
}

/// Whether a line of `.comment` names a linker.
fn is_linker(line: &[u8]) -> bool {
    const LINKERS: [&str; 6] = ["lld", "mold", "wild", "gild", "gold", "linker"];
    let lower = String::from_utf8_lossy(line).to_lowercase();
    LINKERS.iter().any(|l| lower.contains(l))
}
