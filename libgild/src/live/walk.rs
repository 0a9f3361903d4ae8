//! The graph walk of `--gc-sections`: depth first in each task; a task with much before it gives
//! half away.

use super::roots::Roots;
use super::scan::{Found, Scanner};
use crate::ids::SectionId;
use std::sync::Mutex;

/// Sections in a task's queue above which it gives half of them to another task. A section takes
/// about a microsecond, so that the other task is worth its start.
const SPLIT: usize = 256;

/// Walks everything that the roots reach.
pub(super) fn from_roots(scanner: &Scanner, roots: Roots) -> Found {
    let mut found = Found::default();
    for id in roots.symbols {
        scanner.keep_symbol(&scanner.resolved.symbols[id.index()], &mut found);
    }
    for id in roots.sections {
        scanner.keep(id, &mut found);
    }
    let results = Mutex::new(Vec::new());
    rayon::scope(|scope| task(scanner, scope, &results, found));
    let results = results.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    results.into_iter().fold(Found::default(), Found::and)
}

fn task<'scope>(
    scanner: &'scope Scanner<'scope, '_>,
    scope: &rayon::Scope<'scope>,
    results: &'scope Mutex<Vec<Found>>,
    mut found: Found,
) {
    while let Some(id) = found.queue.pop() {
        scanner.scan(id, &mut found);
        if found.queue.len() > SPLIT {
            let half: Vec<SectionId> = found.queue.drain(..SPLIT / 2).collect();
            let other = Found { queue: half, ..Found::default() };
            scope.spawn(move |scope| task(scanner, scope, results, other));
        }
    }
    let mut results = results.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    results.push(found);
}
