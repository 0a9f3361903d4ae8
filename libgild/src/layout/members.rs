//! Offsets of input sections inside their output sections.

use super::addresses::align_up;
use super::rank::{Rank, rank};
use crate::args::Options;
use crate::diagnostics::{Error, Result};
use crate::elf::*;
use crate::ids::SectionId;
use crate::prefetch::{AHEAD, prefetch};
use crate::sections::{InputSection, OutputSection, Sections};
use crate::symbols::Resolved;

/// Sets `InputSection::offset` of every member, and `size` and `align` of every output section.
pub fn assign(resolved: &Resolved, sections: &mut Sections, options: &Options) -> Result<()> {
    let linked: Vec<usize> =
        (0..sections.outputs.len()).filter(|&i| is_linked(resolved, sections, i)).collect();
    let Sections { inputs, outputs, .. } = sections;
    for (index, output) in outputs.iter_mut().enumerate() {
        if !linked.contains(&index) {
            place(inputs, output)?;
        }
    }
    // Their order is that of their targets, which is known by now.
    for index in linked {
        let mut members = std::mem::take(&mut sections.outputs[index].members);
        members.sort_by_cached_key(|id| target_place(resolved, sections, options, *id));
        let Sections { inputs, outputs, .. } = sections;
        outputs[index].members = members;
        place(inputs, &mut outputs[index])?;
    }
    Ok(())
}

/// Gives the members their offsets, one after the other.
fn place(inputs: &mut [InputSection], output: &mut OutputSection) -> Result<()> {
    let (mut end, mut align) = (0u64, output.align.max(1));
    for (number, member) in output.members.iter().enumerate() {
        if let Some(later) = output.members.get(number + AHEAD) {
            prefetch(inputs, later.index());
        }
        let input = &mut inputs[member.index()];
        let placed = align_up(end, input.align());
        let Some((offset, next)) = placed.and_then(|o| Some((o, o.checked_add(input.size)?)))
        else {
            let name = String::from_utf8_lossy(&output.name);
            return Err(Error::Message(format!("output section {name} is too large")).into());
        };
        input.offset = offset;
        align = align.max(input.align());
        end = next;
    }
    output.size = end;
    output.align = align;
    Ok(())
}

/// The section that `id` is linked to (gABI, SHF_LINK_ORDER).
fn link_target(resolved: &Resolved, sections: &Sections, id: SectionId) -> Option<SectionId> {
    let (object, section) = sections.locate(resolved, id)?;
    let header = &object.headers[section as usize];
    let target = header.link();
    let valid = header.flags() & SHF_LINK_ORDER != 0
        && target != 0
        && (target as usize) < object.headers.len();
    valid.then(|| object.section_id(target))
}

/// Whether an output section is made of SHF_LINK_ORDER sections. Nobody mixes them with others, so
/// the first member tells.
fn is_linked(resolved: &Resolved, sections: &Sections, output: usize) -> bool {
    let members = &sections.outputs[output].members;
    members.first().is_some_and(|id| link_target(resolved, sections, *id).is_some())
}

/// Where the target of an SHF_LINK_ORDER section stands; `None`, which is less, for others.
fn target_place(
    resolved: &Resolved,
    sections: &Sections,
    options: &Options,
    id: SectionId,
) -> Option<(Rank, u32, u64, SectionId)> {
    let target = link_target(resolved, sections, id)?;
    let input = &sections.inputs[target.index()];
    let output = sections.outputs.get(input.output.index())?;
    let rank = rank(&output.name, output.kind, output.flags, options.relro);
    Some((rank, input.output.0, input.offset, target))
}
