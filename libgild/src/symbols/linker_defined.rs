//! Symbols that the linker defines: the fixed names, `__start_SEC`/`__stop_SEC`, and `--defsym`.

use super::{Definition, LinkerSymbol, Names, Symbol};
use crate::args::{DefsymValue, Options};
use crate::diagnostics::Error;
use crate::elf::{STT_NOTYPE, STT_TLS};
use crate::ids::SymbolId;
use crate::input::object::Object;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};

const NAMES: [(&[u8], LinkerSymbol); 23] = [
    (b"__ehdr_start", LinkerSymbol::EhdrStart),
    (b"__executable_start", LinkerSymbol::ExecutableStart),
    (b"_end", LinkerSymbol::End),
    (b"end", LinkerSymbol::End),
    (b"_etext", LinkerSymbol::Etext),
    (b"etext", LinkerSymbol::Etext),
    (b"__etext", LinkerSymbol::Etext),
    (b"_edata", LinkerSymbol::Edata),
    (b"edata", LinkerSymbol::Edata),
    (b"__bss_start", LinkerSymbol::BssStart),
    (b"_GLOBAL_OFFSET_TABLE_", LinkerSymbol::Got),
    (b"_DYNAMIC", LinkerSymbol::Dynamic),
    (b"__preinit_array_start", LinkerSymbol::PreinitArrayStart),
    (b"__preinit_array_end", LinkerSymbol::PreinitArrayEnd),
    (b"__init_array_start", LinkerSymbol::InitArrayStart),
    (b"__init_array_end", LinkerSymbol::InitArrayEnd),
    (b"__fini_array_start", LinkerSymbol::FiniArrayStart),
    (b"__fini_array_end", LinkerSymbol::FiniArrayEnd),
    (b"__rela_iplt_start", LinkerSymbol::RelaIpltStart),
    (b"__rela_iplt_end", LinkerSymbol::RelaIpltEnd),
    (b"__dso_handle", LinkerSymbol::DsoHandle),
    (b"__GNU_EH_FRAME_HDR", LinkerSymbol::EhFrameHdr),
    (b"_TLS_MODULE_BASE_", LinkerSymbol::TlsModuleBase),
];

/// Defines the fixed names that are referenced and that nobody defines.
pub fn define_fixed(names: &Names, symbols: &mut [Symbol], options: &Options) {
    for (name, meaning) in NAMES {
        // A fixed-address program has no dynamic section; libc's weak reference tells it so.
        if meaning == LinkerSymbol::Dynamic && !options.pie {
            continue;
        }
        if let Some(id) = names.get(name) {
            define(&mut symbols[id.index()], meaning);
        }
    }
}

fn define(symbol: &mut Symbol, meaning: LinkerSymbol) {
    let referenced = symbol.flags & (Symbol::REFERENCED | Symbol::NAMED) != 0;
    if !symbol.is_defined() && referenced {
        symbol.definition = Definition::Linker(meaning);
        symbol.value = 0;
        let tls = meaning == LinkerSymbol::TlsModuleBase;
        symbol.kind = if tls { STT_TLS } else { STT_NOTYPE };
    }
}

/// Defines `__start_SEC` and `__stop_SEC` for the sections SEC that some object has and whose names
/// are C identifiers (GNU ld manual, "Input Section Example"). Returns the names of the sections.
pub fn define_start_stop(
    objects: &[Object],
    names: &Names,
    undefined: &[SymbolId],
    symbols: &mut [Symbol],
) -> Vec<Vec<u8>> {
    let section = |id: SymbolId| {
        let name = names.name(id);
        let start = name.strip_prefix(b"__start_").map(|section| (section, true));
        let found = start.or_else(|| name.strip_prefix(b"__stop_").map(|rest| (rest, false)));
        found.filter(|(section, _)| is_identifier(section))
    };
    let wanted: BTreeSet<&[u8]> =
        undefined.iter().filter_map(|&id| section(id)).map(|(section, _)| section).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let of_object = |object: &Object| -> Vec<&[u8]> {
        let kept = object.identifiers.iter().filter(|&&shndx| !object.is_discarded(shndx));
        kept.filter_map(|&shndx| wanted.get(object.section_name(shndx)).copied()).collect()
    };
    let mut found: Vec<&[u8]> = objects.par_iter().tasks_of(8).flat_map_iter(of_object).collect();
    found.sort_unstable();
    found.dedup();
    for &id in undefined {
        let Some((name, start)) = section(id) else { continue };
        let Ok(index) = found.binary_search(&name) else { continue };
        let make = if start { LinkerSymbol::SectionStart } else { LinkerSymbol::SectionStop };
        define(&mut symbols[id.index()], make(index as u32));
    }
    found.into_iter().map(<[u8]>::to_vec).collect()
}

