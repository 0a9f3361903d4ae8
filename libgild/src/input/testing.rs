//! Objects and archives built in memory, for tests.
#![allow(missing_docs)]

use super::mapping::identify;
use super::{Entry, InputFile, Inputs, Thin};
use crate::elf::*;
use crate::object_file::{Section, Symbols, object};
use std::path::PathBuf;

/// A relocatable object in the making. Section 0 and symbol 0 are there from the start.
#[derive(Clone, Default)]
pub struct Builder {
    sections: Vec<Section>,
    symbols: Vec<Symbol>,
}

#[derive(Clone)]
struct Symbol {
    name: String,
    /// `st_info` and `st_other`.
    info: [u8; 2],
    shndx: u16,
    value: u64,
    size: u64,
}

impl Symbol {
    fn is_local(&self) -> bool {
        self.info[0] >> 4 == STB_LOCAL
    }
}

impl Builder {
    /// With section 1, `.text`.
    pub fn new() -> Builder {
        Builder::default().code(".text")
    }

    /// Adds an 8-aligned section; its index is its rank, from 1.
    pub fn section(self, name: &str, kind: u32, flags: u64, data: &[u8]) -> Builder {
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
    ) -> Builder {
        let section = Section::new(name, kind, flags, align, data.to_vec());
        self.sections.push(Section { link, entsize, ..section });
        self
    }

    /// Adds code of 16 bytes.
    pub fn code(self, name: &str) -> Builder {
        self.section(name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, &[0x90; 16])
    }

    /// Adds a COMDAT group of sections under the signature of symbol `symbol`.
    pub fn group(mut self, symbol: u32, members: &[u32]) -> Builder {
        let words = [GRP_COMDAT].iter().chain(members).flat_map(|word| word.to_le_bytes());
        let data: Vec<u8> = words.collect();
        self = self.section(".group", SHT_GROUP, 0, &data);
        self.sections.last_mut().unwrap().info = symbol;
        self
    }

    /// Adds relocations (offset, type, symbol, addend) of section `target`.
    pub fn relocations(mut self, target: u32, list: &[(u64, u32, u32, i64)]) -> Builder {
        let mut data = Vec::new();
        for &(offset, kind, symbol, addend) in list {
            data.extend(offset.to_le_bytes());
            data.extend((u64::from(symbol) << 32 | u64::from(kind)).to_le_bytes());
            data.extend(addend.to_le_bytes());
        }
        self = self.section_of(".rela", (SHT_RELA, SHF_INFO_LINK), 0, (8, RELA_SIZE), &data);
        self.sections.last_mut().unwrap().info = target;
        self
    }

    /// Adds a symbol; its index is its rank, from 1. Locals first, as the gABI has it.
    pub fn symbol(mut self, name: &str, bind: u8, kind: u8, shndx: u16, value: u64) -> Builder {
        let info = [bind << 4 | kind, STV_DEFAULT];
        self.symbols.push(Symbol { name: name.into(), info, shndx, value, size: 0 });
        self
    }

    /// A strong definition in `.text`.
    pub fn strong(self, name: &str) -> Builder {
        self.strong_in(name, 1)
    }

    pub fn strong_in(self, name: &str, shndx: u16) -> Builder {
        self.symbol(name, STB_GLOBAL, STT_NOTYPE, shndx, 8)
    }

    pub fn weak(self, name: &str) -> Builder {
        self.weak_in(name, 1)
    }

    pub fn weak_in(self, name: &str, shndx: u16) -> Builder {
        self.symbol(name, STB_WEAK, STT_NOTYPE, shndx, 12)
    }

    pub fn local_in(self, name: &str, shndx: u16) -> Builder {
        self.symbol(name, STB_LOCAL, STT_NOTYPE, shndx, 0)
    }

    pub fn absolute(self, name: &str, value: u64) -> Builder {
        self.symbol(name, STB_GLOBAL, STT_NOTYPE, SHN_ABS, value)
    }

    pub fn common(mut self, name: &str, size: u64, align: u64) -> Builder {
        self = self.symbol(name, STB_GLOBAL, STT_NOTYPE, SHN_COMMON, align);
        self.symbols.last_mut().unwrap().size = size;
        self
    }

    pub fn reference(self, name: &str) -> Builder {
        self.symbol(name, STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0)
    }

    pub fn weak_reference(self, name: &str) -> Builder {
        self.symbol(name, STB_WEAK, STT_NOTYPE, SHN_UNDEF, 0)
    }

    /// Visibility of the symbol added last.
    pub fn visibility(mut self, visibility: u8) -> Builder {
        self.symbols.last_mut().unwrap().info[1] = visibility;
        self
    }

    /// The object's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        assert!(self.symbols.is_sorted_by_key(|symbol| !symbol.is_local()), "locals come first");
        let mut table = Symbols::new();
        for symbol in &self.symbols {
            table.add(&symbol.name, symbol.info, symbol.shndx, symbol.value, symbol.size);
        }
        let locals = self.symbols.iter().filter(|symbol| symbol.is_local()).count();
        let symtab_index = self.sections.len() as u32 + 1;
        let mut sections = self.sections.clone();
        for section in &mut sections {
            if matches!(section.kind, SHT_RELA | SHT_GROUP) {
                section.link = symtab_index;
            }
        }
        sections.extend(table.sections(locals as u32 + 1, symtab_index + 1));
        object(&sections)
    }
}

/// An archive, with the index of `defined` (name, member number) if there is one.
pub fn archive(members: &[(&str, Vec<u8>)], defined: Option<&[(&str, usize)]>) -> Vec<u8> {
    let header = |name: &str, size: usize| {
        format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644).into_bytes()
    };
    let names: Vec<u8> =
        defined.unwrap_or(&[]).iter().flat_map(|(name, _)| name.bytes().chain([0])).collect();
    let index_size = 4 + 4 * defined.map_or(0, <[_]>::len) + names.len();
    let mut at = 8 + defined.map_or(0, |_| 60 + index_size.next_multiple_of(2));
    let mut offsets = Vec::new();
    for (_, data) in members {
        offsets.push(at as u32);
        at += 60 + data.len().next_multiple_of(2);
    }
    let mut out = super::archive::MAGIC.to_vec();
    if let Some(defined) = defined {
        out.extend(header("/", index_size));
        out.extend((defined.len() as u32).to_be_bytes());
        out.extend(defined.iter().flat_map(|&(_, member)| offsets[member].to_be_bytes()));
        out.extend(names);
        out.resize(out.len().next_multiple_of(2), b'\n');
    }
    for (name, data) in members {
        out.extend(header(&format!("{name}/"), data.len()));
        out.extend(data);
        out.resize(out.len().next_multiple_of(2), b'\n');
    }
    out
}

impl Inputs {
    /// Inputs that are in no file. Archives are lazy; others are if their name starts with `lazy`.
    pub fn in_memory(files: Vec<(&str, Vec<u8>)>) -> Inputs {
        let mut inputs = Inputs::default();
        for (index, (name, bytes)) in files.into_iter().enumerate() {
            let kind = identify(&bytes);
            let archive = kind == super::mapping::Kind::Archive;
            inputs.entries.push(Entry {
                file: index as u32,
                whole_archive: false,
                lazy: archive || name.starts_with("lazy"),
                excluded_lib: false,
            });
            inputs.files.push(InputFile {
                path: PathBuf::from(name),
                map: bytes.into(),
                kind,
                thin: Thin::default(),
                offered: false,
            });
        }
        inputs
    }
}
