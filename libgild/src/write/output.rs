//! Where the bytes go: a new file beside the output path that replaces it at the end, or, for
//! devices and pipes, memory that is written in one go.

use crate::diagnostics::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// An output in the making. Dropped unfinished, it leaves nothing behind.
pub struct Output {
    /// The path as the user knows it.
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    /// Renamed to `target` at the end: no reader sees half a file, a running program keeps its
    /// text (no ETXTBSY), and other hard links keep their content.
    Regular { file: File, temporary: PathBuf, target: PathBuf },
    /// Not a regular file: written to, never replaced.
    Stream { file: File, bytes: Mutex<Vec<u8>> },
}

type Result<T> = std::result::Result<T, Error>;

impl Output {
    /// Opens the way to `path` for `size` bytes. A symbolic link is followed.
    pub fn create(path: &Path, size: u64) -> Result<Output> {
        let fail = |action, source| Error::Io { action, path: path.into(), source };
        let kind = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(fail("write", std::io::Error::from(ErrorKind::IsADirectory)));
            }
            Ok(found) if !found.is_file() => {
                let file = OpenOptions::new().write(true).open(path);
                let bytes = Mutex::new(vec![0; size as usize]);
                Kind::Stream { file: file.map_err(|error| fail("open", error))?, bytes }
            }
            Ok(_) | Err(_) => regular(path).map_err(|error| fail("create", error))?,
        };
        Ok(Output { path: path.into(), kind })
    }

    /// Writes `bytes` at file offset `offset`. Offsets of different calls must not overlap.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        match &self.kind {
            Kind::Regular { file, .. } => {
                file.write_all_at(bytes, offset).map_err(|error| self.error(error))
            }
            Kind::Stream { bytes: all, .. } => {
                let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                all[offset as usize..][..bytes.len()].copy_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Puts the finished file in place.
    pub fn finish(self) -> Result<()> {
        match &self.kind {
            Kind::Regular { temporary, target, .. } => fs::rename(temporary, target),
            Kind::Stream { file, bytes } => {
                let bytes = bytes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                (&mut &*file).write_all(&bytes)
            }
        }
        .map_err(|error| self.error(error))
    }

    fn error(&self, source: std::io::Error) -> Error {
        Error::Io { action: "write", path: self.path.clone(), source }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Kind::Regular { temporary, .. } = &self.kind {
            // After `finish` the name is gone, and there is nothing to remove.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// A new file beside the one that `path` leads to, executable as the umask allows.
fn regular(path: &Path) -> std::io::Result<Kind> {
    let target = follow(path)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for attempt in 0..100 {
        let temporary = format!(".{name}.gild-{}-{attempt}", std::process::id());
        let temporary = target.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).mode(0o777).open(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            file => return Ok(Kind::Regular { file: file?, temporary, target }),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Where a chain of symbolic links ends, whether that file exists or not.
fn follow(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // The kernel's own limit (path_resolution(7)).
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(std::io::Error::other("too many levels of symbolic links"))
}
