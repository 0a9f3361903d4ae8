//! Finding the provider and reading what it has.

use super::Binding;
use super::family::{self, InputNames, Names};
use crate::args::{Options, nearest};
use crate::diagnostics::{Error, Errors, Result};
use crate::elf::{ET_DYN, Rela, RelaExt, SHN_UNDEF, SymExt};
use crate::input::mapping::{BITCODE, Kind, Mapping, identify};
use crate::input::object::Object;
use crate::input::{Contents, Inputs};
use gild_allocators::{BUNDLED, Libc, ON_DEMAND};
use memchr::memmem;
use std::path::{Path, PathBuf};

/// What a provider defines and refers to.
#[derive(Debug, Default)]
pub struct Offer<'a> {
    /// Its global names.
    pub defined: InputNames<'a>,
    /// Names that it refers to.
    pub referenced: InputNames<'a>,
    /// What it says of itself.
    pub version: Option<String>,
    /// File offset of the member with [`family::FORK_HOOK`].
    pub fork_hook: Option<u64>,
    /// Why its first member that can't be linked can't.
    pub unreadable: Option<Error>,
}

/// The file of a provider.
pub struct File {
    pub path: PathBuf,
    pub map: Mapping,
    /// XXH3-128 of its bytes.
    pub hash: u128,
}

/// `--allocator=CHOICE`: a path if it looks like one, else a name.
pub fn open(choice: &str, libc: Option<Libc>, options: &Options) -> Result<File> {
    let path = Path::new(choice);
    let suffixed = [".a", ".o", ".so", ".rlib"].iter().any(|suffix| choice.ends_with(suffix));
    if choice.contains('/') || suffixed || choice.contains(".so.") {
        return open_file(path.into());
    }
    let file = format!("lib{choice}.a");
    // Without a C library that gild knows, a bundled archive is a guess; glibc is the common one.
    let libc = libc.unwrap_or(Libc::Glibc);
    let folder = libc.name();
    let own = options.allocator.directories.iter();
    let own = own.flat_map(|directory| [directory.join(folder), directory.clone()]);
    let directories: Vec<PathBuf> = options.library_paths.iter().cloned().chain(own).collect();
    if let Some(path) = directories.iter().map(|it| it.join(&file)).find(|path| path.exists()) {
        return open_file(path);
    }
    if let Some(found) = gild_allocators::find(choice, libc) {
        let path = format!("<bundled>/{folder}/{file}").into();
        return Ok(File { path, map: found.bytes.into(), hash: found.hash });
    }
    Err(unknown(choice, libc, &directories).into())
}

fn open_file(path: PathBuf) -> Result<File> {
    let map = Mapping::open(&path)?;
    check(&path, &map)?;
    let hash = xxhash_rust::xxh3::xxh3_128(map.bytes());
    Ok(File { path, map, hash })
}

fn unknown(choice: &str, libc: Libc, directories: &[PathBuf]) -> Error {
    let mut text = format!("unknown allocator {choice}: there is no lib{choice}.a");
    for directory in directories {
        text += &format!("\n>>> searched {}", directory.display());
    }
    if let Some(reason) = gild_allocators::why_missing(choice, libc) {
        text += &format!("\n>>> this build of gild lacks it for {}: {reason}", libc.name());
    }
    let bundled = BUNDLED.iter().filter(|it| it.libc == libc).map(|it| it.name);
    let known: Vec<&str> = bundled.clone().collect();
    let known = if known.is_empty() { "none".into() } else { known.join(", ") };
    text += &format!("\n>>> bundled with gild for {}: {known}", libc.name());
    let name = choice.to_lowercase();
    if ON_DEMAND.contains(&name.as_str()) {
        text += "\n>>> cargo run -p gild-allocators -- DIR, where gild's sources are, builds it; \
                 GILD_ALLOCATOR_PATH=DIR lets gild find it";
    } else if let Some(meant) = nearest(&name, bundled.chain(ON_DEMAND.iter().copied())) {
        text += &format!("\n>>> did you mean {meant}?");
    }
    if Path::new(choice).exists() {
        text += &format!("\n>>> for the file, say --allocator=./{choice}");
    }
    Error::Message(text)
}

