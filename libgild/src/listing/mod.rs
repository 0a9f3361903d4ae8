//! What a link says about itself when asked: `--verbose`, `--trace`, `-y`, `-Map`, `--cref`,
//! `--print-gc-sections`, `--dependency-file`, `--allocator-report`.

mod cross_reference;
mod dependencies;
mod map;
mod trace;

use crate::args::MapOutput;
use crate::diagnostics::{Error, Result};
use crate::input::Inputs;
use crate::synth::Context;
use std::path::Path;

/// Writes the files that were asked for, the allocator's `report` among them, and returns the lines for
/// standard output.
pub fn list(inputs: &Inputs, context: Context, report: Option<String>) -> Result<Vec<String>> {
    let options = context.options;
    let mut lines = Vec::new();
    match (&options.allocator.report, report) {
        (Some(Some(path)), Some(report)) => save(path, &report)?,
        (_, report) => lines.extend(report.iter().flat_map(|it| it.lines()).map(str::to_string)),
    }
    lines.extend(trace::lines(inputs, context));
    if let Some(path) = &options.dependency_file {
        save(path, dependencies::rule(inputs, &options.output))?;
    }
    let mut text = String::new();
    if options.map.is_some() {
        text += &map::table(context);
    }
    if options.cref {
        text += &cross_reference::table(context);
    }
    match &options.map {
        Some(MapOutput::File(path)) => save(path, &text)?,
        _ => lines.extend(text.lines().map(str::to_string)),
    }
    Ok(lines)
}

fn save(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::io("write", path, source).into())
}
