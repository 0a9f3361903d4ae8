//! Pieces of merged sections: strings and constants that nothing refers to lie behind others, on each
//! side in an order of its own.

use super::ends::{Steps, ends_string, is_end};
use crate::code::{Decoder, Insn, fields};
use crate::compare::Pair;
use crate::compare::data::Difference;
use crate::compare::sink::Anonymous;
use crate::model::Image;
use crate::model::atoms::Class;
use crate::model::elf::Section;

/// Pieces of fewer bytes occur everywhere by chance.
const LEAST_PIECE: usize = 8;

/// The same where code or data states the length of what lies before.
const LEAST_SHORT: usize = 4;

/// The same for strings with their terminator.
pub const LEAST_STRING: usize = 3;

/// So many bytes without a zero among them do not occur twice by chance.
const TELLING: usize = 12;

/// How far from a reference its length is looked for, in bytes of code.
pub const NEAR: usize = 48;

/// As many bytes of a piece as are looked for.
pub const PIECE: usize = 48;

/// Whether a number near the reference says that what it refers to ends at `at` or shortly before.
pub fn states_end(image: &Image, r: &Anonymous, at: usize) -> bool {
    lengths(image, r).iter().any(|&l| l >= LEAST_STRING && l <= at && at - l < LEAST_PIECE)
}

/// Whether what differs at `d` is no longer the thing at `r` but a piece behind it, to which
/// nothing refers and which lies elsewhere on the other side.
pub fn is_another_piece(
    pair: &Pair,
    r: &Anonymous,
    d: &Difference,
    size: u64,
    steps: &Steps,
) -> bool {
    let at_start = d.offset == 0;
    if at_start && ends_string(pair, r) {
        return true;
    }
    if at_start && !is_end(pair, r, steps) {
        return false;
    }
    let both = Both::read(pair, r, d.offset as usize, size as usize);
    // What states its length ends there.
    if both.lengths.iter().any(|&l| l == both.at && l >= LEAST_PIECE) {
        return true;
    }
    both.starts(at_start).into_iter().any(|start| both.is_another_at(pair, start))
        || both.has_inserted(pair)
}

/// The bytes at a reference on both sides, which differ.
struct Both<'a> {
    r: &'a Anonymous,
    /// Where they differ.
    at: usize,
    /// Bytes up to the next place that something refers to.
    size: usize,
    ours: Vec<u8>,
    theirs: Vec<u8>,
    /// What may be the length of the thing at the reference, if `at` lies right behind it.
    lengths: Vec<usize>,
    /// Behind the last zero before `at`.
    behind_zero: Option<usize>,
}

