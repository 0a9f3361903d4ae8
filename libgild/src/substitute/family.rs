//! Names: the malloc family, the C libraries' private spellings, and what else allocators bring.

use foldhash::fast::FixedState;
use std::collections::{HashMap, HashSet};

/// Names that are asked for often.
pub type Names = HashSet<Vec<u8>, FixedState>;
/// The same, where the names lie in an input.
pub type InputNames<'a> = HashSet<&'a [u8], FixedState>;
/// What names are read as.
pub type Renames = HashMap<Vec<u8>, Vec<u8>, FixedState>;

/// The public family. glibc's manual, "Replacing malloc", and musl's `stdlib.h` and `malloc.h`.
pub const FAMILY: [&str; 20] = [
    "malloc",
    "free",
    "calloc",
    "realloc",
    "aligned_alloc",
    "posix_memalign",
    "memalign",
    "valloc",
    "pvalloc",
    "reallocarray",
    "malloc_usable_size",
    "cfree",
    "mallinfo",
    "mallinfo2",
    "mallopt",
    "malloc_trim",
    "malloc_stats",
    "malloc_info",
    // C23, of newer C libraries.
    "free_sized",
    "free_aligned_sized",
];

/// New in C23: before, a program might call a function of its own so.
pub const NEW: [&str; 2] = ["free_sized", "free_aligned_sized"];

/// Without these there is no allocator.
pub const CORE: [&str; 3] = ["malloc", "free", "realloc"];

/// The rest of the family. A program may have functions of its own called so: they rest on malloc, as an
/// `aligned_alloc` from before C11 does, or have to do with no heap.
pub fn is_beside(name: &[u8]) -> bool {
    is_one_of(&FAMILY, name) && !is_one_of(&CORE, name)
}

/// Whether `name` is among `names`.
pub fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|known| known.as_bytes() == name)
}

/// Private names of the C libraries and the public ones that they stand for.
pub const INTERNAL: [(&str, &str); 24] = [
    ("__libc_malloc", "malloc"),
    ("__libc_calloc", "calloc"),
    ("__libc_realloc", "realloc"),
    ("__libc_free", "free"),
    ("__libc_memalign", "memalign"),
    ("__libc_valloc", "valloc"),
    ("__libc_pvalloc", "pvalloc"),
    ("__libc_reallocarray", "reallocarray"),
    ("__libc_mallinfo", "mallinfo"),
    ("__libc_mallinfo2", "mallinfo2"),
    ("__libc_mallopt", "mallopt"),
    ("__libc_cfree", "cfree"),
    ("__malloc", "malloc"),
    ("__calloc", "calloc"),
    ("__realloc", "realloc"),
    ("__free", "free"),
    ("__memalign", "memalign"),
    ("__posix_memalign", "posix_memalign"),
    ("__aligned_alloc", "aligned_alloc"),
    ("__valloc", "valloc"),
    ("__pvalloc", "pvalloc"),
    ("__malloc_usable_size", "malloc_usable_size"),
    ("__mallopt", "mallopt"),
    ("__malloc_trim", "malloc_trim"),
];

/// No name that references are bound by is longer. The names of C++ and Rust mostly are, and hashing
/// them all cost a link of wasmtime 6 ms of 104.
pub const LONGEST: usize = 20;

const _: () = {
    assert!(MUSL_FORK_HOOK.len() <= LONGEST);
    let mut at = 0;
    while at < INTERNAL.len() {
        assert!(INTERNAL[at].0.len() <= LONGEST);
        assert!(at >= FAMILY.len() || FAMILY[at].len() <= LONGEST);
        assert!(at >= HEAP.len() || HEAP[at].len() <= LONGEST);
        at += 1;
    }
};

/// What only the C libraries' own heaps define beside those names: mallocng, musl's bump allocator
/// and its older oldmalloc.
pub const HEAP: [&str; 5] = [
    "__libc_malloc_impl",
    "__malloc_alloc_meta",
    "__simple_malloc",
    "__bin_chunk",
    "__malloc_donate",
];

/// musl's fork calls this hook with -1 before, 0 in the parent and 1 in the child.
pub const MUSL_FORK_HOOK: &str = "__malloc_atfork";
/// glibc's fork refers weakly to these, which are in one member with its malloc.
pub const GLIBC_FORK_HOOKS: [&str; 3] =
    ["__malloc_fork_lock_parent", "__malloc_fork_unlock_parent", "__malloc_fork_unlock_child"];
/// What gild's own archives call their answer to it.
pub const FORK_HOOK: &str = "gild_allocator_atfork";

/// A weak reference of gild's own archives that is not null where a linker bound [`FORK_HOOK`].
pub const FORK_HOOK_BOUND: &str = "gild_allocator_atfork_bound";
/// In gild's own archives: the allocator's name and version, as a C string.
pub const IDENTITY: &[u8] = b"gild_allocator_identity";

/// Prefixes of well-known allocators' own families: mimalloc, jemalloc, its Rust crate, snmalloc,
/// rpmalloc, tcmalloc.
pub const PREFIXES: [&str; 6] = ["mi_", "je_", "_rjem_", "sn_", "rp", "tc_"];

/// Functions that allocators bring for systems where `malloc` can't be replaced by symbol. The C
/// library's own call `malloc`, so they do.
pub const YIELDING: [&str; 7] =
    ["strdup", "strndup", "realpath", "reallocarr", "vasprintf", "asprintf", "getdelim"];

/// `operator new` and `delete`, the pairs that C++14 has (Itanium C++ ABI names).
pub const OPERATORS: [&str; 10] = [
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t",
    "_ZdlPv",
    "_ZdaPv",
    "_ZdlPvm",
    "_ZdaPvm",
    "_ZdlPvRKSt9nothrow_t",
    "_ZdaPvRKSt9nothrow_t",
];

/// Those with an alignment, of C++17.
pub const ALIGNED_OPERATORS: [&str; 10] = [
    "_ZnwmSt11align_val_t",
    "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "_ZnamSt11align_val_tRKSt9nothrow_t",
    "_ZdlPvSt11align_val_t",
    "_ZdaPvSt11align_val_t",
    "_ZdlPvmSt11align_val_t",
    "_ZdaPvmSt11align_val_t",
    "_ZdlPvSt11align_val_tRKSt9nothrow_t",
    "_ZdaPvSt11align_val_tRKSt9nothrow_t",
];

/// `std::set_new_handler`, by which a C++ library is told from a program that replaces operators.
pub const CXX_LIBRARY: &[u8] = b"_ZSt15set_new_handlerPFvvE";

/// The allocator that uses a prefix.
pub fn of_prefix(prefix: &str) -> &str {
    match prefix {
        "mi_" => "mimalloc",
        "je_" | "_rjem_" => "jemalloc",
        "sn_" => "snmalloc",
        "rp" => "rpmalloc",
        "tc_" => "tcmalloc",
        other => other.trim_matches('_'),
    }
}
