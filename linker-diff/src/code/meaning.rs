//! What an instruction yields, however the linker came to write it (x86-64 psABI, appendix B and
//! the thread-local sequences of Drepper's "ELF Handling For Thread-Local Storage").

use iced_x86::{Mnemonic, OpKind, Register};

use super::fields::{self, Memory};
use super::padding;
use super::{Insn, Reg};
use crate::model::Image;
use crate::model::target::{Target, canonical, pointer_at};

/// What an instruction yields.
#[derive(Clone, PartialEq, Debug)]
pub enum Meaning {
    /// So many bytes of `dst` become an address or a thread-pointer offset.
    Value(Reg, usize, Vec<Target>),
    /// Calls it.
    Call(Target),
    /// Jumps to it.
    Jump(Target),
    /// Pushes it.
    Push(Vec<Target>),
    /// An arithmetic operation of so many bytes with a register and an address.
    Arith(Mnemonic, Reg, usize, Vec<Target>),
    /// Adds a thread-local offset to so many bytes of a register.
    AddTls(Reg, usize, Vec<Target>),
    /// The register becomes the thread pointer.
    ThreadPointer(Reg),
    /// The register becomes the start of the program's thread-local block.
    BlockStart(Reg),
    /// Something that no relaxation produces.
    Other(Box<Insn>),
}

/// The meanings of a run of instructions, fillers left out.
pub fn of_run(image: &Image, run: &[Insn]) -> Vec<Meaning> {
    let real = run.iter().filter(|i| !padding::is_filler(i));
    real.map(|i| of(image, i)).collect()
}

/// The meaning of one instruction.
pub fn of(image: &Image, insn: &Insn) -> Meaning {
    let f = fields::of(insn);
    let dst = insn.reg(0);
    let other = || Meaning::Other(Box::new(*insn));
    let slot = match f.memory {
        Some(Memory::Relative(at)) => pointer_at(image, at),
        _ => None,
    };
    let candidates = || match (slot, f.immediate) {
        (Some(target), _) => vec![target],
        (None, Some(imm)) => numbers(image, imm),
        _ => Vec::new(),
    };
    match insn.mnemonic() {
        Mnemonic::Call => match (f.branch, slot) {
            (Some(to), _) => Meaning::Call(canonical(image, to)),
            (None, Some(target)) => Meaning::Call(target),
            _ => other(),
        },
        Mnemonic::Jmp => match (f.branch, slot) {
            (Some(to), _) => Meaning::Jump(canonical(image, to)),
            (None, Some(target)) => Meaning::Jump(target),
            _ => other(),
        },
        Mnemonic::Push if slot.is_some() || f.immediate.is_some() => Meaning::Push(candidates()),
        Mnemonic::Lea => lea(image, insn, f.memory, dst).unwrap_or_else(other),
        Mnemonic::Mov if insn.op0_kind() == OpKind::Register => match f.memory {
            Some(Memory::ThreadPointer(0)) => Meaning::ThreadPointer(dst),
            _ if !candidates().is_empty() => Meaning::Value(dst, insn.width(0), candidates()),
            _ => other(),
        },
        mnemonic @ (Mnemonic::Add
        | Mnemonic::Adc
        | Mnemonic::And
        | Mnemonic::Cmp
        | Mnemonic::Or
        | Mnemonic::Sbb
        | Mnemonic::Sub
        | Mnemonic::Xor
        | Mnemonic::Test) => arith(insn, mnemonic, candidates()).unwrap_or_else(other),
        _ => other(),
    }
}

/// The readings of a number: an address, a thread-local offset, or nothing but a number.
fn numbers(image: &Image, number: i64) -> Vec<Target> {
    let mut out = Vec::from_iter(fields::absolute(image, number));
    out.extend(fields::thread_local(image, number));
    out.push(Target::Number(number as u64));
    out
}

fn lea(image: &Image, insn: &Insn, memory: Option<Memory>, dst: Reg) -> Option<Meaning> {
    match memory? {
        Memory::Relative(at) => {
            Some(Meaning::Value(dst, insn.width(0), vec![canonical(image, at)]))
        }
        Memory::Displacement(disp)
            if insn.base() == dst && insn.memory_index() == Register::None =>
        {
            let offset = fields::thread_local(image, disp)?;
            Some(Meaning::AddTls(dst, insn.width(0), vec![offset]))
        }
        _ => None,
    }
}

fn arith(insn: &Insn, mnemonic: Mnemonic, targets: Vec<Target>) -> Option<Meaning> {
    // `test` names the memory operand first, the others last.
    let mut last_first = (0..insn.op_count()).rev();
    let operand = last_first.find(|&op| insn.op_kind(op) == OpKind::Register)?;
    let (register, width) = (insn.reg(operand), insn.width(operand));
    if targets.is_empty() {
        return None;
    }
    let tls: Vec<_> = targets.iter().copied().filter(|t| matches!(t, Target::Tls(_))).collect();
    if mnemonic == Mnemonic::Add && !tls.is_empty() {
        return Some(Meaning::AddTls(register, width, tls));
    }
    Some(Meaning::Arith(mnemonic, register, width, targets))
}
