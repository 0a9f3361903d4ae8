//! The threads of a link, one to a core.

use rayon::{ThreadBuilder, ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu};
use std::os::unix::thread::JoinHandleExt;
use std::thread;

/// Starts `count` threads. The calling one is the first of them: a small link starts none.
pub fn start(count: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    let cores = cores(count);
    if let Some(&own) = cores.first() {
        // SAFETY: a question without conditions.
        stay_on(unsafe { libc::pthread_self() }, own);
    }
    let start = |worker: ThreadBuilder| {
        let number = worker.index();
        let thread = thread::Builder::new().spawn(|| worker.run())?;
        if let Some(&core) = cores.get(number) {
            stay_on(thread.as_pthread_t(), core);
        }
        Ok(())
    };
    ThreadPoolBuilder::new().num_threads(count).use_current_thread().spawn_handler(start).build()
}

/// The core of each thread, this one's first, if there are as many as cores; none otherwise: then the
/// scheduler has a choice to make.
///
/// Where each has its own it has none, but makes one that costs. To Linux in a virtual machine, a
/// core that has nothing to do looks as if the host had taken it away, so that a thread that is
/// woken is put beside the one that woke it, and waits there for up to 4 ms. A small link of 10 ms
/// could run on one of two cores from start to end.
fn cores(count: usize) -> Vec<usize> {
    let allowed = if count > 1 { sched_getaffinity(None).ok() } else { None };
    let Some(allowed) = allowed.filter(|allowed| allowed.count() as usize == count) else {
        return Vec::new();
    };
    let here = sched_getcpu();
    (here..CpuSet::MAX_CPU).chain(0..here).filter(|&core| allowed.is_set(core)).collect()
}

/// Binds a thread to a core, on which it starts if it hasn't yet. If the system refuses, all works as
/// well, only slower.
fn stay_on(thread: libc::pthread_t, core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // SAFETY: the thread has not been joined; a CpuSet is the kernel's set of cores.
    unsafe { libc::pthread_setaffinity_np(thread, size_of::<CpuSet>(), (&raw const set).cast()) };
}
