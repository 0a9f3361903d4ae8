//! The layout phase step by step.

use super::addresses::{self, Addresses, Rules, align_up};
use super::linker_values::LinkerValues;
use super::offsets::TOO_LARGE;
use super::plan::{Item, plan};
use super::rank::Class;
use super::{Content, Layout, Placed, entry, members, outputs, overlap, stack, start_files};
use crate::args::Options;
use crate::diagnostics::{Error, Errors, Result};
use crate::elf::*;
use crate::ids::OutputId;
use crate::live::Live;
use crate::merge::Merged;
use crate::sections::Sections;
use crate::symbols::Resolved;
use crate::synth::{Context, Plan, Synth, SynthKind};

/// gABI: from here on `e_phnum` would need section header 0, where Linux doesn't look.
const PN_XNUM: usize = 0xffff;

/// A relocation table that grows can move what it describes, but never by so much that it would
/// grow again and again; the bound is for safety.
const MAX_ROUNDS: usize = 16;

/// Computes the layout; adds the linker-made output sections to `sections.outputs` and sets
/// `InputSection::offset` of every member.
pub fn layout(
    resolved: &Resolved,
    sections: &mut Sections,
    live: &Live,
    merged: &Merged,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Layout> {
    let stack = (stack::flags(resolved, sections, options, warnings), options.stack_size);
    members::assign(resolved, sections, options)?;
    let plan = Plan { resolved, sections, live, merged, options };
    let pack = start_files::packs_relocations(resolved, options, warnings);
    let (mut synth, kinds) = Synth::new(plan, pack)?;
    start_files::check_ifuncs(resolved, synth.slots.first_ifunc(), options)?;
    for kind in kinds {
        outputs::add(sections, &mut synth, kind);
    }
    outputs::adopt_eh_frames(resolved, sections, &synth);
    synth.set_sizes(sections);
    let ordered = outputs::ordered(sections, options, warnings)?;
    let image_base = image_base(sections, options)?;
    start_files::warn_of_base(resolved, image_base, options, warnings);
    let (page, separate, pie) = (options.max_page_size, options.separate, options.pie);
    let rules = Rules { image_base, page, separate, pie, stack };
    let mut layout = Layout { synth, image_base, pie, ..Layout::default() };
    for _ in 0..MAX_ROUNDS {
        let end = place(&mut layout, sections, &ordered, options, &rules)?;
        let linker = LinkerValues::new(&layout, resolved, sections, &ordered, end);
        layout.got_base = linker.got();
        layout.resolve_symbols(resolved, sections, live, merged, &linker);
        if resolve_relocations(&mut layout, resolved, sections, live, merged, options) {
            layout.entry = entry::address(&layout, resolved, sections, options, warnings);
            return Ok(layout);
        }
        layout.synth.set_sizes(sections);
    }
    Err(Error::Message("the size of .relr.dyn doesn't settle".into()).into())
}

fn image_base(sections: &Sections, options: &Options) -> Result<u64> {
    // GNU ld's, and lld's where -Ttext or --section-start takes the place.
    const USUAL: u64 = 0x40_0000;
    const LOWER: u64 = 0x20_0000;
    let taken = |(_, address): &(String, u64)| (USUAL..USUAL + LOWER).contains(address);
    let lower = options.section_starts.iter().any(taken);
    let page = options.max_page_size;
    let base = options.image_base.unwrap_or(match options.pie {
        true => 0,
        false => page.max(if lower { LOWER } else { USUAL }),
    });
    if !base.is_multiple_of(page) {
        let message = format!("the image base {base:#x} is no multiple of the page size {page:#x}");
        return Err(Error::Message(message).into());
    }
    if options.pie {
        check_alignment(base, sections)?;
    }
    Ok(base)
}

/// Linux aligns the base of a static-PIE as its segments are, if it heeds that at all; sections are aligned
/// then if they stand at such a distance from the base.
fn check_alignment(base: u64, sections: &Sections) -> Result<()> {
    let loaded = sections.outputs.iter().filter(|it| it.flags & SHF_ALLOC != 0 && it.size != 0);
    match loaded.max_by_key(|output| output.align) {
        Some(output) if !base.is_multiple_of(output.align) => {
            let (name, align) = (String::from_utf8_lossy(&output.name), output.align);
            let message = format!(
                "the image base {base:#x} is no multiple of {align:#x}, the alignment of {name}"
            );
            Err(Error::Message(message).into())
        }
        _ => Ok(()),
    }
}

fn resolve_relocations(
    layout: &mut Layout,
    resolved: &Resolved,
    sections: &Sections,
    live: &Live,
    merged: &Merged,
    options: &Options,
) -> bool {
    let mut relocs = std::mem::take(&mut layout.synth.dynamic_relocs);
    let context = Context { resolved, sections, live, merged, layout, options };
    let done = relocs.resolve(context);
    layout.synth.dynamic_relocs = relocs;
    done
}

/// Gives every output section its place; returns the end of the program in memory.
fn place(
    layout: &mut Layout,
    sections: &Sections,
    ordered: &[(OutputId, Class)],
    options: &Options,
    rules: &Rules,
) -> Result<u64> {
    let items = outputs::items(sections, &layout.synth, ordered, options);
    let plan = plan(&items, rules.pie);
    if plan.count >= PN_XNUM {
        let message = format!("{} program headers, and ELF has numbers for {PN_XNUM}", plan.count);
        return Err(Error::Message(message).into());
    }
    let Addresses { spots, segments, end_offset, end_address } =
        addresses::assign(&items, &plan, rules).ok_or_else(|| Error::Message(TOO_LARGE.into()))?;
    check_overlaps(sections, ordered, &items, &spots, &segments, plan.count, rules)?;
    layout.placed = sections
        .outputs
        .iter()
        .zip((0..).map(OutputId))
        .map(|(output, id)| Placed {
            size: output.size,
            content: layout.synth.kind_of(id).map_or(Content::Inputs, Content::Synth),
            ..Placed::default()
        })
        .collect();
    for (spot, (id, _)) in spots.iter().zip(ordered) {
        let placed = &mut layout.placed[id.index()];
        (placed.address, placed.offset, placed.file_size) =
            (spot.address, spot.offset, spot.file_size);
    }
    number(layout, sections, ordered)?;
    layout.segments = segments;
    layout.loaded_end = end_offset;
    layout.assign_offsets(sections)?;
    set_tls(layout);
    Ok(end_address)
}

/// Numbers the section headers, and links them to each other.
///
/// Errors: names that an ELF file has no numbers for.
fn number(layout: &mut Layout, sections: &Sections, ordered: &[(OutputId, Class)]) -> Result<()> {
    let present = ordered.iter().map(|(id, _)| *id);
    layout.order = present.filter(|id| sections.outputs[id.index()].size != 0).collect();
    layout.section_header_count = layout.order.len() as u32 + 1;
    let mut name = 1u32;
    for (header, id) in (1..).zip(&layout.order) {
        let placed = &mut layout.placed[id.index()];
        (placed.header, placed.name) = (header, name);
        let length = u32::try_from(sections.outputs[id.index()].name.len() + 1).ok();
        let next = length.and_then(|length| name.checked_add(length));
        let large = || Error::Message("the names of the output sections exceed 4 GiB".into());
        name = next.ok_or_else(large)?;
    }
    let header = |kind| layout.synth_place(kind).map_or(0, |place| place.header);
    let first_global = layout.synth.first_global();
    let links = [
        (SynthKind::SymTab, header(SynthKind::StrTab), first_global),
        (SynthKind::SymTabShndx, header(SynthKind::SymTab), 0),
        // All but the null symbol are global, that is none.
        (SynthKind::DynSym, header(SynthKind::DynStr), 1),
        (SynthKind::GnuHash, header(SynthKind::DynSym), 0),
        (SynthKind::RelaDyn, header(SynthKind::DynSym), 0),
        (SynthKind::RelaIplt, 0, header(SynthKind::Got)),
        (SynthKind::Dynamic, header(SynthKind::DynStr), 0),
    ];
    for (kind, link, info) in links {
        if let Some(id) = layout.synth.output(kind) {
            let placed = &mut layout.placed[id.index()];
            (placed.link, placed.info) = (link, info);
        }
    }
    Ok(())
}

/// psABI, TLS variant II: the thread pointer stands at the end of the block, aligned.
fn set_tls(layout: &mut Layout) {
    if let Some(tls) = layout.segments.iter().find(|segment| segment.kind == PT_TLS) {
        layout.tls_start = tls.address;
        layout.tp = align_up(tls.address + tls.size, tls.align).unwrap_or(tls.address);
    }
}

fn check_overlaps(
    sections: &Sections,
    ordered: &[(OutputId, Class)],
    items: &[Item],
    spots: &[addresses::Spot],
    segments: &[super::Segment],
    count: usize,
    rules: &Rules,
) -> Result<()> {
    // Without addresses from outside everything follows everything else.
    if items.iter().all(|item| item.fixed.is_none()) {
        return Ok(());
    }
    let mut errors = Vec::new();
    let headers = EHDR_SIZE + PHDR_SIZE * count as u64;
    let mut ranges = vec![(rules.image_base..rules.image_base + headers, "the headers".into())];
    for ((item, spot), (id, _)) in items.iter().zip(spots).zip(ordered) {
        if item.size != 0 && !item.is_tbss() {
            let name = String::from_utf8_lossy(&sections.outputs[id.index()].name).into_owned();
            ranges.push((spot.address..spot.address + item.size, name));
        }
    }
    overlap::sections(ranges, &mut errors);
    if errors.is_empty() {
        overlap::segments(segments, rules.page, &mut errors);
    }
    Errors::check(errors)
}
