//! The definition that wins each name: an order-free minimum, and what all mentions add up to.

use super::extract::{is_common, named};
use super::{Common, Definition, NO_FILE, Symbol, filled};
use crate::args::Options;
use crate::demangle::demangle;
use crate::diagnostics::{Error, Place};
use crate::elf::{
    SHN_ABS, SHN_LCOMMON, SHN_UNDEF, STB_GNU_UNIQUE, STB_WEAK, STT_COMMON, STT_NOTYPE, STT_OBJECT,
    STT_TLS, STV_DEFAULT, STV_HIDDEN, STV_INTERNAL, STV_PROTECTED, Sym, SymExt,
};
use crate::ids::{FileId, SectionId, SymbolId};
use crate::input::object::{Object, ObjectName};
use crate::prefetch::{AHEAD, prefetch};
use crate::substitute::Taken;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// Strength, file, symbol index; the least wins.
type Key = u64;
const NO_DEFINITION: Key = u64::MAX;
const STRONG: u64 = 0;
const COMMON: u64 = 1;
const WEAK: u64 = 2;
const STRENGTH_SHIFT: u32 = 62;

/// What the mentions of a name add up to, beside `Symbol::REFERENCED`: a bit for each visibility other
/// than the default.
const PROTECTED: u8 = 64;
const HIDDEN: u8 = 128;
const INTERNAL: u8 = 1;

/// What deciding gives.
pub struct Decided {
    /// By `SymbolId`.
    pub symbols: Vec<Symbol>,
    /// Common symbols that won.
    pub commons: Vec<Common>,
    /// `SectionId` of the first of them: the number of all objects' sections.
    pub first_common: u32,
    /// Every common symbol: name, file, symbol index.
    pub common_mentions: Vec<(SymbolId, FileId, u32)>,
    /// Names without a definition that some object refers to.
    pub undefined: Vec<SymbolId>,
    /// Second strong definitions of a name.
    pub duplicates: Vec<Error>,
}

/// How an object mentions a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mention {
    Reference,
    Definition(Key),
}

fn mention(object: &Object, index: u32, symbol: &Sym) -> Mention {
    let shndx = symbol.shndx();
    let discarded = || {
        !object.discarded.is_empty()
            && object.symbol_section(index).is_some_and(|shndx| object.is_discarded(shndx))
    };
    // What the loser of a COMDAT group defined is the winner's: a reference.
    if shndx == SHN_UNDEF || discarded() {
        return Mention::Reference;
    }
    let taken = object.takes(index);
    if taken == Some(Taken::Displaced) {
        return Mention::Reference;
    }
    let strength = match symbol.bind() {
        // `Tables::scan` gathers by this strength what `commons` gives a section.
        _ if is_common(shndx) => COMMON,
        _ if taken == Some(Taken::Weak) => WEAK,
        STB_WEAK => WEAK,
        _ => STRONG,
    };
    let file = u64::from(object.file.0) << 32;
    Mention::Definition(strength << STRENGTH_SHIFT | file | u64::from(index))
}

/// Whether a reference may stay undefined. A weak definition that was displaced is none that may.
pub fn is_weak_reference(object: &Object, index: u32, symbol: &Sym) -> bool {
    symbol.bind() == STB_WEAK && object.takes(index) != Some(Taken::Displaced)
}

struct Tables {
    winners: Vec<AtomicU64>,
    bits: Vec<AtomicU8>,
}

/// Decides every name.
pub fn decide(objects: &[Object], bound: usize, options: &Options) -> Decided {
    let tables = Tables { winners: filled(bound), bits: zeroed(bound) };
    let scanned: Vec<Scanned> =
        objects.par_iter().tasks_of(8).map(|object| tables.scan(object)).collect();
    let twice = scanned.iter().flat_map(|scanned| &scanned.duplicates).copied().collect();
    let duplicates = match options.allow_multiple_definition {
        true => Vec::new(),
        false => duplicates(objects, &tables, &twice, options),
    };
    let mut symbols: Vec<Symbol> = (0..bound)
        .into_par_iter()
        .tasks_of(4096)
        .map(|index| tables.symbol(objects, index))
        .collect();
    let common_mentions: Vec<_> = scanned.into_iter().flat_map(|scanned| scanned.commons).collect();
    let first_common =
        objects.last().map_or(0, |last| last.first_section + last.headers.len() as u32);
    let commons = commons(objects, &common_mentions, first_common, &mut symbols);
    let undefined = (0..bound)
        .into_par_iter()
        .tasks_of(4096)
        .filter(|&index| {
            let symbol = &symbols[index];
            symbol.flags & Symbol::REFERENCED != 0 && !symbol.is_defined()
        })
        .map(|index| SymbolId(index as u32))
        .collect();
    Decided { symbols, commons, first_common, common_mentions, undefined, duplicates }
}

