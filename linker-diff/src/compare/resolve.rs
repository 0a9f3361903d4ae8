//! Whether two references mean the same thing.

use super::Pair;
use super::sink::Anonymous;
use crate::code::{Decoder, fields, hash};
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::elf::SHF_WRITE;
use crate::model::symbols::{STB_WEAK, STV_HIDDEN};
use crate::model::target::Target;
use crate::pairing::names;

/// How many neighbours are tried for a reference that lies outside of its object.
const NEIGHBOURS: u32 = 4;

/// How far outside of its object a reference may lie, in bytes: biased table bases of compilers
/// stay well below.
const REACH: i64 = 1 << 16;

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same thing at the same distance.
    Same,
    /// Places without a common name: their content decides.
    Content {
        /// Left-hand address or thread-local offset.
        left: u64,
        /// Right-hand one.
        right: u64,
        /// Whether they are thread-local.
        tls: bool,
        /// See [`Anonymous::named`].
        named: bool,
    },
    /// The same thing at another distance.
    Addend,
    /// A bound of a section that one program dropped, and null there.
    Dropped,
    /// Different things.
    Different,
}

impl Verdict {
    /// The content to compare, if that decides.
    pub fn anonymous(self, from: AtomId, offset: u32) -> Option<Anonymous> {
        match self {
            Verdict::Content { left, right, tls, named } => {
                Some(Anonymous { left, right, tls, named, from, offset, stated: 0 })
            }
            _ => None,
        }
    }
}

/// Compares two targets.
pub fn targets(pair: &Pair, left: Target, right: Target) -> Verdict {
    if is_dropped_bound(pair, left, right) {
        return Verdict::Dropped;
    }
    match (left, right) {
        (Target::Addr(x), Target::Addr(y)) => addresses(pair, x, y),
        (Target::Ifunc(x), Target::Ifunc(y)) => addresses(pair, x, y),
        (Target::Tls(x), Target::Tls(y)) => thread_local(pair, x as u64, y as u64),
        (x, y) if x == y || (is_null(x) && is_null(y)) => Verdict::Same,
        (Target::Number(x), Target::Number(y))
            if is_weak_tls(pair.a, x as i64) && is_weak_tls(pair.b, y as i64) =>
        {
            Verdict::Same
        }
        _ => Verdict::Different,
    }
}

/// Whether one is null and the other the bound of a section that the program of the null lacks, which
/// lld made.
fn is_dropped_bound(pair: &Pair, left: Target, right: Target) -> bool {
    let bound = |image: &Image, target, other: &Image| {
        let Target::Addr(at) = target else { return false };
        let section = image.section_bound(at).map(|(name, _)| name);
        section.is_some_and(|name| other.sections.iter().all(|s| s.name != name))
            && other.is_signed_by(b"LLD")
    };
    is_null(right) && bound(pair.a, left, pair.b) || is_null(left) && bound(pair.b, right, pair.a)
}

/// An undefined weak thread-local variable has address 0; some linkers take the thread pointer
/// off, others don't.
pub fn is_weak_tls(image: &Image, number: i64) -> bool {
    let below = |tls: crate::model::Tls| (tls.thread_pointer() as i64).wrapping_neg();
    number == 0 || image.tls.is_some_and(|tls| number == below(tls))
}

/// Null, or an address in the page that is never mapped for code: an undefined weak symbol.
pub fn is_null(target: Target) -> bool {
    matches!(target, Target::Number(0)) || matches!(target, Target::Addr(addr) if addr < 64)
}

/// Compares two addresses.
pub fn addresses(pair: &Pair, x: u64, y: u64) -> Verdict {
    let (a, b) = (pair.a, pair.b);
    let (ours, theirs) = (a.atoms.last_before(x), b.atoms.last_before(y));
    let inside = |id: Option<AtomId>, end: fn(&Image, AtomId) -> u64, image, addr| {
        id.filter(|&id| addr < end(image, id))
    };
    let end = |image: &Image, id: AtomId| image.atoms.get(id).end;
    let (left, right) = (inside(ours, end, a, x), inside(theirs, end, b, y));
    if let (Some(l), Some(r)) = (left, right)
        && pair.pairing.right_of(l) == Some(r)
        && x - a.atoms.get(l).start == y - b.atoms.get(r).start
        && (x == a.atoms.get(l).start || !is_vague(a, l))
    {
        return Verdict::Same;
    }
    let both_unnamed =
        left.is_some_and(|id| is_vague(a, id)) && right.is_some_and(|id| is_vague(b, id));
    if share_empty_name(pair, x, y)
        || share_linker_name(pair, x, y)
        || share_code_end(pair, x, y)
        || share_zeros(pair, x, y)
        || (!both_unnamed && near_a_pair(pair, x, y))
    {
        return Verdict::Same;
    }
    if same_table(pair, x, y) {
        return Verdict::Same;
    }
    if !a.memory.contains_or_ends(x) && !b.memory.contains_or_ends(y) {
        return if x == y { Verdict::Same } else { Verdict::Different };
    }
    undecided(pair, (left, x), (right, y))
}

