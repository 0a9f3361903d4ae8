//! Which file a section comes from.

use crate::ids::SectionId;

/// Sections for which one entry tells the file: most of them come from the same. An entry for each
/// would be megabytes of a large link.
const STRIDE: usize = 32;

/// The files of all sections of objects.
#[derive(Debug)]
pub(super) struct Files {
    /// By `FileId`: `SectionId` of header 0; then the number of sections.
    firsts: Vec<u32>,
    /// `FileId` of every [`STRIDE`]th section.
    files: Vec<u32>,
}

impl Files {
    /// `firsts` are the `SectionId`s of header 0 by `FileId`, then the number of sections.
    pub fn new(firsts: Vec<u32>) -> Files {
        let count = firsts.last().map_or(0, |&last| last as usize);
        let mut files = Vec::with_capacity(count.div_ceil(STRIDE));
        let mut file = 0;
        for section in (0..count as u32).step_by(STRIDE) {
            file = next(&firsts, file, section);
            files.push(file as u32);
        }
        Files { firsts, files }
    }

    /// Index of the object that section `id` comes from.
    ///
    /// # Panics
    /// If `id` is a common symbol or a group of merged pieces.
    #[inline]
    pub fn of(&self, id: SectionId) -> usize {
        next(&self.firsts, self.files[id.index() / STRIDE] as usize, id.0)
    }
}

/// The file of a section that is in `file` or in one behind it.
fn next(firsts: &[u32], mut file: usize, section: u32) -> usize {
    while firsts[file + 1] <= section {
        file += 1;
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_in_the_file_that_begins_before_it() {
        let firsts = vec![0, 0, 1, 40, 40, 200];
        let files = Files::new(firsts.clone());
        for section in 0..200 {
            let file = files.of(SectionId(section));
            assert!((firsts[file]..firsts[file + 1]).contains(&section), "{section}");
        }
        Files::new(vec![0]);
    }
}
