//! The checks that make an object's accessors safe (gABI, "Object Files").

use super::archive::Archive;
use super::inflate;
use super::mapping::{BITCODE, Kind, identify};
use super::object::{Group, Object, ObjectName, Position, stored, string};
use crate::elf::*;
use crate::ids::{FileId, SymbolId};
use crate::prefetch::AHEAD;
use object::LittleEndian as LE;
use object::endian::U32;
use object::pod::{from_bytes, slice_from_all_bytes, slice_from_bytes};

type Parsed<T> = Result<T, String>;

/// See [`Object::parse`]; errors lack the file's name.
pub fn parse<'data>(
    name: ObjectName<'data>,
    data: &'data [u8],
    position: Position,
) -> Parsed<Object<'data>> {
    let header = file_header(data)?;
    let headers = section_headers(data, header)?;
    let mut object = Object {
        file: FileId(0),
        name,
        position,
        data,
        headers,
        section_names: &[],
        symbols: &[],
        strings: &[],
        first_global: 0,
        xindex: &[],
        globals: Vec::new(),
        global_lengths: Vec::new(),
        first_section: 0,
        discarded: Vec::new(),
        relas: vec![0; headers.len()],
        groups: Vec::new(),
        notes: Vec::new(),
        identifiers: Vec::new(),
        excluded_lib: false,
        taken: Vec::new(),
        compressed: Vec::new(),
        inflated: Vec::new(),
    };
    if let Some(first) = headers.first() {
        let index = match header.e_shstrndx.get(LE).0 {
            SHN_XINDEX => first.link(),
            index => index.into(),
        };
        let names = headers.get(index as usize).ok_or("e_shstrndx is out of range")?;
        object.section_names = stored(data, names).ok_or("section names are truncated")?;
    }
    let symtab = sections(&mut object)?;
    if let Some(index) = symtab {
        symbol_table(&mut object, index)?;
    }
    check_groups(&mut object)?;
    Ok(object)
}

fn file_header(data: &[u8]) -> Parsed<&Ehdr> {
    match identify(data) {
        Kind::Elf => {}
        Kind::Bitcode => return Err(BITCODE.into()),
        Kind::Empty => return Err("the file is empty".into()),
        Kind::Archive => return Err("is an archive inside an archive".into()),
        _ => return Err("is no ELF object".into()),
    }
    let target = Target::of(data).ok_or("truncated ELF header")?;
    if target.class == ELFCLASS64 && target.little && data.len() < size_of::<Ehdr>() {
        return Err("truncated ELF header".into());
    }
    if !target.is_ours() {
        return Err(format!(
            "is for {}; gild links x86-64 (64-bit, little-endian) only, use a linker for that machine",
            machine_name(target.machine, target.class, target.little)
        ));
    }
    let kind = half(data, 16, target.little);
    match kind {
        ET_REL => {}
        ET_EXEC => return Err("is an executable, not an object to link".into()),
        ET_DYN => {
            return Err("is a shared library (or a PIE), and gild links static executables: use \
                 the static library (.a), or another linker (lld, mold) for a dynamic executable"
                .into());
        }
        ET_CORE => return Err("is a core dump, not an object to link".into()),
        kind => return Err(format!("is no relocatable object (e_type {kind})")),
    }
    let (header, _) = from_bytes::<Ehdr>(data).map_err(|()| "truncated ELF header")?;
    Ok(header)
}

/// What an ELF header says of the machine (gABI, "ELF Identification").
struct Target {
    class: u8,
    little: bool,
    machine: u16,
}

impl Target {
    fn of(data: &[u8]) -> Option<Target> {
        let ident = data.get(..16)?;
        let little = ident[5] == ELFDATA2LSB;
        Some(Target { class: ident[4], little, machine: half(data, 18, little) })
    }

    fn is_ours(&self) -> bool {
        self.class == ELFCLASS64 && self.little && self.machine == EM_X86_64
    }
}

