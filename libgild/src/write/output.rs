//! Where the output goes: a new file that takes its place at the very end, or a stream.
//!
//! - A regular file is written under no name (O_TMPFILE) or beside the old one, whose name it gets
//!   when it is complete: nobody sees half a file, an old output that is being executed goes on
//!   undisturbed, its other hard links keep their content, and a link that is killed leaves nothing
//!   behind.
//! - A symbolic link is followed.
//! - What is no regular file (`/dev/null`, `/dev/stdout`, a FIFO) is written to from start to end,
//!   never unlinked, renamed over or truncated.
//! - The mode is 0777 less the umask.

use crate::args::{Input, InputName, MapOutput, Options};
use crate::diagnostics::{Error, Result};
use crate::elf::{ET_DYN, ET_EXEC};
use crate::input::Inputs;
use crate::input::mapping::identity;
use rustix::fs::{
    AtFlags, CWD, FallocateFlags, OFlags, RenameFlags, fallocate, fstatfs, linkat, renameat_with,
};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::iter;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// An output on its way. Dropping it without [`Output::finish`] leaves nothing behind.
pub enum Output {
    /// A regular file to be.
    File(NewFile),
    /// Anything that takes bytes in order.
    Stream(Box<dyn Write + Sync>),
}

/// A regular file that doesn't have its name yet.
pub struct NewFile {
    file: File,
    /// The name it will have.
    target: PathBuf,
    state: State,
}

enum State {
    /// No name at all; gone with the last descriptor.
    Anonymous,
    /// A name beside the target, removed on failure.
    Named(PathBuf),
    /// The target itself, where the directory takes no new files.
    InPlace,
    /// Nothing left to clean up.
    Done,
}

impl Output {
    /// Opens `path` for output.
    ///
    /// Errors: a directory; a directory that doesn't exist or takes no files.
    pub fn open(path: &Path) -> Result<Output> {
        open(path).map_err(|source| Error::io("open output file", path, source).into())
    }

    /// Reserves room for `size` bytes, which makes writing them a quarter cheaper on ext4: blocks
    /// are found once instead of per call (120 MB: 21 ms of CPU time instead of 31). On tmpfs it
    /// would only touch all pages twice.
    ///
    /// Errors: no room. File systems that cannot reserve do without.
    pub fn reserve(&self, size: u64) -> io::Result<()> {
        let Output::File(NewFile { file, .. }) = self else { return Ok(()) };
        if fstatfs(file).is_ok_and(|system| system.f_type == TMPFS_MAGIC) {
            return Ok(());
        }
        match fallocate(file, FallocateFlags::empty(), 0, size) {
            Err(Errno::NOSPC) => Err(Errno::NOSPC.into()),
            _ => Ok(()),
        }
    }

    /// The file, if it can be written in any order.
    pub fn file(&self) -> Option<&File> {
        match self {
            Output::File(new) => Some(&new.file),
            Output::Stream(_) => None,
        }
    }

    /// Writes the whole output at once.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Output::File(new) => new.file.write_all_at(bytes, 0),
            Output::Stream(stream) => stream.write_all(bytes),
        }
    }

    /// Puts the complete file in place; gives the one that it replaces.
    pub fn finish(self) -> io::Result<Option<File>> {
        match self {
            Output::File(new) => new.finish(),
            Output::Stream(mut stream) => stream.flush().map(|()| None),
        }
    }
}

/// Errors: the output, or what is told about it in a file, would take an input's or the output's place.
pub fn spare_inputs(inputs: &Inputs, options: &Options) -> Result<()> {
    let alone = listings(options).next().is_none();
    let mut places = Vec::new();
    for path in iter::once(&options.output).chain(listings(options)) {
        let Ok(target) = follow(path) else { continue };
        let found = fs::metadata(&target).ok();
        let same = found.as_ref().and_then(|found| inputs.path_of(identity(found)));
        if let Some(input) = same {
            return Err(Error::OutputIsInput(input.into()).into());
        }
        // What is no regular file may take all of them.
        if alone || is_stdout(path) || found.is_some_and(|found| !found.is_file()) {
            continue;
        }
        let place = fs::canonicalize(directory(&target)).ok().zip(target.file_name());
        let Some(place) = place.map(|(folder, name)| folder.join(name)) else { continue };
        if places.contains(&place) {
            let path = path.display();
            let text = format!(
                "{path}: the output, the map, the report and the dependency file need a file each"
            );
            return Err(Error::Message(text).into());
        }
        places.push(place);
    }
    Ok(())
}

/// The files that tell about the link.
fn listings(options: &Options) -> impl Iterator<Item = &PathBuf> {
    let map = match &options.map {
        Some(MapOutput::File(path)) => Some(path),
        _ => None,
    };
    let report = options.allocator.report.as_ref().and_then(Option::as_ref);
    [map, options.dependency_file.as_ref(), report].into_iter().flatten()
}

/// Removes what an earlier link left at the output path, if that is a regular file: after a failed
/// link nothing there can pass for its result, as with GNU ld. What no linker of programs has written
/// stays, and so does an input.
pub fn remove_output(options: &Options) {
    let Ok(target) = follow(&options.output) else { return };
    let Ok(found) = fs::metadata(&target) else { return };
    let same = |input: &Input| match &input.name {
        InputName::Path(path) => {
            fs::metadata(path).is_ok_and(|other| identity(&other) == identity(&found))
        }
        InputName::Library(_) | InputName::LibraryFile(_) => false,
    };
    if found.is_file()
        && !is_stdout(&options.output)
        && is_program(&target)
        && !options.inputs.iter().any(same)
    {
        // It may have gone, or not be ours to remove; the link's own error says enough.
        let _ = fs::remove_file(target);
    }
}

