//! gild-diff's comparison of finished executables, by meaning.

use crate::Outcome;
use gild_diff::report::text;
use gild_diff::{CompareOptions, Comparison, Finding, Kind, Side};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// `programs` starts with gild's output; each peer's is compared with it. A difference that nothing
/// explains fails, with gild-diff's own report as the message, and so does a known fault of other
/// linkers where it is gild that has it.
pub fn check(programs: &[PathBuf]) -> Outcome {
    if programs.len() < 2 {
        return Ok(());
    }
    let comparison = compare(programs)?;
    if comparison.is_equal() && !is_gild_faulty(&comparison) {
        return Ok(());
    }
    Err(report(&comparison)?)
}

/// The kinds of difference between gild's output and another's that nothing explains, and the
/// report; a known fault that it is gild that has fails.
pub fn unexplained(ours: PathBuf, theirs: PathBuf) -> Outcome<(BTreeSet<Kind>, String)> {
    let comparison = compare(&[ours, theirs])?;
    let said = report(&comparison)?;
    if is_gild_faulty(&comparison) {
        return Err(said);
    }
    Ok((comparison.unexplained().map(|finding| finding.kind).collect(), said))
}

fn compare(programs: &[PathBuf]) -> Outcome<Comparison> {
    gild_diff::compare(programs, &CompareOptions::default())
        .map_err(|error| format!("gild-diff: {error}"))
}

fn is_gild_faulty(comparison: &Comparison) -> bool {
    let ours = |finding: &Finding| finding.is_fault() && finding.side == Side::Left;
    comparison.reports.iter().flat_map(|report| &report.findings).any(ours)
}

fn report(comparison: &Comparison) -> Outcome<String> {
    let mut said = Vec::new();
    text::write(comparison, text::Style::default(), &mut said)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}