impl<'a> Both<'a> {
    fn read(pair: &Pair, r: &'a Anonymous, at: usize, size: usize) -> Both<'a> {
        let read = |image: &Image, addr: u64| -> Vec<u8> {
            let held = image.memory.from(addr).unwrap_or(&[]);
            held[..held.len().min(size + PIECE)].to_vec()
        };
        let (ours, theirs) = (read(pair.a, r.left), read(pair.b, r.right));
        let behind_zero = ours[..at.min(ours.len())].iter().rposition(|&c| c == 0).map(|z| z + 1);
        let mut lengths = lengths(pair.a, r);
        let texts = |end: usize| is_text(&ours, end) && is_text(&theirs, end);
        lengths.retain(|&l| {
            (l >= LEAST_SHORT && l <= at && at - l < LEAST_SHORT || l == LEAST_STRING && l == at)
                && (l == at && l >= LEAST_PIECE && texts(l) || texts(l + LEAST_SHORT))
        });
        Both { r, at, size, ours, theirs, lengths, behind_zero }
    }

    /// Where the piece that differs may begin: at a multiple of its alignment, behind a terminator, or
    /// behind what states its length.
    fn starts(&self, at_start: bool) -> Vec<usize> {
        let aligned = [8usize, 4, 2, 1].iter().map(|n| self.at & !(n - 1));
        let starts = aligned.chain(self.behind_zero);
        let mut starts: Vec<usize> = starts.filter(|&start| start > 0 || at_start).collect();
        starts.dedup();
        starts.extend(&self.lengths);
        starts
    }

    /// Whether the thing at the reference ends at `start`, and what follows lies elsewhere on the other
    /// side.
    fn is_another_at(&self, pair: &Pair, start: usize) -> bool {
        let within = self.size.saturating_sub(start);
        let behind_text = self.behind_zero == Some(start) && start > LEAST_SHORT;
        // Behind a terminated string, too few bytes to be told from chance.
        if within < LEAST_SHORT && behind_text {
            return true;
        }
        let (ours, theirs) = (self.ours.get(start..), self.theirs.get(start..));
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return false };
        // A text that is terminated, or of 4 bytes, with nothing but padding behind it on one side
        // is complete.
        let padded = |piece: &[u8]| is_filler(&piece[..within.min(piece.len())]);
        let ends = within <= LEAST_SHORT && start >= LEAST_STRING || behind_text;
        if ends && is_text(&self.ours, start) && (padded(ours) || padded(theirs)) {
            return true;
        }
        let here = self.is_elsewhere(ours, start, within, pair.b, self.r.right);
        let there = self.is_elsewhere(theirs, start, within, pair.a, self.r.left);
        // The same behind the zeros that end a text of Rust's `format_args!`.
        let dropped = |piece: &[u8]| {
            self.behind_zero == Some(start)
                && piece.first() == Some(&0)
                && is_text_constant(behind_zeros(piece), 0, 0, LEAST_PIECE)
        };
        (here && there)
            || (self.is_droppable(start) && (here || there))
            || (here && dropped(theirs) || there && dropped(ours))
    }

    /// Whether one side has a merged constant here that lies elsewhere on the other, and goes on behind it
    /// as the other does: it comes between texts without terminators, as Rust has them.
    fn has_inserted(&self, pair: &Pair) -> bool {
        let (r, at) = (self.r, self.at);
        is_inserted(&self.ours, at, &self.theirs, pair.b, r.right)
            || is_inserted(&self.theirs, at, &self.ours, pair.a, r.left)
    }

    /// Of mergeable constants to which nothing refers, one linker may drop what another keeps.
    fn is_droppable(&self, start: usize) -> bool {
        self.lengths.contains(&start) || (start > 0 && self.is_constant(start, LEAST_PIECE))
    }

    fn is_constant(&self, start: usize, width: usize) -> bool {
        is_text_constant(&self.ours, self.r.left, start, width)
            && is_text_constant(&self.theirs, self.r.right, start, width)
    }

    /// Whether `piece`, of which `within` bytes belong to no other place, is padding or occurs in
    /// `other`'s section at `addr`.
    fn is_elsewhere(
        &self,
        piece: &[u8],
        start: usize,
        within: usize,
        other: &Image,
        addr: u64,
    ) -> bool {
        // A constant of 4 bytes ends where the next one is referred to.
        let short = self.is_constant(start, LEAST_SHORT)
            || self.lengths.contains(&start)
            || within == LEAST_SHORT;
        let least = if short { LEAST_SHORT } else { LEAST_PIECE };
        let constant = behind_zeros(piece);
        let telling = piece.get(..TELLING).filter(|piece| !piece.contains(&0));
        is_filler(&piece[..within.min(piece.len())])
            || occurs(other, addr, piece, least)
            || is_text_constant(constant, 0, 0, LEAST_PIECE)
                && occurs(other, addr, &constant[..LEAST_PIECE], LEAST_PIECE)
            || telling.is_some_and(|piece| occurs(other, addr, piece, TELLING))
    }
}

/// Whether the first `end` bytes are text or its terminators.
fn is_text(bytes: &[u8], end: usize) -> bool {
    let text = |c: &u8| (0x20..0x7f).contains(c) || b"\0\t\n\r".contains(c);
    bytes.get(..end).is_some_and(|bytes| bytes.iter().all(text))
}

