//! The programs that allocate, as jobs for both libcs, and how each is run.

use super::module;
use crate::prepare::cargo_programs::{self, Build};
use crate::prepare::tools::{GLIBC, MUSL};
use crate::prepare::{Kitchen, Recipe};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program, whichever libc it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Nothing but allocation: `test-programs/allocator/contention.c`.
    Contention,
    /// `test-programs/allocator/word_index.c`.
    WordIndex,
    /// `wasmtime compile` of a generated module.
    Wasmtime,
}

/// All of them.
pub const ALL: [Program; 3] = [Program::Contention, Program::WordIndex, Program::Wasmtime];

/// Functions of the module that wasmtime compiles: 4 MB.
const FUNCTIONS: u32 = 6000;

const WASMTIME: Build = Build {
    package: "wasmtime-cli",
    version: "36.0.2",
    target: MUSL,
    profile: "release",
    debug: "0",
    // What compiling takes; the rest of it would triple the time to build.
    features: Some("compile,parallel-compilation"),
};

impl Program {
    /// Its name in tables and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contention => "contention",
            Self::WordIndex => "word-index",
            Self::Wasmtime => "wasmtime-compile",
        }
    }

    /// What its figure means.
    pub fn title(self) -> &'static str {
        match self {
            Self::Contention => {
                "threads that allocate, keep and free blocks of mixed sizes: seconds for 10 million"
            }
            Self::WordIndex => "an index of the words in C headers, made by threads: seconds",
            Self::Wasmtime => "wasmtime 36.0.2 compiling a module of 4 MB in parallel: seconds",
        }
    }

    /// The name of its job for a libc.
    pub fn job(self, libc: &str) -> String {
        format!("{}-{libc}", self.name())
    }

    /// The command that runs `binary` with so many threads.
    pub fn command(self, binary: &Path, threads: usize, workspace: &Workspace) -> Vec<String> {
        let binary = binary.display().to_string();
        let mut words = match self {
            Self::Contention => vec![binary, threads.to_string(), "1".to_owned()],
            Self::WordIndex => vec![binary, threads.to_string()],
            Self::Wasmtime => vec![
                "/usr/bin/env".to_owned(),
                format!("RAYON_NUM_THREADS={threads}"),
                binary,
                "compile".to_owned(),
                module_file(workspace).display().to_string(),
                "-o".to_owned(),
                "/dev/null".to_owned(),
            ],
        };
        if self == Self::WordIndex {
            // The same headers several times: long enough to be timed.
            let folders = ["/usr/include/linux", "/usr/include/x86_64-linux-gnu"];
            words.extend(folders.iter().cycle().take(8).map(|&folder| folder.to_owned()));
        }
        words
    }

    /// The figure of one run: its wall time, or what it says of its speed.
    ///
    /// # Errors
    /// If it says nothing.
    pub fn figure(self, wall: f64, printed: &str) -> Result<f64> {
        if self != Self::Contention {
            return Ok(wall);
        }
        let Some((_, speed)) = printed.split_once("ops_per_second=") else {
            bail!("no speed in {printed:?}")
        };
        Ok(1e7 / speed.trim().parse::<f64>().context("ops_per_second")?)
    }

    /// How its jobs are made.
    pub fn recipes(self) -> Vec<Recipe> {
        ["musl", "glibc"].map(|libc| self.recipe(libc)).into()
    }

    fn recipe(self, libc: &'static str) -> Recipe {
        let (name, title) = (self.job(libc), format!("{}, {libc}", self.name()));
        match self {
            Self::Contention => {
                Recipe::new(&name, &title, move |kitchen| compile(kitchen, libc, "contention.c"))
                    .checked(&["2", "0.05"], "ops_per_second")
            }
            Self::WordIndex => {
                Recipe::new(&name, &title, move |kitchen| compile(kitchen, libc, "word_index.c"))
                    .checked(&["2", "/usr/include/linux"], "distinct")
            }
            Self::Wasmtime => Recipe::new(&name, &title, move |kitchen| {
                fs::write(module_file(&kitchen.workspace), module::module(FUNCTIONS))?;
                let target = if libc == "musl" { MUSL } else { GLIBC };
                cargo_programs::cargo_install(kitchen, Build { target, ..WASMTIME })
            })
            .checked(&["--version"], "wasmtime"),
        }
    }
}

fn module_file(workspace: &Workspace) -> PathBuf {
    workspace.work().join("module.wasm")
}

fn compile(kitchen: &Kitchen, libc: &str, source: &str) -> Result<()> {
    let mut driver = Command::new(if libc == "musl" { "musl-gcc" } else { "gcc" });
    driver.arg(format!("-B{}", kitchen.recorder.display()));
    // As a builtin, malloc followed by free would be optimised away.
    driver.args(["-static", "-O2", "-pthread", "-fno-builtin-malloc"]);
    driver.arg(kitchen.workspace.root.join("test-programs/allocator").join(source));
    driver.arg("-o").arg(kitchen.work.join("allocates"));
    process::run(&mut driver).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contention_tells_its_speed_itself_and_the_others_are_timed() {
        let printed = "provider=libc threads=2 seconds=1.00 ops_per_second=20000000\n";
        assert_eq!(Program::Contention.figure(1.0, printed).unwrap(), 0.5);
        assert!(Program::Contention.figure(1.0, "").is_err());
        assert_eq!(Program::WordIndex.figure(1.5, "").unwrap(), 1.5);
    }
}