fn undecided(pair: &Pair, left: (Option<AtomId>, u64), right: (Option<AtomId>, u64)) -> Verdict {
    let (a, b) = (pair.a, pair.b);
    let (l, x) = left;
    let (r, y) = right;
    if let (Some(l), Some(r)) = (l, r)
        && pair.pairing.right_of(l) == Some(r)
        && !(is_vague(a, l) || is_vague(b, r))
    {
        return Verdict::Addend;
    }
    if let (Some(l), Some(r)) = (l, r)
        && x - a.atoms.get(l).start == y - b.atoms.get(r).start
        && are_copies(pair, l, r)
    {
        return Verdict::Same;
    }
    if let (Some(l), Some(r)) = (l, r)
        && (is_cut_by_guess(a, l) || is_cut_by_guess(b, r))
        && run_alike(pair, x, y)
    {
        return Verdict::Same;
    }
    // The range behind a symbol without a size holds many things.
    let taken_left = l.is_some_and(|l| !is_vague(a, l) && pair.pairing.right_of(l).is_some());
    let taken_right = r.is_some_and(|r| !is_vague(b, r) && pair.pairing.left_of(r).is_some());
    let code = |image: &Image, addr| image.section_at(addr).is_some_and(|s| s.is_code());
    if code(a, x) || code(b, y) {
        return Verdict::Different;
    }
    let writable =
        |image: &Image, addr: u64| image.section_at(addr).is_some_and(|s| s.flags & SHF_WRITE != 0);
    if (taken_left || taken_right) && writable(a, x) && writable(b, y) {
        return Verdict::Different;
    }
    // Of two paired objects neither is the other; only equal constants may stand in for each
    // other, as merging makes them.
    Verdict::Content { left: x, right: y, tls: false, named: taken_left || taken_right }
}

/// Whether an atom is data whose end nobody states.
fn is_vague(image: &Image, id: AtomId) -> bool {
    let atom = image.atoms.get(id);
    atom.class != Class::Code && !(atom.known && atom.sized)
}

/// Whether an atom is code that neither a symbol nor an FDE delimits: where it begins is a guess.
pub fn is_cut_by_guess(image: &Image, id: AtomId) -> bool {
    let atom = image.atoms.get(id);
    atom.class == Class::Code && !atom.sized && image.atoms.labels(id).is_empty()
}

/// Whether the same instructions, but for what relocations fill, run on at two places.
fn run_alike(pair: &Pair, x: u64, y: u64) -> bool {
    const COMPARED: usize = 64;
    let bytes =
        |image: &Image, at: u64| image.memory.from(at).map(|b| b[..b.len().min(COMPARED)].to_vec());
    let (Some(ours), Some(theirs)) = (bytes(pair.a, x), bytes(pair.b, y)) else { return false };
    let mut left = Decoder::new(&ours, x);
    let mut right = Decoder::new(&theirs, y);
    // Enough to leave no doubt, few enough to stay within the shortest of crt's functions.
    (0..4).all(|_| {
        let (l, r) = (left.decode(), right.decode());
        left.offset() != right.offset()
            || l.code() == r.code() && fields::blanked(&l) == fields::blanked(&r)
    })
}

/// Whether two functions of one name are copies of each other: compilers leave a local copy of an
/// inline function in every unit, and it makes no difference which is called.
pub fn are_copies(pair: &Pair, l: AtomId, r: AtomId) -> bool {
    let (a, b) = (pair.a, pair.b);
    let (x, y) = (a.atoms.get(l), b.atoms.get(r));
    if x.size() != y.size() || (x.class == Class::Code) != (y.class == Class::Code) {
        return false;
    }
    if x.class != Class::Code {
        return are_weak_twins(pair, l, r);
    }
    names::agree_but_for_hash(a, b, l, r)
        && hash::of(a, l) == hash::of(b, r)
        && refer_alike(pair, l, r, |l, r| are_constants_alike(pair, l, r))
}

