//! Objects with sections and relocations, built in memory for tests.

use crate::elf::*;
use crate::object_file::{Section, Symbols, object};

/// A relocatable object in the making. Section 0 and symbol 0 are there from the start.
#[derive(Default)]
pub struct Elf {
    sections: Vec<Section>,
    symbols: Vec<(String, u8, u16, u64)>,
}

impl Elf {
    /// Adds an 8-aligned section; its index is its rank, from 1.
    pub fn section(self, name: &str, kind: u32, flags: u64, data: &[u8]) -> Elf {
        self.section_of(name, (kind, flags), 0, (8, 0), data)
    }

    /// Adds a section with a type and flags, a link, an alignment and an entry size.
    pub fn section_of(
        mut self,
        name: &str,
        (kind, flags): (u32, u64),
        link: u32,
        (align, entsize): (u64, u64),
        data: &[u8],
    ) -> Elf {
        let data = data.to_vec();
        self.sections.push(Section {
            link,
            entsize,
            ..Section::new(name, kind, flags, align, data)
        });
        self
    }

    /// Adds code of 16 bytes.
    pub fn code(self, name: &str) -> Elf {
        self.section(name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, &[0x90; 16])
    }

    /// Adds a group of sections under the signature of symbol `symbol`.
    pub fn group(mut self, symbol: u32, members: &[u32]) -> Elf {
        let words = [GRP_COMDAT].iter().chain(members).flat_map(|word| word.to_le_bytes());
        let data: Vec<u8> = words.collect();
        self = self.section(".group", SHT_GROUP, 0, &data);
        self.sections.last_mut().unwrap().info = symbol;
        self
    }

    /// Adds relocations (offset, type, symbol, addend) of section `target`.
    pub fn relocations(mut self, target: u32, list: &[(u64, u32, u32, i64)]) -> Elf {
        let mut data = Vec::new();
        for &(offset, kind, symbol, addend) in list {
            data.extend(offset.to_le_bytes());
            data.extend((u64::from(symbol) << 32 | u64::from(kind)).to_le_bytes());
            data.extend(addend.to_le_bytes());
        }
        self = self.section_of(".rela", (SHT_RELA, SHF_INFO_LINK), 0, (8, 24), &data);
        self.sections.last_mut().unwrap().info = target;
        self
    }

    /// Adds a symbol; its index is its rank, from 1. Locals first, as the gABI has it.
    pub fn symbol(mut self, name: &str, bind: u8, kind: u8, shndx: u16, value: u64) -> Elf {
        self.symbols.push((name.into(), bind << 4 | kind, shndx, value));
        self
    }

    /// The object's bytes.
    pub fn bytes(mut self) -> Vec<u8> {
        let mut table = Symbols::new();
        for (name, info, shndx, value) in &self.symbols {
            table.add(name, [*info, 0], *shndx, *value, 0);
        }
        let locals = self.symbols.iter().filter(|symbol| symbol.1 >> 4 == STB_LOCAL).count();
        let symtab_index = self.sections.len() as u32 + 1;
        for section in &mut self.sections {
            if matches!(section.kind, SHT_RELA | SHT_GROUP) {
                section.link = symtab_index;
            }
        }
        self.sections.extend(table.sections(locals as u32 + 1, symtab_index + 1));
        object(&self.sections)
    }
}
