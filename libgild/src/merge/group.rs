//! Merge sections that may share pieces.

use super::chunk::{CHUNK_SIZE, Hashed, Input, NOWHERE, Pieces, Share, Sorted};
use super::shard::{BLOCK_BITS, Shard};
use super::tail;
use crate::diagnostics::Error;
use crate::ids::OutputId;
use crate::live::Live;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

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

/// The pieces of a group. A piece's place is its shard, then its block, then its offset there: what
/// is above `shard_bits` bits, what is above [`BLOCK_BITS`] bits, and the rest.
#[derive(Debug)]
pub(super) struct Group {
    pub shape: Shape,
    /// Bytes of output.
    pub size: u64,
    /// Bytes of input.
    pub input_size: u64,
    homes: Vec<Home>,
    chunks: Vec<Pieces>,
    shards: Vec<Shard>,
    /// Offset of each block.
    bases: Vec<u64>,
    /// By shard: the number of its first block in `bases`.
    first_blocks: Vec<u32>,
    shard_bits: u32,
}

/// Chunks that are hashed and then deduplicated at a time, by thread: enough to keep all busy, few
/// enough for their copies, twice their size, to stay in the cache and out of the peak of memory.
const WAVE: usize = 3;

/// Number of shards: enough for each to fit a cache with its table, and for threads to share.
fn shard_count(input_size: u64) -> u32 {
    const SHARD_INPUT: u64 = 1 << 18;
    (input_size / SHARD_INPUT).clamp(1, 64).next_power_of_two() as u32
}

impl Group {
    /// Merges the pieces of `inputs`.
    pub fn new(shape: Shape, inputs: &[Input], live: &Live, tail: bool) -> Result<Group, Error> {
        let input_size = inputs.iter().map(|input| input.data.len() as u64).sum();
        let shards = shard_count(input_size);
        // A lopsided group, such as one of a single string of many megabytes, fits one shard.
        let group = Group::with_shards(shape, inputs, live, shards)
            .or_else(|| Group::with_shards(shape, inputs, live, 1))
            .ok_or_else(|| Error::Message("mergeable sections of more than 4 GiB".into()))?;
        match tail && shape.strings {
            true => Ok(group.share_tails()),
            false => Ok(group),
        }
    }

    fn with_shards(shape: Shape, inputs: &[Input], live: &Live, count: u32) -> Option<Group> {
        let (homes, shares) = assign(inputs, shape);
        let shard_bits = 32 - count.trailing_zeros();
        // The place of all ones means nowhere.
        let limit = (1 << shard_bits) - 1;
        let mut shards: Vec<Shard> = (0..count).map(|_| Shard::new()).collect();
        let mut chunks: Vec<Pieces> = Vec::with_capacity(shares.len());
        let mut sorted: Vec<Sorted> = Vec::new();
        let rooms: Mutex<Vec<Vec<Hashed>>> = Mutex::default();
        let wave = WAVE * rayon::current_num_threads();
        sorted.resize_with(shares.len().min(wave), Sorted::default);
        for wave in shares.chunks(wave) {
            let sorted = &mut sorted[..wave.len()];
            let split = wave.par_iter().tasks_of(1).zip(&mut *sorted).map(|(shares, sorted)| {
                let pieces = Pieces::new(shares, shape);
                let rooms = || rooms.lock().unwrap_or_else(PoisonError::into_inner);
                let mut room = rooms().pop().unwrap_or_default();
                sorted.fill(&pieces, shares, shape, count, live, &mut room);
                rooms().push(room);
                pieces
            });
            let mut pieces: Vec<Pieces> = split.collect();
            let added = shards.par_iter_mut().tasks_of(1).enumerate();
            added.try_for_each(|(number, shard)| shard.add(number, sorted, shape, limit)).ok()?;
            pieces.par_iter_mut().tasks_of(1).zip(&*sorted).enumerate().for_each(
                |(chunk, (pieces, sorted))| {
                    for (number, shard) in shards.iter().enumerate() {
                        let high = ((number as u64) << shard_bits) as u32;
                        let (entries, _) = sorted.of_shard(number);
                        for (entry, place) in entries.iter().zip(shard.found(chunk)) {
                            pieces.places[entry.piece as usize] = high | place;
                        }
                    }
                },
            );
            chunks.append(&mut pieces);
        }
        shards.iter_mut().for_each(Shard::finish);
        let input_size = inputs.iter().map(|input| input.data.len() as u64).sum();
        let mut group = Group {
            shape,
            size: 0,
            input_size,
            homes,
            chunks,
            shards,
            bases: Vec::new(),
            first_blocks: Vec::new(),
            shard_bits,
        };
        group.place_blocks();
        Some(group)
    }

    fn place_blocks(&mut self) {
        self.bases.clear();
        self.first_blocks.clear();
        let (mut end, mut inside) = (0u64, 0u64);
        for shard in &self.shards {
            self.first_blocks.push(self.bases.len() as u32);
            for block in &shard.blocks {
                match block.is_empty() {
                    true => inside += 1 << BLOCK_BITS,
                    false => {
                        inside = end.next_multiple_of(self.shape.align);
                        end = inside + block.len() as u64;
                    }
                }
                self.bases.push(inside);
            }
        }
        self.size = end;
    }

    fn share_tails(mut self) -> Group {
        let blocks: Vec<&[u8]> = self.blocks().map(Vec::as_slice).collect();
        let tails = tail::Tails::new(&blocks, self.shape);
        let (bits, first_blocks) = (self.shard_bits, &self.first_blocks);
        self.chunks.par_iter_mut().tasks_of(1).for_each(|chunk| {
            for place in &mut chunk.places {
                if *place != NOWHERE {
                    let (block, offset) = unpack(*place, bits, first_blocks);
                    *place = tails.place(block, offset);
                }
            }
        });
        self.shards = vec![Shard::of_run(tails.bytes)];
        self.shard_bits = 32;
        self.place_blocks();
        self
    }

    fn blocks(&self) -> impl Iterator<Item = &Vec<u8>> + Clone {
        self.shards.iter().flat_map(|shard| &shard.blocks)
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
                let (block, offset) = unpack(place, self.shard_bits, &self.first_blocks);
                Some(self.bases[block] + u64::from(offset) + back)
            }
        }
    }

    /// Ranges of the member, each with its bytes; padding stands at the end of a range.
    pub fn parts(&self) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        let starts = self.bases.iter().zip(self.blocks()).filter(|(_, block)| !block.is_empty());
        let ends = starts.clone().skip(1).map(|(&start, _)| start).chain([self.size]);
        starts.zip(ends).map(|((&start, block), end)| (start..end, block.as_slice()))
    }
}

/// The block of a place, over all shards, and the offset in it.
#[inline]
fn unpack(place: u32, shard_bits: u32, first_blocks: &[u32]) -> (usize, u32) {
    let shard = (u64::from(place) >> shard_bits) as usize;
    let inside = (u64::from(place) & ((1 << shard_bits) - 1)) as u32;
    ((first_blocks[shard] + (inside >> BLOCK_BITS)) as usize, inside & ((1 << BLOCK_BITS) - 1))
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
