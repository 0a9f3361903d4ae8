//! The REX2 prefix of APX (Intel APX Architecture Specification, 3.1.1), which iced-x86 does not
//! know: it names the registers r16 to r31 in instructions that are otherwise the old ones.

use iced_x86::{Code, DecoderOptions};

use super::insn::{Insn, Upper};

/// Bytes of the longest instruction.
const LONGEST: usize = 15;

const REX2: u8 = 0xd5;

/// The prefix's second byte is M0 R4 X4 B4 W R3 X3 B3; its lower half is that of a REX prefix.
const M0: u8 = 0x80;

/// Decodes an instruction with this prefix at the start of `bytes`, which lie at `ip`; `None` if
/// there is none.
pub fn decode(bytes: &[u8], ip: u64) -> Option<Insn> {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let legacy = bytes.iter().take_while(|&&byte| is_legacy_prefix(byte)).count();
    let [REX2, payload, opcode, ..] = bytes[legacy..] else { return None };
    let second_map = payload & M0 != 0;
    if !may_follow(opcode, second_map) {
        return None;
    }
    let mut old = bytes[..legacy].to_vec();
    old.push(0x40 | payload & 0x0f);
    if second_map {
        old.push(0x0f);
    }
    old.extend_from_slice(&bytes[legacy + 2..]);
    // An instruction of the first map is a byte shorter with REX, but ends at the same address.
    let saved = usize::from(!second_map);
    let ip = ip.wrapping_add(saved as u64);
    let mut insn = iced_x86::Decoder::with_ip(64, &old, ip, DecoderOptions::NONE).decode();
    if insn.code() == Code::INVALID {
        return None;
    }
    insn.set_len(insn.len() + saved);
    Some(Insn::with_upper(insn, Upper::of_rex2(payload)))
}

fn is_legacy_prefix(byte: u8) -> bool {
    matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3)
}

/// Whether an opcode may stand behind the prefix: some rows of both maps are reserved (among them
/// JMPABS), and no other prefix follows.
fn may_follow(opcode: u8, second_map: bool) -> bool {
    if second_map {
        return !matches!(opcode >> 4, 0x3 | 0x8);
    }
    let other_prefix =
        is_legacy_prefix(opcode) || matches!(opcode, 0x0f | 0x62 | 0xc4 | 0xc5 | REX2);
    !other_prefix && !matches!(opcode >> 4, 0x4 | 0x7 | 0xa | 0xe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::text;

    /// Bytes as assemblers write them, and what they stand for.
    const CASES: &[(&[u8], &str)] = &[
        (&[0xd5, 0x48, 0x8b, 0x05, 0x10, 0, 0, 0], "mov r16,[0x1018]"),
        (&[0xd5, 0x18, 0xc7, 0xc0, 0x10, 0, 0, 0], "mov r16,0x10"),
        (&[0xd5, 0x18, 0x89, 0xc0], "mov r16,rax"),
        (&[0xd5, 0x4d, 0x8b, 0xc1], "mov r24,r9"),
        (&[0xd5, 0x10, 0x58], "pop r16"),
        (&[0x66, 0xd5, 0x51, 0x01, 0xc1], "add r25w,r16w"),
        (&[0xd5, 0x40, 0x8a, 0xc4], "mov r16b,spl"),
        (&[0xd5, 0xd0, 0xaf, 0xc1], "imul r16d,r17d"),
        (&[0xd5, 0x38, 0x8b, 0x04, 0x88], "mov rax,[r16+r17*4]"),
        (&[0xd5, 0x18, 0x8b, 0x04, 0x00], "mov rax,[r16+rax]"),
    ];

    #[test]
    fn registers_beyond_r15_are_named() {
        for (bytes, expected) in CASES {
            let insn = decode(bytes, 0x1000).unwrap_or_else(|| panic!("{expected}: invalid"));
            assert_eq!(text::plain(&insn), *expected);
            assert_eq!((insn.ip(), insn.len()), (0x1000, bytes.len()), "{expected}");
            for cut in 0..bytes.len() {
                assert_eq!(decode(&bytes[..cut], 0x1000), None, "{expected}, {cut} bytes of it");
            }
        }
    }

    #[test]
    fn what_is_reserved_is_no_instruction() {
        for row in [0x40, 0x70, 0xa0, 0xe0] {
            assert_eq!(decode(&[REX2, 0, row | 1, 0, 0, 0, 0, 0, 0, 0, 0], 0), None, "{row:#x}");
        }
        for row in [0x30, 0x80] {
            assert_eq!(decode(&[REX2, M0, row, 0, 0, 0, 0, 0], 0), None, "0f {row:#x}");
        }
        assert_eq!(decode(&[REX2, 0, REX2, 0, 0x89, 0xc0], 0), None);
        assert_eq!(decode(&[0x48, 0x89, 0xc0], 0), None);
        assert_eq!(decode(&[0x66; 20], 0), None);
    }
}
