//! What the names that a provider has decide.

use super::binding::Binding;
use super::family::{self, Names};
use super::glue;
use super::plan::{bind, check, choose_prefix, default_internal, hide};
use super::provider::Offer;
use crate::args::Internal;
use crate::diagnostics::Result;
use crate::input::object::{Object, ObjectName};
use gild_allocators::Libc;
use std::path::Path;

fn set(names: &[&str]) -> Names {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn offer<'a>(defined: &[&'a str], referenced: &[&'a str]) -> Offer<'a> {
    let names = |names: &[&'a str]| names.iter().map(|name| name.as_bytes()).collect();
    Offer { defined: names(defined), referenced: names(referenced), ..Offer::default() }
}

fn chosen(defined: &[&str], prefix: Option<&str>) -> Result<Binding> {
    let mut binding = Binding { name: "a".into(), ..Binding::default() };
    binding.prefix = prefix.unwrap_or_default().into();
    let offer = offer(defined, &[]);
    choose_prefix(&mut binding, &offer, prefix.is_some())?;
    check(&binding, &offer, None)?;
    Ok(binding)
}

fn failure(defined: &[&str], prefix: Option<&str>) -> String {
    chosen(defined, prefix).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_prefix_is_found_where_there_is_no_plain_malloc() {
    let plain = ["malloc", "free", "realloc"];
    let prefixed = ["_rjem_malloc", "_rjem_free", "_rjem_realloc", "_rjem_calloc"];
    let own = ["my_malloc", "my_free", "my_realloc"];
    let both = [plain, ["mi_malloc", "mi_free", "mi_realloc"]].concat();
    for (names, given, prefix, count) in [
        (&plain[..], None, "", 3),
        (&prefixed, None, "_rjem_", 4),
        (&own, Some("my_"), "my_", 3),
        (&both, None, "", 3),
        (&both, Some("mi_"), "mi_", 3),
    ] {
        let binding = chosen(names, given).unwrap();
        assert_eq!((&*binding.prefix, binding.provided.len()), (prefix, count), "{names:?}");
    }
}

#[test]
fn what_cannot_work_is_refused_with_the_reason() {
    for (names, prefix, reason) in [
        (&["malloc", "free"][..], None, "lacks realloc"),
        (&["mi_malloc", "mi_free"], Some("mi_"), "lacks mi_realloc"),
        (&["my_malloc", "other"], None, "did you mean --allocator-prefix=my_"),
        (&["other"], None, "it defines other"),
        (&[], None, "it defines no symbol"),
        (&["malloc", "free", "realloc"], Some("x_"), "no x_malloc"),
        (&["malloc", "free", "realloc", "pthread_create"], None, "replaces pthread_create"),
        (&["malloc", "free", "realloc", "rpmalloc_thread_initialize"], None, "rpmalloc crashes"),
    ] {
        let text = failure(names, prefix);
        assert!(text.contains(reason), "{names:?}: {text}");
    }
    // gild's own archives initialise threads themselves, by the plain names.
    let own =
        ["malloc", "free", "realloc", "rpmalloc_thread_initialize", "gild_allocator_identity"];
    assert!(chosen(&own, None).is_ok());
    let prefixed = [&own[..], &["rpmalloc", "rpfree", "rprealloc"]].concat();
    assert!(chosen(&prefixed, None).is_ok());
    assert!(failure(&prefixed, Some("rp")).contains("leave out --allocator-prefix"));
}

#[test]
fn private_callers_are_redirected_unless_fork_could_deadlock() {
    for (libc, defined, referenced, internal) in [
        (Libc::Glibc, &[][..], &["pthread_atfork"][..], Internal::Redirect),
        (Libc::Musl, &[], &[], Internal::Redirect),
        (Libc::Musl, &[], &["pthread_atfork"], Internal::Keep),
        (Libc::Musl, &["gild_allocator_atfork"], &["pthread_atfork"], Internal::Redirect),
    ] {
        assert_eq!(default_internal(Some(libc), &offer(defined, referenced)), internal);
    }
}

fn bound(internal: Internal, prefix: &str, libc: Libc) -> Binding {
    let names = ["malloc", "free", "realloc"].map(|name| format!("{prefix}{name}"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut binding = chosen(&names, Some(prefix)).unwrap();
    binding.internal = internal;
    // The provider is input 0, the program the others.
    binding.ranks = 1;
    bind(&mut binding, &offer(&[&names[..], &["gild_allocator_atfork"]].concat(), &[]), Some(libc));
    binding
}

#[test]
fn names_are_read_as_the_providers() {
    use Internal::{Keep, Redirect};
    for (internal, prefix, name, defined, rank, read) in [
        (Redirect, "", "malloc", false, 3, "malloc"),
        (Redirect, "mi_", "malloc", false, 3, "mi_malloc"),
        // A definition in the program is a name for the provider's.
        (Redirect, "mi_", "malloc", true, 3, "mi_malloc"),
        (Redirect, "mi_", "malloc", true, 0, "malloc"),
        (Redirect, "mi_", "calloc", false, 3, "calloc"),
        (Redirect, "", "__libc_malloc", false, 3, "malloc"),
        (Redirect, "mi_", "__libc_malloc", false, 3, "mi_malloc"),
        (Redirect, "", "__libc_malloc", true, 3, "__libc_malloc"),
        // The provider's own calls of libc's private heap are meant.
        (Redirect, "", "__libc_malloc", false, 0, "__libc_malloc"),
        (Keep, "", "__libc_malloc", false, 3, "__libc_malloc"),
        (Redirect, "", "__malloc_atfork", false, 3, "gild_allocator_atfork"),
        // musl's own heap is there, and needs its own hook.
        (Keep, "", "__malloc_atfork", false, 3, "__malloc_atfork"),
    ] {
        let binding = bound(internal, prefix, Libc::Musl);
        let found = binding.name(name.as_bytes(), defined, rank);
        assert_eq!(std::str::from_utf8(found).unwrap(), read, "{internal:?} {name} in {rank}");
    }
    let glibc = bound(Redirect, "", Libc::Glibc);
    assert_eq!(glibc.name(b"__malloc_atfork", false, 3), b"__malloc_atfork");
}

#[test]
fn nobody_else_may_provide_the_family() {
    let binding = bound(Internal::Redirect, "", Libc::Musl);
    for (name, rank, may) in
        [("malloc", 0, true), ("malloc", 1, false), ("calloc", 1, false), ("strdup", 1, true)]
    {
        assert_eq!(binding.may_provide(name.as_bytes(), rank), may, "{name} in {rank}");
    }
}

#[test]
fn operators_are_taken_whole_and_libcs_other_names_yield() {
    let plain: Vec<&str> = family::OPERATORS.to_vec();
    let all = [&plain[..], &family::ALIGNED_OPERATORS].concat();
    let half = [&plain[..], &family::ALIGNED_OPERATORS[..2]].concat();
    for (extras, offered, replaced, hidden) in [
        (&["strdup"][..], &["strdup"][..], false, &["strdup"][..]),
        (&["strdup"], &[], false, &[]),
        (&all, &all, false, &[]),
        (&all, &all, true, &all),
        (&plain, &all, false, &[]),
        (&half, &all, false, &family::ALIGNED_OPERATORS[..2]),
        (&plain[1..], &all, false, &plain[1..]),
    ] {
        let mut binding = bound(Internal::Redirect, "", Libc::Glibc);
        binding.extras = set(extras);
        hide(&mut binding, &set(offered), replaced);
        let mut found: Vec<&[u8]> = binding.hidden.keys().map(|name| &name[..]).collect();
        let mut wanted: Vec<&[u8]> = hidden.iter().map(|name| name.as_bytes()).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{extras:?}");
    }
}

#[test]
fn glue_is_an_object_that_calls_what_it_says() {
    let lists: [&[&str]; 4] =
        [&[], &["memalign"], &["aligned_alloc"], &["posix_memalign", "malloc_usable_size"]];
    for aligned in lists {
        let has = |name: &str| family::CORE.contains(&name) || aligned.contains(&name);
        for name in family::FAMILY.into_iter().filter(|name| !has(name)) {
            let Some((bytes, base)) = glue::complete(name, &has) else {
                let impossible = ["malloc_usable_size", "mallinfo", "mallinfo2", "malloc_stats"];
                let needs_aligned = aligned.is_empty() && name.contains("al");
                assert!(
                    impossible.contains(&name) || name == "malloc_info" || needs_aligned,
                    "{name} of {aligned:?}"
                );
                continue;
            };
            let path = Path::new("glue");
            let object = Object::parse(ObjectName { path, member: None }, &bytes, (0, 0)).unwrap();
            let names: Vec<_> =
                object.global_symbols().map(|(index, _)| object.symbol_name(index)).collect();
            assert_eq!(names[0], name.as_bytes());
            let calls = base == "nothing" || names.contains(&base.as_bytes());
            assert!(calls, "{name} of {aligned:?} calls {base}");
        }
    }
}
