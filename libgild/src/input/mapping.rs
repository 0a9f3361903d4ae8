//! Bytes of one input file, and what kind of file they are.

use super::archive;
use crate::diagnostics::Error;
use memmap2::{Mmap, MmapOptions};
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Device and inode number of a file.
pub type Identity = (u64, u64);

/// Which file it is, by whatever path.
pub fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// The contents of a file.
#[derive(Debug)]
pub struct Mapping {
    bytes: Bytes,
    /// The file; `None` for what gild carries or writes.
    pub identity: Option<Identity>,
}

#[derive(Debug)]
enum Bytes {
    /// A regular file, mapped.
    Mapped(Mapped),
    /// A pipe or another file that can't be mapped, read; also an empty file, and one too many.
    Read(Vec<u8>),
    /// A file that gild carries.
    Static(&'static [u8]),
}

#[derive(Debug)]
struct Mapped(Mmap);

/// Mappings that this process has.
static MAPPED: AtomicUsize = AtomicUsize::new(0);

/// Linux allows 65,530 of them (vm.max_map_count), of which the heap and the threads need some.
const MOST_MAPPED: usize = 1 << 15;

impl Drop for Mapped {
    fn drop(&mut self) {
        MAPPED.fetch_sub(1, Relaxed);
    }
}

impl From<Vec<u8>> for Mapping {
    fn from(bytes: Vec<u8>) -> Mapping {
        Mapping { bytes: Bytes::Read(bytes), identity: None }
    }
}

impl From<&'static [u8]> for Mapping {
    fn from(bytes: &'static [u8]) -> Mapping {
        Mapping { bytes: Bytes::Static(bytes), identity: None }
    }
}

impl Mapping {
    /// Maps the file at `path`.
    ///
    /// Errors: what the system says, or that it is a directory.
    pub fn open(path: &Path) -> Result<Mapping, Error> {
        let fail = |source| Error::io("open", path, source);
        let mut file = File::open(path).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if metadata.is_dir() {
            return Err(fail(std::io::ErrorKind::IsADirectory.into()));
        }
        let identity = Some(identity(&metadata));
        let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if metadata.is_file() && length > 0 && MAPPED.load(Relaxed) < MOST_MAPPED {
            // SAFETY: gild only reads the mapping, but nothing keeps others from writing to the file:
            // that would change bytes behind a shared reference, which is undefined behaviour, or,
            // if it gets shorter, end the process (SIGBUS). Like every linker that maps its inputs,
            // gild relies on nobody changing one in place while it is being linked.
            let map = unsafe { MmapOptions::new().len(length).map(&file) }.map_err(fail)?;
            MAPPED.fetch_add(1, Relaxed);
            return Ok(Mapping { bytes: Bytes::Mapped(Mapped(map)), identity });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|source| Error::io("read", path, source))?;
        Ok(Mapping { bytes: Bytes::Read(bytes), identity })
    }

    /// The contents.
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(mapped) => &mapped.0,
            Bytes::Read(bytes) => bytes,
            Bytes::Static(bytes) => bytes,
        }
    }
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An ELF file of any type; `Object::parse` looks closer.
    Elf,
    /// `!<arch>`, or `!<thin>`.
    Archive,
    /// Text: a linker-script stub.
    Script,
    /// LLVM bitcode.
    Bitcode,
    /// No bytes.
    Empty,
    /// None of these.
    Unknown,
}

/// Identifies a file or member.
pub fn identify(data: &[u8]) -> Kind {
    let magic = data.get(..8).unwrap_or(data);
    if data.is_empty() {
        Kind::Empty
    } else if magic.starts_with(b"\x7fELF") {
        Kind::Elf
    } else if magic == archive::MAGIC || magic == archive::THIN_MAGIC {
        Kind::Archive
    } else if magic.starts_with(b"BC\xc0\xde") || magic.starts_with(b"\xde\xc0\x17\x0b") {
        Kind::Bitcode
    } else if data.len() <= MAX_SCRIPT && std::str::from_utf8(data).is_ok_and(is_text) {
        Kind::Script
    } else {
        Kind::Unknown
    }
}

/// A stub names a few files; anything larger is no stub.
const MAX_SCRIPT: usize = 1 << 20;

fn is_text(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && !c.is_whitespace())
}

/// The remedy for LLVM bitcode.
pub const BITCODE: &str = "is LLVM bitcode, and gild links machine code: compile without -flto \
(rustc: -C linker-plugin-lto=no), or link with lld";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        for (data, kind) in [
            (&b""[..], Kind::Empty),
            (b"\x7fELF\x02", Kind::Elf),
            (b"!<arch>\nxyz", Kind::Archive),
            (b"!<thin>\n", Kind::Archive),
            (b"!<arch", Kind::Script),
            (b"BC\xc0\xde123", Kind::Bitcode),
            (b"GROUP ( a b )\n", Kind::Script),
            (b"\x00\x01\x02", Kind::Unknown),
            (b"\xff\xfe", Kind::Unknown),
        ] {
            assert_eq!(identify(data), kind, "{data:?}");
        }
    }
}
