//! The output file: spans of bytes in file order, each relocated in a thread's own buffer.

use crate::args::Options;
use crate::diagnostics::Result;
use crate::layout::Layout;
use crate::live::Live;
use crate::merge::Merged;
use crate::sections::Sections;
use crate::symbols::Resolved;

/// What was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Size of the output file, bytes.
    pub bytes: u64,
}

/// Writes the output file. On an error nothing is left at the output path.
pub fn write(
    _resolved: &Resolved,
    _sections: &Sections,
    _live: &Live,
    _merged: &Merged,
    _layout: &Layout,
    _options: &Options,
) -> Result<Written> {
    todo!()
}
