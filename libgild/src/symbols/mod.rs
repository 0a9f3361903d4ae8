//! Global names: interning, extraction of archive members, and the definition that wins each name.

mod decide;
mod extract;
mod groups;
mod lazy;
mod linker_defined;
mod missing;
mod names;
#[cfg(test)]
mod resolve_test;
mod search;
mod suggest;
pub mod undefined;

pub(crate) use decide::is_weak_reference;
pub(crate) use lazy::{find, members};
pub use linker_defined::is_identifier;
pub use names::Names;

use crate::args::Options;
use crate::diagnostics::{Error, Place, Result};
use crate::ids::{FileId, SectionId, Site, SymbolId};
use crate::input::Inputs;
use crate::input::object::Object;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::sync::atomic::AtomicU64;

/// What a global name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Definition {
    /// Nothing: 0 for weak references, an error for others.
    Undefined,
    /// `Symbol::value` is the address.
    Absolute,
    /// `Symbol::value` is an offset in this section. Common symbols have a section of their own
    /// behind those of all objects.
    Section(SectionId),
    /// Something that only the layout knows, plus `Symbol::value`.
    Linker(LinkerSymbol),
}

/// A symbol as a relocation names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SymbolRef {
    /// A global name.
    Global(SymbolId),
    /// Symbol table index of a file's local symbol.
    Local(FileId, u32),
}

impl SymbolRef {
    /// Symbol table entry `index` of `object`.
    pub fn new(object: &Object, index: u32) -> SymbolRef {
        match object.global(index) {
            Some(id) => SymbolRef::Global(id),
            None => SymbolRef::Local(object.file, index),
        }
    }
}

/// Symbols that the linker defines where they are referenced and no input defines them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LinkerSymbol {
    /// `__ehdr_start`: the ELF header in memory.
    EhdrStart,
    /// `__executable_start`: the lowest address.
    ExecutableStart,
    /// `_end`, `end`: behind everything in memory.
    End,
    /// `_etext`, `etext`: behind the last code.
    Etext,
    /// `_edata`, `edata`: behind the last initialised data.
    Edata,
    /// `__bss_start`.
    BssStart,
    /// `_GLOBAL_OFFSET_TABLE_`.
    Got,
    /// `_DYNAMIC`; static-PIE only.
    Dynamic,
    /// `__preinit_array_start`.
    PreinitArrayStart,
    /// `__preinit_array_end`.
    PreinitArrayEnd,
    /// `__init_array_start`.
    InitArrayStart,
    /// `__init_array_end`.
    InitArrayEnd,
    /// `__fini_array_start`.
    FiniArrayStart,
    /// `__fini_array_end`.
    FiniArrayEnd,
    /// `__rela_iplt_start`: first IRELATIVE relocation of a fixed-address program.
    RelaIpltStart,
    /// `__rela_iplt_end`.
    RelaIpltEnd,
    /// `__start_SEC`; the index of SEC in `Resolved::start_stop`.
    SectionStart(u32),
    /// `__stop_SEC`; the index of SEC in `Resolved::start_stop`.
    SectionStop(u32),
    /// `__dso_handle`.
    DsoHandle,
    /// `__GNU_EH_FRAME_HDR`.
    EhFrameHdr,
    /// `_TLS_MODULE_BASE_`: the thread pointer, from which offsets in a static program count.
    TlsModuleBase,
}

/// One global name, resolved.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    /// Offset in the section, absolute address, or offset from the linker symbol (`--defsym`).
    pub value: u64,
    /// What it stands for.
    pub definition: Definition,
    /// The object whose symbol won; `NO_FILE` if undefined or made by the linker.
    pub owner: FileId,
    /// Index in the owner's symbol table.
    pub owner_symbol: u32,
    /// `STT_*` of the winner.
    pub kind: u8,
    /// `STV_*`, the most constraining of all objects.
    pub visibility: u8,
    /// `Symbol::WEAK` and relatives.
    pub flags: u8,
}

const _: () = assert!(size_of::<Symbol>() <= 32);

/// `Symbol::owner` of what no object defines.
pub const NO_FILE: FileId = FileId(u32::MAX);

impl Symbol {
    /// The winning definition is weak.
    pub const WEAK: u8 = 1;
    /// Some object refers to the name without defining it.
    pub const REFERENCED: u8 = 2;
    /// The winning definition is a common symbol.
    pub const COMMON: u8 = 8;
    /// Named by `-u`, `--require-defined`, the entry, or `--defsym`: stays referenced whatever the objects say.
    pub const NAMED: u8 = 16;
    /// The winner is STB_GNU_UNIQUE.
    pub const UNIQUE: u8 = 32;

