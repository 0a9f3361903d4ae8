//! The ELF header, program headers and section headers as bytes (gABI).

use crate::elf::*;
use crate::layout::{Content, Layout};
use crate::sections::Sections;
use crate::synth::SynthKind;

macro_rules! put {
    ($out:ident: $($value:expr),* $(,)?) => { $($out.extend_from_slice(&$value.to_le_bytes());)* };
}

impl Layout {
    /// ELF header and program headers: the first bytes of the file.
    pub fn file_headers(&self) -> Vec<u8> {
        let phnum = self.segments.len() as u16;
        let mut out = Vec::with_capacity((EHDR_SIZE + PHDR_SIZE * u64::from(phnum)) as usize);
        let abi = if self.synth.has_gnu_symbols() { ELFOSABI_GNU } else { ELFOSABI_NONE };
        out.extend_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, abi, 0, 0, 0, 0, 0, 0, 0, 0]);
        let kind = if self.pie { ET_DYN } else { ET_EXEC };
        put!(out: kind, EM_X86_64, 1u32, self.entry, EHDR_SIZE, self.section_headers, 0u32);
        let (count, strings) = self.header_counts();
        put!(out: EHDR_SIZE as u16, PHDR_SIZE as u16, phnum, SHDR_SIZE as u16);
        put!(out: count.0, strings.0);
        for segment in &self.segments {
            put!(out: segment.kind, segment.flags, segment.offset, segment.address, segment.address,
                segment.file_size, segment.size, segment.align);
        }
        out
    }

    /// `e_shnum` and `e_shstrndx`, each with the field of section header 0 that stands in for it
    /// when it is out of range (gABI, "ELF Header").
    fn header_counts(&self) -> ((u16, u64), (u16, u32)) {
        let large = u32::from(SHN_LORESERVE);
        let count = match self.section_header_count {
            count if count < large => (count as u16, 0),
            count => (0, u64::from(count)),
        };
        let strings = match self.synth_place(SynthKind::ShStrTab).map_or(0, |place| place.header) {
            strings if strings < large => (strings as u16, 0),
            strings => (SHN_XINDEX, strings),
        };
        (count, strings)
    }

    /// The section header table.
    pub fn section_header_table(&self, sections: &Sections) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.section_header_count as usize * SHDR_SIZE as usize);
        let (count, strings) = self.header_counts();
        put!(out: 0u32, SHT_NULL, 0u64, 0u64, 0u64, count.1, strings.1, 0u32, 0u64, 0u64);
        for id in &self.order {
            let (output, place) = (&sections.outputs[id.index()], self.place(*id));
            // NOBITS that other contents follow in the file is stored as zeros.
            let kind = match output.kind {
                SHT_NOBITS if place.file_size != 0 => SHT_PROGBITS,
                kind => kind,
            };
            let compressed = match place.content {
                Content::Compressed(_) => SHF_COMPRESSED,
                Content::Inputs | Content::Synth(_) => 0,
            };
            put!(out: place.name, kind, output.flags | compressed, place.address, place.offset,
                place.size, place.link, place.info, place.align(output), output.entsize);
        }
        out
    }
}
