//! Where garbage collection starts.

use crate::args::DefsymValue;
use crate::args::Options;
use crate::elf::*;
use crate::ids::{SectionId, SymbolId};
use crate::input::object::Object;
use crate::sections::{KEPT, Sections};
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use rayon::prelude::*;

/// Sections that live whatever refers to them, and symbols that the command line names.
pub(super) struct Roots {
    pub sections: Vec<SectionId>,
    pub symbols: Vec<SymbolId>,
}

/// The roots of a link.
pub(super) fn roots(resolved: &Resolved, sections: &Sections, options: &Options) -> Roots {
    let inputs = sections.inputs.par_iter().tasks_of(1 << 14).enumerate();
    let kept = inputs.filter(|(_, input)| input.ties & KEPT != 0);
    let kept = kept.map(|(id, _)| SectionId(id as u32)).collect();
    let defsyms = options.defsyms.iter().filter_map(|(_, value)| match value {
        DefsymValue::Symbol { name, .. } => Some(name),
        DefsymValue::Absolute(_) => None,
    });
    let names = [&options.entry].into_iter().chain(&options.undefined);
    let names = names.chain(&options.require_defined).chain(defsyms);
    let symbols = names.filter_map(|name| resolved.names.get(name.as_bytes())).collect();
    Roots { sections: kept, symbols }
}

/// The sections that `__start_X` and `__stop_X` keep, by `Resolved::start_stop`. Those of
/// SHF_LINK_ORDER follow their own target alone.
pub(super) fn start_stop(resolved: &Resolved, sections: &Sections) -> Vec<Vec<SectionId>> {
    let names = &resolved.start_stop;
    let mut kept = vec![Vec::new(); names.len()];
    if names.is_empty() {
        return kept;
    }
    let wanted = wanted(resolved, sections);
    for (id, input) in sections.inputs.iter().enumerate() {
        let id = SectionId(id as u32);
        let Some(&name) = wanted.get(input.output.index()) else { continue };
        let follows = |(object, shndx): (&Object, u32)| {
            object.headers[shndx as usize].flags() & SHF_LINK_ORDER != 0
        };
        if name < names.len() && !sections.locate(resolved, id).is_some_and(follows) {
            kept[name].push(id);
        }
    }
    kept
}

/// By output section: its name's index in `Resolved::start_stop`, behind all if it isn't there.
fn wanted(resolved: &Resolved, sections: &Sections) -> Vec<usize> {
    let names = &resolved.start_stop;
    let index = |name: &Vec<u8>| names.binary_search(name).unwrap_or(names.len());
    sections.outputs.iter().map(|output| index(&output.name)).collect()
}

/// By `Resolved::start_stop`: no section of that name is in the output.
pub(super) fn dead_bounds(
    resolved: &Resolved,
    sections: &Sections,
    is_live: impl Fn(SectionId) -> bool,
) -> Vec<bool> {
    let mut dead = vec![true; resolved.start_stop.len()];
    if dead.is_empty() {
        return dead;
    }
    let wanted = wanted(resolved, sections);
    for (id, input) in sections.inputs.iter().enumerate() {
        if let Some(&name) = wanted.get(input.output.index())
            && name < dead.len()
            && is_live(SectionId(id as u32))
        {
            dead[name] = false;
        }
    }
    dead
}
