//! The objects of a synthetic job.

use super::code::{Code, Target};
use super::{Knobs, archive, debug, unwind};
use anyhow::{Result, anyhow};
use object::write::{Comdat, Object, SectionId, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, ComdatKind, Endianness, SectionFlags, SectionKind, SymbolFlags,
    SymbolKind, SymbolScope, elf,
};
use std::collections::HashMap;

/// Adds functions and what they refer to to an object.
pub struct Builder {
    pub(super) object: Object<'static>,
    symbols: HashMap<String, SymbolId>,
}

impl Builder {
    fn new() -> Self {
        let object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        Self { object, symbols: HashMap::new() }
    }

    pub(super) fn section(&mut self, name: String, kind: SectionKind) -> SectionId {
        self.object.add_section(Vec::new(), name.into_bytes(), kind)
    }

    /// The global symbol `name`, which may be defined later or elsewhere.
    pub(super) fn symbol(&mut self, name: &str) -> SymbolId {
        if let Some(symbol) = self.symbols.get(name) {
            return *symbol;
        }
        let symbol = self.object.add_symbol(global(name));
        self.symbols.insert(name.to_owned(), symbol);
        symbol
    }

    fn define(
        &mut self,
        name: &str,
        section: SectionId,
        size: usize,
        kind: SymbolKind,
    ) -> SymbolId {
        let id = self.symbol(name);
        let symbol = self.object.symbol_mut(id);
        symbol.section = SymbolSection::Section(section);
        symbol.size = size as u64;
        symbol.kind = kind;
        symbol.scope = SymbolScope::Dynamic;
        id
    }

    /// A function in a section of its own.
    fn function(&mut self, name: &str, code: &Code) -> Result<SectionId> {
        let section = self.section(format!(".text.{name}"), SectionKind::Text);
        self.object.append_section_data(section, &code.bytes, 16);
        self.define(name, section, code.bytes.len(), SymbolKind::Text);
        for reference in &code.references {
            let symbol = match &reference.target {
                Target::Symbol(name) => self.symbol(name),
                Target::Local(symbol) => *symbol,
            };
            let relocation = object::write::Relocation {
                offset: reference.offset,
                symbol,
                // The field is the last of its instruction: relative to the next one.
                addend: -4,
                flags: object::RelocationFlags::Elf { r_type: reference.kind },
            };
            self.object.add_relocation(section, relocation)?;
        }
        Ok(section)
    }

    /// A function that other objects define as well.
    fn comdat(&mut self, name: &str) -> Result<()> {
        let section = self.function(name, &Code::number(name.len() as u32))?;
        let symbol = self.symbol(name);
        self.object.symbol_mut(symbol).weak = true;
        // GNU ld takes an object for foreign if a group's member doesn't say that it is one.
        self.object.section_mut(section).flags = SectionFlags::Elf {
            sh_type: elf::SHT_PROGBITS,
            sh_flags: elf::SHF_ALLOC | elf::SHF_EXECINSTR | elf::SHF_GROUP,
        };
        let sections = vec![section];
        self.object.add_comdat(Comdat { kind: ComdatKind::Any, symbol, sections });
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        let stack = self.section(".note.GNU-stack".to_owned(), SectionKind::Other);
        self.object.append_section_data(stack, &[], 1);
        self.object.write().map_err(|error| anyhow!("{error}"))
    }
}

fn global(name: &str) -> Symbol {
    Symbol {
        name: name.as_bytes().to_vec(),
        value: 0,
        size: 0,
        kind: SymbolKind::Unknown,
        scope: SymbolScope::Unknown,
        weak: false,
        section: SymbolSection::Undefined,
        flags: SymbolFlags::None,
    }
}

/// What the entry of object `number` returns.
fn value(number: usize) -> u32 {
    (number as u32).wrapping_mul(2_654_435_761)
}

fn entry_name(number: usize) -> String {
    format!("entry_{number}")
}

/// As long as mangled names are.
fn function_name(object: usize, number: usize) -> String {
    format!("_ZN9synthetic8module{object:05}8function{number:05}17h0123456789abcdefE")
}

/// Object `number` of a job.
///
/// # Errors
/// If the object is too large for its format.
pub fn object(knobs: &Knobs, number: usize) -> Result<Vec<u8>> {
    let mut builder = Builder::new();
    let strings = strings(&mut builder, knobs, number);
    let mut functions = vec![entry(&mut builder, knobs, number)?];
    let comdats = comdat_names(knobs, number);
    for function in 0..knobs.functions {
        let mut code = Code::dormant();
        for place in 0..knobs.relocations {
            match (place % 4, strings.len(), comdats.len()) {
                (0, _, _) => code.call(&successor(knobs, number, function)),
                (1, 1.., _) => code.address(strings[(function + place) % strings.len()]),
                (2, _, 1..) => code.call(&comdats[(function + place) % comdats.len()]),
                _ => code.load_through_got(&elsewhere(knobs, number, function)),
            }
        }
        code.end();
        functions.push(builder.function(&function_name(number, function), &code)?);
    }
    for name in &comdats {
        builder.comdat(name)?;
    }
    unwind::add(&mut builder, &functions)?;
    if !knobs.no_debug {
        debug::add(&mut builder, number, &functions)?;
    }
    builder.finish()
}

