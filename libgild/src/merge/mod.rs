//! SHF_MERGE sections: equal strings and constants are stored once (gABI, "Section Attribute Flags").
//!
//! Sections that may share pieces form a group. Its input is cut into chunks of 256 KiB, which are
//! split and hashed in parallel; the pieces are sorted by hash into shards, each of which is
//! deduplicated by one task. Chunks and shards depend on the input alone, never on threads.

mod chunk;
mod group;
mod hash;
mod shard;
mod tail;

#[cfg(test)]
mod group_test;

use crate::args::Options;
use crate::diagnostics::{Error, Result};
use crate::elf::*;
use crate::ids::{OutputId, SectionId};
use crate::live::Live;
use crate::sections::{self, InputSection, OutputSection, SectionKind, Sections};
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use chunk::Input;
use group::{Group, Shape};
use hashbrown::HashMap;
use rayon::prelude::*;
use std::ops::Range;

/// The linker's own line in `.comment`.
const COMMENT: &[u8] = concat!("Linker: gild ", env!("CARGO_PKG_VERSION"), "\0").as_bytes();

/// Deduplicated pieces of all live merge sections.
#[derive(Debug, Default)]
pub struct Merged {
    /// `SectionId` of the first group's member.
    first: u32,
    groups: Vec<Group>,
    /// By merge index.
    inputs: Vec<Source>,
}

/// Where a merge section's pieces are.
#[derive(Clone, Copy, Debug)]
struct Source {
    /// `u32::MAX` for dead sections.
    group: u32,
    /// Number among the group's inputs.
    input: u32,
}

const DEAD: Source = Source { group: u32::MAX, input: 0 };

impl Merged {
    /// Where the byte at `offset` of merge section `index` (the `InputSection::offset` of a
    /// [`SectionKind::Merge`]) went: an offset in [`Merged::section`]. `None` for what is dead or
    /// outside of the section; its end counts as the end of its last piece.
    #[inline]
    pub fn lookup(&self, index: u64, offset: u64) -> Option<u64> {
        let source = self.inputs.get(index as usize)?;
        self.groups.get(source.group as usize)?.lookup(source.input, offset)
    }

    /// The member that holds the pieces of live merge section `index`: a section of
    /// [`SectionKind::Merged`], to which layout gives an offset.
    pub fn section(&self, index: u64) -> SectionId {
        SectionId(self.first + self.inputs[index as usize].group)
    }

    /// The bytes of a merged member, in order: offset ranges without holes, each with its bytes;
    /// what the bytes don't cover of their range is padding.
    pub fn parts(&self, section: SectionId) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        let group = section.0.checked_sub(self.first).map(|number| number as usize);
        group.and_then(|group| self.groups.get(group)).into_iter().flat_map(Group::parts)
    }
}

/// Bins the live sections to their outputs and merges what can be shared. Adds a
/// [`SectionKind::Merged`] member per group to `sections`.
///
/// Errors: a group of more than 4 GiB.
pub fn merge(
    resolved: &Resolved,
    sections: &mut Sections,
    live: &Live,
    options: &Options,
) -> Result<Merged> {
    sections::bin_live(resolved, sections, live);
    let comment = comment_output(sections);
    let Plan { shapes, mut lists, inputs } = plan(resolved, sections, live, comment);
    // Always the first group, so that `.comment` has gild's line without any input.
    lists[0].push(Input { data: COMMENT, index: u64::MAX });
    let tail = options.optimize >= 2;
    let groups: Vec<std::result::Result<Group, Error>> = shapes
        .into_par_iter()
        .tasks_of(1)
        .zip(lists)
        .map(|(shape, list)| Group::new(shape, &list, live, tail))
        .collect();
    let groups = crate::diagnostics::collect(groups)?;
    let first = sections.inputs.len() as u32;
    sections.inputs.extend(groups.iter().map(|group| InputSection {
        size: group.size,
        offset: 0,
        output: group.shape.output,
        align_log2: group.shape.align.trailing_zeros() as u8,
        kind: SectionKind::Merged,
        rank: 0,
        ties: 0,
    }));
    let merged = Merged { first, groups, inputs };
    replace_members(sections, &merged);
    let members = &mut sections.outputs[comment.index()].members;
    if !members.contains(&SectionId(first)) {
        members.push(SectionId(first));
    }
    flags(sections, &merged);
    Ok(merged)
}

