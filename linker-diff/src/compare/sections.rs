//! Sections: present, type, flags, alignment.

use super::Pair;
use super::segments::are_fixed_arrays;
use super::sink::Sink;
use crate::code::text;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::atoms::AtomId;
use crate::model::elf::{SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_NOBITS, Section};
use crate::reason::Reason;

/// The flags that decide what is loaded and how.
const LOADED: u64 = SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR | SHF_TLS;

/// Compares the sections.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    if pair.a.sectionless || pair.b.sectionless {
        return;
    }
    for ours in pair.a.sections.iter().filter(|s| s.is_alloc()) {
        match same_name(pair.b, ours) {
            Some(theirs) => attributes(pair, ours, theirs, sink),
            None => missing(pair, Side::Right, ours, sink),
        }
        sink.compared += 1;
    }
    for theirs in pair.b.sections.iter().filter(|s| s.is_alloc()) {
        if same_name(pair.a, theirs).is_none() {
            missing(pair, Side::Left, theirs, sink);
        }
    }
    for (image, side) in [(pair.a, Side::Left), (pair.b, Side::Right)] {
        alignment(image, side, sink);
    }
}

fn same_name<'i, 'a>(image: &'i Image<'a>, section: &Section) -> Option<&'i Section<'a>> {
    image.sections.iter().find(|s| s.name == section.name && s.is_alloc())
}

fn attributes(pair: &Pair, ours: &Section, theirs: &Section, sink: &mut Sink) {
    let differing = ours.flags ^ theirs.flags;
    let show = |flags: u64| format!("{flags:#x}");
    if differing != 0 {
        let finding = Finding::new(Kind::SectionFlags, ours.title(), "the flags differ")
            .showing(show(ours.flags), show(theirs.flags));
        if differing & LOADED == 0 || ours.size == 0 || theirs.size == 0 {
            sink.count(Reason::MergeFlags, "flags", finding);
        } else if differing & LOADED == SHF_WRITE && are_fixed_arrays(pair, ours, theirs) {
            sink.count(Reason::FixedArray, "array", finding);
        } else {
            sink.push(finding);
        }
    }
    if ours.kind != theirs.kind && ours.size > 0 && theirs.size > 0 {
        let finding = Finding::new(Kind::SectionType, ours.title(), "the types differ")
            .showing(show(ours.kind.into()), show(theirs.kind.into()));
        sink.count(Reason::TypeOfLayout, "type", finding);
    }
}

fn alignment(image: &Image, side: Side, sink: &mut Sink) {
    for s in image.sections.iter().filter(|s| s.is_alloc() && s.align > 1) {
        if !s.align.is_power_of_two() || s.addr % s.align != 0 {
            let detail =
                format!("{}: address {:#x} is no multiple of {}", image.label(), s.addr, s.align);
            sink.push(Finding::new(Kind::SectionAlign, s.title(), detail).on(side));
        }
    }
}

/// A section that the program on `side` lacks.
fn missing(pair: &Pair, side: Side, section: &Section, sink: &mut Sink) {
    let (has, lacks) = match side {
        Side::Right => (pair.a, pair.b),
        _ => (pair.b, pair.a),
    };
    let detail = format!("{} has no section of that name", lacks.label());
    let mut finding = Finding::new(Kind::SectionMissing, section.title(), detail).on(side);
    let size = format!("{} bytes", section.size);
    finding = match side {
        Side::Right => finding.showing(size, "missing"),
        _ => finding.showing("missing", size),
    };
    let title = section.title();
    if section.size == 0 {
        sink.count(Reason::EmptySection, &title, finding);
    } else if section.is_linker_table() || section.is_synthetic() || title == ".tm_clone_table" {
        // .init_array and .eh_frame have their own comparison, which needs no section names.
        sink.count(Reason::LinkerTable, &title, finding);
    } else if has_counterparts(pair, side, has, section) || is_constant_family(lacks, section) {
        sink.count(Reason::PlacedElsewhere, &title, finding);
    } else if section.kind == SHT_NOBITS || unreached(pair, side, has, section) {
        finding.kind = Kind::GarbageCollection;
        let item = |id| format!("{} ({} bytes)", text::atom(has, id), has.atoms.get(id).size());
        finding.items = atoms_of(has, section).map(item).collect();
        sink.count(Reason::Unreached, &title, finding);
    } else {
        sink.push(finding);
    }
}

fn atoms_of<'i>(image: &'i Image, section: &Section) -> impl Iterator<Item = AtomId> + 'i {
    let (start, end) = (section.addr, section.addr + section.size);
    image.atoms.iter().filter(move |(_, a)| a.start >= start && a.start < end).map(|(id, _)| id)
}

fn counterpart(pair: &Pair, side: Side, id: AtomId) -> bool {
    match side {
        Side::Right => pair.pairing.right_of(id).is_some(),
        _ => pair.pairing.left_of(id).is_some(),
    }
}

fn has_counterparts(pair: &Pair, side: Side, image: &Image, section: &Section) -> bool {
    atoms_of(image, section)
        .filter(|&id| image.atoms.get(id).known)
        .all(|id| counterpart(pair, side, id))
}

/// Whether it is one of several sections of constants, which are compared where they are used.
fn is_constant_family(other: &Image, section: &Section) -> bool {
    section.name.starts_with(b".rodata")
        && other.sections.iter().any(|s| s.name.starts_with(b".rodata"))
}

fn unreached(pair: &Pair, side: Side, image: &Image, section: &Section) -> bool {
    super::kept::reached(pair, side, image).is_disjoint(&atoms_of(image, section).collect())
}
