//! Undefined symbols: one error a name, with the places that need it and a close name.

use super::Resolved;
use crate::args::{Options, Unresolved};
use crate::diagnostics::Error;
use crate::ids::{FileId, SymbolId};

/// What `--unresolved-symbols`, `--ignore-unresolved-symbol` and relatives say about an undefined name.
pub fn unresolved_policy(_options: &Options, _name: &[u8]) -> Unresolved {
    todo!()
}

/// One error for each undefined name among `references` (name, object, section header index, offset).
pub fn report(
    _resolved: &Resolved,
    _references: Vec<(SymbolId, FileId, u32, u64)>,
    _options: &Options,
) -> Vec<Error> {
    todo!()
}