fn check(path: &Path, map: &Mapping) -> Result<()> {
    let bytes = map.bytes();
    let text = match identify(bytes) {
        Kind::Elf if bytes.get(16..18) == Some(&ET_DYN.to_le_bytes()) => {
            "is a shared library, and a static program needs a static archive of the allocator \
             (lib….a)"
        }
        Kind::Archive | Kind::Elf => return Ok(()),
        Kind::Bitcode => BITCODE,
        _ => "is no archive or object, so no allocator",
    };
    Err(Error::Message(format!("{}: {text}", path.display())).into())
}

/// `mimalloc` for `…/libmimalloc.a`.
pub fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix("lib").unwrap_or(&stem).into()
}

/// Reads all objects of an input. A member that can't be linked matters only if it is needed.
pub fn offer(inputs: &Inputs, rank: u32) -> Result<Offer<'_>> {
    let mut offer = Offer::default();
    for object in objects(inputs, rank)? {
        let object = match object {
            Ok(object) => object,
            Err(error) => {
                offer.unreadable.get_or_insert(error);
                continue;
            }
        };
        offer.defined.reserve(object.symbols.len().saturating_sub(object.first_global));
        for (index, symbol) in object.global_symbols() {
            let name = object.symbol_name(index);
            match symbol.shndx() {
                SHN_UNDEF => offer.referenced.insert(name),
                _ => offer.defined.insert(name),
            };
            if symbol.shndx() == SHN_UNDEF {
                continue;
            }
            if name == family::IDENTITY {
                offer.version = identity(&object, index);
            } else if name == family::FORK_HOOK.as_bytes() {
                offer.fork_hook = Some(object.position.1);
            }
        }
    }
    Ok(offer)
}

/// The text that a symbol stands for.
fn identity(object: &Object, index: u32) -> Option<String> {
    let start = usize::try_from(object.symbols.get(index as usize)?.value()).ok()?;
    let text = object.section_data(object.symbol_section(index)?).get(start..)?;
    Some(String::from_utf8_lossy(text.split(|&byte| byte == 0).next()?).into())
}

/// The input that has `PREFIXmalloc`: the first that takes part in any case, or the first archive.
pub fn with_prefix(inputs: &Inputs, prefix: &str) -> Result<u32> {
    let wanted = Names::from_iter([format!("{prefix}malloc").into_bytes()]);
    let has = |rank: &u32| !offered(inputs, *rank, &wanted).is_empty();
    let first = |lazy| {
        let ranks = (0..).zip(&inputs.entries).filter(|(_, entry)| entry.lazy == lazy);
        ranks.map(|(rank, _)| rank).find(has)
    };
    first(false).or_else(|| first(true)).ok_or_else(|| {
        Errors::from(Error::Message(format!(
            "--allocator-prefix={prefix}: no input defines {prefix}malloc\n>>> the option alone \
             takes an allocator that is on the command line; --allocator=ARCHIVE adds one"
        )))
    })
}

/// Errors: a function of the prefixed family calls the C library's that it is put in the place of, as
/// wrappers do, and so would call itself.
pub fn refuse_wrapper(inputs: &Inputs, rank: u32, binding: &Binding) -> Result<()> {
    let prefix = binding.prefix.as_bytes();
    for object in objects(inputs, rank)?.into_iter().flatten() {
        for (index, _) in object.global_symbols() {
            let name = object.symbol_name(index).strip_prefix(prefix);
            let member = |plain: &&str| name == Some(plain.as_bytes());
            let plain = binding.provided.iter().copied().find(member);
            if let Some(plain) = plain
                && calls(&object, index, plain, binding.path.is_none())
            {
                return Err(wrapper(&object, &binding.prefix, plain).into());
            }
        }
    }
    Ok(())
}

