//! `.symtab` and `.strtab`: what is in them, and how they are written in parts.
//!
//! Locals come first (gABI), file by file; a file brings its local symbols and the hidden globals
//! that it defines. Then come the globals, by the file that defines each.

use super::Context;
use super::linker_symbols::LinkerSymbols;
use super::split::{Group, groups};
use crate::args::{Discard, Options, Strip};
use crate::elf::*;
use crate::ids::SymbolId;
use crate::input::object::Object;
use crate::live::Live;
use crate::merge::Merged;
use crate::sections::{SectionKind, Sections};
use crate::symbols::{Definition, Resolved, Symbol};
use rayon::prelude::*;
use std::ops::Range;

/// What decides whether a symbol is in the table; all of it known before layout.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Filter<'a, 'data> {
    pub resolved: &'a Resolved<'data>,
    pub sections: &'a Sections,
    pub live: &'a Live,
    pub merged: &'a Merged,
    pub options: &'a Options,
}

/// Which half of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// STB_LOCAL.
    Locals,
    /// All others.
    Globals,
}

/// A symbol in the table.
#[derive(Clone, Copy, Debug)]
pub struct Picked<'data> {
    /// Its entry in the object.
    pub index: u32,
    /// Its global name.
    pub global: Option<SymbolId>,
    /// What `.strtab` gets.
    pub name: &'data [u8],
}

/// Entries, and bytes of names with their NULs.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Count {
    /// Entries.
    pub symbols: u64,
    /// Bytes.
    pub names: u64,
}

impl Count {
    /// One more entry.
    pub fn add(&mut self, name: &[u8]) {
        self.symbols += 1;
        self.names += name.len() as u64 + 1;
    }
}

/// Sizes and parts of the two sections.
#[derive(Debug, Default)]
pub struct SymTab {
    locals: Vec<Count>,
    globals: Vec<Count>,
    /// Parts over the locals' half, then over the globals' half; by names' bytes.
    local_groups: Vec<Group>,
    global_groups: Vec<Group>,
    linker: LinkerSymbols,
    /// All locals, the null symbol included.
    local_total: Count,
    total: Count,
}

impl<'data> Filter<'_, 'data> {
    /// Calls `each` for the symbols of `object` in one half of the table.
    pub fn each(&self, object: &Object<'data>, half: Half, mut each: impl FnMut(Picked<'data>)) {
        if half == Half::Locals && self.options.discard != Discard::Locals {
            for index in 1..object.first_global.min(object.symbols.len()) as u32 {
                if let Some(name) = self.local(object, index) {
                    each(Picked { index, global: None, name });
                }
            }
        }
        for (index, &id) in (object.first_global as u32..).zip(&object.globals) {
            let symbol = self.resolved.symbol(id);
            if symbol.owner != object.file || symbol.owner_symbol != index {
                continue;
            }
            if (half == Half::Locals) == is_hidden(symbol) && self.keeps_global(symbol) {
                each(Picked { index, global: Some(id), name: self.resolved.names.name(id) });
            }
        }
    }

    fn local(&self, object: &Object<'data>, index: u32) -> Option<&'data [u8]> {
        let symbol = &object.symbols[index as usize];
        match (symbol.kind(), object.symbol_section(index)) {
            (STT_SECTION, _) => None,
            (STT_FILE, _) => Some(object.symbol_name(index)),
            (_, None) => (symbol.shndx() == SHN_ABS).then(|| object.symbol_name(index)),
            (_, Some(section)) => {
                let id = object.section_id(section);
                if !self.live.is_live(id) {
                    return None;
                }
                let input = &self.sections.inputs[id.index()];
                let merge = input.kind == SectionKind::Merge;
                if merge && self.merged.lookup(input.offset, symbol.value()).is_none() {
                    return None;
                }
                let name = object.symbol_name(index);
                let temporary = name.starts_with(b".L")
                    && match self.options.discard {
                        Discard::Temporaries => true,
                        Discard::MergeTemporaries => merge,
                        Discard::Locals | Discard::None => false,
                    };
                (!temporary && !name.is_empty()).then_some(name)
            }
        }
    }

    fn keeps_global(&self, symbol: &Symbol) -> bool {
        match symbol.definition {
            Definition::Section(id) => {
                let input = &self.sections.inputs[id.index()];
                self.live.is_live(id)
                    && (input.kind != SectionKind::Merge
                        || self.merged.lookup(input.offset, symbol.value).is_some())
            }
            Definition::Absolute | Definition::Linker(_) => true,
            Definition::Undefined => false,
        }
    }

    fn count(&self, object: &Object<'data>) -> (Count, Count) {
        let (mut locals, mut globals) = (Count::default(), Count::default());
        self.each(object, Half::Locals, |picked| locals.add(picked.name));
        self.each(object, Half::Globals, |picked| globals.add(picked.name));
        (locals, globals)
    }
}

/// Hidden and internal symbols become local (gABI, "Symbol Visibility").
pub fn is_hidden(symbol: &Symbol) -> bool {
    matches!(symbol.visibility, STV_HIDDEN | STV_INTERNAL)
}

