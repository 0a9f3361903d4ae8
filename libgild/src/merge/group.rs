//! Merge sections that may share pieces.

use super::chunk::{CHUNK_SIZE, Input, NOWHERE, Pieces, Share, Sorted};
use super::shard::{BLOCK_BITS, Block, Numbers, Overflow, Shard};
use super::tail::Tails;
use crate::diagnostics::Error;
use crate::ids::OutputId;
use crate::live::Live;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::ops::Range;

/// What sections must have in common to share pieces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Shape {
    /// Where they go.
    pub output: OutputId,
    /// Strings, or constants.
    pub strings: bool,
    /// Bytes of a character or of a constant.
    pub entsize: u32,
    /// Alignment of each piece, bytes.
    pub align: u64,
}

/// Where an input's pieces are.
#[derive(Clone, Copy, Debug)]
struct Home {
    /// Number of its (first) chunk.
    chunk: u32,
    /// Position of its first byte there; 0 in all further chunks.
    position: u32,
    size: u32,
}

/// The pieces of a group. A piece's place is its block's number above [`BLOCK_BITS`] bits, and its
/// offset there.
#[derive(Debug)]
pub(super) struct Group {
    pub shape: Shape,
    /// Bytes of output.
    pub size: u64,
    homes: Vec<Home>,
    chunks: Vec<Pieces>,
    shards: Vec<Shard>,
    /// By block number: its offset.
    bases: Vec<u64>,
}

/// Chunks that are hashed and then deduplicated at a time, by thread: enough to keep all busy, few
/// enough for their entries, as large as the chunks, to stay in the cache and out of the peak of memory.
const WAVE: usize = 3;

/// Number of shards: enough for each to fit a cache with its table, and for threads to share.
fn shard_count(input_size: u64) -> u32 {
    const SHARD_INPUT: u64 = 1 << 19;
    (input_size / SHARD_INPUT).clamp(1, 64).next_power_of_two() as u32
}

impl Group {
    /// Merges the pieces of `inputs`.
    pub fn new(shape: Shape, inputs: &[Input], live: &Live, tail: bool) -> Result<Group, Error> {
        let input_size = inputs.iter().map(|input| input.data.len() as u64).sum();
        let group = Group::deduplicate(shape, inputs, live, input_size)
            .map_err(|Overflow| Error::Message("mergeable sections of more than 4 GiB".into()))?;
        match tail && shape.strings {
            true => Ok(group.share_tails()),
            false => Ok(group),
        }
    }

    fn deduplicate(
        shape: Shape,
        inputs: &[Input],
        live: &Live,
        input_size: u64,
    ) -> Result<Group, Overflow> {
        let (homes, shares) = assign(inputs, shape);
        let count = shard_count(input_size);
        let numbers = Numbers::default();
        let mut shards: Vec<Shard> =
            (0..count).map(|_| Shard::new(input_size / u64::from(count))).collect();
        let mut chunks: Vec<Pieces> = Vec::with_capacity(shares.len());
        let mut sorted: Vec<Sorted> = Vec::new();
        let wave = WAVE * rayon::current_num_threads();
        sorted.resize_with(shares.len().min(wave), || Sorted::new(count));
        for wave in shares.chunks(wave) {
            let sorted = &mut sorted[..wave.len()];
            let split = wave.par_iter().tasks_of(1).zip(&mut *sorted).map(|(shares, sorted)| {
                let pieces = Pieces::new(shares, shape);
                sorted.fill(&pieces, shares, shape, live);
                pieces
            });
            let mut pieces: Vec<Pieces> = split.collect();
            let added = shards.par_iter_mut().tasks_of(1).enumerate();
            added.try_for_each(|(own, shard)| shard.add(own, sorted, shape, &numbers))?;
            pieces.par_iter_mut().tasks_of(1).zip(&*sorted).enumerate().for_each(
                |(chunk, (pieces, sorted))| {
                    for (own, shard) in shards.iter().enumerate() {
                        let entries = sorted.of_shard(own);
                        for (entry, place) in entries.iter().zip(shard.found(chunk)) {
                            pieces.places[entry.piece as usize] = *place;
                        }
                    }
                },
            );
            chunks.append(&mut pieces);
        }
        shards.iter_mut().for_each(Shard::finish);
        let (bases, size) = place_blocks(&shards, numbers.count(), shape.align);
        Ok(Group { shape, size, homes, chunks, shards, bases })
    }

    /// Stays as it is where that can't be said in a piece's place.
    fn share_tails(mut self) -> Group {
        let Some(tails) = Tails::new(blocks(&self.shards), self.bases.len(), self.shape) else {
            return self;
        };
        self.chunks.par_iter_mut().tasks_of(1).for_each(|chunk| {
            for place in &mut chunk.places {
                if *place != NOWHERE {
                    let (block, offset) = unpack(*place);
                    *place = tails.place(block, offset);
                }
            }
        });
        // A place is now an offset in one run of bytes.
        self.size = tails.bytes.len() as u64;
        self.bases = (0..self.size).step_by(1 << BLOCK_BITS).collect();
        self.shards = vec![Shard::of(vec![Block { bytes: tails.bytes, number: 0 }])];
        self
    }

