//! Variables without content: the references to them must agree with each other.

use std::collections::{BTreeMap, HashSet};

use super::{accessed, from, wrong};
use crate::code::text;
use crate::compare::Pair;
use crate::compare::resolve;
use crate::compare::sink::{Anonymous, Sink};
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::target::Target;

/// Each variable must be one variable on the other side, wherever it is used.
pub fn check(pair: &Pair, mapped: &[Anonymous], sink: &mut Sink) {
    let mut by_left: BTreeMap<(bool, u64), BTreeMap<u64, Vec<&Anonymous>>> = BTreeMap::new();
    let mut by_right: BTreeMap<(bool, u64), BTreeMap<u64, Vec<&Anonymous>>> = BTreeMap::new();
    let is_end = |r: &Anonymous| {
        let is_address = !r.tls && accessed(pair.a, r) == u64::MAX;
        is_address && (is_end(pair.a, r.left) || is_end(pair.b, r.right))
    };
    for r in mapped.iter().filter(|r| !r.named && !is_end(r)) {
        by_left.entry((r.tls, r.left)).or_default().entry(r.right).or_default().push(r);
        by_right.entry((r.tls, r.right)).or_default().entry(r.left).or_default().push(r);
    }
    let mut told = HashSet::new();
    for groups in by_left.values().chain(by_right.values()).filter(|g| g.len() > 1) {
        let most = groups.values().map(Vec::len).max().unwrap_or(0);
        let minority = groups.values().filter(|g| g.len() < most || groups.len() == g.len());
        let minority: Vec<_> = minority.collect();
        for group in &minority {
            let r = group[0];
            let near = !r.tls && resolve::near_a_pair(pair, r.left, r.right);
            if !told.insert((r.from, r.offset)) || near || in_step(mapped, r) {
                continue;
            }
            let detail = format!("elsewhere the same variable is another one ({most} times)");
            if r.tls {
                let finding = Finding::new(Kind::TlsOffset, from(pair, r), detail);
                let show = |image, at| text::target(image, Target::Tls(at));
                let (ours, theirs) = (show(pair.a, r.left as i64), show(pair.b, r.right as i64));
                sink.push(finding.showing(ours, theirs));
            } else {
                wrong(pair, r, &detail, sink);
            }
        }
    }
}

/// Whether an address is the end of a variable rather than the start of the next.
fn is_end(image: &Image, addr: u64) -> bool {
    let before = |addr| image.atoms.last_before(addr).map(|id| image.atoms.get(id));
    before(addr.wrapping_sub(1)).is_some_and(|atom| atom.sized && atom.end == addr)
        && !before(addr).is_some_and(|atom| atom.known && atom.start == addr)
}

/// Whether a reference shortly before moved by as much: both lie in one larger variable.
fn in_step(mapped: &[Anonymous], r: &Anonymous) -> bool {
    mapped.iter().any(|o| {
        o.tls == r.tls
            && o.left != r.left
            && o.left.abs_diff(r.left) <= 256
            && o.left.wrapping_sub(r.left) == o.right.wrapping_sub(r.right)
    })
}
