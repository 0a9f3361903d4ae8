//! `gild`: turns a command line into a link and the link into an exit status.

use libgild::args::{self, Command, Options};
use libgild::{Outcome, link};
use std::process::ExitCode;

mod jobs;
mod report;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Print(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Ok(Command::Link(options, warnings)) => run(*options, warnings),
        Err(errors) => {
            errors.iter().for_each(report::error);
            ExitCode::FAILURE
        }
    }
}

fn run(mut options: Options, warnings: Vec<String>) -> ExitCode {
    if let Some(banner) = &options.banner {
        println!("{banner}");
    }
    report::use_color(options.color);
    // Held until the process ends: each token is a thread that make lends.
    let tokens = jobs::acquire(options.threads);
    options.threads = tokens.as_ref().map(|tokens| 1 + tokens.len()).or(options.threads);
    let failed = match link(&options) {
        Ok(outcome) => succeed(&options, warnings, outcome),
        Err(errors) => {
            report::warnings(&options, &warnings);
            report::errors(&options, &errors);
            true
        }
    };
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints what a successful link has to say; true if `--fatal-warnings` turns it into a failure.
fn succeed(options: &Options, mut warnings: Vec<String>, outcome: Outcome) -> bool {
    warnings.extend(outcome.warnings);
    report::warnings(options, &warnings);
    outcome.lines.iter().for_each(|line| println!("{line}"));
    if options.time {
        eprintln!("{}", outcome.times);
    }
    if options.stats {
        eprintln!("{}", outcome.stats);
    }
    options.fatal_warnings && !options.no_warnings && !warnings.is_empty()
}
