//! Laws about segments.

use super::Named;
use crate::image::{Image, Section, Segment};
use crate::{Outcome, ensure};
use object::elf;

/// The file type is the one asked for, no interpreter is named, the entry can be executed.
pub fn check_kind(image: &Image, pie: bool) -> Outcome {
    ensure(image.is_pie() == pie, || format!("e_type is {}, pie asked for: {pie}", image.kind))?;
    ensure(image.segment(elf::PT_INTERP.0).is_none(), || "PT_INTERP in a static program".into())?;
    let executable = |segment: &&Segment| segment.flags & elf::PF_X.0 != 0;
    let holds = |segment: &Segment| {
        (segment.address..segment.address + segment.file_size).contains(&image.entry)
    };
    let entered = image.segments_of(elf::PT_LOAD.0).filter(executable).any(holds);
    ensure(entered, || format!("entry {:#x} lies in no executable segment", image.entry))
}

/// Nothing is writable and executable at once, the stack included, but for sections that are.
pub fn check_rights(image: &Image) -> Outcome {
    let both = elf::PF_W.0 | elf::PF_X.0;
    let rights = elf::SHF_WRITE.0 | elf::SHF_EXECINSTR.0;
    let wanted = |segment: &Segment| {
        let range = segment.address..segment.address + segment.size;
        let mut inside = image.sections.iter().filter(|section| {
            section.flags & elf::SHF_ALLOC.0 != 0 && range.contains(&section.address)
        });
        inside.all(|section| section.flags & rights == rights) && !range.is_empty()
    };
    let stack = image.segment(elf::PT_GNU_STACK.0).ok_or("no PT_GNU_STACK")?;
    let loads = image.segments_of(elf::PT_LOAD.0);
    for segment in loads.chain([stack]) {
        let fine = segment.flags & both != both || wanted(segment);
        ensure(fine, || format!("writable and executable: {segment:x?}"))?;
    }
    Ok(())
}

/// gABI: loadable segments ascend, do not overlap, and are congruent modulo their alignment;
/// every allocated section lies in one of them.
pub fn check_loads(image: &Image) -> Outcome {
    let loads: Vec<_> = image.segments_of(elf::PT_LOAD.0).collect();
    for pair in loads.windows(2) {
        let ascending = pair[0].address + pair[0].size <= pair[1].address;
        ensure(ascending, || format!("segments overlap or descend: {pair:x?}"))?;
    }
    for load in &loads {
        let congruent = load.align <= 1 || (load.address - load.offset) % load.align == 0;
        ensure(congruent, || format!("address and offset not congruent: {load:x?}"))?;
        ensure(load.file_size <= load.size, || format!("more in the file than loaded: {load:x?}"))?;
    }
    let allocated = |flags: u64| flags & elf::SHF_ALLOC.0 != 0;
    let is_tbss = |kind: u32, flags: u64| kind == elf::SHT_NOBITS.0 && flags & elf::SHF_TLS.0 != 0;
    let placed = |section: &&Section| section.size > 0 && allocated(section.flags);
    for section in image.sections.iter().filter(placed) {
        let end = section.address + section.size;
        let inside =
            |load: &&&Segment| load.address <= section.address && end <= load.address + load.size;
        // .tbss takes room in each thread's block, none in the image.
        let loaded = is_tbss(section.kind, section.flags) || loads.iter().any(|l| inside(&l));
        ensure(loaded, || format!("{} lies outside the segments", section.name))?;
    }
    Ok(())
}

/// What only relocation writes is made read-only afterwards, where there is a PT_GNU_RELRO at all.
pub fn check_relro(image: &Image) -> Outcome {
    let Some(relro) = image.segment(elf::PT_GNU_RELRO.0) else { return Ok(()) };
    for name in [".tdata", ".preinit_array", ".init_array", ".fini_array", ".data.rel.ro"] {
        let Some(section) = image.section(name) else { continue };
        if section.flags & elf::SHF_WRITE.0 == 0 {
            continue;
        }
        let inside = relro.address <= section.address
            && section.address + section.size <= relro.address + relro.size;
        ensure(inside, || format!("{name} stays writable: {section:x?}, {relro:x?}"))?;
    }
    Ok(())
}

/// Segment types that all peers have are there.
pub fn check_types(ours: &Image, peers: &[Named]) -> Outcome {
    // One peer alone may have a habit of its own (GNU ld's PT_GNU_PROPERTY, say).
    let [(_, first), _, ..] = peers else { return Ok(()) };
    for segment in &first.segments {
        let everywhere = peers.iter().all(|(_, peer)| peer.segment(segment.kind).is_some());
        // PT_PHDR is for an interpreter to find its program; glibc's static start-up reads AT_PHDR.
        let needed = everywhere && segment.kind != elf::PT_PHDR.0;
        let there = ours.segment(segment.kind).is_some();
        ensure(!needed || there, || format!("no segment of type {:#x}", segment.kind))?;
    }
    Ok(())
}

/// The TLS block has the alignment that the peers give it, and starts aligned.
pub fn check_tls(ours: &Image, peers: &[Named]) -> Outcome {
    let align = |image: &Image| image.segment(elf::PT_TLS.0).map(|tls| tls.align.max(1));
    if let Some(tls) = ours.segment(elf::PT_TLS.0) {
        let aligned = tls.address.is_multiple_of(tls.align.max(1));
        ensure(aligned, || format!("the TLS block starts unaligned: {tls:x?}"))?;
    }
    for (name, peer) in peers {
        let (ours, theirs) = (align(ours), align(peer));
        ensure(ours == theirs, || format!("TLS alignment {ours:?}, with {name} {theirs:?}"))?;
    }
    Ok(())
}
