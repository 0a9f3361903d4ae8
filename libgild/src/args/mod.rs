//! The command line: GNU ld's options, read into one [`Options`] value.
//!
//! [`parse`] expands `@FILE`s (`response`), looks every option up in one table (`table`) and
//! settles what only the whole line can tell: the kind of output, the sysroot, the inputs' number.
//! `--help` and the suggestion for a misspelt option read the same table.

mod allocator;
mod error;
mod help;
mod nearest;
mod options;
mod parse;
pub mod response;
mod state;
mod table;
mod values;
mod wrap;

#[cfg(test)]
mod drivers_test;
#[cfg(test)]
mod parse_test;
#[cfg(test)]
mod spellings_test;

pub use allocator::{AllocatorOptions, Internal, Override, ReportFormat};
pub use error::ArgError;
pub use help::version;
pub(crate) use nearest::nearest;
pub use options::{
    BuildId, Color, Compression, DefsymValue, Discard, Entry, Input, InputName, MapOutput, Options,
    SeparateSegments, Strip, Unresolved,
};
pub use parse::{Command, parse};
pub(crate) use wrap::{Wrap, wrapped, wraps};
