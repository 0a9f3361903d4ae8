//! Places without a common name: string literals, constants, statics of stripped programs.
//!
//! Their content is compared as far as the next place that something refers to, on both sides.
//! Where there is no content, the references must at least agree with each other.

mod agree;
mod ends;
mod pieces;

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::code::{Decoder, fields, text};
use crate::compare::Pair;
use crate::compare::data::{self, Difference};
use crate::compare::sink::{Anonymous, Sink};
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::atoms::Class;
use crate::reason::Reason;
use ends::{Steps, ends_array, ends_object, ends_section};
use pieces::{is_another_piece, states_end};

/// A place to which other unnamed places refer is compared with this many at most: in sound programs
/// it has one partner, or as many as merging left copies; in unlike ones everything with everything.
const MOST_PARTNERS: usize = 16;

/// Compares all of them, and what they refer to in turn.
pub fn compare(pair: &Pair, mut list: Vec<Anonymous>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    let mut mapped = Vec::new();
    let mut partners: HashMap<u64, usize> = HashMap::new();
    let steps = ends::steps(&list);
    while !list.is_empty() {
        list.sort_unstable();
        list.retain(|r| {
            if is_variable(pair.a, r) || r.tls {
                mapped.push(*r);
            }
            seen.insert((r.left, r.right, r.tls, accessed(pair.a, r)))
        });
        let rounds: Vec<(Sink, Vec<Anonymous>)> =
            list.par_iter().map(|r| place(pair, r, &steps)).collect();
        list = Vec::new();
        for (part, next) in rounds {
            sink.merge(part);
            list.extend(next.into_iter().filter(|r| {
                let count = partners.entry(r.left).or_default();
                *count += 1;
                *count <= MOST_PARTNERS
            }));
        }
    }
    agree::check(pair, &mapped, sink);
}

fn is_writable(image: &Image, r: &Anonymous) -> bool {
    image.section_at(r.left).is_some_and(|s| s.flags & crate::model::elf::SHF_WRITE != 0)
}

/// Whether it is written by the program, so that it matters which of equal ones is meant.
fn is_variable(image: &Image, r: &Anonymous) -> bool {
    is_writable(image, r)
        && image.section_at(r.left).is_some_and(|s| !s.name.starts_with(b".data.rel.ro"))
}

fn place(pair: &Pair, r: &Anonymous, steps: &Steps) -> (Sink, Vec<Anonymous>) {
    let mut sink = Sink::default();
    sink.compared += 1;
    if r.tls || ends_section(pair, r, steps) {
        return (sink, Vec::new());
    }
    let (a, b) = (pair.a, pair.b);
    if a.memory.contains(r.left) != b.memory.contains(r.right) {
        wrong(pair, r, "leaves one of the programs", &mut sink);
        return (sink, Vec::new());
    }
    let zeros = |image: &Image, addr| image.memory.from(addr).is_none_or(<[u8]>::is_empty);
    if zeros(a, r.left) && zeros(b, r.right) {
        if r.named {
            wrong(pair, r, "refers to different variables", &mut sink);
        }
        return (sink, Vec::new());
    }
    let writable = is_writable(a, r);
    if r.named && writable {
        wrong(pair, r, "refers to different variables", &mut sink);
        return (sink, Vec::new());
    }
    let size = extent(a, r.left).min(extent(b, r.right)).min(accessed(a, r));
    let text = terminated(pair, r);
    let size = size.max(text.unwrap_or(0));
    let outcome = data::runs(pair, r.left, r.right, size);
    let next = data::pending(pair, &outcome, r);
    // A table of 32-bit entries does not end within one.
    let cut_off = |d: &Difference| outcome.entries > 0 && d.offset >= size & !3;
    let first = outcome.differences.first();
    let within = |d: &Difference| {
        text.is_some_and(|end| (1..end).contains(&d.offset))
            && !states_end(pair.a, r, d.offset as usize)
            && !ends_array(r, steps)
    };
    let first = first.filter(|d| {
        !cut_off(d)
            && !ends_object(pair, r)
            && (within(d) || !is_another_piece(pair, r, d, size, steps))
    });
    match first {
        Some(d) if r.named => wrong(pair, r, &d.detail.clone(), &mut sink),
        Some(d) => content(pair, r, d, size, &mut sink),
        None if r.named => {
            let finding = Finding::new(Kind::Layout, from(pair, r), "equal constants are shared")
                .showing(text::address(a, r.left), text::address(b, r.right));
            sink.count(Reason::Merged, "constant", finding);
        }
        None => {}
    }
    (sink, next)
}

