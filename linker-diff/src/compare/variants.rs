//! Definitions of one name from different compilations.
//!
//! C++'s one-definition rule makes the weak definitions of an inline function interchangeable, even
//! if their files were compiled with different options, as those of libstdc++ are. Which one is
//! taken depends on the order in which archive members are extracted.

use super::Pair;
use super::sink::Sink;
use crate::code::text;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::symbols::STB_WEAK;
use crate::reason::Reason;

/// Whether a pair of functions is such. Sizes tell: a function that a linker damaged keeps its size.
pub fn are(pair: &Pair, x: AtomId, y: AtomId) -> bool {
    let (left, right) = (pair.a.atoms.get(x), pair.b.atoms.get(y));
    let code = left.class == Class::Code && right.class == Class::Code;
    code && left.sized
        && right.sized
        && left.size() != right.size()
        && is_inline(pair.a, x)
        && is_inline(pair.b, y)
}

/// Whether a function is one on the left, whatever it is paired with.
pub fn is_left(pair: &Pair, x: AtomId) -> bool {
    pair.pairing.right_of(x).is_some_and(|y| are(pair, x, y))
}

/// The same for the right.
pub fn is_right(pair: &Pair, y: AtomId) -> bool {
    pair.pairing.left_of(y).is_some_and(|x| are(pair, x, y))
}

fn is_inline(image: &Image, id: AtomId) -> bool {
    image.atoms.labels(id).iter().any(|l| {
        let symbol = &image.symbols[l.symbol as usize];
        symbol.bind == STB_WEAK && symbol.name.starts_with(b"_Z")
    })
}

/// Counts a pair as such.
pub fn count(pair: &Pair, x: AtomId, y: AtomId, sink: &mut Sink) {
    let (left, right) = (pair.a.atoms.get(x).size(), pair.b.atoms.get(y).size());
    let finding = Finding::new(Kind::OtherDefinition, text::atom(pair.a, x), "compiled otherwise")
        .showing(format!("{left} bytes"), format!("{right} bytes"));
    sink.count(Reason::OtherCompilation, "inline", finding);
}
