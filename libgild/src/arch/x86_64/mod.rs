//! x86-64: relocations, relaxations, TLS transitions, PLT entries (System V psABI).
//!
//! [`action`] says what a relocation does, from its type, its instruction's bytes and the kind of
//! its target. It knows no address, so that the scan before layout and the write after it get the
//! same answer. [`apply`] carries the action out.

mod apply;
mod classify;
mod error;
pub mod plt;
mod relax;
mod tls;
mod tombstone;

#[cfg(test)]
mod apply_test;
#[cfg(test)]
mod case;
#[cfg(test)]
mod classify_test;
#[cfg(test)]
mod relax_test;
#[cfg(test)]
mod tls_test;

pub(crate) use apply::put;
pub use apply::{Values, apply};
pub use classify::{Action, Mode, TargetKind, Width, action, is_plain};
pub use error::{RelocationError, reloc_name};
pub use tombstone::tombstone;

/// The symbol needs a GOT slot that holds its address.
pub const NEEDS_GOT: u8 = 1;
/// The ifunc needs an IPLT entry, and a slot that an IRELATIVE relocation fills.
pub const NEEDS_IPLT: u8 = 2;
/// The TLS symbol needs a GOT slot that holds its offset from the thread pointer.
pub const NEEDS_GOTTPOFF: u8 = 4;
/// `_GLOBAL_OFFSET_TABLE_` is referred to: `.got` must exist.
pub const NEEDS_GOT_BASE: u8 = 8;
