//! Which sections are reached, and what each symbol needs: garbage collection and the relocation
//! scan in one walk.

use crate::args::Options;
use crate::diagnostics::Result;
use crate::ids::{FileId, SectionId, SymbolId};
use crate::sections::Sections;
use crate::symbols::Resolved;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

/// The answer of the walk.
#[derive(Debug, Default)]
pub struct Live {
    /// By `SectionId`, commons included.
    pub(crate) sections: Vec<AtomicBool>,
    /// By `SymbolId`: `arch::x86_64::NEEDS_*`.
    pub(crate) needs: Vec<AtomicU8>,
    /// By `SectionId`: dynamic RELATIVE relocations it takes. Empty unless static-PIE.
    pub(crate) relative: Vec<AtomicU32>,
    /// Local symbols that need something, in order, each once.
    pub local_needs: Vec<(FileId, u32, u8)>,
    /// Something refers to `_GLOBAL_OFFSET_TABLE_`, so `.got` must exist.
    pub got_base_used: bool,
    /// Warnings of glibc's `.gnu.warning.*` sections and unresolved symbols that were let pass.
    pub warnings: Vec<String>,
    /// Lines of `--print-gc-sections`.
    pub removed: Vec<String>,
    /// Bytes of allocated merge sections that are referred to, one bit each; by file, then by
    /// section. Empty when every piece is kept.
    pub(crate) touched: Touched,
}

/// See [`Live::touched`].
pub(crate) type Touched = std::collections::HashMap<SectionId, Box<[AtomicU64]>>;

impl Live {
    /// Whether section `id` is in the output. An excluded section never is.
    pub fn is_live(&self, id: SectionId) -> bool {
        self.sections[id.index()].load(Relaxed)
    }

    /// `arch::x86_64::NEEDS_*` of a global.
    pub fn needs(&self, id: SymbolId) -> u8 {
        self.needs[id.index()].load(Relaxed)
    }

    /// RELATIVE relocations of section `id`'s own relocations; 0 unless static-PIE.
    pub fn relative(&self, id: SectionId) -> u32 {
        self.relative.get(id.index()).map_or(0, |count| count.load(Relaxed))
    }
}

/// Walks from the roots (`--gc-sections`) or over everything, and scans each section reached.
pub fn mark(resolved: &Resolved, sections: &Sections, options: &Options) -> Result<Live> {
    let _ = (resolved, sections, options);
    todo!()
}
