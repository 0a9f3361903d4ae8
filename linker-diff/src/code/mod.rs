//! x86-64 instructions: what they refer to, what a relaxed one means, how they are printed.

pub mod fields;
pub mod hash;
pub mod meaning;
pub mod padding;
pub mod text;

use iced_x86::{Decoder, DecoderOptions};

/// A decoder for `bytes` as they lie at `addr`.
pub fn decoder(bytes: &[u8], addr: u64) -> Decoder<'_> {
    Decoder::with_ip(64, bytes, addr, DecoderOptions::NONE)
}