/// Whether a section of this name gets `__start_` and `__stop_` symbols.
pub fn is_identifier(name: &[u8]) -> bool {
    let first = name.first().is_some_and(|&c| c == b'_' || c.is_ascii_alphabetic());
    first && name.iter().all(|&c| c == b'_' || c.is_ascii_alphanumeric())
}

/// Gives every `--defsym` name its value; the last of several for a name counts, and all count more
/// than definitions in objects, as an assignment does in GNU ld.
///
/// Gives an error for each right-hand side that is undefined or depends on itself; that name is 0.
pub fn define_defsyms(names: &Names, symbols: &mut [Symbol], options: &Options) -> Vec<Error> {
    let values: HashMap<&str, &DefsymValue> =
        options.defsyms.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let mut errors = Vec::new();
    let mut defined = Vec::new();
    for (name, value) in &options.defsyms {
        if values.get(name.as_str()).is_none_or(|last| !std::ptr::eq(*last, value)) {
            continue;
        }
        let Some(id) = names.get(name.as_bytes()) else { continue };
        match evaluate(value, &values, names, symbols) {
            Ok(symbol) => defined.push((id, symbol)),
            Err(message) => {
                let value = expression(value);
                let text = format!("{message}\n>>> referenced by --defsym={name}={value}");
                errors.push(Error::Message(text));
                defined.push((id, Symbol { definition: Definition::Absolute, ..UNDEFINED }));
            }
        }
    }
    for (id, target) in defined {
        let old = &mut symbols[id.index()];
        let flags = old.flags & Symbol::REFERENCED | Symbol::NAMED;
        *old = Symbol { flags, visibility: old.visibility, ..target };
    }
    errors
}

fn evaluate(
    value: &DefsymValue,
    values: &HashMap<&str, &DefsymValue>,
    names: &Names,
    symbols: &[Symbol],
) -> Result<Symbol, String> {
    let mut value = value;
    let mut sum = 0i64;
    // Each step takes another of the values, so more steps than values are a cycle.
    for _ in 0..=values.len() {
        match value {
            DefsymValue::Absolute(number) => {
                let value = number.wrapping_add_signed(sum);
                return Ok(Symbol { value, definition: Definition::Absolute, ..UNDEFINED });
            }
            DefsymValue::Symbol { name, addend } => {
                sum = sum.wrapping_add(*addend);
                if let Some(next) = values.get(name.as_str()) {
                    value = next;
                    continue;
                }
                let target = names.get(name.as_bytes()).map(|id| symbols[id.index()]);
                let target = target.filter(Symbol::is_defined);
                let target = target.ok_or_else(|| format!("undefined symbol: {name}"))?;
                return Ok(Symbol { value: target.value.wrapping_add_signed(sum), ..target });
            }
        }
    }
    Err("a symbol is defined by itself".into())
}

const UNDEFINED: Symbol = Symbol {
    value: 0,
    definition: Definition::Undefined,
    owner: super::NO_FILE,
    owner_symbol: 0,
    kind: STT_NOTYPE,
    visibility: 0,
    flags: 0,
};

fn expression(value: &DefsymValue) -> String {
    match value {
        DefsymValue::Absolute(number) => format!("{number:#x}"),
        DefsymValue::Symbol { name, addend: 0 } => name.clone(),
        DefsymValue::Symbol { name, addend } if *addend < 0 => {
            format!("{name}-{:#x}", addend.unsigned_abs())
        }
        DefsymValue::Symbol { name, addend } => format!("{name}+{addend:#x}"),
    }
}
