//! A folder per test, below cargo's target directory.

use crate::Outcome;
use std::fs;
use std::path::{Path, PathBuf};

/// The target directory that this test executable was built into.
///
/// A test executable lies in `TARGET/PROFILE/deps/`.
pub fn target_dir() -> PathBuf {
    profile_dir().parent().expect("a profile folder lies in a target folder").to_owned()
}

/// `TARGET/PROFILE`: where the binaries of the same build are.
pub fn profile_dir() -> PathBuf {
    let exe = std::env::current_exe().expect("a test knows its own path");
    exe.ancestors().nth(2).expect("a test lies in PROFILE/deps").to_owned()
}

/// The root of the source tree.
pub fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace member").to_owned()
}

/// Creates an empty folder for the test `name`; what an earlier run left there is removed.
///
/// It stays after the test, so that a failed link can be repeated by hand.
pub fn fresh(name: &str) -> Outcome<PathBuf> {
    let dir = target_dir().join("gild-tests").join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    }
    fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    Ok(dir)
}

/// Runs `check` in an empty folder for the test `name`.
///
/// The folder goes when the check has passed: all of the matrix at once takes gigabytes.
pub fn within(name: &str, check: impl FnOnce(&Path) -> Outcome) -> Outcome {
    let dir = fresh(name)?;
    check(&dir)?;
    fs::remove_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))
}

/// A folder that outlives test runs, for what is slow to make.
pub fn cached(name: &str) -> Outcome<PathBuf> {
    let dir = target_dir().join("gild-tests-cache").join(name);
    fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    Ok(dir)
}

/// Writes `contents` to `dir/name` and gives its path; folders in between are made.
pub fn write(dir: &Path, name: &str, contents: impl AsRef<[u8]>) -> Outcome<PathBuf> {
    let path = dir.join(name);
    let parent = path.parent().unwrap_or(dir);
    fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    fs::write(&path, contents).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Reads a whole file, with its name in the error.
pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