/// Whether `width` bytes at `start` are aligned text: a constant of that size, which linkers merge
/// and sort each in its own way.
fn is_text_constant(bytes: &[u8], addr: u64, start: usize, width: usize) -> bool {
    let aligned = (addr + start as u64).is_multiple_of(width as u64);
    let piece = bytes.get(start..start + width);
    aligned && piece.is_some_and(|p| p.iter().all(|c| (0x20..0x7f).contains(c)))
}

/// Whether a text constant around `at` in `bytes`, which `others` lack, occurs in the section that `addr`
/// lies in; rustc aligns such constants to no more than a byte.
fn is_inserted(bytes: &[u8], at: usize, others: &[u8], other: &Image, addr: u64) -> bool {
    let fits = |start: usize, width: usize| {
        start + width > at
            && start <= bytes.len()
            && is_text_constant(&bytes[start..], 0, 0, width)
            && go_on_alike(&bytes[start + width..], &others[start.min(others.len())..])
            && occurs(other, addr, &bytes[start..start + width], width)
    };
    // The other side may go on with the constant's first characters.
    let starts = at.saturating_sub(LEAST_PIECE - 1).max(1)..=at;
    starts.into_iter().any(|start| fits(start, LEAST_SHORT) || fits(start, LEAST_PIECE))
}

/// Whether two pieces begin with the same bytes, enough of them to be no chance.
fn go_on_alike(x: &[u8], y: &[u8]) -> bool {
    x.len() >= LEAST_PIECE && x.get(..LEAST_PIECE) == y.get(..LEAST_PIECE)
}

/// Numbers near a reference that may be the length of what it refers to: strings of Rust have no
/// terminator, their length is loaded beside their address or stored behind it.
fn lengths(image: &Image, r: &Anonymous) -> Vec<usize> {
    let atom = image.atoms.get(r.from);
    if r.stated > 0 {
        return vec![r.stated as usize];
    }
    if atom.class != Class::Code {
        let word = image.memory.word(atom.start + u64::from(r.offset) + 8);
        return word.map(|w| w as usize).into_iter().collect();
    }
    let Some(bytes) = image.memory.slice(atom.start, atom.size() as usize) else {
        return Vec::new();
    };
    let at = |insn: &Insn| (insn.ip() - atom.start) as usize;
    let offset = r.offset as usize;
    let insns = Decoder::new(bytes, atom.start).take_while(|insn| at(insn) <= offset + NEAR);
    let near = insns.filter(|insn| at(insn).abs_diff(offset) <= NEAR);
    // What the stack pointer moves by is no length.
    let near = near.filter(|insn| insn.op0_register() != iced_x86::Register::RSP);
    near.filter_map(|insn| fields::of(&insn).immediate.map(|i| i as usize)).collect()
}

/// What follows the padding before a piece.
fn behind_zeros(piece: &[u8]) -> &[u8] {
    let start = piece.iter().position(|&c| c != 0).unwrap_or(piece.len());
    &piece[start..]
}

fn is_filler(piece: &[u8]) -> bool {
    piece.iter().all(|&c| c == 0)
}

/// Whether the first piece of `piece`, a string with its terminator or the next bytes, occurs in
/// the section that `addr` lies in.
fn occurs(image: &Image, addr: u64, piece: &[u8], least: usize) -> bool {
    let piece = behind_zeros(piece);
    let piece = &piece[..piece.len().min(PIECE)];
    let (piece, least) = match memchr::memchr(0, piece) {
        _ if least == LEAST_SHORT => (&piece[..piece.len().min(least)], least),
        Some(end) if end + 1 >= LEAST_STRING => (&piece[..=end], LEAST_STRING),
        _ => (&piece[..piece.len().min(least)], least),
    };
    let Some(section) = image.section_at(addr) else { return false };
    let inside = |s: &Section| memchr::memmem::find(s.data, piece).is_some();
    let constants =
        || image.sections.iter().filter(|s| s.is_alloc() && s.name.starts_with(b".rodata"));
    piece.len() >= least && (inside(section) || constants().any(inside))
}
