//! A run of merge sections, split into pieces and hashed by one task.
//!
//! Positions count units (the section's entsize) over all sections of the chunk; sections of strings
//! start at multiples of 64. One bit per unit says where strings start; a count beside each 64 bits
//! gives the number of a piece in constant time and one cache line, at 25 % of the input's size.

use super::group::Shape;
use super::hash::hash;
use crate::live::Live;
use crate::prefetch::prefetch;
use crate::zeros::zero_bytes;

/// Bytes of input per chunk, so that a chunk is still in the cache when its pieces are hashed; a
/// larger section is cut.
pub(super) const CHUNK_SIZE: u64 = 1 << 18;

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

/// Bytes of a cache line.
const LINE: usize = 64;

/// Pieces that nothing refers to, and those that no shard has placed yet.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What stays of a chunk when merging is over.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Where strings start. Empty for constants, of which each unit is one.
    words: Vec<Word>,
    /// By piece: where it went, packed as [`super::group::Group`] says.
    pub places: Vec<u32>,
}

/// 64 units. Packed, or these would take a quarter of what the strings do.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
struct Word {
    /// Bit n: a string starts at unit n.
    starts: u64,
    /// Strings that start before.
    before: u32,
}

/// A piece on its way to its shard.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The low half of its hash.
    pub tag: u32,
    /// Its number in the chunk.
    pub piece: u32,
}

/// Number in the chunk, start in the section, bytes.
type Piece<'a> = (u32, usize, &'a [u8]);

/// The live pieces of a chunk by shard, in input order within each. The buffers serve one chunk
/// after the other.
pub(super) struct Sorted<'a>(Vec<Vec<Entry<'a>>>);

impl Pieces {
    /// Splits a chunk.
    pub fn new(shares: &[Share], shape: Shape) -> Pieces {
        let mut pieces = Pieces::default();
        let entsize = shape.entsize as usize;
        let mut count = 0;
        if shape.strings {
            let units: usize = shares.iter().map(|share| share.end - share.start).sum();
            pieces.words.reserve_exact(units / entsize / 64 + shares.len());
            for share in shares {
                debug_assert_eq!(share.position as usize, pieces.words.len() * 64);
                count = start_words(share, entsize, count, &mut pieces.words);
            }
        } else if let Some(last) = shares.last() {
            count = last.position + ((last.end - last.start) / entsize) as u32;
        }
        pieces.places = vec![NOWHERE; count as usize];
        pieces
    }

    /// The last piece that starts at or before `position`: its position, and where it went.
    #[inline]
    pub fn find(&self, position: u32) -> Option<(u32, u32)> {
        if self.words.is_empty() {
            return Some((position, *self.places.get(position as usize)?));
        }
        let mut at = position as usize / 64;
        let Word { starts, before } = *self.words.get(at)?;
        let mut starts = starts & (u64::MAX >> (63 - position % 64));
        let number = (before + starts.count_ones()).checked_sub(1)?;
        // Debug information mentions most strings in their own order: the next lines.
        prefetch(&self.words, at + LINE / size_of::<Word>() + 1);
        prefetch(&self.places, number as usize + LINE / size_of::<u32>());
        while starts == 0 {
            at = at.checked_sub(1)?;
            starts = self.words[at].starts;
        }
        let start = at as u32 * 64 + 63 - starts.leading_zeros();
        Some((start, *self.places.get(number as usize)?))
    }

    /// The same for the last piece of all.
    pub fn last(&self) -> Option<(u32, u32)> {
        self.find((self.words.len() as u32 * 64).checked_sub(1)?)
    }

    /// Number, start and bytes of each string of a share.
    fn strings<'a>(&self, share: &Share<'a>, entsize: usize) -> impl Iterator<Item = Piece<'a>> {
        let data = share.input.data;
        let first = share.position as usize / 64;
        let words = (share.end - share.start).div_ceil(entsize * 64);
        let mut starts = starts(&self.words[first..first + words]);
        let mut next = starts.next();
        (self.words[first].before..).map_while(move |number| {
            let unit = next?;
            next = starts.next();
            let start = share.start + unit * entsize;
            let end = match next {
                Some(unit) => share.start + unit * entsize,
                // The last one may reach far into the next chunk.
                None => string_end(data, start, entsize),
            };
            Some((number, start, &data[start..end]))
        })
    }
}

