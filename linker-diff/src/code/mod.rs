//! x86-64 instructions: what they refer to, what a relaxed one means, how they are printed.

pub mod fields;
pub mod hash;
pub mod insn;
pub mod meaning;
pub mod padding;
mod rex2;
pub mod text;

pub use insn::{Decoder, Insn, Reg};
