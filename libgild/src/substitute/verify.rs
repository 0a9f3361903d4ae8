//! The promise, checked on what is really in the program.

use super::binding::has_core;
use super::{Binding, Taken, family};
use crate::args::{Internal, Options, Override};
use crate::demangle::demangle;
use crate::diagnostics::{Error, Errors, Place, Result};
use crate::elf::{RelaExt, SHF_ALLOC, SHN_UNDEF, ShdrExt, SymExt};
use crate::ids::SectionId;
use crate::input::object::Object;
use crate::live::Live;
use crate::symbols::{Definition, Resolved};

/// Places shown for an error.
const SHOWN: usize = 3;

/// Checks that the live program has the heap that was asked for.
///
/// Errors: a family symbol that another object defines; a live part of another allocator.
pub fn verify(
    resolved: &Resolved,
    live: &mut Live,
    binding: &Binding,
    options: &Options,
    warnings: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> Result<()> {
    let owners = owners(resolved, live, binding);
    if !owners.iter().any(|(_, object)| is_allocator(object, binding)) {
        drop_note(resolved, live, binding);
        let (messages, reason) = match owners.first() {
            // As in the programs by which Meson finds out what a linker can do.
            None => (notes, "nothing in the program needs malloc".into()),
            Some((name, object)) => (&mut *warnings, format!("{name} is {}'s", object.name)),
        };
        messages.push(format!("{reason}, so that the allocator {} is not in it", binding.name));
    }
    let live = &*live;
    let mut errors: Vec<Error> = match binding.winner {
        Some(Override::Object) => mixed(&owners, binding).into_iter().collect(),
        _ => owners.iter().filter_map(|&(name, owner)| foreign(name, owner, binding)).collect(),
    };
    let second = |object: &&Object| {
        let allowed = match binding.is_libc(object.position.0) {
            true => binding.internal == Internal::Keep,
            false => binding.winner == Some(Override::Provider),
        };
        // With a prefix the provider's plain names are displaced, too.
        !allowed && !is_own(object, binding) && is_second_heap(object, live, binding)
    };
    if binding.winner == Some(Override::Provider) {
        let displaced = resolved.objects.iter().filter(|object| {
            let given = is_own(object, binding) || binding.is_libc(object.position.0);
            !given && is_displaced(object) && has_core(object)
        });
        warnings.extend(displaced.filter_map(|object| left(object, resolved, live, options)));
    }
    let seconds = resolved.objects.iter().filter(second);
    errors.extend(seconds.map(|object| second_heap(object, resolved, live, binding, options)));
    Errors::check(errors)
}

/// The live family symbols and the objects that define them; not a program's own functions
/// beside another's malloc.
pub fn owners<'a, 'data>(
    resolved: &'a Resolved<'data>,
    live: &Live,
    binding: &Binding,
) -> Vec<(&'static str, &'a Object<'data>)> {
    let owner = |name| Some((name, live_owner(resolved, live, binding.target(name))?));
    let owners = family::FAMILY.into_iter().filter_map(owner);
    let other = |(name, object): &(&str, &Object)| {
        !is_own(object, binding) && binding.stands_beside(name, object)
    };
    owners.filter(|owner| !other(owner)).collect()
}

/// The object that defines a name, if the definition is in the program.
pub fn live_owner<'a, 'data>(
    resolved: &'a Resolved<'data>,
    live: &Live,
    name: &[u8],
) -> Option<&'a Object<'data>> {
    let symbol = resolved.symbol(resolved.names.get(name)?);
    let Definition::Section(section) = symbol.definition else { return None };
    let object = resolved.objects.get(symbol.owner.index())?;
    live.is_live(section).then_some(object)
}

/// Whether an object is a part of the allocator; what gild wrote is none.
pub fn is_allocator(object: &Object, binding: &Binding) -> bool {
    is_own(object, binding) && !binding.is_glue(object.position.0)
}

/// Whether an object is the allocator's or gild's.
pub fn is_own(object: &Object, binding: &Binding) -> bool {
    binding.is_provider(object.position.0) || binding.is_home(object.position.0)
}

fn foreign(name: &str, owner: &Object, binding: &Binding) -> Option<Error> {
    (!is_own(owner, binding)).then(|| {
        Error::Message(format!(
            "{name} is not the allocator {}'s but {}'s",
            binding.name, owner.name
        ))
    })
}

/// `--allocator-override=object`: the objects must have the whole of what is used of the family, or
/// nothing.
fn mixed(owners: &[(&str, &Object)], binding: &Binding) -> Option<Error> {
    // What completes the family calls whichever functions stand.
    let provider = owners.iter().find(|(_, object)| is_allocator(object, binding))?;
    let other = owners.iter().find(|(_, object)| !is_own(object, binding))?;
    Some(Error::Message(format!(
        "a partial family: {} is {}'s and {} is {}'s, so that blocks of one heap go to the \
         other\n>>> define both in the object, or take --allocator-override=provider",
        other.0, other.1.name, provider.0, provider.1.name
    )))
}

/// A program without a heap doesn't claim to have one.
fn drop_note(resolved: &Resolved, live: &mut Live, binding: &Binding) {
    let note = resolved.objects.iter().filter(|object| object.position.0 == binding.note);
    for object in note {
        let sections = 0..object.headers.len() as u32;
        sections.for_each(|shndx| live.drop_section(object.section_id(shndx)));
    }
}

/// Whether the program contains a part of an object whose definition of the family was displaced,
/// or of the C library's own heap.
pub fn is_second_heap(object: &Object, live: &Live, binding: &Binding) -> bool {
    let is_heap = is_displaced(object) || is_private_heap(object, binding);
    let allocated = |shndx: &u32| {
        let header = &object.headers[*shndx as usize];
        header.flags() & SHF_ALLOC != 0 && header.size() > 0
    };
    let mut sections = (0..object.headers.len() as u32).filter(allocated);
    is_heap && sections.any(|shndx| live.is_live(object.section_id(shndx)))
}

/// Whether an object defines functions of the family that others stand for.
fn is_displaced(object: &Object) -> bool {
    object.taken.iter().any(|(_, taken)| *taken == Taken::Displaced)
}

/// Functions of a displaced allocator that the program calls by other names.
fn left(object: &Object, resolved: &Resolved, live: &Live, options: &Options) -> Option<String> {
    let (names, at) = referrers(object, resolved, live, options, is_of_heap);
    (!names.is_empty()).then(|| {
        let places: String = at.iter().map(|at| format!("\n>>> referenced by {at}")).collect();
        format!(
            "{} gave way to the allocator, but for {}: a program in which blocks of theirs meet free \
             and realloc, or the allocator's meet them, is corrupt\n>>> build it without a malloc of \
             its own{places}",
            object.name,
            names.join(", ")
        )
    })
}

/// Whether a function's name, as in the source, is one of an allocator's.
fn is_of_heap(name: &str) -> bool {
    let path = name.split('(').next().unwrap_or(name);
    let own = path.rsplit("::").next().unwrap_or(path).to_lowercase();
    own.contains("alloc") || own.split('_').any(|word| word.ends_with("free"))
}

/// Whether an object of the C library defines a part of its private heap.
pub fn is_private_heap(object: &Object, binding: &Binding) -> bool {
    binding.is_libc(object.position.0)
        && object.global_symbols().any(|(index, symbol)| {
            symbol.shndx() != SHN_UNDEF && binding.is_heap(object.symbol_name(index))
        })
}

fn second_heap(
    object: &Object,
    resolved: &Resolved,
    live: &Live,
    binding: &Binding,
    options: &Options,
) -> Error {
    let remedy = match binding.is_libc(object.position.0) {
        true => "--allocator-internal=keep leaves the C library its private heap",
        false => {
            "build the program without a malloc of its own, or, if none of its blocks gets to the \
             allocator's free, --allocator-override=provider takes the rest of it and leaves its malloc"
        }
    };
    let (names, at) = referrers(object, resolved, live, options, |_| true);
    let message = format!(
        "a second heap: {} is in the program beside the allocator {}{}\n>>> {remedy}",
        object.name,
        binding.name,
        match names.is_empty() {
            true => String::new(),
            false => format!(", for {}", names.join(", ")),
        },
    );
    Error::Allocator { message, at, order: (object.file.0, 0, 0) }
}

/// Why an object is in the program: which of its symbols of a kind others refer to, and where.
fn referrers(
    object: &Object,
    resolved: &Resolved,
    live: &Live,
    options: &Options,
    is_wanted: impl Fn(&str) -> bool,
) -> (Vec<String>, Vec<Place>) {
    let (mut names, mut places) = (Vec::new(), Vec::new());
    for other in resolved.objects.iter().filter(|other| other.file != object.file) {
        let sections = 0..other.headers.len() as u32;
        let is_live = |shndx: &u32| live.is_live(SectionId(other.first_section + shndx));
        for shndx in sections.filter(is_live) {
            for rela in other.relocations(shndx) {
                let Some(id) = other.global(rela.sym()) else { continue };
                if resolved.symbol(id).owner != object.file {
                    continue;
                }
                let name = demangle(resolved.names.name(id), options.demangle);
                if !is_wanted(&name) {
                    continue;
                }
                if !names.contains(&name) {
                    names.push(name);
                }
                if places.len() < SHOWN {
                    places.push(other.place(shndx, rela.offset(), true));
                }
            }
        }
    }
    (names, places)
}

/// Adds what the allocator has to do with it to the errors of the walk.
pub fn explain(errors: Errors, binding: &Binding, resolved: &Resolved) -> Errors {
    let errors = errors.into_vec();
    let from_provider = |error: &Error| match error {
        Error::Undefined { at, .. } => at.first().is_some_and(|place| {
            let object = resolved.objects.get(place.order.0 as usize);
            object.is_some_and(|object| is_own(object, binding))
        }),
        _ => false,
    };
    // One name that only another C library has tells what the allocator was compiled against.
    let telling = |error: &Error| match error {
        Error::Undefined { name, .. } if from_provider(error) => other_libc(name),
        _ => None,
    };
    let other = errors.iter().find_map(telling);
    let explain = |error: Error| match error {
        Error::Undefined { name, at, .. } if family::FAMILY.contains(&name.as_str()) => {
            let message = format!(
                "undefined symbol: {name}\n>>> the allocator {} has no {name}, and it can't be made \
                 of what it has; the C library's would work on another heap\n>>> build the \
                 allocator with it, or don't call it",
                binding.name
            );
            let order = at.first().map_or((0, 0, 0), |place| place.order);
            Error::Allocator { message, at, order }
        }
        Error::Undefined { .. } if from_provider(&error) => needed(error, binding, other),
        error => error,
    };
    let explained = errors.into_iter().map(explain).collect();
    Errors::check(explained).err().unwrap_or_default()
}

/// A name that the provider lacks.
fn needed(error: Error, binding: &Binding, other: Option<&str>) -> Error {
    let Error::Undefined { name, at, .. } = error else { return error };
    let remedy = match other {
        Some(libc) => {
            format!("it was compiled against {libc}: build it with this program's C compiler")
        }
        None => "add the library that has it".into(),
    };
    let message =
        format!("undefined symbol: {name}\n>>> the allocator {} needs it; {remedy}", binding.name);
    let order = at.first().map_or((0, 0, 0), |place| place.order);
    Error::Allocator { message, at, order }
}

/// Which C library has a name that the other doesn't have.
fn other_libc(name: &str) -> Option<&'static str> {
    let glibc = [
        "_dl_find_object",
        "gnu_get_libc_version",
        "__libc_single_threaded",
        "__register_atfork",
        "__sched_cpucount",
        "__libc_enable_secure",
    ];
    let fortified = name.starts_with("__") && name.ends_with("_chk");
    let musl = ["__init_libc", "__stdin_used", "__stdout_used", "__stderr_used"];
    if name.starts_with("__isoc") || fortified || glibc.contains(&name) {
        Some("glibc")
    } else if musl.contains(&name) {
        Some("musl")
    } else {
        None
    }
}
