//! Carrying an action out on the output's bytes.

use super::RelocationError;
use super::classify::{Action, Prefix, TlsCall, Width};

/// The numbers of the psABI's formulas for one relocation. Only those that the action uses matter.
#[derive(Clone, Copy, Default, Debug)]
pub struct Values {
    /// S: address of the target (IPLT entry of an ifunc; `tp` for an undefined weak TLS symbol).
    pub s: u64,
    /// A: addend.
    pub a: i64,
    /// Address of the GOT slot that the action needs.
    pub got_slot: u64,
    /// GOT: value of `_GLOBAL_OFFSET_TABLE_`.
    pub got_base: u64,
    /// The thread pointer as a template address.
    pub tp: u64,
    /// Start of the TLS template.
    pub tls_start: u64,
    /// Z: size of the symbol.
    pub size: u64,
}

/// Writes what `action` says at `offset` of `bytes`, a section's output; `place` is P, the address
/// of that offset. Addends of actions that change instructions are -4 throughout (see `relax` and
/// `tls`), the distance from the field to the end of the old instruction.
pub fn apply(
    action: Action,
    bytes: &mut [u8],
    offset: u64,
    place: u64,
    v: &Values,
) -> Result<(), RelocationError> {
    let target = v.s.wrapping_add_signed(v.a);
    let slot = v.got_slot.wrapping_add_signed(v.a);
    let base = v.got_base.wrapping_add_signed(v.a);
    let distance = target.wrapping_sub(place);
    let tp_offset = v.s.wrapping_sub(v.tp);
    match action {
        Action::None => Ok(()),
        Action::PcRelative(width) => put(bytes, offset, width, distance),
        Action::Absolute(width) => put(bytes, offset, width, target),
        Action::Relative => put(bytes, offset, Width::W64, target),
        Action::GotPcRelative(width) => put(bytes, offset, width, slot.wrapping_sub(place)),
        Action::GotTpPcRelative => put(bytes, offset, Width::S32, slot.wrapping_sub(place)),
        Action::GotOffset(width) => put(bytes, offset, width, slot.wrapping_sub(v.got_base)),
        Action::BaseOffset => put(bytes, offset, Width::W64, target.wrapping_sub(v.got_base)),
        Action::BasePcRelative(width) => put(bytes, offset, width, base.wrapping_sub(place)),
        Action::Size(width) => put(bytes, offset, width, v.size.wrapping_add_signed(v.a)),
        Action::TpOffset(width) => put(bytes, offset, width, target.wrapping_sub(v.tp)),
        Action::DtpOffset(width) => put(bytes, offset, width, target.wrapping_sub(v.tls_start)),
        Action::Lea => {
            *before(bytes, offset, 2)? = 0x8d;
            put(bytes, offset, Width::S32, distance)
        }
        // The addr32 prefix fills the byte that the shorter call leaves.
        Action::Call => {
            write(bytes, offset, 2, &[0x67, 0xe8])?;
            put(bytes, offset, Width::S32, distance)
        }
        // The displacement moves one byte down, the nop follows it.
        Action::Jump => {
            write(bytes, offset, 2, &[0xe9, 0, 0, 0, 0, 0x90])?;
            put(bytes, offset.wrapping_sub(1), Width::S32, distance.wrapping_add(1))
        }
        Action::MovImmediate(prefix) => immediate(bytes, offset, prefix, Opcode::Mov, v.s),
        Action::TestImmediate(prefix) => immediate(bytes, offset, prefix, Opcode::Test, v.s),
        Action::BinaryImmediate(prefix) => immediate(bytes, offset, prefix, Opcode::Binary, v.s),
        Action::IeMov(prefix) | Action::TlsDescLea(prefix) => {
            immediate(bytes, offset, prefix, Opcode::Mov, tp_offset)
        }
        Action::IeAdd(prefix) => {
            let register = *before(bytes, offset, 1)? >> 3 & 7;
            // r/m 100 means a SIB byte, for which there is no room: %rsp and %r12 stay an add.
            if prefix == Prefix::Rex && register != 4 {
                return ie_lea(bytes, offset, register, tp_offset);
            }
            immediate(bytes, offset, prefix, Opcode::Binary, tp_offset)
        }
        Action::IeAddEvex => ie_add_evex(bytes, offset, tp_offset),
        Action::TlsDescLoad => {
            *before(bytes, offset, 2)? = 0x8b;
            put(bytes, offset, Width::S32, slot.wrapping_sub(place))
        }
        Action::TlsDescCall => write(bytes, offset, 0, &[0x66, 0x90]),
        Action::TlsGd(call) => general_dynamic(bytes, offset, call, tp_offset),
        Action::TlsLd(call) => local_dynamic(bytes, offset, call),
    }
}

