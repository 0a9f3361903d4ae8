//! Two functions, instruction by instruction.
//!
//! No x86-64 relaxation changes the length of code, so both are walked in step: where instruction
//! boundaries part, the run up to the next common boundary is compared by its meaning.

use super::Pair;
use super::bases::{self, Bases};
use super::resolve::{self, Verdict};
use super::sink::Sink;
use super::words;
use crate::code::fields::{self, Memory};
use crate::code::meaning::{self, Meaning};
use crate::code::{Decoder, Insn, Reg, padding, text};
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::atoms::AtomId;
use crate::model::target::{Target, canonical, pointer_at};
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
            if !self.sized && ends_in_padding(ours, theirs, &x, &y, self.start) {
                return;
            }
            if left.offset() != right.offset() {
                let mut runs = (vec![x], vec![y]);
                step_together(&mut left, &mut right, &mut runs);
                self.runs(&runs.0, &runs.1, sink);
            } else if x.is_invalid() || y.is_invalid() {
                self.raw(&x, &y, ours, theirs);
            } else if x.code() == y.code() && fields::blanked(&x) == fields::blanked(&y) {
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

    /// The same instruction but for what relocations fill.
    fn same_form(&mut self, x: &Insn, y: &Insn, sink: &mut Sink) {
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
        if left == right && left < self.size {
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

    /// Different instructions, or boundaries that part: the meaning decides.
    fn runs(&mut self, ours: &[Insn], theirs: &[Insn], sink: &mut Sink) {
        let left = tls_call(self.pair.a, meaning::of_run(self.pair.a, ours));
        let right = tls_call(self.pair.b, meaning::of_run(self.pair.b, theirs));
        let offset = (ours[0].ip() - self.start.0) as u32;
        let loaded = self.loaded(&left, &right);
        let mut pending = Vec::new();
        let same = left.len() == right.len()
            && left.iter().zip(&right).all(|(l, r)| self.same_meaning(l, r, offset, &mut pending));
        if !same {
            self.differ(Kind::Instruction, ours, theirs, "the instructions differ");
            return;
        }
        if loaded.is_some() {
            self.bases = loaded;
        } else {
            self.follow(ours, false);
        }
        sink.anonymous.extend(pending);
        let side = if is_through_got(self.pair.a, ours) { Side::Right } else { Side::Left };
        let topic = format!("{:?}", ours[0].mnemonic()).to_lowercase();
        let finding = Finding::new(Kind::Relaxation, self.place(offset), "relaxed on one side")
            .showing(lines(self.pair.a, ours), lines(self.pair.b, theirs))
            .on(side);
        sink.count(Reason::Relaxed, &topic, finding);
    }

    /// Bases of local-dynamic accesses, if one of them is the start of its block.
    fn loaded(&self, left: &[Meaning], right: &[Meaning]) -> Option<Bases> {
        let base = |image: &Image, run: &[Meaning]| match run {
            [Meaning::BlockStart(register)] => Some((0, *register)),
            [Meaning::ThreadPointer(register)] => Some((bases::end(image)?, *register)),
            _ => None,
        };
        let ((l, register), (r, _)) = (base(self.pair.a, left)?, base(self.pair.b, right)?);
        (l == 0 || r == 0).then(|| Bases::new(l, r, register))
    }

    fn same_meaning(
        &self,
        left: &Meaning,
        right: &Meaning,
        offset: u32,
        pending: &mut Vec<super::sink::Anonymous>,
    ) -> bool {
        let mut any = |ours: &[Target], theirs: &[Target]| {
            let verdicts = ours
                .iter()
                .flat_map(|&l| theirs.iter().map(move |&r| resolve::targets(self.pair, l, r)));
            let mut content = None;
            for verdict in verdicts {
                match verdict {
                    Verdict::Same => return true,
                    Verdict::Content { .. } => content = content.or(Some(verdict)),
                    _ => {}
                }
            }
            pending.extend(content.and_then(|v| v.anonymous(self.id, offset)));
            content.is_some()
        };
        match (left, right) {
            (Meaning::Value(d, v, x), Meaning::Value(e, w, y))
            | (Meaning::AddTls(d, v, x), Meaning::AddTls(e, w, y)) => (d, v) == (e, w) && any(x, y),
            (Meaning::Arith(m, d, v, x), Meaning::Arith(n, e, w, y)) => {
                (m, d, v) == (n, e, w) && any(x, y)
            }
            (Meaning::Push(x), Meaning::Push(y)) => any(x, y),
            (Meaning::Call(x), Meaning::Call(y)) | (Meaning::Jump(x), Meaning::Jump(y)) => {
                any(&[*x], &[*y])
            }
            // A local-dynamic base: what is added to it tells whether they agree.
            (Meaning::ThreadPointer(d), Meaning::ThreadPointer(e) | Meaning::BlockStart(e))
            | (Meaning::BlockStart(d), Meaning::ThreadPointer(e) | Meaning::BlockStart(e)) => {
                d == e
            }
            (Meaning::Other(x), Meaning::Other(y)) => {
                x.code() == y.code() && fields::blanked(x) == fields::blanked(y) && self.equal(x, y)
            }
            _ => false,
        }
    }

    /// Instructions of a run that no relaxation made: their fields must be equal numbers.
    fn equal(&self, x: &Insn, y: &Insn) -> bool {
        let (l, r) = (fields::of(x), fields::of(y));
        let relative = |to: Option<u64>, base: u64| to.map(|t| t.wrapping_sub(base));
        relative(l.branch, self.start.0) == relative(r.branch, self.start.1)
            && l.immediate == r.immediate
            && match (l.memory, r.memory) {
                (Some(Memory::Relative(to)), Some(Memory::Relative(other))) => {
                    resolve::addresses(self.pair, to, other) == Verdict::Same
                }
                (ours, theirs) => ours == theirs,
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

/// Whether nothing but padding is left on both sides from these instructions on.
fn ends_in_padding(ours: &[u8], theirs: &[u8], x: &Insn, y: &Insn, start: (u64, u64)) -> bool {
    let is_rest = |bytes: &[u8], insn: &Insn, start: u64| {
        let rest = &bytes[(insn.ip() - start) as usize..];
        matches!(rest.first(), Some(0 | 0x0f | 0x2e | 0x66 | 0x90 | 0xcc)) && padding::is_all(rest)
    };
    is_rest(ours, x, start.0) && is_rest(theirs, y, start.1)
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

/// Thread-local sequences of several instructions become one meaning each:
/// `lea slot(%rip), %rdi; call __tls_get_addr`, and `xor %eax, %eax; mov %fs:(%rax), %rax;
/// sub $size, %rax`, which is how mold relaxes local-dynamic accesses.
fn tls_call(image: &Image, run: Vec<Meaning>) -> Vec<Meaning> {
    use iced_x86::Mnemonic::{Mov, Sub, Xor};
    if let [Meaning::Other(clear), Meaning::Other(load), Meaning::Arith(Sub, Reg::RAX, 8, size)] =
        &run[..]
        && (clear.mnemonic(), load.mnemonic()) == (Xor, Mov)
        && image.tls.is_some_and(|tls| {
            size.contains(&Target::Number(tls.thread_pointer().wrapping_sub(tls.start)))
        })
    {
        return vec![Meaning::BlockStart(Reg::RAX)];
    }
    let [Meaning::Value(Reg::RDI, 8, slot), Meaning::Call(Target::Addr(callee))] = &run[..] else {
        return run;
    };
    let is_get_addr =
        image.atoms.find(*callee).is_some_and(|id| text::atom(image, id) == "__tls_get_addr");
    match slot[..] {
        [Target::Addr(slot)] if is_get_addr && image.is_got(slot) => {
            let offset = image.memory.word(slot + 8).unwrap_or(0) as i64;
            vec![
                Meaning::ThreadPointer(Reg::RAX),
                Meaning::AddTls(Reg::RAX, 8, vec![Target::Tls(offset)]),
            ]
        }
        _ => run,
    }
}

/// Whether an address lies in sections that take the same range of addresses on both sides.
fn same_section(a: &Image, b: &Image, addr: u64) -> bool {
    match (a.section_at(addr), b.section_at(addr)) {
        (Some(x), Some(y)) => (x.name, x.addr, x.size) == (y.name, y.addr, y.size),
        _ => false,
    }
}

fn is_through_got(image: &Image, run: &[Insn]) -> bool {
    run.iter()
        .any(|i| matches!(fields::of(i).memory, Some(Memory::Relative(at)) if image.is_got(at)))
}

fn lines(image: &Image, run: &[Insn]) -> String {
    run.iter().map(|i| text::instruction(image, i)).collect::<Vec<_>>().join("\n")
}
