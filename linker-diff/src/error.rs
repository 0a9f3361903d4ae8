//! Why a program could not be read, or two could not be compared.

use std::path::PathBuf;

/// A reason to end with exit status 2: nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened or mapped.
    #[error("{}: {source}", path.display())]
    Open {
        /// The file as it was named.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file does not begin with the ELF magic number.
    #[error("{}: not an ELF file", path.display())]
    NotElf {
        /// The file as it was named.
        path: PathBuf,
    },
    /// An ELF file, but not a static x86-64 executable.
    #[error("{}: {what}; only linked x86-64 ELF executables can be read", path.display())]
    Foreign {
        /// The file as it was named.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The file contradicts itself or ends too early.
    #[error("{}: malformed: {what}", path.display())]
    Malformed {
        /// The file as it was named.
        path: PathBuf,
        /// The contradiction.
        what: String,
    },
    /// One file has nothing to be compared with.
    #[error("at least two programs are needed, {0} given")]
    TooFew(usize),
}
