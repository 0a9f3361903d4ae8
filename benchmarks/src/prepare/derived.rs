//! Jobs with another job's inputs and other arguments.

use super::Recipe;
use crate::job::{Description, Job, quoting};
use anyhow::{Context, Result};
use std::fs;

/// A recipe for the job `base` with its description and arguments changed.
pub fn recipe(
    name: &str,
    title: &str,
    base: &'static str,
    change: impl Fn(&mut Description, &mut Vec<String>) + 'static,
) -> Recipe {
    Recipe::new(name, title, move |kitchen| {
        let base = Job::load(&kitchen.job.with_file_name(base))
            .context("its inputs are those of another job, which must be made first")?;
        let mut about = base.about.clone();
        let mut arguments = quoting::split(&fs::read_to_string(base.response())?);
        change(&mut about, &mut arguments);
        about.inputs_of = Some(base.about.inputs_of.unwrap_or(base.about.name));
        write(&kitchen.job, about, &arguments)
    })
}

fn write(dir: &std::path::Path, about: Description, arguments: &[String]) -> Result<()> {
    fs::create_dir_all(dir)?;
    let job = Job { dir: dir.to_owned(), about };
    fs::write(job.response(), quoting::join(arguments))?;
    job.save()
}
