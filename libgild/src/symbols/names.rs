//! The interner: each distinct name gets one id; a name is hashed once, when its object is read.
//!
//! Names are spread over [`SHARDS`] tables by bits of their hash, and each table has one owner at a
//! time, so that no table needs a lock and ids don't depend on scheduling.

use crate::ids::SymbolId;
use crate::prefetch::prefetch;
use crate::tasks::Tasks;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rayon::prelude::*;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Number of tables; `SymbolId` is the index in the table times this, plus the table.
const SHARDS: usize = 16;

/// Mentions that are looked up together, so that their cache misses overlap: entries by hash first,
/// then the names, which differ hardly ever.
const BATCH: usize = 16;

/// The hash of a name, the same in every run.
pub fn hash(name: &[u8]) -> u64 {
    const SEED: u64 = 0x6769_6c64;
    let mut hasher = FixedState::with_seed(SEED).build_hasher();
    hasher.write(name);
    hasher.finish()
}

/// Which table a hash belongs to. hashbrown takes the lowest and the highest bits.
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

/// Every distinct global name of the objects that take part.
#[derive(Debug, Default)]
pub struct Names<'data> {
    shards: [Shard<'data>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard<'data> {
    table: HashTable<u32>,
    entries: Vec<Entry<'data>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry<'data> {
    name: &'data [u8],
    hash: u64,
}

impl<'data> Names<'data> {
    /// The id of a name, if any object mentions it.
    pub fn get(&self, name: &[u8]) -> Option<SymbolId> {
        let hash = hash(name);
        let shard = shard_of(hash);
        let Shard { table, entries } = &self.shards[shard];
        let found = table.find(hash, |&local| entries[local as usize].name == name);
        found.map(|&local| id(local, shard))
    }

    /// The name of an id.
    pub fn name(&self, id: SymbolId) -> &'data [u8] {
        self.entry(id).map_or(&[], |entry| entry.name)
    }

    /// The hash of an id's name.
    pub fn hash(&self, id: SymbolId) -> u64 {
        self.entry(id).map_or(0, |entry| entry.hash)
    }

    fn entry(&self, id: SymbolId) -> Option<&Entry<'data>> {
        self.shards[id.index() % SHARDS].entries.get(id.index() / SHARDS)
    }

    /// Tables indexed by `SymbolId` need this many elements. Not every index is in use.
    pub fn bound(&self) -> usize {
        self.shards.iter().map(|shard| shard.entries.len()).max().unwrap_or(0) * SHARDS
    }

    /// All ids in use.
    pub fn ids(&self) -> impl Iterator<Item = SymbolId> + '_ {
        let locals = |(shard, names): (usize, &Shard)| {
            (0..names.entries.len() as u32).map(move |local| id(local, shard))
        };
        self.shards.iter().enumerate().flat_map(locals)
    }

    /// Gives every mention its id. Ids depend on the mentions and their order alone.
    pub fn intern(&mut self, mentions: &[Mentions<'data>]) {
        // A table of a small link is filled in less time than a thread takes to wake up.
        self.shards.par_iter_mut().enumerate().tasks_of(4).for_each(|(index, shard)| {
            let mine = || mentions.iter().map(|mentions| mentions.of_shard(index));
            shard.reserve(mine().map(<[_]>::len).sum::<usize>() / 4);
            for batch in mine().flat_map(|mentions| mentions.chunks(BATCH)) {
                shard.intern_batch(batch, index);
            }
        });
    }
}

impl<'data> Shard<'data> {
    fn reserve(&mut self, additional: usize) {
        let Shard { table, entries } = self;
        table.reserve(additional, |&local| entries[local as usize].hash);
        entries.reserve(additional);
    }

