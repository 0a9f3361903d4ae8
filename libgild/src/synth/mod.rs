//! Bytes that the linker makes. Each section is built before layout with its size and filled after.

use crate::args::options::Options;
use crate::diagnostics::Result;
use crate::layout::Layout;
use crate::live::Live;
use crate::merge::Merged;
use crate::sections::Sections;
use crate::symbols::Resolved;
use std::ops::Range;

/// The sections that the linker makes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum SynthKind {
    PropertyNote,
    BuildId,
    PackageNote,
    DynSym,
    GnuHash,
    DynStr,
    RelaDyn,
    RelrDyn,
    RelaIplt,
    EhFrameHdr,
    EhFrame,
    Iplt,
    Dynamic,
    Got,
    SymTab,
    SymTabShndx,
    StrTab,
    ShStrTab,
}

/// Everything frozen before the write phase.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Context<'a, 'data> {
    pub resolved: &'a Resolved<'data>,
    pub sections: &'a Sections,
    pub live: &'a Live,
    pub merged: &'a Merged,
    pub layout: &'a Layout<'data>,
    pub options: &'a Options,
}

/// All linker-made sections of a link.
pub struct Synth<'data> {
    _in_the_making: std::marker::PhantomData<&'data ()>,
}

impl Synth<'_> {
    /// Byte ranges of the section that can be filled independently, in order, without holes.
    pub fn parts(&self, _kind: SynthKind) -> Vec<Range<u64>> {
        todo!()
    }

    /// Writes part number `part`; `out` has exactly its length. The build-id's bytes are left 0.
    pub fn fill(
        &self,
        _context: Context,
        _kind: SynthKind,
        _part: usize,
        _out: &mut [u8],
    ) -> Result<()> {
        todo!()
    }

    /// Range of the build-id's descriptor inside its section; `None` without a hashed build-id.
    pub fn build_id_descriptor(&self) -> Option<Range<u64>> {
        todo!()
    }
}
