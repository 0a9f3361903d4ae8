//! What was measured, as JSON, as Markdown tables and as an SVG chart.

pub mod machine;
pub mod markdown;
pub mod results;
pub mod svg;

use anyhow::{Context, Result};
use results::Results;
use std::fs;
use std::path::Path;

/// The name of the file with the tables.
pub const MARKDOWN: &str = "results.md";

/// Writes `results.json`, `results.md` and `results.svg` into `folder`.
///
/// # Errors
/// Those of writing.
pub fn write(results: &Results, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let parts = [
        ("results.json", serde_json::to_string_pretty(results)?),
        (MARKDOWN, markdown::report(results)),
        ("results.svg", svg::chart(results)),
    ];
    for (name, text) in parts {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("{}", path.display()))?;
    }
    Ok(())
}
