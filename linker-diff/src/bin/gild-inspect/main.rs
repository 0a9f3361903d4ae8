//! Tells which allocator a program carries, whichever linker made it.

use std::fmt::Display;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gild_diff::inspect::{Certainty, Inspection, expect, inspect, text};

/// Tells which allocator a program carries, how sure that is, and why.
///
/// Ends with 0, or with 1 if --expect isn't met, or with 2 if a file can't be read.
#[derive(Parser, Debug)]
// The package's name is the other program's.
#[command(name = "gild-inspect", version)]
struct Cli {
    /// Linked x86-64 ELF files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Fail unless each program has this allocator, such as mimalloc or mimalloc2, and uses it as
    /// far as that can be seen; says only what is wrong, unless --json asks for the report.
    #[arg(long, value_name = "NAME")]
    expect: Option<String>,
    /// How sure --expect must be.
    #[arg(long, value_name = "CERTAINTY", default_value = "probable", requires = "expect")]
    at_least: Certainty,
    /// Write JSON to standard output: one array, an object for each file.
    #[arg(long)]
    json: bool,
}

/// Something was expected and isn't there.
const UNMET: u8 = 1;
/// A file could not be read.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut status = 0;
    let mut programs = Vec::new();
    for file in &cli.files {
        match inspect(file) {
            Ok(program) => programs.push(program),
            Err(error) => {
                say(format_args!("error: {error}"));
                status = FAILED;
            }
        }
    }
    for program in &programs {
        let Some(name) = &cli.expect else { break };
        if let Err(what) = expect::check(program, name, cli.at_least) {
            say(what);
            status = status.max(UNMET);
        }
    }
    match write(&cli, &programs) {
        // A reader that has seen enough is no error.
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            say(format_args!("error: {e}"));
            ExitCode::from(FAILED)
        }
        _ => ExitCode::from(status),
    }
}

/// A line for standard error. `eprintln!` would panic where nobody reads it or the disk is full.
fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "gild-inspect: {line}");
}

fn write(cli: &Cli, programs: &[Inspection]) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if cli.json {
        serde_json::to_writer_pretty(&mut out, programs)?;
        writeln!(out)?;
    } else if cli.expect.is_none() {
        for program in programs {
            text::write(program, &mut out)?;
        }
    }
    out.flush()
}
