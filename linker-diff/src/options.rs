//! What to compare and what to report.

use std::sync::Arc;

use crate::finding::Kind;

/// Told what is being done, for a progress bar.
pub trait Progress: Send + Sync {
    /// A phase begins.
    fn phase(&self, what: &str);
}

/// Options of a comparison; the default reports everything.
#[derive(Clone, Default)]
pub struct CompareOptions {
    /// Report these kinds alone; all if empty.
    pub only: Vec<Kind>,
    /// Leave these kinds out.
    pub ignore: Vec<Kind>,
    /// Told about the phases.
    pub progress: Option<Arc<dyn Progress>>,
}

impl CompareOptions {
    /// Whether findings of this kind are reported.
    pub fn wants(&self, kind: Kind) -> bool {
        (self.only.is_empty() || self.only.contains(&kind)) && !self.ignore.contains(&kind)
    }
}

impl std::fmt::Debug for CompareOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompareOptions")
            .field("only", &self.only)
            .field("ignore", &self.ignore)
            .finish_non_exhaustive()
    }
}
