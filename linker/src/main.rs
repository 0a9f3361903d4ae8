//! `gild`: turns a command line into a link and the link into an exit status.

use libgild::args::{self, Command, Options};
use libgild::{Outcome, link_then};
use std::process::ExitCode;

mod detach;
mod heap;
mod jobs;
mod report;

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Print(text)) => {
            report::print_lines([text]);
            ExitCode::SUCCESS
        }
        Ok(Command::Link(options, warnings)) => run(*options, warnings),
        Err(errors) => {
            errors.iter().for_each(report::error);
            ExitCode::FAILURE
        }
    }
}

/// `GILD_ALLOCATOR` is for people who can't reach the link line; the option wins.
fn allocator_from_environment(options: &mut Options) {
    let allocator = &mut options.allocator;
    if let Some(paths) = std::env::var_os("GILD_ALLOCATOR_PATH") {
        allocator.directories = std::env::split_paths(&paths).collect();
    }
    if allocator.choice.is_some() || allocator.prefix.is_some() {
        return;
    }
    if let Ok(choice) = std::env::var("GILD_ALLOCATOR")
        && !choice.is_empty()
    {
        report::note(&format!(
            "the allocator is {choice}, by the environment variable GILD_ALLOCATOR"
        ));
        allocator.choice = Some(choice);
    }
}

/// Bytes of input from which on a process of its own costs less than giving memory back.
const LARGE: u64 = 32 << 20;

fn run(mut options: Options, warnings: Vec<String>) -> ExitCode {
    allocator_from_environment(&mut options);
    if let Some(banner) = &options.banner {
        report::print_lines([banner]);
    }
    report::use_color(options.color);
    // Held until the process ends: each token is a thread that make lends.
    let tokens = jobs::acquire(options.threads);
    options.threads = tokens.as_ref().map(|tokens| 1 + tokens.len()).or(options.threads);
    report::warnings(&options, &warnings);
    if options.fatal_warnings && !options.no_warnings && !warnings.is_empty() {
        return ExitCode::FAILURE;
    }
    let loaded = |bytes| {
        if options.fork && bytes > LARGE {
            // SAFETY: called before the link starts its threads, and nothing else starts any.
            unsafe { detach::into_child() }
        }
    };
    let linked = |outcome| {
        succeed(&options, outcome);
        drop(tokens);
        detach::exit(0)
    };
    let Err(errors) = link_then::<std::convert::Infallible>(&options, loaded, linked);
    report::errors(&options, &errors);
    detach::exit(1)
}

/// Prints what a successful link has to say.
fn succeed(options: &Options, outcome: Outcome) {
    report::warnings(options, &outcome.warnings);
    report::print_lines(&outcome.lines);
    if options.time {
        eprintln!("{}", outcome.times);
    }
    if options.stats {
        eprintln!("{}", outcome.stats);
    }
}
