//! Choosing the best ways of reading and writing, on the spot.

use super::setting::Setting;
use crate::floor::{READINGS, Reading, WRITINGS, Writing};
use crate::job::Job;
use crate::measure::{self, Invocation};
use crate::report::results::Entry;
use anyhow::Result;
use clap::ValueEnum;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Each way is tried this often, and its best time counts.
const TRIES: usize = 3;

/// The floor as a contestant, in the fastest way for this job's bytes and an output of `size`.
///
/// # Errors
/// If no way works.
pub fn choose(
    job: &Job,
    setting: Setting,
    folder: &Path,
    output: &Path,
    size: u64,
) -> Result<(Entry, Invocation)> {
    let mut list = String::new();
    for needed in &job.about.needed {
        writeln!(list, "{} {}", needed.bytes, needed.file.display())?;
    }
    let list_file = folder.join("needed");
    fs::write(&list_file, list)?;
    let attempt = |reading, writing| invocation(job, &list_file, output, size, reading, writing);
    // Reading is chosen with one way of writing and the other way round: the halves don't overlap.
    let time = |candidate: &Invocation| best_of(candidate, setting, folder, output);
    let reading = fastest(&READINGS, |reading| time(&attempt(*reading, Writing::Pwrite)))?;
    let writing = fastest(&WRITINGS, |writing| time(&attempt(reading, *writing)))?;
    let mut entry = Entry::floor(&format!("{}, {}", name(reading), name(writing)));
    entry.output_bytes = size;
    Ok((entry, attempt(reading, writing)))
}

fn name(way: impl ValueEnum) -> String {
    way.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn fastest<T: Copy>(ways: &[T], time: impl Fn(&T) -> Result<f64>) -> Result<T> {
    let mut best = (f64::INFINITY, ways[0]);
    for way in ways {
        let seconds = time(way)?;
        if seconds < best.0 {
            best = (seconds, *way);
        }
    }
    Ok(best.1)
}

fn best_of(candidate: &Invocation, setting: Setting, folder: &Path, output: &Path) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        setting.prepare(output)?;
        best = best.min(measure::run(candidate, &folder.join("log"))?.wall);
    }
    Ok(best)
}

fn invocation(
    job: &Job,
    list: &Path,
    output: &Path,
    size: u64,
    reading: Reading,
    writing: Writing,
) -> Invocation {
    let words: [OsString; 6] = [
        "floor".into(),
        list.into(),
        output.into(),
        size.to_string().into(),
        name(reading).into(),
        name(writing).into(),
    ];
    Invocation {
        dir: job.inputs_dir(),
        program: std::env::current_exe().unwrap_or_default(),
        arguments: words.to_vec(),
    }
}
