//! What was measured, as JSON and as Markdown tables.

use super::links::Links;
use super::variants::{Source, Variant};
use crate::report::machine::Machine;
use crate::report::markdown::millis;
use crate::stats::Summary;
use anyhow::{Context, Result};
use serde::Serialize;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The name of the file with the tables.
pub const MARKDOWN: &str = "allocators.md";

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Results {
    /// What it was measured on.
    pub machine: Machine,
    /// Each program on each number of threads.
    pub cells: Vec<Cell>,
    /// Each program's link.
    pub links: Vec<Links>,
}

/// A program on some number of threads.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// The program.
    pub program: &'static str,
    /// What its figure means.
    pub title: &'static str,
    /// How many threads.
    pub threads: usize,
    /// Variant by variant.
    pub rows: Vec<Row>,
}

/// A variant's figures.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The variant in words.
    pub name: String,
    /// The variant.
    pub variant: Variant,
    /// The program's figure.
    pub seconds: Summary,
    /// User + system seconds for the same work: what a machine busy with other things leaves alone.
    pub cpu: Summary,
    /// Bytes: the peak of resident memory.
    pub memory: Summary,
}

impl Results {
    /// Results without any figures yet.
    pub fn new(machine: Machine) -> Self {
        Self { machine, cells: Vec::new(), links: Vec::new() }
    }

    /// Writes both files into `folder`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self)?;
        for (name, text) in [("allocators.json", json), (MARKDOWN, self.markdown())] {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("{}", path.display()))?;
        }
        Ok(())
    }

    fn markdown(&self) -> String {
        let machine = &self.machine;
        let mut text = format!(
            "# Allocators\n\n{}, {} hardware threads, Linux {}. Load average before {}, after {}.\n\n",
            machine.processor,
            machine.cores,
            machine.kernel,
            machine.load_before,
            machine.load_after
        );
        text.push_str(&self.overview());
        text.push_str(&self.link_times());
        self.cells.iter().for_each(|cell| text.push_str(&cell.table()));
        text
    }

    /// How many times as fast as musl's own, variant by variant.
    fn overview(&self) -> String {
        let mut text = String::from("## Times as fast as musl's own malloc\n\n| allocator |");
        for cell in &self.cells {
            _ = write!(text, " {}, {} |", cell.program, cell.threads);
        }
        _ = writeln!(text, "\n| --- |{}", " ---: |".repeat(self.cells.len()));
        for variant in super::variants::all() {
            _ = write!(text, "| {} |", variant.name());
            for cell in &self.cells {
                let speedup = cell.ratio(&cell.own("musl"), &variant);
                _ = write!(
                    text,
                    " {} |",
                    speedup.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"))
                );
            }
            text.push('\n');
        }
        text + "\n"
    }

    fn link_times(&self) -> String {
        let mut text = String::from(
            "## Link time in ms: musl's own malloc, mimalloc's archive first on the line, mimalloc \
             chosen\n\n\
             | job | own | archive | chosen | chosen to archive | the same in CPU time | runs |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for link in &self.links {
            let wall = [link.own, link.archive, link.chosen].map(|cost| cost.wall.median);
            let cpu = link.chosen.cpu.median / link.archive.cpu.median;
            _ = writeln!(
                text,
                "| {} | {} | {} | {} | {:.3} | {cpu:.3} | {} |",
                link.job,
                millis(wall[0]),
                millis(wall[1]),
                millis(wall[2]),
                wall[2] / wall[1],
                link.own.wall.count
            );
        }
        text + "\n"
    }
}

impl Cell {
    /// The cell in one line, for the terminal.
    pub fn line(&self) -> String {
        let rows =
            self.rows.iter().map(|row| format!("{} {}", row.name, millis(row.seconds.median)));
        let rows = rows.collect::<Vec<_>>().join(", ");
        format!("{} ({} threads), ms: {rows}", self.program, self.threads)
    }

    /// How long `slow` takes in units of what `fast` takes, if both were measured.
    fn ratio(&self, slow: &Variant, fast: &Variant) -> Option<f64> {
        let find = |variant: &Variant| self.rows.iter().find(|row| row.variant == *variant);
        Some(find(slow)?.seconds.median / find(fast)?.seconds.median)
    }

    fn own(&self, libc: &'static str) -> Variant {
        Variant { libc, source: Source::Libc }
    }

    fn table(&self) -> String {
        let mut text =
            format!("## {}, {} threads\n\n{}.\n\n", self.program, self.threads, self.title);
        text.push_str(
            "| allocator | s | ± % | to musl's | to glibc's | CPU s | memory MB | runs |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for row in &self.rows {
            let to = |libc| {
                self.ratio(&row.variant, &self.own(libc))
                    .map_or_else(String::new, |r| format!("{r:.2}"))
            };
            _ = writeln!(
                text,
                "| {} | {:.3} | {:.1} | {} | {} | {:.2} | {:.1} | {} |",
                row.name,
                row.seconds.median,
                row.seconds.spread() * 100.0,
                to("musl"),
                to("glibc"),
                row.cpu.median,
                row.memory.median / 1e6,
                row.seconds.count
            );
        }
        text + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(variant: Variant, seconds: f64) -> Row {
        let zero = Summary::default();
        let seconds = Summary::of([seconds]);
        Row { name: variant.name(), variant, seconds, cpu: zero, memory: zero }
    }

    #[test]
    fn a_variant_is_as_many_times_as_fast_as_it_takes_less_time() {
        let own = Variant { libc: "musl", source: Source::Libc };
        let chosen = Variant { libc: "musl", source: Source::Gild("mimalloc") };
        let rows = vec![row(own.clone(), 3.0), row(chosen.clone(), 0.25)];
        let cell = Cell { program: "p", title: "t", threads: 2, rows };
        assert_eq!(cell.ratio(&own, &chosen), Some(12.0));
        assert_eq!(cell.ratio(&own, &cell.own("glibc")), None);
        let results = Results { cells: vec![cell], ..Results::new(Machine::default()) };
        assert!(results.overview().contains("| musl + mimalloc | 12.00 |"));
    }
}
