//! Standing in for the linker: a compiler driver calls a script named `ld`, which calls
//! `gild-bench record`, which copies every input into a job and then runs a real linker, so that
//! the driver is content.

pub mod arguments;
pub mod inputs;

use crate::job::{Description, Job, quoting};
use crate::process;
use anyhow::{Context, Result};
use arguments::{Argument, Kind};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a folder for `gcc -B` whose `ld` records into the job folder `job` and links with `linker`;
/// gives that folder.
///
/// # Errors
/// Those of writing.
pub fn recorder(work: &Path, job: &Path, linker: &Path) -> Result<PathBuf> {
    let folder = work.join("recorder");
    fs::create_dir_all(&folder)?;
    let this = std::env::current_exe()?;
    let script = format!(
        "#!/bin/sh\nexec '{}' record --job '{}' --linker '{}' -- \"$@\"\n",
        this.display(),
        job.display(),
        linker.display()
    );
    // Every name a driver may look for; rustc asks clang or gcc for lld on its own.
    for name in ["ld", "ld.lld", "ld.bfd"] {
        let path = folder.join(name);
        fs::write(&path, &script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(folder)
}

/// What `gild-bench record` does: copies the link `given` (in the current folder) into the job
/// folder `dir`, and makes the driver's output with `linker`.
///
/// # Errors
/// If an input is not found or the link fails.
pub fn record(dir: &Path, linker: &Path, given: &[String]) -> Result<()> {
    let given = quoting::expand(given)?;
    process::run(Command::new(linker).args(&given))?;
    let about = copy(dir, &given)?;
    Job { dir: dir.to_owned(), about }.save()
}

/// Copies the inputs and writes the response file; what `job.json` can tell so far.
fn copy(dir: &Path, given: &[String]) -> Result<Description> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("{}", dir.display()))?;
    }
    let parsed = arguments::parse(given);
    let mut store = inputs::Store::new(dir)?;
    let search = inputs::Search::new(&parsed);
    let mut kept = Vec::new();
    let mut about = Description::default();
    for Argument { text, kind } in &parsed {
        match kind {
            Kind::Flag => kept.push(text.clone()),
            Kind::Input(path) => kept.extend(store.add(Path::new(path), &search)?),
            Kind::Library(name) => kept.extend(store.add(&search.library(name)?, &search)?),
            Kind::SearchPath(_) | Kind::Output(_) => {}
            Kind::GcSections(on) => about.gc_sections = *on,
            Kind::LeftOut(reason) => about
                .left_out
                .push(crate::job::LeftOut { argument: text.clone(), reason: (*reason).to_owned() }),
        }
    }
    fs::write(dir.join("arguments"), quoting::join(&kept))?;
    about.name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    about.input_bytes = store.bytes();
    Ok(about)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::{TempDir, tempdir};

    fn link(folder: &TempDir, given: &[&str]) -> (Description, Vec<String>) {
        let job = folder.path().join("job");
        let given = given.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let about = copy(&job, &given).unwrap();
        let response = fs::read_to_string(job.join("arguments")).unwrap();
        (about, quoting::split(&response))
    }

    #[test]
    fn every_input_is_copied_and_named_by_a_relative_path() {
        let folder = tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("main.o"), "\x7fELF main").unwrap();
        fs::write(at("libx.a"), "!<arch>\n").unwrap();
        let search = format!("-L{}", folder.path().display());
        let (about, kept) = link(&folder, &["-static", &search, &at("main.o"), "-lx", "-lx"]);
        // The second -lx is the same file: it is stored once.
        assert_eq!(kept, ["-static", "inputs/0-main.o", "inputs/1-libx.a", "inputs/1-libx.a"]);
        assert_eq!(about.input_bytes, 9 + 8);
        let copied = fs::read(folder.path().join("job/inputs/0-main.o")).unwrap();
        assert_eq!(copied, b"\x7fELF main");
    }

    #[test]
    fn flags_that_are_evened_out_are_noted_and_not_kept() {
        let folder = tempdir().unwrap();
        let given =
            ["--gc-sections", "--build-id=sha1", "-o", "a.out", "-z", "relro", "-plugin", "x"];
        let (about, kept) = link(&folder, &given);
        assert!(about.gc_sections);
        assert_eq!(kept, ["-z", "relro"]);
        let left_out = about.left_out.iter().map(|out| out.argument.as_str()).collect::<Vec<_>>();
        assert_eq!(left_out, ["--build-id=sha1", "-plugin x"]);
    }

    #[test]
    fn a_linker_script_in_place_of_a_library_is_replaced_by_its_libraries() {
        let folder = tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("libm-2.a"), "!<arch>\n").unwrap();
        fs::write(at("libm.a"), format!("/* GNU ld script */\nGROUP ( {} )\n", at("libm-2.a")))
            .unwrap();
        let search = format!("-L{}", folder.path().display());
        let (_, kept) = link(&folder, &[&search, "-lm"]);
        assert_eq!(kept, ["--start-group", "inputs/0-libm-2.a", "--end-group"]);
    }
}
