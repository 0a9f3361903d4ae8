//! The ways to give a program its allocator, and the link for each.

use super::patched;
use crate::job::Job;
use crate::linkers;
use crate::measure::Invocation;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The allocators that `allocators/` builds.
pub const NAMES: [&str; 5] = ["mimalloc", "mimalloc2", "jemalloc", "snmalloc", "rpmalloc"];

/// Where an allocator comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The libc's own.
    Libc,
    /// gild puts it in place of the libc's.
    Gild(&'static str),
    /// LLD takes it from a copy of libc.a, in which it replaces the members of the libc's.
    Patched(&'static str),
}

/// A program's libc and allocator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// `musl` or `glibc`.
    pub libc: &'static str,
    /// Where malloc comes from.
    pub source: Source,
}

/// What links are made with.
#[derive(Debug)]
pub struct Tools {
    /// gild.
    pub gild: PathBuf,
    /// LLD, for the patched libc.a.
    pub lld: PathBuf,
    /// `musl/lib<NAME>.a` and `glibc/lib<NAME>.a`.
    pub archives: PathBuf,
    /// A folder for what is made.
    pub outputs: PathBuf,
}

/// All of them, the libcs' own first.
pub fn all() -> Vec<Variant> {
    let own = |libc| Variant { libc, source: Source::Libc };
    let mut variants = vec![own("musl"), own("glibc")];
    variants.extend(NAMES.map(|name| Variant { libc: "musl", source: Source::Gild(name) }));
    variants.push(Variant { libc: "musl", source: Source::Patched("mimalloc") });
    variants.push(Variant { libc: "glibc", source: Source::Gild("mimalloc") });
    variants
}

impl Variant {
    /// Its name in tables.
    pub fn name(&self) -> String {
        match self.source {
            Source::Libc => self.libc.to_owned(),
            Source::Gild(name) => format!("{} + {name}", self.libc),
            Source::Patched(name) => format!("{} + {name}, libc.a patched, LLD", self.libc),
        }
    }

    /// The link of `job` to `output`.
    ///
    /// # Errors
    /// If the allocator's archive is missing or libc.a can't be patched.
    pub fn link(&self, job: &Job, tools: &Tools, output: &Path) -> Result<Invocation> {
        let mut arguments = linkers::evened(job.about.gc_sections, "none");
        let program = match self.source {
            Source::Patched(name) => {
                let folder = tools.outputs.join("patched").join(&job.about.name);
                arguments.extend(patched::arguments(
                    job,
                    &tools.archive(self.libc, name)?,
                    &folder,
                )?);
                &tools.lld
            }
            Source::Libc | Source::Gild(_) => {
                arguments.push("@arguments".to_owned());
                arguments.push(format!("--allocator={}", self.choice(tools)?));
                &tools.gild
            }
        };
        arguments.extend(["-o".to_owned(), output.display().to_string()]);
        let leading = linkers::dispatch(program).iter().map(|&argument| argument.to_owned());
        let arguments = leading.chain(arguments).map(Into::into).collect();
        Ok(Invocation { dir: job.inputs_dir(), program: program.clone(), arguments })
    }

    fn choice(&self, tools: &Tools) -> Result<String> {
        match self.source {
            Source::Libc => Ok("libc".to_owned()),
            Source::Gild(name) | Source::Patched(name) => {
                Ok(tools.archive(self.libc, name)?.display().to_string())
            }
        }
    }
}

impl Tools {
    /// The archive of an allocator for a libc.
    ///
    /// # Errors
    /// If it isn't there.
    pub fn archive(&self, libc: &str, name: &str) -> Result<PathBuf> {
        let path = self.archives.join(libc).join(format!("lib{name}.a"));
        if !path.is_file() {
            bail!("{}: not there", path.display());
        }
        path.canonicalize().with_context(|| format!("{}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_variants_apart() {
        let mut names = all().iter().map(Variant::name).collect::<Vec<_>>();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all().len());
    }
}
