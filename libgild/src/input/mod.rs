//! Input files: mapping, identification, archives, objects, linker-script stubs.

pub mod archive;
pub mod object;
pub mod script;

use crate::args::Options;
use crate::diagnostics::Result;

/// Every input file, mapped.
#[derive(Debug, Default)]
pub struct Inputs {}

impl Inputs {
    /// Bytes of all input files, unextracted members included.
    pub fn bytes(&self) -> u64 {
        todo!()
    }

    /// Files opened, archives counted once.
    pub fn file_count(&self) -> usize {
        todo!()
    }
}

/// Finds, maps and identifies every input of the command line.
pub fn load(_options: &Options, _warnings: &mut Vec<String>) -> Result<Inputs> {
    todo!()
}
