//! Headers, sections and symbols as the file states them (gABI chapters 4 and 5).

use std::path::Path;

use object::LittleEndian;
use object::elf;
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _};

use super::symbols::{self, Symbol};
use crate::error::Error;

/// A position-independent executable.
pub const ET_DYN: u16 = elf::ET_DYN.0;
/// A fixed-address executable.
pub const ET_EXEC: u16 = elf::ET_EXEC.0;
/// A loadable segment.
pub const PT_LOAD: u32 = elf::PT_LOAD.0;
/// Where the dynamic tags lie.
pub const PT_DYNAMIC: u32 = elf::PT_DYNAMIC.0;
/// PT_INTERP: the dynamic linker's name.
pub const PT_INTERP: u32 = elf::PT_INTERP.0;
/// Notes.
pub const PT_NOTE: u32 = elf::PT_NOTE.0;
/// The thread-local block's image.
pub const PT_TLS: u32 = elf::PT_TLS.0;
/// The table that finds FDEs by address.
pub const PT_GNU_EH_FRAME: u32 = elf::PT_GNU_EH_FRAME.0;
/// Rights of the stack.
pub const PT_GNU_STACK: u32 = elf::PT_GNU_STACK.0;
/// What becomes read-only after relocation.
pub const PT_GNU_RELRO: u32 = elf::PT_GNU_RELRO.0;
/// The processor properties.
pub const PT_GNU_PROPERTY: u32 = elf::PT_GNU_PROPERTY.0;

/// Segment may be executed.
pub const PF_X: u32 = elf::PF_X.0;
/// Segment may be written.
pub const PF_W: u32 = elf::PF_W.0;
/// Segment may be read.
pub const PF_R: u32 = elf::PF_R.0;

/// Section with bytes.
pub const SHT_PROGBITS: u32 = elf::SHT_PROGBITS.0;
/// Section of zeros.
pub const SHT_NOBITS: u32 = elf::SHT_NOBITS.0;
/// Notes.
pub const SHT_NOTE: u32 = elf::SHT_NOTE.0;
/// Relocations with addends.
pub const SHT_RELA: u32 = elf::SHT_RELA.0;
/// Packed relative relocations.
pub const SHT_RELR: u32 = elf::SHT_RELR.0;
/// Section is written at run time.
pub const SHF_WRITE: u64 = elf::SHF_WRITE.0;
/// Section is loaded.
pub const SHF_ALLOC: u64 = elf::SHF_ALLOC.0;
/// Section is code.
pub const SHF_EXECINSTR: u64 = elf::SHF_EXECINSTR.0;
/// Section is thread-local.
pub const SHF_TLS: u64 = elf::SHF_TLS.0;

/// What the ELF header says.
#[derive(Clone, Debug)]
pub struct Header {
    /// `e_type`.
    pub kind: u16,
    /// `e_machine`.
    pub machine: u16,
    /// `e_entry`.
    pub entry: u64,
    /// `e_flags`.
    pub flags: u32,
    /// `EI_OSABI`.
    pub osabi: u8,
    /// `EI_ABIVERSION`.
    pub abi_version: u8,
}

/// A program header; addresses and sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// `p_type`.
    pub kind: u32,
    /// `p_flags`.
    pub flags: u32,
    /// `p_offset`.
    pub offset: u64,
    /// `p_vaddr`.
    pub vaddr: u64,
    /// `p_filesz`.
    pub filesz: u64,
    /// `p_memsz`.
    pub memsz: u64,
    /// `p_align`.
    pub align: u64,
}

impl Segment {
    /// One past the last address.
    pub fn end(&self) -> u64 {
        self.vaddr.wrapping_add(self.memsz)
    }

    /// What the file holds of it.
    pub fn bytes<'a>(&self, data: &'a [u8]) -> &'a [u8] {
        let rest = data.get(self.offset as usize..);
        rest.and_then(|rest| rest.get(..self.filesz as usize)).unwrap_or_default()
    }

    /// Whether `[addr, addr + size)` lies inside.
    pub fn covers(&self, addr: u64, size: u64) -> bool {
        addr >= self.vaddr && addr.checked_add(size).is_some_and(|end| end <= self.end())
    }
}

/// A section.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// Index in the section header table.
    pub index: usize,
    /// The name's bytes.
    pub name: &'a [u8],
    /// `sh_type`.
    pub kind: u32,
    /// `sh_flags`.
    pub flags: u64,
    /// `sh_addr`.
    pub addr: u64,
    /// `sh_offset`.
    pub offset: u64,
    /// `sh_size` in bytes.
    pub size: u64,
    /// `sh_addralign`.
    pub align: u64,
    /// `sh_entsize`.
    pub entsize: u64,
    /// The bytes in the file; empty for SHT_NOBITS.
    pub data: &'a [u8],
}

