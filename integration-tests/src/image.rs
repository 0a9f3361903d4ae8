//! What a finished executable says about itself.

use crate::{Outcome, workdir};
use object::elf::{self, Dyn64, FileHeader64, ProgramHeader64, Rela64, SectionHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader, Rela, SectionHeader, Sym};
use object::{LittleEndian as LE, pod};
use std::path::Path;

/// An executable, read once.
pub struct Image {
    data: Vec<u8>,
    /// Symbols in the order of the table; empty when stripped.
    pub symbols: Vec<Symbol>,
    /// Sections by index.
    pub sections: Vec<Section>,
    /// Program headers in file order.
    pub segments: Vec<Segment>,
    /// Dynamic entries (tag, value) of a static-PIE.
    pub dynamic: Vec<(u64, u64)>,
    /// `e_type`.
    pub kind: u16,
    /// `e_entry`.
    pub entry: u64,
}

/// A symbol table entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// An address, or an offset in the TLS block for `STT_TLS`.
    pub value: u64,
    /// In bytes.
    pub size: u64,
    /// `STT_*`.
    pub kind: u8,
    /// `STB_*`.
    pub binding: u8,
    /// Whether its section index is not `SHN_UNDEF`.
    pub defined: bool,
}

/// A section header.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    /// Virtual address.
    pub address: u64,
    /// File offset.
    pub offset: u64,
    /// In bytes.
    pub size: u64,
}

/// A program header.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// `PT_*`.
    pub kind: u32,
    /// `PF_*`.
    pub flags: u32,
    /// File offset.
    pub offset: u64,
    /// Virtual address.
    pub address: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Bytes in memory.
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
}

