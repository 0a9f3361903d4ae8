//! Relocatable objects (gABI): headers, symbols and relocations, checked once, read in place.

use crate::diagnostics::Place;
use crate::elf::{Rela, Shdr, Sym};
use crate::ids::{FileId, SectionId, SymbolId};
use object::LittleEndian as LE;
use object::endian::U32;
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

/// One relocatable object that takes part in the link.
#[derive(Debug)]
pub struct Object<'data> {
    /// Its rank.
    pub file: FileId,
    /// For messages.
    pub name: ObjectName<'data>,
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
    /// `SectionId` of header 0.
    pub first_section: u32,
    /// By header index: belongs to a COMDAT group or linkonce section that lost. Empty if none does.
    pub discarded: Vec<bool>,
    /// By header index: header index of its `SHT_RELA` section, 0 if none.
    pub relas: Vec<u32>,
    /// Whether the object was a member of an archive that `--exclude-libs` names.
    pub excluded_lib: bool,
}

impl<'data> Object<'data> {
    /// Name of section `shndx`; `.zdebug_x` is called `.debug_x`.
    pub fn section_name(&self, _shndx: u32) -> &'data [u8] {
        todo!()
    }

    /// Contents of section `shndx`, inflated; empty for `SHT_NOBITS`.
    pub fn section_data(&self, _shndx: u32) -> &[u8] {
        todo!()
    }

    /// Size of section `shndx` in bytes, inflated.
    pub fn section_size(&self, _shndx: u32) -> u64 {
        todo!()
    }

    /// Alignment of section `shndx` in bytes, at least 1; that of the contents if they were compressed.
    pub fn section_align(&self, _shndx: u32) -> u64 {
        todo!()
    }

    /// Whether section `shndx` lost against another file's COMDAT group or linkonce section.
    pub fn is_discarded(&self, shndx: u32) -> bool {
        self.discarded.get(shndx as usize).copied().unwrap_or(false)
    }

    /// Relocations that apply to section `shndx`.
    pub fn relocations(&self, _shndx: u32) -> &'data [Rela] {
        todo!()
    }

    /// Name of symbol `index`, as the object spells it.
    pub fn symbol_name(&self, _index: u32) -> &'data [u8] {
        todo!()
    }

    /// The section that symbol `index` is defined in; `None` if undefined, absolute or common.
    pub fn symbol_section(&self, _index: u32) -> Option<u32> {
        todo!()
    }

    /// The global name of symbol `index`; `None` for a local symbol.
    pub fn global(&self, index: u32) -> Option<SymbolId> {
        (index as usize).checked_sub(self.first_global).and_then(|i| self.globals.get(i)).copied()
    }

    /// Id of section `shndx`.
    pub fn section_id(&self, shndx: u32) -> SectionId {
        SectionId(self.first_section + shndx)
    }

    /// A position for a message, with the source line if there is debug information.
    pub fn place(&self, _shndx: u32, _offset: u64) -> Place {
        todo!()
    }
}
