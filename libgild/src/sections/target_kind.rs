//! What kind of thing a symbol is to a relocation: for the scan before layout and the writer after it.

use super::{SectionKind, Sections};
use crate::arch::x86_64::{TargetKind, is_plain};
use crate::elf::*;
use crate::ids::SectionId;
use crate::input::object::Object;
use crate::symbols::{Definition, LinkerSymbol, Resolved, SymbolRef};

/// The kind of what is in section `id` and has symbol type `kind`.
#[inline]
pub fn in_section(sections: &Sections, id: SectionId, kind: u8) -> TargetKind {
    match kind {
        STT_GNU_IFUNC => TargetKind::Ifunc,
        STT_TLS => TargetKind::Tls,
        _ if sections.is_far(id) => TargetKind::Far,
        _ => TargetKind::Address,
    }
}

/// The kind of local symbol `symbol`, which is in section `shndx`, to a relocation of type `relocation`.
#[inline]
pub fn of_local(
    sections: &Sections,
    object: &Object,
    symbol: &Sym,
    shndx: u32,
    relocation: u32,
) -> TargetKind {
    let tls = || object.headers[shndx as usize].flags() & SHF_TLS != 0;
    match symbol.kind() {
        STT_SECTION if !is_plain(relocation) && tls() => TargetKind::Tls,
        kind => in_section(sections, object.section_id(shndx), kind),
    }
}

/// The kind of a symbol that the linker defines. Data may end far from code; what start-up code needs must
/// be near.
pub fn of_linker(sections: &Sections, symbol: LinkerSymbol) -> TargetKind {
    match symbol {
        LinkerSymbol::TlsModuleBase => TargetKind::Tls,
        LinkerSymbol::Edata
        | LinkerSymbol::BssStart
        | LinkerSymbol::End
        | LinkerSymbol::SectionStart(_)
        | LinkerSymbol::SectionStop(_)
            if sections.has_far() =>
        {
            TargetKind::Far
        }
        _ => TargetKind::Address,
    }
}

/// The kind of a global or local symbol that isn't in an excluded section.
pub fn kind_of(resolved: &Resolved, sections: &Sections, symbol: SymbolRef) -> TargetKind {
    match symbol {
        SymbolRef::Local(file, index) => {
            local_kind(sections, resolved.object(file), index, R_X86_64_NONE)
        }
        SymbolRef::Global(id) => {
            let symbol = resolved.symbol(id);
            match symbol.definition {
                Definition::Undefined => TargetKind::Absolute(0),
                Definition::Absolute => TargetKind::Absolute(symbol.value),
                Definition::Linker(
                    LinkerSymbol::SectionStart(name) | LinkerSymbol::SectionStop(name),
                ) if sections.is_dead_start_stop(name) => TargetKind::Absolute(0),
                Definition::Linker(which) => of_linker(sections, which),
                Definition::Section(id) => in_section(sections, id, symbol.kind),
            }
        }
    }
}

fn local_kind(sections: &Sections, object: &Object, index: u32, relocation: u32) -> TargetKind {
    let Some(symbol) = object.symbols.get(index as usize) else { return TargetKind::Absolute(0) };
    match object.symbol_section(index) {
        Some(shndx) => of_local(sections, object, symbol, shndx, relocation),
        None if symbol.shndx() == SHN_ABS => TargetKind::Absolute(symbol.value()),
        None => TargetKind::Absolute(0),
    }
}

/// Whether a symbol is in a section that isn't in the output: it stands for 0.
fn is_excluded(resolved: &Resolved, sections: &Sections, object: &Object, symbol: u32) -> bool {
    let section = match object.global(symbol).map(|id| resolved.symbol(id).definition) {
        Some(Definition::Section(id)) => Some(id),
        Some(_) => None,
        None => object.symbol_section(symbol).map(|shndx| object.section_id(shndx)),
    };
    section.is_some_and(|id| sections.inputs[id.index()].kind == SectionKind::Excluded)
}

/// The kind of what `rela` of `object` refers to. `may_dangle`: that may be in an excluded section
/// (see [`crate::sections::may_dangle`]); elsewhere the scan has made an error of it.
pub fn target_kind(
    resolved: &Resolved,
    sections: &Sections,
    object: &Object,
    rela: &Rela,
    may_dangle: bool,
) -> TargetKind {
    if may_dangle && is_excluded(resolved, sections, object, rela.sym()) {
        return TargetKind::Absolute(0);
    }
    match object.global(rela.sym()) {
        Some(id) => kind_of(resolved, sections, SymbolRef::Global(id)),
        None => local_kind(sections, object, rela.sym(), rela.kind()),
    }
}
