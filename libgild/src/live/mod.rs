//! Which sections are reached, and what each symbol needs: garbage collection and the relocation
//! scan in one walk.

mod follow;
mod messages;
mod roots;
mod scan;
mod state;
mod walk;
mod warning_symbols;

#[cfg(test)]
mod mark_test;

use crate::args::Options;
use crate::diagnostics::{Errors, Result};
use crate::faults;
use crate::ids::{FileId, SectionId, SymbolId};
use crate::sections::Sections;
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use rayon::prelude::*;
use scan::{Found, Scanner};
use state::{State, Touched};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
pub use warning_symbols::WarningSymbol;

/// The answer of the walk.
#[derive(Debug, Default)]
pub struct Live {
    /// By `SectionId`, commons included.
    state: State,
    /// By `SymbolId`: `arch::x86_64::NEEDS_*`.
    needs: Vec<AtomicU8>,
    /// By `SectionId`: whether it takes dynamic RELATIVE relocations. Empty unless static-PIE.
    relative: Vec<AtomicBool>,
    /// Which bytes of merge sections are referred to.
    touched: Touched,
    /// Local symbols that need something: `arch::x86_64::NEEDS_*`, in order, each symbol once.
    pub local_needs: Vec<(FileId, u32, u8)>,
    /// By `Resolved::start_stop`: no section of that name is live, so that `__start_NAME` and
    /// `__stop_NAME` are undefined.
    pub(crate) dead_start_stop: Vec<bool>,
    /// Something refers to `_GLOBAL_OFFSET_TABLE_`, so `.got` must exist.
    pub got_base_used: bool,
    /// Unresolved symbols that were let pass.
    pub warnings: Vec<String>,
    /// Warnings of glibc's about functions that are used.
    pub warning_symbols: Vec<WarningSymbol>,
    /// Sections for `--print-gc-sections`, as `a.o:(.text.f)`, in input order.
    pub removed: Vec<String>,
}

impl Live {
    /// Whether section `id` is in the output. An excluded section never is.
    #[inline]
    pub fn is_live(&self, id: SectionId) -> bool {
        self.state.is_live(id)
    }

    /// Takes a section that nothing refers to out of the output.
    pub(crate) fn drop_section(&mut self, id: SectionId) {
        self.state.drop(id);
    }

    /// How many sections are in the output.
    pub fn live_count(&self) -> usize {
        self.state.live_count()
    }

    /// `arch::x86_64::NEEDS_*` of a global.
    #[inline]
    pub fn needs(&self, id: SymbolId) -> u8 {
        self.needs[id.index()].load(Relaxed)
    }

    /// Whether any of section `id`'s relocations becomes a dynamic RELATIVE one. False unless it is
    /// live and the output a static-PIE.
    #[inline]
    pub fn has_relative(&self, id: SectionId) -> bool {
        self.relative.get(id.index()).is_some_and(|any| any.load(Relaxed)) && self.is_live(id)
    }

    /// Whether any byte of merge section `index` in `range` is referred to. Always true for
    /// sections that are kept as a whole.
    pub(crate) fn is_touched(&self, index: u64, range: std::ops::Range<u64>) -> bool {
        self.touched.any(index, range)
    }

    /// Whether [`Live::is_touched`] may be false for merge section `index`.
    pub(crate) fn is_partial(&self, index: u64) -> bool {
        self.touched.is_tracked(index)
    }
}

/// Walks from the roots (`--gc-sections`) or over everything, and scans each section reached.
///
/// Errors: undefined symbols and impossible relocations of live code, all of them.
pub fn mark(resolved: &Resolved, sections: &Sections, options: &Options) -> Result<Live> {
    let scanner = Scanner::new(resolved, sections, options);
    let mut found = match options.gc_sections {
        true => walk::from_roots(&scanner, roots::roots(resolved, sections, options)),
        false => everything(&scanner, sections.inputs.len()),
    };
    let dead_start_stop = scanner.note_start_stop(&mut found);
    let Found { mut local_needs, undefined, faults, got_base_used, .. } = found;
    let mut live = Live { got_base_used, dead_start_stop, ..scanner.into_live() };
    let mut errors = faults::errors(resolved, sections, faults, options);
    errors.extend(messages::undefined(resolved, undefined, options, &mut live.warnings));
    Errors::check(errors)?;
    merge_needs(&mut local_needs);
    live.local_needs = local_needs;
    live.warning_symbols = warning_symbols::find(resolved, sections, &live);
    if options.gc_sections && options.print_gc_sections {
        live.removed = messages::removed(resolved, sections, &live);
    }
    Ok(live)
}

/// Sections that one task scans at least.
const SCAN_MIN: usize = 1024;

/// How many sections ahead symbols are asked for.
const SYMBOLS_AHEAD: usize = 2;

fn everything(scanner: &Scanner, count: usize) -> Found {
    (0..count as u32)
        .into_par_iter()
        .tasks_of(SCAN_MIN)
        .fold(Found::default, |mut found, id| {
            scanner.prefetch_symbols(SectionId(id + SYMBOLS_AHEAD as u32));
            scanner.scan(SectionId(id), &mut found);
            found
        })
        .reduce(Found::default, Found::and)
}

/// Sorts and unites entries of the same symbol.
fn merge_needs(needs: &mut Vec<(FileId, u32, u8)>) {
    needs.par_sort_unstable();
    needs.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 |= next.2;
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_of_one_symbol_unite() {
        let mut needs =
            vec![(FileId(1), 2, 4), (FileId(0), 9, 1), (FileId(1), 2, 1), (FileId(1), 2, 4)];
        merge_needs(&mut needs);
        assert_eq!(needs, [(FileId(0), 9, 1), (FileId(1), 2, 5)]);
    }
}
