//! The report as one page that needs nothing else: no script, no font, no network.

use std::io::{self, Write};

use super::{Comparison, Report};
use crate::finding::{Finding, Kind};

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid #8884; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.bad { color: #c33; font-weight: 600; }
.good { color: #292; font-weight: 600; }
details { border: 1px solid #8884; border-radius: .4rem; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
summary code { font-weight: 600; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.sides figure { margin: .5rem 0; min-width: 0; }
pre { overflow-x: auto; background: #8881; padding: .5rem; border-radius: .3rem; margin: .2rem 0; }
mark { background: #fd08; color: inherit; }
";

/// Writes the page.
///
/// # Errors
/// When writing fails.
pub fn write(comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<title>gild-diff</title>\n<style>{STYLE}</style>\n<h1>gild-diff</h1>")?;
    summary(comparison, out)?;
    for report in &comparison.reports {
        one_report(report, out)?;
    }
    writeln!(out, "</html>")
}

fn summary(comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    if let Some(first) = comparison.reports.first() {
        writeln!(out, "<p><code>{}</code> compared with</p>", escape(&path(&first.left)))?;
    }
    writeln!(out, "<table>\n<tr><th>program<th>compared<th>explained<th>unexplained<th>verdict")?;
    for r in &comparison.reports {
        let unexplained: u64 = r.unexplained().map(|f| f.count).sum();
        let explained: u64 = r.explained().map(|f| f.count).sum();
        let faulty = r.faults().next().is_some();
        let verdict = match (unexplained, explained) {
            (0, _) if faulty => {
                "<span class=\"bad\">explained differences, known faults among them</span>"
            }
            (0, 0) => "<span class=\"good\">equal</span>",
            (0, _) => "<span class=\"good\">equal but for explained differences</span>",
            _ => "<span class=\"bad\">different</span>",
        };
        let name = escape(&path(&r.right));
        let cell = |n: u64| format!("<td class=\"number\">{n}");
        let numbers = [r.compared, explained, unexplained].map(cell).concat();
        writeln!(out, "<tr><td><code>{name}</code>{numbers}<td>{verdict}")?;
    }
    writeln!(out, "</table>")
}

fn one_report(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<h2><code>{}</code></h2>", escape(&path(&report.right)))?;
    writeln!(out, "<table>\n<tr><th>kind<th>unexplained<th>explained<th>meaning")?;
    for (kind, (unexplained, explained)) in report.counts() {
        writeln!(
            out,
            "<tr><td>{}<td class=\"number\">{unexplained}<td class=\"number\">{explained}<td>{}",
            kind.name(),
            escape(kind.help())
        )?;
    }
    writeln!(out, "</table>")?;
    for &kind in Kind::ALL {
        for finding in report.unexplained().filter(|f| f.kind == kind) {
            one(report, finding, out)?;
        }
    }
    writeln!(out, "<h3>Explained differences</h3>")?;
    for finding in report.explained() {
        one(report, finding, out)?;
    }
    Ok(())
}

fn one(report: &Report, f: &Finding, out: &mut impl Write) -> io::Result<()> {
    let (open, class) =
        if f.is_unexplained() || f.is_fault() { (" open", "bad") } else { ("", "good") };
    let times = if f.count > 1 { format!(" × {}", f.count) } else { String::new() };
    writeln!(
        out,
        "<details{open}><summary><span class=\"{class}\">{}</span>{times} <code>{}</code></summary>",
        f.kind.name(),
        escape(&f.place)
    )?;
    writeln!(out, "<p>{}</p>", escape(&f.detail))?;
    if let Some(reason) = f.reason {
        writeln!(out, "<p>{}</p>", escape(reason.help()))?;
    }
    if !f.left.is_empty() || !f.right.is_empty() {
        let (left, right) = marked(&f.left, &f.right);
        writeln!(
            out,
            "<div class=\"sides\"><figure><figcaption>{}</figcaption><pre>{left}</pre></figure>\
             <figure><figcaption>{}</figcaption><pre>{right}</pre></figure></div>",
            escape(&path(&report.left)),
            escape(&path(&report.right))
        )?;
    }
    if f.items.len() > 1 {
        writeln!(out, "<details><summary>all {}</summary><pre>", f.items.len())?;
        for item in &f.items {
            writeln!(out, "{}", escape(item))?;
        }
        writeln!(out, "</pre></details>")?;
    }
    writeln!(out, "</details>")
}

/// Both sides with the lines marked that differ.
fn marked(left: &str, right: &str) -> (String, String) {
    let mark = |ours: &str, theirs: &str| {
        let theirs: Vec<&str> = theirs.lines().collect();
        let lines = ours.lines().map(|line| {
            let text = escape(line);
            if theirs.contains(&line) { text } else { format!("<mark>{text}</mark>") }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    (mark(left, right), mark(right, left))
}

fn path(path: &std::path::Path) -> String {
    path.display().to_string()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escape, marked};

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<b>&\"</b>"), "&lt;b&gt;&amp;&quot;&lt;/b&gt;");
    }

    #[test]
    fn only_lines_that_differ_are_marked() {
        let (left, right) = marked("a\nb", "a\nc");
        assert_eq!((left.as_str(), right.as_str()), ("a\n<mark>b</mark>", "a\n<mark>c</mark>"));
    }
}
