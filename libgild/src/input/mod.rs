//! Input files: mapping, identification, archives, objects, linker-script stubs.
pub mod archive;
pub mod script;
