//! How a link is given: words, a response file, a captured link.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::linkers::{self, Linker};
use crate::response;

/// A link that any linker can run.
#[derive(Debug)]
pub enum Recipe {
    /// Arguments, and the folder they are relative to.
    Arguments(Vec<OsString>, PathBuf),
    /// A script that takes the linker as its argument and the output's name in `OUT`.
    Script(PathBuf),
}

/// The first linker and the link; archives are unpacked into `scratch`.
pub fn read(words: &[OsString], scratch: &Path) -> Result<(Linker, Recipe), String> {
    // A word that stands alone is a link, even if a program has that name.
    let named = if words.len() > 1 { linkers::is_linker(Path::new(&words[0])) } else { None };
    let (linker, rest) = match named {
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
        let has = |extension: &str| path.extension().is_some_and(|e| e == extension);
        if path.is_file() && has("tar") {
            return Ok((linker, packed(path, scratch)?));
        }
        if path.is_file() && !has("o") && !has("a") {
            let argument = [OsStr::new("@"), only].into_iter().collect();
            return Ok((linker, Recipe::Arguments(response::expand(vec![argument], &here), here)));
        }
    }
    if rest.is_empty() {
        return Err("the link command has no arguments".into());
    }
    Ok((linker, Recipe::Arguments(response::expand(rest.to_vec(), &here), here)))
}

/// What `--reproduce` of lld and `--repro` of mold leave: one folder in a tar archive.
fn packed(archive: &Path, scratch: &Path) -> Result<Recipe, String> {
    let folder = scratch.join("reproduce");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let done = Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&folder).output();
    let done = done.map_err(|e| format!("tar: {e}"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(format!("{} cannot be unpacked: {}", archive.display(), said.trim_end()));
    }
    let entries = std::fs::read_dir(&folder).map_err(|e| e.to_string())?;
    let inside = entries.flatten().map(|e| e.path()).find(|p| p.join("response.txt").is_file());
    captured(&inside.ok_or(format!("{} holds no response.txt", archive.display()))?)
}

/// A captured link: `arguments` (each ended by a zero byte, or as a response file), relative to the
/// folder named in `cwd` or to its own; `response.txt` as lld and mold leave it; or a script
/// `run-with`, as wild does.
fn captured(folder: &Path) -> Result<Recipe, String> {
    let folder = std::path::absolute(folder).map_err(|e| e.to_string())?;
    let list = folder.join("arguments");
    if list.is_file() {
        let bytes = std::fs::read(&list).map_err(|e| format!("{}: {e}", list.display()))?;
        let words = match bytes.contains(&0) {
            true => bytes.split(|&b| b == 0).filter(|w| !w.is_empty()).map(owned).collect(),
            false => libgild::args::response::split(&bytes),
        };
        let cwd = std::fs::read_to_string(folder.join("cwd")).unwrap_or_default();
        let cwd = if cwd.trim().is_empty() { folder } else { PathBuf::from(cwd.trim()) };
        return Ok(Recipe::Arguments(response::expand(words, &cwd), cwd));
    }
    if folder.join("response.txt").is_file() {
        let words = response::expand(vec!["@response.txt".into()], &folder);
        return Ok(reproduced(words, folder));
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

fn owned(word: &[u8]) -> OsString {
    OsStr::from_bytes(word).to_owned()
}

/// Takes out `-C FOLDER` (mold: where the words are relative to) and `--chroot FOLDER` (where
/// absolute names begin), which other linkers do not know.
fn reproduced(words: Vec<OsString>, root: PathBuf) -> Recipe {
    let mut folder = root.clone();
    let mut kept = Vec::new();
    let mut rest = words.into_iter();
    while let Some(word) = rest.next() {
        if word == "-C" {
            folder = root.join(rest.next().unwrap_or_default());
        } else if word == "--chroot" {
            rest.next();
        } else {
            kept.push(word);
        }
    }
    for word in kept.iter_mut().filter(|w| w.as_bytes().starts_with(b"/")) {
        let inside = root.join(OsStr::from_bytes(&word.as_bytes()[1..]));
        if inside.exists() {
            *word = inside.into_os_string();
        }
    }
    Recipe::Arguments(kept, folder)
}

#[cfg(test)]
mod tests {
    use super::{Recipe, reproduced};
    use std::path::{Path, PathBuf};

    #[test]
    fn what_only_mold_knows_is_taken_out() {
        let words = ["-C", "tmp/x", "--chroot", "../..", "a.o"].map(Into::into).to_vec();
        let Recipe::Arguments(words, folder) = reproduced(words, PathBuf::from("/r")) else {
            panic!("no arguments");
        };
        assert_eq!((words, folder.as_path()), (vec!["a.o".into()], Path::new("/r/tmp/x")));
    }
}
