//! Objects to executables, the way users call a linker.

use crate::Outcome;
use crate::process::{self, Finished};
use crate::program::{Case, Language};
use crate::tools::{self, Linker};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Links `inputs` (relative to `dir`) with `linker` into `dir/output`.
pub fn link(
    case: &Case,
    linker: &Linker,
    dir: &Path,
    inputs: &[String],
    output: &str,
) -> Outcome<Finished> {
    let mut command = driver(case, linker)?;
    let direct = case.libc == "none";
    let told = |habit: &&str| if direct { (*habit).to_owned() } else { format!("-Wl,{habit}") };
    command.args(linker.habits().iter().map(told));
    command.current_dir(dir).arg("-o").arg(output);
    if case.libc == "musl" && !is_plain_musl_gcc(case) {
        musl_link(&mut command, case, inputs)?;
    } else {
        command.args(inputs);
    }
    command.args(&case.program.directives.link).args(&case.variant.link);
    process::run(&mut command)
}

/// Debian's musl-gcc knows how to make fixed-address programs only.
fn is_plain_musl_gcc(case: &Case) -> bool {
    case.compiler == "gcc" && !case.pie
}

/// The compiler driver (or the linker itself for programs without a libc) told to use `linker`.
fn driver(case: &Case, linker: &Linker) -> Outcome<Command> {
    if case.libc == "none" {
        return Ok(direct(case, linker));
    }
    let cxx = case.program.language == Language::Cxx;
    let mut command = match (case.compiler.as_str(), case.libc.as_str()) {
        ("gcc", "musl") if is_plain_musl_gcc(case) => Command::new("musl-gcc"),
        ("gcc", _) => Command::new(if cxx { "g++" } else { "gcc" }),
        (_, _) if cxx => Command::new(tools::clangxx()?),
        (_, _) => Command::new(tools::clang()?),
    };
    if case.compiler == "gcc" {
        command.arg("-B").arg(&linker.drivers);
    } else {
        command.arg(format!("--ld-path={}", linker.path.display()));
    }
    command.arg(if case.pie { "-static-pie" } else { "-static" });
    Ok(command)
}

fn direct(case: &Case, linker: &Linker) -> Command {
    let mut command = Command::new(&linker.path);
    command.args(["-m", "elf_x86_64", "-static"]);
    if case.pie {
        command.args(["-pie", "--no-dynamic-linker"]);
    }
    command
}

/// What `musl-gcc` would do if it knew static-PIE, and what clang does not do for Debian's musl.
fn musl_link(command: &mut Command, case: &Case, inputs: &[String]) -> Outcome {
    let musl = tools::musl_dir()?;
    let (start, begin, end) = if case.pie {
        ("rcrt1.o", "crtbeginS.o", "crtendS.o")
    } else {
        ("crt1.o", "crtbeginT.o", "crtend.o")
    };
    let gcc_dir = tools::gcc_file("libgcc.a")?.parent().map(PathBuf::from).unwrap_or_default();
    command.args(["-nostdlib", "-nostartfiles"]);
    command.arg(musl.join(start)).arg(musl.join("crti.o")).arg(tools::gcc_file(begin)?);
    command.args(inputs);
    command.arg("-L").arg(musl.join("")).arg("-L").arg(gcc_dir);
    command.args(["-Wl,--start-group", "-lm", "-lc", "-lgcc", "-Wl,--end-group"]);
    command.arg(tools::gcc_file(end)?).arg(musl.join("crtn.o"));
    Ok(())
}
