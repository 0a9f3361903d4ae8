//! What the command line says about the memory allocator.

use std::path::PathBuf;

/// `--allocator` and the options around it.
#[derive(Clone, Debug, Default)]
pub struct AllocatorOptions {
    /// `--allocator`, else `GILD_ALLOCATOR`: a path, a name, or `libc`.
    pub choice: Option<String>,
    /// `--allocator-prefix`: the family is `PREFIXmalloc` and so on.
    pub prefix: Option<String>,
    /// `--allocator-internal`; by the C library and the allocator if not given.
    pub internal: Option<Internal>,
    /// `--allocator-override`.
    pub winner: Option<Override>,
    /// `--allocator-report`: standard output, or a file.
    pub report: Option<Option<PathBuf>>,
    /// `--allocator-report-format`; by the file's name if not given.
    pub format: Option<ReportFormat>,
    /// `GILD_ALLOCATOR_PATH`: directories in which names are looked up behind those of `-L`.
    pub directories: Vec<PathBuf>,
}

/// What becomes of the C library's private callers of its own heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Internal {
    /// They get the chosen allocator: one heap in the program.
    #[default]
    Redirect,
    /// They keep the C library's.
    Keep,
}

/// Who wins where an object on the line defines the family beside the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Override {
    /// The object.
    Object,
    /// The provider.
    Provider,
}

/// How the report is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}
