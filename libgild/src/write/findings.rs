//! What the threads have to report, in input order whoever found it.

use crate::diagnostics::{Error, Errors, Result};
use crate::faults::{self, Fault};
use crate::synth::Context;

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

    /// Fails if there is anything.
    pub fn check(self, context: Context) -> Result<()> {
        let mut errors = self.errors;
        errors.extend(faults::errors(
            context.resolved,
            context.sections,
            self.faults,
            context.options,
        ));
        Errors::check(errors)
    }
}