impl<'a> Sorted<'a> {
    /// No pieces of so many shards, a power of two.
    pub fn new(shards: u32) -> Sorted<'a> {
        Sorted((0..shards).map(|_| Vec::new()).collect())
    }

    /// Hashes the live pieces of a chunk and sorts them into shards.
    pub fn fill(&mut self, pieces: &Pieces, shares: &[Share<'a>], shape: Shape, live: &Live) {
        // A doubled buffer would be touched in vain; hashes spread evenly.
        let room = pieces.places.len() / self.0.len() * 9 / 8;
        for entries in &mut self.0 {
            entries.clear();
            entries.reserve_exact(room);
        }
        let entsize = shape.entsize as usize;
        for share in shares {
            let index = share.input.index;
            let partial = live.is_partial(index);
            let is_live = |&(_, start, bytes): &Piece| {
                !partial || live.is_touched(index, start as u64..(start + bytes.len()) as u64)
            };
            if shape.strings {
                pieces.strings(share, entsize).filter(is_live).for_each(|piece| self.add(piece));
            } else {
                constants(share, entsize).filter(is_live).for_each(|piece| self.add(piece));
            }
        }
    }

    /// Called for each piece, from two places: left to itself, the compiler makes it a function, which
    /// is 2 % of the instructions of a link with debug information.
    #[inline(always)]
    fn add(&mut self, (piece, _, bytes): Piece<'a>) {
        let hash = hash(bytes);
        // The highest bits of the hash choose the shard.
        let log = self.0.len().trailing_zeros();
        let shard = hash.rotate_left(log) as usize & (self.0.len() - 1);
        self.0[shard].push(Entry { bytes, tag: hash as u32, piece });
    }

    /// The entries of one shard.
    pub fn of_shard(&self, shard: usize) -> &[Entry<'a>] {
        &self.0[shard]
    }
}

/// Units at which strings start.
fn starts(words: &[Word]) -> impl Iterator<Item = usize> {
    let mut words = words.iter();
    let (mut bits, mut unit) = (0u64, 0usize.wrapping_sub(64));
    std::iter::from_fn(move || {
        while bits == 0 {
            bits = words.next()?.starts;
            unit = unit.wrapping_add(64);
        }
        let start = unit + bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some(start)
    })
}

/// The pieces of a share of constants.
fn constants<'a>(share: &Share<'a>, entsize: usize) -> impl Iterator<Item = Piece<'a>> {
    let units = share.input.data[share.start..share.end].chunks_exact(entsize);
    let (number, start) = (share.position, share.start);
    (0..).zip(units).map(move |(unit, bytes)| (number + unit as u32, start + unit * entsize, bytes))
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

/// Appends the words of a share, before which `count` strings start; how many do behind it.
fn start_words(share: &Share, entsize: usize, mut count: u32, words: &mut Vec<Word>) -> u32 {
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
        let valid = u64::MAX >> (64 - block.len() / entsize);
        let starts = (zeros << 1 | carry) & valid;
        words.push(Word { starts, before: count });
        count += starts.count_ones();
        carry = zeros >> 63;
    }
    count
}

fn is_zero(unit: &[u8]) -> bool {
    unit.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_strings_of_each_unit() {
        assert_eq!(string_end(b"ab\0c\0", 0, 1), 3);
        assert_eq!(string_end(b"ab\0c\0", 3, 1), 5);
        assert_eq!(string_end(b"a\0\0b\0\0\0\0", 0, 2), 6);
        assert_eq!(string_end(b"\0\0\0a\0\0\0\0", 0, 4), 8);
        assert_eq!(string_end(b"ab", 0, 1), 2);
    }
}
