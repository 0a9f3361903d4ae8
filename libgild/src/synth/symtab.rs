//! `.symtab` and `.strtab`: what is in them, and how they are written in parts.
//!
//! Locals come first (gABI), file by file; a file brings its local symbols and the hidden globals
//! that it defines. Then come the globals, by the file that defines each.

use super::linker_symbols::LinkerSymbols;
use super::split::{Group, groups};
use super::{Context, Plan};
use crate::args::{Discard, Strip};
use crate::elf::*;
use crate::input::object::Object;
use crate::prefetch::{AHEAD, prefetch};
use crate::sections::SectionKind;
use crate::symbols::{Definition, Symbol};
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::ops::Range;

/// Which half of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// STB_LOCAL.
    Locals,
    /// All others.
    Globals,
}

/// A symbol that is in the output.
#[derive(Clone, Copy, Debug)]
struct Pick {
    /// Its number in the object's symbol table.
    index: u32,
    /// Bytes of its name, without the version of `name@@VERSION`.
    length: u32,
}

/// One object's symbols that are in the output.
#[derive(Debug, Default)]
struct Picks {
    /// STB_LOCAL in the output: locals, then hidden globals.
    locals: Vec<Pick>,
    globals: Vec<Pick>,
    count: [Count; 2],
    /// Some have a type or binding of GNU's.
    gnu: bool,
}

impl Picks {
    fn add(&mut self, symbol: &Sym, index: u32, length: u32, half: Half) {
        self.gnu |= symbol.kind() == STT_GNU_IFUNC || symbol.bind() == STB_GNU_UNIQUE;
        let (picks, count) = match half {
            Half::Locals => (&mut self.locals, &mut self.count[0]),
            Half::Globals => (&mut self.globals, &mut self.count[1]),
        };
        picks.push(Pick { index, length });
        count.add(length);
    }
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
    /// One more entry, with a name of `length` bytes.
    pub fn add(&mut self, length: u32) {
        self.symbols += 1;
        self.names += u64::from(length) + 1;
    }
}

/// Sizes and parts of the two sections.
#[derive(Debug, Default)]
pub struct SymTab {
    /// Files of each part: over the locals' half, then over the globals' half.
    local_groups: Vec<Group>,
    global_groups: Vec<Group>,
    symbol_parts: Vec<Range<u64>>,
    name_parts: Vec<Range<u64>>,
    /// By file.
    picks: Vec<Picks>,
    linker: LinkerSymbols,
    first_global: u64,
}

impl<'data> Plan<'_, 'data> {
    /// Chooses the symbols of `object`.
    fn pick(&self, object: &Object<'data>) -> Picks {
        let mut picks = Picks::default();
        if self.options.discard != Discard::Locals {
            for index in 1..object.first_global.min(object.symbols.len()) as u32 {
                self.prefetch_local(object, index + AHEAD as u32);
                if let Some(name) = self.local(object, index) {
                    let symbol = &object.symbols[index as usize];
                    picks.add(symbol, index, name.len() as u32, Half::Locals);
                }
            }
        }
        for (place, (index, &id)) in (object.first_global as u32..).zip(&object.globals).enumerate()
        {
            if let Some(later) = object.globals.get(place + AHEAD) {
                prefetch(&self.resolved.symbols, later.index());
            }
            let symbol = self.resolved.symbol(id);
            if symbol.owner != object.file
                || symbol.owner_symbol != index
                || !self.keeps_global(symbol)
            {
                continue;
            }
            let half = if is_hidden(symbol) { Half::Locals } else { Half::Globals };
            let entry = &object.symbols[index as usize];
            picks.add(entry, index, object.global_lengths[place], half);
        }
        picks
    }

    /// Asks for what [`Plan::local`] reads.
    fn prefetch_local(&self, object: &Object, index: u32) {
        if let Some(symbol) = object.symbols.get(index as usize)
            && let Some(section) = object.symbol_section(index)
        {
            prefetch(object.strings, symbol.name() as usize);
            prefetch(&self.sections.inputs, object.section_id(section).index());
        }
    }

    /// The name of a local symbol that is in the output.
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
                        Discard::MergeTemporaries => {
                            // GNU ld goes by the flag: also where nothing could be merged.
                            object.headers[section as usize].flags() & SHF_MERGE != 0
                        }
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
}

/// Hidden and internal symbols become local (gABI, "Symbol Visibility").
pub fn is_hidden(symbol: &Symbol) -> bool {
    matches!(symbol.visibility, STV_HIDDEN | STV_INTERNAL)
}

