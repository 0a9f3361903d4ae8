//! Synthetic jobs: programs of any size that need no libc, link with everything and check their own
//! relocations when they run.
//!
//! `_start` calls one entry function of every object, each of which loads a number, and exits with
//! 0 if the sum is right. Behind a branch that is never taken every entry leads to a chain of
//! functions that refer to each other, across objects, and to strings.

pub mod archive;
pub mod code;
pub mod debug;
pub mod object;
pub mod unwind;

use crate::job::{Check, Description, Job, quoting};
use crate::workspace::Workspace;
use crate::{linkers, process};
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

/// The knobs of a synthetic job.
#[derive(clap::Args, Clone, Debug)]
pub struct Knobs {
    /// The job's name, under which `run` finds it
    pub name: String,
    /// Megabytes of objects, from 1 to several thousand; replaces --objects
    #[arg(long)]
    pub size: Option<f64>,
    /// Objects
    #[arg(long, default_value_t = 100)]
    pub objects: usize,
    /// Functions in each object, each in a section of its own
    #[arg(long, default_value_t = 200)]
    pub functions: usize,
    /// Relocations of each function
    #[arg(long, default_value_t = 6)]
    pub relocations: usize,
    /// Strings in each object; half of them occur in other objects as well
    #[arg(long, default_value_t = 200)]
    pub strings: usize,
    /// COMDAT groups in each object
    #[arg(long, default_value_t = 50)]
    pub comdats: usize,
    /// In how many objects each COMDAT group occurs
    #[arg(long, default_value_t = 5)]
    pub copies: usize,
    /// Percentage of the functions that are reachable
    #[arg(long, default_value_t = 75)]
    pub live: usize,
    /// Leave debug information out
    #[arg(long)]
    pub no_debug: bool,
    /// Put the objects into as many archives [default: none, they are named one by one]
    #[arg(long, default_value_t = 0)]
    pub archives: usize,
    /// Members of a further archive that nothing refers to, mixed with those that are used
    #[arg(long, default_value_t = 0)]
    pub unused: usize,
    /// Don't drop unreachable sections
    #[arg(long)]
    pub no_gc: bool,
}

impl Knobs {
    /// The defaults of the command line, under `name`.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            size: None,
            objects: 100,
            functions: 200,
            relocations: 6,
            strings: 200,
            comdats: 50,
            copies: 5,
            live: 75,
            no_debug: false,
            archives: 0,
            unused: 0,
            no_gc: false,
        }
    }

    /// With `size` turned into a number of objects, going by the size of one.
    fn sized(&self) -> Result<Self> {
        let mut knobs = self.clone();
        if let Some(megabytes) = self.size {
            let one = object::object(self, 0)?.len() as f64;
            knobs.objects = ((megabytes * 1e6 / one).round() as usize).max(1);
        }
        Ok(knobs)
    }
}

/// `gild-bench generate`: the job, ready to be run.
///
/// # Errors
/// Those of writing, or if no LLD is there to measure what has to be read.
pub fn command(knobs: &Knobs) -> Result<()> {
    let dir = Workspace::find()?.jobs().join(&knobs.name);
    write(knobs, &dir)?;
    let mut job = Job::load(&dir)?;
    let lld = process::which(&["ld.lld-19", "ld.lld"]).or_else(process::rust_lld);
    let flags = linkers::evened(job.about.gc_sections, "none");
    job.about.needed = crate::job::needed::measure(&job, &lld.context("no LLD")?, &flags)?;
    job.save()?;
    println!("{}: {:.1} MB", dir.display(), job.about.input_bytes as f64 / 1e6);
    Ok(())
}

