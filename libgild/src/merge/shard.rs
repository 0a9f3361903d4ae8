//! Deduplication of one shard: a table of its own, fed in input order.

use super::chunk::{Entry, Sorted};
use super::group::Shape;

/// Bits of a place that say where in its block a piece starts.
pub(super) const BLOCK_BITS: u32 = 17;
const BLOCK: usize = 1 << BLOCK_BITS;

/// Distinct pieces of one shard, in the order of their first occurrence.
#[derive(Debug)]
pub(super) struct Shard {
    /// Their bytes, each piece aligned, by block; more than a block's only for a single piece, which
    /// takes up the next numbers too: their blocks are empty. One vector would move everything as it
    /// grows, and leave behind as much memory as it needs.
    pub blocks: Vec<Vec<u8>>,
    table: Table,
    /// Offsets of the pieces of the chunks that came last, in order.
    found: Vec<u32>,
    /// Where each of those chunks starts in `found`.
    starts: Vec<u32>,
}

/// A shard that has outgrown what a place can say.
pub(super) struct Overflow;

/// Open addressing. A slot holds a tag and an offset in `bytes` plus 1; 0 is empty.
#[derive(Debug)]
struct Table {
    slots: Vec<u64>,
    used: usize,
}

impl Table {
    fn new() -> Table {
        Table { slots: vec![0; 16], used: 0 }
    }

    /// The tag's highest bits choose the slot.
    #[inline]
    fn slot(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.slots.len() as u64) >> 32) as usize
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![0; old.len() * 2];
        for entry in old.into_iter().filter(|&entry| entry != 0) {
            let mut slot = self.slot((entry >> 32) as u32);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = entry;
        }
    }

    /// Offset of the piece, or the slot where it belongs.
    #[inline]
    fn find(&self, tag: u32, same: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mut slot = self.slot(tag);
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                return Err(slot);
            }
            let offset = entry as u32 - 1;
            if (entry >> 32) as u32 == tag && same(offset) {
                return Ok(offset);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// Fills the slot that `find` gave.
    fn insert(&mut self, slot: usize, tag: u32, offset: u32) {
        self.slots[slot] = u64::from(tag) << 32 | u64::from(offset + 1);
        self.used += 1;
        if self.used * 2 > self.slots.len() {
            self.grow();
        }
    }
}

impl Shard {
    /// An empty shard.
    pub fn new() -> Shard {
        Shard::of(Vec::new())
    }

    /// A shard of these blocks that is done.
    fn of(blocks: Vec<Vec<u8>>) -> Shard {
        Shard { blocks, table: Table::new(), found: Vec::new(), starts: Vec::new() }
    }

    /// A shard of one run of bytes that is done.
    pub fn of_run(bytes: Vec<u8>) -> Shard {
        let mut shard = Shard::new();
        shard.push_block(bytes);
        shard
    }

    /// Adds a block and, if it is a long one, the empty ones behind it.
    fn push_block(&mut self, bytes: Vec<u8>) {
        let numbers = self.blocks.len() + bytes.len().div_ceil(BLOCK).max(1);
        self.blocks.push(bytes);
        self.blocks.resize_with(numbers, Vec::new);
    }

    /// Takes the pieces of shard `number` of some more chunks. Offsets stay below `limit`.
    pub fn add(
        &mut self,
        number: usize,
        chunks: &[Sorted],
        shape: Shape,
        limit: u64,
    ) -> Result<(), Overflow> {
        self.found.clear();
        self.starts.clear();
        for chunk in chunks {
            self.starts.push(self.found.len() as u32);
            let (entries, mut bytes) = chunk.of_shard(number);
            for entry in entries {
                let (piece, rest) = bytes.split_at(entry.length as usize);
                bytes = rest;
                let place = self.place(entry, piece, shape, limit).ok_or(Overflow)?;
                self.found.push(place);
            }
        }
        Ok(())
    }

    /// Offsets of the pieces of chunk `chunk` of the last [`Shard::add`], in order.
    pub fn found(&self, chunk: usize) -> &[u32] {
        &self.found[self.starts[chunk] as usize..]
    }

    /// Frees what only merging needs.
    pub fn finish(&mut self) {
        *self = Shard::of(std::mem::take(&mut self.blocks));
    }

    #[inline]
    fn place(&mut self, entry: &Entry, piece: &[u8], shape: Shape, limit: u64) -> Option<u32> {
        let same = |place: u32| {
            let start = place as usize % BLOCK;
            let block = &self.blocks[place as usize / BLOCK];
            // A string that is longer or shorter differs where one of them ends.
            block.get(start..start + piece.len()) == Some(piece)
        };
        match self.table.find(entry.tag, same) {
            Ok(place) => Some(place),
            Err(slot) => {
                let place = self.append(piece, shape, limit)?;
                self.table.insert(slot, entry.tag, place);
                Some(place)
            }
        }
    }

    fn append(&mut self, piece: &[u8], shape: Shape, limit: u64) -> Option<u32> {
        // An empty block stands for a part of the long piece before it.
        let last = self.blocks.last().filter(|block| !block.is_empty());
        let start = last.map(|block| block.len().next_multiple_of(shape.align as usize));
        let start = start.filter(|start| start + piece.len() <= BLOCK);
        let number = self.blocks.len() - usize::from(start.is_some());
        let place = number * BLOCK + start.unwrap_or(0);
        if (place + piece.len()) as u64 >= limit {
            return None;
        }
        if let Some(start) = start {
            self.blocks[number].resize(start, 0);
            self.blocks[number].extend_from_slice(piece);
        } else {
            // Most shards are small and never fill the first.
            let room = if number == 0 { 0 } else { BLOCK };
            let mut block = Vec::with_capacity(room.max(piece.len()));
            block.extend_from_slice(piece);
            self.push_block(block);
        }
        Some(place as u32)
    }
}
