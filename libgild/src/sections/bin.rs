//! Members of output sections: live input sections in output order.

use super::init_order::{init_key, is_init_list};
use super::{SectionKind, Sections, names};
use crate::elf::*;
use crate::ids::SectionId;
use crate::live::Live;
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use rayon::prelude::*;

/// Sections that one task bins at least.
const CHUNK: usize = 1 << 15;

/// Live sections of one output section, each with its rank, by rank and then in the order of input.
type Bin = Vec<(u8, SectionId)>;

/// Fills `OutputSection::members` with what is live, and sets type and alignment by it.
///
/// `Merge` sections are among the members until `merge` replaces them by their groups.
pub fn bin_live(resolved: &Resolved, sections: &mut Sections, live: &Live) {
    sections.dead_start_stop.clone_from(&live.dead_start_stop);
    let count = sections.outputs.len();
    let total = sections.inputs.len();
    // Bins mustn't outnumber what goes into them.
    let size = CHUNK.max(4 * count);
    let binned: Vec<Vec<Bin>> = (0..total.div_ceil(size))
        .into_par_iter()
        .tasks_of(1)
        .map(|chunk| {
            let mut bins = vec![Bin::new(); count];
            for id in chunk * size..total.min((chunk + 1) * size) {
                let input = &sections.inputs[id];
                let id = SectionId(id as u32);
                if live.is_live(id) && input.kind != SectionKind::EhFrame {
                    bins[input.output.index()].push((input.rank, id));
                }
            }
            bins.iter_mut().for_each(|bin| bin.sort_by_key(|(rank, _)| *rank));
            bins
        })
        .collect();
    let mut outputs = std::mem::take(&mut sections.outputs);
    outputs.par_iter_mut().enumerate().tasks_of(8).for_each(|(number, output)| {
        let bins = binned.iter().map(|bins| bins[number].as_slice()).collect();
        output.members = members(resolved, sections, &output.name, bins);
        let members = output.members.par_iter().tasks_of(CHUNK);
        let facts = members.map(|id| {
            let input = &sections.inputs[id.index()];
            (input.align_log2, input.kind == SectionKind::NoBits)
        });
        let (align_log2, empty) = facts.reduce(|| (0, true), |a, b| (a.0.max(b.0), a.1 & b.1));
        output.align = 1 << align_log2;
        const WX: u64 = SHF_WRITE | SHF_EXECINSTR;
        if output.flags & WX == WX {
            output.flags = output.flags & !WX | rights(resolved, sections, &output.members);
        }
        if empty {
            if !output.members.is_empty() {
                output.kind = SHT_NOBITS;
            }
        } else if output.kind == SHT_NOBITS {
            output.kind = SHT_PROGBITS;
        }
    });
    sections.outputs = outputs;
}

/// The rights that `members` ask for; a dead one's don't count.
fn rights(resolved: &Resolved, sections: &Sections, members: &[SectionId]) -> u64 {
    let flags = |id: &SectionId| match sections.locate(resolved, *id) {
        Some((object, shndx)) => object.headers[shndx as usize].flags(),
        // A common symbol.
        None => SHF_WRITE,
    };
    members.iter().map(flags).fold(0, |all, flags| all | flags) & (SHF_WRITE | SHF_EXECINSTR)
}

/// The members of an output section: by rank; `.text.sorted.*` by name; lists of constructors by
/// priority.
fn members(
    resolved: &Resolved,
    sections: &Sections,
    name: &[u8],
    mut bins: Vec<&[(u8, SectionId)]>,
) -> Vec<SectionId> {
    let input_name = |id: &SectionId| {
        let located = sections.locate(resolved, *id);
        located.map_or(&b""[..], |(object, shndx)| object.section_name(shndx))
    };
    let mut members = Vec::with_capacity(bins.iter().map(|bin| bin.len()).sum());
    while let Some(rank) = bins.iter().filter_map(|bin| bin.first()).map(|(rank, _)| *rank).min() {
        let start = members.len();
        for bin in &mut bins {
            let (of_rank, others) = bin.split_at(bin.partition_point(|(it, _)| *it == rank));
            members.extend(of_rank.iter().map(|(_, id)| *id));
            *bin = others;
        }
        if rank == names::SORTED {
            members[start..].sort_by_key(input_name);
        }
    }
    if is_init_list(name) {
        members.sort_by_cached_key(|id| init_key(input_name(id)));
    }
    members
}
