//! The graph walk of `--gc-sections`, in waves that are scanned in the order of the input.

use super::roots::Roots;
use super::scan::{Found, Scanner};
use crate::ids::SectionId;
use crate::tasks::Tasks;
use rayon::prelude::*;

/// Sections in the queue from which on they are worth several threads and a sort. In the order of
/// the input, neighbours share cache lines and pages: following references in the order they are
/// found took twice as long on 300,000 sections.
const WAVE: usize = 64;

/// Sections that a task scans at least, each about half a microsecond.
const SCAN_MIN: usize = 16;

/// Walks everything that the roots reach.
pub(super) fn from_roots(scanner: &Scanner, roots: Roots) -> Found {
    let mut found = Found::default();
    for id in roots.symbols {
        scanner.keep_symbol(&scanner.resolved.symbols[id.index()], &mut found);
    }
    for id in roots.sections {
        scanner.keep(id, &mut found);
    }
    loop {
        while found.queue.len() < WAVE {
            let Some(id) = found.queue.pop() else { return found };
            scanner.scan(id, &mut found);
        }
        let mut wave = std::mem::take(&mut found.queue);
        wave.par_sort_unstable();
        found = found.and(scan_all(scanner, &wave));
    }
}

fn scan_all(scanner: &Scanner, wave: &[SectionId]) -> Found {
    let ids = wave.par_iter().enumerate().tasks_of(SCAN_MIN);
    let scanned = ids.fold(Found::default, |mut found, (place, &id)| {
        if let Some(&later) = wave.get(place + super::SECTIONS_AHEAD as usize) {
            scanner.prefetch(later);
        }
        scanner.scan(id, &mut found);
        found
    });
    scanned.reduce(Found::default, Found::and)
}
