//! `gild`: turns a command line into a link and the link into an exit status.

use jobs::Jobs;
use libgild::args::{self, Command, Options};
use libgild::{Host, Outcome, link_for};
use rayon::{ThreadPool, ThreadPoolBuildError};
use std::convert::Infallible;
use std::process::ExitCode;

mod detach;
mod heap;
mod jobs;
mod report;
mod threads;

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

fn main() -> ExitCode {
    let jobs = Jobs::from_environment();
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Print(text)) => {
            report::print_lines([text]);
            ExitCode::SUCCESS
        }
        Ok(Command::Link(options, warnings)) => run(*options, warnings, jobs),
        Err(errors) => {
            errors.iter().for_each(report::error);
            ExitCode::FAILURE
        }
    }
}

/// `GILD_ALLOCATOR` is for people who can't reach the link line; the option wins.
fn allocator_from_environment(options: &mut Options) -> Result<(), String> {
    let allocator = &mut options.allocator;
    if let Some(paths) = std::env::var_os("GILD_ALLOCATOR_PATH") {
        allocator.directories = std::env::split_paths(&paths).collect();
    }
    if allocator.choice.is_some() || allocator.prefix.is_some() {
        return Ok(());
    }
    if let Some(choice) = std::env::var_os("GILD_ALLOCATOR")
        && !choice.is_empty()
    {
        let choice = choice
            .into_string()
            .map_err(|choice| format!("GILD_ALLOCATOR: {} is no UTF-8", choice.display()))?;
        report::note(&format!(
            "the allocator is {choice}, by the environment variable GILD_ALLOCATOR"
        ));
        allocator.choice = Some(choice);
    }
    Ok(())
}

fn run(mut options: Options, warnings: Vec<String>, jobs: Jobs) -> ExitCode {
    report::use_color(options.color);
    if let Err(message) = allocator_from_environment(&mut options) {
        report::error(&message);
        return ExitCode::FAILURE;
    }
    let options = &options;
    if let Some(banner) = &options.banner {
        report::print_lines([banner]);
    }
    report::warnings(options, &warnings);
    if options.fatal_warnings && !options.no_warnings && !warnings.is_empty() {
        return ExitCode::FAILURE;
    }
    let Err(errors) = link_for(options, Process { options, jobs, cores: Vec::new() });
    report::errors(options, &errors);
    ExitCode::FAILURE
}

/// This process, which ends with the link.
struct Process<'a> {
    options: &'a Options,
    jobs: Jobs,
    /// Those that its threads are bound to, one each.
    cores: Vec<usize>,
}

impl Host for Process<'_> {
    type End = Infallible;

    fn threads(&mut self, useful: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
        let count = match self.options.threads {
            // On two cores four threads cost 2 to 6 % and sixteen 6 to 12 %: those that look for work
            // in vain take time from those that have some.
            Some(_) => useful.min(libgild::cores()),
            None => self.jobs.threads(useful),
        };
        self.cores = threads::cores(count);
        threads::start(count, &self.cores)
    }

    fn linked(self, outcome: Outcome) -> Infallible {
        succeed(self.options, &outcome);
        // Make's tokens go back.
        drop(self.jobs);
        if self.options.fork {
            // The helper mustn't keep to the core that the driver goes on with.
            if !self.cores.is_empty() {
                threads::stay_on(&self.cores);
            }
            // With `outcome`, whose file the helper gives back, too.
            detach::exit()
        }
        std::process::exit(0)
    }
}

/// Prints what a successful link has to say.
fn succeed(options: &Options, outcome: &Outcome) {
    report::warnings(options, &outcome.warnings);
    if !options.no_warnings {
        outcome.notes.iter().for_each(|note| report::note(note));
    }
    report::print_lines(&outcome.lines);
    if options.time {
        report::say(&outcome.times);
    }
    if let Some(stats) = &outcome.stats {
        report::say(stats);
    }
}
