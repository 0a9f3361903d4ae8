//! The graph walk of `--gc-sections`: sweeps in the order of the input.
//!
//! In that order neighbours share cache lines and pages, and much of what a section refers to comes
//! behind it and is met in the same sweep: LLVM's `opt` and ripgrep take 12 each. Breadth first, every
//! step of a chain of references was a wave of its own, and the walk took half as long again.

use super::SYMBOLS_AHEAD;
use super::roots::Roots;
use super::scan::{Found, Scanner};
use crate::tasks::at_one_front;
use rayon::prelude::*;

/// Batches from which on they are worth several threads.
const PARALLEL: usize = 4;

/// How many sections ahead the headers of relocations are asked for, and then what they lead to. What
/// is live lies scattered, so that the processor doesn't foresee it.
const HEADERS_AHEAD: usize = 8;
const RELOCATIONS_AHEAD: usize = 4;

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

/// Scans batches.
fn sweep(scanner: &Scanner, batches: &[usize]) -> Found {
    let threads = if batches.len() < PARALLEL { 1 } else { rayon::current_num_threads() };
    let all = at_one_front(threads, batches, |front| {
        let mut found = Found::default();
        while let Some((_, &batch)) = front.take() {
            scan_batch(scanner, batch, &mut found);
        }
        found
    });
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
            let later = |ahead: usize| ids.get(place + ahead).copied();
            later(HEADERS_AHEAD).into_iter().for_each(|id| scanner.prefetch_header(id));
            later(RELOCATIONS_AHEAD).into_iter().for_each(|id| scanner.prefetch_relocations(id));
            later(SYMBOLS_AHEAD).into_iter().for_each(|id| scanner.prefetch_symbols(id));
            scanner.scan(id, found);
        }
    }
}
