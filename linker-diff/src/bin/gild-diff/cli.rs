//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use gild_diff::Kind;

/// Compares what linkers made of the same inputs, by meaning and not by address.
///
/// Ends with 0 if the programs are equal or every difference is explained, with 1 if a difference
/// is unexplained, with 2 if they could not be compared.
#[derive(Parser, Debug)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Executables; the first is compared with each of the others.
    #[arg(value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
    /// What to report and how.
    #[command(flatten)]
    pub options: Options,
    /// Another way to name the programs.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to report and how.
#[derive(Args, Debug, Default)]
pub struct Options {
    /// Report these kinds of findings alone (comma-separated; --explain lists them).
    #[arg(long, value_delimiter = ',', global = true, value_name = "KINDS")]
    pub only: Vec<Kind>,
    /// Leave these kinds of findings out.
    #[arg(long, value_delimiter = ',', global = true, value_name = "KINDS")]
    pub ignore: Vec<Kind>,
    /// Show explained differences too, each with its reason; alone: list kinds and reasons.
    #[arg(long, global = true)]
    pub explain: bool,
    /// Show every finding, not the first ten of each kind.
    #[arg(long, global = true)]
    pub all: bool,
    /// Write JSON to standard output instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// Write one self-contained HTML page too.
    #[arg(long, global = true, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Ways to name the programs.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run one link with each linker and compare the outputs.
    Link(Link),
}

/// One link.
#[derive(Args, Debug)]
pub struct Link {
    /// Linkers to hold against the first one; those that are not installed are named and left out
    /// unless this option asks for them.
    #[arg(long, value_delimiter = ',', value_name = "LINKERS")]
    pub with: Vec<String>,
    /// Keep the outputs in this folder.
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// The link: a linker and its arguments, the arguments alone, a response file, or the folder
    /// of a captured link. Without a linker, gild is taken.
    #[arg(last = true, required = true, value_name = "LINK-COMMAND")]
    pub words: Vec<OsString>,
}
