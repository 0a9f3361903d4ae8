//! What the members that nobody asked for yet would define, from the archives' own indexes.
//!
//! A name costs 12 bytes here and is never interned: most members of a library are not extracted.
//! Objects between `--start-lib` and `--end-lib`, and archives without an index, are read instead.

use super::names::hash;
use super::search::{Hashes, Hit, PARALLEL_NAMES};
use crate::diagnostics::{self, Error};
use crate::elf::{SHN_UNDEF, SymExt};
use crate::input::archive::{Archive, Index};
use crate::input::mapping::{Kind, identify};
use crate::input::object::{Object, ObjectName, Position};
use crate::input::{Contents, Inputs};
use crate::tasks::Tasks;
use crate::zeros::each_zero;
use rayon::prelude::*;

/// Candidates for extraction, by name.
#[derive(Debug, Default)]
pub struct Lazy<'data> {
    sources: Vec<Source<'data>>,
    hashes: Hashes,
}

/// The first candidate in line order that defines a name.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Where it is.
    pub position: Position,
    /// Whether [`Lazy::all_candidates`] may know others.
    pub more: bool,
}

/// One `--start-lib` object, one archive, or a part of its index.
#[derive(Debug)]
struct Source<'data> {
    rank: u32,
    /// Number of its first candidate.
    first: u32,
    names: SourceNames<'data>,
}

#[derive(Debug)]
enum SourceNames<'data> {
    /// Of the archive's index.
    Index(Part<'data>),
    /// Names with the file offsets of their members.
    Read(Vec<(&'data [u8], u64)>),
}

/// Successive entries of an archive's index.
#[derive(Debug)]
struct Part<'data> {
    index: Index<'data>,
    /// Entries of the index before this part's.
    before: usize,
    /// The part's names, each ending in NUL.
    names: &'data [u8],
    /// Where in them each name starts.
    starts: Vec<u32>,
}

impl<'data> Part<'data> {
    /// An entry's name and the file offset of its member.
    fn entry(&self, local: usize) -> Option<(&'data [u8], u64)> {
        let rest = self.names.get(*self.starts.get(local)? as usize..)?;
        Some((name_at(rest).0, self.index.offset(self.before + local)?))
    }

    /// The file offsets of all members that define `name`.
    fn members(&self, name: &[u8]) -> Vec<u64> {
        let hits = memchr::memmem::find_iter(self.names, name)
            .filter(|&at| name_at(&self.names[at..]).0 == name)
            .filter_map(|at| self.starts.binary_search(&(at as u32)).ok());
        hits.filter_map(|local| self.index.offset(self.before + local)).collect()
    }
}

impl<'data> Lazy<'data> {
    /// Collects the candidates of all lazy inputs.
    pub fn new(inputs: &'data Inputs) -> diagnostics::Result<Lazy<'data>> {
        let ranks: Vec<u32> = (0..inputs.entries.len() as u32)
            .filter(|&rank| inputs.entries[rank as usize].lazy)
            .collect();
        let read: Vec<_> =
            ranks.par_iter().tasks_of(1).map(|&rank| sources(inputs, rank)).collect();
        let mut lazy = Lazy::default();
        diagnostics::for_each(read, |sources| {
            for (mut source, its_hashes) in sources {
                source.first = lazy.hashes.add(its_hashes);
                lazy.sources.push(source);
            }
        })?;
        Ok(lazy)
    }

    /// The first member in line order that defines each wanted name; names come with their hashes.
    pub fn candidates(&mut self, wanted: &[(&[u8], u64)]) -> Vec<Option<Candidate>> {
        let hashes: Vec<u64> = wanted.iter().map(|(_, hash)| *hash).collect();
        let hits = self.hashes.find(&hashes);
        let wanted = wanted.par_iter().tasks_of(256).zip(hits);
        wanted.map(|((name, _), hit)| self.candidate(name, hit?)).collect()
    }

    /// Gives back what only [`Lazy::candidates`] needs, which isn't called any more.
    pub fn forget_hashes(&mut self) {
        self.hashes = Hashes::default();
    }

    fn candidate(&self, name: &[u8], hit: Hit) -> Option<Candidate> {
        let (found, position) = self.entry(hit.number)?;
        if found == name {
            return Some(Candidate { position, more: hit.more });
        }
        // Two names look alike, and of those only the first is known.
        self.all_candidates(name).next().map(|position| Candidate { position, more: true })
    }

    /// Every member that defines `name`, in line order. Searches all names of all archives.
    pub fn all_candidates(&self, name: &[u8]) -> impl Iterator<Item = Position> {
        self.sources.iter().flat_map(move |source| {
            let offsets: Vec<u64> = match &source.names {
                SourceNames::Index(part) => part.members(name),
                SourceNames::Read(names) => {
                    let hits = names.iter().filter(|(found, _)| *found == name);
                    hits.map(|&(_, offset)| offset).collect()
                }
            };
            offsets.into_iter().map(|offset| (source.rank, offset))
        })
    }

    fn entry(&self, number: u32) -> Option<(&'data [u8], Position)> {
        let after = self.sources.partition_point(|source| source.first <= number);
        let source = self.sources.get(after.checked_sub(1)?)?;
        let local = (number - source.first) as usize;
        let (name, offset) = match &source.names {
            SourceNames::Index(part) => part.entry(local)?,
            SourceNames::Read(names) => *names.get(local)?,
        };
        Some((name, (source.rank, offset)))
    }

    /// Every candidate's name, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &'data [u8]> + '_ {
        (0..self.len()).filter_map(|number| self.entry(number)).map(|(name, _)| name)
    }

    fn len(&self) -> u32 {
        let count = |names: &SourceNames| match names {
            SourceNames::Index(part) => part.starts.len(),
            SourceNames::Read(names) => names.len(),
        };
        self.sources.last().map_or(0, |last| last.first + count(&last.names) as u32)
    }
}

/// `foo@@VERSION`, the default version, stands for `foo`; `foo@VERSION` is a name of its own.
pub fn base_name(name: &[u8]) -> &[u8] {
    match memchr::memchr(b'@', name) {
        Some(at) if at > 0 && name.get(at + 1) == Some(&b'@') => &name[..at],
        _ => name,
    }
}

/// The NUL-terminated name at the start of `text`, without a default version; and its full length.
pub fn name_at(text: &[u8]) -> (&[u8], usize) {
    // One search finds the end or, rarely, a version.
    let end = memchr::memchr2(0, b'@', text).unwrap_or(text.len());
    if text.get(end) == Some(&b'@') {
        let end = memchr::memchr(0, text).unwrap_or(text.len());
        return (base_name(&text[..end]), end);
    }
    (&text[..end], end)
}

/// A source with the hashes of its names.
type Hashed<'data> = (Source<'data>, Vec<u64>);

