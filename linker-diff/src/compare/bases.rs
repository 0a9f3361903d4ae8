//! Where code counts thread-local offsets from.
//!
//! Local-dynamic and TLSDESC code loads a base once and adds offsets to it. One linker counts both
//! from the end of the program's thread-local block, where the thread pointer is, another from its
//! start: only the sums can be compared. So what the two bases reach is followed from register to
//! register, in the order in which the code lies.

use iced_x86::{Code, Mnemonic, OpKind, Register};

use crate::code::{Insn, Reg, padding};
use crate::model::Image;
use crate::model::target::Target;

/// Two bases, as offsets in the blocks, and the registers that hold them or a sum with them.
#[derive(Debug)]
pub struct Bases {
    left: i64,
    right: i64,
    registers: Vec<Reg>,
}

/// Registers that a call may overwrite (psABI, 3.2.1), beside all of r16 to r31.
const SCRATCH: [Reg; 9] = [
    Reg::RAX,
    Reg::lower(Register::RCX),
    Reg::lower(Register::RDX),
    Reg::lower(Register::RSI),
    Reg::RDI,
    Reg::lower(Register::R8),
    Reg::lower(Register::R9),
    Reg::lower(Register::R10),
    Reg::lower(Register::R11),
];

fn is_scratch(register: Reg) -> bool {
    register.is_upper() || SCRATCH.contains(&register)
}

/// The end of the block as an offset in it: what the thread pointer is.
pub fn end(image: &Image) -> Option<i64> {
    image.tls.map(|tls| tls.thread_pointer().wrapping_sub(tls.start) as i64)
}

/// The start or the end of the block, if that is what a distance from the thread pointer means.
fn bound(image: &Image, distance: i64) -> Option<i64> {
    let end = end(image)?;
    (distance == 0 || distance == end.wrapping_neg()).then(|| end.wrapping_add(distance))
}

impl Bases {
    /// Bases at these offsets in the blocks, both in one register.
    pub fn new(left: i64, right: i64, register: Reg) -> Self {
        Self { left, right, registers: vec![register] }
    }

    /// Of one instruction on both sides: loads of the bases, one at the start of its block and the
    /// other at the end of its own.
    pub fn loaded(a: &Image, b: &Image, insn: &Insn, to: i64, other: i64) -> Option<Self> {
        let loads = insn.mnemonic() == Mnemonic::Mov && insn.op0_kind() == OpKind::Register;
        let (left, right) = (bound(a, to)?, bound(b, other)?);
        let part = loads && (to == 0) != (other == 0);
        part.then(|| Self::new(left, right, insn.reg(0)))
    }

    /// Whether the displacement of an instruction is counted from the bases; if it is the same on
    /// both sides, `lea` hands the bases on.
    pub fn reach_through(&self, insn: &Insn, same: bool) -> bool {
        !(same && insn.mnemonic() == Mnemonic::Lea) && self.are_in_address(insn)
    }

    /// Whether an instruction adds its immediate to the bases.
    pub fn are_added_to(&self, insn: &Insn) -> bool {
        let register = insn.op0_kind() == OpKind::Register;
        insn.mnemonic() == Mnemonic::Add && register && self.hold(insn.reg(0))
    }

    /// What a number counted from each stands for.
    pub fn targets(&self, to: i64, other: i64) -> (Target, Target) {
        let sum = |base: i64, number| Target::Tls(base.wrapping_add(number));
        (sum(self.left, to), sum(self.right, other))
    }

    /// Follows what an instruction does to registers; false once other bases are loaded, the same on
    /// both sides.
    pub fn follow(&mut self, image: &Image, insn: &Insn, same: bool) -> bool {
        if insn.code() == Code::Mov_rm64_imm32 && bound(image, insn.immediate(1) as i64).is_some() {
            return false;
        }
        let into = insn.reg(0);
        match insn.mnemonic() {
            Mnemonic::Call => self.registers.retain(|held| !is_scratch(*held)),
            Mnemonic::Mov if insn.op0_kind() == OpKind::Register => {
                let copied = insn.op1_kind() == OpKind::Register && self.hold(insn.reg(1));
                self.set(into, copied);
            }
            Mnemonic::Movzx | Mnemonic::Movsx | Mnemonic::Movsxd | Mnemonic::Xor => {
                self.set(into, false);
            }
            Mnemonic::Lea => self.set(into, same && self.are_in_address(insn)),
            Mnemonic::Add if insn.op0_kind() == OpKind::Register => {
                if insn.op1_kind() == OpKind::Register {
                    let held = self.hold(into) || self.hold(insn.reg(1));
                    self.set(into, held);
                } else if insn.op1_kind() != OpKind::Memory {
                    // The sum is a variable's offset, which was compared.
                    self.set(into, false);
                }
            }
            _ => {}
        }
        true
    }

    fn hold(&self, register: Reg) -> bool {
        self.registers.contains(&register)
    }

    fn are_in_address(&self, insn: &Insn) -> bool {
        let memory = insn.op_kinds().any(|kind| kind == OpKind::Memory);
        memory && !padding::is_filler(insn) && (self.hold(insn.base()) || self.hold(insn.index()))
    }

    fn set(&mut self, register: Reg, held: bool) {
        self.registers.retain(|other| *other != register);
        if held {
            self.registers.push(register);
        }
    }
}
