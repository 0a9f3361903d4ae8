//! What the names of the family mean in a link; asked whenever an object is read.

use super::family::{self, Names, Renames, is_one_of};
use crate::args::{Internal, Options, Override};
use crate::demangle::demangle;
use crate::diagnostics::Error;
use crate::elf::{SHN_UNDEF, SymExt};
use crate::input::object::{Object, Position};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The provider, and what becomes of each name.
#[derive(Debug, Default)]
pub struct Binding {
    /// The allocator's name: that of its file without `lib` and `.a`.
    pub name: String,
    /// What it says of itself, such as `mimalloc 3.3.2`.
    pub version: Option<String>,
    /// Its file; `None` with `--allocator-prefix` alone.
    pub path: Option<PathBuf>,
    /// XXH3-128 of the file.
    pub hash: u128,
    /// Prefix of its family, often empty.
    pub prefix: String,
    /// What becomes of libc's private callers.
    pub internal: Internal,
    /// Functions that gild emits, and what they rest on.
    pub completed: BTreeMap<&'static str, &'static str>,
    /// For the report: members of the C library that define the family, with the names.
    pub displaced: BTreeMap<String, Vec<String>>,
    /// Whether the allocator takes part in fork, so that a child finds no lock held.
    pub handles_fork: bool,
    /// Entries of `Inputs` below are the provider's (0, if there is a path) and the glue.
    pub(super) ranks: u32,
    /// Rank of the provider's input.
    pub(super) home: u32,
    /// File offset of the provider's member that musl's fork calls, if that is bound: it comes with any
    /// other member.
    pub(super) fork_hook: Option<u64>,
    /// Whether the provider has what glibc's fork calls.
    pub(super) glibc_hooks: bool,
    /// Whether the provider brings pthread_key_create along.
    pub(super) brings_threads: bool,
    /// Rank of the object with the note.
    pub(super) note: u32,
    /// Ranks of the C library.
    pub(super) libc: Vec<u32>,
    /// Names that nobody but the provider may define.
    pub(super) family: Names,
    /// Family names that the provider has or gild completes.
    pub(super) provided: HashSet<&'static str>,
    /// What references to a name are read as.
    pub(super) references: Renames,
    /// The same for the C library's private names, outside the provider.
    pub(super) private: Renames,
    /// What only a heap of the C library's defines.
    pub(super) heap: Names,
    /// Names of the provider that give way to the C library's or the C++ library's: what they are
    /// called instead.
    pub(super) hidden: Renames,
    /// Names of the provider beside the family that another input may define too.
    pub(super) extras: Names,
    pub(super) winner: Option<Override>,
    /// Whether an input beside the provider and the C library has a malloc; see
    /// [`super::has_rival`].
    pub(super) rival: OnceLock<bool>,
}

/// How an object's definition of a name is to be taken, if not as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// As a reference that isn't weak: the provider's stands.
    Displaced,
    /// As a weak definition.
    Weak,
}

impl Binding {
    /// Whether the input is the provider that gild put on the line, or gild's own glue.
    pub fn is_provider(&self, rank: u32) -> bool {
        rank < self.ranks
    }

    /// Whether gild wrote the object.
    pub fn is_glue(&self, rank: u32) -> bool {
        self.is_provider(rank) && !(rank == self.home && self.path.is_some())
    }

    /// Whether the family is in this input, put on the line by gild or by the user.
    pub(super) fn is_home(&self, rank: u32) -> bool {
        rank == self.home
    }

    /// Whether the input is the C library.
    pub fn is_libc(&self, rank: u32) -> bool {
        self.libc.contains(&rank)
    }

    /// What `name` is read as in an object of input `rank`.
    pub fn name<'a>(&'a self, name: &'a [u8], defined: bool, rank: u32) -> &'a [u8] {
        if self.is_provider(rank) && defined {
            return self.hidden.get(name).map_or(name, |hidden| hidden);
        }
        if name.len() > family::LONGEST {
            return name;
        }
        if let Some(target) = self.references.get(name) {
            return target;
        }
        match self.private.get(name) {
            Some(target) if !defined && self.means_libcs(name, rank) => target,
            _ => name,
        }
    }

    /// The options with the command line's references to the family as they are read, if that matters.
    pub fn read_options(&self, options: &Options) -> Option<Options> {
        if self.references.is_empty() {
            return None;
        }
        let mut options = options.clone();
        for name in options.referenced_mut() {
            if let Some(target) = self.references.get(name.as_bytes()) {
                *name = String::from_utf8_lossy(target).into_owned();
            }
        }
        Some(options)
    }

    /// Whether a private name means the C library's in an input. `__free` may be a program's own, and
    /// one whose malloc stands may call `__libc_malloc` from it.
    fn means_libcs(&self, name: &[u8], rank: u32) -> bool {
        let reserved = name.starts_with(b"__libc_") && self.winner != Some(Override::Object);
        self.is_libc(rank) || (reserved && !self.is_home(rank))
    }

    /// What a reference from the C library to `name` is read as.
    pub(super) fn target<'a>(&'a self, name: &'a str) -> &'a [u8] {
        let name = name.as_bytes();
        self.references.get(name).or_else(|| self.private.get(name)).map_or(name, Vec::as_slice)
    }

