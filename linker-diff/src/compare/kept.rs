//! What one program keeps and the other dropped.

use std::collections::HashSet;

use super::Pair;
use super::resolve;
use super::sink::Sink;
use super::variants;
use crate::code::text;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::atoms::{AtomId, Class, Label};
use crate::model::symbols::{STT_FUNC, STV_DEFAULT, Symbol};
use crate::model::target::Target;
use crate::pairing::Pairing;
use crate::reason::Reason;

/// Reports functions and objects without a counterpart.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    for (side, image) in [(Side::Right, pair.a), (Side::Left, pair.b)] {
        let reached = reached(pair, side, image);
        for (id, atom) in image.atoms.iter() {
            let named = !image.atoms.labels(id).is_empty();
            // Where unnamed code without an FDE begins is a guess.
            let code = atom.class == Class::Code && atom.sized;
            if has_counterpart(&pair.pairing, side, id) || !(named || (code && atom.known)) {
                continue;
            }
            report(pair, image, side, id, reached.contains(&id), sink);
        }
    }
}

/// Whether the atom has a counterpart in the program on side `lacking`.
pub fn has_counterpart(pairing: &Pairing, lacking: Side, id: AtomId) -> bool {
    match lacking {
        Side::Right => pairing.right_of(id).is_some(),
        _ => pairing.left_of(id).is_some(),
    }
}

/// Atoms without a counterpart to which something with a counterpart refers.
pub fn reached(pair: &Pair, lacking: Side, image: &Image) -> HashSet<AtomId> {
    let mut out = HashSet::new();
    for (id, _) in image.atoms.iter() {
        let variant = match lacking {
            Side::Right => variants::is_left(pair, id),
            _ => variants::is_right(pair, id),
        };
        // What only another compilation of a function needs is no fault of the linker.
        if variant || !has_counterpart(&pair.pairing, lacking, id) {
            continue;
        }
        for r in image.refs.of(id) {
            let to = match r.target {
                // `__fini_array_end` is not whatever lies behind the array.
                Target::Addr(addr) if !image.linker_defined.names_at(addr).is_empty() => None,
                Target::Addr(addr) | Target::Ifunc(addr) => image.atoms.find(addr),
                _ => None,
            };
            out.extend(to.filter(|&to| !has_counterpart(&pair.pairing, lacking, to)));
        }
    }
    out
}

fn report(pair: &Pair, image: &Image, side: Side, id: AtomId, reached: bool, sink: &mut Sink) {
    let atom = image.atoms.get(id);
    let other = if side == Side::Right { pair.b } else { pair.a };
    let section = image.sections[atom.section as usize].title();
    let name = text::atom(image, id);
    let detail =
        format!("{} ({} bytes in {section}) is not in {}", name, atom.size(), other.label());
    let size = format!("{name}: {} bytes", atom.size());
    let kind = if atom.class == Class::Code { Kind::MissingCode } else { Kind::MissingData };
    let item = format!("{name} ({} bytes)", atom.size());
    let mut finding = Finding::new(kind, name.clone(), detail).on(side).listing(vec![item]);
    finding = match side {
        Side::Right => finding.showing(size, "missing"),
        _ => finding.showing("missing", size),
    };
    // Data is reached by names alone; a reference to it by content was compared where it is made,
    // and unnamed data on the other side may well be this object.
    if reached && atom.class == Class::Code && !is_nameless(image, other, id) {
        if has_copy(pair, side, id) {
            sink.count(Reason::EqualCopies, &section, finding);
        } else {
            sink.push(finding);
        }
        return;
    }
    finding.kind = Kind::GarbageCollection;
    if is_nameless(image, other, id) || (reached && atom.class != Class::Code) {
        finding.kind = Kind::SymbolMissing;
        sink.count(Reason::Stripped, &section, finding);
    } else {
        sink.count(Reason::Unreached, &section, finding);
    }
}

/// Whether the other program was stripped of the names that could tell where this one's function is:
/// of all, or of those of local functions.
fn is_nameless(image: &Image, other: &Image, id: AtomId) -> bool {
    /// Programs without a libc may have none from the start.
    const MANY: usize = 4;
    // A hidden one may have been made local, and is not stripped.
    let is_function = |s: &&Symbol| {
        s.is_local() && s.is_place() && s.kind == STT_FUNC && s.visibility == STV_DEFAULT
    };
    let local = |l: &Label| is_function(&&image.symbols[l.symbol as usize]);
    let labels = image.atoms.labels(id);
    other.is_stripped()
        || !labels.is_empty()
            && labels.iter().all(local)
            && image.symbols.iter().filter(is_function).take(MANY).count() == MANY
            && !other.symbols.iter().any(|s| is_function(&s))
}

/// Whether the other program has a copy of a function, under the same name.
fn has_copy(pair: &Pair, side: Side, id: AtomId) -> bool {
    let other = if side == Side::Right { pair.b } else { pair.a };
    other.atoms.iter().filter(|(_, atom)| atom.class == Class::Code).any(|(o, _)| match side {
        Side::Right => resolve::are_copies(pair, id, o),
        _ => resolve::are_copies(pair, o, id),
    })
}