/// Whether a file is an ELF executable: ET_EXEC or ET_DYN (gABI, "ELF Header").
fn is_program(path: &Path) -> bool {
    let mut start = [0; 18];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut start, 0));
    let kind = u16::from_le_bytes([start[16], start[17]]);
    read.is_ok() && start.starts_with(b"\x7fELF") && matches!(kind, ET_EXEC | ET_DYN)
}

fn open(path: &Path) -> io::Result<Output> {
    if is_stdout(path) {
        return Ok(Output::Stream(Box::new(io::stdout())));
    }
    let target = follow(path)?;
    match fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => {
            let stream = OpenOptions::new().write(true).open(&target)?;
            Ok(Output::Stream(Box::new(stream)))
        }
        Ok(_) => NewFile::create(target, true).map(Output::File),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            NewFile::create(target, false).map(Output::File)
        }
        Err(error) => Err(error),
    }
}

/// Standard output keeps its position and its other writers whatever it is redirected to.
fn is_stdout(path: &Path) -> bool {
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
}

/// The path at the end of all symbolic links, the last of which may lead to nothing yet.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // Linux gives up after 40 as well (path_resolution(7)).
    for _ in 0..40 {
        match fs::read_link(&path) {
            // Descriptors of this process are no paths: `/proc/self/fd/3 -> pipe:[1234]`.
            Ok(_) if path.starts_with("/proc") => return Ok(path),
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::from_raw_os_error(Errno::LOOP.raw_os_error()))
}

impl NewFile {
    fn create(target: PathBuf, exists: bool) -> io::Result<NewFile> {
        if target.file_name().is_none() {
            return Err(ErrorKind::IsADirectory.into());
        }
        if let Ok(file) = anonymous(&target) {
            return Ok(NewFile { file, target, state: State::Anonymous });
        }
        match named(&target) {
            Ok((file, name)) => Ok(NewFile { file, target, state: State::Named(name) }),
            // No new files here, but the old one may be ours to write.
            Err(error) if exists && error.kind() == ErrorKind::PermissionDenied => {
                let file = OpenOptions::new().write(true).truncate(true).open(&target)?;
                Ok(NewFile { file, target, state: State::InPlace })
            }
            Err(error) => Err(error),
        }
    }

    fn finish(mut self) -> io::Result<Option<File>> {
        let old = hold(&self.target);
        match &self.state {
            State::Anonymous => match self.give_name(&self.target) {
                // linkat replaces nothing; rename does.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let mut names = names(&self.target);
                    let name = loop {
                        let name = names.next().unwrap_or_default();
                        match self.give_name(&name) {
                            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                            result => break result.map(|()| name)?,
                        }
                    };
                    self.state = State::Named(name.clone());
                    replace(&name, &self.target)?;
                }
                result => result?,
            },
            State::Named(name) => replace(name, &self.target)?,
            State::InPlace | State::Done => {}
        }
        self.state = State::Done;
        Ok(old)
    }

    fn give_name(&self, name: &Path) -> io::Result<()> {
        let descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        Ok(linkat(CWD, &descriptor, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
    }
}

/// Gives the file `name` the name `target`, which may be another file's.
///
/// The two names are swapped first: when a rename replaces a file, ext4 takes it for a database's
/// and starts to write it to the disk (`auto_da_alloc`), 0.15 ms for the smallest program.
fn replace(name: &Path, target: &Path) -> io::Result<()> {
    match renameat_with(CWD, name, CWD, target, RenameFlags::EXCHANGE) {
        // Should the old file stay, under a hidden name, it does no harm.
        Ok(()) => fs::remove_file(name).or(Ok(())),
        // No file to replace, or a file system that cannot swap.
        Err(_) => fs::rename(name, target),
    }
}

/// A reference to a file, which needs no right to read and keeps nobody from executing it.
fn hold(path: &Path) -> Option<File> {
    let flags = OFlags::PATH.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path).ok()
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let unfinished = match &self.state {
            State::Named(name) => name,
            // Half a file is worse than none.
            State::InPlace => &self.target,
            State::Anonymous | State::Done => return,
        };
        let _ = fs::remove_file(unfinished);
    }
}

fn directory(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// statfs(2).
const TMPFS_MAGIC: rustix::fs::FsWord = 0x0102_1994;

/// A file without a name in the target's directory. Not every file system has them, and without
/// `/proc` it could never get one.
fn anonymous(target: &Path) -> io::Result<File> {
    fs::symlink_metadata("/proc/self/fd")?;
    let flags = OFlags::TMPFILE.bits().cast_signed();
    OpenOptions::new().write(true).mode(0o777).custom_flags(flags).open(directory(target))
}

/// A new file with a name of its own beside the target.
fn named(target: &Path) -> io::Result<(File, PathBuf)> {
    for name in names(target) {
        match OpenOptions::new().write(true).create_new(true).mode(0o777).open(&name) {
            Ok(file) => return Ok((file, name)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Hidden names that nobody else uses.
fn names(target: &Path) -> impl Iterator<Item = PathBuf> {
    let directory = directory(target).to_owned();
    let process = std::process::id();
    std::iter::repeat_with(move || {
        // Randomly seeded; a number of the process alone would collide between threads.
        let random = RandomState::new().build_hasher().finish();
        directory.join(format!(".gild-{process}-{random:016x}"))
    })
}
