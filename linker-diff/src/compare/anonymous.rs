//! Places without a common name: string literals, constants, statics of stripped programs.
//!
//! Their content is compared as far as the next place that something refers to, on both sides.
//! Where there is no content, the references must at least agree with each other.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::Pair;
use super::data::{self, Difference};
use super::resolve;
use super::sink::{Anonymous, Sink};
use crate::code::{Decoder, Insn, fields, text};
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::target::Target;
use crate::reason::Reason;

/// Pieces of fewer bytes occur everywhere by chance.
const LEAST_PIECE: usize = 8;

/// The same where code or data states the length of what lies before.
const LEAST_SHORT: usize = 4;

/// The same for strings with their terminator.
const LEAST_STRING: usize = 3;

/// A place to which other unnamed places refer is compared with this many at most: in sound programs
/// it has one partner, or as many as merging left copies; in unlike ones everything with everything.
const MOST_PARTNERS: usize = 16;

/// So many bytes without a zero among them do not occur twice by chance.
const TELLING: usize = 12;

/// How far from a reference its length is looked for, in bytes of code.
const NEAR: usize = 48;

/// As many bytes of a piece as are looked for.
const PIECE: usize = 48;

/// What each function refers to, as pairs of addresses.
type Steps = HashMap<AtomId, Vec<(u64, u64)>>;

fn steps(list: &[Anonymous]) -> Steps {
    let mut steps = Steps::new();
    for r in list.iter().filter(|r| !r.tls) {
        steps.entry(r.from).or_default().push((r.left, r.right));
    }
    steps
}

/// Whether the same function refers to a place shortly before, which lies as far from it on the other
/// side: the two are the bounds of an array.
fn ends_array(r: &Anonymous, steps: &Steps) -> bool {
    const LARGEST: u64 = 1024;
    steps.get(&r.from).into_iter().flatten().any(|&(left, right)| {
        let distance = r.left.wrapping_sub(left);
        distance > 0 && distance <= LARGEST && distance == r.right.wrapping_sub(right)
    })
}

/// Whether both addresses end a pair of objects to which the same function refers as well: the bound
/// of a loop, and what lies behind it is another thing.
fn ends_object(pair: &Pair, r: &Anonymous) -> bool {
    let (a, b) = (pair.a, pair.b);
    let ends = |target: Target| {
        let Target::Addr(at) = target else { return false };
        let Some(id) = a.atoms.find(at).filter(|&id| a.atoms.get(id).sized) else { return false };
        let other = pair.pairing.right_of(id);
        a.atoms.get(id).end == r.left && other.is_some_and(|o| b.atoms.get(o).end == r.right)
    };
    a.refs.of(r.from).iter().any(|r| ends(r.target))
}

/// Whether `r` is the end of a string, equal on both sides, to whose start the same function counts
/// back: what lies behind it is another one.
fn ends_string(pair: &Pair, r: &Anonymous) -> bool {
    let length = counted_back(pair.a, r).filter(|l| (LEAST_STRING..=PIECE).contains(l));
    let Some(length) = length else { return false };
    let before = |image: &Image, end: u64| {
        image.memory.slice(end.wrapping_sub(length as u64), length).map(<[u8]>::to_vec)
    };
    let ours = before(pair.a, r.left);
    let ends = |bytes: &Vec<u8>| memchr::memchr(0, bytes) == Some(length - 1);
    ours.as_ref().is_some_and(ends) && ours == before(pair.b, r.right)
}

/// How far `lea -n(%r)` goes back from the address that the instruction at `r` loads into `%r`.
fn counted_back(image: &Image, r: &Anonymous) -> Option<usize> {
    const FOLLOWING: usize = 4;
    let at = image.atoms.get(r.from).start + u64::from(r.offset);
    let mut decoder = Decoder::new(image.memory.slice(at, NEAR)?, at);
    let loaded = decoder.decode().reg(0);
    let following = decoder.take(FOLLOWING);
    let mut counts = following
        .filter(|insn| insn.mnemonic() == iced_x86::Mnemonic::Lea && insn.base() == loaded);
    let distance = counts.next()?.memory_displacement64() as i64;
    usize::try_from(distance.checked_neg()?).ok()
}

