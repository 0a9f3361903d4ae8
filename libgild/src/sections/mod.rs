//! Input sections, the output sections they go to, and the records of `.eh_frame`.

mod bin;
mod eh_frame;
mod files;
mod gather;
mod groups;
mod init_order;
mod kept;
mod names;
mod reach;
pub(crate) mod target_kind;

use crate::elf::SHF_ALLOC;
use crate::ids::{FileId, OutputId, SectionId};
use crate::input::object::Object;
use crate::symbols::Resolved;

use files::Files;

pub use bin::bin_live;
pub use eh_frame::{EhFrame, Fde, Record};
pub use gather::gather;
pub(crate) use groups::{HAS_DEPENDENTS, IN_GROUP, KEPT, Ties};
pub use names::{is_debug, is_named, may_dangle};
pub use reach::NEAR;

/// What becomes of an input section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SectionKind {
    /// Not in the output: losers of COMDAT groups, tables of the object format, stripped debug
    /// information, `.note.GNU-stack`, property notes (merged by `synth`), `SHF_EXCLUDE`.
    Excluded,
    /// Bytes are copied and relocated.
    Regular,
    /// As `Regular`, with its 8-byte words in reverse order: `.ctors` inside `.init_array`. The
    /// word at input offset `o` goes to `size - 8 - o`.
    Reversed,
    /// Zeros without bytes in the file: `SHT_NOBITS`, common symbols.
    NoBits,
    /// Pieces that are shared with others: see `merge`. Not a member of its output section.
    Merge,
    /// Stands for one group of merged pieces as a member of its output section.
    Merged,
    /// Records are written by `synth`. Not a member of its output section.
    EhFrame,
}

/// An input section, a common symbol, or a group of merged pieces.
#[derive(Clone, Copy, Debug)]
pub struct InputSection {
    /// Bytes in memory.
    pub size: u64,
    /// Offset in its output section, set by layout. Of a [`SectionKind::Merge`]: the index to hand
    /// to [`crate::merge::Merged`].
    pub offset: u64,
    /// Where it goes.
    pub output: OutputId,
    /// Alignment is `1 << align_log2`.
    pub align_log2: u8,
    /// What becomes of it.
    pub kind: SectionKind,
    /// Order within the output section, before the order of input.
    pub(crate) rank: u8,
    /// `groups::IN_GROUP`, `HAS_DEPENDENTS`, `KEPT`; 0 without `--gc-sections`.
    pub(crate) ties: u8,
}

// One per section header of the input: a large link has millions.
const _: () = assert!(size_of::<InputSection>() == 24);

impl InputSection {
    /// Alignment in bytes.
    pub fn align(&self) -> u64 {
        1 << self.align_log2
    }
}

/// A section of the output file.
#[derive(Clone, Debug)]
pub struct OutputSection {
    /// Its name.
    pub name: Vec<u8>,
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    /// `sh_entsize`.
    pub entsize: u64,
    /// Alignment in bytes: the greatest of its members'.
    pub align: u64,
    /// Live sections in output order; groups of merged pieces are among them, `.eh_frame`
    /// sections and the inputs of merging are not.
    pub members: Vec<SectionId>,
    /// Bytes in memory, set by layout.
    pub size: u64,
}

/// All sections of a link.
#[derive(Debug)]
pub struct Sections {
    /// By `SectionId`: headers of all objects, then commons, then (after `merge`) merged groups.
    pub inputs: Vec<InputSection>,
    /// In order of first appearance in the input.
    pub outputs: Vec<OutputSection>,
    /// By `FileId`.
    pub eh_frames: Vec<EhFrame>,
    /// By `FileId`: whether its `.note.GNU-stack` asks for an executable stack; `None` without one.
    pub(crate) stack_notes: Vec<Option<bool>>,
    /// By output section of the input: whether it may be out of code's reach. Empty if none is.
    far: Vec<bool>,
    /// Which file each section of an object comes from.
    files: Files,
    /// `SectionId` of the first common.
    first_common: u32,
    /// `.gnu.warning.NAME` sections: file and header index.
    pub(crate) warnings: Vec<(FileId, u32)>,
    /// By `Resolved::start_stop`, set by `bin_live`.
    dead_start_stop: Vec<bool>,
    /// The sections of kind `Merge`, by their `InputSection::offset`.
    merge_inputs: Vec<SectionId>,
    /// By `FileId`: what lives together. Empty without `--gc-sections`.
    ties: Vec<Ties>,
}

impl Sections {
    /// The object and section header index of `id`; `None` for commons and merged groups.
    pub fn locate<'a, 'data>(
        &self,
        resolved: &'a Resolved<'data>,
        id: SectionId,
    ) -> Option<(&'a Object<'data>, u32)> {
        if id.0 >= self.first_common {
            return None;
        }
        let object = &resolved.objects[self.files.of(id)];
        Some((object, id.0 - object.first_section))
    }

    /// Whether a section goes to memory, without a look at its header.
    pub(crate) fn is_loaded(&self, input: &InputSection) -> bool {
        // An excluded one has no output section.
        let output = self.outputs.get(input.output.index());
        output.is_some_and(|output| output.flags & SHF_ALLOC != 0)
    }

    /// Whether section `id` may be out of code's reach.
    #[inline]
    pub fn is_far(&self, id: SectionId) -> bool {
        let far = || self.far.get(self.inputs[id.index()].output.index());
        self.has_far() && far().is_some_and(|far| *far)
    }

    /// Whether any section may be out of code's reach.
    pub fn has_far(&self) -> bool {
        !self.far.is_empty()
    }

    /// `SectionId` of the first common symbol; headers of objects stand before it.
    pub fn first_common(&self) -> u32 {
        self.first_common
    }

    /// Whether `__start_X` and `__stop_X` are undefined because no section X is live; `name` is an
    /// index of `Resolved::start_stop`.
    pub fn is_dead_start_stop(&self, name: u32) -> bool {
        self.dead_start_stop.get(name as usize).copied().unwrap_or(false)
    }

    /// The sections of kind `Merge`, in order; the index is their `InputSection::offset`.
    pub(crate) fn merge_inputs(&self) -> &[SectionId] {
        &self.merge_inputs
    }

    pub(crate) fn ties(&self, file: FileId) -> Option<&Ties> {
        self.ties.get(file.index())
    }
}