/// Whether what two atoms refer to is paired or goes by one name, or satisfies `or`.
fn refer_alike(pair: &Pair, l: AtomId, r: AtomId, or: impl Fn(AtomId, AtomId) -> bool) -> bool {
    let (a, b) = (pair.a, pair.b);
    let (ours, theirs) = (a.refs.of(l), b.refs.of(r));
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(l, r)| match (l.target, r.target) {
            (Target::Addr(l), Target::Addr(r)) => match (a.atoms.find(l), b.atoms.find(r)) {
                (Some(l), Some(r)) => {
                    pair.pairing.right_of(l) == Some(r)
                        || names::agree_but_for_hash(a, b, l, r)
                        || or(l, r)
                }
                _ => true,
            },
            (l, r) => std::mem::discriminant(&l) == std::mem::discriminant(&r),
        })
}

/// Whether two constants that rustc numbered, each in its own unit, hold the same: virtual tables of
/// one type, say.
fn are_constants_alike(pair: &Pair, l: AtomId, r: AtomId) -> bool {
    let numbered = |image: &Image, id: AtomId| {
        let mut labels = image.atoms.labels(id).iter();
        labels.any(|l| image.symbols[l.symbol as usize].name.starts_with(b"anon."))
    };
    let (a, b) = (pair.a, pair.b);
    numbered(a, l)
        && numbered(b, r)
        && hash::of(a, l) == hash::of(b, r)
        && refer_alike(pair, l, r, |_, _| false)
}

/// Whether two variables of one content are weak definitions of one name from two files.
fn are_weak_twins(pair: &Pair, l: AtomId, r: AtomId) -> bool {
    let (a, b) = (pair.a, pair.b);
    // What is hidden and local may have been weak.
    let weak = |image: &Image, id: AtomId| {
        image.atoms.labels(id).iter().any(|l| {
            let symbol = &image.symbols[l.symbol as usize];
            symbol.bind == STB_WEAK || (symbol.is_local() && symbol.visibility == STV_HIDDEN)
        })
    };
    let labelled = !a.atoms.labels(l).is_empty() && !b.atoms.labels(r).is_empty();
    let (x, y) = (a.atoms.get(l), b.atoms.get(r));
    let bytes = |image: &Image, atom: &crate::model::atoms::Atom| {
        image.memory.slice(atom.start, atom.size() as usize).map(<[u8]>::to_vec)
    };
    labelled
        && x.sized
        && y.sized
        && (weak(a, l) || weak(b, r))
        && names::agree(a, b, l, r)
        && bytes(a, x) == bytes(b, y)
}

/// Whether both lie in the ELF headers at one distance, or in unwind sections of one name: crt
/// files mark where `.eh_frame` begins for them.
fn same_table(pair: &Pair, x: u64, y: u64) -> bool {
    let (a, b) = (pair.a, pair.b);
    let distance = |image: &Image, addr: u64| addr.wrapping_sub(image.memory.start());
    if distance(a, x) == distance(b, y) && distance(a, x) < 64 {
        return true;
    }
    match (a.section_at(x), b.section_at(y)) {
        (Some(s), Some(t)) if s.is_plt() && s.name == t.name => x - s.addr == y - t.addr,
        (Some(s), Some(t)) => s.name == t.name && s.name.starts_with(b".eh_frame"),
        _ => false,
    }
}

/// Whether a function of no bytes and of one name lies at both.
pub fn share_empty_name(pair: &Pair, x: u64, y: u64) -> bool {
    let (ours, theirs) = (pair.a.empties.at(x), pair.b.empties.at(y));
    // Where the name was stripped, nothing is left to tell the function by.
    let nameless = |names: &[&[u8]], image: &Image, at: u64| {
        !names.is_empty()
            && image.is_stripped()
            && image.section_at(at).is_some_and(|s| s.is_code())
    };
    ours.iter().any(|name| theirs.contains(name))
        || nameless(ours, pair.b, y)
        || nameless(theirs, pair.a, x)
}

/// Whether paired functions end at both, with padding behind: a call that doesn't return leaves its
/// return address there, which OCaml's frame tables hold, and Zig's jump tables lead there for a case
/// that can't be.
fn share_code_end(pair: &Pair, x: u64, y: u64) -> bool {
    let ending = |image: &Image, at: u64| {
        let id = image.atoms.last_before(at.checked_sub(1)?)?;
        let (atom, behind) = (image.atoms.get(id), image.atoms.find(at));
        let padded = behind.is_none_or(|id| !image.atoms.get(id).known);
        (atom.class == Class::Code && atom.known && atom.end == at && padded).then_some(id)
    };
    ending(pair.a, x).is_some_and(|l| {
        let counterpart = pair.pairing.right_of(l);
        counterpart.is_some() && counterpart == ending(pair.b, y)
    })
}

