//! Pairs by content.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::names::Group;
use super::{Pairing, compatible, takes_part};
use crate::code::hash;
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::target::Target;

/// Content of fewer bytes says too little to be taken for the same without a name.
const LEAST_BYTES: u64 = 24;

type Bucket = (Vec<AtomId>, Vec<AtomId>);

fn buckets(a: &Image, b: &Image, left: &[AtomId], right: &[AtomId]) -> BTreeMap<u64, Bucket> {
    let mut map: BTreeMap<u64, Bucket> = BTreeMap::new();
    for &id in left {
        map.entry(hash::of(a, id)).or_default().0.push(id);
    }
    for &id in right {
        map.entry(hash::of(b, id)).or_default().1.push(id);
    }
    map
}

fn free(group: &Group, pairing: &Pairing) -> Bucket {
    let left = group.left.iter().copied().filter(|&i| pairing.right_of(i).is_none());
    let right = group.right.iter().copied().filter(|&i| pairing.left_of(i).is_none());
    (left.collect(), right.collect())
}

/// Pairs atoms whose content occurs once on either side: within a group of equal names, and among
/// unnamed functions.
pub fn unique(a: &Image, b: &Image, groups: &[Group], pairing: &mut Pairing) {
    for group in groups {
        let (left, right) = free(group, pairing);
        for (x, y) in buckets(a, b, &left, &right).into_values() {
            if let ([x], [y]) = (&x[..], &y[..]) {
                join(a, b, *x, *y, pairing);
            }
        }
    }
    let left = unnamed(a, |id| pairing.right_of(id).is_none());
    let right = unnamed(b, |id| pairing.left_of(id).is_none());
    if left.is_empty() || right.is_empty() {
        return;
    }
    let digests = |image: &Image, ids: &[AtomId]| -> HashMap<u64, Vec<AtomId>> {
        let list: Vec<_> = ids.par_iter().map(|&id| (hash::of(image, id), id)).collect();
        let mut map: HashMap<u64, Vec<AtomId>> = HashMap::new();
        list.into_iter().for_each(|(digest, id)| map.entry(digest).or_default().push(id));
        map
    };
    let theirs = digests(b, &right);
    let mut found: Vec<(AtomId, AtomId)> = Vec::new();
    for (digest, ours) in digests(a, &left) {
        if let ([x], Some([y])) = (&ours[..], theirs.get(&digest).map(Vec::as_slice)) {
            found.push((*x, *y));
        }
    }
    found.sort_unstable();
    found.into_iter().for_each(|(x, y)| join(a, b, x, y, pairing));
}

/// Functions that at least one side cannot name.
fn unnamed(image: &Image, is_free: impl Fn(AtomId) -> bool) -> Vec<AtomId> {
    let code = image.atoms.iter().filter(|(_, atom)| atom.class == Class::Code);
    code.filter(|&(id, atom)| atom.size() >= LEAST_BYTES && is_free(id) && takes_part(image, id))
        .map(|(id, _)| id)
        .collect()
}

/// Pairs equal content of equal name in the order of addresses, where both sides have as much.
pub fn in_order(a: &Image, b: &Image, groups: &[Group], code: bool, pairing: &mut Pairing) {
    for group in groups {
        let (left, right) = free(group, pairing);
        if left.first().is_none_or(|&x| (a.atoms.get(x).class == Class::Code) != code) {
            continue;
        }
        for (x, y) in buckets(a, b, &left, &right).into_values() {
            let (x, y) = by_references(a, b, x, y, pairing);
            if x.len() == y.len() {
                x.into_iter().zip(y).for_each(|(x, y)| join(a, b, x, y, pairing));
            }
        }
    }
}

/// Joins functions of equal name whose size occurs once on either side: where one linker relaxed
/// more than the other, their digests differ.
pub fn by_size(a: &Image, b: &Image, groups: &[Group], pairing: &mut Pairing) {
    for group in groups {
        let (left, right) = free(group, pairing);
        for &x in &left {
            let size = a.atoms.get(x).size();
            let ours = left.iter().filter(|&&o| a.atoms.get(o).size() == size).count();
            let theirs: Vec<_> = right.iter().filter(|&&o| b.atoms.get(o).size() == size).collect();
            if let (Class::Code, 1, [y]) = (a.atoms.get(x).class, ours, &theirs[..]) {
                join(a, b, x, **y, pairing);
            }
        }
    }
}

/// Of equal content, joins what refers to pairs; returns the rest.
fn by_references(
    a: &Image,
    b: &Image,
    left: Vec<AtomId>,
    mut right: Vec<AtomId>,
    pairing: &mut Pairing,
) -> Bucket {
    let mut rest = Vec::new();
    for x in left {
        let fits = |y: &AtomId| refer_to_pairs(a, b, x, *y, pairing);
        let found: Vec<usize> = (0..right.len()).filter(|&i| fits(&right[i])).collect();
        if let [only] = found[..] {
            let y = right.remove(only);
            join(a, b, x, y, pairing);
        } else {
            rest.push(x);
        }
    }
    (rest, right)
}

/// Whether all references of two atoms that lead to paired atoms lead to the same pairs, and at
/// least one does.
fn refer_to_pairs(a: &Image, b: &Image, x: AtomId, y: AtomId, pairing: &Pairing) -> bool {
    let (ours, theirs) = (a.refs.of(x), b.refs.of(y));
    if ours.len() != theirs.len() {
        return false;
    }
    let mut any = false;
    for (l, r) in ours.iter().zip(theirs) {
        let (Target::Addr(l), Target::Addr(r)) = (l.target, r.target) else { continue };
        let (Some(l), Some(r)) = (a.atoms.find(l), b.atoms.find(r)) else { continue };
        match pairing.right_of(l) {
            Some(paired) if paired == r => any = true,
            Some(_) => return false,
            None => {}
        }
    }
    any
}

/// Whether no reference of two functions leads to atoms that are paired otherwise.
pub fn refer_alike(a: &Image, b: &Image, x: AtomId, y: AtomId, pairing: &Pairing) -> bool {
    let (ours, theirs) = (a.refs.of(x), b.refs.of(y));
    ours.iter().zip(theirs).all(|(l, r)| {
        let (Target::Addr(l), Target::Addr(r)) = (l.target, r.target) else { return true };
        let (Some(l), Some(r)) = (a.atoms.find(l), b.atoms.find(r)) else { return true };
        pairing.right_of(l).is_none_or(|paired| paired == r)
            && pairing.left_of(r).is_none_or(|paired| paired == l)
    })
}

fn join(a: &Image, b: &Image, x: AtomId, y: AtomId, pairing: &mut Pairing) {
    let fits = compatible(a.atoms.get(x).class, b.atoms.get(y).class);
    if fits && pairing.is_free(x, y) && super::names::agree(a, b, x, y) {
        pairing.join(x, y);
    }
}