    /// See [`super::Merged::lookup`].
    #[inline]
    pub fn lookup(&self, input: u32, offset: u64) -> Option<u64> {
        let home = self.homes.get(input as usize)?;
        if offset >= u64::from(home.size) {
            // The end of the last piece: its last byte and one more.
            let last = u64::from(home.size.checked_sub(1)?);
            let end = (offset == last + 1).then(|| self.lookup(input, last))??;
            return Some(end + 1);
        }
        let entsize = self.shape.entsize;
        // Most are strings of bytes; a division costs as much as a cache miss.
        let (unit, rest) = match (offset as u32, entsize) {
            (offset, 1) => (offset, 0),
            (offset, _) => (offset / entsize, offset % entsize),
        };
        let per_chunk = units_per_chunk(entsize);
        // Sections that share a chunk are no larger than one.
        let (further, unit) = match unit < per_chunk {
            true => (0, unit),
            false => (unit / per_chunk, unit % per_chunk),
        };
        let mut chunk = (home.chunk + further) as usize;
        let position = unit + home.position;
        let mut found = self.chunks.get(chunk)?.find(position);
        let units = match found {
            Some((start, _)) => position - start,
            None => position + 1,
        };
        let mut back = u64::from(units) * u64::from(entsize) + u64::from(rest);
        // A long string may have started some chunks before.
        while found.is_none() {
            chunk = chunk.checked_sub(1)?;
            found = self.chunks[chunk].last();
            let units = found.map_or(per_chunk, |(start, _)| per_chunk - 1 - start);
            back += u64::from(units) * u64::from(entsize);
        }
        match found?.1 {
            NOWHERE => None,
            place => {
                let (block, offset) = unpack(place);
                Some(self.bases[block] + u64::from(offset) + back)
            }
        }
    }

    /// Ranges of the member, each with its bytes; padding stands at the end of a range.
    pub fn parts(&self) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        let base = |block: &Block| self.bases[block.number as usize];
        let ends = blocks(&self.shards).skip(1).map(base).chain([self.size]);
        blocks(&self.shards).zip(ends).map(move |(block, end)| (base(block)..end, &*block.bytes))
    }
}

/// In the order of the output.
fn blocks(shards: &[Shard]) -> impl Iterator<Item = &Block> {
    shards.iter().flat_map(|shard| &shard.blocks)
}

/// Offsets of blocks by number, of which there are `count`, and bytes of output.
fn place_blocks(shards: &[Shard], count: usize, align: u64) -> (Vec<u64>, u64) {
    let mut bases = vec![0; count];
    let size = blocks(shards).fold(0, |end: u64, block| {
        let base = end.next_multiple_of(align);
        bases[block.number as usize] = base;
        base + block.bytes.len() as u64
    });
    (bases, size)
}

/// The block of a place, and the offset in it.
#[inline]
fn unpack(place: u32) -> (usize, u32) {
    ((place >> BLOCK_BITS) as usize, place & ((1 << BLOCK_BITS) - 1))
}

/// A multiple of 64, so that the bits of a cut section need no shifting.
#[inline]
fn units_per_chunk(entsize: u32) -> u32 {
    if entsize == 1 {
        return CHUNK_SIZE as u32;
    }
    ((CHUNK_SIZE as u32) / entsize / 64).max(1) * 64
}

/// Cuts the inputs into chunks.
fn assign<'a>(inputs: &[Input<'a>], shape: Shape) -> (Vec<Home>, Vec<Vec<Share<'a>>>) {
    let entsize = shape.entsize as usize;
    let per_chunk = units_per_chunk(shape.entsize) as usize;
    let step = if shape.strings { 64 } else { 1 };
    let mut homes = Vec::with_capacity(inputs.len());
    let mut chunks: Vec<Vec<Share>> = Vec::new();
    let mut next = 0;
    for &input in inputs {
        let units = input.data.len() / entsize;
        let size = input.data.len() as u32;
        if chunks.is_empty() || next + units > per_chunk {
            chunks.push(Vec::new());
            next = 0;
        }
        homes.push(Home { chunk: chunks.len() as u32 - 1, position: next as u32, size });
        let mut start = 0;
        loop {
            let end = input.data.len().min(start + per_chunk * entsize);
            let share = Share { input, start, end, position: next as u32 };
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(share);
            }
            next += ((end - start) / entsize).next_multiple_of(step);
            start = end;
            if start == input.data.len() {
                break;
            }
            chunks.push(Vec::new());
            next = 0;
        }
    }
    (homes, chunks)
}
