//! Which GOT loads become direct (psABI B.2, "Optimize GOTPCRELX Relocations").

use super::classify::{Action, Mode, Prefix, TargetKind, Width};
use crate::elf::*;

/// Prefix, opcode and ModRM of the instruction whose 32-bit displacement stands at `offset`.
pub(super) fn decode(kind: u32, bytes: &[u8], offset: u64) -> Option<(Prefix, u8, u8)> {
    let end = usize::try_from(offset).ok()?;
    bytes.get(end..end.checked_add(4)?)?;
    let before = |distance: usize| end.checked_sub(distance).map(|at| bytes[at]);
    let prefix = match kind {
        R_X86_64_GOTPCRELX => Prefix::Legacy,
        R_X86_64_REX_GOTPCRELX | R_X86_64_GOTTPOFF | R_X86_64_GOTPC32_TLSDESC => {
            (before(3)? & 0xf0 == 0x40).then_some(Prefix::Rex)?
        }
        // Payload bit 7 chooses the 0f opcode map, which has none of these instructions.
        R_X86_64_CODE_4_GOTPCRELX | R_X86_64_CODE_4_GOTTPOFF | R_X86_64_CODE_4_GOTPC32_TLSDESC => {
            (before(4)? == 0xd5 && before(3)? & 0x80 == 0).then_some(Prefix::Rex2)?
        }
        // CODE_5 and CODE_6 loads: the psABI names no instruction to rewrite.
        _ => return None,
    };
    Some((prefix, before(2)?, before(1)?))
}

/// Whether the instruction may have a REX2 prefix although its relocation has no `CODE_4` form:
/// LLVM 19 emits that for r16 to r31. The byte may as well be the end of the instruction before
/// (`mov %edx, %ebp` is `89 d5`), so that its prefix must stay as it is.
pub(super) fn may_be_rex2(kind: u32, bytes: &[u8], offset: u64) -> bool {
    let code_4 = matches!(
        kind,
        R_X86_64_CODE_4_GOTPCRELX | R_X86_64_CODE_4_GOTTPOFF | R_X86_64_CODE_4_GOTPC32_TLSDESC
    );
    let before = usize::try_from(offset).ok().and_then(|end| bytes.get(end.checked_sub(4)?));
    !code_4 && before == Some(&0xd5)
}

/// mod 00, r/m 101: a displacement from the instruction pointer, whatever the register.
pub(super) fn is_rip_relative(modrm: u8) -> bool {
    modrm & 0xc7 == 0x05
}

/// REX.W and REX2.W are the same bit of the byte three before the displacement.
pub(super) fn is_64_bit(prefix: Prefix, byte: u8) -> bool {
    prefix != Prefix::Legacy && byte & 8 != 0
}

/// What a `GOTPCRELX` relocation of any kind does.
pub(super) fn action(mode: Mode, rela: &Rela, bytes: &[u8], target: TargetKind) -> Action {
    let keep = Action::GotPcRelative(Width::S32);
    // Another addend means another word of the GOT than the symbol's.
    if rela.addend() != -4 || target == TargetKind::Far {
        return keep;
    }
    let Some((prefix, opcode, modrm)) = decode(rela.kind(), bytes, rela.offset()) else {
        return keep;
    };
    let moves = !matches!(target, TargetKind::Absolute(_));
    // The start-up code of a static-PIE calls and loads addresses before the GOT is relocated.
    let load = mode.relax || (mode.pie && moves);
    match (opcode, modrm) {
        (0xff, 0x15) if load && prefix == Prefix::Legacy && reaches(mode, target) => Action::Call,
        (0xff, 0x25) if load && prefix == Prefix::Legacy && reaches(mode, target) => Action::Jump,
        (0x8b, _) if is_rip_relative(modrm) && load && moves => Action::Lea,
        _ if is_rip_relative(modrm) && mode.relax => {
            immediate(mode, (prefix, opcode), rela, bytes, target).unwrap_or(keep)
        }
        _ => keep,
    }
}

/// `lea foo(%rip), %reg` of an undefined weak symbol in a static-PIE, where no displacement gives 0:
/// the program moves. `mov $0, %reg` is as long.
pub(super) fn lea_of_nothing(
    mode: Mode,
    rela: &Rela,
    bytes: &[u8],
    target: TargetKind,
) -> Option<Action> {
    if !mode.pie || target != TargetKind::Absolute(0) || rela.addend() != -4 {
        return None;
    }
    let end = usize::try_from(rela.offset()).ok()?;
    bytes.get(end..end.checked_add(4)?)?;
    match bytes[end.checked_sub(3)?..end] {
        [0x48 | 0x4c, 0x8d, modrm]
            if is_rip_relative(modrm) && !may_be_rex2(rela.kind(), bytes, rela.offset()) =>
        {
            Some(Action::MovImmediate(Prefix::Rex))
        }
        _ => None,
    }
}

/// True if a 32-bit displacement from code reaches the target for sure.
fn reaches(mode: Mode, target: TargetKind) -> bool {
    match target {
        TargetKind::Absolute(value) => !mode.pie && mode.low && value < 1 << 31,
        _ => true,
    }
}

fn immediate(
    mode: Mode,
    (prefix, opcode): (Prefix, u8),
    rela: &Rela,
    bytes: &[u8],
    target: TargetKind,
) -> Option<Action> {
    let (kind, offset) = (rela.kind(), rela.offset());
    let end = usize::try_from(offset).ok()?;
    let before = |distance: usize| end.checked_sub(distance).map_or(0, |at| bytes[at]);
    let wide = is_64_bit(prefix, before(3));
    let fits = match target {
        TargetKind::Absolute(value) if wide => i32::try_from(value.cast_signed()).is_ok(),
        TargetKind::Absolute(value) => {
            u32::try_from(value).is_ok() || i32::try_from(value.cast_signed()).is_ok()
        }
        TargetKind::Address | TargetKind::Ifunc => !mode.pie && mode.low,
        TargetKind::Far | TargetKind::Tls => false,
    };
    if may_be_rex2(kind, bytes, offset) {
        return None;
    }
    // 0x66 in front would make it a 16-bit immediate, unless REX.W counts more (or it ends the
    // instruction before: then a chance is lost).
    let front = match prefix {
        Prefix::Legacy => 3,
        Prefix::Rex => 4,
        Prefix::Rex2 => 5,
    };
    if !fits || (!wide && before(front) == 0x66) {
        return None;
    }
    match opcode {
        0x8b => Some(Action::MovImmediate(prefix)),
        0x85 => Some(Action::TestImmediate(prefix)),
        // add, or, adc, sbb, and, sub, xor, cmp: 03, 0b, 13, 1b, 23, 2b, 33, 3b.
        _ if opcode & 0xc7 == 0x03 => Some(Action::BinaryImmediate(prefix)),
        _ => None,
    }
}
