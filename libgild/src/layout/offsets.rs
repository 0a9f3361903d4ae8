//! File offsets of what isn't loaded: it follows the program, and the section header table follows it.

use super::addresses::align_up;
use super::{Compressed, Content, Layout};
use crate::diagnostics::{Error, Result};
use crate::elf::{SHDR_SIZE, SHF_ALLOC, SHT_NOBITS};
use crate::sections::Sections;

impl Layout {
    /// Puts compressed sections in the place of what they were made of.
    ///
    /// Errors: as [`Layout::assign_offsets`].
    pub fn replace(&mut self, sections: &Sections, compressed: Vec<Compressed>) -> Result<()> {
        for (number, section) in compressed.iter().enumerate() {
            let placed = &mut self.placed[section.output.index()];
            (placed.content, placed.size) = (Content::Compressed(number), section.size);
        }
        self.compressed = compressed;
        self.assign_offsets(sections)
    }

    /// Sets the offsets of the sections in `order` that aren't loaded, and what follows from them.
    ///
    /// Errors: they leave the address space.
    pub(super) fn assign_offsets(&mut self, sections: &Sections) -> Result<()> {
        self.try_assign_offsets(sections).ok_or_else(|| Error::Message(TOO_LARGE.into()).into())
    }

    fn try_assign_offsets(&mut self, sections: &Sections) -> Option<()> {
        let mut end = self.loaded_end;
        for id in &self.order {
            let output = &sections.outputs[id.index()];
            if output.flags & SHF_ALLOC != 0 {
                continue;
            }
            let placed = &mut self.placed[id.index()];
            placed.offset = align_up(end, placed.align(output))?;
            placed.file_size = if output.kind == SHT_NOBITS { 0 } else { placed.size };
            end = placed.offset.checked_add(placed.file_size)?;
        }
        self.section_headers = align_up(end, 8)?;
        let table = u64::from(self.section_header_count) * SHDR_SIZE;
        self.file_size = self.section_headers.checked_add(table)?;
        Some(())
    }
}

pub(super) const TOO_LARGE: &str = "the output doesn't fit below address 0x800000000000";
