//! A vector that several threads fill, each its own part: touched first by the thread that needs
//! it, and never copied.

use crate::tasks::Tasks;
use rayon::prelude::*;

/// Makes a vector of parts of these `lengths`, with `room` for more elements behind them. Every
/// element starts as `value`; `fill` is called for each part with its number, in parallel. What it
/// notes in `S` comes in the order of the parts, one `S` for each run of them.
pub fn fill_parts<T: Copy + Send + Sync, S: Default + Send>(
    value: T,
    lengths: &[usize],
    room: usize,
    fill: impl Fn(&mut S, usize, &mut [T]) + Sync,
) -> (Vec<T>, Vec<S>) {
    let total = lengths.iter().sum::<usize>();
    let mut all: Vec<T> = Vec::with_capacity(total + room);
    let parts = split(&mut all.spare_capacity_mut()[..total], lengths);
    let filled = parts.into_par_iter().tasks_of(4).enumerate();
    let filled = filled.fold(S::default, |mut notes, (number, part)| {
        for element in part.iter_mut() {
            element.write(value);
        }
        // SAFETY: the loop above has written every element.
        fill(&mut notes, number, unsafe { &mut *(std::ptr::from_mut(part) as *mut [T]) });
        notes
    });
    let filled = filled.collect();
    // SAFETY: the parts are the first `total` elements, and a task has written each of them.
    unsafe { all.set_len(total) };
    (all, filled)
}

/// Cuts a slice into parts of these lengths, which add up to its own.
pub fn split<'a, T>(mut rest: &'a mut [T], lengths: &[usize]) -> Vec<&'a mut [T]> {
    let parts = lengths.iter().map(|&length| {
        let (part, others) = std::mem::take(&mut rest).split_at_mut(length);
        rest = others;
        part
    });
    parts.collect()
}
