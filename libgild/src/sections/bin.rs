//! In the making.
use super::Sections;
use crate::live::Live;
use crate::symbols::Resolved;

/// Fills `OutputSection::members` with what is live.
pub fn bin_live(resolved: &Resolved, sections: &mut Sections, live: &Live) {
    let _ = (resolved, sections, live);
    todo!()
}
