//! Finding a link's inputs and copying them.

use super::arguments::{Argument, Kind};
use anyhow::{Context, Result, bail};
use libgild::script::{self, Command};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The `-L` folders, in order.
pub struct Search(Vec<PathBuf>);

impl Search {
    /// The folders that `arguments` name; as with GNU ld they serve every `-l`, also earlier ones.
    pub fn new(arguments: &[Argument]) -> Self {
        let folders = arguments.iter().filter_map(|argument| match &argument.kind {
            Kind::SearchPath(path) => Some(PathBuf::from(path)),
            _ => None,
        });
        Self(folders.collect())
    }

    /// The static library `-lNAME` (or the file `-l:NAME`).
    ///
    /// # Errors
    /// If no folder has it.
    pub fn library(&self, name: &str) -> Result<PathBuf> {
        let file = match name.strip_prefix(':') {
            Some(exact) => exact.to_owned(),
            None => format!("lib{name}.a"),
        };
        let mut candidates = self.0.iter().map(|folder| folder.join(&file));
        candidates.find(|path| path.is_file()).with_context(|| format!("no folder has {file}"))
    }
}

/// The `inputs` folder of a job.
pub struct Store {
    dir: PathBuf,
    /// From the original's path to the copy's, relative to the job.
    copies: HashMap<PathBuf, String>,
    bytes: u64,
}

impl Store {
    /// An empty store in the job folder `job`.
    ///
    /// # Errors
    /// Those of making the folder.
    pub fn new(job: &Path) -> Result<Self> {
        let dir = job.join("inputs");
        fs::create_dir_all(&dir).with_context(|| format!("{}", dir.display()))?;
        Ok(Self { dir, copies: HashMap::new(), bytes: 0 })
    }

    /// Bytes copied so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Copies the input at `path` and gives the arguments that stand for it: one path, or a group
    /// for a linker script that names libraries.
    ///
    /// # Errors
    /// If the file can't be copied or is of a kind that can't be moved.
    pub fn add(&mut self, path: &Path, search: &Search) -> Result<Vec<String>> {
        let content = fs::read(path).with_context(|| format!("{}", path.display()))?;
        if content.starts_with(b"!<thin>\n") {
            bail!("{}: a thin archive's members lie elsewhere", path.display());
        }
        let Some(libraries) = libraries(&content) else {
            return Ok(vec![self.copy(path, content.len() as u64)?]);
        };
        let mut group = vec!["--start-group".to_owned()];
        for name in libraries {
            let library = match name.strip_prefix("-l") {
                Some(library) => search.library(library)?,
                None => PathBuf::from(name),
            };
            group.extend(self.add(&library, search)?);
        }
        group.push("--end-group".to_owned());
        Ok(group)
    }

    fn copy(&mut self, path: &Path, length: u64) -> Result<String> {
        let original = path.canonicalize()?;
        if let Some(copy) = self.copies.get(&original) {
            return Ok(copy.clone());
        }
        // The number keeps files of the same name apart.
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{}-{file}", self.copies.len());
        fs::copy(path, self.dir.join(&name)).with_context(|| format!("{}", path.display()))?;
        self.bytes += length;
        let relative = format!("inputs/{name}");
        self.copies.insert(original, relative.clone());
        Ok(relative)
    }
}

/// The libraries that a linker script names, as glibc's `libm.a` is one; nothing if `content` is an
/// object, an archive or a script of another kind.
fn libraries(content: &[u8]) -> Option<Vec<String>> {
    let commands = script::parse(std::str::from_utf8(content).ok()?).ok()?;
    let name = |command| match command {
        Command::Input(name) => Some(name),
        _ => None,
    };
    Some(commands.into_iter().filter_map(name).collect())
}
