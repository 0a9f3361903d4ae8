//! Input files: mapping, identification, archives, objects, linker-script stubs.
//!
//! [`load`] finds and maps everything that the command line names. It looks into archives no
//! further than their magic: members are read when the symbols ask for them.

pub mod archive;
mod inflate;
mod lines;
mod load;
#[cfg(test)]
mod load_test;
pub mod mapping;
pub mod object;
mod parse;
pub mod script;
mod search;
#[cfg(test)]
pub mod testing;

pub use load::{MANY, load, sizes};

use crate::args::Wrap;
use crate::diagnostics::Error;
use crate::substitute::Binding;
use archive::Archive;
use mapping::{Identity, Kind, Mapping};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Every input file, mapped, in command-line order.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Linker scripts among them, for which there are no entries.
    files: Vec<InputFile>,
    /// Files where the command line names them; the index is the rank that errors are sorted by.
    pub entries: Vec<Entry>,
    /// `--wrap`.
    pub wraps: Vec<Wrap>,
    /// Allocator substitution, if the link has it.
    pub binding: Option<Box<Binding>>,
}

/// One opened file.
#[derive(Debug)]
struct InputFile {
    path: PathBuf,
    map: Mapping,
    kind: Kind,
    thin: Thin,
    /// An entry offers all of its members already.
    offered: bool,
}

/// The members of a thin archive, which are files of their own.
#[derive(Debug, Default)]
struct Thin {
    members: Vec<ThinMember>,
    files: Vec<ThinFile>,
}

#[derive(Debug)]
struct ThinMember {
    header: u64,
    size: u64,
    /// Index in `Thin::files`.
    file: u32,
    /// The member is one of the archive `file`: file offset of its header there.
    inner: Option<u64>,
}

/// Opened when a member is extracted.
#[derive(Debug)]
struct ThinFile {
    path: PathBuf,
    map: OnceLock<Result<Mapping, String>>,
}

/// One use of a file on the command line.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub(crate) file: u32,
    /// All members take part.
    pub whole_archive: bool,
    /// An object that takes part only if a symbol asks for it.
    pub lazy: bool,
    /// `--exclude-libs` names this archive.
    pub excluded_lib: bool,
}

/// What an [`Entry`] holds.
#[derive(Clone, Copy, Debug)]
pub enum Contents<'data> {
    /// An object.
    Object(&'data [u8]),
    /// An archive.
    Archive(Archive<'data>),
}

impl Inputs {
    /// Bytes of all input files, unextracted members included.
    pub fn bytes(&self) -> u64 {
        let thin =
            |file: &InputFile| file.thin.members.iter().map(|member| member.size).sum::<u64>();
        self.files.iter().map(|file| file.map.bytes().len() as u64 + thin(file)).sum()
    }

    /// Files opened, archives counted once.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Paths of all files that were opened, linker scripts among them, in that order, but for the
    /// members of a thin archive, which come behind it.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.opened().map(|(path, _)| path)
    }

    /// Path of the input that is the file `identity`.
    pub fn path_of(&self, identity: Identity) -> Option<&Path> {
        self.opened().find(|&(_, other)| other == identity).map(|(path, _)| path)
    }

    fn opened(&self) -> impl Iterator<Item = (&Path, Identity)> {
        let all = self.files.iter().flat_map(|file| {
            let thin = file.thin.files.iter();
            let thin = thin.filter_map(|file| Some((&file.path, file.map.get()?.as_ref().ok()?)));
            iter::once((&file.path, &file.map)).chain(thin)
        });
        all.filter_map(|(path, map)| Some((path.as_path(), map.identity?)))
    }

    /// Stands the allocator's archive in front of the line; where the line names it too, it moves.
    ///
    /// Errors: a thin archive that is malformed.
    pub fn stand_first(&mut self, path: PathBuf, map: Mapping) -> Result<(), Error> {
        let kind = mapping::identify(map.bytes());
        let same = |file: &InputFile| {
            let canonical = |path: &Path| std::fs::canonicalize(path).ok();
            file.path == path
                || (file.path.file_name() == path.file_name()
                    && canonical(&path).is_some_and(|it| Some(it) == canonical(&file.path)))
        };
        if let Some(known) = self.files.iter().position(same) {
            self.entries.retain(|entry| entry.file as usize != known);
        }
        let thin = match kind {
            Kind::Archive => load::thin_members(&path, map.bytes(), 0)?,
            _ => Thin::default(),
        };
        let file = self.files.len() as u32;
        self.files.push(InputFile { path, map, kind, thin, offered: true });
        let lazy = kind == Kind::Archive;
        self.entries.insert(0, Entry { file, whole_archive: false, lazy, excluded_lib: false });
        Ok(())
    }

    /// Inserts objects that gild wrote at rank `rank`; the first takes part in any case, the others
    /// if something refers to them. Returns how many there are.
    pub fn add_glue(&mut self, rank: usize, objects: Vec<Vec<u8>>) -> u32 {
        let count = objects.len() as u32;
        for (number, bytes) in objects.into_iter().enumerate() {
            let file = self.files.len() as u32;
            self.files.push(InputFile {
                path: PathBuf::from("<gild allocator glue>"),
                map: bytes.into(),
                kind: Kind::Elf,
                thin: Thin::default(),
                offered: true,
            });
            let lazy = number > 0;
            let entry = Entry { file, whole_archive: false, lazy, excluded_lib: false };
            self.entries.insert(rank + number, entry);
        }
        count
    }

    /// Path of an entry, as the user knows it.
    pub fn path(&self, entry: &Entry) -> &Path {
        &self.files[entry.file as usize].path
    }

    /// The contents of entry number `rank`. Errors: a malformed archive.
    pub fn contents(&self, rank: u32) -> Result<Contents<'_>, Error> {
        let file = &self.files[self.entries[rank as usize].file as usize];
        if file.kind == Kind::Elf {
            return Ok(Contents::Object(file.map.bytes()));
        }
        let archive = Archive::parse(file.map.bytes());
        archive
            .map(Contents::Archive)
            .map_err(|message| Error::input(rank, file.path.display(), message))
    }

    /// Contents of the member at file offset `header` of the thin archive `rank`, opened now.
    pub fn thin_member(&self, rank: u32, header: u64) -> Result<&[u8], Error> {
        let file = &self.files[self.entries[rank as usize].file as usize];
        let fail = |message: &str| Error::input(rank, file.path.display(), message);
        let Thin { members, files } = &file.thin;
        let found = members.binary_search_by_key(&header, |member| member.header);
        let member = &members[found.map_err(|_| fail("malformed archive: no such member"))?];
        let ThinFile { path, map } = &files[member.file as usize];
        let map = map.get_or_init(|| {
            Mapping::open(path).map_err(|error| format!("thin archive member: {error}"))
        });
        let data = map.as_ref().map(Mapping::bytes).map_err(|message| fail(message))?;
        let Some(inner) = member.inner else { return Ok(data) };
        let found = Archive::parse(data).and_then(|archive| archive.member(inner));
        found
            .map(|found| found.data)
            .map_err(|message| fail(&format!("thin archive member: {}: {message}", path.display())))
    }
}
