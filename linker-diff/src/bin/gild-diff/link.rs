//! The same link by several linkers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli;
use crate::linkers::{self, Linker};
use crate::recipe::{self, Recipe};

/// What the linkers made; the folder goes away with it.
#[derive(Debug)]
pub struct Linked {
    /// The outputs, the first linker's first.
    pub programs: Vec<PathBuf>,
    _scratch: tempfile::TempDir,
}

/// Runs the link with the first linker and its peers.
pub fn run(link: &cli::Link) -> Result<Linked, String> {
    let scratch = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let base = match &link.keep {
        Some(keep) => std::path::absolute(keep).map_err(|e| e.to_string())?,
        None => scratch.path().join("outputs"),
    };
    std::fs::create_dir_all(&base).map_err(|e| format!("{}: {e}", base.display()))?;
    let (first, recipe) = recipe::read(&link.words, scratch.path())?;
    let linkers = choose(first, &link.with)?;
    let mut programs = Vec::new();
    for linker in &linkers {
        let output = base.join(&linker.name);
        one(linker, &recipe, &output)?;
        programs.push(output);
    }
    Ok(Linked { programs, _scratch: scratch })
}

/// The first linker, and each peer once.
fn choose(first: Linker, with: &[String]) -> Result<Vec<Linker>, String> {
    let mut linkers = vec![first];
    let asked: Vec<String> = match with {
        [] => linkers::PEERS.iter().map(ToString::to_string).collect(),
        names => names.to_vec(),
    };
    for name in asked {
        match linkers::find(&name) {
            Some(linker) if linkers.iter().all(|l| !same_file(l, &linker)) => linkers.push(linker),
            Some(_) => {}
            None if with.is_empty() => {
                crate::say(format_args!("{name} is not installed: left out"));
            }
            None => return Err(format!("linker `{name}` was not found")),
        }
    }
    match linkers.len() {
        1 => Err("there is no other linker to compare with".into()),
        _ => Ok(linkers),
    }
}

/// Whether two names lead to one linker: `ld` is a link to `ld.bfd`.
fn same_file(one: &Linker, other: &Linker) -> bool {
    let real = |linker: &Linker| linker.path.canonicalize().ok();
    one.path == other.path || (real(one).is_some() && real(one) == real(other))
}

/// Runs one linker.
fn one(linker: &Linker, recipe: &Recipe, output: &Path) -> Result<(), String> {
    let mut command = match recipe {
        Recipe::Arguments(arguments, folder) => {
            let mut command = Command::new(&linker.path);
            command.args(&linker.first).args(redirected(arguments)).arg("-o").arg(output);
            command.current_dir(folder);
            command
        }
        Recipe::Script(script) => {
            let mut command = Command::new(script);
            command.arg(&linker.path).env("OUT", output);
            command
        }
    };
    let done = command.output().map_err(|e| format!("{}: {e}", linker.path.display()))?;
    if done.status.success() && output.is_file() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(format!("{} did not link ({}):\n{}", linker.name, done.status, said.trim_end()))
}

/// The arguments without the output and without what only one linker can do: other files that a
/// link writes, and gcc's plugin, which GNU ld alone loads.
fn redirected(arguments: &[OsString]) -> Vec<OsString> {
    const WITH_VALUE: [&str; 6] =
        ["-o", "--output", "-Map", "--Map", "-plugin", "--dependency-file"];
    const JOINED: [&str; 7] = [
        "--output=",
        "-Map=",
        "--Map=",
        "-plugin-opt",
        "--plugin-opt",
        "--dependency-file=",
        "--reproduce=",
    ];
    let mut kept = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy();
        if WITH_VALUE.contains(&&*text) {
            rest.next();
        } else if !JOINED.iter().any(|j| text.starts_with(j)) && !is_joined_output(&text) {
            kept.push(argument.clone());
        }
    }
    kept
}

/// `-oname`, but not `-omagic`, which is an option of its own.
fn is_joined_output(text: &str) -> bool {
    text.strip_prefix("-o").is_some_and(|name| !name.is_empty() && name != "magic")
}

#[cfg(test)]
mod tests {
    use super::redirected;
    use std::ffi::OsString;

    fn words(list: &[&str]) -> Vec<OsString> {
        list.iter().map(OsString::from).collect()
    }

    #[test]
    fn outputs_are_taken_out_in_every_spelling() {
        let line =
            ["-o", "x", "a.o", "-oy", "--output=z", "-Map=m", "-plugin", "p", "-plugin-opt=q"];
        assert_eq!(redirected(&words(&line)), words(&["a.o"]));
    }

    #[test]
    fn other_options_stay() {
        let line = ["-omagic", "-static", "-L/lib", "--gc-sections"];
        assert_eq!(redirected(&words(&line)), words(&line));
    }
}
