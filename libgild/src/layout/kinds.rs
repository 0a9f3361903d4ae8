//! What kind of thing a symbol is to a relocation.

use super::SymbolRef;
use crate::arch::x86_64::{TargetKind, is_plain};
use crate::elf::*;
use crate::ids::SectionId;
use crate::input::object::Object;
use crate::sections::{SectionKind, Sections};
use crate::symbols::{Definition, LinkerSymbol, Resolved};

fn in_section(sections: &Sections, id: SectionId) -> TargetKind {
    if !sections.has_large {
        return TargetKind::Address;
    }
    let output = sections.outputs.get(sections.inputs[id.index()].output.index());
    match output.map_or(0, |output| output.flags) & SHF_X86_64_LARGE {
        0 => TargetKind::Address,
        _ => TargetKind::Large,
    }
}

/// The kind of a global or local symbol.
pub fn kind_of(resolved: &Resolved, sections: &Sections, symbol: SymbolRef) -> TargetKind {
    match symbol {
        SymbolRef::Local(file, index) => local_kind(sections, resolved.object(file), index, None),
        SymbolRef::Global(id) => {
            let symbol = resolved.symbol(id);
            match (symbol.definition, symbol.kind) {
                (Definition::Undefined, _) => TargetKind::Absolute(0),
                (Definition::Absolute, _) => TargetKind::Absolute(symbol.value),
                (Definition::Linker(LinkerSymbol::TlsModuleBase), _) => TargetKind::Tls,
                (
                    Definition::Linker(
                        LinkerSymbol::SectionStart(name) | LinkerSymbol::SectionStop(name),
                    ),
                    _,
                ) if sections.is_dead_bound(name) => TargetKind::Absolute(0),
                (Definition::Linker(_), _) => TargetKind::Address,
                (_, STT_TLS) => TargetKind::Tls,
                (_, STT_GNU_IFUNC) => TargetKind::Ifunc,
                (Definition::Section(id), _) => in_section(sections, id),
            }
        }
    }
}

fn local_kind(
    sections: &Sections,
    object: &Object,
    index: u32,
    relocation: Option<u32>,
) -> TargetKind {
    let Some(symbol) = object.symbols.get(index as usize) else { return TargetKind::Absolute(0) };
    let Some(section) = object.symbol_section(index) else {
        let absolute = symbol.shndx() == SHN_ABS;
        return TargetKind::Absolute(if absolute { symbol.value() } else { 0 });
    };
    let tls = || object.headers[section as usize].flags() & SHF_TLS != 0;
    match symbol.kind() {
        STT_GNU_IFUNC => TargetKind::Ifunc,
        STT_TLS => TargetKind::Tls,
        STT_SECTION if !relocation.is_some_and(is_plain) && tls() => TargetKind::Tls,
        _ => in_section(sections, object.section_id(section)),
    }
}

/// Whether a symbol is in a section that isn't in the output: it stands for 0.
pub fn is_excluded(resolved: &Resolved, sections: &Sections, object: &Object, symbol: u32) -> bool {
    let section = match object.global(symbol).map(|id| resolved.symbol(id).definition) {
        Some(Definition::Section(id)) => Some(id),
        Some(_) => None,
        None => object.symbol_section(symbol).map(|shndx| object.section_id(shndx)),
    };
    section.is_some_and(|id| sections.inputs[id.index()].kind == SectionKind::Excluded)
}

/// The kind of what `rela` of `object` refers to.
pub fn target_kind(
    resolved: &Resolved,
    sections: &Sections,
    object: &Object,
    rela: &Rela,
) -> TargetKind {
    match object.global(rela.sym()) {
        Some(id) => kind_of(resolved, sections, SymbolRef::Global(id)),
        None => local_kind(sections, object, rela.sym(), Some(rela.kind())),
    }
}
