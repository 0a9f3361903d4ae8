//! What the walk has to say: errors, `--print-gc-sections`.

use super::Live;
use crate::args::{Options, Unresolved};
use crate::diagnostics::Error;
use crate::ids::{Site, SymbolId};
use crate::input::object::Object;
use crate::sections::{SectionKind, Sections};
use crate::symbols::{Resolved, undefined};
use crate::tasks::Tasks;
use rayon::prelude::*;

/// Errors for undefined symbols, as `--unresolved-symbols` has it; the rest become warnings.
pub(super) fn undefined(
    resolved: &Resolved,
    references: Vec<(SymbolId, Site)>,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Vec<Error> {
    let (mut fatal, mut warned) = (Vec::new(), Vec::new());
    for reference in references {
        match undefined::unresolved_policy(options, resolved.names.name(reference.0)) {
            Unresolved::Error => fatal.push(reference),
            Unresolved::Warn => warned.push(reference),
            Unresolved::Ignore => {}
        }
    }
    if !warned.is_empty() {
        let errors = undefined::report(resolved, warned, options);
        warnings.extend(errors.iter().map(Error::to_string));
    }
    match fatal.is_empty() {
        true => Vec::new(),
        false => undefined::report(resolved, fatal, options),
    }
}

/// Sections that nothing reaches.
pub(super) fn removed(resolved: &Resolved, sections: &Sections, live: &Live) -> Vec<String> {
    let of_object = |object: &Object| -> Vec<String> {
        let dead = (0..object.headers.len() as u32).filter(|&shndx| {
            let id = object.section_id(shndx);
            let input = &sections.inputs[id.index()];
            let counts = !matches!(input.kind, SectionKind::Excluded | SectionKind::EhFrame);
            counts && input.size != 0 && !live.is_live(id)
        });
        dead.map(|shndx| object.section_label(shndx)).collect()
    };
    resolved.objects.par_iter().tasks_of(8).flat_map_iter(of_object).collect()
}
