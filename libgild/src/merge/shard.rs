//! Deduplication of one shard: a table of its own, fed in input order.

use super::chunk::{Entry, Sorted};
use super::group::Shape;
use crate::prefetch::{AHEAD, prefetch};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Bits of a place that say where in its block a piece starts. Those above are the block's number.
pub(super) const BLOCK_BITS: u32 = 14;
const BLOCK: usize = 1 << BLOCK_BITS;

/// Bytes of pieces, each aligned: more than `BLOCK` only of a single piece.
#[derive(Debug)]
pub(super) struct Block {
    pub bytes: Vec<u8>,
    /// Its number in the group. Which shard gets which is chance.
    pub number: u32,
}

/// Distinct pieces of one shard, in the order of their first occurrence.
#[derive(Debug)]
pub(super) struct Shard {
    /// One vector of bytes would move everything as it grows, and leave behind as much memory as it
    /// needs.
    pub blocks: Vec<Block>,
    /// Bytes that the first block has room for: most groups are far smaller than a block.
    first_room: usize,
    /// Places in it count this shard's blocks alone.
    table: Table,
    /// Places of the pieces of the chunks that came last, in order.
    found: Vec<u32>,
    /// Where each of those chunks starts in `found`.
    starts: Vec<u32>,
}

/// A group that has outgrown what a place can say.
pub(super) struct Overflow;

/// Numbers for the blocks of a group.
#[derive(Default)]
pub(super) struct Numbers(AtomicU32);

impl Numbers {
    /// One more number. The place of all ones stays free.
    fn take(&self) -> Result<u32, Overflow> {
        let number = self.0.fetch_add(1, Relaxed);
        let is_free = number < (1 << (u32::BITS - BLOCK_BITS)) - 1;
        if is_free { Ok(number) } else { Err(Overflow) }
    }

    /// How many are taken.
    pub fn count(self) -> usize {
        self.0.into_inner() as usize
    }
}

/// Open addressing. A slot holds a tag and a place.
#[derive(Debug)]
struct Table {
    slots: Vec<u64>,
    used: usize,
}

/// An empty slot. Were it 0, a new table would be pages of zeros that nobody has touched: the first
/// read of each maps a page that all share, and the first write is a second fault, which interrupts
/// every other core that runs a thread.
const EMPTY: u64 = u64::MAX;

impl Table {
    fn new() -> Table {
        Table { slots: vec![EMPTY; 16], used: 0 }
    }

    /// The tag's highest bits choose the slot.
    #[inline]
    fn slot(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.slots.len() as u64) >> 32) as usize
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![EMPTY; old.len() * 2];
        for entry in old.into_iter().filter(|&entry| entry != EMPTY) {
            let mut slot = self.slot((entry >> 32) as u32);
            while self.slots[slot] != EMPTY {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = entry;
        }
    }

    /// Place of the piece, or the slot where it belongs.
    #[inline]
    fn find(&self, tag: u32, same: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mut slot = self.slot(tag);
        loop {
            let entry = self.slots[slot];
            if entry == EMPTY {
                return Err(slot);
            }
            let place = entry as u32;
            if (entry >> 32) as u32 == tag && same(place) {
                return Ok(place);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// Fills the slot that `find` gave.
    fn insert(&mut self, slot: usize, tag: u32, place: u32) {
        self.slots[slot] = u64::from(tag) << 32 | u64::from(place);
        self.used += 1;
        if self.used * 2 > self.slots.len() {
            self.grow();
        }
    }
}

impl Shard {
    /// An empty shard, of which so many bytes of input are expected.
    pub fn new(input_size: u64) -> Shard {
        let first_room = input_size.min(BLOCK as u64) as usize;
        Shard { first_room, ..Shard::of(Vec::new()) }
    }

    /// A shard of these blocks that is done.
    pub fn of(blocks: Vec<Block>) -> Shard {
        let table = Table::new();
        Shard { blocks, first_room: 0, table, found: Vec::new(), starts: Vec::new() }
    }

    /// Takes the pieces of some more chunks; this is shard `own`.
    pub fn add(
        &mut self,
        own: usize,
        chunks: &[Sorted],
        shape: Shape,
        numbers: &Numbers,
    ) -> Result<(), Overflow> {
        self.found.clear();
        self.starts.clear();
        for chunk in chunks {
            self.starts.push(self.found.len() as u32);
            let entries = chunk.of_shard(own);
            for (number, entry) in entries.iter().enumerate() {
                if let Some(later) = entries.get(number + AHEAD) {
                    prefetch(&self.table.slots, self.table.slot(later.tag));
                }
                let place = self.place(entry, shape, numbers)?;
                let block = self.blocks[place as usize / BLOCK].number;
                self.found.push((block << BLOCK_BITS) | (place % BLOCK as u32));
            }
        }
        Ok(())
    }

    /// Places of the pieces of chunk `chunk` of the last [`Shard::add`], in order.
    pub fn found(&self, chunk: usize) -> &[u32] {
        &self.found[self.starts[chunk] as usize..]
    }

    /// Frees what only merging needs.
    pub fn finish(&mut self) {
        *self = Shard::of(std::mem::take(&mut self.blocks));
    }

    #[inline]
    fn place(&mut self, entry: &Entry, shape: Shape, numbers: &Numbers) -> Result<u32, Overflow> {
        let piece = entry.bytes;
        let same = |place: u32| {
            let start = place as usize % BLOCK;
            let block = &self.blocks[place as usize / BLOCK].bytes;
            // A string that is longer or shorter differs where one of them ends.
            block.get(start..start + piece.len()) == Some(piece)
        };
        match self.table.find(entry.tag, same) {
            Ok(place) => Ok(place),
            Err(slot) => {
                let place = self.append(piece, shape, numbers)?;
                self.table.insert(slot, entry.tag, place);
                Ok(place)
            }
        }
    }

    fn append(&mut self, piece: &[u8], shape: Shape, numbers: &Numbers) -> Result<u32, Overflow> {
        if let Some(Block { bytes, .. }) = self.blocks.last_mut() {
            let start = bytes.len().next_multiple_of(shape.align as usize);
            if start + piece.len() <= BLOCK {
                bytes.resize(start, 0);
                bytes.extend_from_slice(piece);
                return Ok(((self.blocks.len() - 1) * BLOCK + start) as u32);
            }
        }
        let place = self.blocks.len() * BLOCK;
        let room = if place == 0 { self.first_room } else { BLOCK };
        let mut bytes = Vec::with_capacity(room.max(piece.len()));
        bytes.extend_from_slice(piece);
        self.blocks.push(Block { bytes, number: numbers.take()? });
        Ok(place as u32)
    }
}
