//! What a relocation does: one answer for the scan before layout and for the write after it.

use super::{NEEDS_GOT, NEEDS_GOT_BASE, NEEDS_GOTTPOFF, RelocationError, relax, tls};
use crate::args::Options;
use crate::elf::*;
use crate::sections::NEAR;

/// What a relocation refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetKind {
    /// A link-time address; a static-PIE moves it at start.
    Address,
    /// The same where 32 bits may not reach: in an SHF_X86_64_LARGE section, or any section behind too much.
    Far,
    /// A number that doesn't move: SHN_ABS, or 0 for an undefined weak symbol.
    Absolute(u64),
    /// An STT_GNU_IFUNC function; stands for its IPLT entry.
    Ifunc,
    /// An STT_TLS symbol, or the section symbol of an SHF_TLS section.
    Tls,
}

/// Types that take an address for what it is. With a section symbol of thread-local storage they mean
/// the initial image.
pub fn is_plain(kind: u32) -> bool {
    matches!(kind, R_X86_64_PC32 | R_X86_64_PLT32 | R_X86_64_64)
}

/// What holds for all relocations of a link.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// The output is a static-PIE.
    pub pie: bool,
    /// Optional relaxations are wanted (`--no-relax` clears it).
    pub relax: bool,
    /// Dynamic relocations in read-only sections are allowed (`-z notext`).
    pub text_relocations: bool,
    /// What is [`TargetKind::Address`] is below 2 GiB: an address may become a 32-bit immediate.
    pub low: bool,
}

impl Mode {
    /// The mode of a link.
    pub fn new(options: &Options) -> Mode {
        // The 2 GiB that small code can reach, but for what isn't far.
        const LOW: u64 = (1 << 31) - NEAR;
        let starts = options.section_starts.iter().map(|(_, address)| *address);
        Mode {
            pie: options.pie,
            relax: options.relax,
            text_relocations: options.text_relocations,
            low: options.image_base.into_iter().chain(starts).all(|address| address < LOW),
        }
    }
}

/// A relocated field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// 8 bits, signed or unsigned.
    W8,
    /// 16 bits, signed or unsigned.
    W16,
    /// 8 bits, signed.
    S8,
    /// 16 bits, signed.
    S16,
    /// 32 bits, zero-extended by the processor.
    U32,
    /// 32 bits, sign-extended by the processor.
    S32,
    /// 64 bits.
    W64,
}

/// How an instruction extends its register fields; REX and REX2 say also whether it is 64-bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Prefix {
    /// No REX prefix.
    Legacy,
    /// One byte, 0x40 to 0x4f.
    Rex,
    /// Two bytes, 0xd5 and a payload (APX).
    Rex2,
}

/// How a `__tls_get_addr` call is written (psABI 11.1.2: all are 16, 12, 13 or 22 bytes long).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TlsCall {
    /// `call __tls_get_addr@PLT`.
    Direct,
    /// `call *__tls_get_addr@GOTPCREL(%rip)`.
    Indirect,
    /// Large model: `movabs $__tls_get_addr@pltoff, %rax; add %rbx, %rax; call *%rax`.
    Large,
}

/// What a relocation does to the output. In the psABI's letters: S symbol, A addend, P place,
/// G slot, GOT base of the GOT, Z size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// S + A.
    Absolute(Width),
    /// S + A - P.
    PcRelative(Width),
    /// S + A in 64 bits, and a dynamic RELATIVE relocation.
    Relative,
    /// Address of the GOT slot + A - P.
    GotPcRelative(Width),
    /// Address of the GOT slot + A - GOT.
    GotOffset(Width),
    /// S + A - GOT.
    BaseOffset,
    /// GOT + A - P.
    BasePcRelative(Width),
    /// Z + A.
    Size(Width),
    /// S + A - thread pointer.
    TpOffset(Width),
    /// S + A - start of the TLS block, for debug information.
    DtpOffset(Width),
    /// Address of the slot that holds the TP offset + A - P.
    GotTpPcRelative,
    /// `mov foo@GOTPCREL(%rip), reg` becomes `lea foo(%rip), reg`.
    Lea,
    /// `mov foo@GOTPCREL(%rip), reg` becomes `mov $foo, reg`; so does `lea foo(%rip), reg` where foo
    /// is an undefined weak symbol and the program moves.
    MovImmediate(Prefix),
    /// `test reg, foo@GOTPCREL(%rip)` becomes `test $foo, reg`.
    TestImmediate(Prefix),
    /// `binop foo@GOTPCREL(%rip), reg` becomes `binop $foo, reg`.
    BinaryImmediate(Prefix),
    /// `call *foo@GOTPCREL(%rip)` becomes `addr32 call foo`.
    Call,
    /// `jmp *foo@GOTPCREL(%rip)` becomes `jmp foo; nop`.
    Jump,
    /// General dynamic becomes local exec.
    TlsGd(TlsCall),
    /// Local dynamic becomes local exec.
    TlsLd(TlsCall),
    /// `mov foo@gottpoff(%rip), reg` becomes `mov $foo@tpoff, reg`.
    IeMov(Prefix),
    /// `add foo@gottpoff(%rip), reg` becomes `lea foo@tpoff(reg), reg` or `add $foo@tpoff, reg`.
    IeAdd(Prefix),
    /// The three-operand form of `IeAdd` (APX).
    IeAddEvex,
    /// `lea foo@tlsdesc(%rip), reg` becomes `mov $foo@tpoff, reg`.
    TlsDescLea(Prefix),
    /// `lea foo@tlsdesc(%rip), reg` becomes `mov foo@gottpoff(%rip), reg`: under any prefix.
    TlsDescLoad,
    /// `call *foo@tlscall(%rax)` becomes a two-byte `nop`.
    TlsDescCall,
}

