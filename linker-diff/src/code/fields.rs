//! The parts of an instruction that a relocation may have filled.

use iced_x86::{OpKind, Register};

use super::{Decoder, Insn};
use crate::model::Image;
use crate::model::refs::Ref;
use crate::model::target::{Target, canonical, pointer_at, tp_offset_in_block};

/// A memory operand's address part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// Relative to the instruction: the address it names.
    Relative(u64),
    /// A displacement from the thread pointer (`%fs:disp`, no other register).
    ThreadPointer(i64),
    /// A displacement from registers, or an absolute address.
    Displacement(i64),
}

/// What a relocation may have filled; at most one of each in x86-64.
#[derive(Clone, Copy, Default, Debug)]
pub struct Fields {
    /// Target of a near branch or call.
    pub branch: Option<u64>,
    /// Address part of the memory operand.
    pub memory: Option<Memory>,
    /// Immediate operand, sign-extended.
    pub immediate: Option<i64>,
}

/// Takes the fields of one instruction.
pub fn of(insn: &Insn) -> Fields {
    let mut fields = Fields::default();
    for op in 0..insn.op_count() {
        match insn.op_kind(op) {
            OpKind::NearBranch64 => fields.branch = Some(insn.near_branch64()),
            OpKind::Memory => fields.memory = Some(memory(insn)),
            OpKind::Immediate8
            | OpKind::Immediate16
            | OpKind::Immediate32
            | OpKind::Immediate64
            | OpKind::Immediate8to16
            | OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate32to64 => {
                fields.immediate.get_or_insert(insn.immediate(op) as i64);
            }
            _ => {}
        }
    }
    fields
}

fn memory(insn: &Insn) -> Memory {
    if insn.is_ip_rel_memory_operand() {
        return Memory::Relative(insn.ip_rel_memory_address());
    }
    let disp = insn.memory_displacement64() as i64;
    let bare = insn.memory_base() == Register::None && insn.memory_index() == Register::None;
    if insn.memory_segment() == Register::FS && bare {
        return Memory::ThreadPointer(disp);
    }
    Memory::Displacement(disp)
}

/// The instruction with the fields blanked, to be compared with another.
pub fn blanked(insn: &Insn) -> Insn {
    let mut blank = *insn;
    for op in 0..insn.op_count() {
        match insn.op_kind(op) {
            OpKind::NearBranch64 => blank.set_near_branch64(0),
            OpKind::Memory => {
                blank.set_memory_displacement64(0);
                // The same operand may be encoded with a short or a long displacement.
                blank.set_memory_displ_size(1);
            }
            OpKind::Immediate8 => blank.set_immediate8(0),
            OpKind::Immediate16 => blank.set_immediate16(0),
            OpKind::Immediate32 => blank.set_immediate32(0),
            OpKind::Immediate64 => blank.set_immediate64(0),
            OpKind::Immediate8to16 => blank.set_immediate8to16(0),
            OpKind::Immediate8to32 => blank.set_immediate8to32(0),
            OpKind::Immediate8to64 => blank.set_immediate8to64(0),
            OpKind::Immediate32to64 => blank.set_immediate32to64(0),
            _ => {}
        }
    }
    blank
}

/// What a number in an instruction of a fixed-address program may refer to.
pub fn absolute(image: &Image, number: i64) -> Option<Target> {
    let addr = number as u64;
    (!image.is_pie() && image.memory.contains_or_ends(addr)).then(|| canonical(image, addr))
}

/// What a number may refer to in the thread-local block.
pub fn thread_local(image: &Image, number: i64) -> Option<Target> {
    let tls = image.tls.filter(|_| tp_offset_in_block(image, number))?;
    Some(Target::Tls(tls.block_offset(number)))
}

/// What the instructions at `start` refer to, branches within them left out.
pub fn refs(image: &Image, start: u64, size: usize) -> Vec<Ref> {
    let Some(bytes) = image.memory.slice(start, size) else { return Vec::new() };
    let own = start..start + size as u64;
    let mut out = Vec::new();
    for insn in Decoder::new(bytes, start).filter(|insn| !insn.is_invalid()) {
        let fields = of(&insn);
        let mut push = |target| out.push(Ref { offset: (insn.ip() - start) as u32, target });
        if let Some(to) = fields.branch.filter(|to| !own.contains(to)) {
            push(canonical(image, to));
        }
        match fields.memory {
            Some(Memory::Relative(at)) => push(through_got(image, at)),
            Some(Memory::ThreadPointer(disp)) => {
                thread_local(image, disp).into_iter().for_each(&mut push);
            }
            Some(Memory::Displacement(disp)) => {
                absolute(image, disp).into_iter().for_each(&mut push);
            }
            None => {}
        }
        if let Some(imm) = fields.immediate {
            absolute(image, imm).into_iter().for_each(&mut push);
        }
    }
    out
}

/// The target of the GOT slot at `addr`, or `addr` itself if it is no slot.
fn through_got(image: &Image, addr: u64) -> Target {
    if image.is_got(addr) {
        match pointer_at(image, addr) {
            Some(target @ (Target::Addr(_) | Target::Ifunc(_) | Target::Tls(_))) => return target,
            _ => return Target::Addr(addr),
        }
    }
    canonical(image, addr)
}
