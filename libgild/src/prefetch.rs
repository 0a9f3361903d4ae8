//! Cache lines asked for ahead of time. Tables by symbol are larger than a core's cache and
//! references jump about in them: waiting for one was 8 % of a link of 600,000 functions. Names of
//! sections and symbols are new to the cache: waiting for theirs was 5 % of ripgrep's. With much debug
//! information so are the tables of merged strings: 3 % of wasmtime's.

/// How many references or names ahead.
pub const AHEAD: usize = 8;

/// Asks for the element at `index`, if there is one.
#[inline]
pub fn prefetch<T>(table: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = table.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, which no memory and no result depends on.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast()) }
    }
}