impl Section<'_> {
    /// Is loaded.
    pub fn is_alloc(&self) -> bool {
        self.flags & SHF_ALLOC != 0
    }
    /// Holds instructions.
    pub fn is_code(&self) -> bool {
        self.flags & SHF_EXECINSTR != 0
    }
    /// Holds thread-local data.
    pub fn is_tls(&self) -> bool {
        self.flags & SHF_TLS != 0
    }
    /// Is `.tbss`: it takes up no addresses of the image.
    pub fn is_tls_zeros(&self) -> bool {
        self.is_tls() && self.kind == SHT_NOBITS
    }
    /// The name for reports.
    pub fn title(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }
    /// Whether the linker makes the content, so that it is compared by its own rules.
    pub fn is_synthetic(&self) -> bool {
        const NAMES: [&[u8]; 13] = [
            b".eh_frame",
            b".eh_frame_hdr",
            b".dynamic",
            b".dynsym",
            b".dynstr",
            b".hash",
            b".gnu.hash",
            b".interp",
            b".init_array",
            b".fini_array",
            b".preinit_array",
            b".relro_padding",
            b".gcc_except_table",
        ];
        NAMES.contains(&self.name) || self.is_linker_table()
    }
    /// Whether the name is a C identifier, so that `__start_` and `__stop_` symbols bound it.
    pub fn is_named_like_a_variable(&self) -> bool {
        self.name.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_')
    }
    /// GOT, PLT, relocations and notes.
    pub fn is_linker_table(&self) -> bool {
        const PREFIXES: [&[u8]; 7] =
            [b".got", b".plt", b".iplt", b".igot", b".rel.", b".rela.", b".note"];
        PREFIXES.iter().any(|p| self.name.starts_with(p)) || self.name.starts_with(b".relr")
    }
    /// A global offset table.
    pub fn is_got(&self) -> bool {
        self.name.starts_with(b".got") || self.name.starts_with(b".igot")
    }
    /// A procedure linkage table.
    pub fn is_plt(&self) -> bool {
        self.name.starts_with(b".plt") || self.name.starts_with(b".iplt")
    }
}

/// The parts of a parsed file.
pub struct Parsed<'a> {
    /// The ELF header.
    pub header: Header,
    /// Program headers.
    pub segments: Vec<Segment>,
    /// Sections.
    pub sections: Vec<Section<'a>>,
    /// Whether the sections were made up.
    pub sectionless: bool,
    /// Symbols of `.symtab`.
    pub symbols: Vec<Symbol<'a>>,
    /// Symbols of `.dynsym`, which strip leaves in place.
    pub dynamic_symbols: Vec<Symbol<'a>>,
}

type Header64 = elf::FileHeader64<LittleEndian>;
const LE: LittleEndian = LittleEndian;

/// Reads the headers and tables of `data`.
///
/// # Errors
/// For files that are not ELF, not x86-64 executables, or contradict themselves.
pub fn parse<'a>(path: &Path, data: &'a [u8]) -> Result<Parsed<'a>, Error> {
    check_ident(path, data)?;
    let malformed = |what: String| Error::Malformed { path: path.to_owned(), what };
    let raw = Header64::parse(data).map_err(|e| malformed(e.to_string()))?;
    let header = Header {
        kind: raw.e_type(LE).0,
        machine: raw.e_machine(LE).0,
        entry: raw.e_entry(LE),
        flags: raw.e_flags(LE).0,
        osabi: data[7],
        abi_version: data[8],
    };
    check_kind(path, &header)?;
    let segments = segments(raw, data).map_err(&malformed)?;
    check_layout(raw, &segments).map_err(&malformed)?;
    let table = raw.sections(LE, data).map_err(|e| malformed(e.to_string()))?;
    let mut sections = Vec::new();
    for (index, section) in table.enumerate().filter(|(i, _)| i.0 != 0) {
        let name = table.section_name(LE, section).map_err(|e| malformed(e.to_string()))?;
        let data = section
            .data(LE, data)
            .map_err(|e| malformed(format!("section {}: {e}", String::from_utf8_lossy(name))))?;
        sections.push(Section {
            index: index.0,
            name,
            kind: section.sh_type(LE).0,
            flags: section.sh_flags(LE).0,
            addr: section.sh_addr(LE),
            offset: section.sh_offset(LE),
            size: section.sh_size(LE),
            align: section.sh_addralign(LE),
            entsize: section.sh_entsize(LE),
            data,
        });
    }
    check_sections(&sections).map_err(&malformed)?;
    let symbols = symbols::read(&table, data, elf::SHT_SYMTAB).map_err(&malformed)?;
    let dynamic_symbols = symbols::read(&table, data, elf::SHT_DYNSYM).map_err(&malformed)?;
    let sectionless = !sections.iter().any(Section::is_alloc);
    if sectionless {
        sections.extend(made_up_sections(data, &segments));
    }
    Ok(Parsed { header, segments, sections, sectionless, symbols, dynamic_symbols })
}

fn check_ident(path: &Path, data: &[u8]) -> Result<(), Error> {
    if !data.starts_with(b"\x7fELF") {
        return Err(Error::NotElf { path: path.to_owned() });
    }
    let foreign = |what: &str| Error::Foreign { path: path.to_owned(), what: what.to_owned() };
    match data.get(4).copied().map(elf::FileClass) {
        Some(elf::ELFCLASS32) => return Err(foreign("a 32-bit ELF file")),
        Some(elf::ELFCLASS64) => {}
        _ => return Err(foreign("an ELF file of unknown class")),
    }
    if data.get(5) != Some(&elf::ELFDATA2LSB.0) {
        return Err(foreign("a big-endian ELF file"));
    }
    Ok(())
}

