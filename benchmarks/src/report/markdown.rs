//! Results as Markdown tables.

use super::results::{Entry, Measured, Outcome, Results};
use crate::linkers::{EVENED, Role};
use crate::run::setting::Setting;
use crate::stats;
use std::fmt::{Display, Write};

/// The whole report.
pub fn report(results: &Results) -> String {
    let parts = [
        heading(results),
        overview(results),
        growth(results),
        evenness(results),
        results.jobs.iter().map(job).collect(),
    ];
    parts.concat()
}

/// One line on one job in one setting, for the terminal.
pub fn line(name: &str, measured: &Measured) -> String {
    let mut text = format!("{name} ({}):", measured.setting.title());
    for entry in measured.entries.iter().filter(|entry| entry.failure.is_none()) {
        _ = write!(text, " {} {} ms,", entry.name, millis(entry.wall.median));
    }
    text.trim_end_matches(',').to_owned()
}

fn heading(results: &Results) -> String {
    let machine = &results.machine;
    let mut text = String::from("# Results\n\n");
    _ = writeln!(
        text,
        "{}, {} hardware threads, {} GB of memory, Linux {}; outputs on {} and {}. Load average \
         before {}, after {} (with the benchmark itself).\n",
        machine.processor,
        machine.cores,
        machine.memory / 1_000_000_000,
        machine.kernel,
        machine.disk,
        machine.tmpfs,
        machine.load_before,
        machine.load_after,
    );
    text.push_str("| contestant | version | own flags |\n| --- | --- | --- |\n");
    for linker in &results.contestants {
        let flags = linker.flags.join(" ");
        _ = writeln!(text, "| {} | {} | {flags} |", linker.name, linker.version);
    }
    text.push('\n');
    text
}

/// The subject against the peers, in the first setting that was measured.
fn overview(results: &Results) -> String {
    let setting = results.jobs.first().and_then(|job| job.settings.first());
    let Some(setting) = setting.map(|measured| measured.setting) else { return String::new() };
    let names = results
        .contestants
        .iter()
        .filter(|linker| linker.role != Role::Listed)
        .map(|linker| linker.name.as_str())
        .collect::<Vec<_>>();
    let mut text = format!("## Overview: wall time in ms, {}\n\n", setting.title());
    let subject = results.contestants.iter().find(|linker| linker.role == Role::Subject);
    let subject = subject.map_or("gild", |linker| linker.name.as_str());
    _ = writeln!(
        text,
        "| job | output MB | floor | {} | {subject} to fastest | CPU to leanest | memory to leanest | \
         {subject} to floor |",
        names.join(" | ")
    );
    _ = writeln!(text, "| --- |{}", " ---: |".repeat(names.len() + 6));
    for job in &results.jobs {
        if let Some(measured) = job.settings.iter().find(|m| m.setting == setting) {
            text.push_str(&overview_row(job, measured, &names, subject));
        }
    }
    text.push('\n');
    text
}

fn overview_row(job: &Outcome, measured: &Measured, names: &[&str], subject: &str) -> String {
    let find = |name: &str| {
        measured.entries.iter().find(|entry| entry.name == name && entry.failure.is_none())
    };
    let mut cells = vec![job.name.clone()];
    let floor = find("floor");
    cells.push(or_dash(floor.map(|floor| megabytes(floor.output_bytes as f64))));
    let wall = |name: &str| or_dash(find(name).map(|entry| millis(entry.wall.median)));
    cells.push(wall("floor"));
    cells.extend(names.iter().map(|name| wall(name)));
    let subject = find(subject);
    let of = |get: fn(&Entry) -> Option<f64>| or_dash(subject.and_then(get).map(ratio));
    cells.push(of(|entry| entry.to_fastest_peer));
    cells.push(of(|entry| entry.to_leanest_cpu));
    cells.push(of(|entry| entry.to_leanest_memory));
    cells.push(of(|entry| entry.to_floor));
    format!("| {} |\n", cells.join(" | "))
}

