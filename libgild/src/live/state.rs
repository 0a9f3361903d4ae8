//! What the walk knows of each section: one byte, so that a reference costs one load.

use crate::ids::SectionId;
use crate::sections::{SectionKind, Sections};
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};
use std::sync::atomic::{AtomicU8, AtomicU64};

const LIVE: u8 = 1;
const EXCLUDED: u8 = 2;
const MERGE: u8 = 4;
const SCANNED: u8 = 8;

/// Sections that share a bit of [`State::fresh`].
const RUN: usize = 16;

/// Sections that the walk takes at a time.
const BATCH: usize = 64 * RUN;

/// What a reference found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Claim {
    /// The section isn't in the output.
    pub excluded: bool,
    /// The section has pieces.
    pub merge: bool,
}

/// What there is to know of all sections.
#[derive(Debug, Default)]
pub(super) struct State {
    /// By `SectionId`.
    sections: Vec<AtomicU8>,
    /// By batch, a bit for each run of its sections: whether any may be live but not scanned.
    fresh: Vec<AtomicU64>,
}

impl State {
    /// All sections that aren't excluded are live if `all`, none is otherwise.
    pub fn new(sections: &Sections, all: bool) -> State {
        let state = sections.inputs.par_iter().tasks_of(1 << 14).map(|input| {
            AtomicU8::new(match input.kind {
                SectionKind::Excluded => EXCLUDED,
                SectionKind::Merge => MERGE | u8::from(all),
                _ => u8::from(all),
            })
        });
        let batches = if all { 0 } else { sections.inputs.len().div_ceil(BATCH) };
        State {
            sections: state.collect(),
            fresh: (0..batches).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    #[inline]
    pub fn is_live(&self, id: SectionId) -> bool {
        // Groups of merged pieces stand behind all inputs; they exist for live ones only.
        self.sections.get(id.index()).is_none_or(|state| state.load(Relaxed) & LIVE != 0)
    }

    /// Takes a section out of the output after all.
    pub fn drop(&mut self, id: SectionId) {
        *self.sections[id.index()].get_mut() = EXCLUDED;
    }

    pub fn live_count(&self) -> usize {
        self.sections.iter().filter(|state| state.load(Relaxed) & LIVE != 0).count()
    }

    /// Makes a section live.
    #[inline]
    pub fn claim(&self, id: SectionId) -> Claim {
        let state = &self.sections[id.index()];
        let before = state.load(Relaxed);
        if before & (LIVE | EXCLUDED) == 0 {
            state.fetch_or(LIVE, Relaxed);
            let run = id.index() % BATCH / RUN;
            self.fresh[id.index() / BATCH].fetch_or(1 << run, Release);
        }
        Claim { excluded: before & EXCLUDED != 0, merge: before & MERGE != 0 }
    }

    /// Batches with live sections that nobody has scanned.
    pub fn fresh(&self) -> Vec<usize> {
        (0..self.fresh.len()).filter(|&batch| self.fresh[batch].load(Relaxed) != 0).collect()
    }

    /// What is live in a batch and was not taken before, in order. Of each batch, one thread takes
    /// at a time.
    pub fn take(&self, batch: usize) -> Vec<SectionId> {
        let mut taken = Vec::new();
        let mut runs = self.fresh[batch].swap(0, AcqRel);
        while runs != 0 {
            let start = batch * BATCH + runs.trailing_zeros() as usize * RUN;
            runs &= runs - 1;
            for (id, state) in (start as u32..).zip(self.sections[start..].iter().take(RUN)) {
                let before = state.load(Relaxed);
                if before & (LIVE | SCANNED) == LIVE {
                    // Of a live section no other thread changes anything.
                    state.store(before | SCANNED, Relaxed);
                    taken.push(SectionId(id));
                }
            }
        }
        taken
    }
}

/// One bit per byte of the allocated merge sections; by merge index. Nothing without
/// `--gc-sections`, and no bits for sections that aren't loaded: those stay whole.
#[derive(Debug, Default)]
pub(super) struct Touched(Vec<Box<[AtomicU64]>>);

impl Touched {
    /// `sizes` are those of the sections to track, 0 for others.
    pub fn new(sizes: impl IndexedParallelIterator<Item = u64>) -> Touched {
        let bits = |size: u64| (0..size.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Touched(sizes.map(bits).collect())
    }

    pub fn is_tracked(&self, index: u64) -> bool {
        self.0.get(index as usize).is_some_and(|bits| !bits.is_empty())
    }

    #[inline]
    pub fn touch(&self, index: u64, offset: u64) {
        let word = self.0.get(index as usize).and_then(|bits| bits.get(offset as usize / 64));
        let bit = 1 << (offset % 64);
        if let Some(word) = word
            && word.load(Relaxed) & bit == 0
        {
            word.fetch_or(bit, Relaxed);
        }
    }

    /// Touches every byte.
    pub fn touch_all(&self, index: u64) {
        let words = self.0.get(index as usize).into_iter().flatten();
        words.for_each(|word| word.store(u64::MAX, Relaxed));
    }

    pub fn any(&self, index: u64, range: Range<u64>) -> bool {
        let Some(bits) = self.0.get(index as usize).filter(|bits| !bits.is_empty()) else {
            return true;
        };
        let (mut at, end) = (range.start, range.end);
        while at < end {
            let word = bits.get(at as usize / 64).map_or(0, |word| word.load(Relaxed));
            let mask = u64::MAX << (at % 64);
            let next = (at / 64 + 1) * 64;
            let mask = if next > end { mask & !(u64::MAX << (end % 64)) } else { mask };
            if word & mask != 0 {
                return true;
            }
            at = next;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_live_section_is_taken_once() {
        let states = (0..3 * BATCH).map(|id| AtomicU8::new(if id == 5 { EXCLUDED } else { 0 }));
        let fresh = (0..3).map(|_| AtomicU64::new(0)).collect();
        let state = State { sections: states.collect(), fresh };
        let last = 3 * BATCH as u32 - 1;
        for id in [last, 7, 5, 6, 7] {
            assert_eq!(state.claim(SectionId(id)).excluded, id == 5);
        }
        assert_eq!(state.fresh(), [0, 2]);
        assert_eq!(state.take(0), [SectionId(6), SectionId(7)]);
        assert_eq!(state.take(1), []);
        assert_eq!(state.take(2), [SectionId(last)]);
        state.claim(SectionId(7));
        assert!(state.fresh().is_empty() && state.take(0).is_empty());
        state.claim(SectionId(0));
        assert_eq!(state.take(0), [SectionId(0)]);
    }

    #[test]
    fn touched_ranges_are_exact() {
        let touched = Touched::new([200u64, 0].into_par_iter());
        touched.touch(0, 64);
        touched.touch(0, 199);
        touched.touch(0, 5000);
        for (range, expected) in [
            (0..64, false),
            (0..65, true),
            (64..65, true),
            (65..199, false),
            (65..200, true),
            (63..64, false),
            (128..192, false),
            (192..200, true),
        ] {
            assert_eq!(touched.any(0, range.clone()), expected, "{range:?}");
        }
        assert!(touched.any(1, 0..1) && touched.any(7, 0..1));
        assert!(touched.is_tracked(0) && !touched.is_tracked(1));
    }
}
