//! What relocations fill in two instructions of one form.

use iced_x86::OpCodeOperandKind;

use super::super::bases::Bases;
use super::super::resolve::{self, Verdict};
use super::super::sink::Sink;
use super::super::words;
use super::{Walk, lines};
use crate::code::fields::{self, Memory};
use crate::code::{Insn, text};
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::target::{Target, canonical, pointer_at};
use crate::reason::Reason;

impl Walk<'_, '_, '_> {
    /// The same instruction but for what relocations fill.
    pub(super) fn same_form(&mut self, x: &Insn, y: &Insn, sink: &mut Sink) {
        let (l, r) = (fields::of(x), fields::of(y));
        if let (Some(to), Some(other)) = (l.branch, r.branch) {
            self.branch(x, y, to, other, sink);
        }
        match (l.memory, r.memory) {
            (Some(Memory::Relative(to)), Some(Memory::Relative(other))) => {
                self.relative(x, y, to, other, sink);
            }
            (Some(Memory::ThreadPointer(to)), Some(Memory::ThreadPointer(other))) => {
                self.thread_pointer(x, y, to, other, sink);
            }
            (Some(Memory::Displacement(to)), Some(Memory::Displacement(other))) => {
                let counted = |bases: &Bases| bases.reach_through(x, to == other);
                if !self.count(x, y, (to, other), counted, sink) {
                    self.number(x, y, to, other, sink);
                }
            }
            _ => {}
        }
        if let (Some(to), Some(other)) = (l.immediate, r.immediate) {
            if self.load_bases(x, y, to, other) {
                return;
            }
            if !self.count(x, y, (to, other), |bases| bases.are_added_to(x), sink) {
                self.number(x, y, to, other, sink);
            }
        }
        self.follow(&[*x], x == y);
    }

    /// Whether the instruction loads bases that differ; what is counted from them then tells whether
    /// they mean the same.
    fn load_bases(&mut self, x: &Insn, y: &Insn, to: i64, other: i64) -> bool {
        let Some(bases) = Bases::loaded(self.pair.a, self.pair.b, x, to, other) else {
            return false;
        };
        let place = self.place((x.ip() - self.start.0) as u32);
        let finding = Finding::new(Kind::TlsOffset, place, "nothing is counted from the bases")
            .showing(lines(self.pair.a, &[*x]), lines(self.pair.b, &[*y]));
        self.uncounted = Some(finding);
        self.bases = Some(bases);
        true
    }

    /// Whether two numbers are counted from bases that differ: then they are compared so.
    fn count(
        &mut self,
        x: &Insn,
        y: &Insn,
        numbers: (i64, i64),
        counted: impl Fn(&Bases) -> bool,
        sink: &mut Sink,
    ) -> bool {
        let Some(bases) = self.bases.as_ref().filter(|bases| counted(bases)) else { return false };
        let (left, right) = bases.targets(numbers.0, numbers.1);
        self.uncounted = None;
        self.judge(x, y, left, right, Kind::TlsOffset, sink);
        true
    }

    fn branch(&mut self, x: &Insn, y: &Insn, to: u64, other: u64, sink: &mut Sink) {
        let (left, right) = (to.wrapping_sub(self.start.0), other.wrapping_sub(self.start.1));
        let inside = left == right && left < self.size;
        if inside || self.is_text(x, to, other) || self.are_data(x, y, to, other) {
            return;
        }
        let (left, right) = (canonical(self.pair.a, to), canonical(self.pair.b, other));
        let in_plt = |image: &Image, t| matches!(t, Target::Addr(at) if image.section_at(at).is_some_and(|s| s.is_plt()));
        if (resolve::is_null(left) && in_plt(self.pair.b, right))
            || (resolve::is_null(right) && in_plt(self.pair.a, left))
        {
            let place = self.place((x.ip() - self.start.0) as u32);
            let finding =
                Finding::new(Kind::WrongTarget, place, "a call of nothing through the PLT")
                    .showing(lines(self.pair.a, &[*x]), lines(self.pair.b, &[*y]));
            sink.count(Reason::WeakUndefined, "plt", finding);
            return;
        }
        self.judge(x, y, left, right, Kind::WrongTarget, sink);
    }

    fn relative(&mut self, x: &Insn, y: &Insn, to: u64, other: u64, sink: &mut Sink) {
        if self.are_data(x, y, to, other) {
            return;
        }
        let (a, b) = (self.pair.a, self.pair.b);
        let address_taken = x.mnemonic() == iced_x86::Mnemonic::Lea;
        if address_taken && resolve::addresses(self.pair, to, other) == Verdict::Same {
            return;
        }
        if a.is_got(to) && b.is_got(other) {
            let (Some(left), Some(right)) = (pointer_at(a, to), pointer_at(b, other)) else {
                return;
            };
            let kind = match left {
                Target::Tls(_) => Kind::TlsOffset,
                Target::Ifunc(_) => Kind::Ifunc,
                _ => Kind::GotSlot,
            };
            if resolve::targets(self.pair, left, right) == Verdict::Addend {
                self.differ(kind, &[*x], &[*y], "the GOT slots differ in their distance");
                return;
            }
            self.judge(x, y, left, right, kind, sink);
            return;
        }
        let (left, right) = (canonical(a, to), canonical(b, other));
        self.judge(x, y, left, right, Kind::WrongTarget, sink);
    }

    /// Whether two instructions are none but entries of a table among the code, as assembly has them:
    /// equal bytes, which lead out of both programs. Once that is known, equal ones behind may lead
    /// into them by chance.
    fn are_data(&mut self, x: &Insn, y: &Insn, to: u64, other: u64) -> bool {
        let (a, b) = (&self.pair.a.memory, &self.pair.b.memory);
        let equal = a.slice(x.ip(), x.len()) == b.slice(y.ip(), y.len());
        let outside = !a.contains_or_ends(to) && !b.contains_or_ends(other);
        self.table |= equal && outside;
        self.table && equal
    }

    /// Whether a branch keeps its distance of one byte on both sides and leads to where nothing begins:
    /// compilers have no linker fill so short a field, but texts among the code are full of them.
    fn is_text(&self, x: &Insn, to: u64, other: u64) -> bool {
        let begins = |image: &Image, at: u64| {
            image.atoms.find(at).is_some_and(|id| image.atoms.get(id).start == at)
        };
        let (left, right) = (to.wrapping_sub(self.start.0), other.wrapping_sub(self.start.1));
        left == right
            && x.op_code().op_kind(0) == OpCodeOperandKind::br64_1
            && !begins(self.pair.a, to)
            && !begins(self.pair.b, other)
    }

    fn thread_pointer(&mut self, x: &Insn, y: &Insn, to: i64, other: i64, sink: &mut Sink) {
        let left = fields::thread_local(self.pair.a, to);
        let right = fields::thread_local(self.pair.b, other);
        match (left, right) {
            (Some(left), Some(right)) => self.judge(x, y, left, right, Kind::TlsOffset, sink),
            // %fs:0 and small positive offsets: the C library's thread structure.
            _ if to == other => {}
            _ => self.differ(Kind::TlsOffset, &[*x], &[*y], "not both in the program's block"),
        }
    }

    fn number(&mut self, x: &Insn, y: &Insn, to: i64, other: i64, sink: &mut Sink) {
        let (a, b) = (self.pair.a, self.pair.b);
        if let (Some(left), Some(right)) = (fields::absolute(a, to), fields::absolute(b, other)) {
            // An address only if it is one on both sides; a number that is the same is that number.
            if to != other {
                self.judge(x, y, left, right, Kind::WrongTarget, sink);
            } else if same_section(a, b, to as u64) {
                let verdict = resolve::targets(self.pair, left, right);
                let offset = (x.ip() - self.start.0) as u32;
                sink.anonymous.extend(verdict.anonymous(self.id, offset));
            }
            return;
        }
        if to == other || self.is_biased(to, other) {
            return;
        }
        let targets = [(a, to), (b, other)].map(|(image, number)| {
            fields::absolute(image, number).unwrap_or(Target::Number(number as u64))
        });
        if resolve::targets(self.pair, targets[0], targets[1]) == Verdict::Dropped {
            return self.dropped(&[*x], &[*y], Kind::WrongTarget, sink);
        }
        // Registers may have been saved and loaded again.
        let counted = self.bases.as_ref().map(|bases| bases.targets(to, other));
        let local = || (fields::thread_local(a, to), fields::thread_local(b, other));
        let (left, right) = counted.map_or_else(local, |(l, r)| (Some(l), Some(r)));
        // movabs of the large code model: the number follows two bytes of opcode.
        let large = x.op1_kind() == iced_x86::OpKind::Immediate64;
        let places = (x.ip().wrapping_add(2), y.ip().wrapping_add(2));
        match (left, right) {
            _ if large && words::same_distance(self.pair, places, (to as u64, other as u64)) => {}
            (Some(left), Some(right)) => self.judge(x, y, left, right, Kind::TlsOffset, sink),
            _ if resolve::is_weak_tls(a, to) && resolve::is_weak_tls(b, other) => {
                let place = self.place((x.ip() - self.start.0) as u32);
                let what = "the offset of an undefined weak thread-local variable";
                let finding = Finding::new(Kind::Immediate, place, what)
                    .showing(lines(a, &[*x]), lines(b, &[*y]));
                sink.count(Reason::WeakUndefined, "tls", finding);
            }
            _ => self.differ(Kind::Immediate, &[*x], &[*y], "the numbers differ"),
        }
    }

    /// Whether two numbers are addresses a little outside of an object that is a pair: bases that
    /// compilers bias may lie in nothing.
    fn is_biased(&self, to: i64, other: i64) -> bool {
        let fixed = !self.pair.a.is_pie() && !self.pair.b.is_pie();
        fixed && resolve::near_a_pair(self.pair, to as u64, other as u64)
    }

    /// Counts a reference to a bound of a section that one program lacks.
    pub(super) fn dropped(&self, ours: &[Insn], theirs: &[Insn], kind: Kind, sink: &mut Sink) {
        let place = self.place((ours[0].ip() - self.start.0) as u32);
        let finding = Finding::new(kind, place, "the section is missing on one side")
            .showing(lines(self.pair.a, ours), lines(self.pair.b, theirs));
        sink.count(Reason::StartStopGc, "code", finding);
    }

    /// Compares what a field refers to.
    fn judge(
        &mut self,
        x: &Insn,
        y: &Insn,
        left: Target,
        right: Target,
        kind: Kind,
        sink: &mut Sink,
    ) {
        let verdict = resolve::targets(self.pair, left, right);
        let offset = (x.ip() - self.start.0) as u32;
        sink.anonymous.extend(verdict.anonymous(self.id, offset));
        if matches!(verdict, Verdict::Same | Verdict::Content { .. }) {
            return;
        }
        if verdict == Verdict::Dropped {
            return self.dropped(&[*x], &[*y], kind, sink);
        }
        let kind = match (left, right) {
            (Target::Ifunc(_), _) | (_, Target::Ifunc(_)) => Kind::Ifunc,
            _ if verdict == Verdict::Addend && kind == Kind::WrongTarget => Kind::OtherAddend,
            _ => kind,
        };
        let ours = text::target(self.pair.a, left);
        let theirs = text::target(self.pair.b, right);
        let detail = format!("refers to {ours} on one side and to {theirs} on the other");
        self.differ(kind, &[*x], &[*y], &detail);
    }
}

/// Whether an address lies in sections that take the same range of addresses on both sides.
fn same_section(a: &Image, b: &Image, addr: u64) -> bool {
    match (a.section_at(addr), b.section_at(addr)) {
        (Some(x), Some(y)) => (x.name, x.addr, x.size) == (y.name, y.addr, y.size),
        _ => false,
    }
}
