//! From the command line's inputs to mapped files.

use super::archive::{Archive, Member};
use super::mapping::{BITCODE, Kind, Mapping, identify};
use super::script::{self, Command};
use super::search::{self, Found};
use super::{Entry, InputFile, Inputs, Thin, ThinFile, ThinMember};
use crate::args::{Input, InputName, Options, wraps};
use crate::diagnostics::{Error, Errors, Result};
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A stub names a stub or two; more than this many behind one input is a loop.
const MAX_SCRIPTS: usize = 64;

/// Finds, maps and identifies every input of the command line.
///
/// Errors: everything that is missing or no linkable file, all together.
pub fn load(options: &Options) -> Result<Inputs> {
    let mut loader = Loader {
        options,
        inputs: Inputs { wraps: wraps(&options.wrap), ..Inputs::default() },
        known: HashMap::new(),
        directories: options.library_paths.clone(),
        scripts: 0,
        errors: Vec::new(),
    };
    let mut opened = open_ahead(&options.inputs).into_iter();
    for input in &options.inputs {
        if let Err(error) = loader.input(input, opened.next().flatten()) {
            loader.errors.push(error);
        }
    }
    Errors::in_order(loader.errors)?;
    if loader.inputs.entries.is_empty() {
        return Err(Error::Message("no input files".into()).into());
    }
    Ok(loader.inputs)
}

/// From this many inputs on threads start before they are opened, and share that: it takes 12 µs a file.
pub const MANY: usize = 64;

/// Bytes of each file that is named by path, asked for one by one, which takes 1 µs each. What isn't
/// there, opening reports.
pub fn sizes(options: &Options) -> impl Iterator<Item = u64> {
    let size = |input: &Input| match &input.name {
        InputName::Path(path) => fs::metadata(path).map_or(0, |found| found.len()),
        InputName::Library(_) | InputName::LibraryFile(_) => 0,
    };
    options.inputs.iter().map(size)
}

type Opened = std::result::Result<Mapping, Error>;

/// Opens the files that many inputs name by path, each once. Called in a pool of threads.
fn open_ahead(inputs: &[Input]) -> Vec<Option<Opened>> {
    if inputs.len() < MANY || rayon::current_num_threads() == 1 {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let paths = inputs.iter().map(|input| match &input.name {
        InputName::Path(path) if seen.insert(path) => Some(path),
        _ => None,
    });
    let open = |path: Option<&PathBuf>| {
        let opened = Mapping::open(path?);
        // The first touch of the first page takes as long as opening.
        if let Ok(map) = &opened {
            std::hint::black_box(map.bytes().first().copied());
        }
        Some(opened)
    };
    let paths: Vec<_> = paths.collect();
    paths.into_par_iter().tasks_of(16).map(open).collect()
}

struct Loader<'a> {
    options: &'a Options,
    inputs: Inputs,
    /// Files by path: one that is named twice is mapped once.
    known: HashMap<PathBuf, u32>,
    directories: Vec<PathBuf>,
    /// Linker scripts read for the current input of the command line.
    scripts: usize,
    errors: Vec<Error>,
}

