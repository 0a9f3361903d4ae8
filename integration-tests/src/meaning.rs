//! gild-diff's comparison of finished executables, by meaning.

use crate::Outcome;
use gild_diff::report::text;
use gild_diff::{CompareOptions, Finding, Side};
use std::path::PathBuf;

/// `programs` starts with gild's output; each peer's is compared with it. A difference that nothing
/// explains fails, with gild-diff's own report as the message, and so does a known fault of other
/// linkers where it is gild that has it.
pub fn check(programs: &[PathBuf]) -> Outcome {
    if programs.len() < 2 {
        return Ok(());
    }
    let comparison = gild_diff::compare(programs, &CompareOptions::default())
        .map_err(|error| format!("gild-diff: {error}"))?;
    let ours = |finding: &Finding| finding.is_fault() && finding.side == Side::Left;
    let faulty = comparison.reports.iter().flat_map(|report| &report.findings).any(ours);
    if comparison.is_equal() && !faulty {
        return Ok(());
    }
    let mut said = Vec::new();
    text::write(&comparison, text::Style::default(), &mut said)
        .map_err(|error| error.to_string())?;
    Err(String::from_utf8_lossy(&said).into_owned())
}
