//! Cuts a section made of per-file pieces into parts that writer threads fill independently.

use std::ops::Range;

/// Consecutive files and the bytes that they fill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// File indices.
    pub files: Range<usize>,
    /// Offsets in the section.
    pub bytes: Range<u64>,
}

/// A part as large as a writer's span.
const TARGET: u64 = 256 << 10;

/// Groups for files whose pieces have these sizes and follow each other from offset 0 on.
pub fn groups(sizes: impl IntoIterator<Item = u64>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut offset, mut open) = (0, false);
    for (file, size) in sizes.into_iter().enumerate() {
        let end = offset + size;
        match groups.last_mut() {
            Some(last) if open => {
                last.files.end = file + 1;
                last.bytes.end = end;
            }
            _ => groups.push(Group { files: file..file + 1, bytes: offset..end }),
        }
        open = groups.last().is_some_and(|last| last.bytes.end - last.bytes.start < TARGET);
        offset = end;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_all_files_and_bytes_in_order() {
        let sizes = [0, 100, TARGET, 5, 0, 2 * TARGET, TARGET - 1, 1, 7, 0];
        let groups = groups(sizes);
        assert!(groups.len() > 2);
        let (mut file, mut offset) = (0, 0);
        for group in &groups {
            assert_eq!((group.files.start, group.bytes.start), (file, offset));
            (file, offset) = (group.files.end, group.bytes.end);
            let sum: u64 = sizes[group.files.clone()].iter().sum();
            assert_eq!(group.bytes.end - group.bytes.start, sum);
        }
        assert_eq!((file, offset), (sizes.len(), sizes.iter().sum()));
        assert!(super::groups([]).is_empty());
    }
}
