//! What depends on the machine. One folder a machine.
pub mod x86_64;
