//! Deduplication of one shard: a table of its own, fed in input order.

use super::chunk::{Entry, Sorted};
use super::group::Shape;

/// Distinct pieces of one shard, in the order of their first occurrence.
#[derive(Debug)]
pub(super) struct Shard {
    /// Their bytes, each piece aligned.
    pub bytes: Vec<u8>,
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

    /// A shard that is done.
    pub fn of(bytes: Vec<u8>) -> Shard {
        Shard { bytes, table: Table::new(), found: Vec::new(), starts: Vec::new() }
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
        *self = Shard::of(std::mem::take(&mut self.bytes));
    }

    #[inline]
    fn place(&mut self, entry: &Entry, piece: &[u8], shape: Shape, limit: u64) -> Option<u32> {
        let same = |offset: u32| {
            let offset = offset as usize;
            // A string that is longer or shorter differs where one of them ends.
            self.bytes.get(offset..offset + piece.len()) == Some(piece)
        };
        let slot = match self.table.find(entry.tag, same) {
            Ok(offset) => return Some(offset),
            Err(slot) => slot,
        };
        let offset = (self.bytes.len() as u64).next_multiple_of(shape.align);
        if offset + piece.len() as u64 >= limit {
            return None;
        }
        self.bytes.resize(offset as usize, 0);
        self.bytes.extend_from_slice(piece);
        self.table.insert(slot, entry.tag, offset as u32);
        Some(offset as u32)
    }
}
