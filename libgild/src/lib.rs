//! gild links static x86-64 ELF executables. This file is the pipeline and the map of the house.

pub mod arch;
pub mod args;
pub mod diagnostics;
pub mod elf;
pub mod ids;
pub mod input;
pub mod layout;
pub mod live;
pub mod merge;
pub mod sections;
pub mod symbols;
pub mod synth;
pub mod write;