/// How cost grows over the multiples of the synthetic job.
fn growth(results: &Results) -> String {
    let scaled = results.jobs.iter().filter(|job| job.scale.is_some()).collect::<Vec<_>>();
    if scaled.len() < 2 {
        return String::new();
    }
    let mut text = String::from(
        "## Growth over the multiples of the synthetic job\n\nThe exponent e of time ~ input^e (1 is \
         linear), and the time for one unit of input at the largest multiple over that at the \
         smallest.\n\n| contestant | setting | exponent | largest to smallest |\n\
         | --- | --- | ---: | ---: |\n",
    );
    for linker in &results.contestants {
        for setting in crate::run::setting::ALL {
            let points = points(&scaled, &linker.name, setting);
            let (Some(exponent), [first, .., last]) = (stats::growth(&points), &points[..]) else {
                continue;
            };
            let unit = (last.1 / last.0) / (first.1 / first.0);
            let name = &linker.name;
            _ = writeln!(text, "| {name} | {} | {exponent:.3} | {unit:.2} |", setting.title());
        }
    }
    text.push('\n');
    text
}

fn points(scaled: &[&Outcome], linker: &str, setting: Setting) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for job in scaled {
        let measured = job.settings.iter().filter(|measured| measured.setting == setting);
        let entries = measured.flat_map(|measured| &measured.entries);
        let entry = entries.filter(|entry| entry.name == linker && entry.wall.count > 0);
        points.extend(entry.filter_map(|entry| Some((job.scale?, entry.wall.median))));
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn evenness(results: &Results) -> String {
    let mut text = String::from("## Flags\n\n| flag | how it is evened out |\n| --- | --- |\n");
    for (flag, how) in EVENED {
        _ = writeln!(text, "| `{flag}` | {how} |");
    }
    _ = writeln!(text, "\nHere: `--build-id={}`.\n", results.build_id);
    text
}

fn job(job: &Outcome) -> String {
    let mut text = format!("## {}\n\n{}. ", job.name, job.title);
    _ = writeln!(
        text,
        "Inputs {} MB, of which {} MB have to be read.\n",
        megabytes(job.input_bytes as f64),
        megabytes(job.needed_bytes as f64)
    );
    if !job.left_out.is_empty() {
        let left_out = job.left_out.iter().map(|out| format!("`{}`", out.argument));
        _ = writeln!(text, "Left out: {}.\n", left_out.collect::<Vec<_>>().join(", "));
    }
    for measured in &job.settings {
        text.push_str(&table(measured));
    }
    text
}

const COLUMNS: &str = "| contestant | wall ms | ± % | to fastest peer | to floor | settled ms | \
    CPU ms | to leanest | system ms | memory MB | to leanest | faults | output MB | runs |\n\
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | \
    ---: |\n";

fn table(measured: &Measured) -> String {
    let mut text = format!("### {}\n\n{COLUMNS}", measured.setting.title());
    for entry in &measured.entries {
        text.push_str(&row(entry));
    }
    text.push('\n');
    text
}

fn row(entry: &Entry) -> String {
    if let Some(failure) = &entry.failure {
        let reason = failure.lines().next().unwrap_or_default().replace('|', "/");
        return format!("| {} | failed: {reason} |{}\n", entry.name, " |".repeat(12));
    }
    let name = match &entry.way {
        Some(way) => format!("{} ({way})", entry.name),
        None => entry.name.clone(),
    };
    let cells = [
        name,
        millis(entry.wall.median),
        format!("{:.1}", entry.wall.spread() * 100.0),
        or_dash(entry.to_fastest_peer.map(ratio)),
        or_dash(entry.to_floor.map(ratio)),
        millis(entry.settled.median),
        millis(entry.cpu.median),
        or_dash(entry.to_leanest_cpu.map(ratio)),
        millis(entry.system.median),
        megabytes(entry.memory.median),
        or_dash(entry.to_leanest_memory.map(ratio)),
        format!("{:.0}", entry.minor_faults.median),
        megabytes(entry.output_bytes as f64),
        entry.wall.count.to_string(),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn ratio(value: f64) -> String {
    format!("{value:.2}")
}

/// Seconds in milliseconds, with three digits that mean something.
pub fn millis(seconds: f64) -> String {
    three_digits(seconds * 1e3)
}

fn megabytes(bytes: f64) -> String {
    three_digits(bytes / 1e6)
}

fn three_digits(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(millis(0.001_234), "1.23");
        assert_eq!(millis(0.012_34), "12.3");
        assert_eq!(millis(1.234), "1234");
    }

    #[test]
    fn every_row_has_as_many_cells_as_there_are_columns() {
        let columns = COLUMNS.lines().next().unwrap().matches('|').count();
        let mut entry = Entry::new("wild", Role::Peer);
        assert_eq!(row(&entry).matches('|').count(), columns);
        entry.failure = Some("a | b\nc".to_owned());
        assert_eq!(row(&entry).matches('|').count(), columns);
    }
}
