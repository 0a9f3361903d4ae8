//! What is in the program of other allocators than the chosen one.

use super::binding::has_core;
use super::verify::is_own;
use super::{Binding, Taken};
use crate::args::{Internal, Options, Override};
use crate::demangle::demangle;
use crate::diagnostics::{Error, Place};
use crate::elf::{RelaExt, SHF_ALLOC, SHN_UNDEF, ShdrExt, SymExt};
use crate::input::object::Object;
use crate::live::Live;
use crate::symbols::Resolved;

/// Places shown for an object.
const SHOWN: usize = 3;

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

/// Whether an object of the C library defines a part of its private heap.
pub fn is_private_heap(object: &Object, binding: &Binding) -> bool {
    binding.is_libc(object.position.0)
        && object.global_symbols().any(|(index, symbol)| {
            symbol.shndx() != SHN_UNDEF && binding.is_heap(object.symbol_name(index))
        })
}

/// The objects beside the allocator.
pub struct Others<'a, 'data> {
    pub resolved: &'a Resolved<'data>,
    pub live: &'a Live,
    pub binding: &'a Binding,
    pub options: &'a Options,
}

impl<'a, 'data> Others<'a, 'data> {
    /// Objects that aren't the allocator's, and whether they are the C library's.
    fn objects(&self) -> impl Iterator<Item = (&'a Object<'data>, bool)> {
        let others = self.resolved.objects.iter().filter(|object| !is_own(object, self.binding));
        others.map(|object| (object, self.binding.is_libc(object.position.0)))
    }

    /// An error for each other heap that was not let in.
    pub fn second_heaps(&self) -> impl Iterator<Item = Error> {
        let second = |&(object, is_libc): &(&Object, bool)| {
            let allowed = match is_libc {
                true => self.binding.internal == Internal::Keep,
                false => self.binding.winner == Some(Override::Provider),
            };
            // With a prefix the provider's plain names are displaced, too.
            !allowed && is_second_heap(object, self.live, self.binding)
        };
        let seconds = self.objects().filter(second);
        seconds.map(|(object, is_libc)| self.second_heap(object, is_libc))
    }

    fn second_heap(&self, object: &Object, is_libc: bool) -> Error {
        let remedy = match is_libc {
            true => "--allocator-internal=keep leaves the C library its private heap",
            false => {
                "build the program without a malloc of its own, or, if none of its blocks gets to the \
                 allocator's free, --allocator-override=provider takes the rest of it and leaves its \
                 malloc"
            }
        };
        let (names, at) = self.referrers(object, |_| true);
        let names = match names.is_empty() {
            true => String::new(),
            false => format!(", for {}", names.join(", ")),
        };
        let (name, allocator) = (object.name, &self.binding.name);
        let message = format!(
            "a second heap: {name} is in the program beside the allocator {allocator}{names}\n>>> \
             {remedy}"
        );
        Error::Allocator { message, at, order: (object.file.0, 0, 0) }
    }

    /// A warning for each allocator that gave way, of which the program calls functions by other names.
    pub fn left(&self) -> impl Iterator<Item = String> {
        let gives_way = self.binding.winner == Some(Override::Provider);
        let displaced = self.objects().filter(move |(object, is_libc)| {
            gives_way && !is_libc && is_displaced(object) && has_core(object)
        });
        displaced.filter_map(|(object, _)| self.left_of(object))
    }

    fn left_of(&self, object: &Object) -> Option<String> {
        let (names, at) = self.referrers(object, is_of_heap);
        (!names.is_empty()).then(|| {
            let places: String = at.iter().map(|at| format!("\n>>> referenced by {at}")).collect();
            format!(
                "{} gave way to the allocator, but for {}: a program in which blocks of theirs meet \
                 free and realloc, or the allocator's meet them, is corrupt\n>>> build it without a \
                 malloc of its own{places}",
                object.name,
                names.join(", ")
            )
        })
    }

    /// Why an object is in the program: which of its symbols of a kind others refer to, and where.
    fn referrers(
        &self,
        object: &Object,
        is_wanted: impl Fn(&str) -> bool,
    ) -> (Vec<String>, Vec<Place>) {
        let (mut names, mut places) = (Vec::new(), Vec::new());
        for other in self.resolved.objects.iter().filter(|other| other.file != object.file) {
            let sections = 0..other.headers.len() as u32;
            for shndx in sections.filter(|&shndx| self.live.is_live(other.section_id(shndx))) {
                for rela in other.relocations(shndx) {
                    let Some(id) = other.global(rela.sym()) else { continue };
                    if self.resolved.symbol(id).owner != object.file {
                        continue;
                    }
                    let name = demangle(self.resolved.names.name(id), self.options.demangle);
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
}

/// Whether a function's name, as in the source, is one of an allocator's.
fn is_of_heap(name: &str) -> bool {
    let path = name.split('(').next().unwrap_or(name);
    let own = path.rsplit("::").next().unwrap_or(path).to_lowercase();
    own.contains("alloc") || own.split('_').any(|word| word.ends_with("free"))
}
