//! Deduplication of one shard: a table of its own, fed in input order.

use super::chunk::{Chunk, Entry, Share, string_end};
use super::group::Shape;
use std::sync::atomic::Ordering::Relaxed;

/// Pieces looked up together: their bytes are fetched before the table is asked, so that the
/// cache misses of a batch overlap.
const BATCH: usize = 16;

/// Distinct pieces of one shard, in the order of their first occurrence.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Their bytes, each piece aligned.
    pub bytes: Vec<u8>,
}

/// A shard that has outgrown what a place can say.
pub(super) struct Overflow;

/// Open addressing. A slot holds a tag and an offset in `bytes` plus 1; 0 is empty.
struct Table {
    slots: Vec<u64>,
    used: usize,
}

impl Table {
    fn new(expected: usize) -> Table {
        Table { slots: vec![0; (expected * 2).next_power_of_two().max(16)], used: 0 }
    }

    /// The tag's highest bits choose the slot.
    #[inline]
    fn slot(&self, tag: u32) -> usize {
        (u64::from(tag) * self.slots.len() as u64 >> 32) as usize
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
    /// Deduplicates the pieces of shard `number` in all chunks. `limit`: offsets stay below.
    pub fn new(
        number: usize,
        chunks: &[Chunk],
        shape: Shape,
        bits: u32,
        limit: u64,
    ) -> Result<Shard, Overflow> {
        let total: usize = chunks.iter().map(|chunk| chunk.of_shard(number).len()).sum();
        // Debug strings occur four times on average; a table that is too small costs less than
        // one that doesn't fit the cache.
        let mut table = Table::new(total / 4);
        let mut shard = Shard::default();
        let high = (number as u64) << bits;
        for chunk in chunks {
            let mut shares = Cursor { shares: &chunk.shares };
            for batch in chunk.of_shard(number).chunks(BATCH) {
                let mut pieces: [(&[u8], u32); BATCH] = [(&[], 0); BATCH];
                for (piece, entry) in pieces.iter_mut().zip(batch) {
                    *piece = (shares.bytes(entry, shape), chunk.pieces.number(entry.position));
                }
                for (&(bytes, piece), entry) in pieces.iter().zip(batch) {
                    let place = shard.place(&mut table, entry.tag, bytes, shape, limit);
                    let place = place.ok_or(Overflow)?;
                    let place = (high | u64::from(place)) as u32;
                    chunk.pieces.places[piece as usize].store(place, Relaxed);
                }
            }
        }
        Ok(shard)
    }

    #[inline]
    fn place(
        &mut self,
        table: &mut Table,
        tag: u32,
        piece: &[u8],
        shape: Shape,
        limit: u64,
    ) -> Option<u32> {
        let same = |offset: u32| {
            let offset = offset as usize;
            // A string that is longer or shorter differs where one of them ends.
            self.bytes.get(offset..offset + piece.len()) == Some(piece)
        };
        let slot = match table.find(tag, same) {
            Ok(offset) => return Some(offset),
            Err(slot) => slot,
        };
        let offset = (self.bytes.len() as u64).next_multiple_of(shape.align);
        if offset + piece.len() as u64 >= limit {
            return None;
        }
        self.bytes.resize(offset as usize, 0);
        self.bytes.extend_from_slice(piece);
        table.insert(slot, tag, offset as u32);
        Some(offset as u32)
    }
}

/// Finds the bytes of entries whose positions ascend.
struct Cursor<'c, 'a> {
    shares: &'c [Share<'a>],
}

impl<'a> Cursor<'_, 'a> {
    #[inline]
    fn bytes(&mut self, entry: &Entry, shape: Shape) -> &'a [u8] {
        while let [_, next, ..] = self.shares
            && next.position <= entry.position
        {
            self.shares = &self.shares[1..];
        }
        let Some(share) = self.shares.first() else { return &[] };
        let entsize = shape.entsize as usize;
        let data = share.input.data;
        let start = share.start + (entry.position - share.position) as usize * entsize;
        let end = if shape.strings { string_end(data, start, entsize) } else { start + entsize };
        data.get(start..end).unwrap_or(&[])
    }
}