/// Writes the objects, archives and arguments into the job folder `dir`.
///
/// # Errors
/// Those of writing.
pub fn write(knobs: &Knobs, dir: &Path) -> Result<()> {
    let knobs = knobs.sized()?;
    let inputs = dir.join("inputs");
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("{}", dir.display()))?;
    }
    fs::create_dir_all(&inputs).with_context(|| format!("{}", inputs.display()))?;
    let mut files = vec!["start.o".to_owned()];
    fs::write(inputs.join("start.o"), object::start(&knobs)?)?;
    if knobs.archives > 0 || knobs.unused > 0 {
        files.extend(write_archives(&knobs, &inputs)?);
    } else {
        for number in 0..knobs.objects {
            let name = format!("part-{number}.o");
            fs::write(inputs.join(&name), object::object(&knobs, number)?)?;
            files.push(name);
        }
    }
    let mut arguments = vec!["-static".to_owned(), "-m".to_owned(), "elf_x86_64".to_owned()];
    arguments.extend(files.iter().map(|file| format!("inputs/{file}")));
    let job = Job { dir: dir.to_owned(), about: describe(&knobs, &inputs, &files)? };
    fs::write(job.response(), quoting::join(&arguments))?;
    job.save()
}

fn describe(knobs: &Knobs, inputs: &Path, files: &[String]) -> Result<Description> {
    let sizes = files.iter().map(|file| Ok(fs::metadata(inputs.join(file))?.len()));
    Ok(Description {
        name: knobs.name.clone(),
        title: format!("synthetic, {} objects of {} functions", knobs.objects, knobs.functions),
        gc_sections: !knobs.no_gc,
        // Its exit status says whether the relocations are right.
        check: Some(Check::default()),
        input_bytes: sizes.sum::<Result<u64>>()?,
        ..Description::default()
    })
}

fn write_archives(knobs: &Knobs, inputs: &Path) -> Result<Vec<String>> {
    // Unused members only: all objects share their archive.
    let archives = if knobs.unused > 0 { 1 } else { knobs.archives };
    let per_archive = knobs.objects.div_ceil(archives);
    let mut names = Vec::new();
    for archive in 0..archives {
        let first = archive * per_archive;
        let last = knobs.objects.min(first + per_archive);
        let mut members = Vec::new();
        for number in first..last {
            members.push(archive::Member {
                name: format!("part-{number}.o"),
                symbols: object::exported(knobs, number),
                data: object::object(knobs, number)?,
            });
        }
        let members = mix(members, knobs.unused)?;
        let name = format!("libparts-{archive}.a");
        let file = File::create(inputs.join(&name))?;
        archive::write(&mut BufWriter::new(file), &members)?;
        names.push(name);
    }
    Ok(names)
}

/// Spreads the `used` members evenly among as many `unused` ones.
fn mix(used: Vec<archive::Member>, unused: usize) -> Result<Vec<archive::Member>> {
    let stride = unused / used.len().max(1);
    let mut members = Vec::new();
    let mut number = 0;
    for member in used {
        for _ in 0..stride {
            members.push(object::unused(number)?);
            number += 1;
        }
        members.push(member);
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn small(name: &str) -> Knobs {
        Knobs { objects: 3, functions: 20, comdats: 6, copies: 2, ..Knobs::named(name) }
    }

    /// Links with GNU ld, which every developer has, and runs the result.
    fn link_and_run(knobs: &Knobs) {
        let dir =
            std::env::temp_dir().join(format!("gild-bench-{}-{}", knobs.name, std::process::id()));
        write(knobs, &dir).unwrap();
        let mut ld = Command::new("ld");
        let status =
            ld.current_dir(&dir).args(["@arguments", "--gc-sections", "-o", "out"]).status();
        assert!(status.unwrap().success());
        let ran = Command::new(dir.join("out")).status().unwrap();
        fs::remove_dir_all(&dir).unwrap();
        assert!(ran.success(), "the sum of the entries' numbers is wrong: {ran}");
    }

    #[test]
    fn a_generated_program_links_and_its_sum_is_right() {
        link_and_run(&small("objects"));
        link_and_run(&Knobs { archives: 2, ..small("archives") });
        link_and_run(&Knobs { unused: 50, no_debug: true, ..small("unused") });
    }

    #[test]
    fn a_size_is_met_within_the_size_of_an_object() {
        let knobs = Knobs { size: Some(1.0), ..small("size") };
        let one = object::object(&knobs, 0).unwrap().len();
        let all = knobs.sized().unwrap().objects * one;
        assert!(all.abs_diff(1_000_000) <= one, "{all}");
    }
}
