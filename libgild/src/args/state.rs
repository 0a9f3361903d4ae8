//! What the parser knows halfway through a command line.

use std::ffi::OsStr;
use std::mem::take;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::error::ArgError;
use super::options::{DefsymValue, Input, InputName, Options, Unresolved};
use super::values::Given;
use super::wrap::{wrapped, wraps};

/// Options that hold for the inputs after them; what `--push-state` saves.
#[derive(Clone, Copy, Default)]
pub struct Positional {
    pub whole_archive: bool,
    pub static_only: bool,
}

/// The options so far, and what can only be settled at the end of the line.
#[derive(Default)]
pub struct State {
    pub options: Options,
    pub warnings: Vec<String>,
    pub positional: Positional,
    /// `-static` was given, or `-Bstatic` was in force at the first input. (rustc and others put
    /// `-Bstatic` … `-Bdynamic` around single libraries of a dynamic link.)
    pub static_link: bool,
    pub no_dynamic_linker: bool,
    pub dynamic_linker: Option<PathBuf>,
    /// `--unresolved-symbols=ignore-all` and relatives: nothing is reported.
    pub ignore_undefined: bool,
    /// `--warn-unresolved-symbols`: what is reported is a warning.
    pub warn_undefined: bool,
    /// `-Y`: directories after those of every `-L`.
    pub last_library_paths: Vec<PathBuf>,
    /// `--help`, `--version`: nothing is linked and the rest of the line doesn't matter.
    pub print: Option<String>,
    /// `-v`, `--verbose`: printed instead of linking if there are no inputs.
    pub print_without_inputs: Option<String>,
    saved: Vec<Positional>,
    in_lib: bool,
    in_group: bool,
}

impl State {
    /// Records an input with the positional options in force.
    pub fn input(&mut self, name: InputName) {
        let Positional { whole_archive, static_only } = self.positional;
        if self.options.inputs.is_empty() && static_only {
            self.static_link = true;
        }
        let in_lib = self.in_lib;
        self.options.inputs.push(Input { name, whole_archive, in_lib, static_only });
    }

    /// `-l`: `NAME`, or `:FILE`.
    pub fn library(&mut self, given: &Given) -> Result<(), ArgError> {
        let name = given.text()?;
        self.input(match name.strip_prefix(':') {
            Some(file) => InputName::LibraryFile(file.into()),
            None => InputName::Library(name.into()),
        });
        Ok(())
    }

    /// `--push-state`.
    pub fn push(&mut self) {
        self.saved.push(self.positional);
    }

    /// `--pop-state`.
    pub fn pop(&mut self, given: &Given) -> Result<(), ArgError> {
        let saved = self.saved.pop();
        self.positional = saved.ok_or_else(|| misplaced(given, "has no --push-state before it"))?;
        Ok(())
    }

    /// `--start-lib`.
    pub fn start_lib(&mut self, given: &Given) -> Result<(), ArgError> {
        if std::mem::replace(&mut self.in_lib, true) {
            return Err(misplaced(given, "stands inside another --start-lib"));
        }
        Ok(())
    }

    /// `--end-lib`.
    pub fn end_lib(&mut self, given: &Given) -> Result<(), ArgError> {
        if !take(&mut self.in_lib) {
            return Err(misplaced(given, "has no --start-lib before it"));
        }
        Ok(())
    }

    /// `--start-group`: archives are searched again in any case, so only the syntax is checked.
    pub fn start_group(&mut self, given: &Given) -> Result<(), ArgError> {
        if std::mem::replace(&mut self.in_group, true) {
            return Err(misplaced(given, "stands inside another --start-group"));
        }
        Ok(())
    }

    /// `--end-group`.
    pub fn end_group(&mut self, given: &Given) -> Result<(), ArgError> {
        if !take(&mut self.in_group) {
            return Err(misplaced(given, "has no --start-group before it"));
        }
        Ok(())
    }

