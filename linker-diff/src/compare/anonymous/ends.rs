//! Whether what a reference names is the end of something: what lies behind it is another thing.

use std::collections::HashMap;

use super::pieces::{LEAST_STRING, NEAR, PIECE};
use crate::code::Decoder;
use crate::compare::Pair;
use crate::compare::resolve;
use crate::compare::sink::Anonymous;
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::target::Target;

/// What each function refers to, as pairs of addresses.
pub type Steps = HashMap<AtomId, Vec<(u64, u64)>>;

/// See [`Steps`].
pub fn steps(list: &[Anonymous]) -> Steps {
    let mut steps = Steps::new();
    for r in list.iter().filter(|r| !r.tls) {
        steps.entry(r.from).or_default().push((r.left, r.right));
    }
    steps
}

/// Whether `r` is the end of a thing whose start the same function knows.
pub fn is_end(pair: &Pair, r: &Anonymous, steps: &Steps) -> bool {
    end_alike(pair, r)
        || ends_array(r, steps)
        || follow_alike(pair, r)
        || resolve::near_a_pair(pair, r.left, r.right)
}

/// Whether the same function refers to a place shortly before, which lies as far from it on the other
/// side: the two are the bounds of an array.
pub fn ends_array(r: &Anonymous, steps: &Steps) -> bool {
    starts(r, steps).next().is_some()
}

/// Whether `r` is the end of an array, and on one side of the array's section as well: of merged
/// constants another one is the last there, and what follows here is none.
pub fn ends_section(pair: &Pair, r: &Anonymous, steps: &Steps) -> bool {
    let ends = |image: &Image, start, end| {
        image.section_at(start).is_some_and(|s| s.addr.wrapping_add(s.size) == end)
    };
    starts(r, steps).any(|(x, y)| ends(pair.a, x, r.left) || ends(pair.b, y, r.right))
}

/// The starts, on both sides, of arrays that `r` may be the end of.
fn starts(r: &Anonymous, steps: &Steps) -> impl Iterator<Item = (u64, u64)> {
    const LARGEST: u64 = 1024;
    steps.get(&r.from).into_iter().flatten().copied().filter(|&(left, right)| {
        let distance = r.left.wrapping_sub(left);
        distance > 0 && distance <= LARGEST && distance == r.right.wrapping_sub(right)
    })
}

/// Whether both addresses end a pair of objects to which the same function refers as well: the bound
/// of a loop, and what lies behind it is another thing.
pub fn ends_object(pair: &Pair, r: &Anonymous) -> bool {
    let (a, b) = (pair.a, pair.b);
    let ends = |target: Target| {
        let Target::Addr(at) = target else { return false };
        let Some(id) = a.atoms.find(at).filter(|&id| a.atoms.get(id).sized) else { return false };
        let other = pair.pairing.right_of(id);
        a.atoms.get(id).end == r.left && other.is_some_and(|o| b.atoms.get(o).end == r.right)
    };
    a.refs.of(r.from).iter().any(|r| ends(r.target))
}

/// Whether `r` is the end of a string, equal on both sides, to whose start the same function counts
/// back: what lies behind it is another one.
pub fn ends_string(pair: &Pair, r: &Anonymous) -> bool {
    if pair.a.atoms.get(r.from).class != Class::Code {
        return false;
    }
    let length = counted_back(pair.a, r).filter(|l| (LEAST_STRING..=PIECE).contains(l));
    let Some(length) = length else { return false };
    let ours = before(pair.a, r.left, length);
    let ends = |bytes: &[u8]| memchr::memchr(0, bytes) == Some(length - 1);
    ours.is_some_and(ends) && ours == before(pair.b, r.right, length)
}

/// The bytes before an address.
fn before<'a>(image: &Image<'a>, end: u64, length: usize) -> Option<&'a [u8]> {
    image.memory.slice(end.checked_sub(length as u64)?, length)
}

/// How far `lea -n(%r)` goes back from the address that the instruction at `r` loads into `%r`.
fn counted_back(image: &Image, r: &Anonymous) -> Option<usize> {
    const FOLLOWING: usize = 4;
    let at = image.atoms.get(r.from).start + u64::from(r.offset);
    let mut decoder = Decoder::new(image.memory.slice(at, NEAR)?, at);
    let loaded = decoder.decode().reg(0);
    let following = decoder.take(FOLLOWING);
    let mut counts = following
        .filter(|insn| insn.mnemonic() == iced_x86::Mnemonic::Lea && insn.base() == loaded);
    let distance = counts.next()?.memory_displacement64() as i64;
    usize::try_from(distance.checked_neg()?).ok()
}

/// Whether both addresses are the ends of strings that read the same: compilers turn a pair of
/// pointers into its end and a distance.
fn end_alike(pair: &Pair, r: &Anonymous) -> bool {
    const COMPARED: usize = 8;
    let (x, y) = (before(pair.a, r.left, COMPARED), before(pair.b, r.right, COMPARED));
    let (Some(x), Some(y)) = (x, y) else { return false };
    let text_len = x[..7].iter().rev().take_while(|&&c| c != 0).count();
    let compared = (text_len + 1).min(8);
    x[7] == 0 && text_len > 1 && x[8 - compared..] == y[8 - compared..]
}

/// Whether the same bytes lie before both: the end of a table, from which code counts back.
fn follow_alike(pair: &Pair, r: &Anonymous) -> bool {
    const COMPARED: usize = 32;
    let filled = |bytes: &&[u8]| bytes.iter().filter(|&&c| c != 0).count() * 2 >= COMPARED;
    let ours = before(pair.a, r.left, COMPARED).filter(filled);
    ours.is_some() && ours == before(pair.b, r.right, COMPARED)
}
