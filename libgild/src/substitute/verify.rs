//! The promise, checked on what is really in the program.

use super::second_heap::Others;
use super::{Binding, family};
use crate::args::{Options, Override};
use crate::diagnostics::{Error, Errors, Result};
use crate::input::object::Object;
use crate::live::Live;
use crate::symbols::{Definition, Resolved};

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
    let others = Others { resolved, live, binding, options };
    warnings.extend(others.left());
    errors.extend(others.second_heaps());
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
    Errors::sorted(errors.into_iter().map(explain))
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