/// Compares all of them, and what they refer to in turn.
pub fn compare(pair: &Pair, mut list: Vec<Anonymous>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    let mut mapped = Vec::new();
    let mut partners: HashMap<u64, usize> = HashMap::new();
    let steps = steps(&list);
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
    agree(pair, &mapped, sink);
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
    if r.tls {
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

/// Whether a number near the reference says that what it refers to ends at `at` or shortly before.
fn states_end(image: &Image, r: &Anonymous, at: usize) -> bool {
    lengths(image, r).iter().any(|&l| l >= LEAST_STRING && l <= at && at - l < LEAST_PIECE)
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

/// Whether what differs at `d` is no longer the thing at `r` but a piece behind it, to which
/// nothing refers and which lies elsewhere on the other side.
fn is_another_piece(pair: &Pair, r: &Anonymous, d: &Difference, size: u64, steps: &Steps) -> bool {
    if d.offset == 0 && pair.a.atoms.get(r.from).class == Class::Code && ends_string(pair, r) {
        return true;
    }
    let past_the_end = d.offset == 0
        && (end_alike(pair, r)
            || ends_array(r, steps)
            || follow_alike(pair, r)
            || resolve::near_a_pair(pair, r.left, r.right));
    if d.offset == 0 && !past_the_end {
        return false;
    }
    let (a, b) = (pair.a, pair.b);
    let read = |image: &Image, at: u64| -> Vec<u8> {
        let len = size as usize + PIECE;
        image.memory.from(at).map_or(Vec::new(), |m| m[..m.len().min(len)].to_vec())
    };
    let (ours, theirs) = (read(a, r.left), read(b, r.right));
    let at = d.offset as usize;
    // Pieces begin at a multiple of their alignment, or behind a terminator.
    let behind_zero = ours[..at.min(ours.len())].iter().rposition(|&c| c == 0).map(|z| z + 1);
    let starts = [8usize, 4, 2, 1].iter().map(|n| at & !(n - 1)).chain(behind_zero);
    let mut starts: Vec<usize> = starts.filter(|&s| s > 0 || past_the_end).collect();
    starts.dedup();
    let mut lengths = lengths(pair.a, r);
    let is_text = |bytes: &[u8], end: usize| {
        bytes
            .get(..end)
            .is_some_and(|b| b.iter().all(|c| (0x20..0x7f).contains(c) || b"\0\t\n\r".contains(c)))
    };
    lengths.retain(|&l| {
        (l >= LEAST_SHORT && l <= at && at - l < LEAST_SHORT || l == LEAST_STRING && l == at)
            && (l == at && l >= LEAST_PIECE && is_text(&ours, l) && is_text(&theirs, l)
                || is_text(&ours, l + LEAST_SHORT) && is_text(&theirs, l + LEAST_SHORT))
    });
    starts.extend(&lengths);
    let is_constant = |s: usize, width: usize| {
        is_text_constant(&ours, r.left, s, width) && is_text_constant(&theirs, r.right, s, width)
    };
    // What states its length ends there.
    if lengths.iter().any(|&l| l == at && l >= LEAST_PIECE) {
        return true;
    }
    starts.iter().any(|&s| {
        let within = (size as usize).saturating_sub(s);
        // Behind a terminated string, too few bytes to be told from chance.
        if within < LEAST_SHORT && behind_zero == Some(s) && s > LEAST_SHORT {
            return true;
        }
        // A constant of 4 bytes ends where the next one is referred to.
        let short = is_constant(s, LEAST_SHORT) || lengths.contains(&s) || within == LEAST_SHORT;
        let least = if short { LEAST_SHORT } else { LEAST_PIECE };
        let moved = |piece: &[u8], other: &Image, addr: u64| {
            is_filler(&piece[..within.min(piece.len())])
                || occurs(other, addr, piece, least)
                || is_text_constant(behind_zeros(piece), 0, 0, LEAST_PIECE)
                    && occurs(other, addr, &behind_zeros(piece)[..LEAST_PIECE], LEAST_PIECE)
                || piece
                    .get(..TELLING)
                    .is_some_and(|p| !p.contains(&0) && occurs(other, addr, p, TELLING))
        };
        let (Some(p), Some(q)) = (ours.get(s..), theirs.get(s..)) else { return false };
        // A text that is terminated, or of 4 bytes, with nothing but padding behind it on one side
        // is complete.
        let padded = |piece: &[u8]| is_filler(&piece[..within.min(piece.len())]);
        let ends = within <= LEAST_SHORT && s >= LEAST_STRING
            || (behind_zero == Some(s) && s > LEAST_SHORT);
        if ends && is_text(&ours, s) && (padded(p) || padded(q)) {
            return true;
        }
        let (ours, theirs) = (moved(p, b, r.right), moved(q, a, r.left));
        // Of mergeable constants to which nothing refers, one linker may drop what another keeps.
        let droppable = lengths.contains(&s) || (s > 0 && is_constant(s, LEAST_PIECE));
        // The same behind the zeros that end a text of Rust's `format_args!`.
        let dropped = |piece: &[u8]| {
            behind_zero == Some(s)
                && piece.first() == Some(&0)
                && is_text_constant(behind_zeros(piece), 0, 0, LEAST_PIECE)
        };
        (ours && theirs)
            || (droppable && (ours || theirs))
            || (ours && dropped(q) || theirs && dropped(p))
    })
}

/// Whether `width` bytes at `start` are aligned text: a constant of that size, which linkers merge
/// and sort each in its own way.
fn is_text_constant(bytes: &[u8], addr: u64, start: usize, width: usize) -> bool {
    let aligned = (addr + start as u64).is_multiple_of(width as u64);
    let piece = bytes.get(start..start + width);
    aligned && piece.is_some_and(|p| p.iter().all(|c| (0x20..0x7f).contains(c)))
}

/// Numbers near a reference that may be the length of what it refers to: strings of Rust have no
/// terminator, their length is loaded beside their address or stored behind it.
fn lengths(image: &Image, r: &Anonymous) -> Vec<usize> {
    let atom = image.atoms.get(r.from);
    if r.stated > 0 {
        return vec![r.stated as usize];
    }
    if atom.class != Class::Code {
        let word = image.memory.word(atom.start + u64::from(r.offset) + 8);
        return word.map(|w| w as usize).into_iter().collect();
    }
    let Some(bytes) = image.memory.slice(atom.start, atom.size() as usize) else {
        return Vec::new();
    };
    let at = |insn: &Insn| (insn.ip() - atom.start) as usize;
    let offset = r.offset as usize;
    let insns = Decoder::new(bytes, atom.start).take_while(|insn| at(insn) <= offset + NEAR);
    let near = insns.filter(|insn| at(insn).abs_diff(offset) <= NEAR);
    // What the stack pointer moves by is no length.
    let near = near.filter(|insn| insn.op0_register() != iced_x86::Register::RSP);
    near.filter_map(|insn| fields::of(&insn).immediate.map(|i| i as usize)).collect()
}

/// What follows the padding before a piece.
fn behind_zeros(piece: &[u8]) -> &[u8] {
    let start = piece.iter().position(|&c| c != 0).unwrap_or(piece.len());
    &piece[start..]
}

fn is_filler(piece: &[u8]) -> bool {
    piece.iter().all(|&c| c == 0)
}

/// Whether the first piece of `piece`, a string with its terminator or the next bytes, occurs in
/// the section that `addr` lies in.
fn occurs(image: &Image, addr: u64, piece: &[u8], least: usize) -> bool {
    let piece = behind_zeros(piece);
    let piece = &piece[..piece.len().min(PIECE)];
    let (piece, least) = match memchr::memchr(0, piece) {
        _ if least == LEAST_SHORT => (&piece[..piece.len().min(least)], least),
        Some(end) if end + 1 >= LEAST_STRING => (&piece[..=end], LEAST_STRING),
        _ => (&piece[..piece.len().min(least)], least),
    };
    let Some(section) = image.section_at(addr) else { return false };
    let inside = |s: &crate::model::elf::Section| memchr::memmem::find(s.data, piece).is_some();
    let constants =
        || image.sections.iter().filter(|s| s.is_alloc() && s.name.starts_with(b".rodata"));
    piece.len() >= least && (inside(section) || constants().any(inside))
}

/// Whether both addresses are the ends of strings that read the same: compilers turn a pair of
/// pointers into its end and a distance.
fn end_alike(pair: &Pair, r: &Anonymous) -> bool {
    const COMPARED: u64 = 8;
    let before = |image: &Image, addr: u64| {
        let at = addr.checked_sub(COMPARED)?;
        image.memory.slice(at, COMPARED as usize).map(<[u8]>::to_vec)
    };
    let (Some(x), Some(y)) = (before(pair.a, r.left), before(pair.b, r.right)) else {
        return false;
    };
    let text_len = x[..7].iter().rev().take_while(|&&c| c != 0).count();
    let compared = (text_len + 1).min(8);
    x[7] == 0 && text_len > 1 && x[8 - compared..] == y[8 - compared..]
}

/// Whether the same bytes lie before both: the end of a table, from which code counts back.
fn follow_alike(pair: &Pair, r: &Anonymous) -> bool {
    const COMPARED: u64 = 32;
    let before = |image: &Image, addr: u64| {
        let bytes = image.memory.slice(addr.checked_sub(COMPARED)?, COMPARED as usize)?;
        let filled = bytes.iter().filter(|&&c| c != 0).count() as u64 * 2 >= COMPARED;
        filled.then(|| bytes.to_vec())
    };
    let ours = before(pair.a, r.left);
    ours.is_some() && ours == before(pair.b, r.right)
}

/// Variables without content: each must be one variable on the other side, wherever it is used.
fn agree(pair: &Pair, mapped: &[Anonymous], sink: &mut Sink) {
    let mut by_left: BTreeMap<(bool, u64), BTreeMap<u64, Vec<&Anonymous>>> = BTreeMap::new();
    let mut by_right: BTreeMap<(bool, u64), BTreeMap<u64, Vec<&Anonymous>>> = BTreeMap::new();
    let is_end = |r: &Anonymous| {
        let is_address = !r.tls && accessed(pair.a, r) == u64::MAX;
        is_address && (is_end(pair.a, r.left) || is_end(pair.b, r.right))
    };
    for r in mapped.iter().filter(|r| !r.named && !is_end(r)) {
        by_left.entry((r.tls, r.left)).or_default().entry(r.right).or_default().push(r);
        by_right.entry((r.tls, r.right)).or_default().entry(r.left).or_default().push(r);
    }
    let mut told = HashSet::new();
    for groups in by_left.values().chain(by_right.values()).filter(|g| g.len() > 1) {
        let most = groups.values().map(Vec::len).max().unwrap_or(0);
        let minority = groups.values().filter(|g| g.len() < most || groups.len() == g.len());
        let minority: Vec<_> = minority.collect();
        for group in &minority {
            let r = group[0];
            let near = !r.tls && resolve::near_a_pair(pair, r.left, r.right);
            if !told.insert((r.from, r.offset)) || near || in_step(mapped, r) {
                continue;
            }
            let detail = format!("elsewhere the same variable is another one ({most} times)");
            if r.tls {
                let finding = Finding::new(Kind::TlsOffset, from(pair, r), detail);
                let show = |image, at| text::target(image, crate::model::target::Target::Tls(at));
                let (ours, theirs) = (show(pair.a, r.left as i64), show(pair.b, r.right as i64));
                sink.push(finding.showing(ours, theirs));
            } else {
                wrong(pair, r, &detail, sink);
            }
        }
    }
}

/// Whether an address is the end of a variable rather than the start of the next.
fn is_end(image: &Image, addr: u64) -> bool {
    let before = |addr| image.atoms.last_before(addr).map(|id| image.atoms.get(id));
    before(addr.wrapping_sub(1)).is_some_and(|atom| atom.sized && atom.end == addr)
        && !before(addr).is_some_and(|atom| atom.known && atom.start == addr)
}

/// Whether a reference shortly before moved by as much: both lie in one larger variable.
fn in_step(mapped: &[Anonymous], r: &Anonymous) -> bool {
    mapped.iter().any(|o| {
        o.tls == r.tls
            && o.left != r.left
            && o.left.abs_diff(r.left) <= 256
            && o.left.wrapping_sub(r.left) == o.right.wrapping_sub(r.right)
    })
}