/// Whether both lie equally far before a pair without names, with zeros between, which look like
/// padding: constants among the code may begin with some.
fn share_zeros(pair: &Pair, x: u64, y: u64) -> bool {
    let behind = |image: &Image, at: u64| {
        let id = AtomId(image.atoms.last_before(at)?.0 + 1);
        let distance = image.atoms.in_memory(id)?.start - at;
        let zeros = image.memory.slice(at, distance as usize)?.iter().all(|&c| c == 0);
        let between = image.atoms.find(at).is_none() && is_cut_by_guess(image, id);
        (between && zeros).then_some((id, distance))
    };
    let (Some((l, before)), Some((r, other))) = (behind(pair.a, x), behind(pair.b, y)) else {
        return false;
    };
    before == other && pair.pairing.right_of(l) == Some(r)
}

/// Whether a linker-defined name stands for both.
fn share_linker_name(pair: &Pair, x: u64, y: u64) -> bool {
    let theirs = pair.b.linker_defined.names_at(y);
    if pair.a.linker_defined.names_at(x).iter().any(|name| theirs.contains(name)) {
        return true;
    }
    let bound = pair.a.section_bound(x);
    if bound.is_some() && bound == pair.b.section_bound(y) {
        return true;
    }
    if share_guessed_bound(pair, x, y) {
        return true;
    }
    // The bounds of an array that isn't there may be anywhere, as long as they are equal.
    let empty = |image: &Image, addr| image.linker_defined.is_empty_range(addr);
    let anywhere = |image: &Image, addr| addr == 0 || addr == image.memory.start();
    (empty(pair.a, x) && (empty(pair.b, y) || anywhere(pair.b, y)))
        || (empty(pair.b, y) && anywhere(pair.a, x))
}

/// Without symbols, the names of bounds are lost: whether both are bounds of sections, or one is and
/// the other the place that stands for the bounds of an array that isn't there.
fn share_guessed_bound(pair: &Pair, x: u64, y: u64) -> bool {
    let bound = |image: &Image, addr: u64| {
        let sections = image.sections.iter().filter(|s| s.is_alloc());
        sections.flat_map(|s| [s.addr, s.addr.wrapping_add(s.size)]).any(|at| at == addr)
    };
    let start = |image: &Image, addr| addr == 0 || addr == image.memory.start();
    let (a, b) = (pair.a, pair.b);
    let either = |image: &Image, addr| bound(image, addr) || start(image, addr);
    a.is_stripped() && b.is_stripped() && either(a, x) && either(b, y)
}

/// Whether a paired atom nearby lies as far from `x` as its counterpart from `y`: ends of arrays
/// and tables whose base the compiler biased.
pub fn near_a_pair(pair: &Pair, x: u64, y: u64) -> bool {
    let (a, b) = (pair.a, pair.b);
    let Some(first) = a.atoms.last_before(x) else { return false };
    let matches = |id: AtomId| {
        let Some(other) = pair.pairing.right_of(id) else { return false };
        if a.atoms.get(id).class == Class::Code {
            return false;
        }
        let distance = x.wrapping_sub(a.atoms.get(id).start) as i64;
        let same = distance == y.wrapping_sub(b.atoms.get(other).start) as i64;
        // Inside of the object itself was asked before.
        same && distance.abs() < REACH
    };
    matches(first) || a.atoms.around(first, NEIGHBOURS).any(matches)
}

/// Compares two offsets in the thread-local blocks.
pub fn thread_local(pair: &Pair, x: u64, y: u64) -> Verdict {
    let (a, b) = (pair.a, pair.b);
    let ours = a.atoms.last_tls_before(x);
    let matches = |id: AtomId| {
        let Some(other) = pair.pairing.right_of(id) else { return false };
        x.wrapping_sub(a.atoms.get(id).start) == y.wrapping_sub(b.atoms.get(other).start)
    };
    if ours.is_some_and(|id| matches(id) || a.atoms.around(id, NEIGHBOURS).any(matches)) {
        return Verdict::Same;
    }
    let theirs = b.atoms.last_tls_before(y);
    let named = ours.is_some_and(|id| pair.pairing.right_of(id).is_some())
        || theirs.is_some_and(|id| pair.pairing.left_of(id).is_some());
    if let (Some(l), Some(r)) = (ours, theirs)
        && pair.pairing.right_of(l) == Some(r)
    {
        return Verdict::Addend;
    }
    if named {
        Verdict::Different
    } else {
        Verdict::Content { left: x, right: y, tls: true, named }
    }
}
