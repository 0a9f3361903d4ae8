//! Relocations that cannot be applied. Threads find them in any order, and a source line takes
//! milliseconds to look up.

use crate::args::Options;
use crate::diagnostics::Error;
use crate::ids::FileId;
use crate::symbols::Resolved;

/// A relocation that cannot be applied, without its source line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Object, section header index and offset of the relocation.
    pub place: (FileId, u32, u64),
    /// What is wrong.
    pub message: String,
}

/// Errors in input order; those that will be printed have their source lines.
pub fn errors(resolved: &Resolved, mut faults: Vec<Fault>, options: &Options) -> Vec<Error> {
    faults.sort_unstable();
    let error = |(number, fault): (usize, Fault)| {
        let (file, shndx, offset) = fault.place;
        let with_source = number < options.error_limit;
        let at = resolved.object(file).place(shndx, offset, with_source);
        Error::Relocation { message: fault.message, at }
    };
    faults.into_iter().enumerate().map(error).collect()
}
