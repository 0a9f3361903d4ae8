//! The promise, checked on what is really in the program.

use super::{Binding, Taken, family};
use crate::args::{Internal, Options, Override};
use crate::diagnostics::{Error, Errors, Result};
use crate::input::object::Object;
use crate::live::Live;
use crate::symbols::{Definition, Resolved};

/// Checks that the live program has the heap that was asked for.
///
/// Errors: a family symbol that another object defines; a live part of another allocator.
pub fn verify(resolved: &Resolved, live: &Live, binding: &Binding) -> Result<()> {
    let mut errors = Vec::new();
    for &name in &family::FAMILY {
        let target = binding.name(name.as_bytes(), false, u32::MAX);
        let Some(id) = resolved.names.get(target) else { continue };
        let symbol = resolved.symbol(id);
        let Definition::Section(section) = symbol.definition else { continue };
        let owner = resolved.objects.get(symbol.owner.index());
        let Some(owner) = owner.filter(|_| live.is_live(section)) else { continue };
        let own = owner.position.1 == 0 && binding.winner == Some(Override::Object);
        let named = binding.path.is_none() && !binding.prefix.is_empty();
        if !binding.is_provider(owner.position.0) && !own && !named {
            let text =
                format!("{name} is not the allocator {}'s but {}'s", binding.name, owner.name);
            errors.push(Error::Message(text));
        }
    }
    if binding.winner != Some(Override::Provider) {
        let second = resolved.objects.iter().filter_map(|object| second(object, live, binding));
        errors.extend(second);
    }
    errors.extend(mixed(resolved, live, binding));
    Errors::check(errors)
}

/// `--allocator-override=object`: the objects must have the whole core of the family or nothing.
fn mixed(resolved: &Resolved, live: &Live, binding: &Binding) -> Option<Error> {
    if binding.winner != Some(Override::Object) {
        return None;
    }
    let owner = |name: &str| {
        let id = resolved.names.get(binding.name(name.as_bytes(), false, u32::MAX))?;
        let symbol = resolved.symbol(id);
        let Definition::Section(section) = symbol.definition else { return None };
        live.is_live(section).then(|| resolved.object(symbol.owner))
    };
    let owners: Vec<_> =
        family::FAMILY.iter().filter_map(|name| Some((*name, owner(name)?))).collect();
    let provider = owners.iter().find(|(_, object)| binding.is_provider(object.position.0))?;
    let other = owners.iter().find(|(_, object)| !binding.is_provider(object.position.0))?;
    Some(Error::Message(format!(
        "a partial family: {} is {}'s and {} is {}'s, so that blocks of one heap go to the other",
        other.0, other.1.name, provider.0, provider.1.name
    )))
}

/// Live sections of an object whose definition of the family was displaced.
pub fn is_second_heap(object: &Object, live: &Live) -> bool {
    object.taken.iter().any(|&(index, taken)| {
        let section = object.symbol_section(index).map(|shndx| object.section_id(shndx));
        let code = object.symbol_name(index) != family::MUSL_FORK_HOOK.as_bytes();
        taken == Taken::Displaced && code && section.is_some_and(|id| live.is_live(id))
    })
}

fn second(object: &Object, live: &Live, binding: &Binding) -> Option<Error> {
    let libc = object.globals.len() > 0 && is_libc(object);
    if !is_second_heap(object, live) || (libc && binding.internal == Internal::Keep) {
        return None;
    }
    let message = format!(
        "a second heap: {} is in the program beside the allocator {}\n>>> something refers to a symbol \
         that only it defines (--trace-symbol tells who)\n>>> --allocator-internal=keep allows the C \
         library's, --allocator-override=provider any",
        object.name, binding.name
    );
    Some(Error::Allocator { message, at: Vec::new(), order: (object.file.0, 0, 0) })
}

/// Whether an object comes from the C library's archive.
pub fn is_libc(object: &Object) -> bool {
    let name = object.name.path.file_name().unwrap_or_default().to_string_lossy();
    name == "libc.a" || name.starts_with("liblibc-")
}

/// Adds what the allocator has to do with it to the errors of the walk.
pub fn explain(
    errors: Errors,
    binding: &Binding,
    resolved: &Resolved,
    options: &Options,
) -> Errors {
    let explain = |error: Error| match error {
        Error::Undefined { name, at, count, similar } => {
            let family = family::FAMILY.contains(&name.as_str());
            let order = at.first().map_or((0, 0, 0), |place| place.order);
            let from_provider = resolved
                .objects
                .get(order.0 as usize)
                .is_some_and(|object| binding.path.is_some() && object.position.0 == 0);
            let remedy = if family {
                format!(
                    "the allocator {} has no {name}, and it can't be made of what it has; the C \
                     library's would work on another heap\n>>> build the allocator with it, or don't \
                     call it",
                    binding.name
                )
            } else if from_provider {
                let other = match other_libc(&name) {
                    Some(libc) => format!("it was compiled against {libc}"),
                    None => "it may have been compiled against another C library".into(),
                };
                format!("the allocator {} needs it; {other}", binding.name)
            } else {
                return Error::Undefined { name, at, count, similar };
            };
            let message = format!("undefined symbol: {name}\n>>> {remedy}");
            Error::Allocator { message, at, order }
        }
        other => other,
    };
    let _ = options;
    let errors = errors.into_vec().into_iter().map(explain).collect();
    Errors::check(errors).err().unwrap_or_default()
}

/// Names that only one C library has.
fn other_libc(name: &str) -> Option<&'static str> {
    let glibc =
        ["_dl_find_object", "gnu_get_libc_version", "__libc_single_threaded", "__register_atfork"];
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
