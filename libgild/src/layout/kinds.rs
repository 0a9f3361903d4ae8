//! What kind of thing a symbol is to a relocation.

use super::SymbolRef;
use crate::arch::x86_64::TargetKind;
use crate::elf::*;
use crate::ids::SectionId;
use crate::input::object::Object;
use crate::sections::Sections;
use crate::symbols::{Definition, Resolved};

fn in_section(resolved: &Resolved, sections: &Sections, id: SectionId) -> TargetKind {
    if !sections.has_large {
        return TargetKind::Address;
    }
    let large = match sections.locate(resolved, id) {
        Some((object, section)) => object.headers[section as usize].flags() & SHF_X86_64_LARGE != 0,
        None => {
            let common = id.0.checked_sub(resolved.first_common);
            common.and_then(|i| resolved.commons.get(i as usize)).is_some_and(|c| c.large)
        }
    };
    if large { TargetKind::Large } else { TargetKind::Address }
}

/// The kind of a global or local symbol.
pub fn kind_of(resolved: &Resolved, sections: &Sections, symbol: SymbolRef) -> TargetKind {
    match symbol {
        SymbolRef::Local(file, index) => {
            local_kind(resolved, sections, resolved.object(file), index)
        }
        SymbolRef::Global(id) => {
            let symbol = resolved.symbol(id);
            match (symbol.definition, symbol.kind) {
                (Definition::Undefined, _) => TargetKind::Absolute(0),
                (Definition::Absolute, _) => TargetKind::Absolute(symbol.value),
                (_, STT_TLS) => TargetKind::Tls,
                (_, STT_GNU_IFUNC) => TargetKind::Ifunc,
                (Definition::Section(id), _) => in_section(resolved, sections, id),
                (Definition::Linker(_), _) => TargetKind::Address,
            }
        }
    }
}

fn local_kind(resolved: &Resolved, sections: &Sections, object: &Object, index: u32) -> TargetKind {
    let Some(symbol) = object.symbols.get(index as usize) else { return TargetKind::Absolute(0) };
    let Some(section) = object.symbol_section(index) else {
        let absolute = symbol.shndx() == SHN_ABS;
        return TargetKind::Absolute(if absolute { symbol.value() } else { 0 });
    };
    let tls = || object.headers[section as usize].flags() & SHF_TLS != 0;
    match symbol.kind() {
        STT_GNU_IFUNC => TargetKind::Ifunc,
        STT_TLS => TargetKind::Tls,
        STT_SECTION if tls() => TargetKind::Tls,
        _ => in_section(resolved, sections, object.section_id(section)),
    }
}

/// The kind of symbol table entry `index` of `object`.
pub fn target_kind(
    resolved: &Resolved,
    sections: &Sections,
    object: &Object,
    index: u32,
) -> TargetKind {
    match object.global(index) {
        Some(id) => kind_of(resolved, sections, SymbolRef::Global(id)),
        None => local_kind(resolved, sections, object, index),
    }
}