/// The output section of gild's own line.
fn comment_output(sections: &mut Sections) -> OutputId {
    let own = |output: &OutputSection| output.name == b".comment" && output.flags & SHF_ALLOC == 0;
    let found = sections.outputs.iter().position(own);
    let index = found.unwrap_or(sections.outputs.len());
    if found.is_none() {
        sections.outputs.push(OutputSection {
            name: b".comment".to_vec(),
            kind: SHT_PROGBITS,
            flags: 0,
            entsize: 0,
            align: 1,
            members: Vec::new(),
            size: 0,
        });
    }
    OutputId(index as u32)
}

struct Plan<'data> {
    /// By group.
    shapes: Vec<Shape>,
    /// By group: what it is made of.
    lists: Vec<Vec<Input<'data>>>,
    /// By merge index.
    inputs: Vec<Source>,
}

/// Groups the live merge sections, in input order; group 0 is `.comment`.
fn plan<'data>(
    resolved: &'data Resolved,
    sections: &Sections,
    live: &Live,
    comment: OutputId,
) -> Plan<'data> {
    let mut shapes = vec![Shape { output: comment, strings: true, entsize: 1, align: 1 }];
    let mut numbers: HashMap<Shape, u32, foldhash::fast::FixedState> = HashMap::default();
    numbers.insert(shapes[0], 0);
    let mut lists = vec![Vec::new()];
    let source = |id: &SectionId| {
        let input = &sections.inputs[id.index()];
        let (object, shndx) = sections.locate(resolved, *id).filter(|_| live.is_live(*id))?;
        let header = &object.headers[shndx as usize];
        let shape = Shape {
            output: input.output,
            strings: header.flags() & SHF_STRINGS != 0,
            entsize: header.entsize() as u32,
            align: input.align(),
        };
        Some((shape, object.section_data(shndx)))
    };
    let sources: Vec<Option<(Shape, &[u8])>> =
        sections.merge_inputs().par_iter().tasks_of(1024).map(source).collect();
    let mut inputs = Vec::with_capacity(sources.len());
    for (index, source) in (0..).zip(sources) {
        let Some((shape, data)) = source else {
            inputs.push(DEAD);
            continue;
        };
        let group = *numbers.entry(shape).or_insert_with(|| {
            shapes.push(shape);
            lists.push(Vec::new());
            shapes.len() as u32 - 1
        });
        let list = &mut lists[group as usize];
        inputs.push(Source { group, input: list.len() as u32 });
        list.push(Input { data, index });
    }
    Plan { shapes, lists, inputs }
}

/// Puts each group where the first of its sections stood.
fn replace_members(sections: &mut Sections, merged: &Merged) {
    let Sections { inputs, outputs, .. } = sections;
    let mut seen = vec![false; merged.groups.len()];
    // `.rodata` has some eight groups, `.text` none.
    let mut has_groups = vec![false; outputs.len()];
    merged.groups.iter().for_each(|group| has_groups[group.shape.output.index()] = true);
    for (output, _) in outputs.iter_mut().zip(has_groups).filter(|(_, has)| *has) {
        output.members.retain_mut(|id| {
            let input = &inputs[id.index()];
            if input.kind != SectionKind::Merge {
                return true;
            }
            *id = merged.section(input.offset);
            !std::mem::replace(&mut seen[(id.0 - merged.first) as usize], true)
        });
    }
}

/// An output section is SHF_MERGE if all of its members have the same shape of pieces.
fn flags(sections: &mut Sections, merged: &Merged) {
    for output in &mut sections.outputs {
        let shape = |id: &SectionId| {
            let group = id.0.checked_sub(merged.first).map(|number| number as usize);
            group.and_then(|group| merged.groups.get(group)).map(|group| group.shape)
        };
        let Some(first) = output.members.first().and_then(shape) else {
            continue;
        };
        output.entsize = 0;
        let same = |id| {
            shape(id).is_some_and(|other| {
                (other.strings, other.entsize) == (first.strings, first.entsize)
            })
        };
        if output.members.iter().all(same) {
            output.flags |= SHF_MERGE | if first.strings { SHF_STRINGS } else { 0 };
            output.entsize = u64::from(first.entsize);
        }
    }
}
