//! Two functions, instruction by instruction.
//!
//! No x86-64 relaxation changes the length of code, so both are walked in step: where instruction
//! boundaries part, the run up to the next common boundary is compared by its meaning.

mod operands;
mod runs;

use super::Pair;
use super::bases::Bases;
use super::resolve;
use super::sink::Sink;
use crate::code::{Decoder, Insn, fields, padding, text};
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::atoms::AtomId;
use crate::reason::Reason;

/// Differences of one function that are shown; the rest are counted.
const SHOWN: usize = 4;

/// One pair of functions being walked.
struct Walk<'w, 'i, 'a> {
    pair: &'w Pair<'i, 'a>,
    id: AtomId,
    start: (u64, u64),
    size: u64,
    /// Whether both sides know where the function ends.
    sized: bool,
    /// Whether neither a symbol nor an FDE tells where it begins.
    guessed: bool,
    /// Whether it has been seen to hold a table.
    table: bool,
    differences: Vec<Finding>,
    instructions: u64,
    /// What thread-local offsets are counted from, where the two sides count differently.
    bases: Option<Bases>,
    /// That they do, until an offset has been counted from them.
    uncounted: Option<Finding>,
}

/// Compares a pair of functions.
pub fn compare(pair: &Pair, x: AtomId, y: AtomId, sink: &mut Sink) {
    sink.compared += 1;
    let (left, right) = (pair.a.atoms.get(x), pair.b.atoms.get(y));
    let size = left.size().min(right.size());
    let (Some(ours), Some(theirs)) = (
        pair.a.memory.slice(left.start, size as usize),
        pair.b.memory.slice(right.start, size as usize),
    ) else {
        return;
    };
    let mut walk = Walk {
        pair,
        id: x,
        start: (left.start, right.start),
        size,
        sized: left.sized && right.sized,
        guessed: resolve::is_cut_by_guess(pair.a, x) && resolve::is_cut_by_guess(pair.b, y),
        table: false,
        differences: Vec::new(),
        instructions: 0,
        bases: None,
        uncounted: None,
    };
    walk.run(ours, theirs, sink);
    walk.longer_side(left.size(), right.size(), sink);
    walk.report(sink);
}

