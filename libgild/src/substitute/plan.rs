//! Choosing the provider and deciding what each name of the family means.

use super::family::Names;
use super::provider::{self, Offer};
use super::{Binding, family, glue, libc, note};
use crate::args::{Internal, Options};
use crate::diagnostics::{Error, Errors, Result};
use crate::input::Inputs;
use crate::object_file;
use gild_allocators::Libc;
use std::collections::BTreeMap;

/// Chooses the provider, opens it and stands it in front of the line.
///
/// Errors: it isn't found, is no allocator for this program, or has half a family.
pub fn plan(inputs: &mut Inputs, options: &Options, warnings: &mut Vec<String>) -> Result<()> {
    let allocator = &options.allocator;
    let choice = allocator.choice.as_deref().filter(|choice| *choice != "libc");
    if choice.is_none() && (allocator.prefix.is_none() || allocator.choice.is_some()) {
        if allocator.report.is_some() {
            warnings
                .push("no allocator is chosen, so that --allocator-report tells nothing".into());
        }
        return Ok(());
    }
    refuse_defsyms(options)?;
    let found = libc::find(inputs);
    let mut binding = Binding {
        winner: allocator.winner,
        prefix: allocator.prefix.clone().unwrap_or_default(),
        displaced: match allocator.report {
            Some(_) => libc::displaced(inputs, &found.ranks),
            None => BTreeMap::new(),
        },
        ..Binding::default()
    };
    let libc_files: Vec<u32> =
        found.ranks.iter().map(|&rank| inputs.entries[rank as usize].file).collect();
    open(choice, found.libc, &mut binding, inputs, options)?;
    let mut offer = provider::offer(inputs, binding.home)?;
    binding.version = offer.version.clone();
    if let Err(errors) = choose_prefix(&mut binding, &offer, allocator.prefix.is_some()) {
        return Err(offer.unreadable.take().map_or(errors, Errors::from));
    }
    check(&binding, &offer, found.libc)?;
    if !binding.prefix.is_empty() {
        provider::refuse_wrapper(inputs, binding.home, &binding)?;
    }
    binding.internal = allocator.internal.unwrap_or_else(|| default_internal(found.libc, &offer));
    bind(&mut binding, &offer, found.libc);
    let (offered, replaced) = rivals(inputs, &binding, &offer);
    hide(&mut binding, &offered, replaced);
    add_glue(&mut binding, inputs);
    // Entries have come and, where the line names the provider too, gone since the C library was found.
    let ranks = (0..).zip(&inputs.entries);
    let of_libc = ranks.filter(|(_, entry)| libc_files.contains(&entry.file));
    binding.libc = of_libc.map(|(rank, _)| rank).collect();
    if found.libc.is_none() {
        warnings.push(
            "no C library is recognised on the command line; its private heap is not looked for"
                .into(),
        );
    }
    inputs.binding = Some(Box::new(binding));
    Ok(())
}

fn refuse_defsyms(options: &Options) -> Result<()> {
    let mut names = options.defsyms.iter().map(|(name, _)| name.as_str());
    match names.find(|name| family::FAMILY.contains(name)) {
        Some(name) => fail(format!(
            "--defsym={name} and --allocator both say what {name} is\n>>> leave one of them out"
        )),
        None => Ok(()),
    }
}

/// Opens the provider, which stands first on the line if it was chosen, and somewhere on it if it is
/// known by its prefix alone.
fn open(
    choice: Option<&str>,
    libc: Option<Libc>,
    binding: &mut Binding,
    inputs: &mut Inputs,
    options: &Options,
) -> Result<()> {
    if let Some(choice) = choice {
        let file = provider::open(choice, libc, options)?;
        binding.name = provider::name(&file.path);
        binding.hash = file.hash;
        inputs.stand_first(file.path.clone(), file.map)?;
        binding.path = Some(file.path);
        binding.ranks = 1;
    } else {
        binding.name = family::of_prefix(&binding.prefix).into();
        binding.home = provider::with_prefix(inputs, &binding.prefix)?;
    }
    Ok(())
}