    /// Whether the name has a definition.
    pub fn is_defined(&self) -> bool {
        self.definition != Definition::Undefined
    }
}

/// A common symbol that won its name (gABI: `SHN_COMMON`).
#[derive(Clone, Copy, Debug)]
pub struct Common {
    /// Its name.
    pub symbol: SymbolId,
    /// The largest size that any object asks for, bytes.
    pub size: u64,
    /// The largest alignment that any object asks for, bytes.
    pub align: u64,
    /// Goes to `.tbss`.
    pub tls: bool,
    /// `SHN_X86_64_LCOMMON`: goes to `.lbss`.
    pub large: bool,
    /// The winner.
    pub file: FileId,
}

/// The objects of the link and what their global names mean.
#[derive(Debug)]
pub struct Resolved<'data> {
    /// By `FileId`.
    pub objects: Vec<Object<'data>>,
    /// Global names.
    pub names: Names<'data>,
    /// By `SymbolId`.
    pub symbols: Vec<Symbol>,
    /// Common symbols in the order of their winners; number `i` is `SectionId(first_common + i)`.
    pub commons: Vec<Common>,
    /// `SectionId` of the first common symbol: the number of all objects' sections.
    pub first_common: u32,
    /// Section names behind `LinkerSymbol::SectionStart` and `SectionStop`, sorted.
    pub start_stop: Vec<Vec<u8>>,
    /// Duplicate definitions and names that the command line asks for in vain. The link goes on
    /// until all else that is wrong with its symbols is known.
    pub errors: Vec<Error>,
    /// Members that were not extracted; their names are proposed in place of undefined ones.
    lazy: lazy::Lazy<'data>,
}

impl<'data> Resolved<'data> {
    /// The symbol behind an id.
    pub fn symbol(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.index()]
    }

    /// The object behind an id.
    pub fn object(&self, id: FileId) -> &Object<'data> {
        &self.objects[id.index()]
    }

    /// A position for a message; see [`Object::place`].
    pub fn place(&self, site: Site, with_source: bool) -> Place {
        self.object(site.file).place(site.shndx, site.offset, with_source)
    }
}

/// Chooses the objects that take part and the definition of every name.
///
/// Errors: malformed objects. Duplicate definitions, and `--require-defined` and `--defsym` names
/// that nobody defines, are left in `Resolved::errors`; other undefined names are for the walk over
/// live references to report.
pub fn resolve<'data>(
    inputs: &'data Inputs,
    options: &'data Options,
    warnings: &mut Vec<String>,
) -> Result<Resolved<'data>> {
    let extract::Extracted { mut objects, names, lazy, roots } = extract::extract(inputs, options)?;
    let bound = names.bound();
    groups::discard_duplicates(&mut objects, bound);
    let decide::Decided {
        mut symbols,
        commons,
        first_common,
        common_mentions,
        mut undefined,
        duplicates,
    } = decide::decide(&objects, bound, options);
    if options.warn_common {
        for (id, file, _) in common_mentions {
            let owner = symbols[id.index()].owner;
            if owner != file {
                let name = crate::demangle::demangle(names.name(id), options.demangle);
                let [here, there] = [file, owner].map(|file| objects[file.index()].name);
                warnings.push(format!("{here}: common symbol {name} is that of {there}"));
            }
        }
    }
    for id in roots {
        let symbol = &mut symbols[id.index()];
        if symbol.flags & (Symbol::NAMED | Symbol::REFERENCED) == 0 && !symbol.is_defined() {
            undefined.push(id);
        }
        symbol.flags |= Symbol::NAMED;
    }
    linker_defined::define_fixed(&names, &mut symbols, options);
    let start_stop = linker_defined::define_start_stop(&objects, &names, &undefined, &mut symbols);
    let mut errors = duplicates;
    errors.extend(linker_defined::define_defsyms(&names, &mut symbols, options));
    for name in &options.require_defined {
        let defined = names.get(name.as_bytes()).is_some_and(|id| symbols[id.index()].is_defined());
        if !defined {
            let name = crate::demangle::demangle(name.as_bytes(), options.demangle);
            let text = format!("undefined symbol: {name}\n>>> referenced by --require-defined");
            errors.push(Error::Message(text));
        }
    }
    Ok(Resolved { objects, names, symbols, commons, first_common, start_stop, errors, lazy })
}

/// A table of "nothing yet" for an order-free minimum.
fn filled(count: usize) -> Vec<AtomicU64> {
    let entries = (0..count).into_par_iter().tasks_of(1 << 16);
    entries.map(|_| AtomicU64::new(u64::MAX)).collect()
}
