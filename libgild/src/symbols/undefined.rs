//! Undefined symbols: one error a name, with the places that need it, a close name and the library
//! that is missing.

use super::{Resolved, missing, suggest};
use crate::args::{Options, Unresolved};
use crate::demangle::demangle;
use crate::diagnostics::Error;
use crate::ids::{Site, SymbolId};

/// Places shown for each name.
const SHOWN: usize = 3;

/// What `--unresolved-symbols`, `--ignore-unresolved-symbol` and relatives say about an undefined name.
pub fn unresolved_policy(options: &Options, name: &[u8]) -> Unresolved {
    let ignored = |ignored: &String| ignored.as_bytes() == name;
    match options.ignore_unresolved.iter().any(ignored) {
        true => Unresolved::Ignore,
        false => options.unresolved,
    }
}

/// One error for each undefined name among `references`, in the order of the first reference.
pub fn report(
    resolved: &Resolved,
    mut references: Vec<(SymbolId, Site)>,
    options: &Options,
) -> Vec<Error> {
    references.sort_unstable();
    references.dedup();
    let mut groups: Vec<&[(SymbolId, Site)]> = references.chunk_by(|a, b| a.0 == b.0).collect();
    groups.sort_by_key(|group| group[0].1);
    // Names, source lines and suggestions cost time: none for errors that won't be printed.
    let name = |group: &&[(SymbolId, Site)]| resolved.names.name(group[0].0);
    let names: Vec<&[u8]> = groups.iter().take(options.error_limit).map(name).collect();
    let mut similar = suggest::close_names(resolved, &names, options).into_iter();
    let mut hints = missing::hints(&names, &options.inputs).into_iter();
    let error = |(number, group): (usize, &&[(SymbolId, Site)])| {
        let printed = number < options.error_limit;
        let place = |&(_, site): &(SymbolId, Site)| resolved.place(site, printed);
        Error::Undefined {
            name: demangle(name(group), printed && options.demangle),
            at: group.iter().take(SHOWN).map(place).collect(),
            count: group.len(),
            similar: similar.next().flatten(),
            hint: hints.next().flatten(),
        }
    };
    groups.iter().enumerate().map(error).collect()
}