/// What a walk over one object's globals leaves for later, both rare.
#[derive(Default)]
struct Scanned {
    /// Names of which this object's strong definition was not the only one.
    duplicates: Vec<SymbolId>,
    /// Common symbols: name, file, symbol index.
    commons: Vec<(SymbolId, FileId, u32)>,
}

impl Tables {
    fn scan(&self, object: &Object) -> Scanned {
        let mut scanned = Scanned::default();
        for (id, index, symbol) in named(object) {
            let mut bits = match symbol.visibility() {
                STV_PROTECTED => PROTECTED,
                STV_HIDDEN => HIDDEN,
                STV_INTERNAL => INTERNAL,
                _ => 0,
            };
            match mention(object, index, symbol) {
                Mention::Reference => bits |= Symbol::REFERENCED,
                Mention::Definition(key) => {
                    if object.excluded_lib {
                        bits |= HIDDEN;
                    }
                    let before = self.winners[id.index()].fetch_min(key, Relaxed);
                    match key >> STRENGTH_SHIFT {
                        STRONG if before >> STRENGTH_SHIFT == STRONG => scanned.duplicates.push(id),
                        COMMON => scanned.commons.push((id, object.file, index)),
                        _ => {}
                    }
                }
            }
            let known = &self.bits[id.index()];
            if bits & !known.load(Relaxed) != 0 {
                known.fetch_or(bits, Relaxed);
            }
        }
        scanned
    }

    fn symbol(&self, objects: &[Object], index: usize) -> Symbol {
        let bits = self.bits[index].load(Relaxed);
        let visibility = match bits {
            _ if bits & INTERNAL != 0 => STV_INTERNAL,
            _ if bits & HIDDEN != 0 => STV_HIDDEN,
            _ if bits & PROTECTED != 0 => STV_PROTECTED,
            _ => STV_DEFAULT,
        };
        let flags = bits & Symbol::REFERENCED;
        let undefined = Symbol {
            value: 0,
            definition: Definition::Undefined,
            owner: NO_FILE,
            owner_symbol: 0,
            kind: STT_NOTYPE,
            visibility,
            flags,
        };
        let key_of = |index: usize| self.winners.get(index).map(|key| key.load(Relaxed));
        let later = key_of(index + AHEAD).and_then(|key| winner(objects, key));
        if let Some((object, owner_symbol)) = later {
            prefetch(object.symbols, owner_symbol as usize);
        }
        let key = key_of(index).unwrap_or(NO_DEFINITION);
        let Some((object, owner_symbol)) = winner(objects, key) else { return undefined };
        let entry = &object.symbols[owner_symbol as usize];
        let definition = match (entry.shndx(), object.symbol_section(owner_symbol)) {
            (_, Some(shndx)) => Definition::Section(object.section_id(shndx)),
            // Until `commons` gives it a section.
            (shndx, None) if is_common(shndx) => Definition::Undefined,
            _ => Definition::Absolute,
        };
        let own = match (key >> STRENGTH_SHIFT, entry.bind()) {
            (COMMON, _) => Symbol::COMMON,
            (WEAK, _) => Symbol::WEAK,
            (_, STB_GNU_UNIQUE) => Symbol::UNIQUE,
            _ => 0,
        };
        let value = if own == Symbol::COMMON { 0 } else { entry.value() };
        let kind = if entry.kind() == STT_COMMON { STT_OBJECT } else { entry.kind() };
        let flags = flags | own;
        Symbol { value, definition, owner: object.file, owner_symbol, kind, flags, ..undefined }
    }
}

fn winner<'a, 'data>(objects: &'a [Object<'data>], key: Key) -> Option<(&'a Object<'data>, u32)> {
    let file = (key & !(3 << STRENGTH_SHIFT)) >> 32;
    if key == NO_DEFINITION { None } else { Some((&objects[file as usize], key as u32)) }
}

