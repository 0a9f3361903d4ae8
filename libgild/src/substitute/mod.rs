//! Allocator substitution: the program's heap chosen at link time, and proved.
//!
//! [`plan`] puts the provider in front of the line and decides what each name of the malloc family
//! means; the symbols ask its [`Binding`] whenever they read an object. [`verify`] checks the
//! promise on the live sections, and [`report`] tells about it.
//!
//! # Binding
//! A reference to a family symbol, from any input, gets the provider's definition. Other objects'
//! definitions of the family count as references, and no archive member is extracted for them.
//! Where the provider's family has a prefix, references to `malloc` are read as references to
//! `mi_malloc`, so that the binding costs no instruction. What the provider lacks is completed by
//! small objects ([`glue`]) if the C standard or a manual says how.
//!
//! # The C library's own heap
//! With `--allocator-internal=redirect`, the default, references to `__libc_malloc` and its like
//! are read as references to the public names, except in the provider's own members. That makes
//! one heap of two. musl has separated them since 1.2.2 because a replacement that calls a function
//! of libc from within `malloc` could run into a lock of libc that its caller holds. The allocators
//! that gild was tried with call nothing of the kind: mimalloc takes musl's private names over
//! itself. Of the two risks, a second heap that nobody asked for, in fork handlers and `dlerror`
//! too, is the one that people meet; `keep` is there for the other.
//!
//! # The note
//! `.note.gild.allocator`, allocated so that `strip` keeps it: owner `gild`, type 1; the descriptor
//! is a little-endian u32 version (1), a u32 of flags (bit 0: redirect), the 16-byte XXH3-128 hash
//! of the provider file (little-endian; 0 without a file), then the provider's name, its file's
//! name, and the prefix of its family, each ending in NUL.

mod family;
mod glue;
mod provider;
mod report;
mod verify;

pub use report::report;
pub use verify::{explain, verify};

use crate::args::{Internal, Libc, Options, Override};
use crate::diagnostics::{Error, Errors, Result};
use crate::input::object::Object;
use crate::input::{Contents, Inputs};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// What the names of the family mean in this link.
#[derive(Debug, Default)]
pub struct Binding {
    /// The allocator's name: that of its file without `lib` and `.a`.
    pub name: String,
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
    /// Entries of `Inputs` below are the provider's (0, if there is a path) and the glue.
    ranks: u32,
    family: HashSet<Vec<u8>>,
    /// Family names that the provider has or gild completes.
    provided: HashSet<&'static str>,
    references: HashMap<Vec<u8>, Vec<u8>>,
    private: HashMap<Vec<u8>, Vec<u8>>,
    /// Names of the provider that give way to the C library's or the C++ library's: what they are
    /// called instead.
    hidden: HashMap<Vec<u8>, Vec<u8>>,
    extras: HashSet<Vec<u8>>,
    winner: Option<Override>,
}

/// How an object's definition of a name is to be taken, if not as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// As a reference: the provider's stands.
    Displaced,
    /// As a weak definition.
    Weak,
}

impl Binding {
    /// Whether the object is the provider's or gild's own.
    pub fn is_provider(&self, rank: u32) -> bool {
        rank < self.ranks
    }

    fn is_file(&self, rank: u32) -> bool {
        rank == 0 && self.path.is_some()
    }

    /// What `name` is read as in an object of input `rank`.
    pub fn name<'a>(&'a self, name: &'a [u8], defined: bool, rank: u32) -> &'a [u8] {
        if self.is_provider(rank) && defined {
            return self.hidden.get(name).map_or(name, |hidden| hidden);
        }
        if let Some(target) = self.references.get(name) {
            return target;
        }
        match self.private.get(name) {
            Some(target) if !defined && !self.is_file(rank) => target,
            _ => name,
        }
    }

    /// Whether a member of input `rank` may be extracted for `name`.
    pub fn may_provide(&self, name: &[u8], rank: u32) -> bool {
        if self.is_provider(rank) {
            !self.hidden.contains_key(name)
        } else {
            !self.family.contains(name)
        }
    }

    /// Definitions of the object that are not to be taken as they are, by symbol index.
    pub fn taken(&self, object: &Object) -> Vec<(u32, Taken)> {
        let provider = self.is_provider(object.position.0);
        let objects_win = self.winner == Some(Override::Object);
        let alone = object.position.1 == 0;
        let taken = object.global_symbols().filter_map(|(index, symbol)| {
            use crate::elf::SymExt;
            if symbol.shndx() == crate::elf::SHN_UNDEF {
                return None;
            }
            let name = object.symbol_name(index);
            let family = self.family.contains(name);
            let taken = match provider {
                true if self.extras.contains(name) || (family && objects_win) => Taken::Weak,
                false if family && !(objects_win && alone) => Taken::Displaced,
                _ => return None,
            };
            Some((index, taken))
        });
        taken.collect()
    }

