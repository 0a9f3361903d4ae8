//! The allocators that gild brings along: static archives, position-independent, without debug
//! information, compiled from the sources that a published crate ships and the few lines in
//! `glue/`. `README.md` says what each defines.

#![forbid(unsafe_code)]

mod libc;

pub use libc::Libc;

/// One archive.
#[derive(Clone, Copy)]
pub struct Bundled {
    /// What `--allocator=NAME` calls it.
    pub name: &'static str,
    /// Programs with the other libc can't take it.
    pub libc: Libc,
    /// The allocator's own version.
    pub version: &'static str,
    /// The file, as `ar` writes it. Its members lie at even addresses at best.
    pub bytes: &'static [u8],
    /// XXH3-128 of `bytes`. To compute it takes 2 % of the smallest link.
    pub hash: u128,
}

/// An archive that couldn't be built with gild.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    /// What `--allocator=NAME` calls it.
    pub name: &'static str,
    /// For programs with this libc.
    pub libc: Libc,
    /// A sentence for the user: which compiler was looked for, or what it said.
    pub reason: &'static str,
}

/// Looks an archive up by name.
pub fn find(name: &str, libc: Libc) -> Option<&'static Bundled> {
    BUNDLED.iter().find(|bundled| bundled.name == name && bundled.libc == libc)
}

/// Says why `find` has nothing, if it is one that gild usually brings.
pub fn why_missing(name: &str, libc: Libc) -> Option<&'static str> {
    let missing = MISSING.iter().find(|missing| missing.name == name && missing.libc == libc);
    missing.map(|missing| missing.reason)
}

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_archive_is_there_or_has_a_reason() {
        for libc in Libc::ALL {
            for name in ["mimalloc", "mimalloc2"] {
                assert_ne!(find(name, libc).is_some(), why_missing(name, libc).is_some());
            }
        }
    }

    #[test]
    fn an_archive_is_one_and_says_what_it_is() {
        for bundled in BUNDLED {
            assert!(bundled.bytes.starts_with(b"!<arch>\n"));
            let identity = format!("mimalloc {}\0", bundled.version);
            assert!(bundled.bytes.windows(identity.len()).any(|w| w == identity.as_bytes()));
        }
    }

    #[test]
    fn an_archive_says_nothing_about_where_it_was_built() {
        let home = env!("CARGO_MANIFEST_DIR").as_bytes();
        for bundled in BUNDLED {
            assert!(!bundled.bytes.windows(home.len()).any(|window| window == home));
        }
    }
}
