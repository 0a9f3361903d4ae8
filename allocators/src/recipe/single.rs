//! Allocators that one file of `glue/` turns into one object, and the extras for glibc.

use super::toolchain::joined;
use super::{Allocator, Error, Places, Toolchain};
use std::ffi::OsString;
use std::path::PathBuf;

/// What an allocator's glue is compiled with, paths relative to the crate's root.
struct Unit {
    glue: &'static str,
    includes: &'static [&'static str],
    flags: &'static [&'static str],
}

fn unit(allocator: Allocator) -> Unit {
    // Release builds: no assertions, and no statistics beyond the cheap ones.
    // Two of its global variables have names that a program may use as well.
    const MIMALLOC: &[&str] = &[
        "-DMI_BUILD_RELEASE",
        "-DMI_DEBUG=0",
        "-Dheap_main=gild_mi_heap_main",
        "-Dtheap_main=gild_mi_theap_main",
    ];
    let mimalloc = |includes| Unit { glue: "mimalloc.c", includes, flags: MIMALLOC };
    match allocator {
        Allocator::Mimalloc => mimalloc(&["c_src/mimalloc/v3/include", "c_src/mimalloc/v3/src"]),
        Allocator::Mimalloc2 => mimalloc(&["c_src/mimalloc/v2/include", "c_src/mimalloc/v2/src"]),
        Allocator::Rpmalloc => {
            Unit { glue: "rpmalloc.c", includes: &["rpmalloc/rpmalloc"], flags: &["-D_GNU_SOURCE"] }
        }
        Allocator::Snmalloc => {
            Unit { glue: "snmalloc.cc", includes: &["upstream/src"], flags: SNMALLOC }
        }
        Allocator::Jemalloc => unreachable!("jemalloc has a build system of its own"),
    }
}

const SNMALLOC: &[&str] = &[
    "-std=c++20",
    "-fno-exceptions",
    "-fno-rtti",
    // Guards would need the C++ library, and run before it is set up.
    "-fno-threadsafe-statics",
    // Its own parts of the C++ library: a musl compiler often has none, and a C program with this
    // archive should need none.
    "-nostdinc++",
    "-DSNMALLOC_USE_SELF_VENDORED_STL",
    // Upstream's requirement: double-word compare and swap.
    "-mcx16",
    "-DSNMALLOC_USE_PTHREAD_DESTRUCTORS",
    "-DSNMALLOC_PTHREAD_FORK_PROTECTION",
    // What its build system would find out: both libcs have getentropy(), and Linux has futexes.
    "-DSNMALLOC_PLATFORM_HAS_GETENTROPY",
    "-DSNMALLOC_HAS_LINUX_FUTEX_H",
    "-DSNMALLOC_USE_WAIT_ON_ADDRESS=1",
    // Not of the family; programs define it themselves.
    "-DSNMALLOC_NO_REALLOCARR",
];

/// Compiles the allocator's glue, which includes the allocator.
pub fn object(
    allocator: Allocator,
    toolchain: &Toolchain,
    places: &Places,
    identity: &str,
) -> Result<PathBuf, Error> {
    let unit = unit(allocator);
    let mut arguments: Vec<OsString> = unit.flags.iter().map(OsString::from).collect();
    arguments.push(format!("-DGILD_IDENTITY=\"{identity}\"").into());
    for include in unit.includes {
        arguments.push(joined("-I", &places.sources.join(include), ""));
    }
    // Last: only for headers that the system lacks.
    arguments.push(joined("-idirafter", places.glue, ""));
    let object = places.work.join(format!("{}.o", allocator.name()));
    toolchain.compile(&places.glue.join(unit.glue), &object, places.sources, &arguments)?;
    Ok(object)
}

/// Compiles `glue/extras.c` with the allocator's own words for trimming and statistics.
pub fn extras(
    allocator: Allocator,
    toolchain: &Toolchain,
    places: &Places,
) -> Result<PathBuf, Error> {
    let [prototypes, trim, stats] = match allocator {
        Allocator::Mimalloc | Allocator::Mimalloc2 => [
            "void mi_collect(_Bool); void mi_stats_print(void*);",
            "mi_collect(1)",
            "mi_stats_print(NULL)",
        ],
        // "arena.<MALLCTL_ARENAS_ALL>.purge", the number being 4096 since jemalloc 5.
        Allocator::Jemalloc => [
            "int mallctl(const char*, void*, size_t*, void*, size_t); \
             void malloc_stats_print(void (*)(void*, const char*), void*, const char*);",
            "mallctl(\"arena.4096.purge\", NULL, NULL, NULL, 0)",
            "malloc_stats_print(NULL, NULL, NULL)",
        ],
        Allocator::Snmalloc | Allocator::Rpmalloc => ["", "", ""],
    };
    let arguments = [
        format!("-DGILD_PROTOTYPES={prototypes}").into(),
        format!("-DGILD_TRIM={trim}").into(),
        format!("-DGILD_STATS={stats}").into(),
    ];
    let object = places.work.join(format!("{}-extras.o", allocator.name()));
    toolchain.compile(&places.glue.join("extras.c"), &object, places.sources, &arguments)?;
    Ok(object)
}