/// How many bytes an instruction reads that reads a place by its address alone; the whole of it
/// where the address is taken.
fn accessed(image: &Image, r: &Anonymous) -> u64 {
    let atom = image.atoms.get(r.from);
    let at = atom.start + u64::from(r.offset);
    let bytes = image.memory.from(at).filter(|_| atom.class == Class::Code);
    let Some(insn) = bytes.and_then(|bytes| Decoder::new(bytes, at).next()) else {
        return u64::MAX;
    };
    let direct = fields::of(&insn).memory == Some(fields::Memory::Relative(r.left))
        && insn.mnemonic() != iced_x86::Mnemonic::Lea;
    match insn.memory_size().size() {
        size if direct && size > 0 => size as u64,
        _ => u64::MAX,
    }
}

/// Bytes from `addr` to the next place that something refers to.
fn extent(image: &Image, addr: u64) -> u64 {
    let held = image.memory.from(addr).map_or(0, |b| b.len() as u64);
    let next = image.refs.next_boundary(addr).map_or(held, |b| b - addr);
    next.min(held.max(1 << 20))
}

fn string<'a>(image: &Image<'a>, addr: u64) -> Option<&'a [u8]> {
    let bytes = image.memory.from(addr)?;
    let end = memchr::memchr(0, &bytes[..bytes.len().min(1 << 16)])?;
    let text = &bytes[..end];
    let is_text = text.iter().all(|&b| b >= 0x20 || b"\n\t\r\x1b".contains(&b));
    (end > 0 && is_text && std::str::from_utf8(text).is_ok()).then_some(text)
}

/// The length, with the terminator, of strings that are equally long on both sides and into which
/// nothing refers on one of them: on the other, merging may have made it refer to their tails.
fn terminated(pair: &Pair, r: &Anonymous) -> Option<u64> {
    if accessed(pair.a, r) != u64::MAX {
        return None;
    }
    let (ours, theirs) = (string(pair.a, r.left)?, string(pair.b, r.right)?);
    let length = ours.len() as u64 + 1;
    let whole = extent(pair.a, r.left).max(extent(pair.b, r.right)) >= length;
    (whole && ours.len() == theirs.len()).then_some(length)
}

fn from(pair: &Pair, r: &Anonymous) -> String {
    let name = text::atom(pair.a, r.from);
    if r.offset == 0 { name } else { format!("{name}+{:#x}", r.offset) }
}

fn wrong(pair: &Pair, r: &Anonymous, detail: &str, sink: &mut Sink) {
    let data = pair.a.atoms.get(r.from).class != Class::Code;
    let kind = if data { Kind::DataPointer } else { Kind::WrongTarget };
    let (ours, theirs) = (text::address(pair.a, r.left), text::address(pair.b, r.right));
    sink.push(Finding::new(kind, from(pair, r), detail).showing(ours, theirs));
}

fn content(pair: &Pair, r: &Anonymous, d: &Difference, size: u64, sink: &mut Sink) {
    let (ours, theirs) = (string(pair.a, r.left), string(pair.b, r.right));
    let is_string =
        [ours, theirs].iter().flatten().any(|s| s.len() >= 2 && d.offset <= s.len() as u64);
    let place = format!("{}, referred to by {}", text::address(pair.a, r.left), from(pair, r));
    if is_string && d.kind == Kind::DataBytes {
        let show = |s: Option<&[u8]>, image: &Image, at| match s {
            Some(s) => format!("{:?}", String::from_utf8_lossy(&s[..s.len().min(200)])),
            None => {
                image.memory.slice(at, size.min(64) as usize).map_or_else(String::new, text::hex)
            }
        };
        let (ours, theirs) = (show(ours, pair.a, r.left), show(theirs, pair.b, r.right));
        let finding = Finding::new(Kind::StringContent, place, "the strings differ");
        sink.push(finding.showing(ours, theirs));
        return;
    }
    let kind = if d.kind == Kind::DataBytes { Kind::ConstantContent } else { d.kind };
    let (ours, theirs) = data::excerpt(pair, r.left, r.right, d.offset, size);
    sink.push(Finding::new(kind, place, d.detail.clone()).showing(ours, theirs));
}
