//! The report for other programs.

use std::io::{self, Write};

use super::Comparison;

/// Writes one JSON object.
///
/// # Errors
/// When writing fails.
pub fn write(comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, comparison)?;
    writeln!(out)
}