fn half(data: &[u8], at: usize, little: bool) -> u16 {
    match data.get(at..at + 2) {
        Some(&[a, b]) if little => u16::from_le_bytes([a, b]),
        Some(&[a, b]) => u16::from_be_bytes([a, b]),
        _ => 0,
    }
}

/// Whether a file, or an archive's first member, is an ELF file for another machine.
pub(super) fn is_foreign(data: &[u8]) -> bool {
    let first = match identify(data) {
        Kind::Archive => {
            let archive = Archive::parse(data).ok();
            archive.and_then(|archive| archive.members().next()?.ok()).map(|member| member.data)
        }
        _ => Some(data),
    };
    let elf = first.filter(|data| identify(data) == Kind::Elf);
    elf.and_then(Target::of).is_some_and(|target| !target.is_ours())
}

fn machine_name(machine: u16, class: u8, little: bool) -> String {
    let name = match machine {
        EM_386 => "i386",
        EM_MIPS => "MIPS",
        EM_PPC | EM_PPC64 => "PowerPC",
        EM_S390 => "s390",
        EM_ARM => "ARM",
        EM_X86_64 => "x86-64",
        EM_AARCH64 => "AArch64",
        EM_RISCV => "RISC-V",
        EM_LOONGARCH => "LoongArch",
        _ => "another machine",
    };
    let bits = if class == ELFCLASS32 { "32-bit" } else { "64-bit" };
    let order = if little { "little-endian" } else { "big-endian" };
    format!("{name} (machine {machine}, {bits}, {order})")
}

fn section_headers<'data>(data: &'data [u8], header: &Ehdr) -> Parsed<&'data [Shdr]> {
    let offset = header.e_shoff.get(LE);
    if offset == 0 {
        return Ok(&[]);
    }
    if usize::from(header.e_shentsize.get(LE)) != size_of::<Shdr>() {
        return Err("e_shentsize is not that of ELF64".into());
    }
    let truncated = "the section header table is truncated";
    let table = usize::try_from(offset).ok().and_then(|offset| data.get(offset..));
    let table = table.ok_or(truncated)?;
    let count = match header.e_shnum.get(LE) {
        // gABI: from 0xff00 sections on, the number stands in sh_size of header 0.
        0 => from_bytes::<Shdr>(table).map_err(|()| truncated)?.0.size(),
        count => count.into(),
    };
    let count = usize::try_from(count).map_err(|_| truncated)?;
    slice_from_bytes(table, count).map(|(headers, _)| headers).map_err(|()| truncated.into())
}

/// Checks every section header; notes relocations, groups, linkonce and compressed sections.
/// Returns the index of the symbol table.
fn sections(object: &mut Object) -> Parsed<Option<usize>> {
    let mut symtab = None;
    let count = object.headers.len();
    for (index, header) in object.headers.iter().enumerate().skip(1) {
        object.prefetch_section_name(index + AHEAD);
        let bad = |what: &str| {
            let name = String::from_utf8_lossy(string(object.section_names, header.name()));
            format!("section {index} ({name}): {what}")
        };
        if stored(object.data, header).is_none() {
            return Err(bad("the contents lie outside the file"));
        }
        if header.link() as usize >= count {
            return Err(bad("sh_link is out of range"));
        }
        if !header.align().is_power_of_two() {
            return Err(bad("the alignment is no power of two"));
        }
        match header.kind() {
            SHT_SYMTAB if symtab.is_some() => return Err(bad("a second symbol table")),
            SHT_SYMTAB => symtab = Some(index),
            SHT_RELA => {
                let target = header.info() as usize;
                if target == 0 || target >= count || header.size() % RELA_SIZE != 0 {
                    return Err(bad("malformed relocation section"));
                }
                if std::mem::replace(&mut object.relas[target], index as u32) != 0 {
                    return Err(bad("a second relocation section for one section"));
                }
            }
            // Of LLVM's call graph profile, which goes no further.
            SHT_REL if is_excluded(object, header) => {}
            SHT_REL => return Err(bad("x86-64 has no relocations of type REL")),
            SHT_CREL => {
                return Err(bad(
                    "relocations of type CREL; compile without -Wa,--crel, or use lld",
                ));
            }
            // In gABI's own range, without a meaning so far.
            kind @ (12 | 13 | 20..0x6000_0000) => {
                return Err(bad(&format!("unknown section type {kind:#x}")));
            }
            SHT_GROUP => object.groups.push(Group {
                section: index as u32,
                signature: SymbolId(0),
                members: group_members(object.data, header).map_err(bad)?,
            }),
            kind => {
                if kind == SHT_NOTE {
                    object.notes.push(index as u32);
                }
                classify(object, index as u32, header)?;
            }
        }
    }
    Ok(symtab)
}

