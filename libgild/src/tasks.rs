//! Parallel work in tasks of a given length, or in the order of the items.

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, MaxLen, MinLen, ParallelIterator,
};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Left to itself, rayon cuts work into two to four tasks a thread, and further only where a thread has
/// nothing to do; what runs is never cut. Where a task can be much longer than another (one object of
/// 11 MB among 1,000 small ones), the last one keeps the other threads waiting.
pub trait Tasks: IndexedParallelIterator {
    /// Cuts the work into tasks of `length` items, or up to twice as many.
    fn tasks_of(self, length: usize) -> MinLen<MaxLen<Self>> {
        self.with_max_len(length).with_min_len(length)
    }
}

impl<I: IndexedParallelIterator> Tasks for I {}

/// Items that threads take one after the other, so that all work on neighbours.
pub struct Front<'a, T> {
    items: &'a [T],
    next: AtomicUsize,
}

impl<'a, T> Front<'a, T> {
    /// The first item that nobody has taken, and its place.
    pub fn take(&self) -> Option<(usize, &'a T)> {
        let place = self.next.fetch_add(1, Relaxed);
        self.items.get(place).map(|item| (place, item))
    }
}

/// Calls `work` once on each of so many threads; together they take all `items`.
pub fn at_one_front<'a, T: Sync, R: Send>(
    threads: usize,
    items: &'a [T],
    work: impl Fn(&Front<'a, T>) -> R + Send + Sync,
) -> impl ParallelIterator<Item = R> {
    let front = Front { items, next: AtomicUsize::new(0) };
    (0..threads).into_par_iter().with_max_len(1).map(move |_| work(&front))
}
