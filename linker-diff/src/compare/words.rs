//! Numbers that assembly puts among its code, behind labels that say no more.

use super::Pair;
use super::resolve::{self, Verdict};
use crate::model::Image;
use crate::model::atoms::AtomId;
use crate::model::symbols::STT_NOTYPE;
use crate::model::target::pointer_at;

/// Whether two runs of code are a number each that leads to the same: an address, or a distance from
/// the number or from the GOT.
pub fn same(pair: &Pair, x: AtomId, y: AtomId) -> bool {
    let (Some((place, ours)), Some((other, theirs))) = (number(pair.a, x), number(pair.b, y))
    else {
        return false;
    };
    same_distance(pair, (place, other), (ours, theirs))
}

/// Whether two numbers lead to the same as addresses, or as distances from two places or the GOT.
pub fn same_distance(pair: &Pair, places: (u64, u64), numbers: (u64, u64)) -> bool {
    let (a, b) = (pair.a, pair.b);
    let got = |image: &Image| image.linker_defined.addr_of(b"_GLOBAL_OFFSET_TABLE_");
    let bases = [Some(places), got(a).zip(got(b)), Some((0, 0))];
    bases.into_iter().flatten().any(|(left, right)| {
        let (x, y) = (left.wrapping_add(numbers.0), right.wrapping_add(numbers.1));
        let slots = pointer_at(a, x).zip(pointer_at(b, y));
        let slots = slots.filter(|_| a.is_got(x) && b.is_got(y));
        resolve::addresses(pair, x, y) == Verdict::Same
            || resolve::near_a_pair(pair, x, y)
            || slots.is_some_and(|(l, r)| resolve::targets(pair, l, r) == Verdict::Same)
    })
}

/// The address and value of a run of 4 or 8 bytes, sign-extended, without size or type.
fn number(image: &Image, id: AtomId) -> Option<(u64, u64)> {
    let atom = image.atoms.get(id);
    let labels = image.atoms.labels(id);
    let bare = |l: &crate::model::atoms::Label| {
        let symbol = &image.symbols[l.symbol as usize];
        symbol.kind == STT_NOTYPE && symbol.size == 0
    };
    if atom.sized || labels.is_empty() || !labels.iter().all(bare) {
        return None;
    }
    let value = match atom.size() {
        4 => i64::from(image.memory.word32(atom.start)? as i32) as u64,
        8 => image.memory.word(atom.start)?,
        _ => return None,
    };
    Some((atom.start, value))
}
