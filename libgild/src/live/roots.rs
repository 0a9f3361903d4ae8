//! Where garbage collection starts.

use crate::args::Options;
use crate::elf::*;
use crate::ids::{SectionId, SymbolId};
use crate::input::object::Object;
use crate::sections::{KEPT, OutputSection, Sections};
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
    // DT_INIT and DT_FINI. Nothing runs them by those names in a program at a fixed address.
    let pie = options.pie;
    let hooks = [&options.init, &options.fini].into_iter().filter(|_| pie);
    let names = options.entry.symbol().into_iter().chain(options.referenced()).chain(hooks);
    let symbols = names.filter_map(|name| resolved.names.get(name.as_bytes())).collect();
    Roots { sections: kept, symbols }
}

/// The sections that `__start_X` and `__stop_X` keep, by `Resolved::start_stop`. Those of
/// SHF_LINK_ORDER follow their own target alone.
pub(super) fn start_stop(resolved: &Resolved, sections: &Sections) -> Vec<Vec<SectionId>> {
    let mut kept = vec![Vec::new(); resolved.start_stop.len()];
    each_of_start_stop(resolved, sections, |name, object, shndx| {
        if object.headers[shndx as usize].flags() & SHF_LINK_ORDER == 0 {
            kept[name].push(object.section_id(shndx));
        }
    });
    kept
}

/// By `Resolved::start_stop`: no section of that name is in the output.
pub(super) fn dead_start_stop(
    resolved: &Resolved,
    sections: &Sections,
    is_live: impl Fn(SectionId) -> bool,
) -> Vec<bool> {
    let mut dead = vec![true; resolved.start_stop.len()];
    each_of_start_stop(resolved, sections, |name, object, shndx| {
        if is_live(object.section_id(shndx)) {
            dead[name] = false;
        }
    });
    dead
}

/// Calls `found` for each section between bounds: index of `Resolved::start_stop`, object, header.
fn each_of_start_stop(
    resolved: &Resolved,
    sections: &Sections,
    mut found: impl FnMut(usize, &Object, u32),
) {
    let names = &resolved.start_stop;
    if names.is_empty() {
        return;
    }
    let index = |output: &OutputSection| names.binary_search(&output.name).ok();
    let wanted: Vec<Option<usize>> = sections.outputs.iter().map(index).collect();
    for object in &resolved.objects {
        // Others' names are no C identifiers, nor are those of the output sections they go to.
        for &shndx in &object.identifiers {
            let input = &sections.inputs[object.section_id(shndx).index()];
            if let Some(&Some(name)) = wanted.get(input.output.index()) {
                found(name, object, shndx);
            }
        }
    }
}