fn sources<'data>(inputs: &'data Inputs, rank: u32) -> Result<Vec<Hashed<'data>>, Error> {
    let path = inputs.path(&inputs.entries[rank as usize]);
    let archive = match inputs.contents(rank)? {
        Contents::Archive(archive) => archive,
        Contents::Object(data) => {
            let object = Object::parse(ObjectName { path, member: None }, data, (rank, 0))?;
            let names = definitions(&object).map(|name| (name, 0)).collect();
            return Ok(vec![read_source(rank, names)]);
        }
    };
    let Some(index) = archive.index() else {
        return read_members(inputs, rank, &archive).map(|source| vec![source]);
    };
    if u32::try_from(index.names().len()).is_err() {
        return Err(Error::input(rank, path.display(), "the symbol index is larger than 4 GiB"));
    }
    let mut entries = 0;
    let of_part = |(names, mut starts, mut hashes): (_, Vec<u32>, Vec<u64>)| {
        let before = entries;
        // There may be more names than entries.
        starts.truncate(index.len() - before);
        hashes.truncate(index.len() - before);
        entries += starts.len();
        let names = SourceNames::Index(Part { index, before, names, starts });
        (Source { rank, first: 0, names }, hashes)
    };
    Ok(hash_index(&index).into_iter().map(of_part).collect())
}

fn read_source(rank: u32, names: Vec<(&[u8], u64)>) -> Hashed<'_> {
    let hashes = names.iter().map(|(name, _)| hash(name)).collect();
    (Source { rank, first: 0, names: SourceNames::Read(names) }, hashes)
}

