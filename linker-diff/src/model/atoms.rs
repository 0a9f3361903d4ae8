//! The program cut into atoms: functions and objects by symbols and FDEs, and the ranges between.

use iced_x86::Code;

use super::Image;
use super::dynamic::{R_IRELATIVE, R_RELATIVE};
use super::elf::{SHT_NOBITS, Section};
use super::linker_defined::is_linker_defined;
use super::symbols::{STT_OBJECT, STT_TLS, Symbol};
use super::target::Target;
use crate::code::{Decoder, padding};
use crate::compare::init;

/// One atom, dense over memory atoms sorted by address, then thread-local ones sorted by offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AtomId(pub u32);

impl AtomId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an atom holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Instructions.
    Code,
    /// Bytes in the file.
    Data,
    /// Zeros that the file doesn't hold.
    Zeros,
    /// Thread-local data; its addresses are offsets in the block.
    Tls,
}

/// A run of bytes that belongs together.
#[derive(Clone, Debug)]
pub struct Atom {
    /// First address, or offset in the thread-local block.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    /// Index in [`Image::sections`].
    pub section: u32,
    /// What it holds.
    pub class: Class,
    /// Whether a symbol or an FDE gives its size; otherwise it reaches to its neighbour.
    pub sized: bool,
    /// Whether an FDE or symbol begins it; false for the ranges between.
    pub known: bool,
    /// Range in [`Atoms::labels`].
    labels: (u32, u32),
}

impl Atom {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.end - self.start
    }
}

/// A symbol in an atom.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Index in [`Image::symbols`].
    pub symbol: u32,
    /// Where in the atom, in bytes.
    pub offset: u64,
}

/// All atoms of a program.
#[derive(Default, Debug)]
pub struct Atoms {
    list: Vec<Atom>,
    labels: Vec<Label>,
    in_memory: usize,
}

