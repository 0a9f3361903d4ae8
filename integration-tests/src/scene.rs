//! A few objects and a link line: for tests of messages, files and options.

use crate::process::{self, Finished};
use crate::tools::{self, Linker};
use crate::{Outcome, build, ensure, workdir};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that exits with status 0, and needs no libc.
pub const START: &str = ".globl _start\n_start: xor %edi, %edi\nmov $60, %eax\nsyscall\n";

/// A folder in which objects are made and linked.
pub struct Scene {
    /// The folder.
    pub dir: PathBuf,
    linker: &'static Linker,
}

impl Scene {
    /// An empty folder with `start.o`, the object of [`START`].
    pub fn new(name: &str) -> Outcome<Self> {
        let dir = workdir::fresh(name)?;
        let scene = Self { dir, linker: tools::gild()? };
        scene.compile("start.s", START, &[])?;
        Ok(scene)
    }

    /// Compiles `source` to an object beside it; the extension tells the language.
    pub fn compile(&self, name: &str, source: &str, flags: &[&str]) -> Outcome<PathBuf> {
        workdir::write(&self.dir, name, source)?;
        let object = build::object_name(name);
        let mut gcc = Command::new("gcc");
        gcc.current_dir(&self.dir).args(["-c", "-O1", name, "-o", &object]).args(flags);
        if name.ends_with(".s") {
            gcc.arg("-Wa,--noexecstack");
        }
        process::run(&mut gcc)?.success()?;
        Ok(self.dir.join(object))
    }

    /// Runs another tool in the folder.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Outcome<Finished> {
        process::run(Command::new(program).current_dir(&self.dir).args(arguments))?.success()
    }

    /// The linker's command in this folder, for tests that need more than arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.linker.command(&self.dir);
        // A panic is a failed test either way; its backtrace only costs time.
        command.args(arguments).env("RUST_BACKTRACE", "0");
        command
    }

    /// Links; whatever comes of it.
    pub fn link(&self, arguments: &[&str]) -> Outcome<Finished> {
        process::run(&mut self.command(arguments))
    }

    /// Links successfully.
    pub fn links(&self, arguments: &[&str]) -> Outcome<Finished> {
        self.link(arguments)?.success()
    }

    /// The link fails as a linker should: status 1, an error that holds all `texts`, no output.
    pub fn fails(&self, arguments: &[&str], texts: &[&str]) -> Outcome {
        let output = self.path("a.out");
        let link = self.link(arguments)?;
        ensure(link.code() == 1, || format!("not a plain failure: {}", link.describe()))?;
        ensure(link.stderr.contains("error: "), || link.describe())?;
        for text in texts {
            ensure(link.stderr.contains(text), || format!("no `{text}` in {}", link.describe()))?;
        }
        ensure(!output.exists(), || format!("an output is left: {}", link.describe()))
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Runs a linked program of this folder, which must exit with status 0.
    pub fn runs(&self, name: &str) -> Outcome<Finished> {
        process::run(Command::new(self.path(name)).current_dir(&self.dir))?.success()
    }

    /// The bytes of a file of this folder.
    pub fn bytes(&self, name: impl AsRef<Path>) -> Outcome<Vec<u8>> {
        workdir::read(&self.dir.join(name))
    }
}