    /// An object of the user's own that defines what the provider does.
    pub fn conflict(&self, object: &Object, options: &Options) -> Option<Error> {
        let alone = object.position.1 == 0 && !self.is_provider(object.position.0);
        if !alone || self.winner.is_some() {
            return None;
        }
        let &(index, _) = object.taken.iter().find(|(_, taken)| *taken == Taken::Displaced)?;
        let name = object.symbol_name(index);
        Some(Error::Allocator {
            message: format!(
                "{} is defined by an object and by the allocator {}\n>>> defined in {}\n>>> defined \
                 in {}\n>>> choose with --allocator-override=object or --allocator-override=provider",
                crate::diagnostics::demangle(name, options.demangle),
                self.name,
                object.name,
                self.where_from(),
            ),
            at: Vec::new(),
            order: (object.position.0, 0, 0),
        })
    }

    /// Hides what the C library or the C++ library has itself; `offered` tells which of the names
    /// other archives have.
    pub fn hide(&mut self, offered: impl Fn(&[u8]) -> bool) {
        let names: Vec<Vec<u8>> = self.extras.iter().cloned().collect();
        let has = |name: &&str| self.extras.contains(name.as_bytes());
        let plain = family::OPERATORS.iter().all(|name| has(&name));
        let aligned = plain && family::ALIGNED_OPERATORS.iter().all(|name| has(&name));
        let complete = |name: &[u8]| {
            let is = |list: &[&str]| list.iter().any(|known| known.as_bytes() == name);
            (plain && is(&family::OPERATORS)) || (aligned && is(&family::ALIGNED_OPERATORS))
        };
        for name in names {
            if !complete(&name) && offered(&name) {
                let hidden = [&name[..], b".", self.name.as_bytes()].concat();
                self.hidden.insert(name, hidden);
            }
        }
    }

    fn where_from(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => format!("the link, as {}malloc", self.prefix),
        }
    }
}

/// Chooses the provider, opens it and stands it in front of the line.
///
/// Errors: it isn't found, is no allocator for this program, or has half a family.
pub fn plan(inputs: &mut Inputs, options: &Options, warnings: &mut Vec<String>) -> Result<()> {
    let allocator = &options.allocator;
    let choice = allocator.choice.as_deref().filter(|choice| *choice != "libc");
    if choice.is_none() && (allocator.prefix.is_none() || allocator.choice.is_some()) {
        return Ok(());
    }
    let libc = provider::libc(inputs);
    let mut binding = Binding {
        internal: allocator.internal,
        winner: allocator.winner,
        prefix: allocator.prefix.clone().unwrap_or_default(),
        ..Binding::default()
    };
    let mut names = HashSet::new();
    if let Some(choice) = choice {
        let (path, map) = provider::open(choice, libc, options)?;
        binding.name = provider::name(&path);
        binding.hash = xxhash_rust::xxh3::xxh3_128(map.bytes());
        inputs.stand_first(path.clone(), map)?;
        binding.path = Some(path);
        binding.ranks = 1;
        names = provider::names(inputs, &binding)?;
    } else {
        provider::names_with_prefix(inputs, &binding.prefix, &mut names);
        binding.name = provider::of_prefix(&binding.prefix).into();
    }
    bind(&mut binding, &names, libc, allocator.prefix.is_some())?;
    let offered = provider::offered(inputs, binding.ranks, &binding.extras);
    binding.hide(|name| offered.contains(name));
    let has = |name: &str| binding.provided.contains(name);
    let mut objects = vec![glue::note(".note.gild.allocator", note(&binding))];
    let mut completed = BTreeMap::new();
    for name in family::FAMILY.into_iter().filter(|name| !has(name)) {
        if let Some((object, base)) = glue::complete(name, &has) {
            objects.push(object);
            completed.insert(name, base);
        }
    }
    binding.provided.extend(completed.keys());
    binding.completed = completed;
    binding.ranks += inputs.add_glue(binding.ranks as usize, objects);
    if libc.is_none() {
        warnings.push(
            "no C library is recognised on the command line; its private heap is not looked for"
                .into(),
        );
    }
    inputs.binding = Some(Box::new(binding));
    Ok(())
}