impl SymTab {
    /// Counts everything. `None` if the table is stripped.
    pub fn new(plan: Plan) -> Option<SymTab> {
        if plan.options.strip == Strip::All {
            return None;
        }
        let objects = plan.resolved.objects.par_iter().tasks_of(16);
        let picks: Vec<Picks> = objects.map(|object| plan.pick(object)).collect();
        let mut locals: Vec<Count> = picks.iter().map(|picks| picks.count[0]).collect();
        let mut globals: Vec<Count> = picks.iter().map(|picks| picks.count[1]).collect();
        let linker = LinkerSymbols::new(plan.resolved, plan.options);
        // The linker's own symbols act as one more file behind the objects.
        locals.push(linker.count(plan.resolved, Half::Locals));
        globals.push(linker.count(plan.resolved, Half::Globals));
        let cost = |count: &Count| count.symbols * SYM_SIZE + count.names;
        let local_groups = groups(locals.iter().map(cost));
        let global_groups = groups(globals.iter().map(cost));
        let halves = [(&local_groups[..], &locals[..]), (&global_groups[..], &globals[..])];
        Some(SymTab {
            symbol_parts: parts(halves, |count| count.symbols),
            name_parts: parts(halves, |count| count.names),
            // The null symbol is local.
            first_global: 1 + locals.iter().map(|count| count.symbols).sum::<u64>(),
            local_groups,
            global_groups,
            picks,
            linker,
        })
    }

    /// Entries of `.symtab`.
    pub fn count(&self) -> u64 {
        self.symbol_parts.last().map_or(0, |part| part.end)
    }

    /// Index of the first global (`sh_info`).
    pub fn first_global(&self) -> u64 {
        self.first_global
    }

    /// Bytes of `.strtab`.
    pub fn names_size(&self) -> u64 {
        self.name_parts.last().map_or(0, |part| part.end)
    }

    /// Whether a symbol has a type or binding that EI_OSABI tells the meaning of (gABI).
    pub fn has_gnu_symbols(&self) -> bool {
        self.picks.iter().any(|picks| picks.gnu)
    }

    /// Ranges of entries that can be written independently: the halves' groups in order.
    pub fn symbol_parts(&self) -> &[Range<u64>] {
        &self.symbol_parts
    }

    /// The same for bytes of `.strtab`.
    pub fn name_parts(&self) -> &[Range<u64>] {
        &self.name_parts
    }

    /// The files and the half of part `part`.
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
        let resolved = context.resolved;
        for file in files {
            let Some(object) = resolved.objects.get(file) else {
                self.linker.names(resolved, half).for_each(&mut put);
                continue;
            };
            for &Pick { index, length } in self.picked(file, half) {
                let start = object.symbols[index as usize].name() as usize;
                put(object.strings.get(start..start + length as usize).unwrap_or(&[]));
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
        for file in files {
            let Some(object) = context.resolved.objects.get(file) else {
                self.linker.entries(context, half, name_offset, &mut put);
                continue;
            };
            let picked = self.picked(file, half);
            for (place, &Pick { index, length }) in picked.iter().enumerate() {
                let later = picked.get(place + AHEAD).and_then(|later| object.global(later.index));
                if let Some(later) = later {
                    prefetch(&context.resolved.symbols, later.index());
                    prefetch(&context.layout.symbol_addresses, later.index());
                }
                let entry = match object.global(index) {
                    Some(id) => global(context, object, index, id, half),
                    None => local(context, object, index),
                };
                put(Entry { name: name_offset, ..entry });
                name_offset += length + 1;
            }
        }
    }

    fn picked(&self, file: usize, half: Half) -> &[Pick] {
        match half {
            Half::Locals => &self.picks[file].locals,
            Half::Globals => &self.picks[file].globals,
        }
    }
}

fn parts(halves: [(&[Group], &[Count]); 2], measure: impl Fn(&Count) -> u64) -> Vec<Range<u64>> {
    let mut parts = Vec::with_capacity(halves[0].0.len() + halves[1].0.len());
    // The null symbol and the empty name belong to the first part.
    let (mut start, mut end) = (0, 1);
    for (groups, counts) in halves {
        for group in groups {
            end += counts[group.files.clone()].iter().map(&measure).sum::<u64>();
            parts.push(start..end);
            start = end;
        }
    }
    parts
}

/// What was written against what was planned.
pub fn check(section: &str, written: usize, planned: usize) -> Result<(), String> {
    match written == planned {
        true => Ok(()),
        false => Err(format!("{section}: {planned} bytes planned, {written} written")),
    }
}