/// Whether the function `index` itself refers to a global `name`, undefined or `anyhow`. What it calls
/// in its own object isn't followed.
fn calls(object: &Object, index: u32, name: &str, anyhow: bool) -> bool {
    references(object, index).any(|sym| {
        sym as usize >= object.first_global
            && object.symbol_name(sym) == name.as_bytes()
            && (anyhow || object.symbol_section(sym).is_none())
    })
}

/// Symbols that the function `index` refers to. One without a size reaches to the end of its section.
pub fn references<'a>(object: &'a Object, index: u32) -> impl Iterator<Item = u32> + 'a {
    let function = object.symbols.get(index as usize).zip(object.symbol_section(index));
    function.into_iter().flat_map(|(symbol, shndx)| {
        let end = match symbol.size() {
            0 => u64::MAX,
            size => symbol.value().saturating_add(size),
        };
        let inside = move |rela: &&Rela| (symbol.value()..end).contains(&rela.offset());
        object.relocations(shndx).iter().filter(inside).map(RelaExt::sym)
    })
}

fn wrapper(object: &Object, prefix: &str, plain: &str) -> Error {
    Error::Message(format!(
        "{}: {prefix}{plain} calls {plain}, which is read as {prefix}{plain}, so that it would call \
         itself for ever\n>>> a wrapper of the C library's {plain} is no allocator; it could call \
         __libc_{plain}, with --allocator-internal=keep",
        object.name
    ))
}

/// Whether an input beside the provider and the C library has a malloc: a `calloc` elsewhere may be of
/// that one's heap then, and no program's own over malloc. All inputs are searched, once.
pub fn has_rival(inputs: &Inputs, binding: &Binding) -> bool {
    let malloc = Names::from_iter([b"malloc".to_vec()]);
    let has = |rank: u32| {
        !binding.is_provider(rank)
            && !binding.is_libc(rank)
            && !offered(inputs, rank, &malloc).is_empty()
    };
    *binding.rival.get_or_init(|| (0..inputs.entries.len() as u32).any(has))
}

/// Which of the names an input defines. One that can't be read has none; it is reported when its turn
/// comes.
pub fn offered(inputs: &Inputs, rank: u32, wanted: &Names) -> Names {
    // gild's own archives bring nothing beside the family: no object is parsed for them.
    if wanted.is_empty() {
        return Names::default();
    }
    if let Ok(Contents::Archive(archive)) = inputs.contents(rank)
        && let Some(index) = archive.index()
    {
        let all = index.names();
        let has = |name: &&Vec<u8>| {
            all.starts_with(&[name, &b"\0"[..]].concat())
                || memmem::find(all, &[b"\0", name.as_slice(), b"\0"].concat()).is_some()
        };
        return wanted.iter().filter(has).cloned().collect();
    }
    let mut names = Names::default();
    for object in objects(inputs, rank).into_iter().flatten().flatten() {
        let defined = object.global_symbols().filter(|(_, symbol)| symbol.shndx() != SHN_UNDEF);
        let all = defined.map(|(index, _)| object.symbol_name(index));
        names.extend(all.filter(|name| wanted.contains(*name)).map(<[u8]>::to_vec));
    }
    names
}

type Parsed<'a> = std::result::Result<Object<'a>, Error>;

/// The objects of one input, parsed.
fn objects(inputs: &Inputs, rank: u32) -> std::result::Result<Vec<Parsed<'_>>, Error> {
    let found = match inputs.contents(rank)? {
        Contents::Object(_) => vec![crate::symbols::find(inputs, (rank, 0))?],
        Contents::Archive(archive) => crate::symbols::members(inputs, rank, &archive)?,
    };
    let parsed =
        found.into_iter().map(|found| Object::parse(found.name, found.data, found.position));
    Ok(parsed.collect())
}
