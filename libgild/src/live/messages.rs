//! What the walk has to say: errors, glibc's warnings, `--print-gc-sections`.

use super::Live;
use super::scan::Fault;
use crate::args::{Options, Unresolved};
use crate::diagnostics::Error;
use crate::elf::*;
use crate::ids::{FileId, SymbolId};
use crate::input::object::Object;
use crate::sections::{SectionKind, Sections};
use crate::symbols::{Resolved, undefined};
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::collections::HashMap;

/// Relocation errors in input order; source lines for those that will be printed.
pub(super) fn faults(resolved: &Resolved, mut faults: Vec<Fault>, options: &Options) -> Vec<Error> {
    faults.sort_by(|a, b| {
        (a.file, a.shndx, a.offset, &a.message).cmp(&(b.file, b.shndx, b.offset, &b.message))
    });
    let detailed = if options.error_limit == 0 { faults.len() } else { options.error_limit };
    let error = |(number, fault): (usize, Fault)| {
        let object = resolved.object(fault.file);
        let at = match number < detailed {
            true => object.place(fault.shndx, fault.offset),
            false => object.place_without_source(fault.shndx, fault.offset),
        };
        Error::Relocation { message: fault.message, at }
    };
    faults.into_iter().enumerate().map(error).collect()
}

/// Errors for undefined symbols, as `--unresolved-symbols` has it; the rest become warnings.
pub(super) fn undefined(
    resolved: &Resolved,
    references: Vec<(SymbolId, FileId, u32, u64)>,
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
        let line = |shndx| {
            let name = String::from_utf8_lossy(object.section_name(shndx));
            format!("{}:({name})", object.name)
        };
        dead.map(line).collect()
    };
    resolved.objects.par_iter().tasks_of(8).flat_map_iter(of_object).collect()
}

/// Warnings that libc.a attaches to functions (`.gnu.warning.NAME`), each for the first live
/// reference from another object.
pub(super) fn glibc_warnings(resolved: &Resolved, sections: &Sections, live: &Live) -> Vec<String> {
    let warning = |&(file, shndx): &(FileId, u32)| {
        let name = resolved.object(file).section_name(shndx);
        Some((resolved.names.get(name.strip_prefix(b".gnu.warning.")?)?, file, shndx))
    };
    let warnings: Vec<_> = sections.warnings.iter().filter_map(warning).collect();
    if warnings.is_empty() {
        return Vec::new();
    }
    let wanted: HashMap<SymbolId, usize> =
        warnings.iter().enumerate().map(|(index, warning)| (warning.0, index)).collect();
    let referrers = |object: &Object| -> Vec<(usize, FileId, u32, u64)> {
        let hits =
            object.globals.iter().zip(object.first_global as u32..).filter_map(|(id, symbol)| {
                let index = *wanted.get(id)?;
                (warnings[index].1 != object.file).then_some((symbol, index))
            });
        let hits: Vec<(u32, usize)> = hits.collect();
        hits.iter().filter_map(|&hit| first_reference(object, hit, sections, live)).collect()
    };
    let mut references: Vec<_> =
        resolved.objects.par_iter().tasks_of(8).flat_map_iter(referrers).collect();
    references.sort_unstable();
    references.dedup_by_key(|reference| reference.0);
    references.sort_unstable_by_key(|&(_, file, shndx, offset)| (file, shndx, offset));
    let text = |&(index, file, shndx, offset): &(usize, FileId, u32, u64)| {
        let (_, owner, section) = warnings[index];
        let text = resolved.object(owner).section_data(section);
        let text = String::from_utf8_lossy(text);
        let place = resolved.object(file).place(shndx, offset);
        format!("{}\n>>> referenced by {place}", text.trim_end_matches(['\0', '\n']))
    };
    references.iter().map(text).collect()
}

fn first_reference(
    object: &Object,
    (symbol, index): (u32, usize),
    sections: &Sections,
    live: &Live,
) -> Option<(usize, FileId, u32, u64)> {
    (1..object.headers.len() as u32).find_map(|shndx| {
        let id = object.section_id(shndx);
        let loaded = object.headers[shndx as usize].flags() & SHF_ALLOC != 0;
        if !loaded || sections.inputs[id.index()].kind == SectionKind::EhFrame || !live.is_live(id)
        {
            return None;
        }
        let mut relocations = object.relocations(shndx).iter();
        let found = relocations.find(|rela| rela.sym() == symbol)?;
        Some((index, object.file, shndx, found.offset()))
    })
}
