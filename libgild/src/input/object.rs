//! Relocatable objects (gABI): headers, symbols and relocations, checked once, read in place.

use super::inflate::{self, Inflated};
use super::{lines, parse};
use crate::demangle::demangle;
use crate::diagnostics::{self, Error, Place};
use crate::elf::{
    Rela, SHN_LORESERVE, SHN_XINDEX, SHT_GROUP, SHT_NOBITS, STT_FILE, Shdr, ShdrExt, Sym, SymExt,
};
use crate::ids::{FileId, SectionId, Site, SymbolId};
use crate::prefetch::prefetch;
use crate::substitute::Taken;
use object::LittleEndian as LE;
use object::endian::U32;
use object::pod::slice_from_all_bytes;
use std::fmt;
use std::path::Path;

/// How messages name an object: `a.o` or `libx.a(m.o)`.
#[derive(Clone, Copy, Debug)]
pub struct ObjectName<'data> {
    /// Path of the object or archive, as the user knows it.
    pub path: &'data Path,
    /// Name of the archive member.
    pub member: Option<&'data [u8]>,
}

impl fmt::Display for ObjectName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member {
            Some(member) => {
                write!(f, "{}({})", self.path.display(), String::from_utf8_lossy(member))
            }
            None => write!(f, "{}", self.path.display()),
        }
    }
}

/// Where an object stands: rank of the input, file offset of the member's header (0 for a file).
pub type Position = (u32, u64);

/// One relocatable object that takes part in the link.
#[derive(Debug)]
pub struct Object<'data> {
    /// Its rank.
    pub file: FileId,
    /// For messages.
    pub name: ObjectName<'data>,
    /// Where it came from; `FileId`s ascend with it.
    pub position: Position,
    /// The whole file or member.
    pub data: &'data [u8],
    /// Section headers.
    pub headers: &'data [Shdr],
    /// `.shstrtab`.
    pub section_names: &'data [u8],
    /// `.symtab`, entry 0 included.
    pub symbols: &'data [Sym],
    /// `.strtab`.
    pub strings: &'data [u8],
    /// Index of the first global symbol (`sh_info`).
    pub first_global: usize,
    /// `SHT_SYMTAB_SHNDX`; empty if there is none.
    pub xindex: &'data [U32<LE>],
    /// `globals[i]` is the name of `symbols[first_global + i]`.
    pub globals: Vec<SymbolId>,
    /// Bytes of the names of `globals`, without the version of `name@@VERSION`.
    pub global_lengths: Vec<u32>,
    /// `SectionId` of header 0.
    pub first_section: u32,
    /// By header index: belongs to a COMDAT group or linkonce section that lost. Empty if none does.
    pub discarded: Vec<bool>,
    /// By header index: header index of its `SHT_RELA` section, 0 if none.
    pub relas: Vec<u32>,
    /// COMDAT groups and linkonce sections, until it is known which stay.
    pub groups: Vec<Group<'data>>,
    /// Header indexes of `SHT_NOTE` sections.
    pub notes: Vec<u32>,
    /// Header indexes of sections whose names don't start with a dot: `__start_NAME` may
    /// refer to them.
    pub identifiers: Vec<u32>,
    /// Whether the object was a member of an archive that `--exclude-libs` names.
    pub excluded_lib: bool,
    /// Definitions that allocator substitution takes otherwise than they are, by symbol index.
    pub taken: Vec<(u32, Taken)>,
    /// Sections to inflate; found while parsing.
    pub(super) compressed: Vec<u32>,
    /// Inflated sections, ascending.
    pub(super) inflated: Vec<Inflated>,
}

/// Sections of which one copy stays in the link.
#[derive(Clone, Copy, Debug)]
pub struct Group<'data> {
    /// Header index of the `SHT_GROUP` or linkonce section.
    pub section: u32,
    /// The signature, a name like any other.
    pub signature: SymbolId,
    /// Header indexes of the members; empty for a linkonce section, which is its own.
    pub members: &'data [U32<LE>],
}

