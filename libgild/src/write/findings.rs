//! What the threads have to report, in input order whoever found it.

use crate::diagnostics::{Error, Errors, Result};
use crate::ids::FileId;
use crate::synth::Context;

/// A relocation that cannot be applied, without the cost of its source line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Object, section header index and offset of the relocation.
    pub place: (FileId, u32, u64),
    /// What is wrong.
    pub message: String,
}

/// Faults and errors.
#[derive(Debug, Default)]
pub struct Findings {
    /// Relocations.
    pub faults: Vec<Fault>,
    /// Everything else.
    pub errors: Vec<Error>,
    /// A slice of a section met a relocation that isn't its own, or has to report something:
    /// nothing counts, the output must be made without cuts.
    pub uncut: bool,
}

impl Findings {
    /// True if nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.errors.is_empty() && !self.uncut
    }

    /// Adds another thread's.
    pub fn extend(&mut self, other: Findings) {
        self.faults.extend(other.faults);
        self.errors.extend(other.errors);
        self.uncut |= other.uncut;
    }

    /// Fails if there is anything. Source lines, which take milliseconds each, are looked up for
    /// those that will be printed.
    pub fn check(mut self, context: Context) -> Result<()> {
        self.faults.sort_unstable();
        let limit = context.options.error_limit;
        let detailed = if limit == 0 { self.faults.len() } else { limit };
        let mut errors = self.errors;
        for (number, fault) in self.faults.into_iter().enumerate() {
            let (file, shndx, offset) = fault.place;
            let object = context.resolved.object(file);
            let at = match number < detailed {
                true => object.place(shndx, offset),
                false => object.place_without_source(shndx, offset),
            };
            errors.push(Error::Relocation { message: fault.message, at });
        }
        Errors::check(errors)
    }
}
