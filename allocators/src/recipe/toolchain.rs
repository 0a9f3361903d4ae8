//! Finds a C compiler for each libc and runs it the same way for all recipes.

use super::Error;
use crate::libc::Libc;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io::Write};

impl Libc {
    /// Environment variable that names the compiler, and the commands tried without it.
    pub fn compilers(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Libc::Glibc => ("GILD_CC_GLIBC", &["cc", "gcc", "clang", "x86_64-linux-gnu-gcc"]),
            Libc::Musl => ("GILD_CC_MUSL", &["musl-gcc", "x86_64-linux-musl-gcc", "cc"]),
        }
    }
}

/// A compiler that was seen to compile for x86-64 and the libc.
pub struct Toolchain {
    /// What it compiles for.
    pub libc: Libc,
    compiler: OsString,
}

/// What every object of an archive is compiled with.
const FLAGS: &[&str] = &[
    "-O3",
    "-DNDEBUG",
    "-g0",
    // Good for static-PIE and fixed addresses alike. Not -fPIC: its exported functions can't be
    // inlined into each other, and the archive never goes into a shared library.
    "-fPIE",
    // Needs no relaxation by the linker to be right in either kind of program.
    "-ftls-model=initial-exec",
    "-fvisibility=hidden",
    // What the program doesn't call can go: a third of mimalloc.
    "-ffunction-sections",
    "-fdata-sections",
    // Or the compiler makes a call to calloc out of calloc's own malloc and memset.
    "-fno-builtin-malloc",
    // Distributions switch these on; both call into a libc that may not be set up yet, and
    // __*_chk functions are glibc's alone.
    "-fno-stack-protector",
    "-U_FORTIFY_SOURCE",
];

impl Toolchain {
    /// Looks for a compiler; the error names what was tried and what to install.
    pub fn find(libc: Libc) -> Result<Toolchain, Error> {
        let (variable, candidates) = libc.compilers();
        if let Some(compiler) = env::var_os(variable) {
            return if compiles_for(&compiler, libc) {
                Ok(Toolchain { libc, compiler })
            } else {
                let compiler = compiler.to_string_lossy();
                Err(Error(format!(
                    "{variable}={compiler} compiles nothing for x86-64 {}",
                    libc.name()
                )))
            };
        }
        match candidates.iter().find(|c| compiles_for(OsStr::new(c), libc)) {
            Some(compiler) => Ok(Toolchain { libc, compiler: OsString::from(compiler) }),
            None => Err(Error(format!(
                "no C compiler for x86-64 {} found (tried {}; {variable} names another{})",
                libc.name(),
                candidates.join(", "),
                if libc == Libc::Musl { "; Debian has one in musl-tools" } else { "" },
            ))),
        }
    }

    /// The compiler's name, as in `CC`.
    pub fn compiler(&self) -> &OsStr {
        &self.compiler
    }

    /// The flags common to all objects, and one that keeps the place of the sources out of them.
    pub fn flags(&self, sources: &Path) -> Vec<OsString> {
        let mut flags: Vec<OsString> = FLAGS.iter().map(OsString::from).collect();
        flags.push(joined("-ffile-prefix-map=", sources, "=."));
        flags
    }

    /// Compiles one file; `arguments` come after the common flags.
    pub fn compile(
        &self,
        source: &Path,
        object: &Path,
        sources: &Path,
        arguments: &[OsString],
    ) -> Result<(), Error> {
        let mut command = Command::new(&self.compiler);
        command.args(self.flags(sources)).args(arguments);
        command.arg("-c").arg(source).arg("-o").arg(object);
        run(&mut command)
    }

    /// Makes one object of an archive's members and some more objects.
    pub fn merge(&self, archive: &Path, objects: &[PathBuf], out: &Path) -> Result<(), Error> {
        let mut command = Command::new(&self.compiler);
        command.args(["-r", "-nostdlib", "-o"]).arg(out).args(objects);
        command.arg("-Wl,--whole-archive").arg(archive).arg("-Wl,--no-whole-archive");
        run(&mut command)
    }

    /// Writes an archive with an index, without dates and owners.
    pub fn archive(&self, archive: &Path, members: &[PathBuf]) -> Result<(), Error> {
        // `ar r` adds to what is there.
        if archive.exists() {
            fs::remove_file(archive).map_err(|e| Error::at(archive, &e))?;
        }
        let tool = ["ar", "llvm-ar"].into_iter().find(|tool| answers(tool));
        let tool = tool.ok_or_else(|| Error("neither ar nor llvm-ar found".into()))?;
        run(Command::new(tool).arg("rcsD").arg(archive).args(members))
    }
}

/// `prefix` + a path + `suffix` as one argument.
pub fn joined(prefix: &str, path: &Path, suffix: &str) -> OsString {
    let mut argument = OsString::from(prefix);
    argument.push(path);
    argument.push(suffix);
    argument
}

/// Runs a tool; its output becomes part of the error when it fails.
pub fn run(command: &mut Command) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    // Dates in the sources (__DATE__) are those of the epoch, so that the bytes repeat.
    let output = command.env("SOURCE_DATE_EPOCH", "0").stdin(Stdio::null()).output();
    let output = output.map_err(|e| Error(format!("{program}: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let cause = text.lines().find(|line| line.contains("error")).unwrap_or(text.trim());
    Err(Error(format!("{program}: {}: {cause}", output.status)))
}

fn answers(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Asks the preprocessor: musl deliberately defines no macro of its own, glibc `__GLIBC__`.
fn compiles_for(compiler: &OsStr, libc: Libc) -> bool {
    let child = Command::new(compiler)
        .args(["-E", "-dM", "-x", "c", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        // A compiler that doesn't read has failed already; its status says so.
        let _ = stdin.write_all(b"#include <features.h>\n#include <malloc.h>\n");
    }
    let Ok(output) = child.wait_with_output() else { return false };
    let macros = String::from_utf8_lossy(&output.stdout);
    let has = |name: &str| macros.lines().any(|line| line.split(' ').nth(1) == Some(name));
    output.status.success()
        && has("__x86_64__")
        && has("__linux__")
        && has("__GLIBC__") == (libc == Libc::Glibc)
}
