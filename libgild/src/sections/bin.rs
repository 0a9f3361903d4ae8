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

/// Fills `OutputSection::members` with what is live, and sets type and alignment by it.
///
/// `Merge` sections are among the members until `merge` replaces them by their groups.
pub fn bin_live(resolved: &Resolved, sections: &mut Sections, live: &Live) {
    sections.dead_bounds.clone_from(&live.dead_bounds);
    let count = sections.outputs.len();
    let total = sections.inputs.len();
    // Bins mustn't outnumber what goes into them.
    let size = CHUNK.max(4 * count);
    let binned: Vec<Vec<Vec<SectionId>>> = (0..total.div_ceil(size))
        .into_par_iter()
        .tasks_of(1)
        .map(|chunk| {
            let mut bins = vec![Vec::new(); count];
            for id in chunk * size..total.min((chunk + 1) * size) {
                let input = &sections.inputs[id];
                let id = SectionId(id as u32);
                if live.is_live(id) && input.kind != SectionKind::EhFrame {
                    bins[input.output.index()].push(id);
                }
            }
            bins
        })
        .collect();
    let mut outputs = std::mem::take(&mut sections.outputs);
    outputs.par_iter_mut().enumerate().tasks_of(8).for_each(|(number, output)| {
        let parts = || binned.iter().map(|bins| bins[number].as_slice());
        output.members.reserve_exact(parts().map(<[_]>::len).sum());
        parts().for_each(|part| output.members.extend_from_slice(part));
        order(resolved, sections, &output.name, &mut output.members);
        let members = output.members.par_iter().tasks_of(CHUNK);
        let facts = members.map(|id| {
            let input = &sections.inputs[id.index()];
            (input.align_log2, input.kind == SectionKind::NoBits)
        });
        let (align_log2, empty) = facts.reduce(|| (0, true), |a, b| (a.0.max(b.0), a.1 & b.1));
        output.align = 1 << align_log2;
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

/// Sorts members by rank; lists of constructors by priority; `.text.sorted.*` by name.
fn order(resolved: &Resolved, sections: &Sections, name: &[u8], members: &mut [SectionId]) {
    let input_name = |id: &SectionId| {
        let located = sections.locate(resolved, *id);
        located.map_or(&b""[..], |(object, shndx)| object.section_name(shndx))
    };
    if is_init_list(name) {
        members.sort_by_cached_key(|id| init_key(input_name(id)));
        return;
    }
    let rank = |id: &SectionId| sections.inputs[id.index()].rank;
    if members.par_windows(2).tasks_of(CHUNK).any(|pair| rank(&pair[0]) > rank(&pair[1])) {
        sort_by_rank(members, rank);
    }
    let start = members.partition_point(|id| rank(id) < names::SORTED);
    let end = members.partition_point(|id| rank(id) <= names::SORTED);
    members[start..end].sort_by_key(input_name);
}

/// A stable counting sort: nearly all members of `.text` have one rank.
fn sort_by_rank(members: &mut [SectionId], rank: impl Fn(&SectionId) -> u8) {
    let mut next = [0usize; 257];
    for id in &*members {
        next[usize::from(rank(id)) + 1] += 1;
    }
    for index in 1..next.len() {
        next[index] += next[index - 1];
    }
    let before = members.to_vec();
    for id in before {
        let next = &mut next[usize::from(rank(&id))];
        members[*next] = id;
        *next += 1;
    }
}
