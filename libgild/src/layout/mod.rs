//! Order of the output sections, segments, and every address.
//!
//! Units: addresses are link-time virtual addresses (a static-PIE is laid out at its image base,
//! 0 by default), offsets are bytes from the start of the output file.

mod addresses;
#[cfg(test)]
mod addresses_test;
mod build;
mod entry;
mod linker_values;
mod members;
mod offsets;
mod outputs;
mod overlap;
mod plan;
mod rank;
mod stack;
pub mod start_files;
mod symbols;

pub use build::layout;

use crate::arch::x86_64::plt;
use crate::ids::{OutputId, SectionId};
use crate::sections::{OutputSection, Sections};
use crate::symbols::SymbolRef;
use crate::synth::{Synth, SynthKind};

/// Where an output section's bytes come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Content {
    /// `Sections::outputs[id].members` at their `InputSection::offset`; NOBITS members of a section
    /// with `Placed::file_size != 0` are zeros.
    #[default]
    Inputs,
    /// Made by the linker: `Synth::parts` of that kind.
    Synth(SynthKind),
    /// `Layout::compressed` of that number.
    Compressed(usize),
}

/// What stands in the file for an output section (gABI, "Section Compression").
#[derive(Debug)]
pub struct Compressed {
    /// The section.
    pub output: OutputId,
    /// Compression header and compressed contents, one after the other.
    pub parts: Vec<Vec<u8>>,
    /// Bytes of all parts.
    pub size: u64,
}

/// Where an output section stands. `header == 0` means that it is empty and not in the output.
#[derive(Clone, Copy, Debug, Default)]
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

impl Placed {
    /// `sh_addralign`: that of the compression header (8) where the section is compressed.
    pub fn align(&self, output: &OutputSection) -> u64 {
        match self.content {
            Content::Compressed(_) => 8,
            Content::Inputs | Content::Synth(_) => output.align,
        }
    }
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

/// The answer of the layout phase.
#[derive(Debug, Default)]
pub struct Layout {
    /// Output sections that are in the file, in file order (loaded ones first).
    pub order: Vec<OutputId>,
    /// By `OutputId::index()`.
    pub placed: Vec<Placed>,
    /// Program headers in the order of the table.
    pub segments: Vec<Segment>,
    /// By `SymbolId::index()`: S of the psABI's formulas, the IPLT entry for ifuncs, 0 if undefined.
    pub symbol_addresses: Vec<u64>,
    /// Sections made by the linker.
    pub synth: Synth,
    /// Sections that are compressed in the file.
    pub compressed: Vec<Compressed>,
    /// `e_entry`.
    pub entry: u64,
    /// Address of the first byte of the file (the ELF header).
    pub image_base: u64,
    /// Value of `_GLOBAL_OFFSET_TABLE_`, the GOT of the psABI's formulas.
    pub got_base: u64,
    /// Start of the TLS template, aligned.
    pub tls_start: u64,
    /// The thread pointer in terms of the template: TPOFF = S - tp.
    pub tp: u64,
    /// First file offset behind the loaded sections.
    loaded_end: u64,
    /// File offset of the section header table.
    pub section_headers: u64,
    /// Number of section headers, the null one included.
    pub section_header_count: u32,
    /// Bytes of the output file.
    pub file_size: u64,
    /// ET_DYN instead of ET_EXEC.
    pub pie: bool,
    /// By IPLT entry: address of the ifunc's resolver.
    resolvers: Vec<u64>,
}

impl Layout {
    /// Where output section `id` stands.
    pub fn place(&self, id: OutputId) -> &Placed {
        &self.placed[id.index()]
    }

    /// The output section of that name with contents.
    pub fn find(&self, sections: &Sections, name: &[u8]) -> Option<OutputId> {
        self.order.iter().copied().find(|id| sections.outputs[id.index()].name == name)
    }

    /// Where the section made by the linker stands, if there is one of that kind.
    pub fn synth_place(&self, kind: SynthKind) -> Option<&Placed> {
        self.synth.output(kind).map(|id| self.place(id))
    }

    /// Address of a live input section that isn't merged.
    pub fn section_address(&self, sections: &Sections, id: SectionId) -> u64 {
        let input = &sections.inputs[id.index()];
        self.placed.get(input.output.index()).map_or(0, |p| p.address).wrapping_add(input.offset)
    }

    fn got_address(&self, offset: u64) -> u64 {
        self.synth_place(SynthKind::Got).map_or(0, |got| got.address) + offset
    }

    /// Address of a symbol's GOT slot.
    pub fn got_slot(&self, symbol: SymbolRef) -> Option<u64> {
        self.synth.slots.got(symbol).map(|offset| self.got_address(offset))
    }

    /// Address of the GOT slot with a symbol's offset from the thread pointer.
    pub fn gottpoff_slot(&self, symbol: SymbolRef) -> Option<u64> {
        self.synth.slots.gottpoff(symbol).map(|offset| self.got_address(offset))
    }

    /// Address of the GOT slot that IPLT entry `number` jumps through.
    pub fn iplt_slot(&self, number: u32) -> u64 {
        self.got_address(self.synth.slots.iplt_slot(number))
    }

    /// Address of an ifunc's IPLT entry.
    pub fn iplt(&self, symbol: SymbolRef) -> Option<u64> {
        let number = self.synth.slots.iplt(symbol)?;
        let base = self.synth_place(SynthKind::Iplt)?.address;
        Some(base + u64::from(number) * plt::ENTRY_SIZE)
    }

    /// Address of the resolver of an ifunc that has an IPLT entry.
    pub fn resolver(&self, symbol: SymbolRef) -> Option<u64> {
        self.resolvers.get(self.synth.slots.iplt(symbol)? as usize).copied()
    }
}
