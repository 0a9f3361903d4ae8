//! Tail merging (`-O2`): a string that another one ends with needs no bytes of its own.

use super::chunk::{NOWHERE, string_end};
use super::group::Shape;
use super::shard::Block;
use rayon::prelude::*;
use std::cmp::Ordering;

/// Strings laid out anew, and where each went.
pub(super) struct Tails {
    pub bytes: Vec<u8>,
    /// By block number: (old offset, new offset), ascending.
    moved: Vec<Vec<(u32, u32)>>,
}

/// Order of strings read backwards; one that ends with another stands before it.
fn backwards(a: &[u8], b: &[u8]) -> Ordering {
    b.iter().rev().cmp(a.iter().rev())
}

/// An offset as pieces keep it; `None` if it is too large for that.
fn kept(place: usize) -> Option<u32> {
    u32::try_from(place).ok().filter(|place| *place != NOWHERE)
}

impl Tails {
    /// Lays out the strings of all blocks, whose numbers are less than `count`. `None` if there are more
    /// bytes than the 4 GiB of one run: blocks of long strings have room for more.
    pub fn new<'a>(
        blocks: impl Iterator<Item = &'a Block>,
        count: usize,
        shape: Shape,
    ) -> Option<Tails> {
        let (entsize, align) = (shape.entsize as usize, shape.align as usize);
        let mut strings: Vec<(&[u8], u32, u32)> = Vec::new();
        for Block { bytes, number } in blocks {
            let mut start = 0;
            while start < bytes.len() {
                let end = string_end(bytes, start, entsize);
                strings.push((&bytes[start..end], *number, start as u32));
                start = end.next_multiple_of(align);
            }
        }
        // No two are equal.
        strings.par_sort_unstable_by(|a, b| backwards(a.0, b.0));
        let mut moved = vec![Vec::new(); count];
        let mut bytes: Vec<u8> = Vec::new();
        let mut last: (&[u8], usize) = (&[], 0);
        for (string, block, offset) in strings {
            let inside = last.1 + last.0.len().saturating_sub(string.len());
            let place = match last.0.ends_with(string) && inside.is_multiple_of(align) {
                true => inside,
                false => {
                    bytes.resize(bytes.len().next_multiple_of(align), 0);
                    last = (string, bytes.len());
                    bytes.extend_from_slice(string);
                    last.1
                }
            };
            moved[block as usize].push((offset, kept(place)?));
        }
        moved.par_iter_mut().for_each(|moved| moved.sort_unstable());
        Some(Tails { bytes, moved })
    }

    /// The new offset of a string.
    pub fn place(&self, block: usize, offset: u32) -> u32 {
        let moved = &self.moved[block];
        let found = moved.binary_search_by_key(&offset, |&(old, _)| old);
        found.map_or(NOWHERE, |index| moved[index].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OutputId;

    fn shape(align: u64) -> Shape {
        Shape { output: OutputId(0), strings: true, entsize: 1, align }
    }

    fn blocks(all: &[&[u8]]) -> Vec<Block> {
        let numbered = all.iter().zip(0..);
        numbered.map(|(bytes, number)| Block { bytes: bytes.to_vec(), number }).collect()
    }

    #[test]
    fn tails_share_the_bytes_of_longer_strings() {
        let blocks = blocks(&[b"foobar\0x\0", b"bar\0\0obar\0"]);
        let tails = Tails::new(blocks.iter(), 2, shape(1)).unwrap();
        assert_eq!(tails.bytes.len(), b"foobar\0x\0".len());
        for Block { bytes, number } in &blocks {
            let mut start = 0;
            while start < bytes.len() {
                let end = string_end(bytes, start, 1);
                let place = tails.place(*number as usize, start as u32) as usize;
                assert!(tails.bytes[place..].starts_with(&bytes[start..end]));
                start = end;
            }
        }
    }

    #[test]
    fn alignment_limits_sharing() {
        let blocks = blocks(&[b"abcdefg\0efg\0fg\0"]);
        let tails = Tails::new(blocks.iter(), 1, shape(4)).unwrap();
        assert_eq!(tails.place(0, 8), tails.place(0, 0) + 4);
        assert_eq!(tails.place(0, 12) % 4, 0);
        assert_eq!(tails.bytes.len(), 11);
    }

    #[test]
    fn offsets_of_more_than_32_bits_are_not_kept() {
        assert_eq!(kept(0xffff_fffe), Some(0xffff_fffe));
        assert_eq!(kept(0xffff_ffff), None);
        assert_eq!(kept(0x1_0000_0000), None);
    }
}