impl Group<'_> {
    /// The index in `Object::globals` of the signature, if that is an unversioned global symbol.
    pub fn global_signature(&self, object: &Object) -> Option<usize> {
        let header = &object.headers[self.section as usize];
        let index = header.info() as usize;
        if header.kind() != SHT_GROUP || object.symbols.get(index)?.shndx() == 0 {
            return None;
        }
        index.checked_sub(object.first_global)
    }
}

impl<'data> Object<'data> {
    /// Reads an object. Everything that later accessors rely on is checked here.
    ///
    /// Errors: malformed files, and files of other kinds, machines or classes, with the remedy.
    pub fn parse(
        name: ObjectName<'data>,
        data: &'data [u8],
        position: Position,
    ) -> Result<Object<'data>, Error> {
        parse::parse(name, data, position)
            .map_err(|message| Error::input(position.0, name, message))
    }

    fn header(&self, shndx: u32) -> Option<&'data Shdr> {
        self.headers.get(shndx as usize)
    }

    /// Name of section `shndx`; `.zdebug_x` is called `.debug_x`.
    pub fn section_name(&self, shndx: u32) -> &'data [u8] {
        let offset = self.header(shndx).map_or(0, |header| header.name());
        let name = string(self.section_names, offset);
        if name.starts_with(inflate::OLD_PREFIX) { inflate::new_name(name) } else { name }
    }

    /// Asks for the name of section `shndx`, if there is one: nearly each is a cache miss.
    pub fn prefetch_section_name(&self, shndx: usize) {
        if let Some(header) = self.headers.get(shndx) {
            prefetch(self.section_names, header.name() as usize);
        }
    }

    /// Contents of section `shndx`, inflated; empty for `SHT_NOBITS`.
    pub fn section_data(&self, shndx: u32) -> &[u8] {
        match self.inflated(shndx) {
            Some(inflated) => &inflated.bytes,
            None => self.raw_data(shndx),
        }
    }

    /// Contents of section `shndx` as they are in the file.
    pub(super) fn raw_data(&self, shndx: u32) -> &'data [u8] {
        self.header(shndx).and_then(|header| stored(self.data, header)).unwrap_or(&[])
    }

    pub(super) fn inflated(&self, shndx: u32) -> Option<&Inflated> {
        if self.inflated.is_empty() {
            return None;
        }
        let found = self.inflated.binary_search_by_key(&shndx, |inflated| inflated.section);
        found.ok().map(|index| &self.inflated[index])
    }

    /// Size of section `shndx` in bytes, inflated.
    pub fn section_size(&self, shndx: u32) -> u64 {
        match self.inflated(shndx) {
            Some(inflated) => inflated.bytes.len() as u64,
            None => self.header(shndx).map_or(0, |header| header.size()),
        }
    }

    /// Alignment of section `shndx` in bytes, at least 1; that of the contents if they were compressed.
    pub fn section_align(&self, shndx: u32) -> u64 {
        match self.inflated(shndx) {
            Some(inflated) => inflated.align,
            None => self.header(shndx).map_or(1, |header| header.align()),
        }
    }

    /// Whether section `shndx` lost against another file's COMDAT group or linkonce section.
    pub fn is_discarded(&self, shndx: u32) -> bool {
        self.discarded.get(shndx as usize).copied().unwrap_or(false)
    }

    /// Relocations that apply to section `shndx`.
    pub fn relocations(&self, shndx: u32) -> &'data [Rela] {
        match self.relas.get(shndx as usize) {
            None | Some(0) => &[],
            Some(&rela) => slice_from_all_bytes(self.raw_data(rela)).unwrap_or(&[]),
        }
    }

    /// Name of symbol `index`, as the object spells it.
    pub fn symbol_name(&self, index: u32) -> &'data [u8] {
        self.symbols.get(index as usize).map_or(&[], |symbol| string(self.strings, symbol.name()))
    }

    /// The section that symbol `index` is defined in; `None` if undefined, absolute or common.
    pub fn symbol_section(&self, index: u32) -> Option<u32> {
        match self.symbols.get(index as usize)?.shndx() {
            0 => None,
            SHN_XINDEX => self.xindex.get(index as usize).map(|shndx| shndx.get(LE)),
            shndx if shndx < SHN_LORESERVE => Some(shndx.into()),
            _ => None,
        }
    }

    /// The global name of symbol `index`; `None` for a local symbol.
    pub fn global(&self, index: u32) -> Option<SymbolId> {
        (index as usize).checked_sub(self.first_global).and_then(|i| self.globals.get(i)).copied()
    }

    /// How allocator substitution takes the definition of symbol `index`, if not as it is.
    pub fn takes(&self, index: u32) -> Option<Taken> {
        if self.taken.is_empty() {
            return None;
        }
        let found = self.taken.iter().find(|(symbol, _)| *symbol == index);
        found.map(|(_, taken)| *taken)
    }

    /// The global symbols: index, entry.
    pub fn global_symbols(&self) -> impl Iterator<Item = (u32, &'data Sym)> + use<'data> {
        let first = self.first_global;
        let globals = self.symbols.get(first..).unwrap_or(&[]);
        globals.iter().enumerate().map(move |(i, symbol)| ((first + i) as u32, symbol))
    }

    /// How messages name symbol `index`.
    pub fn symbol_label(&self, index: u32, demangled: bool) -> String {
        let name = self.symbol_name(index);
        match self.symbol_section(index) {
            Some(shndx) if name.is_empty() => {
                format!("section {}", String::from_utf8_lossy(self.section_name(shndx)))
            }
            _ => demangle(name, demangled),
        }
    }

    /// `a.o:(.text)`.
    pub fn section_label(&self, shndx: u32) -> String {
        format!("{}:({})", self.name, String::from_utf8_lossy(self.section_name(shndx)))
    }

    /// Byte `offset` of section `shndx`.
    pub fn site(&self, shndx: u32, offset: u64) -> Site {
        Site { file: self.file, shndx, offset }
    }

    /// Id of section `shndx`.
    pub fn section_id(&self, shndx: u32) -> SectionId {
        SectionId(self.first_section + shndx)
    }

    /// The object's only source file, by its STT_FILE symbol (gABI, "Symbol Types").
    fn source_file(&self) -> Option<String> {
        let locals = (0..self.first_global as u32).zip(self.symbols);
        let mut files = locals.filter(|(_, symbol)| symbol.kind() == STT_FILE);
        let (index, _) = files.next()?;
        let name = String::from_utf8_lossy(self.symbol_name(index)).into_owned();
        (files.next().is_none() && !name.is_empty()).then_some(name)
    }

    /// A position for a message. `with_source`: with the source line if there is debug information,
    /// which takes milliseconds to read, or else the source file.
    pub fn place(&self, shndx: u32, offset: u64, with_source: bool) -> Place {
        let source = || lines::source_line(self, shndx, offset).or_else(|| self.source_file());
        Place {
            file: self.name.to_string(),
            section: String::from_utf8_lossy(self.section_name(shndx)).into_owned(),
            offset,
            source: with_source.then(source).flatten(),
            order: (self.file.0, shndx, offset),
        }
    }
}

/// Signature of a group: the name of its symbol, or of the section if that is a section symbol.
pub fn signature<'data>(object: &Object<'data>, group: &Group) -> &'data [u8] {
    parse::signature(object, group)
}

/// Inflates the compressed sections of `objects`, all in parallel. Debug sections stay as they are
/// if `strip_debug`: nothing reads them then.
pub fn inflate(objects: &mut [Object], strip_debug: bool) -> diagnostics::Result<()> {
    inflate::all(objects, strip_debug)
}

/// The bytes of a section in the file; `None` if they are not all there.
pub(super) fn stored<'data>(data: &'data [u8], header: &Shdr) -> Option<&'data [u8]> {
    if header.kind() == SHT_NOBITS || header.kind() == 0 {
        return Some(&[]);
    }
    let start = usize::try_from(header.offset()).ok()?;
    let end = start.checked_add(usize::try_from(header.size()).ok()?)?;
    data.get(start..end)
}

/// The NUL-terminated string at `offset`.
pub fn string(table: &[u8], offset: u32) -> &[u8] {
    let rest = table.get(offset as usize..).unwrap_or(&[]);
    &rest[..memchr::memchr(0, rest).unwrap_or(rest.len())]
}
