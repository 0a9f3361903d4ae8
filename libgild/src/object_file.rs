//! Relocatable objects (gABI) that gild writes itself.

use crate::elf::{
    R_X86_64_PLT32, SHF_ALLOC, SHF_EXECINSTR, SHF_GNU_RETAIN, SHF_INFO_LINK, SHN_ABS, SHT_NOTE,
    SHT_PROGBITS, SHT_RELA, SHT_STRTAB, SHT_SYMTAB, STB_GLOBAL, STT_FUNC, STT_NOTYPE,
};
use crate::synth::property;

/// An object with one global function, which must be fit for IBT and shadow stacks; `calls` are offsets
/// of 32-bit fields and whom they call.
pub fn function(name: &str, code: &[u8], calls: &[(u64, &str)]) -> Vec<u8> {
    let mut symbols = Symbols::new();
    symbols.add(name, global(STT_FUNC), 1, 0, code.len() as u64);
    let mut relas = Vec::new();
    for (number, &(offset, callee)) in (2u64..).zip(calls) {
        symbols.add(callee, global(STT_NOTYPE), 0, 0, 0);
        relas.extend(offset.to_le_bytes());
        relas.extend((number << 32 | u64::from(R_X86_64_PLT32)).to_le_bytes());
        relas.extend((-4i64).to_le_bytes());
    }
    let [symtab, strtab] = symbols.sections(1, 4);
    object(&[
        Section::new(".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16, code.to_vec()),
        Section {
            link: 3,
            info: 1,
            entsize: 24,
            ..Section::new(".rela.text", SHT_RELA, SHF_INFO_LINK, 8, relas)
        },
        symtab,
        strtab,
        no_executable_stack(),
        protection(),
    ])
}

/// An object with a note that garbage collection and `strip` keep, and with absolute symbols of
/// value 1.
pub fn note(section: &str, bytes: Vec<u8>, flags: &[&str]) -> Vec<u8> {
    let mut symbols = Symbols::new();
    for name in flags {
        symbols.add(name, global(STT_NOTYPE), SHN_ABS, 1, 0);
    }
    let [symtab, strtab] = symbols.sections(1, 3);
    object(&[
        Section::new(section, SHT_NOTE, SHF_ALLOC | SHF_GNU_RETAIN, 4, bytes),
        symtab,
        strtab,
        no_executable_stack(),
        protection(),
    ])
}

fn no_executable_stack() -> Section {
    Section::new(".note.GNU-stack", SHT_PROGBITS, 0, 1, Vec::new())
}

fn protection() -> Section {
    Section::new(".note.gnu.property", SHT_NOTE, SHF_ALLOC, 8, property::of_protected())
}

/// `st_info` of a global symbol, default visibility in `st_other`.
fn global(kind: u8) -> [u8; 2] {
    [STB_GLOBAL << 4 | kind, 0]
}

/// A symbol table, and its names.
pub(crate) struct Symbols {
    entries: Vec<u8>,
    names: Vec<u8>,
}

impl Symbols {
    /// With the null symbol.
    pub fn new() -> Symbols {
        Symbols { entries: vec![0; 24], names: vec![0] }
    }

    /// `info`: `st_info` and `st_other`.
    pub fn add(&mut self, name: &str, info: [u8; 2], shndx: u16, value: u64, size: u64) {
        self.entries.extend((self.names.len() as u32).to_le_bytes());
        self.entries.extend(info);
        self.entries.extend(shndx.to_le_bytes());
        self.entries.extend(value.to_le_bytes());
        self.entries.extend(size.to_le_bytes());
        self.names.extend(name.as_bytes());
        self.names.push(0);
    }

    /// `.symtab`, of which `first_global` is the index of the first global, and `.strtab`, of which
    /// `strings` is the number.
    pub fn sections(self, first_global: u32, strings: u32) -> [Section; 2] {
        let symtab = Section {
            link: strings,
            info: first_global,
            entsize: 24,
            ..Section::new(".symtab", SHT_SYMTAB, 0, 8, self.entries)
        };
        [symtab, Section::new(".strtab", SHT_STRTAB, 0, 1, self.names)]
    }
}

/// One section of an object in the making.
#[derive(Clone)]
pub(crate) struct Section {
    pub name: String,
    pub kind: u32,
    pub flags: u64,
    pub align: u64,
    pub link: u32,
    pub info: u32,
    pub entsize: u64,
    pub bytes: Vec<u8>,
}

impl Section {
    pub fn new(name: &str, kind: u32, flags: u64, align: u64, bytes: Vec<u8>) -> Section {
        Section { name: name.into(), kind, flags, align, link: 0, info: 0, entsize: 0, bytes }
    }
}

/// A relocatable file (gABI) of these sections and a `.shstrtab`; section 0 is implied.
pub(crate) fn object(sections: &[Section]) -> Vec<u8> {
    const HEADER: usize = 64;
    let mut names = vec![0];
    let name_offsets: Vec<u32> = sections
        .iter()
        .map(|section| &*section.name)
        .chain([".shstrtab"])
        .map(|name| {
            let offset = names.len() as u32;
            names.extend(name.as_bytes());
            names.push(0);
            offset
        })
        .collect();
    let last = Section::new(".shstrtab", SHT_STRTAB, 0, 1, names);
    let mut out = vec![0; HEADER];
    let mut headers = vec![0; 64];
    for (section, name) in sections.iter().chain([&last]).zip(name_offsets) {
        out.resize(out.len().next_multiple_of(16), 0);
        headers.extend(name.to_le_bytes());
        headers.extend(section.kind.to_le_bytes());
        let size = section.bytes.len() as u64;
        for word in [section.flags, 0, out.len() as u64, size] {
            headers.extend(word.to_le_bytes());
        }
        headers.extend(section.link.to_le_bytes());
        headers.extend(section.info.to_le_bytes());
        headers.extend(section.align.to_le_bytes());
        headers.extend(section.entsize.to_le_bytes());
        out.extend(&section.bytes);
    }
    out.resize(out.len().next_multiple_of(16), 0);
    let table = out.len() as u64;
    let count = sections.len() as u16 + 2;
    out.extend(headers);
    // ELF64, little endian, version 1, System V; ET_REL, EM_X86_64, version 1.
    out[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    out[16..24].copy_from_slice(&[1, 0, 62, 0, 1, 0, 0, 0]);
    out[40..48].copy_from_slice(&table.to_le_bytes());
    for (at, value) in [(52, 64), (58, 64), (60, count), (62, count - 1)] {
        out[at..at + 2].copy_from_slice(&u16::to_le_bytes(value));
    }
    out
}
