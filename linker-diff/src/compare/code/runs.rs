//! Instructions that differ, as relaxation leaves them: the meaning of a run decides.

use super::super::bases::{self, Bases};
use super::super::resolve::{self, Verdict};
use super::super::sink::{Anonymous, Sink};
use super::{Walk, lines, same_form};
use crate::code::fields::{self, Memory};
use crate::code::meaning::{self, Meaning};
use crate::code::{Insn, Reg, text};
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::target::Target;
use crate::reason::Reason;

/// What equal meanings leave open.
#[derive(Default)]
struct Open {
    /// Places whose content decides.
    pending: Vec<Anonymous>,
    /// Whether a section that one side lacks is referred to.
    dropped: bool,
}

impl Walk<'_, '_, '_> {
    /// Different instructions, or boundaries that part: the meaning decides.
    pub(super) fn runs(&mut self, ours: &[Insn], theirs: &[Insn], sink: &mut Sink) {
        let left = tls_call(self.pair.a, meaning::of_run(self.pair.a, ours));
        let right = tls_call(self.pair.b, meaning::of_run(self.pair.b, theirs));
        let offset = (ours[0].ip() - self.start.0) as u32;
        let loaded = self.loaded(&left, &right);
        let mut open = Open::default();
        let same = left.len() == right.len()
            && left.iter().zip(&right).all(|(l, r)| self.same_meaning(l, r, offset, &mut open));
        if !same {
            self.differ(Kind::Instruction, ours, theirs, "the instructions differ");
            return;
        }
        if loaded.is_some() {
            self.bases = loaded;
        } else {
            self.follow(ours, false);
        }
        sink.anonymous.extend(open.pending);
        if open.dropped {
            return self.dropped(ours, theirs, Kind::WrongTarget, sink);
        }
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

    fn same_meaning(&self, left: &Meaning, right: &Meaning, offset: u32, open: &mut Open) -> bool {
        let mut any = |ours: &[Target], theirs: &[Target]| {
            let verdicts = ours
                .iter()
                .flat_map(|&l| theirs.iter().map(move |&r| resolve::targets(self.pair, l, r)));
            let mut content = None;
            for verdict in verdicts {
                match verdict {
                    Verdict::Same => return true,
                    Verdict::Dropped => {
                        open.dropped = true;
                        return true;
                    }
                    Verdict::Content { .. } => content = content.or(Some(verdict)),
                    _ => {}
                }
            }
            open.pending.extend(content.and_then(|v| v.anonymous(self.id, offset)));
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
            (Meaning::Other(x), Meaning::Other(y)) => same_form(x, y) && self.equal(x, y),
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

fn is_through_got(image: &Image, run: &[Insn]) -> bool {
    run.iter()
        .any(|i| matches!(fields::of(i).memory, Some(Memory::Relative(at)) if image.is_got(at)))
}
