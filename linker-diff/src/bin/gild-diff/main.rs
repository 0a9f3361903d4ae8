//! Compares finished executables, and what linkers make of one link.

mod cli;
mod link;
mod linkers;
mod output;
mod progress;
mod recipe;
mod response;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

/// Nothing was compared.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    match run(&cli::Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            say(format_args!("error: {message}"));
            ExitCode::from(FAILED)
        }
    }
}

/// A line for standard error. `eprintln!` would panic where nobody reads it or the disk is full.
fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "gild-diff: {line}");
}

/// Whether all differences are explained.
fn run(cli: &cli::Cli) -> Result<bool, String> {
    if cli.options.explain && cli.programs.is_empty() && cli.command.is_none() {
        output::glossary().map_err(|e| e.to_string())?;
        return Ok(true);
    }
    let linked = match &cli.command {
        Some(cli::Command::Link(link)) => Some(link::run(link)?),
        None => None,
    };
    let programs = linked.as_ref().map_or(&cli.programs, |l| &l.programs);
    let bar = progress::Bar::new();
    let options = gild_diff::CompareOptions {
        only: cli.options.only.clone(),
        ignore: cli.options.ignore.clone(),
        progress: Some(bar.clone()),
    };
    let comparison = gild_diff::compare(programs, &options).map_err(|e| e.to_string())?;
    bar.finish();
    output::write(&comparison, &cli.options).map_err(|e| e.to_string())?;
    Ok(comparison.is_equal())
}
