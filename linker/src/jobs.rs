//! GNU make's jobserver: under `make -jN`, gild takes no more threads than make lends.

use jobserver::{Acquired, Client};

/// Tokens for threads beyond the first, which the process holds anyhow.
///
/// `None` without a jobserver, or when `--threads` has said how many there shall be.
pub fn acquire(threads: Option<usize>) -> Option<Vec<Acquired>> {
    if threads.is_some() {
        return None;
    }
    // SAFETY: called first thing in main, before anything else opens file descriptors that
    // `MAKEFLAGS` could name by mistake.
    let client = unsafe { Client::from_env() }?;
    let wanted = std::thread::available_parallelism().map_or(1, usize::from) - 1;
    Some((0..wanted).map_while(|_| client.try_acquire().ok().flatten()).collect())
}
