//! Pairs by order, for what nothing else tells apart.

use super::names::Group;
use super::{Pairing, compatible, content, names, takes_part};
use crate::code::hash;
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};

/// Pairs what is left of equal names in the order of addresses, if both sides have as much left.
pub fn groups(a: &Image, b: &Image, groups: &[Group], pairing: &mut Pairing) {
    for group in groups {
        let left: Vec<_> =
            group.left.iter().copied().filter(|&i| pairing.right_of(i).is_none()).collect();
        let right: Vec<_> =
            group.right.iter().copied().filter(|&i| pairing.left_of(i).is_none()).collect();
        if left.len() != right.len() {
            continue;
        }
        for (x, y) in left.into_iter().zip(right) {
            let (l, r) = (a.atoms.get(x), b.atoms.get(y));
            // Where merging dropped the names of some, the rest are not in the same order.
            let sizes = !(l.sized && r.sized) || l.size() == r.size();
            if compatible(l.class, r.class) && sizes {
                pairing.join(x, y);
            }
        }
    }
}

/// Pairs runs of unpaired functions of equal number between two pairs.
pub fn between_neighbours(a: &Image, b: &Image, pairing: &mut Pairing) {
    let ids: Vec<AtomId> =
        a.atoms.iter().filter(|(_, x)| x.class == Class::Code).map(|(id, _)| id).collect();
    let mut at = 0;
    while at < ids.len() {
        let free = |i: usize| pairing.right_of(ids[i]).is_none() && takes_part(a, ids[i]);
        if !free(at) {
            at += 1;
            continue;
        }
        let end = (at..ids.len()).find(|&i| !free(i)).unwrap_or(ids.len());
        let run = &ids[at..end];
        let before = at.checked_sub(1).and_then(|i| pairing.right_of(ids[i]));
        if let Some(before) = before {
            let theirs: Vec<AtomId> = (before.0 + 1..b.atoms.len() as u32)
                .map(AtomId)
                .take_while(|&y| {
                    b.atoms.get(y).class == Class::Code && pairing.left_of(y).is_none()
                })
                .take(run.len() + 1)
                .collect();
            if theirs.len() == run.len() {
                join_run(a, b, run, &theirs, pairing);
            }
        }
        at = end;
    }
}

fn join_run(a: &Image, b: &Image, ours: &[AtomId], theirs: &[AtomId], pairing: &mut Pairing) {
    for (&x, &y) in ours.iter().zip(theirs) {
        let conflict = || !content::refer_alike(a, b, x, y, pairing);
        let alike = a.atoms.get(x).size() == b.atoms.get(y).size()
            || !(a.atoms.labels(x).is_empty() && b.atoms.labels(y).is_empty())
            || hash::of(a, x) == hash::of(b, y);
        if pairing.is_free(x, y) && names::agree(a, b, x, y) && alike && !conflict() {
            pairing.join(x, y);
        }
    }
}
