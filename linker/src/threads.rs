//! The threads of a link, one to a core.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// Starts `count` threads, each on its own of [`cores`], if there are any. The calling one is the first
/// of them: a small link starts none.
pub fn start(count: usize, cores: &[usize]) -> Result<ThreadPool, ThreadPoolBuildError> {
    let own = cores.first().copied();
    let cores = cores.to_vec();
    let bind = move |number| {
        if let Some(&core) = cores.get(number) {
            stay_on(&[core]);
        }
    };
    let builder = ThreadPoolBuilder::new().num_threads(count).use_current_thread();
    let pool = builder.start_handler(bind).build();
    // Not before: the others would start here too. One that does so nevertheless moves on first.
    if let Some(own) = own {
        stay_on(&[own]);
        std::thread::yield_now();
    }
    pool
}

/// The core of each thread, this one's first, if there are as many as cores; none otherwise: then the
/// scheduler has a choice to make.
///
/// Where each has its own it has none, but makes one that costs. To Linux in a virtual machine, a
/// core that has nothing to do looks as if the host had taken it away, so that a thread that is
/// woken is put beside the one that woke it, and waits there for up to 4 ms. A small link of 10 ms
/// could run on one of two cores from start to end.
pub fn cores(count: usize) -> Vec<usize> {
    let allowed = if count > 1 { sched_getaffinity(None).ok() } else { None };
    let Some(allowed) = allowed.filter(|allowed| allowed.count() as usize == count) else {
        return Vec::new();
    };
    let here = sched_getcpu();
    (here..CpuSet::MAX_CPU).chain(0..here).filter(|&core| allowed.is_set(core)).collect()
}

/// Binds the calling thread to these cores. If the system refuses, all works as well, only slower.
pub fn stay_on(cores: &[usize]) {
    let mut set = CpuSet::new();
    cores.iter().for_each(|&core| set.set(core));
    let _ = sched_setaffinity(None, &set);
}
