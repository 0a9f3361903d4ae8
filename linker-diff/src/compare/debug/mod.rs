//! Debug information: the same units that say the same about the functions both programs keep.

mod attributes;
mod frames;
mod lines;
mod sections;
mod split;
mod uncompared;
mod units;

use rayon::prelude::*;

use super::Pair;
use super::resolve::{self, Verdict};
use super::sink::Sink;
use crate::code::{Decoder, Insn, fields, padding, text};
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::atoms::{Atom, AtomId, Class};
use crate::model::symbols::STB_WEAK;
use crate::reason::Reason;
use sections::DebugSections;
use units::Unit;

/// Differences that are shown of one unit.
const SHOWN: usize = 3;

/// Compares debug information.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    presence(pair, sink);
    let (ours, theirs) = (DebugSections::load(pair.a), DebugSections::load(pair.b));
    for (sections, side) in [(&ours, Side::Left), (&theirs, Side::Right)] {
        for problem in &sections.problems {
            sink.push(Finding::new(Kind::DebugFault, "debug sections", problem.clone()).on(side));
        }
    }
    uncompared::report(pair, sink);
    frames::compare(pair, &ours, &theirs, sink);
    let (left, right) = (ours.dwarf(), theirs.dwarf());
    let (list, others) = (units::read(&left), units::read(&right));
    if let (Err(l), Err(r)) = (&list, &others)
        && l.to_string() == r.to_string()
    {
        let finding = Finding::new(Kind::DebugFault, ".debug_info", l.to_string());
        sink.count(Reason::InputFault, "debug", finding);
        return;
    }
    for (result, image, side) in [(&list, pair.a, Side::Left), (&others, pair.b, Side::Right)] {
        if let Err(e) = result {
            let detail = format!("{}: .debug_info cannot be read: {e}", image.label());
            sink.push(Finding::new(Kind::DebugFault, ".debug_info", detail).on(side));
        }
    }
    let (Ok(list), Ok(others)) = (list, others) else { return };
    if list.is_empty() || others.is_empty() {
        return;
    }
    let (pairs, ours_alone, theirs_alone) = units::pair(&list, &others);
    for (alone, side) in [(ours_alone, Side::Right), (theirs_alone, Side::Left)] {
        for unit in alone {
            let finding = Finding::new(Kind::DebugUnit, unit.name(), "the unit is missing");
            if speaks_of_shared_code(pair, unit, side) {
                sink.push(finding.on(side));
            } else {
                sink.count(Reason::DeadDebug, "unit", finding.on(side));
            }
        }
    }
    let parts: Vec<Sink> =
        pairs.par_iter().with_max_len(1).map(|&(l, r)| unit(pair, l, r)).collect();
    parts.into_iter().for_each(|part| sink.merge(part));
}

fn presence(pair: &Pair, sink: &mut Sink) {
    for name in [".debug_info", ".debug_line", ".debug_frame"] {
        let has = |image: &Image| image.section(name).is_some_and(|s| s.size > 0);
        let (ours, theirs) = (has(pair.a), has(pair.b));
        if ours != theirs {
            let show = |has| if has { "present" } else { "missing" };
            let side = if ours { Side::Right } else { Side::Left };
            let finding = Finding::new(Kind::DebugMissing, name, "one program has none").on(side);
            sink.push(finding.showing(show(ours), show(theirs)));
        }
    }
}

/// Whether a unit is about code that both programs have.
fn speaks_of_shared_code(pair: &Pair, unit: &Unit, lacking: Side) -> bool {
    unit.ranges().iter().filter(|r| r.begin < r.end).any(|r| match lacking {
        Side::Right => pair.a.atoms.find(r.begin).is_some_and(|id| has_right(pair, id)),
        _ => pair.b.atoms.find(r.begin).is_some_and(|id| has_left(pair, id)),
    })
}

fn unit<'d>(pair: &Pair, left: &Unit<'d>, right: &Unit<'d>) -> Sink {
    let mut sink = Sink::default();
    sink.compared += 1;
    let mut found = Vec::new();
    if let Err(e) = attributes::compare(pair, left, right, &mut found, &mut sink) {
        found.push(Finding::new(Kind::DebugFault, left.name(), e.to_string()));
    }
    if let Err(e) = split::compare(pair, left, right, &mut found, &mut sink) {
        found.push(Finding::new(Kind::DebugFault, left.name(), e.to_string()));
    }
    if let Err(e) = lines::compare(pair, left, right, &mut found) {
        found.push(Finding::new(Kind::DebugFault, left.name(), e.to_string()));
    }
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    if let (Some(last), true) = (found.last_mut(), more > 0) {
        last.count += more as u64;
        last.detail.push_str(&format!(" (and {more} more in this unit)"));
    }
    sink.findings.extend(found);
    sink
}

