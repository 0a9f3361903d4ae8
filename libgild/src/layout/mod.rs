//! Order of the output sections, segments, and every address. Computed once, then immutable.
//!
//! Units: addresses are link-time virtual addresses (a static-PIE is laid out at its image base,
//! 0 by default), offsets are bytes from the start of the output file.

use crate::args::options::Options;
use crate::diagnostics::Result;
use crate::ids::{FileId, OutputId, SectionId, SymbolId};
use crate::live::Live;
use crate::merge::Merged;
use crate::sections::Sections;
use crate::symbols::Resolved;
use crate::synth::{Synth, SynthKind};

/// A symbol as a relocation names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SymbolRef {
    /// A global name.
    Global(SymbolId),
    /// Symbol table index of a file's local symbol.
    Local(FileId, u32),
}

/// Where an output section's bytes come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// `Sections::outputs[id].members` at their `InputSection::offset`, merged pieces included;
    /// NOBITS members of a section with `Placed::file_size != 0` are zeros.
    Inputs,
    /// Made by the linker: `Synth::parts` of that kind.
    Synth(SynthKind),
}

/// Where an output section stands. `header == 0` means that it isn't in the output.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// Address of its first byte; 0 if it isn't loaded.
    pub address: u64,
    /// File offset of its first byte.
    pub offset: u64,
    /// Bytes in memory (`sh_size`).
    pub size: u64,
    /// Bytes in the file: `size`, or 0 for SHT_NOBITS.
    pub file_size: u64,
    /// Index of its section header.
    pub header: u32,
    /// Offset of its name in `.shstrtab`.
    pub name: u32,
    /// `sh_link`.
    pub link: u32,
    /// `sh_info`.
    pub info: u32,
    /// Where the bytes come from.
    pub content: Content,
}

/// A program header.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Segment {
    /// `PT_*`.
    pub kind: u32,
    /// `PF_*`.
    pub flags: u32,
    /// File offset.
    pub offset: u64,
    /// Address.
    pub address: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Bytes in memory.
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
}

/// The frozen answer of the layout phase.
pub struct Layout<'data> {
    /// Output sections that are in the file, in file order (allocated ones first).
    pub order: Vec<OutputId>,
    /// By `OutputId::index()`.
    pub placed: Vec<Placed>,
    /// Program headers in file order.
    pub segments: Vec<Segment>,
    /// By `SymbolId::index()`: S of the psABI's formulas, the IPLT entry for ifuncs, 0 if undefined.
    pub symbol_addresses: Vec<u64>,
    /// Sections made by the linker.
    pub synth: Synth<'data>,
    /// `e_entry`.
    pub entry: u64,
    /// Address of the first byte of the first segment (the ELF header).
    pub image_base: u64,
    /// Value of `_GLOBAL_OFFSET_TABLE_`, the GOT of the psABI's formulas.
    pub got_base: u64,
    /// Start of the TLS template, aligned.
    pub tls_start: u64,
    /// The thread pointer in terms of the template: TPOFF = S - tp.
    pub tp: u64,
    /// File offset of the section header table.
    pub section_headers: u64,
    /// Number of section headers, the null one included.
    pub section_header_count: u32,
    /// Bytes of the output file.
    pub file_size: u64,
    /// ET_EXEC or ET_DYN.
    pub pie: bool,
}

/// Computes the layout; adds the linker-made output sections to `sections.outputs` and sets
/// `InputSection::offset` of every member that isn't merged.
pub fn layout<'data>(
    _resolved: &Resolved<'data>,
    _sections: &mut Sections,
    _live: &Live,
    _merged: &Merged,
    _options: &Options,
    _warnings: &mut Vec<String>,
) -> Result<Layout<'data>> {
    todo!()
}

impl Layout<'_> {
    /// Where output section `id` stands.
    pub fn place(&self, id: OutputId) -> &Placed {
        &self.placed[id.index()]
    }

    /// Address of a kept input section that isn't merged (for merged ones see [`Merged`]).
    pub fn section_address(&self, sections: &Sections, id: SectionId) -> u64 {
        let input = &sections.inputs[id.index()];
        self.placed[input.output.index()].address + input.offset
    }

    /// S + A for a relocation of `file` against symbol table entry `symbol`: merge-aware.
    pub fn target(
        &self,
        _resolved: &Resolved,
        _sections: &Sections,
        _merged: &Merged,
        _file: FileId,
        _symbol: u32,
        _addend: i64,
    ) -> u64 {
        todo!()
    }

    /// Address of a symbol's GOT slot.
    pub fn got_slot(&self, _symbol: SymbolRef) -> Option<u64> {
        todo!()
    }

    /// Address of the GOT slot with a symbol's offset from the thread pointer.
    pub fn gottpoff_slot(&self, _symbol: SymbolRef) -> Option<u64> {
        todo!()
    }

    /// Address of an ifunc's IPLT entry.
    pub fn iplt(&self, _symbol: SymbolRef) -> Option<u64> {
        todo!()
    }

    /// ELF header and program headers: the first bytes of the file.
    pub fn file_headers(&self) -> Vec<u8> {
        todo!()
    }

    /// The section header table.
    pub fn section_header_table(&self, _sections: &Sections) -> Vec<u8> {
        todo!()
    }
}
