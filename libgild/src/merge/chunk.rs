//! A run of merge sections, split into pieces and hashed by one task.
//!
//! Positions count units (the section's entsize) over all sections of the chunk; sections of strings
//! start at multiples of 64. One bit per unit says where strings start; a count per 64 bits gives the
//! number of a piece in constant time, at 19 % of the input's size.

use super::group::Shape;
use super::hash::hash;
use crate::live::Live;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Bytes of input per chunk; a larger section is cut.
pub(super) const CHUNK_SIZE: u64 = 1 << 20;

/// A live merge section.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    /// Its bytes.
    pub data: &'a [u8],
    /// Its merge index, for `Live`; `u64::MAX` for the linker's own.
    pub index: u64,
}

/// A section's share of a chunk: pieces that start in `start..end` (bytes).
#[derive(Clone, Copy)]
pub(super) struct Share<'a> {
    pub input: Input<'a>,
    pub start: usize,
    pub end: usize,
    /// Position of `start`.
    pub position: u32,
}

/// A piece on its way to its shard: the low half of its hash, and its position.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    pub tag: u32,
    pub position: u32,
}

/// Pieces that nothing refers to, and those that no shard has placed yet.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What stays of a chunk when merging is over.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Bit `position`: a string starts there. Empty for constants, of which each unit is one.
    bits: Vec<u64>,
    /// Strings before each 64 bits.
    before: Vec<u32>,
    /// By piece: where it went, packed as [`super::group::Group`] says.
    pub places: Vec<AtomicU32>,
}

/// A chunk while merging.
pub(super) struct Chunk<'a> {
    pub shares: Vec<Share<'a>>,
    pub pieces: Pieces,
    /// Live pieces by shard, in input order within each.
    pub entries: Vec<Entry>,
    /// Where each shard's entries start, and the end.
    pub starts: Vec<u32>,
}

impl Pieces {
    /// Number of the piece that starts at `position`.
    #[inline]
    pub fn number(&self, position: u32) -> u32 {
        match self.bits.get(position as usize / 64) {
            Some(bits) => {
                let below = bits & !(u64::MAX << (position % 64));
                self.before[position as usize / 64] + below.count_ones()
            }
            None => position,
        }
    }

    /// The last piece that starts at or before `position`: its position.
    #[inline]
    pub fn start(&self, position: u32) -> Option<u32> {
        if self.bits.is_empty() {
            return Some(position);
        }
        let mut word = position as usize / 64;
        let mut bits = self.bits.get(word)? & (u64::MAX >> (63 - position % 64));
        while bits == 0 {
            word = word.checked_sub(1)?;
            bits = self.bits[word];
        }
        Some(word as u32 * 64 + 63 - bits.leading_zeros())
    }

    /// Position of the last piece.
    pub fn last(&self) -> Option<u32> {
        self.start((self.bits.len() as u32 * 64).checked_sub(1)?)
    }

    /// Where the piece at `position` went.
    #[inline]
    pub fn place(&self, position: u32) -> u32 {
        self.places.get(self.number(position) as usize).map_or(NOWHERE, |place| place.load(Relaxed))
    }
}

