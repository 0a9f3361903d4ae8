//! Which heaps are in the program.

use crate::ids::SymbolId;
use crate::input::object::Object;
use crate::live::Live;
use crate::substitute::provider::references;
use crate::substitute::{Binding, family, second_heap, verify};
use crate::symbols::Resolved;
use serde::Serialize;
use std::collections::BTreeSet;

/// One heap.
#[derive(Serialize)]
pub struct Heap {
    kind: Kind,
    name: String,
    /// The objects that make it up, or show that it is there.
    by: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// The one that was asked for.
    Chosen,
    /// The program's own, with `--allocator-override=object`.
    Object,
    /// The C library's own, with `--allocator-internal=keep`.
    Libc,
    /// Another allocator, known by its prefix.
    Prefixed,
    /// Behind `#[global_allocator]`, of a kind that gild doesn't know.
    Rust,
}

impl Heap {
    /// For messages.
    pub fn describe(&self) -> String {
        match self.kind {
            Kind::Chosen => format!("{} (chosen)", self.name),
            Kind::Object => format!("{} (its own malloc)", self.name),
            Kind::Libc => "the C library's, for its private callers".into(),
            Kind::Prefixed => format!("{} ({})", self.name, self.by.join(", ")),
            Kind::Rust => format!("Rust's #[global_allocator] ({})", self.by.join(", ")),
        }
    }

    /// What the user should know about it, and the way out.
    pub fn warning(&self, binding: &Binding) -> Option<String> {
        match self.kind {
            Kind::Prefixed => {
                let prefix = self.name.strip_suffix("malloc").unwrap_or(&self.name);
                Some(format!(
                    "two heaps: {} of {} is in the program beside the allocator {}\n>>> \
                     --allocator-prefix={prefix}, without --allocator, gives it to the C parts too",
                    self.name,
                    self.by.join(", "),
                    binding.name
                ))
            }
            Kind::Rust => Some(format!(
                "maybe two heaps: the program has a #[global_allocator] of its own ({}) beside the \
                 allocator {}",
                self.by.join(", "),
                binding.name
            )),
            Kind::Chosen | Kind::Object | Kind::Libc => None,
        }
    }
}

/// All heaps, the chosen one first.
pub fn find(resolved: &Resolved, live: &Live, binding: &Binding) -> Vec<Heap> {
    let mut heaps = Vec::new();
    let owners = verify::owners(resolved, live, binding);
    let owners = owners.iter().map(|(_, object)| object);
    if owners.clone().any(|object| verify::is_allocator(object, binding)) {
        let by = vec![binding.where_from()];
        heaps.push(Heap { kind: Kind::Chosen, name: binding.name.clone(), by });
    }
    let others = owners.filter(|object| !verify::is_own(object, binding));
    let others: BTreeSet<String> = others.map(|object| object.name.to_string()).collect();
    if let Some(first) = others.first() {
        let name = first.clone();
        heaps.push(Heap { kind: Kind::Object, name, by: others.into_iter().collect() });
    }
    let second: Vec<String> = resolved
        .objects
        .iter()
        .filter(|object| {
            binding.is_libc(object.position.0) && second_heap::is_second_heap(object, live, binding)
        })
        .map(|object| object.name.to_string())
        .collect();
    if !second.is_empty() {
        heaps.push(Heap { kind: Kind::Libc, name: "libc".into(), by: second });
    }
    let before = heaps.len();
    heaps.extend(
        family::PREFIXES.into_iter().filter_map(|it| prefixed(resolved, live, binding, it)),
    );
    let known = heaps.len() > before || binding.path.is_none();
    // Rust programs that reach one of these do so through `#[global_allocator]`.
    let rust = rust_global_allocator(resolved, live, binding)
        .filter(|object| !known && !calls_provider(object, resolved, binding));
    heaps.extend(rust.map(|object| Heap {
        kind: Kind::Rust,
        name: "#[global_allocator]".into(),
        by: vec![object.name.to_string()],
    }));
    heaps
}

/// An allocator with its family under a prefix that isn't the one that was chosen. Which function is
/// live depends on the caller: the crate `mimalloc` calls `mi_malloc_aligned` and `mi_free`.
fn prefixed(
    resolved: &Resolved,
    live: &Live,
    binding: &Binding,
    prefix: &'static str,
) -> Option<Heap> {
    let owner = |name: &str| {
        let object = verify::live_owner(resolved, live, format!("{prefix}{name}").as_bytes())?;
        (!binding.is_home(object.position.0)).then_some(object)
    };
    let object = family::FAMILY.into_iter().find_map(owner)?;
    // `tc_free` alone may free anything.
    let name = format!("{prefix}malloc");
    let malloc = resolved.symbol(resolved.names.get(name.as_bytes())?);
    let provider = resolved.objects.get(malloc.owner.index())?;
    let together = provider.position.0 == object.position.0;
    together.then(|| Heap { kind: Kind::Prefixed, name, by: vec![object.name.to_string()] })
}

/// The first object with a `__rust_alloc` that leads neither to the standard library's default,
/// `__rdl_alloc`, nor, as after LTO, to what that calls, malloc. rustc mangles both; the names come last.
fn rust_global_allocator<'a, 'data>(
    resolved: &'a Resolved<'data>,
    live: &Live,
    binding: &Binding,
) -> Option<&'a Object<'data>> {
    let all = resolved.names.ids().map(|id| resolved.names.name(id));
    let own = all.filter(|name| name.ends_with(b"__rust_alloc")).filter_map(|name| {
        let object = verify::live_owner(resolved, live, name)?;
        let mut names = object.globals.iter().map(|id| resolved.names.name(*id));
        let default = names.any(|name| name.ends_with(b"__rdl_alloc"));
        (!default && !calls_malloc(object, name, resolved, binding)).then_some(object)
    });
    own.min_by_key(|object| object.position)
}

/// Whether the object's function `name` refers to malloc.
fn calls_malloc(object: &Object, name: &[u8], resolved: &Resolved, binding: &Binding) -> bool {
    let mut symbols = object.global_symbols();
    let function = symbols.find(|(index, _)| object.symbol_name(*index) == name);
    let malloc = resolved.names.get(binding.target("malloc"));
    let mut referred = function.into_iter().flat_map(|(index, _)| references(object, index));
    referred.any(|sym| malloc.is_some() && object.global(sym) == malloc)
}

/// Whether the object calls functions of the provider beside the family: the crate `mimalloc` does
/// where the provider is another build of mimalloc, whose `mi_malloc` comes first.
fn calls_provider(object: &Object, resolved: &Resolved, binding: &Binding) -> bool {
    let family = |id: SymbolId| {
        let names = &mut family::FAMILY.into_iter();
        names.any(|name| binding.target(name) == resolved.names.name(id))
    };
    object.globals.iter().any(|&id| {
        let owner = resolved.objects.get(resolved.symbol(id).owner.index());
        owner.is_some_and(|owner| binding.is_home(owner.position.0)) && !family(id)
    })
}
