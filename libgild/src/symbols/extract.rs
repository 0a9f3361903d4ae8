//! Which objects take part: a least fixpoint, in waves.
//!
//! A name's provider is the definition of an object that takes part in any case or else the first
//! lazy candidate in line order. Each strong undefined reference from an object that takes part
//! extracts its provider; weak references extract nothing, but for those that an allocator would turn
//! against the program ([`Binding::extracts_weakly`]). So the order in which members are found doesn't
//! matter, and neither does the order of objects and archives on the line.

use super::lazy::{self, Candidate, Found, Lazy, name_at};
use super::names::{Mentions, Names};
use crate::args::{Options, Strip, wrapped};
use crate::diagnostics::{self, Error, Errors, Result, collect};
use crate::elf::{SHN_COMMON, SHN_LCOMMON, SHN_UNDEF, STB_WEAK, Sym, SymExt};
use crate::ids::{FileId, SymbolId};
use crate::input::object::{Object, Position, inflate, signature};
use crate::input::{Contents, Inputs};
use crate::prefetch::{AHEAD, prefetch};
use crate::substitute::{self, Binding, Taken};
use crate::tasks::Tasks;
use foldhash::fast::FixedState;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::vec::IntoIter;

/// Whether a section index means a common symbol.
pub fn is_common(shndx: u16) -> bool {
    shndx == SHN_COMMON || shndx == SHN_LCOMMON
}

/// The objects that take part, in order, and their names.
#[derive(Debug)]
pub struct Extracted<'data> {
    /// By `FileId`.
    pub objects: Vec<Object<'data>>,
    /// Names of the objects and of the command line.
    pub names: Names<'data>,
    /// The members left alone.
    pub lazy: Lazy<'data>,
    /// Names that the command line refers to.
    pub roots: Vec<SymbolId>,
}

/// Chooses the objects that take part.
pub fn extract<'data>(inputs: &'data Inputs, options: &'data Options) -> Result<Extracted<'data>> {
    let (lazy, eager) = rayon::join(|| Lazy::new(inputs), || eager_objects(inputs));
    let (lazy, found) = Errors::both(lazy, eager)?;
    let mut extraction = Extraction {
        inputs,
        options,
        lazy,
        names: Names::default(),
        states: Vec::new(),
        waves: Vec::new(),
        extracted: HashSet::default(),
    };
    let roots = extraction.command_line(options);
    let mut wants = extraction.eager_wave(found)?;
    wants.extend(extraction.missing(&roots));
    loop {
        let found = extraction.providers(&wants)?;
        if found.is_empty() {
            break;
        }
        wants = extraction.wave(found)?;
    }
    extraction.finish(options, roots)
}

/// Objects that take part in any case.
fn eager_objects(inputs: &Inputs) -> Result<Vec<Found<'_>>> {
    let of_entry = |rank: u32| match inputs.contents(rank)? {
        Contents::Object(_) => lazy::find(inputs, (rank, 0)).map(|found| vec![found]),
        Contents::Archive(archive) => lazy::members(inputs, rank, &archive),
    };
    let ranks: Vec<u32> = (0..inputs.entries.len() as u32)
        .filter(|&rank| !inputs.entries[rank as usize].lazy)
        .collect();
    let found = ranks.par_iter().tasks_of(16).map(|&rank| of_entry(rank));
    collect(found.collect()).map(|found| found.into_iter().flatten().collect())
}

/// A name that an object needs from elsewhere.
#[derive(Clone, Copy)]
struct Want {
    id: SymbolId,
    /// The object has a common symbol: only a definition of another kind is better.
    common: bool,
}

/// What is known of a name: bits of an `AtomicU8`.
mod state {
    /// An eager object defines it, other than as a common symbol.
    pub const DEFINED: u8 = 1;
    /// An eager object has it as a common symbol.
    pub const COMMON: u8 = 2;
    /// A provider was looked for.
    pub const WANTED: u8 = 4;
    /// A better definition than a common symbol was looked for.
    pub const COMMON_WANTED: u8 = 8;
}