impl SymTab {
    /// Counts everything. `None` if the table is stripped.
    pub fn new(filter: Filter) -> Option<SymTab> {
        if filter.options.strip == Strip::All {
            return None;
        }
        let counts: Vec<(Count, Count)> = filter
            .resolved
            .objects
            .par_iter()
            .with_min_len(16)
            .map(|object| filter.count(object))
            .collect();
        let (mut locals, mut globals): (Vec<Count>, Vec<Count>) = counts.into_iter().unzip();
        let linker = LinkerSymbols::new(filter.resolved);
        // The linker's own symbols act as one more file behind the objects.
        locals.push(linker.count(filter.resolved, Half::Locals));
        globals.push(linker.count(filter.resolved, Half::Globals));
        // The null symbol and the empty name.
        let mut local_total = Count { symbols: 1, names: 1 };
        for count in &locals {
            local_total.symbols += count.symbols;
            local_total.names += count.names;
        }
        let mut total = local_total;
        for count in &globals {
            total.symbols += count.symbols;
            total.names += count.names;
        }
        let cost = |count: &Count| count.symbols * SYM_SIZE + count.names;
        Some(SymTab {
            local_groups: groups(locals.iter().map(cost)),
            global_groups: groups(globals.iter().map(cost)),
            locals,
            globals,
            linker,
            local_total,
            total,
        })
    }

    /// Entries of `.symtab`.
    pub fn count(&self) -> u64 {
        self.total.symbols
    }

    /// Index of the first global (`sh_info`).
    pub fn first_global(&self) -> u64 {
        self.local_total.symbols
    }

    /// Bytes of `.strtab`.
    pub fn names_size(&self) -> u64 {
        self.total.names
    }

    /// Ranges of entries that can be written independently: the halves' groups in order.
    pub fn symbol_parts(&self) -> Vec<Range<u64>> {
        self.parts(|count| count.symbols)
    }

    /// The same for bytes of `.strtab`.
    pub fn name_parts(&self) -> Vec<Range<u64>> {
        self.parts(|count| count.names)
    }

    fn parts(&self, measure: impl Fn(&Count) -> u64) -> Vec<Range<u64>> {
        let mut parts = Vec::with_capacity(self.local_groups.len() + self.global_groups.len());
        // Entry 0 and the first NUL belong to the first part.
        let (mut start, mut end) = (0, 1);
        for (groups, counts) in self.halves() {
            for group in groups {
                end += counts[group.files.clone()].iter().map(&measure).sum::<u64>();
                parts.push(start..end);
                start = end;
            }
        }
        parts
    }

    fn halves(&self) -> [(&[Group], &[Count]); 2] {
        [(&self.local_groups, &self.locals), (&self.global_groups, &self.globals)]
    }

    /// The files and the half of part `part`, and whether it is the first one.
    fn part(&self, part: usize) -> (Range<usize>, Half) {
        match part.checked_sub(self.local_groups.len()) {
            None => (self.local_groups[part].files.clone(), Half::Locals),
            Some(part) => (self.global_groups[part].files.clone(), Half::Globals),
        }
    }

    /// Writes part `part` of `.strtab`.
    pub fn fill_names(&self, context: Context, part: usize, out: &mut [u8]) -> Result<(), String> {
        let (files, half) = self.part(part);
        let mut at = usize::from(part == 0);
        out[..at].fill(0);
        let mut put = |name: &[u8]| {
            if let Some(field) = out.get_mut(at..at + name.len() + 1) {
                field[..name.len()].copy_from_slice(name);
                field[name.len()] = 0;
            }
            at += name.len() + 1;
        };
        let filter = filter(context);
        for file in files {
            match context.resolved.objects.get(file) {
                Some(object) => filter.each(object, half, |picked| put(picked.name)),
                None => self.linker.names(context.resolved, half).for_each(&mut put),
            }
        }
        check(".strtab", at, out.len())
    }

    /// Calls `put` with every entry of part `part` of `.symtab`, and the offset of its name.
    pub fn entries(
        &self,
        context: Context,
        part: usize,
        mut put: impl FnMut(super::symbol_entry::Entry),
    ) {
        use super::symbol_entry::{Entry, global, local};
        let (files, half) = self.part(part);
        if part == 0 {
            put(Entry::default());
        }
        let mut name_offset = self.name_parts()[part].start as u32 + u32::from(part == 0);
        let filter = filter(context);
        for file in files {
            let Some(object) = context.resolved.objects.get(file) else {
                self.linker.entries(context, half, name_offset, &mut put);
                continue;
            };
            filter.each(object, half, |picked| {
                let entry = match picked.global {
                    Some(id) => global(context, object, picked.index, id, half),
                    None => local(context, object, picked.index),
                };
                put(Entry { name: name_offset, ..entry });
                name_offset += picked.name.len() as u32 + 1;
            });
        }
    }
}

/// What was written against what was planned.
pub fn check(section: &str, written: usize, planned: usize) -> Result<(), String> {
    match written == planned {
        true => Ok(()),
        false => Err(format!("{section}: {planned} bytes planned, {written} written")),
    }
}

fn filter<'a, 'data>(context: Context<'a, 'data>) -> Filter<'a, 'data> {
    let Context { resolved, sections, live, merged, options, .. } = context;
    Filter { resolved, sections, live, merged, options }
}
