//! C libraries.

/// The C library that an archive is compiled against.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Libc {
    /// The GNU C library.
    Glibc,
    /// musl.
    Musl,
}

impl Libc {
    /// Both, in the order in which they are built.
    pub const ALL: [Libc; 2] = [Libc::Glibc, Libc::Musl];

    /// `glibc` or `musl`, as in directory names.
    pub fn name(self) -> &'static str {
        match self {
            Libc::Glibc => "glibc",
            Libc::Musl => "musl",
        }
    }
}