impl Walk<'_, '_, '_> {
    fn run(&mut self, ours: &[u8], theirs: &[u8], sink: &mut Sink) {
        let mut left = Decoder::new(ours, self.start.0);
        let mut right = Decoder::new(theirs, self.start.1);
        while left.can_decode() && right.can_decode() {
            if self.skip_padding(ours, theirs, &mut left, &mut right) {
                continue;
            }
            let (x, y) = (left.decode(), right.decode());
            self.instructions += 1;
            if !self.sized && ends_in_padding(ours, theirs, &x, &y, self.start.0) {
                return;
            }
            if left.offset() != right.offset() {
                let mut runs = (vec![x], vec![y]);
                step_together(&mut left, &mut right, &mut runs);
                self.runs(&runs.0, &runs.1, sink);
            } else if x.is_invalid() || y.is_invalid() {
                self.raw(&x, &y, ours, theirs);
            } else if same_form(&x, &y) {
                self.same_form(&x, &y, sink);
            } else {
                self.runs(&[x], &[y], sink);
            }
        }
    }

    /// Steps over padding of one length between functions whose ends nobody states: linkers fill it
    /// with nops, traps or zeros.
    fn skip_padding(
        &self,
        ours: &[u8],
        theirs: &[u8],
        left: &mut Decoder,
        right: &mut Decoder,
    ) -> bool {
        let at = left.offset();
        let (Some(x), Some(y)) = (ours.get(at..), theirs.get(at..)) else { return false };
        let fills = |bytes: &[u8]| matches!(bytes.first(), Some(0 | 0xcc));
        if self.sized || !(fills(x) || fills(y)) {
            return false;
        }
        let length = padding::leading(x);
        if length == 0 || length != padding::leading(y) {
            return false;
        }
        left.set_offset(at + length);
        right.set_offset(at + length);
        true
    }

    /// Keeps track of the bases behind instructions; `same` if those are the same on both sides.
    fn follow(&mut self, run: &[Insn], same: bool) {
        let image = self.pair.a;
        self.bases = self.bases.take().and_then(|mut bases| {
            run.iter().all(|insn| bases.follow(image, insn, same)).then_some(bases)
        });
    }

    /// Bytes that are no instructions.
    fn raw(&mut self, x: &Insn, y: &Insn, ours: &[u8], theirs: &[u8]) {
        let at = (x.ip() - self.start.0) as usize;
        let len = x.len().max(y.len()).max(1);
        if ours.get(at..at + len) != theirs.get(at..at + len) {
            self.differ(Kind::Instruction, &[*x], &[*y], "bytes that are no instruction differ");
        }
    }

    fn longer_side(&mut self, left: u64, right: u64, sink: &mut Sink) {
        let sized = self.sized;
        if left == right {
            return;
        }
        let (image, start, size) = if left > right {
            (self.pair.a, self.start.0, left)
        } else {
            (self.pair.b, self.start.1, right)
        };
        let rest = image.memory.slice(start + self.size, (size - self.size) as usize);
        if rest.is_none_or(padding::is_all) && !sized {
            return;
        }
        let detail = format!("{left} bytes here and {right} there");
        let finding = Finding::new(Kind::FunctionSize, self.place(0), detail);
        if sized {
            sink.push(finding);
        } else {
            // The range of a symbol without a size ends where the next known thing begins.
            sink.count(Reason::PaddedEnd, "unsized", finding);
        }
    }

    fn place(&self, offset: u32) -> String {
        let name = text::atom(self.pair.a, self.id);
        if offset == 0 { name } else { format!("{name}+{offset:#x}") }
    }

    fn differ(&mut self, kind: Kind, ours: &[Insn], theirs: &[Insn], detail: &str) {
        let offset = (ours[0].ip() - self.start.0) as u32;
        let finding = Finding::new(kind, self.place(offset), detail)
            .showing(lines(self.pair.a, ours), lines(self.pair.b, theirs));
        self.differences.push(finding);
    }

    /// Hands over the differences; content that differs throughout is another definition.
    fn report(mut self, sink: &mut Sink) {
        self.differences.extend(self.uncounted.take());
        let different = self.differences.iter().filter(|f| f.kind == Kind::Instruction).count();
        if different > 3 && different as u64 * 4 > self.instructions {
            let mut finding = self.differences.swap_remove(0);
            finding.kind = Kind::OtherDefinition;
            finding.detail = format!("{different} of {} instructions differ", self.instructions);
            finding.place = text::atom(self.pair.a, self.id);
            if self.guessed {
                sink.count(Reason::GuessedBounds, "code", finding);
            } else {
                sink.push(finding);
            }
            return;
        }
        let rest = self.differences.len().saturating_sub(SHOWN);
        self.differences.truncate(SHOWN);
        if let (Some(last), true) = (self.differences.last_mut(), rest > 0) {
            last.count += rest as u64;
            last.detail.push_str(&format!(" (and {rest} more in this function)"));
        }
        sink.findings.extend(self.differences);
    }
}

/// Whether two instructions are one but for what relocations fill.
fn same_form(x: &Insn, y: &Insn) -> bool {
    x.code() == y.code() && fields::blanked(x) == fields::blanked(y)
}

/// Whether nothing but padding is left on both sides from these instructions on, or, where texts end
/// within what looks like instructions of two forms, from their first byte that differs.
fn ends_in_padding(ours: &[u8], theirs: &[u8], x: &Insn, y: &Insn, start: u64) -> bool {
    let at = (x.ip() - start) as usize;
    let (ours, theirs) = (&ours[at..], &theirs[at..]);
    let alike = ours.iter().zip(theirs).take_while(|(l, r)| l == r).count();
    let from = if same_form(x, y) { 0 } else { alike };
    let is_rest = |rest: &[u8]| {
        matches!(rest.first(), Some(0 | 0x0f | 0x2e | 0x66 | 0x90 | 0xcc)) && padding::is_all(rest)
    };
    is_rest(&ours[from..]) && is_rest(&theirs[from..])
}

/// Decodes on until both are at the same distance from their starts.
fn step_together(left: &mut Decoder, right: &mut Decoder, runs: &mut (Vec<Insn>, Vec<Insn>)) {
    while left.offset() != right.offset() {
        if left.offset() < right.offset() {
            if !left.can_decode() {
                break;
            }
            runs.0.push(left.decode());
        } else {
            if !right.can_decode() {
                break;
            }
            runs.1.push(right.decode());
        }
    }
}

fn lines(image: &Image, run: &[Insn]) -> String {
    run.iter().map(|i| text::instruction(image, i)).collect::<Vec<_>>().join("\n")
}