/// The names of an index in parts, where each name starts in its part, and their hashes. A small index is
/// one part.
fn hash_index<'data>(index: &Index<'data>) -> Vec<(&'data [u8], Vec<u32>, Vec<u64>)> {
    let pieces = match index.len() {
        0..PARALLEL_NAMES => 1,
        _ => rayon::current_num_threads(),
    };
    let mut rest = index.names();
    let size = rest.len() / pieces;
    let mut parts = Vec::with_capacity(pieces);
    for _ in 1..pieces {
        let at = size.min(rest.len());
        let end = memchr::memchr(0, &rest[at..]).map_or(rest.len(), |end| at + end + 1);
        parts.push(rest.split_off(..end).unwrap_or_default());
    }
    parts.push(rest);
    let hashed = parts.into_par_iter().tasks_of(1).map(|names| hash_names(names, index.len()));
    hashed.collect()
}

fn hash_names(names: &[u8], count: usize) -> (&[u8], Vec<u32>, Vec<u64>) {
    let likely = count.min(names.len() / 8);
    let (mut starts, mut hashes) = (Vec::with_capacity(likely), Vec::with_capacity(likely));
    // Nearly no index has a versioned name, and a search for one over it all is cheaper than over each.
    let versions = memchr::memchr(b'@', names).is_some();
    let mut at = 0;
    each_zero(names, |end| {
        let name = &names[at..end];
        starts.push(at as u32);
        hashes.push(hash(if versions { base_name(name) } else { name }));
        at = end + 1;
    });
    (names, starts, hashes)
}

/// Names that an object defines, commons included, as `ar` lists them.
fn definitions<'data>(object: &Object<'data>) -> impl Iterator<Item = &'data [u8]> {
    object
        .global_symbols()
        .filter(|(_, symbol)| symbol.shndx() != SHN_UNDEF)
        .map(|(index, _)| base_name(object.symbol_name(index)))
}

/// Reads the symbols of every member of an archive that has no index.
fn read_members<'data>(
    inputs: &'data Inputs,
    rank: u32,
    archive: &Archive<'data>,
) -> Result<Hashed<'data>, Error> {
    let mut names = Vec::new();
    for member in members(inputs, rank, archive)? {
        let object = Object::parse(member.name, member.data, member.position)?;
        names.extend(definitions(&object).map(|name| (name, member.position.1)));
    }
    Ok(read_source(rank, names))
}

/// One object, found but not parsed.
#[derive(Clone, Copy, Debug)]
pub struct Found<'data> {
    /// For messages.
    pub name: ObjectName<'data>,
    /// Its bytes.
    pub data: &'data [u8],
    /// Where it is.
    pub position: Position,
}

/// The member at a position, or the object itself.
pub fn find<'data>(inputs: &'data Inputs, position: Position) -> Result<Found<'data>, Error> {
    let (rank, offset) = position;
    let path = inputs.path(&inputs.entries[rank as usize]);
    let archive = match inputs.contents(rank)? {
        Contents::Object(data) => {
            return Ok(Found { name: ObjectName { path, member: None }, data, position });
        }
        Contents::Archive(archive) => archive,
    };
    let fail = |message| Error::input(rank, path.display(), message);
    let member = archive.member(offset).map_err(fail)?;
    let data = if archive.thin { inputs.thin_member(rank, offset)? } else { member.data };
    Ok(Found { name: ObjectName { path, member: Some(member.name) }, data, position })
}

/// All members of an archive that are objects, or should be (bitcode); `lib.rmeta` of Rust and
/// other foreign files are skipped.
pub fn members<'data>(
    inputs: &'data Inputs,
    rank: u32,
    archive: &Archive<'data>,
) -> Result<Vec<Found<'data>>, Error> {
    let path = inputs.path(&inputs.entries[rank as usize]);
    let mut found = Vec::new();
    for member in archive.members() {
        let member = member.map_err(|message| Error::input(rank, path.display(), message))?;
        let header = member.header;
        let data = if archive.thin { inputs.thin_member(rank, header)? } else { member.data };
        if matches!(identify(data), Kind::Elf | Kind::Bitcode) {
            let name = ObjectName { path, member: Some(member.name) };
            found.push(Found { name, data, position: (rank, header) });
        }
    }
    Ok(found)
}