const _: () = assert!(size_of::<Action>() <= 2);

impl Action {
    /// What the target needs, as a set of `NEEDS_*`. `NEEDS_IPLT` is the caller's: an ifunc needs
    /// its entry for any action that refers to it.
    #[inline]
    pub fn needs(self) -> u8 {
        match self {
            Action::GotPcRelative(_) => NEEDS_GOT,
            Action::GotOffset(_) => NEEDS_GOT | NEEDS_GOT_BASE,
            Action::BaseOffset | Action::BasePcRelative(_) => NEEDS_GOT_BASE,
            Action::GotTpPcRelative | Action::TlsDescLoad => NEEDS_GOTTPOFF,
            _ => 0,
        }
    }

    /// True if the place needs a dynamic RELATIVE relocation.
    #[inline]
    pub fn is_relative(self) -> bool {
        self == Action::Relative
    }

    /// True if the following relocation belongs to the same sequence (the call to
    /// `__tls_get_addr`) and has no meaning any more.
    #[inline]
    pub fn skips_next(self) -> bool {
        matches!(self, Action::TlsGd(_) | Action::TlsLd(_))
    }

    /// True if the action writes an address or an offset of dead code as it stands (tombstones).
    #[inline]
    pub fn is_absolute(self) -> bool {
        matches!(self, Action::Absolute(_) | Action::DtpOffset(_))
    }
}

/// Decides what `rela` does in a section with flags `flags` and contents `bytes`.
///
/// `next` is the relocation that follows.
#[inline]
pub fn action(
    mode: Mode,
    rela: &Rela,
    bytes: &[u8],
    target: TargetKind,
    flags: u64,
    next: Option<&Rela>,
) -> Result<Action, RelocationError> {
    let kind = rela.kind();
    if flags & SHF_ALLOC == 0 {
        return unloaded(kind);
    }
    // The two kinds that most code relocations have.
    if matches!(kind, R_X86_64_PC32 | R_X86_64_PLT32)
        && matches!(target, TargetKind::Address | TargetKind::Far | TargetKind::Ifunc)
    {
        return Ok(Action::PcRelative(Width::S32));
    }
    loaded(mode, rela, bytes, target, flags, next)
}

/// Sections that aren't loaded: plain values only.
fn unloaded(kind: u32) -> Result<Action, RelocationError> {
    Ok(match kind {
        R_X86_64_NONE => Action::None,
        R_X86_64_64 => Action::Absolute(Width::W64),
        R_X86_64_32 => Action::Absolute(Width::U32),
        R_X86_64_32S => Action::Absolute(Width::S32),
        R_X86_64_16 => Action::Absolute(Width::W16),
        R_X86_64_8 => Action::Absolute(Width::W8),
        R_X86_64_PC64 => Action::PcRelative(Width::W64),
        R_X86_64_PC32 | R_X86_64_PLT32 => Action::PcRelative(Width::S32),
        R_X86_64_PC16 => Action::PcRelative(Width::S16),
        R_X86_64_PC8 => Action::PcRelative(Width::S8),
        R_X86_64_DTPOFF32 => Action::DtpOffset(Width::S32),
        R_X86_64_DTPOFF64 => Action::DtpOffset(Width::W64),
        R_X86_64_TPOFF32 => Action::TpOffset(Width::S32),
        R_X86_64_TPOFF64 => Action::TpOffset(Width::W64),
        R_X86_64_SIZE32 => Action::Size(Width::U32),
        R_X86_64_SIZE64 => Action::Size(Width::W64),
        R_X86_64_GOTOFF64 => Action::BaseOffset,
        // GCC 8 describes the register with the GOT's address so.
        R_X86_64_GOTPC32 => Action::BasePcRelative(Width::S32),
        R_X86_64_GOTPC64 => Action::BasePcRelative(Width::W64),
        _ => return Err(RelocationError::NotLoaded),
    })
}

