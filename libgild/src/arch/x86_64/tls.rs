//! TLS transitions (psABI 11.1.3): in a static program every model becomes local exec, because the
//! offset of every variable from the thread pointer is known at link time.

use super::classify::{Action, Mode, Prefix, TlsCall, Width};
use super::{RelocationError, relax};
use crate::elf::*;

/// What a TLS relocation does in a section with flags `flags`; `None` if `rela` isn't one.
pub(super) fn action(
    mode: Mode,
    rela: &Rela,
    bytes: &[u8],
    flags: u64,
    next: Option<&Rela>,
) -> Option<Result<Action, RelocationError>> {
    Some(match rela.kind() {
        R_X86_64_TPOFF32 => Ok(Action::TpOffset(Width::S32)),
        R_X86_64_TPOFF64 => Ok(Action::TpOffset(Width::W64)),
        // Data keeps what it says.
        R_X86_64_DTPOFF32 if flags & SHF_EXECINSTR == 0 => Ok(Action::DtpOffset(Width::S32)),
        R_X86_64_DTPOFF64 if flags & SHF_EXECINSTR == 0 => Ok(Action::DtpOffset(Width::W64)),
        // After the LD transition %rax is the thread pointer, no longer the start of the block.
        R_X86_64_DTPOFF32 => Ok(Action::TpOffset(Width::S32)),
        R_X86_64_DTPOFF64 => Ok(Action::TpOffset(Width::W64)),
        R_X86_64_GOTTPOFF
        | R_X86_64_CODE_4_GOTTPOFF
        | R_X86_64_CODE_5_GOTTPOFF
        | R_X86_64_CODE_6_GOTTPOFF => Ok(initial_exec(mode, rela, bytes)),
        R_X86_64_TLSGD => sequence(general_dynamic(rela, bytes, next)),
        R_X86_64_TLSLD => sequence(local_dynamic(rela, bytes, next)),
        R_X86_64_GOTPC32_TLSDESC
        | R_X86_64_CODE_4_GOTPC32_TLSDESC
        | R_X86_64_CODE_5_GOTPC32_TLSDESC
        | R_X86_64_CODE_6_GOTPC32_TLSDESC => sequence(descriptor(rela, bytes)),
        R_X86_64_TLSDESC_CALL => sequence(
            window(bytes, rela.offset(), 0, 2)
                .filter(|code| *code == [0xff, 0x10])
                .map(|_| Action::TlsDescCall),
        ),
        _ => return None,
    })
}

fn sequence(action: Option<Action>) -> Result<Action, RelocationError> {
    action.ok_or(RelocationError::TlsSequence)
}

/// `length` bytes that start `before` bytes before `offset`.
pub(super) fn window(bytes: &[u8], offset: u64, before: usize, length: usize) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?.checked_sub(before)?;
    bytes.get(start..start.checked_add(length)?)
}

fn initial_exec(mode: Mode, rela: &Rela, bytes: &[u8]) -> Action {
    let relaxed = match rela.kind() {
        _ if !mode.relax || rela.addend() != -4 => None,
        R_X86_64_CODE_6_GOTTPOFF => evex_add(rela, bytes),
        kind if relax::may_be_rex2(kind, bytes, rela.offset()) => None,
        kind => load(kind, bytes, rela.offset()).and_then(|(prefix, opcode)| match opcode {
            0x8b => Some(Action::IeMov(prefix)),
            0x03 => Some(Action::IeAdd(prefix)),
            _ => None,
        }),
    };
    relaxed.unwrap_or(Action::GotTpPcRelative)
}

/// Prefix and opcode of a 64-bit instruction with an operand at the instruction pointer.
fn load(kind: u32, bytes: &[u8], offset: u64) -> Option<(Prefix, u8)> {
    let (prefix, opcode, modrm) = relax::decode(kind, bytes, offset)?;
    let wide = relax::is_64_bit(prefix, window(bytes, offset, 3, 1)?[0]);
    (wide && relax::is_rip_relative(modrm)).then_some((prefix, opcode))
}