/// Which names of the family the provider has, and by which prefix.
pub(super) fn choose_prefix(binding: &mut Binding, offer: &Offer, given: bool) -> Result<()> {
    let has =
        |prefix: &str, name: &str| offer.defined.contains(format!("{prefix}{name}").as_bytes());
    let core = |prefix: &&str| family::CORE.iter().all(|name| has(prefix, name));
    if !given && !has("", "malloc") {
        let Some(prefix) = family::PREFIXES.into_iter().find(core) else {
            return Err(no_family(binding, offer));
        };
        binding.prefix = prefix.into();
    }
    let prefix = binding.prefix.clone();
    binding.provided = family::FAMILY.into_iter().filter(|name| has(&prefix, name)).collect();
    let missing = family::CORE.into_iter().filter(|name| !binding.provided.contains(name));
    let missing: Vec<String> = missing.map(|name| format!("{prefix}{name}")).collect();
    match missing.len() {
        0 => Ok(()),
        all if all == family::CORE.len() => Err(no_family(binding, offer)),
        _ => fail(format!(
            "{}: the allocator has only a part of the family: it lacks {}\n>>> a program whose \
             blocks come from one heap and go to another is corrupt",
            binding.where_from(),
            missing.join(", ")
        )),
    }
}

fn fail(text: String) -> Result<()> {
    Err(Error::Message(text).into())
}

/// Refuses what would link and then crash.
pub(super) fn check(binding: &Binding, offer: &Offer, libc: Option<Libc>) -> Result<()> {
    let of_glibc = |hook: &str| offer.defined.contains(hook.as_bytes());
    if libc == Some(Libc::Musl) && family::GLIBC_FORK_HOOKS.into_iter().all(of_glibc) {
        return fail(format!(
            "{}: the allocator is built for glibc, which calls its functions around a fork; musl \
             doesn't, and a child would wait for ever for a lock\n>>> take a build of it for musl",
            binding.where_from()
        ));
    }
    // gild's own archives initialise a thread at its first allocation by a plain name.
    let own = offer.defined.contains(family::IDENTITY);
    if own && binding.prefix.is_empty() {
        return Ok(());
    }
    let threads = match own {
        true => "its malloc without a prefix does that: leave out --allocator-prefix",
        false => {
            "take gild's own build of it (see allocators/README.md), or build it so that it \
             initialises a thread when that first allocates"
        }
    };
    if offer.defined.contains(&b"pthread_create"[..]) {
        return fail(format!(
            "{}: the allocator replaces pthread_create to initialise threads, and a static program \
             has no second one that it could call\n>>> {threads}",
            binding.where_from()
        ));
    }
    if offer.defined.contains(&b"rpmalloc_thread_initialize"[..]) {
        return fail(format!(
            "{}: rpmalloc crashes in a thread that didn't call rpmalloc_thread_initialize, and \
             nothing in a static program does that for it\n>>> {threads}",
            binding.where_from()
        ));
    }
    Ok(())
}

/// See the module `substitute`.
pub(super) fn default_internal(libc: Option<Libc>, offer: &Offer) -> Internal {
    let early_handlers = offer.referenced.contains(&b"pthread_atfork"[..])
        && !offer.defined.contains(family::FORK_HOOK.as_bytes());
    match libc == Some(Libc::Musl) && early_handlers {
        true => Internal::Keep,
        false => Internal::Redirect,
    }
}

pub(super) fn bind(binding: &mut Binding, offer: &Offer, libc: Option<Libc>) {
    let key = |name: &str| name.as_bytes().to_vec();
    let has = |name: &str| offer.defined.contains(name.as_bytes());
    binding.family = family::FAMILY.into_iter().map(key).collect();
    let internal = family::INTERNAL.into_iter().map(|(private, _)| private);
    binding.heap = internal.chain(family::HEAP).map(key).collect();
    if !binding.prefix.is_empty() {
        let target = |name: &&str| (key(name), key(&format!("{}{name}", binding.prefix)));
        binding.references = binding.provided.iter().map(target).collect();
    }
    binding.glibc_hooks = family::GLIBC_FORK_HOOKS.into_iter().all(has);
    binding.brings_threads = offer.referenced.contains(&b"pthread_key_create"[..]);
    binding.handles_fork = binding.glibc_hooks
        || has(family::FORK_HOOK)
        || offer.referenced.contains(&b"pthread_atfork"[..]);
    if binding.internal == Internal::Redirect {
        for (private, public) in family::INTERNAL.into_iter().filter(|(private, _)| !has(private)) {
            let target = binding.references.get(public.as_bytes());
            let target = target.cloned().unwrap_or_else(|| key(public));
            binding.private.insert(key(private), target);
        }
        if libc == Some(Libc::Musl) && has(family::FORK_HOOK) {
            binding.fork_hook = offer.fork_hook;
            binding.family.insert(key(family::MUSL_FORK_HOOK));
            binding.references.insert(key(family::MUSL_FORK_HOOK), key(family::FORK_HOOK));
        }
    }
    let extras = family::YIELDING
        .into_iter()
        .chain(family::OPERATORS)
        .chain(family::ALIGNED_OPERATORS)
        .filter(|name| has(name));
    binding.extras = extras.map(key).collect();
}

