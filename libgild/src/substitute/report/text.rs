//! The report for people.

use super::Report;
use std::fmt::Write;

/// The report's lines.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = write(report, &mut out);
    out
}

fn write(report: &Report, out: &mut String) -> std::fmt::Result {
    let version = report.version.map(|version| format!(" ({version})")).unwrap_or_default();
    writeln!(out, "allocator: {}{version}", report.allocator)?;
    if let Some(path) = &report.path {
        writeln!(out, "  file: {path}\n  xxh3-128: {}", report.xxh3_128)?;
    }
    if !report.prefix.is_empty() {
        writeln!(out, "  bound by prefix: {}", report.prefix)?;
    }
    writeln!(out, "  the C library's private callers: {}", report.internal)?;
    for heap in &report.heaps {
        writeln!(out, "  heap: {}", heap.describe())?;
    }
    let (used, unused): (Vec<_>, Vec<_>) =
        report.symbols.iter().partition(|symbol| symbol.references > 0);
    for symbol in used {
        let provider = symbol.provider.as_deref().unwrap_or("not in the program");
        let (name, count) = (&symbol.name, symbol.references);
        let references = if count == 1 { "reference" } else { "references" };
        writeln!(out, "  {name}: {provider}, {count} live {references}")?;
        for (from, count) in &symbol.from {
            writeln!(out, "    {count} from {from}")?;
        }
    }
    if !unused.is_empty() {
        let names: Vec<&str> = unused.iter().map(|symbol| symbol.name).collect();
        writeln!(out, "  there, but not referred to: {}", names.join(", "))?;
    }
    for (name, base) in report.completed {
        writeln!(out, "  completed, if needed: {name}, {}", how(base))?;
    }
    for (member, names) in report.displaced {
        writeln!(out, "  displaced: {member}: {}", names.join(", "))?;
    }
    for caller in &report.private_callers {
        writeln!(out, "  on the C library's private heap: {caller}")?;
    }
    for warning in &report.warnings {
        writeln!(out, "  warning: {}", warning.replace('\n', "\n  "))?;
    }
    Ok(())
}

fn how(base: &str) -> String {
    match base {
        "nothing" => "which does nothing".into(),
        base => format!("by {base}"),
    }
}
