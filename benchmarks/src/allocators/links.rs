//! What it costs gild to choose an allocator: the same link with the libc's own and with mimalloc.

use super::variants::{Source, Tools, Variant};
use crate::job::Job;
use crate::measure::{self, Sample};
use crate::run::session::order;
use crate::stats::Summary;
use anyhow::Result;
use serde::Serialize;

/// A job's links.
#[derive(Debug, Serialize)]
pub struct Links {
    /// The job.
    pub job: String,
    /// Wall seconds with the libc's own allocator.
    pub without: Summary,
    /// Wall seconds with mimalloc.
    pub with: Summary,
    /// CPU seconds with the libc's own allocator.
    pub cpu_without: Summary,
    /// CPU seconds with mimalloc.
    pub cpu_with: Summary,
}

/// Links `job` both ways in turn.
///
/// # Errors
/// If one of the links fails.
pub fn measure(job: &Job, tools: &Tools, rounds: usize) -> Result<Links> {
    let output = tools.outputs.join("linked");
    let log = tools.outputs.join("log");
    let link = |source| Variant { libc: "musl", source }.link(job, tools, &output);
    let invocations = [link(Source::Libc)?, link(Source::Gild("mimalloc"))?];
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        for place in order(2, round) {
            // A fresh file each time, so that neither overwrites what the other made.
            _ = std::fs::remove_file(&output);
            samples[place].push(measure::run(&invocations[place], &log)?);
        }
    }
    let wall = |samples: &[Sample]| Summary::of(samples.iter().map(|sample| sample.wall));
    let cpu = |samples: &[Sample]| Summary::of(samples.iter().map(|s| s.user + s.system));
    Ok(Links {
        job: job.about.name.clone(),
        without: wall(&samples[0]),
        with: wall(&samples[1]),
        cpu_without: cpu(&samples[0]),
        cpu_with: cpu(&samples[1]),
    })
}
