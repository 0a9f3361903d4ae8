//! Pairs by what already paired atoms refer to.

use std::collections::BTreeMap;

use super::{Pairing, compatible, names, takes_part};
use crate::model::Image;
use crate::model::atoms::AtomId;
use crate::model::refs::Ref;
use crate::model::target::Target;

/// Lets the pairs from `done` on vote, joins the winners, and goes on until nothing changes.
pub fn propagate(a: &Image, b: &Image, pairing: &mut Pairing, done: &mut usize) {
    let mut votes: BTreeMap<(AtomId, AtomId), u32> = BTreeMap::new();
    while *done < pairing.log.len() {
        for &(x, y) in &pairing.log[*done..] {
            ballot(a, b, pairing, (a.refs.of(x), b.refs.of(y)), &mut votes);
        }
        *done = pairing.log.len();
        elect(a, b, pairing, &mut votes);
    }
}

/// Counts the votes of one pair; references at the same distance are the same reference, since
/// no x86-64 relaxation changes the length of code.
fn ballot(
    a: &Image,
    b: &Image,
    pairing: &Pairing,
    (mut left, mut right): (&[Ref], &[Ref]),
    votes: &mut BTreeMap<(AtomId, AtomId), u32>,
) {
    while let (Some(l), Some(r)) = (left.first(), right.first()) {
        match l.offset.cmp(&r.offset) {
            std::cmp::Ordering::Less => left = &left[1..],
            std::cmp::Ordering::Greater => right = &right[1..],
            std::cmp::Ordering::Equal => {
                if let Some(pair) = candidates(a, b, l.target, r.target)
                    && pairing.is_free(pair.0, pair.1)
                {
                    *votes.entry(pair).or_default() += 1;
                }
                (left, right) = (&left[1..], &right[1..]);
            }
        }
    }
}

fn candidates(a: &Image, b: &Image, l: Target, r: Target) -> Option<(AtomId, AtomId)> {
    let (x, y, distance) = match (l, r) {
        (Target::Addr(l), Target::Addr(r)) | (Target::Ifunc(l), Target::Ifunc(r)) => {
            // `__start_x` means whatever lies first in the section, not that object, and so does
            // what a loop over the section precomputes.
            let is_bound = |image: &Image, at| {
                !image.linker_defined.names_at(at).is_empty()
                    || image.section_at(at).is_some_and(|s| s.is_named_like_a_variable())
            };
            if is_bound(a, l) || is_bound(b, r) {
                return None;
            }
            let (x, y) = (a.atoms.find(l)?, b.atoms.find(r)?);
            (x, y, l - a.atoms.get(x).start == r - b.atoms.get(y).start)
        }
        (Target::Tls(l), Target::Tls(r)) => {
            let x = a.atoms.last_tls_before(l as u64)?;
            let y = b.atoms.last_tls_before(r as u64)?;
            (x, y, l as u64 - a.atoms.get(x).start == r as u64 - b.atoms.get(y).start)
        }
        _ => return None,
    };
    let fits = compatible(a.atoms.get(x).class, b.atoms.get(y).class)
        && takes_part(a, x)
        && takes_part(b, y)
        && names::agree(a, b, x, y);
    (distance && fits).then_some((x, y))
}

/// Joins each pair that has the most votes on both of its sides.
fn elect(a: &Image, b: &Image, pairing: &mut Pairing, votes: &mut BTreeMap<(AtomId, AtomId), u32>) {
    votes.retain(|&(x, y), _| pairing.is_free(x, y));
    let same_size = |x: AtomId, y: AtomId| a.atoms.get(x).size() == b.atoms.get(y).size();
    let mut ranked: Vec<_> = votes.iter().map(|(&(x, y), &n)| (n, same_size(x, y), x, y)).collect();
    ranked.sort_by_key(|&(n, same, x, y)| (std::cmp::Reverse(n), !same, x, y));
    for (_, _, x, y) in ranked {
        if pairing.is_free(x, y) {
            pairing.join(x, y);
        }
    }
}
