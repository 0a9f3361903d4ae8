//! Response files, expanded so that what only one linker can do is taken out of them as well.

use std::ffi::OsString;
use std::path::Path;

use libgild::args::response::{response_path, split};

/// Files that name each other in a circle end here.
const DEEPEST: usize = 8;

/// The words with every `@FILE` replaced by what the file says; FILE is relative to `folder`.
/// A file that cannot be read stays as it is, for the linker to complain.
pub fn expand(words: Vec<OsString>, folder: &Path) -> Vec<OsString> {
    let mut out = Vec::new();
    words.into_iter().for_each(|word| one(word, folder, 0, &mut out));
    out
}

fn one(word: OsString, folder: &Path, depth: usize, out: &mut Vec<OsString>) {
    let file = response_path(&word).filter(|_| depth < DEEPEST);
    let contents = file.and_then(|file| std::fs::read(folder.join(file)).ok());
    match contents {
        Some(bytes) => split(&bytes).into_iter().for_each(|w| one(w, folder, depth + 1, out)),
        None => out.push(word),
    }
}
