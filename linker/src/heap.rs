//! gild's allocator: blocks of a thread's own below 16 KiB, runs of pages above, nothing given back
//! to the system before the end.
//!
//! A link allocates tables that live to its end and buffers that live for a phase. What costs is not
//! finding a block but the page faults of touching it and the system calls of a heap that grows and
//! shrinks, during which the other threads' faults wait. So memory comes in large chunks of huge
//! pages, and freed runs are used again, the smallest that fits first. (mimalloc, which gild carries for
//! programs, raised the peak of ripgrep's link from 97 to 166 MB and hello world's time by 0.9 ms.)
//!
//! A virtual machine may hand free memory back to its host: fetching a huge page again takes 4 ms
//! instead of 0.2. The 512 small pages in its place take 0.9, as they are mostly of fragments that have
//! stayed. So there the first chunk has small pages, which is all that most links need; and each run
//! of huge pages is begun by a touch, and a slow one is the last.

use rustix::fs::{Mode, OFlags, open};
use rustix::io::read;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::ptr::{null_mut, with_exposed_provenance_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The process's allocator.
pub struct Heap;

/// Largest block that a thread keeps for itself, bytes.
const SMALL: usize = 16 << 10;
/// Alignment of small blocks, bytes.
const ALIGN: usize = 16;
/// What a thread cuts small blocks from, bytes.
const SLAB: usize = 256 << 10;
const PAGE: usize = 4 << 10;
const HUGE_PAGE: usize = 2 << 20;
/// A small link gets by with this and never sees a huge page, which takes 100 µs to clear.
const FIRST_CHUNK: usize = 2 << 20;
/// Address space that is asked for at a time; only what is touched becomes memory.
const CHUNK: usize = 64 << 20;

/// Processor time after which the first touch of a huge page was slow: that of 512 small ones.
const SLOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 900_000 };

/// Sizes of small blocks: multiples of 16 up to 128, then four to each doubling.
const CLASSES: usize = 36;

fn class(size: usize) -> usize {
    if size <= 128 {
        return size.saturating_sub(1) / ALIGN;
    }
    let top = (size - 1).ilog2() as usize;
    8 + (top - 7) * 4 + ((size - 1) >> (top - 2) & 3)
}

fn class_size(class: usize) -> usize {
    match class.checked_sub(8) {
        None => (class + 1) * ALIGN,
        Some(rest) => (rest % 4 + 5) << (rest / 4 + 5),
    }
}

/// Small blocks of one thread.
struct Local {
    /// By class: freed blocks, each of which starts with the address of the next.
    free: [*mut u8; CLASSES],
    /// Rest of the slab.
    start: *mut u8,
    left: usize,
}

thread_local! {
    static LOCAL: UnsafeCell<Local> =
        const { UnsafeCell::new(Local { free: [null_mut(); CLASSES], start: null_mut(), left: 0 }) };
}

impl Local {
    fn take(&mut self, class: usize) -> *mut u8 {
        let block = self.free[class];
        if !block.is_null() {
            // SAFETY: `give` has stored the next block in the first bytes of this one.
            self.free[class] = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        let size = class_size(class);
        if self.left < size {
            let Some((slab, _)) = pages().take(SLAB) else { return null_mut() };
            (self.start, self.left) = (with_exposed_provenance_mut(slab), SLAB);
        }
        let block = self.start;
        self.start = block.wrapping_add(size);
        self.left -= size;
        block
    }

    fn give(&mut self, class: usize, block: *mut u8) {
        // SAFETY: the block is free, aligned, and has room for an address in every class.
        unsafe { block.cast::<*mut u8>().write(self.free[class]) };
        self.free[class] = block;
    }
}

/// More freed runs than this are forgotten. A link of 400 MB has a few hundred.
const RUNS: usize = 4096;

/// A run of pages: address and bytes.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    size: usize,
}

/// Runs of pages that all threads share.
struct Pages {
    /// Freed runs, ascending, no two adjacent.
    free: [Run; RUNS],
    count: usize,
    /// The rest of the last chunk, never touched, but for the first byte of a huge page.
    fresh: Run,
    /// Chunks that were asked for.
    chunks: usize,
    /// Where the huge pages start that the last chunk may still have; the end of all addresses once
    /// they have been slow. Never less than `fresh.start` as it was before a run was taken, unless no
    /// huge page has room from there to the chunk's end: nobody ever had the page there.
    huge: usize,
}

static PAGES: Mutex<Pages> = Mutex::new(Pages {
    free: [Run { start: 0, size: 0 }; RUNS],
    count: 0,
    fresh: Run { start: 0, size: 0 },
    chunks: 0,
    huge: 0,
});