/// What becomes of an address in debug information.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Both name the same.
    Same,
    /// Both are of discarded code, or one is and the other's code has no counterpart.
    Dead,
    /// They part.
    Different,
}

/// Whether debug information speaks of code that was discarded: linkers write 0, 1, -1 or -2,
/// with or without the addend, none of which lies in a section.
fn is_dead(image: &Image, addr: u64) -> bool {
    image.section_at(addr).is_none() && image.section_at(addr.wrapping_sub(1)).is_none()
}

fn place(pair: &Pair, left: u64, right: u64) -> Place {
    match (is_dead(pair.a, left), is_dead(pair.b, right)) {
        (true, true) => Place::Dead,
        (false, false) => match resolve::addresses(pair, left, right) {
            Verdict::Same | Verdict::Content { .. } => Place::Same,
            _ if same_end(pair, left, right) || behind_padding(pair, left, right) => Place::Same,
            _ => Place::Different,
        },
        (true, false) => {
            let id = pair.b.atoms.find(right);
            let empty = !pair.b.empties.at(right).is_empty();
            let known = !empty && id.is_some_and(|id| has_left(pair, id) && !is_weak(pair.b, id));
            if known { Place::Different } else { Place::Dead }
        }
        (false, true) => {
            let id = pair.a.atoms.find(left);
            let empty = !pair.a.empties.at(left).is_empty();
            let known = !empty && id.is_some_and(|id| has_right(pair, id) && !is_weak(pair.a, id));
            if known { Place::Different } else { Place::Dead }
        }
    }
}

/// Whether a function may have been defined by several files, of which one was taken.
fn is_weak(image: &Image, id: AtomId) -> bool {
    let labels = image.atoms.labels(id).iter();
    labels.map(|l| &image.symbols[l.symbol as usize]).any(|s| s.bind == STB_WEAK)
}

/// Whether a left-hand atom surely has a counterpart.
fn has_right(pair: &Pair, id: AtomId) -> bool {
    pair.pairing.right_of(id).is_some() && !pair.pairing.is_guess_left(id)
}

/// Whether a right-hand atom surely has a counterpart.
fn has_left(pair: &Pair, id: AtomId) -> bool {
    pair.pairing.left_of(id).is_some() && !pair.pairing.is_guess_right(id)
}

/// Whether both are the ends of the same function.
fn same_end(pair: &Pair, left: u64, right: u64) -> bool {
    let before = |image: &Image, addr: u64| image.atoms.find(addr.wrapping_sub(1));
    match (before(pair.a, left), before(pair.b, right)) {
        (Some(l), Some(r)) => {
            let (x, y) = (pair.a.atoms.get(l), pair.b.atoms.get(r));
            pair.pairing.right_of(l) == Some(r) && left - x.start == right - y.start
        }
        _ => false,
    }
}

/// Whether both are code without a name, and between it and the same name before it lies the same
/// code, but for padding: the linkers align differently.
fn behind_padding(pair: &Pair, left: u64, right: u64) -> bool {
    let (a, b) = (pair.a, pair.b);
    let (Some(l), Some(r)) = (a.atoms.find(left), b.atoms.find(right)) else { return false };
    let is_open = |atom: &Atom| atom.class == Class::Code && !atom.sized;
    let (x, y) = (a.atoms.get(l), b.atoms.get(r));
    pair.pairing.right_of(l) == Some(r)
        && is_open(x)
        && is_open(y)
        && instructions(a, x.start, left) == instructions(b, y.start, right)
}

/// What lies between two addresses beside padding, without what relocations fill.
fn instructions(image: &Image, start: u64, end: u64) -> Vec<Insn> {
    let bytes = image.memory.slice(start, (end - start) as usize).unwrap_or_default();
    let mut decoder = Decoder::new(bytes, start);
    let mut found = Vec::new();
    while decoder.can_decode() {
        let at = decoder.offset();
        match padding::leading(&bytes[at..]) {
            0 => found.push(fields::blanked(&decoder.decode())),
            length => decoder.set_offset(at + length),
        }
    }
    found
}

/// Counts an address of discarded code.
fn count_dead(pair: &Pair, left: u64, right: u64, unit: &str, sink: &mut Sink) {
    if is_dead(pair.a, left) != is_dead(pair.b, right) {
        let finding = Finding::new(Kind::DebugAddress, unit, "of a copy that was discarded")
            .showing(text::address(pair.a, left), text::address(pair.b, right));
        sink.count(Reason::KeptCopy, "address", finding);
    } else if left != right {
        let finding = Finding::new(Kind::DebugAddress, unit, "of discarded code")
            .showing(format!("{left:#x}"), format!("{right:#x}"));
        sink.count(Reason::DeadDebug, "dead", finding);
    }
}
