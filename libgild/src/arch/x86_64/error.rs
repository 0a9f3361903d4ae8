//! Why a relocation can't be applied.

use object::elf::{NAMES_R_X86_64, RelocationType};
use std::borrow::Cow;

/// What is wrong with a relocation; its text follows the relocation's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum RelocationError {
    /// A dynamic type, or a number without a meaning.
    #[error("has no meaning in a relocatable object")]
    Meaningless,
    /// Debug information has plain values alone.
    #[error("has no meaning in a section that isn't loaded")]
    NotLoaded,
    /// A TLS type and a symbol of another kind.
    #[error("refers to a symbol that isn't thread-local")]
    NotThreadLocal,
    /// A TLS symbol and another type.
    #[error("refers to a thread-local symbol")]
    ThreadLocal,
    /// A distance from what moves to what doesn't.
    #[error(
        "refers to an absolute symbol from code that a position-independent executable moves; link \
         with -no-pie"
    )]
    AbsoluteInPie,
    /// No dynamic relocation is as narrow.
    #[error(
        "cannot be used in a position-independent executable; recompile with -fPIC, or link with \
         -no-pie"
    )]
    NarrowInPie,
    /// The loader couldn't write there.
    #[error(
        "in a read-only section needs a dynamic relocation; recompile with -fPIC, link with -no-pie, \
         or allow it with -z notext"
    )]
    ReadOnly,
    /// The same, which no option allows.
    #[error("in .eh_frame cannot move with a static-PIE; recompile with -fPIE")]
    MovesInEhFrame,
    /// psABI 11.1.3 has the sequences that can be rewritten.
    #[error(
        "stands in an instruction sequence that the psABI doesn't know, so it cannot become local \
         exec; compile with -ftls-model=local-exec or -ftls-model=initial-exec"
    )]
    TlsSequence,
    /// The scan should have seen to a slot.
    #[error("has no GOT slot")]
    NoSlot,
    /// The value isn't in the field's range, bounds included.
    #[error("out of range: {value} is not in [{min}, {max}], {} too far", excess(*.value, *.min, *.max))]
    Range {
        /// What should have been written.
        value: i64,
        /// Least value of the field.
        min: i64,
        /// Greatest value of the field.
        max: i64,
    },
    /// The relocated bytes aren't all inside their section.
    #[error("lies outside its section")]
    Outside,
}

fn excess(value: i64, min: i64, max: i64) -> u64 {
    if value < min { min.abs_diff(value) } else { value.abs_diff(max) }
}

/// `R_X86_64_…`, or `relocation type N` for a number that the psABI doesn't give a name.
pub fn reloc_name(kind: u32) -> Cow<'static, str> {
    match NAMES_R_X86_64.name(RelocationType(kind)) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(format!("relocation type {kind}")),
    }
}
