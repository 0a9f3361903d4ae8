//! The threads of a link, one to a core.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// Starts `count` threads. The calling one is the first of them: a small link starts none.
pub fn start(count: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    let cores = cores(count);
    let own = cores.first().copied();
    let builder = ThreadPoolBuilder::new().num_threads(count).use_current_thread();
    let pool = builder.start_handler(move |number| stay_on(cores.get(number).copied())).build();
    // Not before: the others would start here too.
    stay_on(own);
    // One that does so nevertheless moves on first.
    std::thread::yield_now();
    pool
}

/// The core of each thread if there are as many as cores, none otherwise: then the scheduler has a
/// choice to make.
///
/// Where each has its own it has none, but makes one that costs. To Linux in a virtual machine, a
/// core that has nothing to do looks as if the host had taken it away, so that a thread that is
/// woken is put beside the one that woke it, and waits there for up to 4 ms. A small link of 10 ms
/// could run on one of two cores from start to end.
fn cores(count: usize) -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    let mut cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).collect();
    if count == 1 || count != cores.len() {
        return Vec::new();
    }
    let here = cores.iter().position(|&core| core == sched_getcpu());
    cores.rotate_left(here.unwrap_or(0));
    cores
}

/// Binds the calling thread to a core. If the system refuses, all works as well, only slower.
fn stay_on(core: Option<usize>) {
    if let Some(core) = core {
        let mut set = CpuSet::new();
        set.set(core);
        let _ = sched_setaffinity(None, &set);
    }
}
