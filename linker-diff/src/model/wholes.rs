//! Functions of several FDEs, as glibc's assembly has them: in a stripped program their parts look like
//! functions, and only another program's symbols tell them from such.

use std::collections::HashMap;

use super::Image;
use super::atoms::Class;
use super::unwind::Fde;
use crate::code::hash;

/// A function of several FDEs.
struct Whole {
    /// First address and one past the last of each FDE, counted from the function's start.
    parts: Vec<(u64, u64)>,
    size: u64,
    /// Of its content.
    digest: u64,
}

/// First address and size of each function of the stripped `image` that is one of several FDEs in
/// `named`.
pub fn find(image: &Image, named: &Image) -> Vec<(u64, u64)> {
    let known = known(named);
    let fdes = filled(&image.unwind.fdes);
    let ranges: Vec<(u64, u64)> = fdes.map(|f| (f.start, f.end)).collect();
    let mut found = Vec::new();
    for (i, &(start, end)) in ranges.iter().enumerate() {
        let alike = known.get(&(end - start)).into_iter().flatten().find(|whole| {
            let parts = ranges[i..].iter().map(|&(s, e)| (s - start, e - start));
            parts.take(whole.parts.len()).eq(whole.parts.iter().copied())
                && hash::of_code(image, start, whole.size as usize) == whole.digest
        });
        found.extend(alike.map(|whole| (start, whole.size)));
    }
    found
}

/// A program's functions of several FDEs, by the size of their first.
fn known(image: &Image) -> HashMap<u64, Vec<Whole>> {
    let mut known: HashMap<u64, Vec<Whole>> = HashMap::new();
    for (_, atom) in image.atoms.iter().filter(|(_, a)| a.class == Class::Code && a.sized) {
        let fdes = filled(image.unwind.within(atom.start, atom.end));
        let parts: Vec<_> = fdes.map(|f| (f.start - atom.start, f.end - atom.start)).collect();
        if let [(0, first), _, ..] = parts[..] {
            let digest = hash::of_code(image, atom.start, atom.size() as usize);
            known.entry(first).or_default().push(Whole { parts, size: atom.size(), digest });
        }
    }
    known
}

fn filled<'f, 'a>(fdes: &'f [Fde<'a>]) -> impl Iterator<Item = &'f Fde<'a>> {
    fdes.iter().filter(|f| !f.is_empty())
}