fn bind(
    binding: &mut Binding,
    names: &HashSet<Vec<u8>>,
    libc: Option<Libc>,
    by_prefix: bool,
) -> Result<()> {
    let family_of = |prefix: &str| -> HashSet<&'static str> {
        let has = |name: &&str| names.contains(format!("{prefix}{name}").as_bytes());
        family::FAMILY.into_iter().filter(has).collect()
    };
    let core = |prefix: &str| {
        family::CORE.iter().all(|name| names.contains(format!("{prefix}{name}").as_bytes()))
    };
    if !by_prefix && !names.contains(&b"malloc"[..]) {
        let found = family::PREFIXES.into_iter().find(|prefix| core(prefix));
        let Some(prefix) = found else { return Err(no_family(binding, names)) };
        binding.prefix = prefix.into();
    }
    binding.provided = family_of(&binding.prefix);
    let missing: Vec<&str> =
        family::CORE.into_iter().filter(|name| !binding.provided.contains(name)).collect();
    if !missing.is_empty() {
        let missing: Vec<String> =
            missing.iter().map(|name| format!("{}{name}", binding.prefix)).collect();
        if missing.len() == family::CORE.len() {
            return Err(no_family(binding, names));
        }
        let text = format!(
            "{}: the allocator has only a part of the family: it lacks {}\n>>> a program whose \
             blocks come from one heap and go to another is corrupt",
            binding.where_from(),
            missing.join(", ")
        );
        return Err(Error::Message(text).into());
    }
    if names.contains(&b"pthread_create"[..]) && !names.contains(family::FORK_HOOK.as_bytes()) {
        let text = format!(
            "{}: the allocator replaces pthread_create to initialise threads, and a static program \
             has one pthread_create\n>>> take gild's own build of it (--allocator=NAME), or build it \
             so that it initialises itself",
            binding.where_from()
        );
        return Err(Error::Message(text).into());
    }
    let key = |name: &str| name.as_bytes().to_vec();
    binding.family = family::FAMILY.into_iter().map(key).collect();
    if !binding.prefix.is_empty() {
        let renamed = binding
            .provided
            .iter()
            .map(|name| (key(name), key(&format!("{}{name}", binding.prefix))));
        binding.references = renamed.collect();
    }
    if libc == Some(Libc::Musl) && names.contains(family::FORK_HOOK.as_bytes()) {
        binding.family.insert(key(family::MUSL_FORK_HOOK));
        binding.references.insert(key(family::MUSL_FORK_HOOK), key(family::FORK_HOOK));
    }
    if binding.internal == Internal::Redirect {
        for (private, public) in family::INTERNAL {
            if !names.contains(private.as_bytes()) {
                let target = binding.references.get(public.as_bytes());
                let target = target.cloned().unwrap_or_else(|| key(public));
                binding.private.insert(key(private), target);
            }
        }
    }
    let extras = family::YIELDING
        .into_iter()
        .chain(family::OPERATORS)
        .chain(family::ALIGNED_OPERATORS)
        .filter(|name| names.contains(name.as_bytes()));
    binding.extras = extras.map(key).collect();
    Ok(())
}

fn no_family(binding: &Binding, names: &HashSet<Vec<u8>>) -> Errors {
    let mut known: Vec<String> =
        names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    known.sort();
    let mut near: Vec<&str> = known
        .iter()
        .filter_map(|name| name.strip_suffix("malloc"))
        .filter(|it| !it.is_empty())
        .collect();
    near.sort_by_key(|prefix| prefix.len());
    let mut text = format!("{}: no malloc, so this is no allocator", binding.where_from());
    if known.is_empty() {
        text += "\n>>> it defines no symbol";
    } else {
        let some = known.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let more = if known.len() > 8 { ", …" } else { "" };
        text += &format!("\n>>> it defines {some}{more}");
    }
    if let Some(prefix) = near.first() {
        text += &format!("\n>>> it has {prefix}malloc: did you mean --allocator-prefix={prefix}");
    }
    Error::Message(text).into()
}

/// The note's bytes; see the module's documentation.
fn note(binding: &Binding) -> Vec<u8> {
    let mut description = Vec::new();
    description.extend(1u32.to_le_bytes());
    description.extend(u32::from(binding.internal == Internal::Redirect).to_le_bytes());
    description.extend(binding.hash.to_le_bytes());
    let file = binding.path.as_deref().and_then(Path::file_name).unwrap_or_default();
    for text in [&binding.name, &file.to_string_lossy().into_owned(), &binding.prefix] {
        description.extend(text.as_bytes());
        description.push(0);
    }
    description.resize(description.len().next_multiple_of(4), 0);
    let mut note = Vec::new();
    for word in [5, description.len() as u32, 1] {
        note.extend(word.to_le_bytes());
    }
    note.extend(b"gild\0\0\0\0");
    note.extend(description);
    note
}

/// The objects of one input, parsed.
fn objects(inputs: &Inputs, rank: u32) -> std::result::Result<Vec<Object<'_>>, Error> {
    let found = match inputs.contents(rank)? {
        Contents::Object(_) => vec![crate::symbols::find(inputs, (rank, 0))?],
        Contents::Archive(archive) => crate::symbols::members(inputs, rank, &archive)?,
    };
    found.into_iter().map(|found| Object::parse(found.name, found.data, found.position)).collect()
}