impl Loader<'_> {
    fn rank(&self) -> u32 {
        self.inputs.entries.len() as u32
    }

    fn input(&mut self, input: &Input, opened: Option<Opened>) -> std::result::Result<(), Error> {
        let dynamic = self.options.dynamic_linker.is_some() && !input.static_only;
        let (path, map) = match &input.name {
            InputName::Path(path) => match self.known.get(path) {
                Some(&file) => return self.add_known(file, input),
                None => (path.clone(), opened.unwrap_or_else(|| Mapping::open(path))?),
            },
            InputName::Library(name) => search::library(name, &self.directories, dynamic)?,
            InputName::LibraryFile(name) => search::library_file(name, &self.directories)?,
        };
        self.scripts = 0;
        self.add((path, map), input)
    }

    /// Adds a file that was found.
    fn add(&mut self, (path, map): Found, input: &Input) -> std::result::Result<(), Error> {
        if let Some(&file) = self.known.get(&path) {
            return self.add_known(file, input);
        }
        let fail = |rank, message: &str| Err(Error::input(rank, path.display(), message));
        let kind = identify(map.bytes());
        match kind {
            Kind::Elf | Kind::Archive => {}
            Kind::Script => return self.script(&path, map, input),
            Kind::Bitcode => return fail(self.rank(), BITCODE),
            Kind::Empty => return fail(self.rank(), "the file is empty"),
            Kind::Unknown if is_source(&path) => return fail(self.rank(), SOURCE),
            Kind::Unknown => {
                return fail(self.rank(), "is no ELF object, archive or linker script");
            }
        }
        let thin = match kind {
            Kind::Archive => thin_members(&path, map.bytes(), self.rank())?,
            _ => Thin::default(),
        };
        let file = self.inputs.files.len() as u32;
        self.known.insert(path.clone(), file);
        self.inputs.files.push(InputFile { path, map, kind, thin, offered: false });
        self.add_known(file, input)
    }

    fn add_known(&mut self, file: u32, input: &Input) -> std::result::Result<(), Error> {
        let opened = &mut self.inputs.files[file as usize];
        let archive = opened.kind == Kind::Archive;
        let whole_archive = archive && input.whole_archive;
        let lazy = input.in_lib || (archive && !whole_archive);
        // A second mention of a lazy file offers nothing that the first doesn't.
        if lazy && opened.offered {
            return Ok(());
        }
        opened.offered |= lazy || whole_archive;
        let excluded_lib = archive && is_excluded(self.options, &opened.path);
        self.inputs.entries.push(Entry { file, whole_archive, lazy, excluded_lib });
        Ok(())
    }

    fn script(
        &mut self,
        path: &Path,
        map: Mapping,
        input: &Input,
    ) -> std::result::Result<(), Error> {
        let rank = self.rank();
        let fail = |message: String| Error::input(rank, path.display(), message);
        self.scripts += 1;
        if self.scripts > MAX_SCRIPTS {
            return Err(fail("linker scripts name each other without end".into()));
        }
        let text = std::str::from_utf8(map.bytes()).map_err(|_| fail("is no text".into()))?;
        let commands = script::parse(text).map_err(|message| {
            fail(match is_source(path) {
                true => SOURCE.into(),
                false => format!("is no object or archive; as a linker script: {message}"),
            })
        })?;
        self.keep_script(path, map);
        for command in commands {
            // Each that is open would go on naming others.
            if self.scripts > MAX_SCRIPTS {
                break;
            }
            let added = match command {
                Command::Input(name) => {
                    let found = self.script_input(&name, path, input).map_err(|error| {
                        Error::Message(format!("{error}\n>>> named by {}", path.display()))
                    });
                    found.and_then(|found| self.add(found, input))
                }
                Command::SearchDir(directory) => {
                    let directory = self.script_path(&directory, path);
                    self.directories.push(directory);
                    Ok(())
                }
                Command::OutputFormat(format) if format != "elf64-x86-64" => {
                    Err(fail(format!("asks for output format {format}; gild links elf64-x86-64")))
                }
                Command::OutputFormat(_) => Ok(()),
            };
            if let Err(error) = added {
                self.errors.push(error);
            }
        }
        Ok(())
    }

    /// Notes, once, that a script was read: the output depends on it, and mustn't take its place.
    fn keep_script(&mut self, path: &Path, map: Mapping) {
        let kind = Kind::Script;
        let files = &mut self.inputs.files;
        if files.iter().all(|file| file.kind != kind || file.path != path) {
            let (path, thin) = (path.to_path_buf(), Thin::default());
            files.push(InputFile { path, map, kind, thin, offered: false });
        }
    }

    /// GNU ld manual, "Commands Dealing with Files": an absolute path lies in the sysroot if the
    /// script does; another one is looked for beside the script, here, and in the `-L` directories.
    fn script_input(
        &self,
        name: &str,
        script: &Path,
        input: &Input,
    ) -> std::result::Result<Found, Error> {
        let dynamic = self.options.dynamic_linker.is_some() && !input.static_only;
        if let Some(file) = name.strip_prefix("-l:") {
            return search::library_file(file, &self.directories);
        }
        if let Some(library) = name.strip_prefix("-l") {
            return search::library(library, &self.directories, dynamic);
        }
        let path = self.script_path(name, script);
        if path.is_absolute() {
            return Mapping::open(&path).map(|map| (path, map));
        }
        let beside = script.parent().map(|directory| directory.join(&path));
        for candidate in beside.into_iter().chain([path.clone()]) {
            if let Some(map) = search::open_existing(&candidate)? {
                return Ok((candidate, map));
            }
        }
        if let Some(found) = search::in_directories(name, &self.directories)? {
            return Ok(found);
        }
        Mapping::open(&path).map(|map| (path, map))
    }

    fn script_path(&self, name: &str, script: &Path) -> PathBuf {
        let sysroot = self.options.sysroot.as_deref();
        let explicit = name.strip_prefix('=').or_else(|| name.strip_prefix("$SYSROOT"));
        let inside = sysroot.is_some_and(|root| is_inside(script, root));
        match (explicit, sysroot) {
            (Some(rest), Some(root)) => root.join(rest.trim_start_matches('/')),
            (Some(rest), None) => PathBuf::from(rest),
            (None, Some(root)) if inside && name.starts_with('/') => {
                root.join(name.trim_start_matches('/'))
            }
            _ => PathBuf::from(name),
        }
    }
}

fn is_excluded(options: &Options, path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    let matches = |lib: &String| {
        lib == "ALL"
            || name
                .as_ref()
                .is_some_and(|name| *name == **lib || name.strip_suffix(".a") == Some(lib.as_str()))
    };
    options.exclude_libs.iter().any(matches)
}

/// What is said of a compiler's input.
const SOURCE: &str = "is a source file: compile it first (-c); gild links objects and archives";

/// Whether the name says so.
fn is_source(path: &Path) -> bool {
    const EXTENSIONS: [&str; 14] =
        ["c", "C", "cc", "cp", "cpp", "cxx", "c++", "s", "S", "asm", "m", "mm", "f90", "rs"];
    path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|it| extension == *it))
}

/// Whether `path` lies below `root`, however the two are spelt.
fn is_inside(path: &Path, root: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    real(path).starts_with(real(root))
}

/// A thin archive's members and the files behind them; none if the archive isn't thin.
pub(super) fn thin_members(
    path: &Path,
    data: &[u8],
    rank: u32,
) -> std::result::Result<Thin, Error> {
    if !data.starts_with(super::archive::THIN_MAGIC) {
        return Ok(Thin::default());
    }
    let fail = |message| Error::input(rank, path.display(), message);
    let directory = path.parent().unwrap_or(Path::new(""));
    let archive = Archive::parse(data).map_err(fail)?;
    let mut thin = Thin::default();
    // A member of another archive has that archive's path.
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    for member in archive.members() {
        let Member { header, size, inner, name, .. } = member.map_err(fail)?;
        let file = *known.entry(name).or_insert_with(|| {
            let path = directory.join(OsStr::from_bytes(name));
            thin.files.push(ThinFile { path, map: OnceLock::new() });
            thin.files.len() as u32 - 1
        });
        thin.members.push(ThinMember { header, size, inner, file });
    }
    Ok(thin)
}