fn check_kind(path: &Path, header: &Header) -> Result<(), Error> {
    let foreign = |what: String| Err(Error::Foreign { path: path.to_owned(), what });
    if header.machine != elf::EM_X86_64.0 {
        return foreign(format!("an ELF file for machine {}", header.machine));
    }
    match elf::FileType(header.kind) {
        elf::ET_EXEC | elf::ET_DYN => Ok(()),
        elf::ET_REL => foreign("a relocatable object".into()),
        elf::ET_CORE => foreign("a core file".into()),
        other => foreign(format!("an ELF file of type {}", other.0)),
    }
}

fn segments(raw: &Header64, data: &[u8]) -> Result<Vec<Segment>, String> {
    let table = raw.program_headers(LE, data).map_err(|e| e.to_string())?;
    let mut out = Vec::with_capacity(table.len());
    for (index, p) in table.iter().enumerate() {
        let segment = Segment {
            kind: p.p_type(LE).0,
            flags: p.p_flags(LE).0,
            offset: p.p_offset(LE),
            vaddr: p.p_vaddr(LE),
            filesz: p.p_filesz(LE),
            memsz: p.p_memsz(LE),
            align: p.p_align(LE),
        };
        let file_end = segment.offset.checked_add(segment.filesz);
        if file_end.is_none_or(|end| end > data.len() as u64) && segment.filesz != 0 {
            return Err(format!("program header {index} reaches past the end of the file"));
        }
        if segment.vaddr.checked_add(segment.memsz.max(segment.filesz)).is_none() {
            return Err(format!("program header {index} wraps around the address space"));
        }
        out.push(segment);
    }
    Ok(out)
}

/// The header tables may overlap neither each other nor the ELF header.
fn check_layout(raw: &Header64, segments: &[Segment]) -> Result<(), String> {
    if segments.iter().all(|s| s.kind != PT_LOAD) {
        return Err("no loadable segment".into());
    }
    let phdrs = raw.e_phoff(LE)..raw.e_phoff(LE) + segments.len() as u64 * 56;
    let shoff = raw.e_shoff(LE);
    let shdrs = shoff..shoff.saturating_add(u64::from(raw.e_shnum(LE)) * 64);
    if phdrs.start < 64 || (shoff != 0 && shoff < 64) {
        return Err("header tables overlap the ELF header".into());
    }
    if !shdrs.is_empty() && phdrs.start < shdrs.end && shdrs.start < phdrs.end {
        return Err("program and section header tables overlap".into());
    }
    let mut loads: Vec<_> = segments
        .iter()
        .filter(|s| s.kind == PT_LOAD && s.memsz > 0)
        .map(|s| s.vaddr..s.end())
        .collect();
    loads.sort_by_key(|r| r.start);
    if loads.windows(2).any(|w| w[1].start < w[0].end) {
        return Err("loadable segments overlap".into());
    }
    Ok(())
}

fn check_sections(sections: &[Section]) -> Result<(), String> {
    if let Some(s) = sections.iter().find(|s| s.addr.checked_add(s.size).is_none()) {
        return Err(format!("section {} wraps around the address space", s.title()));
    }
    let in_memory = |s: &&Section| s.is_alloc() && s.size > 0 && !s.is_tls_zeros();
    let mut ordered: Vec<_> = sections.iter().filter(in_memory).collect();
    ordered.sort_by_key(|s| s.addr);
    for w in ordered.windows(2) {
        if w[1].addr < w[0].addr + w[0].size {
            return Err(format!("sections {} and {} overlap", w[0].title(), w[1].title()));
        }
    }
    Ok(())
}

/// Gives a file without section headers one section a segment, and one for the zeros behind it.
fn made_up_sections<'a>(data: &'a [u8], segments: &[Segment]) -> Vec<Section<'a>> {
    let mut out = Vec::new();
    for (index, s) in segments.iter().filter(|s| s.kind == PT_LOAD).enumerate() {
        let mut flags = SHF_ALLOC;
        let mut name: &[u8] = b"<read-only segment>";
        if s.flags & PF_X != 0 {
            flags |= SHF_EXECINSTR;
            name = b"<code segment>";
        }
        if s.flags & PF_W != 0 {
            flags |= SHF_WRITE;
            name = b"<data segment>";
        }
        let base = Section {
            index,
            name,
            kind: SHT_PROGBITS,
            flags,
            addr: s.vaddr,
            offset: s.offset,
            size: s.filesz,
            align: s.align,
            entsize: 0,
            data: s.bytes(data),
        };
        if s.memsz > s.filesz {
            out.push(Section {
                name: b"<zeros>",
                kind: SHT_NOBITS,
                addr: s.vaddr + s.filesz,
                size: s.memsz - s.filesz,
                data: &[],
                ..base.clone()
            });
        }
        out.push(base);
    }
    out
}
