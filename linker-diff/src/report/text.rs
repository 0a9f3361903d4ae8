//! The report for a terminal.

use std::io::{self, Write};

use super::{Comparison, Report};
use crate::finding::{Finding, Kind, Side};
use crate::reason::Reason;

/// Findings of one kind that are shown in full; the rest are counted.
const SHOWN_PER_KIND: usize = 10;

/// How the text is written.
#[derive(Clone, Copy, Default, Debug)]
pub struct Style {
    /// With ANSI colours.
    pub colour: bool,
    /// With every finding, not the first of each kind alone.
    pub all: bool,
    /// With the explained differences, one example each.
    pub explain: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Writes summary and findings.
///
/// # Errors
/// When writing fails.
pub fn write(comparison: &Comparison, style: Style, out: &mut impl Write) -> io::Result<()> {
    summary(comparison, style, out)?;
    for report in &comparison.reports {
        findings(report, style, out)?;
    }
    Ok(())
}

fn summary(comparison: &Comparison, style: Style, out: &mut impl Write) -> io::Result<()> {
    let name = |r: &Report| r.right.display().to_string();
    let width = comparison.reports.iter().map(|r| name(r).len()).max().unwrap_or(0).max(13);
    if let Some(first) = comparison.reports.first() {
        writeln!(out, "{} compared with", style.paint("1", &first.left.display().to_string()))?;
    }
    writeln!(
        out,
        "{:width$}  {:>10}  {:>10}  {:>11}  verdict",
        "", "compared", "explained", "unexplained"
    )?;
    for report in &comparison.reports {
        let explained: u64 = report.explained().map(|f| f.count).sum();
        let unexplained: u64 = report.unexplained().map(|f| f.count).sum();
        let faulty = report.faults().next().is_some();
        let verdict = match (unexplained, explained) {
            (0, 0) => style.paint("32", "equal"),
            (0, _) if faulty => style.paint("33", "explained differences, known faults among them"),
            (0, _) => style.paint("32", "equal but for explained differences"),
            _ => style.paint("31;1", "different"),
        };
        let name = name(report);
        let compared = report.compared;
        writeln!(
            out,
            "{name:width$}  {compared:>10}  {explained:>10}  {unexplained:>11}  {verdict}"
        )?;
    }
    writeln!(out)?;
    kinds(comparison, style, out)
}

/// The table of kinds, a column a program.
fn kinds(comparison: &Comparison, style: Style, out: &mut impl Write) -> io::Result<()> {
    let counts: Vec<_> = comparison.reports.iter().map(Report::counts).collect();
    let kinds = Kind::ALL.iter().filter(|k| counts.iter().any(|c| c.contains_key(k)));
    for kind in kinds {
        write!(out, "  {:20}", kind.name())?;
        for count in &counts {
            let (unexplained, explained) = count.get(kind).copied().unwrap_or_default();
            let cell = match (unexplained, explained) {
                (0, 0) => format!("{:>24}", "-"),
                (0, e) => format!("{:>24}", format!("{e} explained")),
                (u, 0) => style.paint("31", &format!("{:>24}", format!("{u} unexplained"))),
                (u, e) => style.paint("31", &format!("{:>24}", format!("{u} and {e} explained"))),
            };
            write!(out, "{cell}")?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

fn findings(report: &Report, style: Style, out: &mut impl Write) -> io::Result<()> {
    let limit = if style.all { usize::MAX } else { SHOWN_PER_KIND };
    for &kind in Kind::ALL {
        let list: Vec<_> = report.unexplained().filter(|f| f.kind == kind).collect();
        for finding in list.iter().take(limit) {
            one(report, finding, style, out)?;
        }
        if list.len() > limit {
            writeln!(
                out,
                "… and {} more of kind {}; --all shows them\n",
                list.len() - limit,
                kind.name()
            )?;
        }
    }
    if !style.explain {
        kept(report, style, out)?;
    }
    for finding in report.explained().filter(|f| style.explain || f.is_fault()) {
        one(report, finding, style, out)?;
    }
    Ok(())
}

/// What only one of the programs has because the other's linker collects more garbage.
fn kept(report: &Report, style: Style, out: &mut impl Write) -> io::Result<()> {
    let list = report.explained().filter(|f| f.kind == Kind::GarbageCollection);
    for f in list.filter(|f| !f.items.is_empty()) {
        let keeper = if f.side == Side::Left { &report.right } else { &report.left };
        let head = format!("kept by {} alone, unreached", keeper.display());
        writeln!(out, "{}: {} in all", style.paint("32", &head), f.items.len())?;
        items(f, style, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn items(f: &Finding, style: Style, out: &mut impl Write) -> io::Result<()> {
    let limit = if style.all { usize::MAX } else { SHOWN_PER_KIND };
    for item in f.items.iter().take(limit) {
        writeln!(out, "      {item}")?;
    }
    match f.items.len().saturating_sub(limit) {
        0 => Ok(()),
        more => writeln!(out, "      … and {more} more; --all shows them"),
    }
}

fn one(report: &Report, f: &Finding, style: Style, out: &mut impl Write) -> io::Result<()> {
    let head = match f.reason {
        None => style.paint("31;1", &format!("unexplained {}", f.kind.name())),
        Some(reason) if reason.is_fault() => {
            style.paint("33;1", &format!("known fault {} ({})", f.kind.name(), reason.name()))
        }
        Some(reason) => {
            style.paint("32", &format!("explained {} ({})", f.kind.name(), reason.name()))
        }
    };
    writeln!(out, "{head}: {}", style.paint("1", &f.place))?;
    let times = if f.count > 1 { format!(" [{} times]", f.count) } else { String::new() };
    writeln!(out, "  {}{times}", f.detail)?;
    if !f.left.is_empty() || !f.right.is_empty() {
        for (path, lines) in [(&report.left, &f.left), (&report.right, &f.right)] {
            writeln!(out, "  {}", style.paint("36", &path.display().to_string()))?;
            for line in lines.lines() {
                writeln!(out, "      {line}")?;
            }
        }
    }
    if f.items.len() > 1 {
        items(f, style, out)?;
    }
    if let Some(reason) = f.reason {
        writeln!(out, "  why: {}", reason.help())?;
    }
    writeln!(out)
}

/// Writes what every kind and every explanation means.
///
/// # Errors
/// When writing fails.
pub fn glossary(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "Kinds of findings:")?;
    for kind in Kind::ALL {
        writeln!(out, "  {:20} {}", kind.name(), kind.help())?;
    }
    writeln!(out, "\nBuilt-in explanations:")?;
    for reason in Reason::ALL {
        writeln!(out, "  {:20} {}", reason.name(), reason.help())?;
    }
    Ok(())
}