/// Names of the provider's beside the family that other inputs have as well; and whether an input other
/// than the C++ library has some of its `operator new` and `delete`.
fn rivals(inputs: &Inputs, binding: &Binding, offer: &Offer) -> (Names, bool) {
    let all = family::OPERATORS.iter().chain(&family::ALIGNED_OPERATORS);
    let operators: Vec<&[u8]> =
        all.map(|name| name.as_bytes()).filter(|name| binding.extras.contains(*name)).collect();
    let mut wanted = binding.extras.clone();
    wanted.extend((!operators.is_empty()).then(|| family::CXX_LIBRARY.to_vec()));
    if binding.internal == Internal::Keep {
        let private = family::INTERNAL.iter().map(|(private, _)| private.as_bytes());
        wanted.extend(private.filter(|name| offer.defined.contains(name)).map(<[u8]>::to_vec));
    }
    let (mut offered, mut replaced) = (Names::default(), false);
    for rank in binding.ranks..inputs.entries.len() as u32 {
        let found = provider::offered(inputs, rank, &wanted);
        replaced |= !found.contains(family::CXX_LIBRARY)
            && operators.iter().any(|name| found.contains(*name));
        offered.extend(found);
    }
    (offered, replaced)
}

/// Hides what the C library or the C++ library has itself. `operator new` and `delete` are the
/// provider's if it has them all and the program has none (`replaced`): half of them would free what
/// the other half's malloc gave.
pub(super) fn hide(binding: &mut Binding, offered: &Names, replaced: bool) {
    let has = |name: &&str| binding.extras.contains(name.as_bytes());
    let plain = !replaced && family::OPERATORS.iter().all(&has);
    let aligned = plain && family::ALIGNED_OPERATORS.iter().all(has);
    let complete = |name: &[u8]| {
        let is = |list: &[&str]| list.iter().any(|known| known.as_bytes() == name);
        (plain && is(&family::OPERATORS)) || (aligned && is(&family::ALIGNED_OPERATORS))
    };
    let yields = |name: &&Vec<u8>| !complete(name) && offered.contains(*name);
    let extras = binding.extras.iter().filter(yields);
    // With keep the C library's own callers must reach its own.
    let private = family::INTERNAL.map(|(private, _)| private.as_bytes().to_vec());
    let keep = binding.internal == Internal::Keep;
    let private = private.iter().filter(|name| keep && offered.contains(*name));
    let renamed =
        |name: &Vec<u8>| (name.clone(), [name, &b"."[..], binding.name.as_bytes()].concat());
    binding.hidden = extras.chain(private).map(renamed).collect();
}

/// Adds the note and what completes the family behind the provider.
fn add_glue(binding: &mut Binding, inputs: &mut Inputs) {
    let has = |name: &str| binding.provided.contains(name);
    let completed: Vec<_> = family::FAMILY
        .into_iter()
        .filter(|name| !has(name))
        .filter_map(|name| Some((name, glue::complete(name, &has)?)))
        .collect();
    let bound = binding.references.contains_key(family::MUSL_FORK_HOOK.as_bytes());
    let flags: &[&str] = if bound { &[family::FORK_HOOK_BOUND] } else { &[] };
    let mut objects = vec![object_file::note(note::SECTION, note::note(binding), flags)];
    let mut bases = BTreeMap::new();
    for (name, (object, base)) in completed {
        objects.push(object);
        bases.insert(name, base);
    }
    binding.provided.extend(bases.keys());
    binding.completed = bases;
    binding.note = binding.ranks;
    let count = inputs.add_glue(binding.ranks as usize, objects);
    // What stood behind the glue moves on.
    if binding.path.is_none() {
        binding.home += count;
    }
    binding.ranks += count;
}

fn no_family(binding: &Binding, offer: &Offer) -> Errors {
    let mut known: Vec<String> =
        offer.defined.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    known.sort();
    let prefixes = known.iter().filter_map(|name| name.strip_suffix("malloc"));
    let near = prefixes.filter(|prefix| !prefix.is_empty()).min_by_key(|prefix| prefix.len());
    let wanted = format!("{}malloc", binding.prefix);
    let mut text = format!("{}: no {wanted}, so this is no allocator", binding.where_from());
    if known.is_empty() {
        text += "\n>>> it defines no symbol";
    } else {
        let some = known.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let more = if known.len() > 8 { ", …" } else { "" };
        text += &format!("\n>>> it defines {some}{more}");
    }
    if let Some(prefix) = near {
        text += &format!("\n>>> it has {prefix}malloc: did you mean --allocator-prefix={prefix}");
    }
    Error::Message(text).into()
}
