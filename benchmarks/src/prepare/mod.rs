//! Installing what is needed and making every job.

pub mod cargo_programs;
pub mod derived;
pub mod hello;
pub mod llvm;
pub mod synthetic;
pub mod tools;

use crate::job::{self, Check, Job};
use crate::process::{rust_lld, which};
use crate::workspace::Workspace;
use crate::{capture, linkers};
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What `gild-bench prepare` was asked for.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Names of jobs, with `*`; empty for all that aren't large.
    pub jobs: Vec<String>,
    /// Large jobs as well.
    pub large: bool,
    /// Also jobs that are there.
    pub force: bool,
    /// Install packages and tools first.
    pub install: bool,
}

/// How a job comes to be.
pub struct Recipe {
    /// The name of its folder.
    pub name: String,
    /// One line for the tables.
    pub title: String,
    /// Takes tens of minutes to build.
    pub large: bool,
    /// What running an output must print.
    pub check: Option<Check>,
    /// Makes the job's folder.
    pub make: Box<Make>,
}

/// Leaves a job's folder with its `job.json`.
pub type Make = dyn Fn(&Kitchen) -> Result<()>;

impl Recipe {
    /// A recipe without a check that isn't large.
    pub fn new(name: &str, title: &str, make: impl Fn(&Kitchen) -> Result<()> + 'static) -> Self {
        let (name, title) = (name.to_owned(), title.to_owned());
        Self { name, title, large: false, check: None, make: Box::new(make) }
    }

    /// With a check: run with `arguments`, an output must print `prints`.
    pub fn checked(mut self, arguments: &[&str], prints: &str) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.check = Some(Check { arguments, prints: prints.to_owned() });
        self
    }
}

/// What a recipe works with.
pub struct Kitchen {
    /// Where everything lies.
    pub workspace: Workspace,
    /// The job's folder, which the recipe makes.
    pub job: PathBuf,
    /// A folder for builds; it stays, so that related jobs share what was built.
    pub work: PathBuf,
    /// A folder with `ld` for `gcc -B` that records into the job.
    pub recorder: PathBuf,
}

/// Makes the jobs.
///
/// # Errors
/// If a package, a tool or a job can't be made; jobs made before stay.
pub fn prepare(workspace: &Workspace, wishes: &Wishes) -> Result<()> {
    if wishes.install {
        tools::install(workspace)?;
    }
    let recipes = recipes().into_iter().filter(|recipe| {
        let named = wishes.jobs.iter().any(|pattern| job::matches(pattern, &recipe.name));
        named || (wishes.jobs.is_empty() && (wishes.large || !recipe.large))
    });
    make_missing(workspace, &workspace.jobs(), recipes, wishes.force)
}

/// Makes those of `recipes` that have no folder in `jobs`, or all of them with `force`.
///
/// # Errors
/// As [`prepare`].
pub fn make_missing(
    workspace: &Workspace,
    jobs: &Path,
    recipes: impl Iterator<Item = Recipe>,
    force: bool,
) -> Result<()> {
    fs::create_dir_all(workspace.work())?;
    // The recorder's folder is the same for all jobs, so that cargo builds dependencies once.
    let lock = File::create(workspace.work().join("lock"))?;
    lock.lock().context("waiting for another `prepare`")?;
    let lld = lld().context("no LLD: install lld-19")?;
    for recipe in recipes {
        let job = jobs.join(&recipe.name);
        if force || !job.join("job.json").is_file() {
            eprintln!("making {}: {}", recipe.name, recipe.title);
            make(workspace, &recipe, job, &lld)
                .with_context(|| format!("making {}", recipe.name))?;
        }
    }
    Ok(())
}

fn recipes() -> Vec<Recipe> {
    let mut recipes = hello::recipes();
    recipes.extend(cargo_programs::recipes());
    recipes.extend(llvm::recipes());
    recipes.extend(synthetic::recipes());
    recipes
}

/// LLD: Debian's, or the one that comes with the Rust toolchain.
pub fn lld() -> Option<PathBuf> {
    which(&["ld.lld-19", "ld.lld"]).or_else(rust_lld)
}

fn make(workspace: &Workspace, recipe: &Recipe, dir: PathBuf, lld: &Path) -> Result<()> {
    // Without a description it is no job, should this be cut short.
    _ = fs::remove_file(dir.join("job.json"));
    let work = workspace.work();
    let recorder = capture::recorder(&work, &dir, lld)?;
    let kitchen = Kitchen { workspace: workspace.clone(), job: dir.clone(), work, recorder };
    (recipe.make)(&kitchen)?;
    let mut job = Job::load(&dir)?;
    job.about.name.clone_from(&recipe.name);
    job.about.title.clone_from(&recipe.title);
    job.about.check.clone_from(&recipe.check);
    let flags = linkers::evened(job.about.gc_sections, "none");
    job.about.needed = job::needed::measure(&job, lld, &flags)?;
    job.save()
}
