//! Instructions with up to 32 general-purpose registers.

use std::ops::{Deref, DerefMut};

use iced_x86::{DecoderError, DecoderOptions, Instruction, OpCodeOperandKind as Kind, Register};

use super::rex2;

/// Which of an instruction's register fields name r16 to r31.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Upper {
    /// ModRM.reg (R4).
    reg: bool,
    /// The index of an address (X4).
    index: bool,
    /// The base of an address, ModRM.rm, or a register in the opcode (B4).
    base: bool,
}

impl Upper {
    /// As the second byte of a REX2 prefix says.
    pub fn of_rex2(payload: u8) -> Self {
        let bit = |n: u8| payload >> n & 1 != 0;
        Upper { reg: bit(6), index: bit(5), base: bit(4) }
    }
}

/// A register, whichever part of it an instruction names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reg {
    /// The whole of it, or of the one 16 below it.
    full: Register,
    upper: bool,
}

impl Reg {
    /// `%rax`.
    pub const RAX: Reg = Reg::lower(Register::RAX);
    /// `%rdi`.
    pub const RDI: Reg = Reg::lower(Register::RDI);

    /// One of r0 to r15, by the name of all 64 bits.
    pub const fn lower(full: Register) -> Self {
        Reg { full, upper: false }
    }

    /// The register of which `part` is a part, or the one 16 above it.
    fn of(part: Register, upper: bool) -> Self {
        Reg { full: part.full_register(), upper: upper && part.is_gpr() }
    }

    /// Whether it is one that only REX2 can name.
    pub fn is_upper(self) -> bool {
        self.upper
    }
}

/// One instruction. As iced-x86's, it names the registers r0 to r15 in place of r16 to r31; the
/// methods here know the difference.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Insn {
    plain: Instruction,
    upper: Upper,
}

impl Deref for Insn {
    type Target = Instruction;

    fn deref(&self) -> &Instruction {
        &self.plain
    }
}

impl DerefMut for Insn {
    fn deref_mut(&mut self) -> &mut Instruction {
        &mut self.plain
    }
}

impl Insn {
    /// An instruction some of whose registers are the upper ones.
    pub fn with_upper(plain: Instruction, upper: Upper) -> Self {
        Insn { plain, upper }
    }

    /// The register that is operand `op`.
    pub fn reg(&self, op: u32) -> Reg {
        let upper = match self.op_code().op_kind(op) {
            Kind::r8_reg
            | Kind::r16_reg
            | Kind::r16_reg_mem
            | Kind::r32_reg
            | Kind::r32_reg_mem
            | Kind::r64_reg
            | Kind::r64_reg_mem => self.upper.reg,
            Kind::r8_or_mem
            | Kind::r8_opcode
            | Kind::r16_or_mem
            | Kind::r16_rm
            | Kind::r16_opcode
            | Kind::r32_or_mem
            | Kind::r32_rm
            | Kind::r32_opcode
            | Kind::r64_or_mem
            | Kind::r64_rm
            | Kind::r64_opcode => self.upper.base,
            _ => false,
        };
        Reg::of(self.op_register(op), upper)
    }

    /// How many bytes of its register operand `op` names.
    pub fn width(&self, op: u32) -> usize {
        self.op_register(op).size()
    }

    /// The base of the memory operand's address.
    pub fn base(&self) -> Reg {
        Reg::of(self.memory_base(), self.upper.base)
    }

    /// The index of the memory operand's address.
    pub fn index(&self) -> Reg {
        Reg::of(self.memory_index(), self.upper.index)
    }
}

/// Yields instructions until no byte is left.
pub struct Decoder<'a> {
    bytes: &'a [u8],
    addr: u64,
    plain: iced_x86::Decoder<'a>,
}

impl<'a> Decoder<'a> {
    /// For `bytes` as they lie at `addr`.
    pub fn new(bytes: &'a [u8], addr: u64) -> Self {
        let plain = iced_x86::Decoder::with_ip(64, bytes, addr, DecoderOptions::NONE);
        Decoder { bytes, addr, plain }
    }

    /// Whether a byte is left.
    pub fn can_decode(&self) -> bool {
        self.plain.can_decode()
    }

    /// How many bytes lie before the next instruction.
    pub fn offset(&self) -> usize {
        self.plain.position()
    }

    /// Goes on at another offset; none beyond the end.
    pub fn set_offset(&mut self, offset: usize) {
        if self.plain.set_position(offset).is_ok() {
            self.plain.set_ip(self.addr.wrapping_add(offset as u64));
        }
    }

    /// Why the last instruction is invalid.
    pub fn last_error(&self) -> DecoderError {
        self.plain.last_error()
    }

    /// The next instruction; an invalid one takes the bytes that cannot be decoded.
    pub fn decode(&mut self) -> Insn {
        let at = self.offset();
        let plain = self.plain.decode();
        if plain.is_invalid()
            && let Some(insn) = rex2::decode(&self.bytes[at..], plain.ip())
        {
            self.set_offset(at + insn.len());
            return insn;
        }
        Insn { plain, upper: Upper::default() }
    }
}

impl Iterator for Decoder<'_> {
    type Item = Insn;

    fn next(&mut self) -> Option<Insn> {
        self.can_decode().then(|| self.decode())
    }
}