impl<'a> Chunk<'a> {
    /// Splits and hashes; `shards` is a power of two.
    pub fn new(shares: Vec<Share<'a>>, shape: Shape, shards: u32, live: &Live) -> Chunk<'a> {
        let mut pieces = Pieces::default();
        if shape.strings {
            for share in &shares {
                debug_assert_eq!(share.position as usize, pieces.bits.len() * 64);
                start_bits(share, shape.entsize as usize, &mut pieces.bits);
            }
            let mut count = 0;
            pieces.before = Vec::with_capacity(pieces.bits.len());
            for bits in &pieces.bits {
                pieces.before.push(count);
                count += bits.count_ones();
            }
            pieces.places = nowhere(count);
        } else {
            let last = shares.last().map_or(0, |share| {
                share.position + ((share.end - share.start) / shape.entsize as usize) as u32
            });
            pieces.places = nowhere(last);
        }
        let mut chunk = Chunk { shares, pieces, entries: Vec::new(), starts: Vec::new() };
        let hashed = chunk.hash_pieces(shape, live);
        chunk.sort(hashed, shards);
        chunk
    }

    fn hash_pieces(&self, shape: Shape, live: &Live) -> Vec<(u64, u32)> {
        let mut hashed = Vec::with_capacity(self.pieces.places.len());
        for share in &self.shares {
            let partial = live.is_partial(share.input.index);
            let mut add = |position: u32, start: usize, bytes: &[u8]| {
                let range = start as u64..(start + bytes.len()) as u64;
                if !partial || live.is_touched(share.input.index, range) {
                    hashed.push((hash(bytes), position));
                }
            };
            let entsize = shape.entsize as usize;
            if shape.strings {
                self.strings(share, entsize, add);
            } else {
                let data = &share.input.data[share.start..share.end];
                for (number, bytes) in data.chunks_exact(entsize).enumerate() {
                    add(share.position + number as u32, share.start + number * entsize, bytes);
                }
            }
        }
        hashed
    }

    fn strings(&self, share: &Share, entsize: usize, mut add: impl FnMut(u32, usize, &[u8])) {
        let data = share.input.data;
        let first = share.position as usize / 64;
        let words = (share.end - share.start).div_ceil(entsize * 64);
        let mut previous: Option<(u32, usize)> = None;
        for (word, &bits) in self.pieces.bits[first..first + words].iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let unit = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let start = share.start + unit * entsize;
                if let Some((position, from)) = previous {
                    add(position, from, &data[from..start]);
                }
                previous = Some((share.position + unit as u32, start));
            }
        }
        if let Some((position, from)) = previous {
            add(position, from, &data[from..string_end(data, from, entsize)]);
        }
    }

    /// Counting sort of entries by shard: the highest bits of the hash.
    fn sort(&mut self, hashed: Vec<(u64, u32)>, shards: u32) {
        let mut starts = vec![0; shards as usize + 1];
        let shard =
            |hash: u64| (hash.rotate_left(shards.trailing_zeros()) as u32 & (shards - 1)) as usize;
        for &(hash, _) in &hashed {
            starts[shard(hash) + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        self.entries = vec![Entry::default(); hashed.len()];
        for (hash, position) in hashed {
            let slot = &mut next[shard(hash)];
            self.entries[*slot as usize] = Entry { tag: hash as u32, position };
            *slot += 1;
        }
        self.starts = starts;
    }

    /// The entries of one shard.
    pub fn of_shard(&self, shard: usize) -> &[Entry] {
        &self.entries[self.starts[shard] as usize..self.starts[shard + 1] as usize]
    }
}

fn nowhere(count: u32) -> Vec<AtomicU32> {
    (0..count).map(|_| AtomicU32::new(NOWHERE)).collect()
}

/// Where the string that starts at `start` ends, terminator included.
#[inline]
pub(super) fn string_end(data: &[u8], start: usize, entsize: usize) -> usize {
    let rest = data.get(start..).unwrap_or(&[]);
    let length = match entsize {
        1 => memchr::memchr(0, rest).map(|at| at + 1),
        _ => {
            let mut units = rest.chunks_exact(entsize);
            let end = units.position(|unit| unit.iter().all(|&byte| byte == 0));
            end.map(|unit| (unit + 1) * entsize)
        }
    };
    start + length.unwrap_or(rest.len())
}

/// Appends the bits of the strings that start in a share.
fn start_bits(share: &Share, entsize: usize, bits: &mut Vec<u64>) {
    let data = share.input.data;
    // A string starts behind each terminator, and at the start of the section.
    let mut carry =
        u64::from(share.start == 0 || is_zero(&data[share.start - entsize..share.start]));
    let range = &data[share.start..share.end];
    for block in range.chunks(64 * entsize) {
        let zeros = match entsize {
            1 => zero_bytes(block),
            _ => block
                .chunks_exact(entsize)
                .enumerate()
                .fold(0, |bits, (unit, bytes)| bits | u64::from(is_zero(bytes)) << unit),
        };
        let count = block.len() / entsize;
        let valid = u64::MAX >> (64 - count);
        bits.push((zeros << 1 | carry) & valid);
        carry = zeros >> 63;
    }
}

fn is_zero(unit: &[u8]) -> bool {
    unit.iter().all(|&byte| byte == 0)
}

/// One bit for each zero among up to 64 bytes.
#[inline]
fn zero_bytes(block: &[u8]) -> u64 {
    let mut zeros = 0;
    let (words, rest) = block.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        zeros |= zeros_of_word(u64::from_le_bytes(*word)) << (8 * index);
    }
    for (index, &byte) in rest.iter().enumerate() {
        zeros |= u64::from(byte == 0) << (8 * words.len() + index);
    }
    zeros
}

/// One bit for each zero among 8 bytes.
#[inline]
fn zeros_of_word(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // High bit of each byte: set if and only if the byte is 0.
    let high = !((word & LOW) + LOW | word | LOW);
    // Gathers the 8 bits: each product bit is met by one pair only.
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_of_any_block() {
        let mut block = [1u8; 64];
        assert_eq!(zero_bytes(&block), 0);
        for at in [0, 1, 7, 8, 31, 62, 63] {
            block[at] = 0;
            assert_eq!(zero_bytes(&block) >> at & 1, 1, "{at}");
            assert_eq!(zero_bytes(&block[..at]) >> (at.max(1) - 1) >> 1, 0, "{at}");
        }
        assert_eq!(zero_bytes(&[0; 64]), u64::MAX);
        assert_eq!(zero_bytes(&[0x80, 0, 1, 0, 0xff]), 0b01010);
    }

    #[test]
    fn ends_of_strings_of_each_unit() {
        assert_eq!(string_end(b"ab\0c\0", 0, 1), 3);
        assert_eq!(string_end(b"ab\0c\0", 3, 1), 5);
        assert_eq!(string_end(b"a\0\0b\0\0\0\0", 0, 2), 6);
        assert_eq!(string_end(b"\0\0\0a\0\0\0\0", 0, 4), 8);
        assert_eq!(string_end(b"ab", 0, 1), 2);
    }
}
