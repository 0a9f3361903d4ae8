//! `gild-bench`: prepares links, and times linkers on them.

use std::process::ExitCode;

fn main() -> ExitCode {
    match benchmarks::cli::main() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gild-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
