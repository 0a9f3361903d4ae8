//! Programs that allocate, with one allocator after the other.
//!
//! A **program** is captured once for each libc, as a [job](crate::job). A **variant** is a libc and
//! an allocator; its link of the job makes a binary. Binaries take turns, as linkers do in
//! [`run`](crate::run), for each number of threads. [`links`] times the links themselves, with and
//! without a chosen allocator.

pub mod links;
pub mod module;
pub mod patched;
pub mod programs;
pub mod results;
pub mod variants;

use crate::job::{self, Job};
use crate::linkers;
use crate::measure::{self, Invocation, Sample};
use crate::prepare::{self, tools};
use crate::process;
use crate::report::machine::{self, Machine};
use crate::run::session::order;
use crate::stats::Summary;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use programs::Program;
use results::{Cell, Results, Row};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use variants::{Tools, Variant};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of programs, with `*`; empty for all.
    pub programs: Vec<String>,
    /// Numbers of threads.
    pub threads: Vec<usize>,
    /// Measured rounds.
    pub rounds: usize,
    /// Rounds of links.
    pub link_rounds: usize,
    /// Trust that packages and archives are there.
    pub install: bool,
    /// Where results go.
    pub results: PathBuf,
}

/// Makes what is missing, runs everything and writes the results.
///
/// # Errors
/// If a program can't be built or run. A variant that doesn't link is left out with a message.
pub fn run(workspace: &Workspace, options: &Options) -> Result<PathBuf> {
    let wanted = programs::ALL.into_iter().filter(|program| {
        let patterns = &options.programs;
        patterns.is_empty() || patterns.iter().any(|name| job::matches(name, program.name()))
    });
    let wanted = wanted.collect::<Vec<_>>();
    let jobs = workspace.target.join("bench-allocators/jobs");
    let tools = tools(workspace, options)?;
    let recipes = wanted.iter().flat_map(|program| program.recipes());
    prepare::make_missing(workspace, &jobs, recipes, false)?;
    let mut results = Results::new(Machine::look(&tools.outputs, Path::new("/dev/shm")));
    for program in wanted {
        let binaries = binaries(program, &jobs, &tools)?;
        for &threads in &options.threads {
            let cell = measure(program, &binaries, threads, workspace, options.rounds)?;
            eprintln!("{}", cell.line());
            results.cells.push(cell);
        }
        let job = Job::load(&jobs.join(program.job("musl")))?;
        results.links.push(links::measure(&job, &tools, options.link_rounds)?);
        results.machine.load_after = machine::load();
        // After each program: a run that is interrupted keeps what it has.
        results.write(&options.results)?;
    }
    Ok(options.results.join(results::MARKDOWN))
}

fn tools(workspace: &Workspace, options: &Options) -> Result<Tools> {
    if options.install {
        tools::install_packages(
            workspace,
            &["gcc", "g++", "make", "binutils", "musl-tools", "lld-19"],
        )?;
        tools::build_gild(workspace)?;
    }
    let archives = std::env::var_os("GILD_ALLOCATOR_PATH").map(PathBuf::from);
    let archives = match archives {
        Some(folder) => folder,
        None => build_archives(workspace)?,
    };
    let gild = linkers::gild(workspace);
    let outputs = workspace.target.join("bench-allocators/outputs");
    fs::create_dir_all(&outputs)?;
    Ok(Tools {
        gild: gild.canonicalize().with_context(|| format!("{}", gild.display()))?,
        lld: prepare::lld().context("no LLD: install lld-19")?,
        archives,
        outputs,
    })
}

fn build_archives(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("bench-allocators/archives");
    if !folder.join("musl").is_dir() {
        eprintln!("building the allocators");
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&workspace.root).args([
            "run",
            "--release",
            "--quiet",
            "-p",
            "gild-allocators",
        ]);
        cargo.arg("--target-dir").arg(&workspace.target).arg("--").arg(&folder);
        process::run(&mut cargo).context("building the allocators")?;
    }
    Ok(folder)
}

/// A variant's executable.
struct Binary {
    variant: Variant,
    path: PathBuf,
}

fn binaries(program: Program, jobs: &Path, tools: &Tools) -> Result<Vec<Binary>> {
    let mut binaries = Vec::new();
    for (number, variant) in variants::all().into_iter().enumerate() {
        let job = Job::load(&jobs.join(program.job(variant.libc)))?;
        let path = tools.outputs.join(format!("{}-{number}", program.name()));
        let linked = variant
            .link(&job, tools, &path)
            .and_then(|link| measure::run(&link, &tools.outputs.join("log")));
        match linked {
            Ok(_) => binaries.push(Binary { variant, path }),
            Err(error) => eprintln!("{}: {}: {error:#}", job.about.name, variant.name()),
        }
    }
    if binaries.is_empty() {
        bail!("{}: nothing could be linked", program.name());
    }
    Ok(binaries)
}

fn measure(
    program: Program,
    binaries: &[Binary],
    threads: usize,
    workspace: &Workspace,
    rounds: usize,
) -> Result<Cell> {
    let mut samples = vec![Vec::new(); binaries.len()];
    // One round more, which is discarded: it fills the page cache.
    for round in 0..=rounds {
        for place in order(binaries.len(), round) {
            let command = program.command(&binaries[place].path, threads, workspace);
            let sample = once(program, &command, workspace)?;
            if round > 0 {
                samples[place].push(sample);
            }
        }
    }
    let rows = binaries.iter().zip(&samples).map(|(binary, samples)| Row {
        name: binary.variant.name(),
        variant: binary.variant.clone(),
        seconds: Summary::of(samples.iter().map(|(figure, _)| *figure)),
        cpu: Summary::of(samples.iter().map(|(figure, sample)| {
            // Contention's figure is for other work than the run did: in proportion.
            (sample.user + sample.system) * figure / sample.wall
        })),
        memory: Summary::of(samples.iter().map(|(_, sample)| sample.memory as f64)),
    });
    Ok(Cell { program: program.name(), title: program.title(), threads, rows: rows.collect() })
}

fn once(program: Program, command: &[String], workspace: &Workspace) -> Result<(f64, Sample)> {
    let log = workspace.target.join("bench-allocators/outputs/log");
    let invocation = Invocation {
        dir: workspace.root.clone(),
        program: PathBuf::from(&command[0]),
        arguments: command[1..].iter().map(Into::into).collect(),
    };
    let sample = measure::run(&invocation, &log)?;
    Ok((program.figure(sample.wall, &fs::read_to_string(&log)?)?, sample))
}