/// Whether relocation section `header` is of a section that isn't linked.
fn is_excluded(object: &Object, header: &Shdr) -> bool {
    let target = object.headers.get(header.info() as usize);
    target.is_some_and(|target| target.flags() & SHF_EXCLUDE != 0)
}

/// Linkonce and compressed sections, and those with names of their own; slim LTO objects.
fn classify(object: &mut Object, index: u32, header: &Shdr) -> Parsed<()> {
    let flags = header.flags();
    if flags & SHF_COMPRESSED != 0 {
        object.compressed.push(index);
    }
    let name = object.section_names.get(header.name() as usize..).unwrap_or(&[]);
    if name.first() != Some(&b'.') {
        object.identifiers.push(index);
    }
    if name.starts_with(b".gnu.l") {
        if name.starts_with(LINKONCE) {
            object.groups.push(Group { section: index, signature: SymbolId(0), members: &[] });
        } else if name.starts_with(b".gnu.lto_.lto.") {
            // GCC's lto_section header: major and minor version (2 bytes each), then slim_object.
            let slim = stored(object.data, header).and_then(|data| data.get(4).copied());
            if flags & SHF_COMPRESSED == 0 && slim == Some(1) {
                return Err(SLIM.into());
            }
        }
    } else if flags & (SHF_ALLOC | SHF_COMPRESSED) == 0 && name.starts_with(inflate::OLD_PREFIX) {
        object.compressed.push(index);
    }
    Ok(())
}

const SLIM: &str = "is a GCC LTO object without machine code: compile with -ffat-lto-objects or \
without -flto, or link with GNU ld through gcc";

/// Prefix of sections of which the first of each name stays (GCC before section groups).
pub const LINKONCE: &[u8] = b".gnu.linkonce.";

/// Members of a COMDAT group; empty for other groups, whose members stay in any case.
fn group_members<'data>(
    data: &'data [u8],
    header: &Shdr,
) -> Result<&'data [U32<LE>], &'static str> {
    let malformed = "malformed section group";
    let words = stored(data, header).ok_or(malformed)?;
    let words: &[U32<LE>] = slice_from_all_bytes(words).map_err(|()| malformed)?;
    let (flags, members) = words.split_first().ok_or(malformed)?;
    Ok(if flags.get(LE) & GRP_COMDAT != 0 { members } else { &[] })
}

