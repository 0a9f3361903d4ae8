//! A job: a folder with every input of one link and its arguments.
//!
//! `job.json` describes it, `arguments` is a response file whose paths are relative to the folder,
//! `inputs/` holds the files. The folder can be moved and linked by hand:
//! `cd FOLDER && LINKER @arguments -o OUTPUT`.

pub mod needed;
pub mod quoting;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// What is known about a job; the contents of its `job.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Description {
    /// The name of the folder.
    pub name: String,
    /// One line for the tables.
    pub title: String,
    /// Whether unreferenced sections are dropped; said explicitly to every linker.
    pub gc_sections: bool,
    /// Arguments that the driver gave and the job leaves out, with the reason.
    pub left_out: Vec<LeftOut>,
    /// How to see that an output works.
    pub check: Option<Check>,
    /// The synthetic job that this one is a multiple of, and the factor.
    pub scale: Option<f64>,
    /// The floor's reading list: how much of which files no linker can do without.
    pub needed: Vec<Needed>,
    /// Bytes in `inputs/`.
    pub input_bytes: u64,
    /// The folder of another job whose inputs this one uses; empty for its own.
    pub inputs_of: Option<String>,
}

/// An argument that was not kept.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct LeftOut {
    /// The argument and its value.
    pub argument: String,
    /// Why it would make the comparison uneven, or has no effect on a static link.
    pub reason: String,
}

/// The output is run once for each linker and job.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Check {
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it must print somewhere on standard output.
    pub prints: String,
}

/// How much of one input file has to be read.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Needed {
    /// Relative to the job's folder.
    pub file: PathBuf,
    /// Bytes. Where in the file they lie isn't kept: reading as many from its start costs no more
    /// than reading the true ones, so it is still a floor.
    pub bytes: u64,
}

/// A job on disk.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its folder.
    pub dir: PathBuf,
    /// What `job.json` says.
    pub about: Description,
}

impl Job {
    /// Reads the job in `dir`.
    ///
    /// # Errors
    /// If `job.json` is missing or not understood.
    pub fn load(dir: &Path) -> Result<Self> {
        let file = dir.join("job.json");
        let text = fs::read(&file).with_context(|| format!("{}", file.display()))?;
        let about = serde_json::from_slice(&text).with_context(|| format!("{}", file.display()))?;
        Ok(Self { dir: dir.to_owned(), about })
    }

    /// Writes `job.json`. It is written last: a folder without one is not a job.
    ///
    /// # Errors
    /// Those of writing.
    pub fn save(&self) -> Result<()> {
        let text = serde_json::to_vec_pretty(&self.about)?;
        let file = self.dir.join("job.json");
        fs::write(&file, text).with_context(|| format!("{}", file.display()))
    }

    /// The folder that the arguments' paths are relative to.
    pub fn inputs_dir(&self) -> PathBuf {
        match &self.about.inputs_of {
            Some(other) => self.dir.with_file_name(other),
            None => self.dir.clone(),
        }
    }

    /// The response file with the job's arguments.
    pub fn response(&self) -> PathBuf {
        self.dir.join("arguments")
    }

    /// The sum of what [`Description::needed`] lists, in bytes.
    pub fn needed_bytes(&self) -> u64 {
        self.about.needed.iter().map(|file| file.bytes).sum()
    }
}

/// Every job in `jobs`, small inputs first.
///
/// # Errors
/// If a job's description can't be read.
pub fn all(jobs: &Path) -> Result<Vec<Job>> {
    let Ok(entries) = fs::read_dir(jobs) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let dir = entry?.path();
        if dir.join("job.json").is_file() {
            found.push(Job::load(&dir)?);
        }
    }
    found.sort_by_key(|job| (job.about.input_bytes, job.about.name.clone()));
    Ok(found)
}

/// The jobs whose names match one of `patterns`, where `*` stands for anything; all without any.
///
/// # Errors
/// If a pattern matches none.
pub fn select(jobs: Vec<Job>, patterns: &[String]) -> Result<Vec<Job>> {
    for pattern in patterns {
        if !jobs.iter().any(|job| matches(pattern, &job.about.name)) {
            let names = jobs.iter().map(|job| job.about.name.as_str()).collect::<Vec<_>>();
            bail!("no job is named {pattern}; there are: {}", names.join(" "));
        }
    }
    let wanted = |job: &Job| patterns.iter().any(|pattern| matches(pattern, &job.about.name));
    Ok(jobs.into_iter().filter(|job| patterns.is_empty() || wanted(job)).collect())
}

/// Whether `pattern`, in which `*` stands for anything, describes `name`.
pub fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|&at| rest.is_char_boundary(at))
                .any(|at| matches(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        assert!(matches("ripgrep*", "ripgrep-musl"));
        assert!(matches("*-musl", "ripgrep-musl"));
        assert!(matches("r*-m*l", "ripgrep-musl"));
        assert!(!matches("*-glibc", "ripgrep-musl"));
        assert!(!matches("ripgrep", "ripgrep-musl"));
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_an_error() {
        let about = Description { name: "hello".to_owned(), ..Description::default() };
        let jobs = vec![Job { dir: PathBuf::new(), about }];
        assert!(select(jobs.clone(), &["hallo".to_owned()]).is_err());
        assert_eq!(select(jobs, &["hel*".to_owned()]).unwrap().len(), 1);
    }
}
