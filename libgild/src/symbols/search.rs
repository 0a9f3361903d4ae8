//! Candidates by the hashes of their names.
//!
//! A wave wants some thousand names of, say, 200,000. A pass over all hashes costs half a nanosecond
//! a name, a table of them ten and more, and most links take a dozen waves of which the last want
//! next to nothing. So there are passes first, and a table once they have cost as much as one.

use crate::tasks::Tasks;
use hashbrown::HashTable;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// The hashes of all candidates' names. A candidate's number is its place among them.
#[derive(Debug, Default)]
pub struct Hashes {
    lists: Vec<Vec<u64>>,
    /// Candidates in all lists.
    count: usize,
    passes: u32,
    /// Open addressing with linear probing; the first candidate of each tag. Empty until there have
    /// been [`MAX_PASSES`].
    tables: Vec<Vec<Slot>>,
}

/// The first candidate with a wanted hash, or in a table, a wanted tag.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// Its number.
    pub number: u32,
    /// Whether there may be others.
    pub more: bool,
}

/// `entry` is one more than the number of the candidate, and [`MORE`]; 0 is an empty slot.
#[derive(Clone, Copy, Default, Debug)]
struct Slot {
    tag: u32,
    entry: u32,
}

/// The candidate is not the only one of its tag.
const MORE: u32 = 1 << 31;

/// Names below which one thread hashes them all, or makes a table of them, in about a millisecond.
pub const PARALLEL_NAMES: usize = 50_000;

/// Hashes that one task passes over: 10 µs.
const PIECE: usize = 1 << 14;

/// Passes that cost as much as a table.
const MAX_PASSES: u32 = 16;

impl Hashes {
    /// Adds candidates; the number of the first.
    pub fn add(&mut self, list: Vec<u64>) -> u32 {
        let first = self.count as u32;
        self.count += list.len();
        self.lists.push(list);
        first
    }

    /// Finds the first candidate of each wanted hash.
    pub fn find(&mut self, wanted: &[u64]) -> Vec<Option<Hit>> {
        if wanted.is_empty() {
            return Vec::new();
        }
        if self.passes < MAX_PASSES {
            self.passes += 1;
            return self.pass(wanted);
        }
        if self.tables.is_empty() {
            self.fill();
        }
        wanted.par_iter().tasks_of(256).map(|&hash| self.look_up(hash)).collect()
    }

    fn pass(&self, wanted: &[u64]) -> Vec<Option<Hit>> {
        let pass = Pass::new(wanted);
        let mut first = 0;
        let lists = self.lists.iter().flat_map(|list| {
            let numbers = (first..).step_by(PIECE);
            first += list.len() as u32;
            numbers.zip(list.chunks(PIECE))
        });
        let meet = |(first, hashes): (u32, &[u64])| pass.meet(first, hashes);
        if self.count < PARALLEL_NAMES {
            lists.for_each(meet);
        } else {
            let pieces: Vec<_> = lists.collect();
            pieces.into_par_iter().tasks_of(1).for_each(meet);
        }
        pass.hits()
    }

    fn fill(&mut self) {
        let threads = rayon::current_num_threads();
        let parts =
            if self.count < PARALLEL_NAMES { 1 } else { threads.next_power_of_two().clamp(1, 16) };
        let lists = std::mem::take(&mut self.lists);
        let part = |part: usize| {
            let mine = |hash: &&u64| hash_part(**hash, parts) == part;
            let count = lists.iter().flatten().filter(mine).count();
            let mut table = vec![Slot::default(); (count * 2).max(2).next_power_of_two()];
            let mut entry = 0;
            for &hash in lists.iter().flatten() {
                entry += 1;
                if hash_part(hash, parts) == part {
                    insert(&mut table, hash, entry);
                }
            }
            table
        };
        self.tables = (0..parts).into_par_iter().map(part).collect();
    }

    fn look_up(&self, hash: u64) -> Option<Hit> {
        let table = &self.tables[hash_part(hash, self.tables.len())];
        let entry = table[probe(table, hash)].entry;
        let number = (entry & !MORE).checked_sub(1)?;
        Some(Hit { number, more: entry & MORE != 0 })
    }
}

/// Wanted hashes in one pass over all.
struct Pass {
    /// Bits of the wanted hashes: most others go no further.
    filter: Vec<u64>,
    /// Distinct wanted hashes and their places in `firsts` and `more`.
    table: HashTable<(u64, u32)>,
    /// By wanted hash: its place.
    places: Vec<u32>,
    /// The least number that was met; `u32::MAX` if none was.
    firsts: Vec<AtomicU32>,
    /// Whether several were met.
    more: Vec<AtomicBool>,
}