struct Extraction<'data> {
    inputs: &'data Inputs,
    options: &'data Options,
    lazy: Lazy<'data>,
    names: Names<'data>,
    states: Vec<AtomicU8>,
    /// Of objects, each in their order.
    waves: Vec<Vec<Object<'data>>>,
    extracted: HashSet<Position, FixedState>,
}

impl<'data> Extraction<'data> {
    /// Interns the names of the command line; returns those that it refers to.
    fn command_line(&mut self, options: &'data Options) -> Vec<SymbolId> {
        let roots: Vec<&String> =
            options.entry.symbol().into_iter().chain(options.referenced()).collect();
        let defined = options.defsyms.iter().map(|(name, _)| name);
        let all = roots.iter().copied().chain(defined).map(|name| name.as_bytes());
        let mentions = [Mentions::new(all)];
        self.names.intern(&mentions);
        let mut ids = mentions[0].ids();
        self.grow_states();
        for id in ids.drain(roots.len()..) {
            self.states[id.index()].fetch_or(state::DEFINED, Relaxed);
        }
        ids
    }

    fn eager_wave(&mut self, found: Vec<Found<'data>>) -> Result<Vec<Want>> {
        let objects = self.parse(found)?;
        let states = &self.states;
        objects.par_iter().tasks_of(4).for_each(|object| {
            for (id, index, symbol) in named(object) {
                if object.takes(index) == Some(Taken::Displaced) {
                    continue;
                }
                let bit = match symbol.shndx() {
                    SHN_UNDEF => continue,
                    shndx if is_common(shndx) => state::COMMON,
                    _ => state::DEFINED,
                };
                set(&states[id.index()], bit);
            }
        });
        Ok(self.add(objects))
    }

    /// Names of the command line that no eager object defines, which may ask for them as well: the first
    /// member that has one would be a duplicate.
    fn missing(&self, roots: &[SymbolId]) -> impl Iterator<Item = Want> {
        let defined = state::DEFINED | state::COMMON;
        let missing = move |id: &&SymbolId| self.states[id.index()].load(Relaxed) & defined == 0;
        roots.iter().filter(missing).map(|&id| Want { id, common: false })
    }

    fn wave(&mut self, found: Vec<Found<'data>>) -> Result<Vec<Want>> {
        let objects = self.parse(found)?;
        Ok(self.add(objects))
    }

    /// Adds a wave; returns what it is the first to need.
    fn add(&mut self, objects: Vec<Object<'data>>) -> Vec<Want> {
        let wants = self.wants(&objects);
        self.waves.push(objects);
        wants
    }