fn symbol_table(object: &mut Object, index: usize) -> Parsed<()> {
    let header = &object.headers[index];
    let malformed = "malformed symbol table";
    let symbols = stored(object.data, header).ok_or(malformed)?;
    object.symbols = slice_from_all_bytes(symbols).map_err(|()| malformed)?;
    object.strings =
        stored(object.data, &object.headers[header.link() as usize]).ok_or(malformed)?;
    let count = object.symbols.len();
    object.first_global = (header.info() as usize).max(1).min(count);
    if header.info() as usize > count {
        return Err(format!("{malformed}: sh_info is out of range"));
    }
    let extended = object
        .headers
        .iter()
        .find(|header| header.kind() == SHT_SYMTAB_SHNDX && header.link() as usize == index);
    if let Some(extended) = extended {
        let table = stored(object.data, extended).ok_or(malformed)?;
        object.xindex = slice_from_all_bytes(table).map_err(|()| malformed)?;
    }
    let (locals, globals) = object.symbols.split_at(object.first_global);
    let sections = object.headers.len();
    // One comparison for most.
    let in_range = |symbol: &Sym| {
        let shndx = symbol.shndx();
        usize::from(shndx) < sections
            || (special(shndx) && (shndx != SHN_XINDEX || !object.xindex.is_empty()))
    };
    let sane = locals.iter().all(|symbol| in_range(symbol) && symbol.bind() == STB_LOCAL)
        && globals.iter().all(|symbol| in_range(symbol) && symbol.bind() != STB_LOCAL);
    if !sane {
        return Err(symbol_error(object));
    }
    if object.xindex.is_empty() && sections < usize::from(SHN_LORESERVE) {
        return Ok(());
    }
    let extended = |index: usize| object.xindex.get(index).map(|shndx| shndx.get(LE) as usize);
    let bad = object.symbols.iter().enumerate().find(|(index, symbol)| {
        symbol.shndx() == SHN_XINDEX && extended(*index).is_none_or(|shndx| shndx >= sections)
    });
    bad.map_or(Ok(()), |(index, _)| Err(format!("symbol {index}: section index out of range")))
}

/// Whether a section index stands for something else than a section (gABI, "Special Sections"; psABI).
fn special(shndx: u16) -> bool {
    matches!(shndx, SHN_ABS | SHN_COMMON | SHN_LCOMMON | SHN_XINDEX)
}

/// Finds the symbol that `symbol_table` stumbled over.
fn symbol_error(object: &Object) -> String {
    for (index, symbol) in object.symbols.iter().enumerate() {
        let name = String::from_utf8_lossy(object.symbol_name(index as u32));
        let shndx = symbol.shndx();
        if shndx < SHN_LORESERVE && usize::from(shndx) >= object.headers.len() {
            return format!("symbol {index} ({name}): section index out of range");
        }
        if shndx == SHN_XINDEX && object.xindex.is_empty() {
            return format!("symbol {index} ({name}): no SHT_SYMTAB_SHNDX section has its index");
        }
        if shndx >= SHN_LORESERVE && !special(shndx) {
            return format!("symbol {index} ({name}): unknown reserved section index {shndx:#x}");
        }
        let local = symbol.bind() == STB_LOCAL;
        if local != (index < object.first_global) {
            let what = if local { "local" } else { "global" };
            return format!("symbol {index} ({name}): {what}, but on the wrong side of sh_info");
        }
    }
    "malformed symbol table".into()
}

/// Drops groups that aren't COMDATs and checks the rest.
fn check_groups(object: &mut Object) -> Parsed<()> {
    let (headers, symbols) = (object.headers, object.symbols);
    object.groups.retain(|group| {
        headers[group.section as usize].kind() != SHT_GROUP || !group.members.is_empty()
    });
    for group in &object.groups {
        let header = &headers[group.section as usize];
        let bad = |what| Err(format!("section {}: {what}", group.section));
        if header.kind() == SHT_GROUP && header.info() as usize >= symbols.len() {
            return bad("the group's signature is no symbol");
        }
        if group.members.iter().any(|member| member.get(LE) as usize >= headers.len()) {
            return bad("the group's member is out of range");
        }
    }
    Ok(())
}

/// The signature of a group: the name of its symbol, or of the section if that is a section symbol.
pub fn signature<'data>(object: &Object<'data>, group: &Group) -> &'data [u8] {
    let header = &object.headers[group.section as usize];
    if header.kind() != SHT_GROUP {
        return object.section_name(group.section);
    }
    match object.symbols.get(header.info() as usize) {
        Some(symbol) if symbol.kind() == STT_SECTION => {
            object.symbol_section(header.info()).map_or(&[], |shndx| object.section_name(shndx))
        }
        _ => object.symbol_name(header.info()),
    }
}