/// Loads its number and leads to the first function.
fn entry(builder: &mut Builder, knobs: &Knobs, number: usize) -> Result<SectionId> {
    let data = format!("number_{number}");
    let section = builder.section(format!(".data.{data}"), SectionKind::Data);
    builder.object.append_section_data(section, &value(number).to_le_bytes(), 4);
    builder.define(&data, section, 4, SymbolKind::Data);
    let mut code = Code::load(&data);
    if knobs.functions > 0 {
        code.dormant_call(&function_name(number, 0));
    }
    code.end();
    builder.function(&entry_name(number), &code)
}

/// The next function of the chain. Functions behind its end refer to each other, and nothing that is
/// reachable refers to them.
fn successor(knobs: &Knobs, object: usize, function: usize) -> String {
    let live = live(knobs);
    let next = if function < live {
        (function + 1) % live
    } else {
        live + (function + 1 - live) % (knobs.functions - live)
    };
    function_name(object, next)
}

fn live(knobs: &Knobs) -> usize {
    (knobs.functions * knobs.live.min(100) / 100).max(1)
}

/// A reachable function of another object.
fn elsewhere(knobs: &Knobs, object: usize, function: usize) -> String {
    let other = (object * 7 + function * 13 + 1) % knobs.objects;
    function_name(other, function % live(knobs))
}

/// Groups are shared by objects that follow each other.
fn comdat_names(knobs: &Knobs, number: usize) -> Vec<String> {
    let pool = number / knobs.copies.max(1);
    (0..knobs.comdats).map(|group| format!("_ZN6shared4pool{pool:05}5group{group:05}Ev")).collect()
}

/// A local symbol for each string, as compilers make them: relative to the next instruction, a
/// section's symbol and an addend would name a place in the string before.
fn strings(builder: &mut Builder, knobs: &Knobs, number: usize) -> Vec<SymbolId> {
    let section = builder.section(".rodata.str1.1".to_owned(), SectionKind::ReadOnlyString);
    let mut symbols = Vec::new();
    for place in 0..knobs.strings {
        let text = match place % 2 {
            0 => format!("message {place} that many objects print\0"),
            _ => format!("message {place} of object {number} alone\0"),
        };
        let value = builder.object.append_section_data(section, text.as_bytes(), 1);
        symbols.push(builder.object.add_symbol(Symbol {
            value,
            kind: SymbolKind::Label,
            scope: SymbolScope::Compilation,
            section: SymbolSection::Section(section),
            ..global(&format!(".L.str.{place}"))
        }));
    }
    symbols
}

/// Names that object `number` defines and an archive's index lists.
pub fn exported(knobs: &Knobs, number: usize) -> Vec<String> {
    let mut names = vec![entry_name(number), format!("number_{number}")];
    names.extend((0..knobs.functions).map(|function| function_name(number, function)));
    names.extend(comdat_names(knobs, number));
    names
}

/// `_start`: exits with 0 if the entries' numbers come to the right sum.
///
/// # Errors
/// As [`object`].
pub fn start(knobs: &Knobs) -> Result<Vec<u8>> {
    let mut builder = Builder::new();
    let sum = (0..knobs.objects).fold(0u32, |sum, number| sum.wrapping_add(value(number)));
    let code = Code::start((0..knobs.objects).map(entry_name), sum);
    builder.function("_start", &code)?;
    builder.finish()
}

/// A member that nothing refers to.
///
/// # Errors
/// As [`object`].
pub fn unused(number: usize) -> Result<archive::Member> {
    let mut builder = Builder::new();
    let name = format!("_ZN6unused6member{number:07}Ev");
    builder.function(&name, &Code::number(number as u32))?;
    Ok(archive::Member {
        name: format!("unused-{number}.o"),
        symbols: vec![name],
        data: builder.finish()?,
    })
}

/// The relocation types that the code uses.
pub(super) mod kinds {
    use super::elf;

    pub const CALL: elf::RelocationType = elf::R_X86_64_PLT32;
    pub const RELATIVE: elf::RelocationType = elf::R_X86_64_PC32;
    pub const GOT: elf::RelocationType = elf::R_X86_64_REX_GOTPCRELX;
    pub const ADDRESS: elf::RelocationType = elf::R_X86_64_64;
    pub const OFFSET: elf::RelocationType = elf::R_X86_64_32;
}
