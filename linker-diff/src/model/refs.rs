//! What every atom refers to, and where referred-to things begin.

use rayon::prelude::*;

use super::Image;
use super::atoms::{Atom, AtomId, Class};
use super::target::{Target, pointer_at};
use crate::code::fields;

/// One reference.
#[derive(Clone, Copy, Debug)]
pub struct Ref {
    /// Where in the atom, in bytes: the start of the instruction, or of the pointer.
    pub offset: u32,
    /// What is referred to.
    pub target: Target,
}

/// All references, by atom.
#[derive(Default, Debug)]
pub struct Refs {
    list: Vec<Ref>,
    ranges: Vec<(u32, u32)>,
    boundaries: Vec<u64>,
}

impl Refs {
    /// The references of an atom, sorted by offset.
    pub fn of(&self, id: AtomId) -> &[Ref] {
        self.ranges
            .get(id.index())
            .map_or(&[], |&(from, to)| &self.list[from as usize..to as usize])
    }

    /// The first address above `addr` where something known or referred to begins, or a section
    /// ends.
    pub fn next_boundary(&self, addr: u64) -> Option<u64> {
        let i = self.boundaries.partition_point(|&b| b <= addr);
        self.boundaries.get(i).copied()
    }

    /// Boundaries at or below `addr`, nearest first.
    pub fn boundaries_before(&self, addr: u64) -> impl Iterator<Item = u64> {
        let i = self.boundaries.partition_point(|&b| b <= addr);
        self.boundaries[..i].iter().rev().copied()
    }
}

/// Walks all atoms on all cores.
pub fn collect(image: &Image) -> Refs {
    let atoms: Vec<(AtomId, &Atom)> = image.atoms.iter().collect();
    let lists: Vec<Vec<Ref>> = atoms.par_iter().map(|&(_, atom)| refs_of(image, atom)).collect();
    let mut refs = Refs::default();
    for list in lists {
        let from = refs.list.len() as u32;
        refs.list.extend(list);
        refs.ranges.push((from, refs.list.len() as u32));
    }
    let mut bounds: Vec<u64> = refs
        .list
        .iter()
        .filter_map(|r| if let Target::Addr(a) = r.target { Some(a) } else { None })
        .collect();
    for (_, atom) in atoms.iter().filter(|(_, a)| a.class != Class::Tls) {
        bounds.extend([atom.start, atom.end]);
    }
    for s in image.sections.iter().filter(|s| s.is_alloc()) {
        bounds.extend([s.addr, s.addr.wrapping_add(s.size)]);
    }
    bounds.sort_unstable();
    bounds.dedup();
    refs.boundaries = bounds;
    refs
}

fn refs_of(image: &Image, atom: &Atom) -> Vec<Ref> {
    match atom.class {
        Class::Code => fields::refs(image, atom.start, atom.size() as usize),
        Class::Data => data_refs(image, atom),
        Class::Zeros | Class::Tls => Vec::new(),
    }
}

fn data_refs(image: &Image, atom: &Atom) -> Vec<Ref> {
    let at = |addr: u64| Ref {
        offset: (addr - atom.start) as u32,
        target: pointer_at(image, addr).unwrap_or(Target::Number(0)),
    };
    if image.is_pie() {
        return image.dynamic.within(atom.start, atom.end).iter().map(|r| at(r.at)).collect();
    }
    let first = atom.start.next_multiple_of(8);
    (first..atom.end.saturating_sub(7))
        .step_by(8)
        .filter(|&a| {
            let word = image.memory.word(a).unwrap_or(0);
            word != 0 && (image.memory.contains(word) || image.dynamic.at(a).is_some())
        })
        .map(at)
        .collect()
}
