//! The graph walk of `--gc-sections`: sweeps in the order of the input.
//!
//! In that order neighbours share cache lines and pages, and much of what a section refers to comes
//! behind it and is met in the same sweep: LLVM's `opt` and ripgrep take 12 each. Breadth first, every
//! step of a chain of references was a wave of its own, and the walk took half as long again.

use super::roots::Roots;
use super::scan::{Found, Scanner};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Batches from which on they are worth several threads.
const PARALLEL: usize = 4;

/// Walks everything that the roots reach.
pub(super) fn from_roots(scanner: &Scanner, roots: Roots) -> Found {
    let mut found = Found::default();
    for id in roots.symbols {
        scanner.keep_symbol(&scanner.resolved.symbols[id.index()], &mut found);
    }
    for id in roots.sections {
        scanner.keep(id);
    }
    loop {
        let batches = scanner.state.fresh();
        if batches.is_empty() {
            return found;
        }
        found = found.and(sweep(scanner, &batches));
    }
}

/// Scans batches, all threads at one front.
fn sweep(scanner: &Scanner, batches: &[usize]) -> Found {
    let next = AtomicUsize::new(0);
    let work = |_| {
        let mut found = Found::default();
        while let Some(&batch) = batches.get(next.fetch_add(1, Relaxed)) {
            scan_batch(scanner, batch, &mut found);
        }
        found
    };
    let threads = if batches.len() < PARALLEL { 1 } else { rayon::current_num_threads() };
    let all = (0..threads).into_par_iter().with_max_len(1).map(work);
    all.reduce(Found::default, Found::and)
}

/// Scans what is live in a batch, and what becomes live in it by that.
fn scan_batch(scanner: &Scanner, batch: usize, found: &mut Found) {
    loop {
        let ids = scanner.state.take(batch);
        if ids.is_empty() {
            return;
        }
        for (place, &id) in ids.iter().enumerate() {
            if let Some(&later) = ids.get(place + super::SECTIONS_AHEAD as usize) {
                scanner.prefetch(later);
            }
            scanner.scan(id, found);
        }
    }
}
