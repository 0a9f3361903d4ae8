//! In the making.
use super::Sections;
use crate::args::Options;
use crate::diagnostics::Result;
use crate::symbols::Resolved;

/// Sorts the sections of all objects into output sections.
pub fn gather(resolved: &Resolved, options: &Options) -> Result<Sections> {
    let _ = (resolved, options);
    todo!()
}
