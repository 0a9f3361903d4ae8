//! Test cases written as bytes: `48 8b 05 [00 00 00 00]`, where `[` marks the relocated field and
//! `(` that of the relocation that follows.

use super::*;
use crate::elf::*;
use object::LittleEndian as LE;
use object::endian::{I64, U64};

/// Address of the first byte of every case.
pub const BASE: u64 = 0x40_1000;
/// Address of the target.
pub const TARGET: u64 = 0x40_2000;
/// Address of the target's GOT slot.
pub const SLOT: u64 = 0x40_3008;
/// Address of the GOT.
pub const GOT: u64 = 0x40_3000;
/// The thread pointer: the target of a TLS case is 0x30 bytes before it.
pub const TP: u64 = TARGET + 0x30;

/// A fixed-address link.
pub const EXEC: Mode = Mode { pie: false, relax: true, text_relocations: false, low: true };
/// A static-PIE link.
pub const PIE: Mode = Mode { pie: true, ..EXEC };

/// A relocation against symbol 1.
pub fn rela(kind: u32, offset: u64, addend: i64) -> Rela {
    Rela {
        r_offset: U64::new(LE, offset),
        r_info: U64::new(LE, 1 << 32 | u64::from(kind)),
        r_addend: I64::new(LE, addend),
    }
}

/// Bytes, the position of `[` and that of `(`.
pub fn parse(text: &str) -> (Vec<u8>, u64, Option<u64>) {
    let (mut bytes, mut field, mut next) = (Vec::new(), 0, None);
    for token in text.split_whitespace() {
        let at = bytes.len() as u64;
        if token.starts_with('[') {
            field = at;
        }
        if token.starts_with('(') {
            next = Some(at);
        }
        let digits = token.trim_matches(['[', ']', '(', ')']);
        bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
    }
    (bytes, field, next)
}

/// What a link makes of one relocation.
#[derive(Clone, Copy)]
pub struct Case {
    pub mode: Mode,
    pub kind: u32,
    pub addend: i64,
    pub target: TargetKind,
    /// Type of the relocation at `(`.
    pub next: u32,
    pub values: Values,
}

impl Case {
    pub fn new(mode: Mode, kind: u32, target: TargetKind) -> Case {
        let s = match target {
            TargetKind::Absolute(value) => value,
            _ => TARGET,
        };
        let addend = -4;
        let values = Values {
            s,
            a: addend,
            got_slot: SLOT,
            got_base: GOT,
            tp: TP,
            tls_start: TARGET,
            size: 0x18,
        };
        Case { mode, kind, addend, target, next: 0, values }
    }

    pub fn action(&self, text: &str) -> Result<Action, RelocationError> {
        let (bytes, field, next) = parse(text);
        let next = next.map(|at| rela(self.next, at, -4));
        let flags = SHF_ALLOC | SHF_EXECINSTR;
        let this = rela(self.kind, field, self.addend);
        action(self.mode, &this, &bytes, self.target, flags, next.as_ref())
    }

    /// The bytes afterwards, as text.
    pub fn link(&self, text: &str) -> Result<String, RelocationError> {
        let action = self.action(text)?;
        let (mut bytes, field, _) = parse(text);
        let values = Values { a: self.addend, ..self.values };
        apply(action, &mut bytes, field, BASE + field, &values)?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "))
    }
}

/// Checks (before, after) pairs and says which line is wrong.
pub fn check(case: Case, table: &[(&str, &str)]) {
    for (before, after) in table {
        assert_eq!(case.link(before).as_deref(), Ok(*after), "{before}");
    }
}
