//! Compares finished executables, and what linkers make of one link.

use std::process::ExitCode;

fn main() -> ExitCode {
    let paths: Vec<std::path::PathBuf> = std::env::args_os().skip(1).map(Into::into).collect();
    match gild_diff::compare(&paths, &gild_diff::CompareOptions::default()) {
        Ok(c) => {
            let style = gild_diff::report::text::Style {
                explain: std::env::var_os("EX").is_some(),
                ..Default::default()
            };
            let _ = gild_diff::report::text::write(&c, style, &mut std::io::stdout().lock());
            if c.is_equal() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}
