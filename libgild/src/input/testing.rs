//! Objects and archives built in memory, for tests.
#![allow(missing_docs)]

use super::mapping::identify;
use super::{Entry, InputFile, Inputs, Thin};
use crate::elf::{
    GRP_COMDAT, SHF_ALLOC, SHF_EXECINSTR, SHN_ABS, SHN_COMMON, SHT_GROUP, SHT_PROGBITS, STB_GLOBAL,
    STB_LOCAL, STB_WEAK,
};
use crate::object_file::{self, Symbols};
use std::path::PathBuf;

/// A relocatable object in the making.
#[derive(Clone, Default)]
pub struct Builder {
    sections: Vec<Section>,
    symbols: Vec<Symbol>,
}

#[derive(Clone)]
struct Section {
    name: String,
    kind: u32,
    flags: u64,
    data: Vec<u8>,
    /// Name of the symbol that is a group's signature.
    signature: Option<String>,
}

#[derive(Clone)]
struct Symbol {
    name: String,
    bind: u8,
    other: u8,
    shndx: u16,
    value: u64,
    size: u64,
}

impl Builder {
    pub fn new() -> Builder {
        Builder::default().section(".text")
    }

    /// Adds a section of 64 bytes; the first is section 1, `.text`.
    pub fn section(mut self, name: &str) -> Builder {
        let (kind, flags) = (SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR);
        let data = vec![0; 64];
        self.sections.push(Section { name: name.into(), kind, flags, data, signature: None });
        self
    }

    /// Adds a COMDAT group of sections.
    pub fn group(mut self, signature: &str, members: &[u32]) -> Builder {
        let words = [GRP_COMDAT].iter().chain(members).flat_map(|word| word.to_le_bytes());
        self.sections.push(Section {
            name: ".group".into(),
            kind: SHT_GROUP,
            flags: 0,
            data: words.collect(),
            signature: Some(signature.into()),
        });
        self
    }

    fn symbol(mut self, name: &str, bind: u8, shndx: u16, value: u64, size: u64) -> Builder {
        self.symbols.push(Symbol { name: name.into(), bind, other: 0, shndx, value, size });
        self
    }

    /// A strong definition in `.text`.
    pub fn strong(self, name: &str) -> Builder {
        self.strong_in(name, 1)
    }

    pub fn strong_in(self, name: &str, shndx: u16) -> Builder {
        self.symbol(name, STB_GLOBAL, shndx, 8, 0)
    }

    pub fn weak(self, name: &str) -> Builder {
        self.weak_in(name, 1)
    }

    pub fn weak_in(self, name: &str, shndx: u16) -> Builder {
        self.symbol(name, STB_WEAK, shndx, 16, 0)
    }

    pub fn local_in(self, name: &str, shndx: u16) -> Builder {
        self.symbol(name, STB_LOCAL, shndx, 0, 0)
    }

    pub fn absolute(self, name: &str, value: u64) -> Builder {
        self.symbol(name, STB_GLOBAL, SHN_ABS, value, 0)
    }

    pub fn common(self, name: &str, size: u64, align: u64) -> Builder {
        self.symbol(name, STB_GLOBAL, SHN_COMMON, align, size)
    }

    pub fn reference(self, name: &str) -> Builder {
        self.symbol(name, STB_GLOBAL, 0, 0, 0)
    }

    pub fn weak_reference(self, name: &str) -> Builder {
        self.symbol(name, STB_WEAK, 0, 0, 0)
    }

    /// Visibility of the symbol added last.
    pub fn visibility(mut self, visibility: u8) -> Builder {
        self.symbols.last_mut().unwrap().other = visibility;
        self
    }

    /// The object's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut symbols = self.symbols.clone();
        symbols.sort_by_key(|symbol| symbol.bind != STB_LOCAL);
        let locals = symbols.iter().filter(|symbol| symbol.bind == STB_LOCAL).count();
        let mut table = Symbols::new();
        for symbol in &symbols {
            let info = [symbol.bind << 4, symbol.other];
            table.add(&symbol.name, info, symbol.shndx, symbol.value, symbol.size);
        }
        let index = |name: &str| symbols.iter().position(|symbol| symbol.name == name);
        let count = self.sections.len() as u32;
        let mut sections: Vec<_> = self
            .sections
            .iter()
            .map(|section| object_file::Section {
                flags: section.flags,
                link: if section.kind == SHT_GROUP { count + 1 } else { 0 },
                info: section.signature.as_ref().map_or(0, |name| index(name).unwrap() as u32 + 1),
                ..object_file::Section::new(&section.name, section.kind, 0, 8, section.data.clone())
            })
            .collect();
        sections.extend(table.sections(locals as u32 + 1, count + 2));
        object_file::object(&sections)
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