    /// Where the member is that comes with any other of the provider's.
    pub fn companion(&self) -> Option<Position> {
        Some((self.home, self.fork_hook?))
    }

    /// Whether a member of input `rank` may be extracted for `name`.
    pub fn may_provide(&self, name: &[u8], rank: u32) -> bool {
        match self.is_provider(rank) {
            true => !self.hidden.contains_key(name),
            false => !self.in_family(name),
        }
    }

    /// Whether a weak reference to `name` extracts a member. GCC's libobjc and libgfortran refer to the
    /// functions of threads so, and call them all if `__pthread_key_create` is in the program, which is
    /// another name of pthread_key_create.
    pub fn extracts_weakly(&self, name: &[u8]) -> bool {
        self.brings_threads && (name.starts_with(b"pthread_") || name.starts_with(b"sched_"))
    }

    /// Whether only the C library's private heap defines this name.
    pub(super) fn is_heap(&self, name: &[u8]) -> bool {
        name.len() <= family::LONGEST && self.heap.contains(name)
    }

    fn in_family(&self, name: &[u8]) -> bool {
        name.len() <= family::LONGEST && self.family.contains(name)
    }

    /// Whether a name is the program's where that defines it: only gild would define it otherwise.
    pub(super) fn gives_way(&self, name: &[u8]) -> bool {
        let new = family::NEW.iter().find(|new| new.as_bytes() == name);
        new.is_some_and(|new| self.completed.contains_key(new))
    }

    /// Whether a name is the program's where that defines it, if no input brings another malloc.
    pub fn yields(&self, name: &[u8]) -> bool {
        name.len() <= family::LONGEST
            && family::is_beside(name)
            && self.winner != Some(Override::Provider)
            && self.path.is_some()
            && self.prefix.is_empty()
    }

    /// Whether another's definition of `name`, in this object, is a program's own and no part of a family.
    pub(super) fn stands_beside(&self, name: &str, object: &Object) -> bool {
        let objects_win = self.winner == Some(Override::Object);
        let yields = self.yields(name.as_bytes()) && self.rival.get() != Some(&true);
        let beside = yields || objects_win && family::is_beside(name.as_bytes());
        (beside && !self.is_libc(object.position.0) && !has_core(object))
            || self.gives_way(name.as_bytes())
    }

    /// Definitions of the object that are not to be taken as they are, by symbol index. `has_rival` is
    /// [`super::has_rival`].
    pub fn taken(&self, object: &Object, has_rival: impl Fn() -> bool) -> Vec<(u32, Taken)> {
        let (rank, member) = object.position;
        let provider = self.is_provider(rank);
        let objects_win = self.winner == Some(Override::Object);
        let alone = member == 0;
        let programs = || !self.is_libc(rank) && !has_core(object) && !has_rival();
        let libcs_hooks = self.glibc_hooks && !objects_win && self.is_libc(rank);
        let taken = object.global_symbols().filter_map(|(index, symbol)| {
            if symbol.shndx() == SHN_UNDEF {
                return None;
            }
            let name = object.symbol_name(index);
            let family = self.in_family(name);
            let prefixed = || self.references.values().any(|target| target == name);
            let taken = match provider {
                // musl's own, which does nothing, for a program that forks and never allocates.
                false if name == family::MUSL_FORK_HOOK.as_bytes() && family => Taken::Weak,
                true if self.extras.contains(name) => Taken::Weak,
                true if objects_win && (family || prefixed()) => Taken::Weak,
                true if self.yields(name) => Taken::Weak,
                false if family && self.yields(name) && programs() => return None,
                false if libcs_hooks && is_one_of(&family::GLIBC_FORK_HOOKS, name) => {
                    Taken::Displaced
                }
                false if alone && self.gives_way(name) => return None,
                false if family && !(objects_win && alone) => Taken::Displaced,
                _ => return None,
            };
            Some((index, taken))
        });
        taken.collect()
    }

    /// An object of the user's own that defines what the provider does.
    pub fn conflict(&self, object: &Object, options: &Options) -> Option<Error> {
        let rank = object.position.0;
        let own = self.is_provider(rank) || self.is_home(rank);
        let alone = object.position.1 == 0 && !own;
        if !alone || self.winner.is_some() {
            return None;
        }
        let &(index, _) = object.taken.iter().find(|(_, taken)| *taken == Taken::Displaced)?;
        let message = format!(
            "{} is defined by an object and by the allocator {}\n>>> defined in {}\n>>> defined in \
             {}\n>>> choose with --allocator-override=object or --allocator-override=provider",
            demangle(object.symbol_name(index), options.demangle),
            self.name,
            object.name,
            self.where_from(),
        );
        Some(Error::Allocator { message, at: Vec::new(), order: (object.position.0, 0, 0) })
    }

    /// For messages: where the family is.
    pub(super) fn where_from(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => format!("the link, as {}malloc", self.prefix),
        }
    }
}

/// Whether the object has an allocator.
pub(super) fn has_core(object: &Object) -> bool {
    object.global_symbols().any(|(index, symbol)| {
        symbol.shndx() != SHN_UNDEF && is_one_of(&family::CORE, object.symbol_name(index))
    })
}