#[derive(Clone, Copy)]
enum Opcode {
    Mov,
    Test,
    Binary,
}

/// Turns `op disp32(%rip), reg` into `op $value, reg`.
///
/// The register moves from ModRM.reg to ModRM.r/m, its extension bits with it.
fn immediate(
    bytes: &mut [u8],
    offset: u64,
    prefix: Prefix,
    opcode: Opcode,
    value: u64,
) -> Result<(), RelocationError> {
    let register = *before(bytes, offset, 1)? >> 3 & 7;
    let operation = before(bytes, offset, 2)?;
    let (new, modrm) = match opcode {
        Opcode::Mov => (0xc7, 0xc0),
        Opcode::Test => (0xf7, 0xc0),
        Opcode::Binary => (0x81, 0xc0 | (*operation & 0x38)),
    };
    *operation = new;
    *before(bytes, offset, 1)? = modrm | register;
    let mut wide = false;
    if prefix != Prefix::Legacy {
        // REX: R is bit 2, B bit 0. REX2 has a second pair, R4 bit 6 and B4 bit 4.
        let mask = if prefix == Prefix::Rex { 0x04 } else { 0x44 };
        let byte = before(bytes, offset, 3)?;
        *byte = (*byte & !mask) | (*byte & mask) >> 2;
        wide = *byte & 8 != 0;
    }
    // A 32-bit operation has no use for the upper half, so either extension will do.
    let unsigned = !wide && u32::try_from(value).is_ok();
    put(bytes, offset, if unsigned { Width::U32 } else { Width::S32 }, value)
}

/// `add foo@gottpoff(%rip), reg` to `lea foo@tpoff(reg), reg`: the register is source and target.
fn ie_lea(bytes: &mut [u8], offset: u64, register: u8, value: u64) -> Result<(), RelocationError> {
    let rex = before(bytes, offset, 3)?;
    *rex |= (*rex & 0x04) >> 2;
    write(bytes, offset, 2, &[0x8d, 0x80 | register << 3 | register])?;
    put(bytes, offset, Width::S32, value)
}

/// `add reg1, foo@gottpoff(%rip), reg2` to `add $foo@tpoff, reg1, reg2`; reg2 stays in EVEX.vvvv.
fn ie_add_evex(bytes: &mut [u8], offset: u64, value: u64) -> Result<(), RelocationError> {
    // EVEX payload 0: R3 X3 B3 R4 inverted, B4 as it is, three bits of opcode map.
    let payload = before(bytes, offset, 5)?;
    let (low, high) = (*payload & 0x80, *payload & 0x10);
    let b3 = low >> 2;
    let b4 = if high == 0 { 0x08 } else { 0 };
    *payload = (*payload & !0x28) | 0x90 | b3 | b4;
    let register = *before(bytes, offset, 1)? >> 3 & 7;
    write(bytes, offset, 2, &[0x81, 0xc0 | register])?;
    put(bytes, offset, Width::S32, value)
}

