//! Allocators, and what tells that a program carries one.
//!
//! Names and texts are those of release builds: mimalloc 2.3 and 3.3, jemalloc 5.3, snmalloc 0.7,
//! rpmalloc 1.4, gperftools 2.10, LLVM 19's scudo, glibc 2.36, musl 1.2.3 and 1.2.5. Those of dlmalloc and
//! oldmalloc are from their sources.

/// What is known of an allocator.
#[derive(Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What else it is called.
    pub also: &'static [&'static str],
    /// Symbols that nothing else defines; those that end in `*` are beginnings.
    pub symbols: &'static [&'static str],
    /// Beginnings of names that count as its own once it is known to be there.
    pub own: &'static [&'static str],
    /// Texts in its code, from wherever they begin; `\0` is the end of a C string.
    pub texts: &'static [&'static str],
    /// A table of constants, as bytes in memory.
    pub table: Option<Table>,
    /// The number in a comparison that its code makes over and over.
    pub limit: Option<u32>,
}

/// A table that only this allocator has.
#[derive(Debug)]
pub struct Table {
    /// What it is, for the evidence.
    pub what: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

/// musl's `__malloc_size_classes`, in units of 16 bytes.
const MALLOCNG: [u16; 48] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 31, 36, 42, 50, 63, 72, 84, 102, 127, 146,
    170, 204, 255, 292, 340, 409, 511, 584, 682, 818, 1023, 1169, 1364, 1637, 2047, 2340, 2730,
    3276, 4095, 4680, 5460, 6552, 8191,
];

const MALLOCNG_BYTES: [u8; 96] = {
    let mut bytes = [0; 96];
    let mut at = 0;
    while at < MALLOCNG.len() {
        [bytes[2 * at], bytes[2 * at + 1]] = MALLOCNG[at].to_le_bytes();
        at += 1;
    }
    bytes
};

/// The bins of older musl, by size.
const OLDMALLOC: [u8; 60] = [
    32, 33, 34, 35, 36, 36, 37, 37, 38, 38, 39, 39, 40, 40, 40, 40, 41, 41, 41, 41, 42, 42, 42, 42,
    43, 43, 43, 43, 44, 44, 44, 44, 44, 44, 44, 44, 45, 45, 45, 45, 45, 45, 45, 45, 46, 46, 46, 46,
    46, 46, 46, 46, 47, 47, 47, 47, 47, 47, 47, 47,
];

/// musl's allocator for programs that never free: the only one that has code in others' programs.
pub const BUMP: &str = "musl-bump";

const NOTHING: Known =
    Known { name: "", also: &[], symbols: &[], own: &[], texts: &[], table: None, limit: None };

/// All of them.
pub static KNOWN: [Known; 11] = [
    Known {
        name: "mimalloc",
        symbols: &["mi_malloc", "mi_free", "mi_malloc_aligned", "_mi_malloc_generic", "_mi_page_*"],
        own: &["mi_", "_mi_"],
        texts: &["mimalloc: \0", "mimalloc: warning: \0", "mimalloc: error: \0", "mimalloc_\0"],
        ..NOTHING
    },
    Known {
        name: "jemalloc",
        symbols: &[
            "mallctl",
            "je_malloc",
            "je_mallctl",
            "_rjem_malloc",
            "_rjem_mallocx",
            "_rjem_mallctl",
            "_rjem_je_*",
        ],
        own: &["je_", "_rjem_", "gild_je_"],
        texts: &[
            "<jemalloc>: Error in atexit()\n\0",
            "<jemalloc>: Unsupported system page size\n\0",
            "___ Begin jemalloc statistics ___\n\0",
        ],
        ..NOTHING
    },
    Known {
        name: "snmalloc",
        symbols: &["sn_malloc", "sn_rust_alloc", "_ZN8snmalloc*", "_ZNK8snmalloc*"],
        own: &["sn_"],
        texts: &[
            "Failed to initialise snmalloc.\0",
            "Failed to initialise thread local allocator.\0",
        ],
        ..NOTHING
    },
    Known {
        name: "rpmalloc",
        symbols: &["rpmalloc", "rpmalloc_initialize", "_rpmalloc_*"],
        own: &["rpmalloc_"],
        // LARGE_SIZE_LIMIT: 63 spans of 64 KiB less a header of 128 bytes. Release builds have no text.
        limit: Some(63 * 65536 - 128),
        ..NOTHING
    },
    Known {
        name: "tcmalloc",
        also: &["gperftools"],
        symbols: &["tc_malloc", "TCMallocInternalMalloc", "_ZN8tcmalloc*"],
        own: &["tc_", "TCMalloc"],
        texts: &[
            "Bytes in page heap freelist\n",
            "tcmalloc.max_total_thread_cache_bytes\0",
            "tcmalloc.pageheap_unmapped_bytes\0",
        ],
        ..NOTHING
    },
    Known {
        name: "scudo",
        symbols: &["_ZN5scudo*"],
        texts: &["Scudo ERROR: \0", "scudo:primary\0", "SCUDO_OPTIONS\0"],
        ..NOTHING
    },
    Known {
        name: "dlmalloc",
        symbols: &["dlmalloc", "dlfree", "_ZN8dlmalloc*"],
        texts: &["max system bytes = %10lu\n\0"],
        ..NOTHING
    },
    Known {
        name: "glibc",
        also: &["ptmalloc"],
        symbols: &["_int_malloc", "main_arena", "__malloc_arena_thread_freeres", "__libc_mallopt"],
        own: &["_int_", "sysmalloc", "ptmalloc_init", "arena_get2", "tcache_init"],
        texts: &[
            "malloc(): corrupted top size\0",
            "free(): invalid pointer\0",
            "munmap_chunk(): invalid pointer\0",
        ],
        ..NOTHING
    },
    Known {
        name: "mallocng",
        also: &["musl"],
        symbols: &["__malloc_size_classes", "__malloc_alloc_meta"],
        table: Some(Table { what: "musl's size classes", bytes: &MALLOCNG_BYTES }),
        ..NOTHING
    },
    Known {
        name: "oldmalloc",
        also: &["musl"],
        symbols: &["__bin_chunk", "bin_tab"],
        table: Some(Table { what: "older musl's bins", bytes: &OLDMALLOC }),
        ..NOTHING
    },
    Known { name: BUMP, also: &["musl"], symbols: &["__simple_malloc"], ..NOTHING },
];

impl Known {
    /// Whether a symbol of this name tells that the allocator is there.
    pub fn is_marked_by(&self, symbol: &str) -> bool {
        self.symbols.iter().any(|known| match known.strip_suffix('*') {
            Some(beginning) => symbol.starts_with(beginning),
            None => symbol == *known,
        })
    }

    /// Whether a function of this name is part of the allocator.
    pub fn owns(&self, symbol: &str) -> bool {
        self.is_marked_by(symbol) || self.own.iter().any(|own| symbol.starts_with(own))
    }
}

/// The allocator of that name.
pub fn by_name(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// Those that are also called so; `musl` are several.
pub fn by_alias(name: &str) -> impl Iterator<Item = &'static Known> {
    KNOWN.iter().filter(move |known| known.also.contains(&name))
}

/// A function's name without what compilers append to parts of it, such as `.part.0`.
pub fn plain(symbol: &[u8]) -> &str {
    let name = std::str::from_utf8(symbol).unwrap_or_default();
    match name.find('.') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}
