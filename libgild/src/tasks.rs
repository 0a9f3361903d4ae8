//! Parallel work in tasks of a given length.

use rayon::iter::{IndexedParallelIterator, MaxLen, MinLen};

/// Left to itself, rayon cuts work into two to four tasks a thread, and further only where a thread has
/// nothing to do; what runs is never cut. Where a task can be much longer than another (one object of 11 MB among 1,000 small
/// ones), the last one keeps the other threads waiting.
pub trait Tasks: IndexedParallelIterator {
    /// Cuts the work into tasks of `length` items, or up to twice as many.
    fn tasks_of(self, length: usize) -> MinLen<MaxLen<Self>> {
        self.with_max_len(length).with_min_len(length)
    }
}

impl<I: IndexedParallelIterator> Tasks for I {}
