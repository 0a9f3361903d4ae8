//! The command line.

use crate::floor::{self, Plan, Reading, Writing};
use crate::generate;
use crate::measure::room;
use crate::prepare;
use crate::run::setting::{self, Setting};
use crate::workspace::Workspace;
use crate::{allocators, capture, measure, report, run};
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Times gild beside other linkers on captured links.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is needed (Debian packages, wild) and make the jobs in target/bench-jobs.
    Prepare(Prepare),
    /// Replay the jobs with every linker, and write results.json, results.md and results.svg.
    Run(Run),
    /// Run programs that allocate, with one allocator after the other put in by gild.
    Allocators(Allocators),
    /// List the jobs that are prepared.
    List,
    /// Write a synthetic job of any size.
    Generate(generate::Knobs),
    /// Stand in for a linker: copy a link into a job (called by the compiler drivers).
    #[command(hide = true)]
    Record(Record),
    /// Read and write as many bytes as a link has to (called by `run`).
    #[command(hide = true)]
    Floor(Floor),
}

#[derive(clap::Args)]
struct Prepare {
    /// Jobs to make, `*` stands for anything [default: all but the large ones]
    jobs: Vec<String>,
    /// Also the jobs that take tens of minutes and gigabytes to build
    #[arg(long)]
    large: bool,
    /// Make jobs again that are there
    #[arg(long)]
    force: bool,
    /// Trust that everything is installed
    #[arg(long)]
    no_install: bool,
}

#[derive(clap::Args)]
struct Run {
    /// Jobs to run, `*` stands for anything [default: all that are prepared]
    jobs: Vec<String>,
    /// Less than a minute: four jobs, fresh files on disk, few rounds
    #[arg(long)]
    quick: bool,
    /// Another linker or another build of one: NAME=PATH or NAME=PATH,FLAG,…
    #[arg(long = "linker", value_name = "NAME=PATH")]
    linkers: Vec<String>,
    /// Contestants to keep, such as gild,wild,mold-no-fork
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Numbers of threads to force, such as 1,2,8 [default: each linker's own choice]
    #[arg(long, value_delimiter = ',')]
    threads: Vec<usize>,
    /// What every linker is told with --build-id
    #[arg(long, default_value = "none")]
    build_id: String,
    /// Where outputs go, and over what [default: all four; disk-fresh if quick]
    #[arg(long, value_delimiter = ',')]
    settings: Vec<Setting>,
    /// Measured rounds [default: what fits into --seconds, at least 5]
    #[arg(long)]
    runs: Option<usize>,
    /// Seconds for one job in one setting [default: 20; 7 if quick]
    #[arg(long)]
    seconds: Option<f64>,
    /// A folder on disk for outputs [default: target/bench-output]
    #[arg(long)]
    output_dir: Option<PathBuf>,
    /// A folder in memory for outputs
    #[arg(long, default_value = "/dev/shm")]
    memory_dir: PathBuf,
    /// Leave free memory as it is, instead of touching as much before each run as it needs
    #[arg(long)]
    cold: bool,
    /// Where results go [default: target/bench-results]
    #[arg(long)]
    results: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Allocators {
    /// contention, word-index or wasmtime-compile [default: all]
    programs: Vec<String>,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2,8")]
    threads: Vec<usize>,
    /// Measured rounds
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Measured rounds of links
    #[arg(long, default_value_t = 51)]
    link_runs: usize,
    /// Trust that everything is installed, and gild built
    #[arg(long)]
    no_install: bool,
    /// Where results go [default: target/bench-results]
    #[arg(long)]
    results: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Record {
    /// The job's folder
    #[arg(long)]
    job: PathBuf,
    /// The linker that makes the driver's output
    #[arg(long)]
    linker: PathBuf,
    /// What the driver gave
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(clap::Args)]
struct Floor {
    /// A file with lines of BYTES PATH
    list: PathBuf,
    /// The file to write
    output: PathBuf,
    /// Its size in bytes
    size: u64,
    /// How to read
    reading: Reading,
    /// How to write
    writing: Writing,
}

/// Does what the command line asks for.
///
/// # Errors
/// Whatever keeps it from being done.
pub fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    // Before clap: the launcher's own memory bounds what can be measured of a linker's.
    match arguments.next() {
        Some(name) if name == measure::LAUNCH => return measure::launch(arguments),
        Some(name) if name == room::NAME => return room::main(arguments),
        _ => {}
    }
    match Cli::parse().command {
        Command::Prepare(given) => prepare(given)?,
        Command::Run(given) => return run(given),
        Command::Allocators(given) => allocators(given)?,
        Command::List => list()?,
        Command::Generate(knobs) => generate::command(&knobs)?,
        Command::Record(given) => capture::record(&given.job, &given.linker, &given.arguments)?,
        Command::Floor(given) => floor(given)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn prepare(given: Prepare) -> Result<()> {
    let wishes = prepare::Wishes {
        jobs: given.jobs,
        large: given.large,
        force: given.force,
        install: !given.no_install,
    };
    prepare::prepare(&Workspace::find()?, &wishes)
}

fn run(given: Run) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let settings = match (given.settings.is_empty(), given.quick) {
        (false, _) => given.settings,
        (true, true) => vec![Setting::DiskFresh],
        (true, false) => setting::ALL.to_vec(),
    };
    let options = run::Options {
        jobs: given.jobs,
        linkers: given.linkers,
        only: given.only,
        threads: given.threads,
        build_id: given.build_id,
        settings,
        rounds: given.runs,
        seconds: given.seconds.unwrap_or(if given.quick { 7.0 } else { 20.0 }),
        disk: given.output_dir.unwrap_or_else(|| workspace.target.join("bench-output")),
        memory: given.memory_dir,
        cold: given.cold,
        results: given.results.unwrap_or_else(|| workspace.target.join("bench-results")),
        quick: given.quick,
    };
    std::fs::create_dir_all(&options.disk)?;
    let results = run::run(&workspace, &options)?;
    println!("{}", options.results.join(report::MARKDOWN).display());
    Ok(if results.subject_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn allocators(given: Allocators) -> Result<()> {
    let workspace = Workspace::find()?;
    let options = allocators::Options {
        programs: given.programs,
        threads: given.threads,
        rounds: given.runs,
        link_rounds: given.link_runs,
        install: !given.no_install,
        results: given.results.unwrap_or_else(|| workspace.target.join("bench-results")),
    };
    println!("{}", allocators::run(&workspace, &options)?.display());
    Ok(())
}

fn list() -> Result<()> {
    for job in crate::job::all(&Workspace::find()?.jobs())? {
        let megabytes = job.about.input_bytes as f64 / 1e6;
        println!("{:<24} {megabytes:>9.1} MB  {}", job.about.name, job.about.title);
    }
    Ok(())
}

fn floor(given: Floor) -> Result<()> {
    let plan = Plan {
        inputs: floor::inputs(&given.list, &std::env::current_dir()?)?,
        output: given.output,
        size: given.size,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    floor::run(&plan, given.reading, given.writing)
}
