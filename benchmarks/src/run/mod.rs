//! Replaying jobs with every contestant in turn.

pub mod floor;
pub mod session;
pub mod setting;

use crate::job::{self, Job};
use crate::linkers::{self, Contestant, Family};
use crate::report::machine::Machine;
use crate::report::results::{Outcome, Results};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use session::Session;
use setting::Setting;
use std::path::PathBuf;

/// What to run, and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of jobs, with `*`; empty for all.
    pub jobs: Vec<String>,
    /// Linkers by path, as [`linkers::named`] reads them; they replace installed ones of that name.
    pub linkers: Vec<String>,
    /// Names of contestants to keep; empty for all.
    pub only: Vec<String>,
    /// Numbers of threads to force; empty for each linker's own choice.
    pub threads: Vec<usize>,
    /// Passed to every linker.
    pub build_id: String,
    /// Where outputs go.
    pub settings: Vec<Setting>,
    /// Measured rounds; `None` for as many as fit into `seconds`.
    pub rounds: Option<usize>,
    /// Seconds for one job in one setting.
    pub seconds: f64,
    /// A folder on disk for outputs.
    pub disk: PathBuf,
    /// A folder in memory for outputs.
    pub memory: PathBuf,
    /// Whether free memory is left as it is, see [`crate::measure::room`].
    pub cold: bool,
    /// Where results go.
    pub results: PathBuf,
    /// Less jobs, one setting, less rounds.
    pub quick: bool,
}

/// Jobs of a quick run, as far as they are prepared.
const QUICK: &[&str] = &["hello-c-musl", "hello-rust-musl", "ripgrep-musl", "llvm-opt"];

/// GNU ld takes ten times as long as the others on jobs beyond this many bytes of input.
const LD_LIMIT: u64 = 50_000_000;

/// Runs every selected job in every setting, and writes the results.
///
/// # Errors
/// If nothing is prepared or selected. A contestant's failure is a result.
pub fn run(workspace: &Workspace, options: &Options) -> Result<Results> {
    let jobs = jobs(workspace, options)?;
    let contestants = contestants(workspace, options)?;
    let machine = Machine::look(&options.disk, &options.memory);
    if machine.load_before > 0.5 {
        eprintln!("the machine is busy (load {}): times will be too long", machine.load_before);
    }
    let mut results = Results::new(machine, contestants.clone(), options);
    for job in &jobs {
        results.jobs.push(Outcome::new(job));
        for setting in &options.settings {
            let mut session = Session::new(job, *setting, options)?;
            for contestant in contestants.iter().filter(|linker| takes_part(linker, job, options)) {
                session.admit(contestant)?;
            }
            let measured = session.measure()?;
            if let Some(outcome) = results.jobs.last_mut() {
                eprintln!("{}", crate::report::markdown::line(&job.about.name, &measured));
                outcome.settings.push(measured);
            }
            // After each step: a long run that is interrupted keeps what it has.
            results.machine.load_after = crate::report::machine::load();
            crate::report::write(&results, &options.results)?;
        }
    }
    Ok(results)
}

fn jobs(workspace: &Workspace, options: &Options) -> Result<Vec<Job>> {
    let mut jobs = job::select(job::all(&workspace.jobs())?, &options.jobs)?;
    if options.quick && options.jobs.is_empty() {
        jobs.retain(|job| QUICK.contains(&job.about.name.as_str()));
    }
    if jobs.is_empty() {
        bail!("no jobs in {}; run `gild-bench prepare`", workspace.jobs().display());
    }
    Ok(jobs)
}

fn contestants(workspace: &Workspace, options: &Options) -> Result<Vec<Contestant>> {
    let mut contestants = linkers::installed(workspace);
    for text in &options.linkers {
        let named = linkers::named(text)?;
        match contestants.iter_mut().find(|other| other.name == named.name) {
            Some(other) => *other = named,
            None => contestants.push(named),
        }
    }
    let only = &options.only;
    contestants.retain(|linker| only.is_empty() || only.contains(&linker.name));
    if options.quick && only.is_empty() {
        contestants.retain(|linker| !linker.name.ends_with("-no-fork"));
    }
    if !options.threads.is_empty() {
        let fixed = |linker: &Contestant| {
            options
                .threads
                .iter()
                .filter_map(|count| linker.with_threads(*count))
                .collect::<Vec<_>>()
        };
        contestants = contestants.iter().flat_map(fixed).collect();
    }
    if contestants.is_empty() {
        bail!("no linker is left; run `gild-bench prepare`");
    }
    Ok(contestants)
}

fn takes_part(contestant: &Contestant, job: &Job, options: &Options) -> bool {
    let asked = options.only.contains(&contestant.name);
    contestant.family != Family::Ld || asked || job.about.input_bytes < LD_LIMIT
}
