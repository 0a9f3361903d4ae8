//! What it costs gild to choose an allocator.
//!
//! A program with another allocator is another program: its code has to be read, laid out and
//! written. So the same link is made in three ways: with the libc's own allocator, with the
//! allocator's archive as the first on the line (which leaves the program two heaps, but has the
//! linker do that work), and with the allocator chosen.

use super::variants::{Source, Tools, Variant};
use crate::job::Job;
use crate::measure::{self, Invocation, Sample};
use crate::run::session::order;
use crate::stats::Summary;
use anyhow::Result;
use serde::Serialize;
use std::fs;

/// The allocator that is chosen.
const ALLOCATOR: &str = "mimalloc";

/// A job's links.
#[derive(Debug, Serialize)]
pub struct Links {
    /// The job.
    pub job: String,
    /// With the libc's own allocator.
    pub own: Cost,
    /// With mimalloc's archive first on the line.
    pub archive: Cost,
    /// With mimalloc chosen.
    pub chosen: Cost,
}

/// What a link takes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Wall seconds.
    pub wall: Summary,
    /// CPU seconds.
    pub cpu: Summary,
}

/// Links `job` in the three ways, in turn.
///
/// # Errors
/// If one of the links fails.
pub fn measure(job: &Job, tools: &Tools, rounds: usize) -> Result<Links> {
    let output = tools.outputs.join("linked");
    let log = tools.outputs.join("log");
    let link = |source| Variant { libc: "musl", source }.link(job, tools, &output);
    let own = link(Source::Libc)?;
    let archive = Invocation {
        arguments: [tools.archive("musl", ALLOCATOR)?.into()]
            .into_iter()
            .chain(own.arguments.iter().cloned())
            .collect(),
        ..own.clone()
    };
    let invocations = [own, archive, link(Source::Gild(ALLOCATOR))?];
    let mut samples = [const { Vec::new() }; 3];
    for round in 0..rounds {
        for place in order(invocations.len(), round) {
            // A fresh file each time, so that none overwrites what another made.
            _ = fs::remove_file(&output);
            samples[place].push(measure::run(&invocations[place], &log)?);
        }
    }
    let [own, archive, chosen] = samples.map(|samples| Cost::of(&samples));
    Ok(Links { job: job.about.name.clone(), own, archive, chosen })
}

impl Cost {
    fn of(samples: &[Sample]) -> Self {
        Self {
            wall: Summary::of(samples.iter().map(|sample| sample.wall)),
            cpu: Summary::of(samples.iter().map(|sample| sample.user + sample.system)),
        }
    }
}