impl Atoms {
    /// The atom.
    pub fn get(&self, id: AtomId) -> &Atom {
        &self.list[id.index()]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (AtomId, &Atom)> {
        self.list.iter().enumerate().map(|(i, a)| (AtomId(i as u32), a))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The symbols in an atom.
    pub fn labels(&self, id: AtomId) -> &[Label] {
        let (from, to) = self.get(id).labels;
        &self.labels[from as usize..to as usize]
    }

    /// The memory atom that contains `addr`.
    pub fn find(&self, addr: u64) -> Option<AtomId> {
        let id = self.last_before(addr)?;
        (addr < self.get(id).end).then_some(id)
    }

    /// The last memory atom that begins at or before `addr`.
    pub fn last_before(&self, addr: u64) -> Option<AtomId> {
        let i = self.list[..self.in_memory].partition_point(|a| a.start <= addr);
        Some(AtomId(i.checked_sub(1)? as u32))
    }

    /// The atom, if it is one of memory.
    pub fn in_memory(&self, id: AtomId) -> Option<&Atom> {
        self.list[..self.in_memory].get(id.index())
    }

    /// The last thread-local atom that begins at or before `offset` in the block.
    pub fn last_tls_before(&self, offset: u64) -> Option<AtomId> {
        let i = self.list[self.in_memory..].partition_point(|a| a.start <= offset);
        Some(AtomId((self.in_memory + i.checked_sub(1)?) as u32))
    }

    /// Memory atoms around `id`, `reach` on either side, nearest first.
    pub fn around(&self, id: AtomId, reach: u32) -> impl Iterator<Item = AtomId> + use<> {
        let range = if id.index() < self.in_memory {
            0..self.in_memory as u32
        } else {
            self.in_memory as u32..self.list.len() as u32
        };
        (1..=reach)
            .flat_map(move |d| [id.0.checked_sub(d), id.0.checked_add(d)])
            .flatten()
            .filter(move |i| range.contains(i))
            .map(AtomId)
    }
}

/// A symbol or FDE that begins an atom or lies in one.
struct Mark {
    addr: u64,
    size: u64,
    symbol: Option<u32>,
}

/// Cuts the program.
pub fn build(image: &Image) -> Atoms {
    let mut atoms = Atoms::default();
    let mut marks = marks(image);
    marks.sort_by_key(|m| (m.addr, std::cmp::Reverse(m.size)));
    let mut order: Vec<usize> = (0..image.sections.len())
        .filter(|&i| {
            let s = &image.sections[i];
            s.is_alloc() && !s.is_tls() && !s.is_synthetic() && s.size > 0
        })
        .collect();
    order.sort_by_key(|&i| image.sections[i].addr);
    for index in order {
        let section = &image.sections[index];
        let from = marks.partition_point(|m| m.addr < section.addr);
        let to = marks.partition_point(|m| m.addr < section.addr + section.size);
        cut(
            image,
            &mut atoms,
            index,
            section.addr,
            section.size,
            class_of(section),
            &marks[from..to],
        );
    }
    atoms.in_memory = atoms.list.len();
    if let Some(tls) = image.tls {
        let mut marks: Vec<_> = (0u32..)
            .zip(&image.symbols)
            .filter(|(_, s)| s.kind == STT_TLS && s.is_place() && s.value <= tls.size)
            .filter(|(_, s)| !is_linker_defined(s.name))
            .map(|(i, s)| Mark { addr: s.value, size: s.size, symbol: Some(i) })
            .collect();
        marks.sort_by_key(|m| (m.addr, std::cmp::Reverse(m.size)));
        let section = image.sections.iter().position(|s| s.is_tls()).unwrap_or(0);
        cut(image, &mut atoms, section, 0, tls.size, Class::Tls, &marks);
    }
    atoms
}

fn class_of(section: &Section) -> Class {
    if section.is_code() {
        Class::Code
    } else if section.kind == SHT_NOBITS {
        Class::Zeros
    } else {
        Class::Data
    }
}

/// Whether a symbol marks a place of the layout: the linker defined it, or it has no size and is
/// the end of an empty input section, as crt files leave them.
fn is_marker(image: &Image, symbol: &Symbol) -> bool {
    symbol.size == 0
        && (is_linker_defined(symbol.name)
            || (symbol.kind == STT_OBJECT && image.section_bound(symbol.value).is_some()))
}

fn marks(image: &Image) -> Vec<Mark> {
    let symbols = (0u32..)
        .zip(&image.symbols)
        .filter(|(_, s)| s.is_place() && s.kind != STT_TLS)
        .filter(|(_, s)| !is_marker(image, s))
        .map(|(i, s)| Mark { addr: s.value, size: s.size, symbol: Some(i) });
    let fdes = image.unwind.fdes.iter().filter(|f| !f.is_empty()).map(|f| Mark {
        addr: f.start,
        size: f.end - f.start,
        symbol: None,
    });
    let resolvers = image.dynamic.relocs.iter().filter(|r| r.kind == R_IRELATIVE);
    let resolvers = resolvers.map(|r| Mark { addr: r.addend as u64, size: 0, symbol: None });
    let seeds = if image.is_stripped() { seeds(image) } else { Vec::new() };
    let seeds = seeds.into_iter().map(|addr| Mark { addr, size: 0, symbol: None });
    let wholes = image.wholes().iter().map(|&(addr, size)| Mark { addr, size, symbol: None });
    symbols.chain(fdes).chain(wholes).chain(resolvers).chain(seeds).collect()
}

/// Where functions of a stripped program begin that have no FDE: the entry point, initialisers, what
/// is called, and what has its address taken.
fn seeds(image: &Image) -> Vec<u64> {
    let mut seeds = vec![image.header.entry];
    for target in init::functions(image).into_iter().flatten() {
        if let Target::Addr(addr) = target {
            seeds.push(addr);
        }
    }
    let is_code = |addr| image.section_at(addr).is_some_and(Section::is_code);
    let relative = image.dynamic.relocs.iter().filter(|r| r.kind == R_RELATIVE);
    seeds.extend(relative.map(|r| r.addend as u64).filter(|&addr| is_code(addr)));
    for section in image.sections.iter().filter(|s| s.is_alloc() && s.is_code()) {
        let insns = Decoder::new(section.data, section.addr);
        seeds.extend(insns.filter_map(|insn| match insn.code() {
            Code::Call_rel32_64 => Some(insn.near_branch64()),
            Code::Lea_r64_m if insn.is_ip_rel_memory_operand() => {
                Some(insn.ip_rel_memory_address()).filter(|&addr| is_code(addr))
            }
            _ => None,
        }));
    }
    seeds.sort_unstable();
    seeds.dedup();
    seeds
}

/// Cuts one section at its marks, which are sorted by address, the longest first.
fn cut(
    image: &Image,
    atoms: &mut Atoms,
    section: usize,
    start: u64,
    size: u64,
    class: Class,
    marks: &[Mark],
) {
    let limit = start + size;
    let known = marked(image, atoms, section, limit, class, marks);
    let mut at = start;
    for i in 0..known.len() {
        let next = known.get(i + 1).map_or(limit, |n| n.start);
        let mut atom = known[i].clone();
        if !atom.sized || atom.size() == 0 {
            atom.end = next.max(atom.start);
            atom.sized = false;
        }
        gap(image, atoms, section, at, atom.start, class);
        at = atom.end.max(at);
        if atom.size() > 0 && !is_empty_function(image, &atom) {
            atoms.list.push(atom);
        }
    }
    gap(image, atoms, section, at, limit, class);
}

/// The atoms that marks begin, each with the labels within it.
fn marked(
    image: &Image,
    atoms: &mut Atoms,
    section: usize,
    limit: u64,
    class: Class,
    marks: &[Mark],
) -> Vec<Atom> {
    let mut known: Vec<Atom> = Vec::new();
    for mark in marks {
        let end = mark.addr.saturating_add(mark.size).min(limit);
        let inside = known.last().is_some_and(|a| {
            mark.addr == a.start || mark.addr < a.end || (!a.sized && goes_on(image, a, mark))
        });
        if !inside {
            let labels = (atoms.labels.len() as u32, atoms.labels.len() as u32);
            known.push(Atom {
                start: mark.addr,
                end,
                section: section as u32,
                class,
                sized: mark.size > 0,
                known: true,
                labels,
            });
        }
        let Some(atom) = known.last_mut() else { continue };
        if mark.size > 0 && mark.addr == atom.start {
            atom.sized = true;
        }
        // Merged constants may overlap; the part behind the first is found by its content.
        if class == Class::Code || mark.addr == atom.start {
            atom.end = atom.end.max(end);
        }
        if let Some(symbol) = mark.symbol {
            atoms.labels.push(Label { symbol, offset: mark.addr - atom.start });
            atom.labels.1 = atoms.labels.len() as u32;
        }
    }
    known
}

/// Whether an FDE speaks of a part of a function without a size, as glibc's assembly has them. One
/// behind code that has no FDE itself (crt files) speaks of the next function.
fn goes_on(image: &Image, atom: &Atom, mark: &Mark) -> bool {
    let fde = mark.symbol.is_none() && mark.size > 0 && !image.is_stripped();
    fde && image.unwind.within(atom.start, atom.start + 1).iter().any(|f| !f.is_empty())
}

/// Whether nothing but padding lies between a function without a size and its neighbour.
fn is_empty_function(image: &Image, atom: &Atom) -> bool {
    atom.class == Class::Code
        && !atom.sized
        && !image.empties.at(atom.start).is_empty()
        && image.memory.slice(atom.start, atom.size() as usize).is_some_and(padding::is_all)
}

/// Makes an atom of `[start, end)` unless it is padding.
fn gap(image: &Image, atoms: &mut Atoms, section: usize, start: u64, end: u64, class: Class) {
    if start >= end {
        return;
    }
    let mut from = start;
    if class == Class::Code {
        let size = (end - start) as usize;
        let Some(bytes) = image.memory.slice(start, size) else { return };
        from += padding::leading(bytes) as u64;
        if from >= end {
            return;
        }
    }
    let at = atoms.labels.len() as u32;
    let atom = Atom {
        start: from,
        end,
        section: section as u32,
        class,
        sized: false,
        known: false,
        labels: (at, at),
    };
    atoms.list.push(atom);
}
