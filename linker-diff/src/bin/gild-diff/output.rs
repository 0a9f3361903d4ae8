//! Where the report goes.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::Path;

use gild_diff::Comparison;
use gild_diff::report::{html, json, text};

use crate::cli::Options;

/// Writes the report as the options ask.
pub fn write(comparison: &Comparison, options: &Options) -> io::Result<()> {
    if let Some(path) = &options.html {
        let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        page(comparison, path).map_err(named)?;
    }
    let stdout = io::stdout();
    let colour = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = BufWriter::new(stdout.lock());
    let style = text::Style { colour, all: options.all, explain: options.explain };
    let written = if options.json {
        json::write(comparison, &mut out)
    } else {
        text::write(comparison, style, &mut out)
    };
    quiet_pipe(written.and_then(|()| out.flush()))
}

fn page(comparison: &Comparison, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    html::write(comparison, &mut file)?;
    file.flush()
}

/// Lists kinds and reasons.
pub fn glossary() -> io::Result<()> {
    quiet_pipe(text::glossary(&mut io::stdout().lock()))
}

/// A reader that has seen enough is no error.
fn quiet_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