    /// Settles what depends on the whole line. Errors go to `errors`.
    pub fn finish(mut self, errors: &mut Vec<ArgError>) -> (Options, Vec<String>) {
        self.settle_output_kind(errors);
        self.options.unresolved = match (self.ignore_undefined, self.warn_undefined) {
            (true, _) => Unresolved::Ignore,
            (false, true) => Unresolved::Warn,
            (false, false) => Unresolved::Error,
        };
        self.options.library_paths.append(&mut self.last_library_paths);
        self.apply_sysroot();
        self.apply_wraps();
        for (open, start, end) in [
            (self.in_group, "--start-group", "--end-group"),
            (self.in_lib, "--start-lib", "--end-lib"),
        ] {
            if open {
                self.warnings.push(format!("option '{start}' has no {end} after it"));
            }
        }
        // A refused linker script, or a response file that isn't there, may have named them all.
        if self.options.inputs.is_empty() && errors.is_empty() {
            errors.push(ArgError::NoInputs);
        }
        (self.options, self.warnings)
    }

    fn settle_output_kind(&mut self, errors: &mut Vec<ArgError>) {
        let interpreter =
            self.dynamic_linker.take().filter(|_| !self.static_link && !self.no_dynamic_linker);
        match interpreter {
            // musl-gcc knows no -static-pie: it turns it into -pie and an interpreter, but the
            // start file, as rustc gives it for musl targets, tells what is wanted.
            Some(_) if self.options.pie && self.has_self_relocating_start_file() => {}
            Some(interpreter) if self.options.pie => {
                errors.push(ArgError::DynamicPie { interpreter })
            }
            other => self.options.dynamic_linker = other,
        }
    }

    /// `rcrt1.o` is the start file of static-PIE, in glibc and in musl, and of nothing else.
    fn has_self_relocating_start_file(&self) -> bool {
        self.options.inputs.iter().any(|input| match &input.name {
            InputName::Path(path) => path.file_name() == Some(OsStr::new("rcrt1.o")),
            _ => false,
        })
    }

    /// `--wrap` goes for what `--defsym` refers to, wherever the two stand.
    fn apply_wraps(&mut self) {
        let wraps = wraps(&self.options.wrap);
        for (_, value) in &mut self.options.defsyms {
            if let DefsymValue::Symbol { name, .. } = value {
                *name = String::from_utf8_lossy(wrapped(name.as_bytes(), &wraps)).into_owned();
            }
        }
    }

    fn apply_sysroot(&mut self) {
        let sysroot = self.options.sysroot.clone().unwrap_or_default();
        for path in &mut self.options.library_paths {
            *path = in_sysroot(&sysroot, take(path));
        }
        for input in &mut self.options.inputs {
            if let InputName::Path(path) = &mut input.name {
                *path = in_sysroot(&sysroot, take(path));
            }
        }
    }
}

/// `=PATH` and `$SYSROOT/PATH`: the sysroot goes before the path as a prefix of the text, so that
/// `=/lib` without a sysroot is `/lib`. GNU ld manual, `-L`.
fn in_sysroot(sysroot: &Path, path: PathBuf) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let Some(rest) = bytes.strip_prefix(b"=").or_else(|| bytes.strip_prefix(b"$SYSROOT")) else {
        return path;
    };
    let mut joined = sysroot.as_os_str().as_bytes().to_vec();
    if joined.ends_with(b"/") && rest.starts_with(b"/") {
        joined.pop();
    }
    joined.extend(rest);
    PathBuf::from(std::ffi::OsString::from_vec(joined))
}

fn misplaced(given: &Given, reason: &'static str) -> ArgError {
    ArgError::Misplaced { option: given.option.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sysroot_prefixes() {
        for (sysroot, path, expected) in [
            ("/r", "/lib", "/lib"),
            ("/r", "=/lib", "/r/lib"),
            ("/r/", "=/lib", "/r/lib"),
            ("/r", "$SYSROOT/lib", "/r/lib"),
            ("/r", "x=/lib", "x=/lib"),
            ("", "=/lib", "/lib"),
            ("", "=lib", "lib"),
            ("", "$SYSROOT/lib", "/lib"),
        ] {
            let joined = in_sysroot(Path::new(sysroot), path.into());
            assert_eq!(joined, Path::new(expected), "{sysroot} {path}");
        }
    }
}