impl Pass {
    fn new(wanted: &[u64]) -> Pass {
        let bits = (wanted.len() * 32).max(64).next_power_of_two();
        let mut filter = vec![0u64; bits / 64];
        let mut table: HashTable<(u64, u32)> = HashTable::with_capacity(wanted.len());
        let place = |&hash: &u64| {
            let bit = filter_bit(hash, bits);
            filter[bit / 64] |= 1 << (bit % 64);
            let next = table.len() as u32;
            table
                .entry(hash, |entry| entry.0 == hash, |entry| entry.0)
                .or_insert((hash, next))
                .get()
                .1
        };
        let places = wanted.iter().map(place).collect();
        let firsts = (0..table.len()).map(|_| AtomicU32::new(u32::MAX)).collect();
        let more = (0..table.len()).map(|_| AtomicBool::new(false)).collect();
        Pass { filter, table, places, firsts, more }
    }

    /// Notes those of `hashes` that are wanted; `first` is the number of the first of them.
    fn meet(&self, first: u32, hashes: &[u64]) {
        let bits = self.filter.len() * 64;
        for (number, &hash) in (first..).zip(hashes) {
            let bit = filter_bit(hash, bits);
            if self.filter[bit / 64] >> (bit % 64) & 1 != 0
                && let Some(&(_, place)) = self.table.find(hash, |entry| entry.0 == hash)
                && self.firsts[place as usize].fetch_min(number, Relaxed) != u32::MAX
            {
                self.more[place as usize].store(true, Relaxed);
            }
        }
    }

    fn hits(&self) -> Vec<Option<Hit>> {
        let hit = |&place: &u32| {
            let number = self.firsts[place as usize].load(Relaxed);
            let more = self.more[place as usize].load(Relaxed);
            (number != u32::MAX).then_some(Hit { number, more })
        };
        self.places.iter().map(hit).collect()
    }
}

/// hashbrown takes the lowest bits and the highest. `bits` is a power of two.
fn filter_bit(hash: u64, bits: usize) -> usize {
    (hash >> 20) as usize & (bits - 1)
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Where a hash is, or would be, in a table that has an empty slot.
fn probe(table: &[Slot], hash: u64) -> usize {
    let mask = table.len() - 1;
    let mut at = hash as usize & mask;
    while table[at].entry != 0 && table[at].tag != tag(hash) {
        at = (at + 1) & mask;
    }
    at
}

/// Inserts candidate `entry - 1` unless there is an earlier one, as for an inline function of C++,
/// which an index lists once for every member. Equal tags pass for equal hashes, which saves a read.
fn insert(table: &mut [Slot], hash: u64, entry: u32) {
    let at = probe(table, hash);
    match table[at].entry {
        0 => table[at] = Slot { tag: tag(hash), entry },
        _ => table[at].entry |= MORE,
    }
}

/// Which table a hash belongs to: `parts` is a power of two.
fn hash_part(hash: u64, parts: usize) -> usize {
    (hash >> 28) as usize % parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash as good as that of a name.
    fn hash(number: u64) -> u64 {
        (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn passes_and_tables_find_the_first_of_each() {
        for count in [0u64, 1, 1000, 200_000] {
            let mut hashes = Hashes::default();
            // Every third candidate has the hash of an earlier one.
            let of = |number: u64| hash(if number % 3 == 2 { number / 2 } else { number });
            let all: Vec<u64> = (0..count).map(of).collect();
            let mut firsts = std::collections::HashMap::new();
            for (number, hash) in (0..).zip(&all) {
                firsts.entry(*hash).or_insert((number, 0)).1 += 1;
            }
            assert_eq!(hashes.add(Vec::new()), 0);
            for list in all.chunks(70_000) {
                hashes.add(list.to_vec());
            }
            let wanted: Vec<u64> =
                (0..2 * count).step_by(7).map(hash).chain([hash(0); 2]).collect();
            for round in 0..MAX_PASSES + 2 {
                let found = hashes.find(&wanted);
                assert_eq!(found.len(), wanted.len());
                for (hit, hash) in found.into_iter().zip(&wanted) {
                    let hit = hit.map(|hit| (hit.number, hit.more));
                    let expected = firsts.get(hash).map(|(number, times)| (*number, *times > 1));
                    assert_eq!(hit, expected, "{count} candidates, round {round}");
                }
            }
        }
    }
}
