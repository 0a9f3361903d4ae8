//! Bytes between functions that never run.

use iced_x86::{DecoderError, Mnemonic};

use super::{Decoder, Insn};

/// Whether an instruction only fills space.
pub fn is_filler(insn: &Insn) -> bool {
    match insn.mnemonic() {
        Mnemonic::Nop | Mnemonic::Int3 => true,
        // Some assemblers fill with `xchg %ax,%ax` or `lea 0(%rsi),%rsi`; the first is a nop to
        // the decoder, the second does not occur in 64-bit code.
        _ => false,
    }
}

/// How many bytes at the front are padding: nops, traps and zeros.
pub fn leading(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        if matches!(bytes[at], 0 | 0x90 | 0xcc) {
            at += 1;
            continue;
        }
        let mut decoder = Decoder::new(&bytes[at..], 0);
        let insn = decoder.decode();
        // The range of a function without a size may end within a long nop.
        if insn.is_invalid() && decoder.last_error() == DecoderError::NoMoreBytes {
            return if matches!(bytes[at], 0x0f | 0x2e | 0x66) { bytes.len() } else { at };
        }
        if insn.is_invalid() || !is_filler(&insn) {
            break;
        }
        at += insn.len();
    }
    at
}

/// Whether all bytes are padding.
pub fn is_all(bytes: &[u8]) -> bool {
    leading(bytes) == bytes.len()
}
