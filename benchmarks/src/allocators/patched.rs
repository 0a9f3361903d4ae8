//! What people do without gild: a copy of musl's libc.a in which an `ar` script replaces the members
//! that are its malloc.

use crate::job::{Job, quoting};
use crate::process;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The members, as in the recipes that are published for musl 1.2; `free.lo` and `realloc.lo` are
/// there twice.
const MEMBERS: &[&str] = &[
    "aligned_alloc.lo",
    "calloc.lo",
    "donate.lo",
    "free.lo",
    "libc_calloc.lo",
    "lite_malloc.lo",
    "malloc.lo",
    "malloc_usable_size.lo",
    "memalign.lo",
    "posix_memalign.lo",
    "realloc.lo",
    "reallocarray.lo",
    "valloc.lo",
];

/// What libc's private callers refer to; without these the link fails.
const PRIVATE: [(&str, &str); 4] = [
    ("__libc_malloc", "malloc"),
    ("__libc_calloc", "calloc"),
    ("__libc_realloc", "realloc"),
    ("__libc_free", "free"),
];

/// The job's arguments with a patched copy of its libc.a, made in `folder`.
///
/// # Errors
/// If the job has no libc.a, or `ar` fails.
pub fn arguments(job: &Job, allocator: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut words = quoting::split(&fs::read_to_string(job.response())?);
    let original = words.iter().find(|word| word.ends_with("-libc.a")).cloned();
    let original = original.context("the job has no libc.a")?;
    let patched = patch(&job.inputs_dir().join(&original), allocator, folder)?;
    for word in words.iter_mut().filter(|word| **word == original) {
        *word = patched.display().to_string();
    }
    words.extend(PRIVATE.map(|(name, public)| format!("--defsym={name}={public}")));
    Ok(words)
}

fn patch(libc: &Path, allocator: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let copy = folder.join("libc.a");
    fs::copy(libc, &copy).with_context(|| format!("{}", libc.display()))?;
    // One run deletes the first member of a name.
    loop {
        let listed = process::run(Command::new("ar").arg("t").arg(&copy))?;
        let left = MEMBERS.iter().filter(|name| listed.lines().any(|line| line == **name));
        let left = left.collect::<Vec<_>>();
        if left.is_empty() {
            break;
        }
        process::run(Command::new("ar").arg("d").arg(&copy).args(left))?;
    }
    let objects = folder.join("objects");
    fs::create_dir_all(&objects)?;
    process::run(Command::new("ar").current_dir(&objects).arg("x").arg(allocator))?;
    let objects = fs::read_dir(&objects)?.map(|entry| Ok(entry?.path()));
    let objects = objects.collect::<Result<Vec<_>>>()?;
    process::run(Command::new("ar").arg("qs").arg(&copy).args(objects))?;
    Ok(copy)
}