    /// Parses objects and interns their names.
    fn parse(&mut self, found: Vec<Found<'data>>) -> Result<Vec<Object<'data>>> {
        let inputs = self.inputs;
        let parsed = found.par_iter().tasks_of(4).map(|found| {
            let mut object = Object::parse(found.name, found.data, found.position)?;
            let entry = &inputs.entries[found.position.0 as usize];
            object.excluded_lib = entry.excluded_lib;
            let mut lengths = Vec::with_capacity(object.symbols.len() - object.first_global);
            let mentions = mentions(&object, inputs, &mut lengths);
            object.global_lengths = lengths;
            if let Some(binding) = &inputs.binding {
                object.taken = binding.taken(&object, || substitute::has_rival(inputs, binding));
            }
            Ok((object, mentions))
        });
        let parsed: Vec<_> = parsed.collect();
        let mut objects = Vec::with_capacity(parsed.len());
        let mut mentions = Vec::with_capacity(parsed.len());
        diagnostics::for_each(parsed, |(object, its_mentions)| {
            objects.push(object);
            mentions.push(its_mentions);
        })?;
        if let Some(binding) = &inputs.binding {
            let conflict = |object| binding.conflict(object, self.options);
            Errors::check(objects.iter().filter_map(conflict).collect())?;
        }
        self.names.intern(&mentions);
        objects.par_iter_mut().zip(&mentions).tasks_of(4).for_each(|(object, mentions)| {
            set_ids(object, mentions.ids());
        });
        self.grow_states();
        Ok(objects)
    }

    fn grow_states(&mut self) {
        self.states.resize_with(self.names.bound(), AtomicU8::default);
    }

    /// Names that the objects are the first to need.
    fn wants(&self, objects: &[Object]) -> Vec<Want> {
        let extracts_weakly = |object: &Object, index| {
            let binding = self.inputs.binding.as_ref();
            binding.is_some_and(|it| it.extracts_weakly(object.symbol_name(index)))
        };
        let wants = |object: &Object| -> Vec<Want> {
            let wanted = named(object).filter_map(|(id, index, symbol)| {
                let state = &self.states[id.index()];
                let (common, settled, bit) = match symbol.shndx() {
                    _ if object.takes(index) == Some(Taken::Displaced) => {
                        (false, state::DEFINED, state::WANTED)
                    }
                    SHN_UNDEF if symbol.bind() == STB_WEAK && !extracts_weakly(object, index) => {
                        return None;
                    }
                    SHN_UNDEF => (false, state::DEFINED | state::COMMON, state::WANTED),
                    shndx if is_common(shndx) => (true, state::DEFINED, state::COMMON_WANTED),
                    _ => return None,
                };
                let first = state.load(Relaxed) & settled == 0 && set(state, bit);
                first.then_some(Want { id, common })
            });
            wanted.collect()
        };
        objects.par_iter().tasks_of(4).flat_map_iter(wants).collect()
    }

    /// The members that provide what is wanted, in line order, without those extracted before.
    fn providers(&mut self, wants: &[Want]) -> Result<Vec<Found<'data>>> {
        let names = &self.names;
        let wanted = wants.par_iter().tasks_of(1024);
        let wanted: Vec<_> =
            wanted.map(|want| (names.name(want.id), names.hash(want.id))).collect();
        let firsts = self.lazy.candidates(&wanted);
        let all = wants.par_iter().tasks_of(256).zip(firsts).zip(&wanted);
        let positions =
            all.filter_map(|((want, first), (name, _))| self.provider(name, first?, want.common));
        let mut positions: Vec<Position> = positions.collect();
        if let Some(companion) = self.inputs.binding.as_ref().and_then(|it| it.companion())
            && positions.iter().any(|position| position.0 == companion.0)
        {
            positions.push(companion);
        }
        // Many names to a member: most go here.
        positions.retain(|&position| self.extracted.insert(position));
        positions.sort_unstable();
        let inputs = self.inputs;
        // In parallel because each is the first to touch its member's page.
        let found = positions.par_iter().tasks_of(32);
        collect(found.map(|&position| lazy::find(inputs, position)).collect())
    }

    /// The member that provides `name`, of which `first` is the first to define it.
    fn provider(&self, name: &[u8], mut first: Candidate, common: bool) -> Option<Position> {
        if let Some(binding) = &self.inputs.binding {
            let own = binding.yields(name).then(|| self.programs_own(name, binding)).flatten();
            let may = |position: &Position| binding.may_provide(name, position.0);
            if let Some(own) = own {
                first.position = own;
            } else if !may(&first.position) {
                first.position = self.lazy.all_candidates(name).find(may)?;
            }
        }
        if common { self.better_than_common(name, first) } else { Some(first.position) }
    }

    /// The first member of the program's own that defines `name`.
    fn programs_own(&self, name: &[u8], binding: &Binding) -> Option<Position> {
        let is_other = |&(rank, _): &Position| !binding.is_provider(rank) && !binding.is_libc(rank);
        let own = self.lazy.all_candidates(name).find(is_other)?;
        (!substitute::has_rival(self.inputs, binding)).then_some(own)
    }

    /// The first member with a definition of `name` that wins over a common symbol, which a weak one
    /// doesn't. An index doesn't tell, so the members are read; a malformed one is left alone as if the
    /// name weren't there.
    fn better_than_common(&self, name: &[u8], first: Candidate) -> Option<Position> {
        let defines = |&position: &Position| {
            let Ok(found) = lazy::find(self.inputs, position) else { return false };
            let Ok(object) = Object::parse(found.name, found.data, position) else { return false };
            object.global_symbols().any(|(index, symbol)| {
                let defined = symbol.shndx() != SHN_UNDEF && !is_common(symbol.shndx());
                defined
                    && symbol.bind() != STB_WEAK
                    && lazy::base_name(object.symbol_name(index)) == name
            })
        };
        if defines(&first.position) {
            return Some(first.position);
        }
        // musl has a dozen common symbols, and all names are megabytes.
        first.more.then(|| self.lazy.all_candidates(name).find(defines))?
    }