/// psABI 11.1.3, GD to LE.
fn general_dynamic(
    bytes: &mut [u8],
    offset: u64,
    call: TlsCall,
    value: u64,
) -> Result<(), RelocationError> {
    // mov %fs:0, %rax; lea foo@tpoff(%rax), %rax
    const SMALL: [u8; 16] =
        [0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x8d, 0x80, 0, 0, 0, 0];
    // The same, and a nop of the six bytes that remain.
    const LARGE: [u8; 22] = [
        0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x8d, 0x80, 0, 0, 0, 0, 0x66, 0x0f, 0x1f,
        0x44, 0, 0,
    ];
    // The displacement is the twelfth byte; the sequences start 4 and 3 bytes before `offset`.
    match call {
        TlsCall::Direct | TlsCall::Indirect => {
            write(bytes, offset, 4, &SMALL)?;
            put(bytes, offset.wrapping_add(8), Width::S32, value)
        }
        TlsCall::Large => {
            write(bytes, offset, 3, &LARGE)?;
            put(bytes, offset.wrapping_add(9), Width::S32, value)
        }
    }
}

/// psABI 11.1.3, LD to LE: `mov %fs:0, %rax`, padded in front.
fn local_dynamic(bytes: &mut [u8], offset: u64, call: TlsCall) -> Result<(), RelocationError> {
    const DIRECT: [u8; 12] = [0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0];
    const INDIRECT: [u8; 13] = [0x66, 0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0];
    // nopw %cs:0(%rax,%rax) of 13 bytes before it.
    const LARGE: [u8; 22] = [
        0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x64, 0x48, 0x8b, 0x04,
        0x25, 0, 0, 0, 0,
    ];
    let code: &[u8] = match call {
        TlsCall::Direct => &DIRECT,
        TlsCall::Indirect => &INDIRECT,
        TlsCall::Large => &LARGE,
    };
    write(bytes, offset, 3, code)
}

/// The byte `distance` before `offset`.
fn before(bytes: &mut [u8], offset: u64, distance: u64) -> Result<&mut u8, RelocationError> {
    offset
        .checked_sub(distance)
        .and_then(|at| bytes.get_mut(usize::try_from(at).ok()?))
        .ok_or(RelocationError::Outside)
}

/// Overwrites bytes from `distance` before `offset` on.
fn write(bytes: &mut [u8], offset: u64, distance: u64, code: &[u8]) -> Result<(), RelocationError> {
    let field = offset.checked_sub(distance).and_then(|at| {
        let start = usize::try_from(at).ok()?;
        bytes.get_mut(start..start.checked_add(code.len())?)
    });
    field.ok_or(RelocationError::Outside)?.copy_from_slice(code);
    Ok(())
}

/// Writes `value` if it fits.
#[inline]
pub(crate) fn put(
    bytes: &mut [u8],
    offset: u64,
    width: Width,
    value: u64,
) -> Result<(), RelocationError> {
    let signed = value.cast_signed();
    match width {
        Width::S32 => match i32::try_from(signed) {
            Ok(value) => store(bytes, offset, value.to_le_bytes()),
            Err(_) => range(signed, i64::from(i32::MIN), i64::from(i32::MAX)),
        },
        Width::W64 => store(bytes, offset, value.to_le_bytes()),
        Width::U32 => match u32::try_from(value) {
            Ok(value) => store(bytes, offset, value.to_le_bytes()),
            Err(_) => range(signed, 0, i64::from(u32::MAX)),
        },
        Width::S16 | Width::W16 => {
            let max = if width == Width::S16 { i16::MAX.into() } else { u16::MAX.into() };
            if signed < i64::from(i16::MIN) || signed > max {
                return range(signed, i64::from(i16::MIN), max);
            }
            store(bytes, offset, (value as u16).to_le_bytes())
        }
        Width::S8 | Width::W8 => {
            let max = if width == Width::S8 { i8::MAX.into() } else { u8::MAX.into() };
            if signed < i64::from(i8::MIN) || signed > max {
                return range(signed, i64::from(i8::MIN), max);
            }
            store(bytes, offset, [value as u8])
        }
    }
}

#[cold]
fn range(value: i64, min: i64, max: i64) -> Result<(), RelocationError> {
    Err(RelocationError::Range { value, min, max })
}

#[inline]
fn store<const N: usize>(
    bytes: &mut [u8],
    offset: u64,
    value: [u8; N],
) -> Result<(), RelocationError> {
    let field = usize::try_from(offset).ok().and_then(|at| bytes.get_mut(at..)?.first_chunk_mut());
    *field.ok_or(RelocationError::Outside)? = value;
    Ok(())
}