fn pages() -> MutexGuard<'static, Pages> {
    PAGES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pages {
    /// A run of `size` bytes, a multiple of `PAGE`; and whether it is all zeros.
    fn take(&mut self, size: usize) -> Option<(usize, bool)> {
        let fits = self.free[..self.count].iter().enumerate().filter(|(_, run)| run.size >= size);
        if let Some((index, run)) = fits.min_by_key(|(_, run)| run.size) {
            let start = run.start;
            self.shorten(index, size);
            return Some((start, false));
        }
        if self.fresh.size < size {
            self.grow(size)?;
        }
        let start = self.fresh.start;
        self.shorten_fresh(size);
        Some((start, true))
    }

    /// Takes the first `size` bytes of free run `index`.
    fn shorten(&mut self, index: usize, size: usize) {
        let run = &mut self.free[index];
        *run = Run { start: run.start + size, size: run.size - size };
        if run.size == 0 {
            self.free.copy_within(index + 1..self.count, index);
            self.count -= 1;
        }
    }

    /// Takes the first `size` bytes of the rest of the last chunk.
    fn shorten_fresh(&mut self, size: usize) {
        let chunk_end = self.fresh.start + self.fresh.size;
        self.fresh = Run { start: self.fresh.start + size, size: self.fresh.size - size };
        if self.huge < self.fresh.start {
            self.use_huge_pages(chunk_end);
        }
    }

    /// Has huge pages made of what was taken last, as far as it reaches into new ones.
    fn use_huge_pages(&mut self, chunk_end: usize) {
        let first = self.huge;
        let last_end = chunk_end - chunk_end % HUGE_PAGE;
        let end = self.fresh.start.next_multiple_of(HUGE_PAGE).min(last_end);
        if first >= end {
            return;
        }
        advise_huge_pages(first, end, true);
        self.huge = end;
        let begun = clock_gettime(ClockId::ThreadCPUTime);
        // SAFETY: `first` lies in what was taken last (see `huge`), which nobody has yet; zeros stay
        // zeros.
        unsafe { with_exposed_provenance_mut::<u8>(first).write_volatile(0) };
        if clock_gettime(ClockId::ThreadCPUTime) - begun > SLOW {
            advise_huge_pages(first + HUGE_PAGE, chunk_end, false);
            self.huge = usize::MAX;
        }
    }

    /// Asks the system for a chunk with room for `size` bytes.
    #[cold]
    fn grow(&mut self, size: usize) -> Option<()> {
        let first = self.chunks == 0 && size <= FIRST_CHUNK;
        let bytes = if first {
            FIRST_CHUNK
        } else {
            CHUNK.max(size.checked_add(HUGE_PAGE)?.next_multiple_of(HUGE_PAGE))
        };
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping, wherever the kernel likes.
        let chunk =
            unsafe { mmap_anonymous(null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, flags) };
        let chunk = chunk.ok()?;
        let old = self.fresh;
        let start = chunk.expose_provenance();
        self.fresh = Run { start, size: bytes };
        self.chunks += 1;
        if self.huge == usize::MAX {
            advise_huge_pages(start, start + bytes, false);
        } else if first {
            self.huge = start + bytes;
        } else if self.chunks <= 2 && hands_memory_back() {
            advise_huge_pages(start, start + bytes, false);
            self.huge = start + bytes;
        } else {
            self.huge = start.next_multiple_of(HUGE_PAGE);
        }
        self.give(old);
        Some(())
    }

    fn give(&mut self, run: Run) {
        let at = self.free[..self.count].partition_point(|free| free.start < run.start);
        let joins_next = at < self.count && run.start + run.size == self.free[at].start;
        let before = at.checked_sub(1).map(|before| self.free[before]);
        if let Some(before) = before.filter(|free| free.start + free.size == run.start) {
            self.free[at - 1].size += run.size;
            if joins_next {
                self.free[at - 1].size = before.size + run.size + self.free[at].size;
                self.free.copy_within(at + 1..self.count, at);
                self.count -= 1;
            }
        } else if joins_next {
            self.free[at] = Run { start: run.start, size: run.size + self.free[at].size };
        } else if run.size != 0 && self.count < RUNS {
            self.free.copy_within(at..self.count, at + 1);
            self.free[at] = run;
            self.count += 1;
        }
    }

    /// Lengthens the run that ends at `end` by `size` bytes, if those are free.
    fn extend(&mut self, end: usize, size: usize) -> bool {
        if self.fresh.start == end && self.fresh.size >= size {
            self.shorten_fresh(size);
            return true;
        }
        match self.free[..self.count].binary_search_by_key(&end, |run| run.start) {
            Ok(index) if self.free[index].size >= size => {
                self.shorten(index, size);
                true
            }
            _ => false,
        }
    }
}

/// Whether this is a virtual machine that hands free memory back to its host: Linux, free page
/// reporting, Documentation/admin-guide/kernel-parameters.txt. Allocates nothing.
fn hands_memory_back() -> bool {
    const ORDER: &CStr = c"/sys/module/page_reporting/parameters/page_reporting_order";
    /// `MAX_PAGE_ORDER`; a larger order turns reporting off.
    const LARGEST: u32 = 10;
    let mut text = [0; 16];
    let length = open(ORDER, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| read(file, &mut text));
    let order = length.ok().and_then(|length| str::from_utf8(&text[..length]).ok());
    order.and_then(|order| order.trim().parse().ok()).is_some_and(|order: u32| order <= LARGEST)
}