fn zeroed(count: usize) -> Vec<AtomicU8> {
    std::iter::repeat_with(AtomicU8::default).take(count).collect()
}

/// One error for each strong definition beyond the winner.
fn duplicates(
    objects: &[Object],
    tables: &Tables,
    twice: &HashSet<SymbolId>,
    options: &Options,
) -> Vec<Error> {
    if twice.is_empty() {
        return Vec::new();
    }
    let of_object = |object: &Object| -> Vec<[(FileId, u32); 2]> {
        let mine = named(object).filter(|(id, ..)| twice.contains(id));
        let pair = |(id, index, symbol): (SymbolId, u32, &Sym)| {
            let Mention::Definition(key) = mention(object, index, symbol) else { return None };
            let winner_key = tables.winners[id.index()].load(Relaxed);
            let (first, first_index) = winner(objects, winner_key)?;
            if key >> STRENGTH_SHIFT != STRONG || key == winner_key {
                return None;
            }
            let other = &first.symbols[first_index as usize];
            let constant = symbol.shndx() == SHN_ABS && other.shndx() == SHN_ABS;
            if constant && symbol.value() == other.value() {
                return None;
            }
            Some([(first.file, first_index), (object.file, index)])
        };
        mine.filter_map(pair).collect()
    };
    let mut pairs: Vec<_> = objects.par_iter().tasks_of(8).flat_map_iter(of_object).collect();
    let object = |file: FileId| &objects[file.index()];
    pairs.par_sort_by_cached_key(|&[_, (file, index)]| place(object(file), index, false).order);
    let error = |(number, [first, second]): (usize, [(FileId, u32); 2])| {
        // Names and source lines cost time: none for errors that won't be printed.
        let printed = number < options.error_limit;
        Error::Duplicate {
            name: demangle(object(second.0).symbol_name(second.1), printed && options.demangle),
            first: place(object(first.0), first.1, printed),
            second: place(object(second.0), second.1, printed),
            way_out: way_out(object(first.0).name, object(second.0).name),
        }
    };
    pairs.into_iter().enumerate().map(error).collect()
}

/// GNU ld and lld, which go through the line, would have left one of two members alone if the other was
/// extracted before anything asked for the name.
fn way_out(first: ObjectName, second: ObjectName) -> String {
    let archives = first.member.is_some() && second.member.is_some() && first.path != second.path;
    if !archives {
        return String::new();
    }
    let (first, second) = (first.path.display(), second.path.display());
    format!(
        "\n>>> a symbol is taken from the first archive that has it: try {second} in front of {first}"
    )
}

fn place(object: &Object, index: u32, with_source: bool) -> Place {
    let offset = object.symbols[index as usize].value();
    match object.symbol_section(index) {
        Some(shndx) => object.place(shndx, offset, with_source),
        None => {
            let place = object.place(0, offset, false);
            Place { section: "*ABS*".into(), ..place }
        }
    }
}

/// The common symbols that won, in the order of their winners, as large and as aligned as the
/// greediest mention (gABI, `SHN_COMMON`); gives them their sections, from `first` on.
fn commons(
    objects: &[Object],
    mentions: &[(SymbolId, FileId, u32)],
    first: u32,
    symbols: &mut [Symbol],
) -> Vec<Common> {
    let mut numbers: HashMap<SymbolId, usize> = HashMap::new();
    let mut commons: Vec<Common> = Vec::new();
    // Objects were scanned in order, so the first mention of a name is its winner.
    for &(id, file, index) in mentions {
        let symbol = &mut symbols[id.index()];
        if symbol.flags & Symbol::COMMON == 0 {
            continue;
        }
        let entry = &objects[file.index()].symbols[index as usize];
        let number = *numbers.entry(id).or_insert_with(|| {
            commons.push(Common {
                symbol: id,
                size: 0,
                align: 1,
                tls: entry.kind() == STT_TLS,
                large: entry.shndx() == SHN_LCOMMON,
                file,
            });
            commons.len() - 1
        });
        symbol.definition = Definition::Section(SectionId(first + number as u32));
        let common = &mut commons[number];
        common.size = common.size.max(entry.size());
        common.align = common.align.max(entry.value().checked_next_power_of_two().unwrap_or(1));
    }
    commons
}