fn loaded(
    mode: Mode,
    rela: &Rela,
    bytes: &[u8],
    target: TargetKind,
    flags: u64,
    next: Option<&Rela>,
) -> Result<Action, RelocationError> {
    let kind = rela.kind();
    match kind {
        R_X86_64_NONE => return Ok(Action::None),
        R_X86_64_SIZE32 => return Ok(Action::Size(Width::U32)),
        R_X86_64_SIZE64 => return Ok(Action::Size(Width::W64)),
        _ => {}
    }
    if let Some(action) = tls::action(mode, rela, bytes, flags, next) {
        return match target {
            TargetKind::Tls | TargetKind::Absolute(0) => action,
            _ => Err(RelocationError::NotThreadLocal),
        };
    }
    if target == TargetKind::Tls {
        return Err(RelocationError::ThreadLocal);
    }
    match kind {
        R_X86_64_PC8 => pc_relative(mode, target, Width::S8),
        R_X86_64_PC16 => pc_relative(mode, target, Width::S16),
        R_X86_64_PC32 | R_X86_64_PLT32 => match relax::lea_of_nothing(mode, rela, bytes, target) {
            Some(action) => Ok(action),
            None => pc_relative(mode, target, Width::S32),
        },
        R_X86_64_PC64 => pc_relative(mode, target, Width::W64),
        R_X86_64_GOTOFF64 | R_X86_64_PLTOFF64 => {
            pc_relative(mode, target, Width::W64).map(|_| Action::BaseOffset)
        }
        R_X86_64_64 => absolute_64(mode, target, flags),
        R_X86_64_32 => absolute(mode, target, Width::U32),
        R_X86_64_32S => absolute(mode, target, Width::S32),
        R_X86_64_16 => absolute(mode, target, Width::W16),
        R_X86_64_8 => absolute(mode, target, Width::W8),
        R_X86_64_GOTPCREL => Ok(Action::GotPcRelative(Width::S32)),
        R_X86_64_GOTPCREL64 => Ok(Action::GotPcRelative(Width::W64)),
        R_X86_64_GOTPCRELX
        | R_X86_64_REX_GOTPCRELX
        | R_X86_64_CODE_4_GOTPCRELX
        | R_X86_64_CODE_5_GOTPCRELX
        | R_X86_64_CODE_6_GOTPCRELX => Ok(relax::action(mode, rela, bytes, target)),
        R_X86_64_GOT32 => Ok(Action::GotOffset(Width::S32)),
        R_X86_64_GOT64 | R_X86_64_GOTPLT64 => Ok(Action::GotOffset(Width::W64)),
        R_X86_64_GOTPC32 => Ok(Action::BasePcRelative(Width::S32)),
        R_X86_64_GOTPC64 => Ok(Action::BasePcRelative(Width::W64)),
        _ => Err(RelocationError::Meaningless),
    }
}

fn pc_relative(mode: Mode, target: TargetKind, width: Width) -> Result<Action, RelocationError> {
    match target {
        // An undefined weak symbol's 0 is never reached: code tests for it first.
        TargetKind::Absolute(value) if mode.pie && value != 0 => {
            Err(RelocationError::AbsoluteInPie)
        }
        _ => Ok(Action::PcRelative(width)),
    }
}

/// Fields too narrow for a dynamic relocation.
fn absolute(mode: Mode, target: TargetKind, width: Width) -> Result<Action, RelocationError> {
    match target {
        TargetKind::Absolute(_) => Ok(Action::Absolute(width)),
        _ if mode.pie => Err(RelocationError::NarrowInPie),
        _ => Ok(Action::Absolute(width)),
    }
}

fn absolute_64(mode: Mode, target: TargetKind, flags: u64) -> Result<Action, RelocationError> {
    match target {
        TargetKind::Absolute(_) => Ok(Action::Absolute(Width::W64)),
        _ if !mode.pie => Ok(Action::Absolute(Width::W64)),
        _ if flags & SHF_WRITE != 0 || mode.text_relocations => Ok(Action::Relative),
        _ => Err(RelocationError::ReadOnly),
    }
}
