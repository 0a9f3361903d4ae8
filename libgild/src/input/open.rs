//! Many input files are opened by several threads.

use super::mapping::{Mapping, identify};
use crate::args::{InputName, Options};
use std::collections::HashMap;
use std::path::Path;
use std::thread;

/// Files from which on threads are worth their start. To open, map and first touch a file takes 13 µs.
const MANY: usize = 128;
/// The kernel lets only one thread at a time change a process's mappings.
const MAX_THREADS: usize = 4;

/// Opens the files that the command line names by path, if they are many. All threads have ended
/// when this returns. Files that can't be opened are left out: whoever needs them will see why.
pub fn open_many(options: &Options) -> HashMap<&Path, Mapping> {
    let inputs = options.inputs.iter();
    let mut paths: Vec<&Path> = inputs
        .filter_map(|input| match &input.name {
            InputName::Path(path) => Some(path.as_path()),
            InputName::Library(_) | InputName::LibraryFile(_) => None,
        })
        .collect();
    // A pipe can be opened once only.
    paths.sort_unstable();
    paths.dedup();
    let available = || thread::available_parallelism().map_or(1, usize::from);
    let threads = options.threads.unwrap_or_else(available).min(MAX_THREADS);
    if paths.len() < MANY || threads < 2 {
        return HashMap::new();
    }
    let open = |paths: &[&Path]| -> Vec<Option<Mapping>> {
        let open = |path: &&Path| Mapping::open(path).ok();
        let opened: Vec<_> = paths.iter().map(open).collect();
        // The first look into a file is a page fault: here, not where everybody waits.
        opened.iter().flatten().for_each(|map| {
            std::hint::black_box(identify(map.bytes()));
        });
        opened
    };
    let parts = || paths.chunks(paths.len().div_ceil(threads));
    let opened: Vec<Option<Mapping>> = thread::scope(|scope| {
        let workers: Vec<_> = parts().map(|part| scope.spawn(move || open(part))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    paths.into_iter().zip(opened).filter_map(|(path, map)| Some((path, map?))).collect()
}
