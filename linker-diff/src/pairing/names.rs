//! Pairs by name.

use std::collections::HashMap;

use super::{Pairing, compatible};
use crate::model::Image;
use crate::model::atoms::AtomId;
use crate::model::symbols::STT_FUNC;

/// Atoms of both sides that share a name which is not unique.
#[derive(Debug)]
pub struct Group {
    /// Left-hand atoms by address.
    pub left: Vec<AtomId>,
    /// Right-hand atoms by address.
    pub right: Vec<AtomId>,
}

#[derive(Default)]
struct Named {
    global: Option<AtomId>,
    local: Vec<AtomId>,
}

fn index<'a>(image: &Image<'a>) -> HashMap<&'a [u8], Named> {
    let mut map: HashMap<&[u8], Named> = HashMap::new();
    for (id, atom) in image.atoms.iter() {
        for label in image.atoms.labels(id).iter().filter(|l| l.offset == 0) {
            let symbol = &image.symbols[label.symbol as usize];
            // An empty function that happens to lie before this one is not this one.
            if atom.sized && symbol.size == 0 && symbol.kind == STT_FUNC {
                continue;
            }
            let named = map.entry(symbol.name).or_default();
            if symbol.is_local() {
                if named.local.last() != Some(&id) {
                    named.local.push(id);
                }
            } else {
                named.global = Some(id);
            }
        }
    }
    map
}

/// Pairs what has a unique name on both sides, a global one before a local one, and returns the
/// groups of locals that share a name.
pub fn unique(a: &Image, b: &Image, pairing: &mut Pairing) -> Vec<Group> {
    let left = index(a);
    let right = index(b);
    let mut sure = Vec::new();
    let mut likely = Vec::new();
    let mut local = Vec::new();
    let mut groups = Vec::new();
    for (name, l) in &left {
        let Some(r) = right.get(name) else { continue };
        match (l.global, r.global) {
            (Some(x), Some(y)) => sure.push((x, y)),
            (Some(x), None) if r.local.len() == 1 => likely.push((x, r.local[0])),
            (None, Some(y)) if l.local.len() == 1 => likely.push((l.local[0], y)),
            _ => {}
        }
        if l.local.len() == 1 && r.local.len() == 1 && l.global.is_none() && r.global.is_none() {
            local.push((l.local[0], r.local[0]));
        } else if !l.local.is_empty() && !r.local.is_empty() {
            groups.push(Group { left: l.local.clone(), right: r.local.clone() });
        }
    }
    // Aliases: where the names of an atom disagree, equal sizes decide, then the order.
    let size_differs = |&(x, y): &(AtomId, AtomId)| a.atoms.get(x).size() != b.atoms.get(y).size();
    for mut list in [sure, likely, local] {
        list.sort_by_key(|pair| (size_differs(pair), *pair));
        for (x, y) in list {
            let fits = compatible(a.atoms.get(x).class, b.atoms.get(y).class);
            if fits && pairing.is_free(x, y) {
                pairing.join(x, y);
            }
        }
    }
    groups.sort_by(|x, y| x.left.cmp(&y.left));
    groups
}

/// Whether two atoms may be one by their names: one has none, or they share one.
pub fn agree(a: &Image, b: &Image, left: AtomId, right: AtomId) -> bool {
    agree_by(a, b, left, right, |name| name)
}

/// The same, by what people call a function: crates that instantiate one each for itself differ in
/// the hash alone.
pub fn agree_but_for_hash(a: &Image, b: &Image, left: AtomId, right: AtomId) -> bool {
    agree_by(a, b, left, right, without_hash)
}

fn agree_by(
    a: &Image,
    b: &Image,
    left: AtomId,
    right: AtomId,
    part: impl Fn(&[u8]) -> &[u8],
) -> bool {
    let (ours, theirs) = (a.atoms.labels(left), b.atoms.labels(right));
    if ours.is_empty() || theirs.is_empty() {
        return true;
    }
    ours.iter().any(|l| {
        let name = part(a.symbols[l.symbol as usize].name);
        theirs.iter().any(|r| part(b.symbols[r.symbol as usize].name) == name)
    })
}

/// Rust's legacy names end in `17h`, a hash of 16 digits and `E`; LLVM appends `.llvm.` and a number
/// when it moves a function between units.
fn without_hash(name: &[u8]) -> &[u8] {
    const HASH: usize = 20;
    let name = match memchr::memmem::find(name, b".llvm.") {
        Some(at) => &name[..at],
        None => name,
    };
    match name.len().checked_sub(HASH) {
        Some(at) if name.ends_with(b"E") && name[at..].starts_with(b"17h") => &name[..at],
        _ => name,
    }
}