/// Asks for huge pages in a part of a chunk, or for none. Nothing depends on its being heard.
fn advise_huge_pages(start: usize, end: usize, wanted: bool) {
    let advice = if wanted { Advice::LinuxHugepage } else { Advice::LinuxNoHugepage };
    // SAFETY: wherever that is, these two change no byte and no right (madvise(2)).
    let _ = unsafe { madvise(with_exposed_provenance_mut(start), end - start, advice) };
}

fn is_small(layout: Layout) -> bool {
    layout.size() <= SMALL && layout.align() <= ALIGN
}

fn to_pages(size: usize) -> usize {
    size.next_multiple_of(PAGE)
}

/// A block of whole pages; and whether it is all zeros.
fn take_pages(layout: Layout) -> Option<(*mut u8, bool)> {
    // Nothing asks for more than a page's alignment; if it did, the pages in front would be lost.
    let extra = layout.align().saturating_sub(PAGE);
    let (start, zeros) = pages().take(to_pages(layout.size().checked_add(extra)?))?;
    Some((with_exposed_provenance_mut(start.next_multiple_of(layout.align())), zeros))
}

// SAFETY: blocks are disjoint, as large and as aligned as their layouts say: those of a class are
// multiples of `ALIGN` cut from slabs, others are runs of pages; the layout tells which of the two.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_small(layout) {
            return take_pages(layout).map_or(null_mut(), |(block, _)| block);
        }
        // SAFETY: the thread's own, and nothing below allocates.
        LOCAL.with(|local| unsafe { &mut *local.get() }.take(class(layout.size())))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (block, zeros) = match is_small(layout) {
            // SAFETY: the layout is the caller's.
            true => (unsafe { self.alloc(layout) }, false),
            false => take_pages(layout).unwrap_or((null_mut(), true)),
        };
        if !zeros && !block.is_null() {
            // SAFETY: the block has this many bytes.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_small(layout) {
            // SAFETY: as in `alloc`. Another thread's block becomes this thread's.
            LOCAL.with(|local| unsafe { &mut *local.get() }.give(class(layout.size()), block));
        } else {
            pages().give(Run { start: block.expose_provenance(), size: to_pages(layout.size()) });
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `size` is a valid one.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let stays = match (is_small(layout), is_small(new)) {
            (true, true) => class(layout.size()) == class(size),
            (false, false) => resize(block.expose_provenance(), layout.size(), size),
            _ => false,
        };
        if stays {
            return block;
        }
        // SAFETY: both blocks have as many bytes as are copied, and the old one is given up.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// Whether a run of pages could get its new size where it is.
fn resize(start: usize, old: usize, new: usize) -> bool {
    let (old, new) = (to_pages(old), to_pages(new));
    if new <= old {
        if new < old {
            pages().give(Run { start: start + new, size: old - new });
        }
        return true;
    }
    pages().extend(start + old, new - old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_they_are_for() {
        for size in 1..=SMALL {
            let room = class_size(class(size));
            assert!(room >= size && room.is_multiple_of(ALIGN), "{size}");
            assert!(size <= 128 || room * 4 <= size * 5 + 4, "{size}");
        }
        assert_eq!(class(SMALL) + 1, CLASSES);
    }

    #[test]
    fn freed_neighbours_become_one_run() {
        let mut pages = Pages {
            free: [Run { start: 0, size: 0 }; RUNS],
            count: 0,
            fresh: Run { start: 0, size: 0 },
            chunks: 0,
            huge: 0,
        };
        for (start, size) in [(8, 2), (2, 2), (12, 4), (4, 4), (10, 2)] {
            pages.give(Run { start: start * PAGE, size: size * PAGE });
        }
        assert_eq!(pages.count, 1);
        assert_eq!((pages.free[0].start, pages.free[0].size), (2 * PAGE, 14 * PAGE));
        assert!(pages.extend(2 * PAGE, PAGE) && !pages.extend(2 * PAGE, PAGE));
        assert_eq!(pages.take(13 * PAGE), Some((3 * PAGE, false)));
        assert_eq!(pages.count, 0);
    }

    #[test]
    fn blocks_keep_their_bytes_when_they_grow() {
        let mut grown: Vec<Vec<u8>> = vec![Vec::new(); 8];
        for length in 0..100_000 {
            grown.iter_mut().for_each(|bytes| bytes.push(length as u8));
        }
        for bytes in &grown {
            assert!(bytes.iter().zip(0..).all(|(&byte, at): (_, u32)| byte == at as u8));
        }
        drop(grown);
        assert!(vec![0u8; 300_000].iter().all(|&byte| byte == 0));
    }
}