    fn intern_batch(&mut self, mentions: &[Mention<'data>], shard: usize) {
        let mut likely = [None; BATCH];
        for (likely, mention) in likely.iter_mut().zip(mentions) {
            let Shard { table, entries } = &*self;
            let same = |&local: &u32| entries[local as usize].hash == mention.hash;
            *likely = table.find(mention.hash, same).copied();
            if let Some(local) = *likely {
                prefetch(entries[local as usize].name, 0);
                prefetch(mention.name, 0);
            }
        }
        for (likely, mention) in likely.into_iter().zip(mentions) {
            let is_it = |&local: &u32| self.entries[local as usize].name == mention.name;
            let local = match likely.filter(is_it) {
                Some(local) => local,
                None => self.intern(mention.name, mention.hash),
            };
            mention.id.store(id(local, shard).0, Relaxed);
        }
    }

    fn intern(&mut self, name: &'data [u8], hash: u64) -> u32 {
        let Shard { table, entries } = self;
        let same = |&local: &u32| {
            let entry = &entries[local as usize];
            entry.hash == hash && entry.name == name
        };
        if let Some(&local) = table.find(hash, same) {
            return local;
        }
        let local = entries.len() as u32;
        entries.push(Entry { name, hash });
        table.insert_unique(hash, local, |&local| entries[local as usize].hash);
        local
    }
}

fn id(local: u32, shard: usize) -> SymbolId {
    SymbolId(local * SHARDS as u32 + shard as u32)
}

/// The names that one object mentions, grouped by table.
#[derive(Debug, Default)]
pub struct Mentions<'data> {
    all: Vec<Mention<'data>>,
    ends: [u32; SHARDS],
}

#[derive(Debug, Default)]
struct Mention<'data> {
    name: &'data [u8],
    hash: u64,
    /// The mention's number in the object.
    slot: u32,
    /// A `SymbolId`, set by the owner of the table.
    id: AtomicU32,
}

impl<'data> Mentions<'data> {
    /// Hashes the names; the slot of each is its position.
    pub fn new(names: impl Iterator<Item = &'data [u8]>) -> Mentions<'data> {
        let mut counts = [0u32; SHARDS];
        let hashed = names.map(|name| {
            let hash = hash(name);
            counts[shard_of(hash)] += 1;
            (name, hash)
        });
        let hashed: Vec<(&[u8], u64)> = hashed.collect();
        let mut next = [0u32; SHARDS];
        let mut sum = 0;
        for (next, count) in next.iter_mut().zip(counts) {
            *next = sum;
            sum += count;
        }
        let mut all: Vec<Mention> = Vec::new();
        all.resize_with(hashed.len(), Mention::default);
        for (slot, (name, hash)) in (0..).zip(hashed) {
            let next = &mut next[shard_of(hash)];
            all[*next as usize] = Mention { name, hash, slot, ..Mention::default() };
            *next += 1;
        }
        Mentions { all, ends: next }
    }

    /// The names of one table.
    fn of_shard(&self, shard: usize) -> &[Mention<'data>] {
        let start = shard.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start as usize..self.ends[shard] as usize]
    }

    /// The ids by slot, after [`Names::intern`].
    pub fn ids(&self) -> Vec<SymbolId> {
        let mut ids = vec![SymbolId(0); self.all.len()];
        for mention in &self.all {
            ids[mention.slot as usize] = SymbolId(mention.id.load(Relaxed));
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_share_an_id_and_others_dont() {
        let texts: Vec<String> = (0..1000).map(|i| format!("name{}", i % 500)).collect();
        let mut names = Names::default();
        let mentions = [Mentions::new(texts.iter().map(|text| text.as_bytes()))];
        names.intern(&mentions);
        let ids = mentions[0].ids();
        assert_eq!(names.ids().count(), 500);
        for (text, id) in texts.iter().zip(&ids) {
            assert_eq!(names.name(*id), text.as_bytes());
            assert_eq!(names.get(text.as_bytes()), Some(*id));
            assert!(id.index() < names.bound());
        }
        assert_eq!(ids[..500], ids[500..]);
        assert_eq!(names.get(b"unheard of"), None);
    }
}