    /// Numbers files and sections, and inflates what is compressed.
    fn finish(self, options: &Options, roots: Vec<SymbolId>) -> Result<Extracted<'data>> {
        let Extraction { waves, names, mut lazy, .. } = self;
        lazy.forget_hashes();
        let mut objects = in_order(waves);
        let mut sections = 0u32;
        for (file, object) in (0..).zip(&mut objects) {
            object.file = FileId(file);
            object.first_section = sections;
            let next = u32::try_from(object.headers.len()).ok();
            let next = next.and_then(|count| sections.checked_add(count));
            sections = next.ok_or_else(|| Error::Message("too many input sections".into()))?;
        }
        inflate(&mut objects, options.strip != Strip::None)?;
        Ok(Extracted { objects, names, lazy, roots })
    }
}

/// The objects of all waves, of which each is in order. A merge, because it moves each only once: an object
/// has 400 bytes.
fn in_order(waves: Vec<Vec<Object>>) -> Vec<Object> {
    let mut objects = Vec::with_capacity(waves.iter().map(Vec::len).sum());
    let mut waves: Vec<_> = waves.into_iter().map(Vec::into_iter).collect();
    let first = |(wave, number): (&IntoIter<Object>, usize)| {
        wave.as_slice().first().map(|object| Reverse((object.position, number)))
    };
    let mut firsts: BinaryHeap<_> = waves.iter().zip(0..).filter_map(first).collect();
    while let Some(Reverse((_, number))) = firsts.pop() {
        let wave = &mut waves[number];
        objects.extend(wave.next());
        firsts.extend(first((wave, number)));
    }
    objects
}

/// Sets a bit; whether this call was the first.
fn set(state: &AtomicU8, bit: u8) -> bool {
    state.load(Relaxed) & bit == 0 && state.fetch_or(bit, Relaxed) & bit == 0
}

/// The global symbols of an object with their ids and indexes.
pub fn named<'a>(object: &'a Object) -> impl Iterator<Item = (SymbolId, u32, &'a Sym)> {
    let symbols = object.globals.iter().zip(object.global_symbols());
    symbols.map(|(&id, (index, symbol))| (id, index, symbol))
}

/// All names of an object: of its globals, then those that only its groups need. `lengths` receives
/// those of the globals' names.
fn mentions<'data>(
    object: &Object<'data>,
    inputs: &'data Inputs,
    lengths: &mut Vec<u32>,
) -> Mentions<'data> {
    let wraps = &inputs.wraps;
    let binding = inputs.binding.as_deref();
    let rank = object.position.0;
    let strings = object.strings;
    let globals = object.global_symbols().map(|(index, symbol)| {
        if let Some(later) = object.symbols.get(index as usize + AHEAD) {
            prefetch(strings, later.name() as usize);
        }
        let name = name_at(strings.get(symbol.name() as usize..).unwrap_or(&[])).0;
        lengths.push(name.len() as u32);
        let defined = symbol.shndx() != SHN_UNDEF;
        let glue = || binding.is_some_and(|binding| binding.is_glue(rank));
        let wraps_it = !wraps.is_empty() && !defined && !glue();
        let name = if wraps_it { wrapped(name, wraps) } else { name };
        match binding {
            Some(binding) => binding.name(name, defined, rank),
            None => name,
        }
    });
    let groups = object.groups.iter().filter(|group| group.global_signature(object).is_none());
    let groups = groups.map(|group| signature(object, group));
    Mentions::new(globals.chain(groups))
}

fn set_ids(object: &mut Object, mut ids: Vec<SymbolId>) {
    let globals = object.symbols.len() - object.first_global;
    let mut rest = ids[globals..].iter().copied();
    let mut groups = std::mem::take(&mut object.groups);
    for group in &mut groups {
        group.signature = match group.global_signature(object) {
            Some(global) => ids[global],
            None => rest.next().unwrap_or(SymbolId(0)),
        };
    }
    object.groups = groups;
    ids.truncate(globals);
    object.globals = ids;
}
