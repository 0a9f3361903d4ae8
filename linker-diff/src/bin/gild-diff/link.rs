//! The same link by several linkers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli;
use crate::linkers::{self, Linker};

/// What the linkers made; the folder goes away with it.
#[derive(Debug)]
pub struct Linked {
    /// The outputs, the first linker's first.
    pub programs: Vec<PathBuf>,
    _folder: Option<tempfile::TempDir>,
}

/// How the link was given.
#[derive(Debug)]
enum Recipe {
    /// Arguments, and the folder they are relative to.
    Arguments(Vec<OsString>, PathBuf),
    /// A script that takes the linker as its argument and the output's name in `OUT`.
    Script(PathBuf),
}

/// Runs the link with the first linker and its peers.
pub fn run(link: &cli::Link) -> Result<Linked, String> {
    let (first, recipe) = recipe(&link.words)?;
    let linkers = choose(first, &link.with)?;
    let folder = match &link.keep {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?),
    };
    let base = match (&link.keep, &folder) {
        (Some(keep), _) => {
            std::fs::create_dir_all(keep).map_err(|e| format!("{}: {e}", keep.display()))?;
            std::path::absolute(keep).map_err(|e| e.to_string())?
        }
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => return Err("no folder for the outputs".into()),
    };
    let mut programs = Vec::new();
    for linker in &linkers {
        let output = base.join(&linker.name);
        one(linker, &recipe, &output)?;
        programs.push(output);
    }
    Ok(Linked { programs, _folder: folder })
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
            Some(linker) if linkers.iter().all(|l| l.path != linker.path) => linkers.push(linker),
            Some(_) => {}
            None if with.is_empty() => eprintln!("gild-diff: {name} is not installed: left out"),
            None => return Err(format!("linker `{name}` was not found")),
        }
    }
    match linkers.len() {
        1 => Err("there is no other linker to compare with".into()),
        _ => Ok(linkers),
    }
}

fn recipe(words: &[OsString]) -> Result<(Linker, Recipe), String> {
    let (linker, rest) = match linkers::is_linker(Path::new(&words[0])) {
        Some(path) => (Linker::at(path), &words[1..]),
        None => {
            let gild = linkers::find("gild");
            (gild.ok_or("gild was not found; name a linker first")?, words)
        }
    };
    let here = std::env::current_dir().map_err(|e| e.to_string())?;
    if let [only] = rest {
        let path = Path::new(only);
        if path.is_dir() {
            return Ok((linker, captured(path)?));
        }
        let is_object = ["o", "a"].iter().any(|e| path.extension().is_some_and(|x| x == *e));
        if path.is_file() && !is_object {
            let mut argument = OsString::from("@");
            argument.push(only);
            return Ok((linker, Recipe::Arguments(vec![argument], here)));
        }
    }
    if rest.is_empty() {
        return Err("the link command has no arguments".into());
    }
    Ok((linker, Recipe::Arguments(rest.to_vec(), here)))
}

/// A captured link: `arguments` (each ended by a zero byte, relative to the folder in `cwd`),
/// `response.txt` as lld's --reproduce leaves it, or a script `run-with`.
fn captured(folder: &Path) -> Result<Recipe, String> {
    let folder = std::path::absolute(folder).map_err(|e| e.to_string())?;
    let list = folder.join("arguments");
    if list.is_file() {
        let bytes = std::fs::read(&list).map_err(|e| format!("{}: {e}", list.display()))?;
        let words = bytes.split(|&b| b == 0).filter(|w| !w.is_empty());
        let words = words.map(|w| OsString::from(String::from_utf8_lossy(w).into_owned()));
        let cwd = std::fs::read_to_string(folder.join("cwd")).unwrap_or_default();
        let cwd = if cwd.trim().is_empty() { folder } else { PathBuf::from(cwd.trim()) };
        return Ok(Recipe::Arguments(words.collect(), cwd));
    }
    if folder.join("response.txt").is_file() {
        return Ok(Recipe::Arguments(vec!["@response.txt".into()], folder));
    }
    let script = folder.join("run-with");
    if script.is_file() {
        return Ok(Recipe::Script(script));
    }
    Err(format!(
        "{}: holds no captured link (arguments, response.txt or run-with)",
        folder.display()
    ))
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