/// `add %reg1, foo@gottpoff(%rip), %reg2` (01) or `add foo@gottpoff(%rip), %reg1, %reg2` (03), and
/// the forms that leave the flags alone: EVEX map 4, W set.
fn evex_add(rela: &Rela, bytes: &[u8]) -> Option<Action> {
    let code = window(bytes, rela.offset(), 6, 10)?;
    let evex = code[0] == 0x62 && code[1] & 7 == 4 && code[2] & 0x80 != 0;
    (evex && matches!(code[4], 0x01 | 0x03) && relax::is_rip_relative(code[5]))
        .then_some(Action::IeAddEvex)
}

fn descriptor(rela: &Rela, bytes: &[u8]) -> Option<Action> {
    let (prefix, opcode) = load(rela.kind(), bytes, rela.offset())?;
    let action = match relax::may_be_rex2(rela.kind(), bytes, rela.offset()) {
        true => Action::TlsDescLoad,
        false => Action::TlsDescLea(prefix),
    };
    (opcode == 0x8d && rela.addend() == -4).then_some(action)
}

/// The call's relocation `distance` bytes after `rela`.
fn is_call(rela: &Rela, next: Option<&Rela>, distance: u64, kinds: &[u32]) -> bool {
    next.is_some_and(|next| {
        rela.offset().checked_add(distance) == Some(next.offset()) && kinds.contains(&next.kind())
    })
}

const DIRECT: &[u32] = &[R_X86_64_PLT32, R_X86_64_PC32];
const INDIRECT: &[u32] =
    &[R_X86_64_GOTPCRELX, R_X86_64_REX_GOTPCRELX, R_X86_64_GOTPCREL, R_X86_64_CODE_4_GOTPCRELX];

fn general_dynamic(rela: &Rela, bytes: &[u8], next: Option<&Rela>) -> Option<Action> {
    if rela.addend() != -4 {
        return None;
    }
    // data16 lea foo@tlsgd(%rip), %rdi
    if let Some([0x66, 0x48, 0x8d, 0x3d, .., a, b, c, d, _, _, _, _]) =
        window(bytes, rela.offset(), 4, 16)
    {
        match [*a, *b, *c, *d] {
            // data16 data16 rex.W call __tls_get_addr@PLT
            [0x66, 0x66, 0x48, 0xe8] if is_call(rela, next, 8, DIRECT) => {
                return Some(Action::TlsGd(TlsCall::Direct));
            }
            // data16 rex.W call *__tls_get_addr@GOTPCREL(%rip)
            [0x66, 0x48, 0xff, 0x15] if is_call(rela, next, 8, INDIRECT) => {
                return Some(Action::TlsGd(TlsCall::Indirect));
            }
            _ => {}
        }
    }
    large_call(rela, bytes, next).then_some(Action::TlsGd(TlsCall::Large))
}

fn local_dynamic(rela: &Rela, bytes: &[u8], next: Option<&Rela>) -> Option<Action> {
    if rela.addend() != -4 {
        return None;
    }
    // lea foo@tlsld(%rip), %rdi; call __tls_get_addr@PLT
    if let Some([0x48, 0x8d, 0x3d, _, _, _, _, 0xe8, ..]) = window(bytes, rela.offset(), 3, 12)
        && is_call(rela, next, 5, DIRECT)
    {
        return Some(Action::TlsLd(TlsCall::Direct));
    }
    // lea foo@tlsld(%rip), %rdi; call *__tls_get_addr@GOTPCREL(%rip)
    if let Some([0x48, 0x8d, 0x3d, _, _, _, _, 0xff, 0x15, ..]) =
        window(bytes, rela.offset(), 3, 13)
        && is_call(rela, next, 6, INDIRECT)
    {
        return Some(Action::TlsLd(TlsCall::Indirect));
    }
    large_call(rela, bytes, next).then_some(Action::TlsLd(TlsCall::Large))
}

/// `lea foo@tls..(%rip), %rdi; movabs $__tls_get_addr@pltoff, %rax; add %rbx|%r15, %rax; call *%rax`
fn large_call(rela: &Rela, bytes: &[u8], next: Option<&Rela>) -> bool {
    let Some(code) = window(bytes, rela.offset(), 3, 22) else { return false };
    code[..3] == [0x48, 0x8d, 0x3d]
        && code[7..9] == [0x48, 0xb8]
        && matches!(code[17..20], [0x48, 0x01, 0xd8] | [0x4c, 0x01, 0xf8])
        && code[20..22] == [0xff, 0xd0]
        && is_call(rela, next, 6, &[R_X86_64_PLTOFF64])
}
