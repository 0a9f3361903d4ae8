//! Allocator substitution: the program's heap chosen at link time, and proved.
//!
//! [`plan`] puts the provider in front of the line and decides what each name of the malloc family
//! means; the symbols ask its [`Binding`] whenever they read an object. [`verify`] checks the
//! promise on the live sections, and [`report`] tells about it.
//!
//! # Binding
//! A reference to a family symbol, from any input, gets the provider's definition. Other objects'
//! definitions of the family count as references, and no archive member is extracted for them. Its
//! `operator new` and `delete` are taken if it has them all and the program replaces none.
//! A program's own `aligned_alloc` or `malloc_stats`, a strong one, stands as with GNU ld if no input brings
//! another malloc: it rests on malloc, or is merely called so.
//!
//! Where the provider's family has a prefix, references to `malloc` are read as references to
//! `mi_malloc`, so that the binding costs no instruction. What the provider lacks is completed by
//! small objects ([`glue`]) if the C standard or a manual says how.
//!
//! # The C library's own heap
//! With `--allocator-internal=redirect` the C library's references to `__libc_malloc`, `__free` and
//! their like are read as references to the public names. That makes one heap of two. So are
//! references to `__libc_…` from other inputs but the provider, unless those have a malloc of their
//! own that stands. With `keep` they stay.
//!
//! glibc (2.36) has no private callers, so redirect is the default and changes nothing. Where a program
//! brings glibc's malloc along with `keep`, the provider's answers to fork stand, and glibc's heap has
//! none.
//!
//! musl has separated the two since 1.2.2 because a replacement that takes a lock of its own in a
//! `pthread_atfork` handler, before musl's `fork` waits for the locks of `atexit` and its like,
//! deadlocks with a thread that holds one of those and waits for the allocator's. So the default on
//! musl is redirect where the provider can't do that: it refers to no `pthread_atfork`, or it has
//! `gild_allocator_atfork`, which musl's `fork` then calls in the place of its own
//! `__malloc_atfork`, behind its other locks. Otherwise it is keep. `allocators/README.md` has the
//! evidence.

mod binding;
mod family;
mod glue;
mod libc;
pub mod note;
mod plan;
#[cfg(test)]
mod plan_test;
mod provider;
mod report;
mod second_heap;
mod verify;

pub use binding::{Binding, Taken};
pub use plan::plan;
pub use provider::has_rival;
pub use report::report;
pub use verify::{explain, verify};
