//! SHF_MERGE sections: equal strings and constants are stored once (gABI, "Section Attribute Flags").

use crate::args::Options;
use crate::diagnostics::Result;
use crate::ids::SectionId;
use crate::live::Live;
use crate::sections::Sections;
use crate::symbols::Resolved;
use std::ops::Range;

/// Deduplicated pieces of all live merge sections.
#[derive(Debug, Default)]
pub struct Merged {
    first: u32,
}

impl Merged {
    /// Where the byte at `offset` of merge section `index` (the `InputSection::offset` of a live
    /// [`crate::sections::SectionKind::Merge`]) went: an offset in [`Merged::section`].
    pub fn lookup(&self, index: u64, offset: u64) -> Option<u64> {
        let _ = (index, offset, self.first);
        todo!()
    }

    /// The member that holds the pieces of merge section `index`: a section of
    /// [`crate::sections::SectionKind::Merged`], to which layout gives an offset.
    pub fn section(&self, index: u64) -> SectionId {
        let _ = index;
        todo!()
    }

    /// The bytes of a merged member, in order: offset ranges without holes, each with its bytes;
    /// what the bytes don't cover of their range is padding.
    pub fn parts(&self, section: SectionId) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        let _ = section;
        std::iter::empty()
    }
}

/// Bins the live sections to their outputs and merges what can be shared. Adds a
/// [`crate::sections::SectionKind::Merged`] member per group to `sections`.
pub fn merge(
    resolved: &Resolved,
    sections: &mut Sections,
    live: &Live,
    options: &Options,
) -> Result<Merged> {
    let _ = (resolved, sections, live, options);
    todo!()
}