impl Image {
    /// Reads and checks the file at `path`.
    pub fn open(path: &Path) -> Outcome<Self> {
        let data = workdir::read(path)?;
        Self::parse(data).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn parse(data: Vec<u8>) -> Outcome<Self> {
        let text = |error: object::read::Error| error.to_string();
        let bytes = data.as_slice();
        let header = FileHeader64::<LE>::parse(bytes).map_err(text)?;
        let headers = header.program_headers(LE, bytes).map_err(text)?;
        let segments: Vec<Segment> = headers.iter().map(segment).collect();
        let table = header.sections(LE, bytes).map_err(text)?;
        let sections = table
            .iter()
            .map(|header| section(header, table.section_name(LE, header).unwrap_or(b"?")))
            .collect();
        let listed = table.symbols(LE, bytes, elf::SHT_SYMTAB).map_err(text)?;
        let symbols = listed
            .iter()
            .map(|symbol| {
                let name = symbol.name(LE, listed.strings()).map_err(text)?;
                Ok(Symbol {
                    name: String::from_utf8_lossy(name).into_owned(),
                    value: symbol.st_value(LE),
                    size: symbol.st_size(LE),
                    kind: symbol.st_type().0,
                    binding: symbol.st_bind().0,
                    defined: symbol.st_shndx(LE) != elf::SHN_UNDEF,
                })
            })
            .collect::<Outcome<Vec<_>>>()?;
        let dynamic = dynamic_entries(headers, bytes)?;
        let (kind, entry) = (header.e_type(LE).0, header.e_entry(LE));
        Ok(Self { symbols, sections, segments, dynamic, kind, entry, data })
    }

    /// The whole file.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// `len` bytes of the loaded program at a virtual address; zeros where the file has none.
    pub fn at(&self, address: u64, len: usize) -> Outcome<Vec<u8>> {
        let load = self
            .segments_of(elf::PT_LOAD.0)
            .find(|load| (load.address..load.address + load.size).contains(&address))
            .ok_or_else(|| format!("nothing is loaded at {address:#x}"))?;
        let from = address - load.address;
        let byte = |at: u64| {
            let in_file = at < load.file_size;
            in_file.then(|| self.data.get((load.offset + at) as usize).copied()).flatten()
        };
        Ok((from..from + len as u64).map(|at| byte(at).unwrap_or(0)).collect())
    }

    /// A little-endian number of `size` bytes at a virtual address.
    pub fn number(&self, address: u64, size: usize) -> Outcome<u64> {
        let bytes = self.at(address, size)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Program headers of one type.
    pub fn segments_of(&self, kind: u32) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(move |segment| segment.kind == kind)
    }

    /// The first program header of a type.
    pub fn segment(&self, kind: u32) -> Option<&Segment> {
        self.segments_of(kind).next()
    }

    /// A section by name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The defined symbol `name`; global ones win over local ones of the same name.
    pub fn symbol(&self, name: &str) -> Option<&Symbol> {
        let named = || self.symbols.iter().filter(|symbol| symbol.name == name && symbol.defined);
        named().find(|symbol| symbol.binding != elf::STB_LOCAL.0).or_else(|| named().next())
    }

    /// Whether this is a static-PIE.
    pub fn is_pie(&self) -> bool {
        self.kind == elf::ET_DYN.0
    }

    /// The value of a dynamic entry.
    pub fn dynamic_value(&self, tag: elf::DynamicTag) -> Option<u64> {
        self.dynamic.iter().find(|entry| entry.0 == tag.0 as u64).map(|entry| entry.1)
    }

    /// Address and size of a dynamic table.
    fn table(&self, address: elf::DynamicTag, size: elf::DynamicTag) -> Option<(u64, u64)> {
        self.dynamic_value(address).zip(self.dynamic_value(size))
    }

    /// Dynamic relocations (place, type, addend), those packed as RELR included.
    pub fn relocations(&self) -> Outcome<Vec<(u64, u32, i64)>> {
        let mut found = self.relr()?;
        let Some((at, size)) = self.table(elf::DT_RELA, elf::DT_RELASZ) else { return Ok(found) };
        let bytes = self.at(at, size as usize)?;
        for entry in bytes.chunks_exact(size_of::<Rela64<LE>>()) {
            let (rela, _) = pod::from_bytes::<Rela64<LE>>(entry).map_err(|()| "bad relocation")?;
            found.push((rela.r_offset(LE), rela.r_type(LE, false).0, rela.r_addend(LE)));
        }
        Ok(found)
    }

    /// gABI: an even entry is an address, an odd one a bitmap of the 63 words after the last.
    fn relr(&self) -> Outcome<Vec<(u64, u32, i64)>> {
        let mut found = Vec::new();
        let Some((at, size)) = self.table(elf::DT_RELR, elf::DT_RELRSZ) else { return Ok(found) };
        let mut add = |place: u64| -> Outcome {
            found.push((place, elf::R_X86_64_RELATIVE.0, self.number(place, 8)? as i64));
            Ok(())
        };
        let mut next = 0;
        for entry in (at..at + size).step_by(8) {
            let entry = self.number(entry, 8)?;
            if entry & 1 == 0 {
                add(entry)?;
                next = entry + 8;
                continue;
            }
            for bit in (0..63).filter(|bit| entry >> (bit + 1) & 1 == 1) {
                add(next + bit * 8)?;
            }
            next += 63 * 8;
        }
        Ok(found)
    }
}

fn segment(header: &ProgramHeader64<LE>) -> Segment {
    Segment {
        kind: header.p_type(LE).0,
        flags: header.p_flags(LE).0,
        offset: header.p_offset(LE),
        address: header.p_vaddr(LE),
        file_size: header.p_filesz(LE),
        size: header.p_memsz(LE),
        align: header.p_align(LE),
    }
}

fn section(header: &SectionHeader64<LE>, name: &[u8]) -> Section {
    Section {
        name: String::from_utf8_lossy(name).into_owned(),
        kind: header.sh_type(LE).0,
        flags: header.sh_flags(LE).0,
        address: header.sh_addr(LE),
        offset: header.sh_offset(LE),
        size: header.sh_size(LE),
    }
}

fn dynamic_entries(headers: &[ProgramHeader64<LE>], data: &[u8]) -> Outcome<Vec<(u64, u64)>> {
    let Some(header) = headers.iter().find(|header| header.p_type(LE) == elf::PT_DYNAMIC) else {
        return Ok(Vec::new());
    };
    let entries: &[Dyn64<LE>] =
        header.dynamic(LE, data).map_err(|error| error.to_string())?.unwrap_or_default();
    let entries = entries.iter().map(|entry| (entry.d_tag(LE).0 as u64, entry.d_val(LE)));
    Ok(entries.take_while(|(tag, _)| *tag != 0).collect())
}
