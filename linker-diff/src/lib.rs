//! Compares what linkers made of the same inputs, by meaning and not by address, and tells which
//! allocator a program carries ([`inspect`]).
//!
//! ```no_run
//! let files = ["a.out".into(), "b.out".into()];
//! let comparison = gild_diff::compare(&files, &gild_diff::CompareOptions::default())?;
//! for finding in comparison.unexplained() {
//!     eprintln!("{}: {}: {}", finding.kind.name(), finding.place, finding.detail);
//! }
//! # Ok::<(), gild_diff::Error>(())
//! ```

mod code;
mod compare;
pub mod error;
pub mod finding;
pub mod inspect;
mod model;
pub mod options;
mod pairing;
pub mod reason;
pub mod report;

use std::path::PathBuf;

pub use error::Error;
pub use finding::{Finding, Kind, Side};
pub use options::{CompareOptions, Progress};
pub use reason::Reason;
pub use report::{Comparison, Report};

use model::{Image, ImageFile};

/// Compares the first program with each of the others.
///
/// # Errors
/// When fewer than two are given, or one of them cannot be read or is no linked x86-64 ELF
/// executable. Differences are no errors: see [`Comparison::unexplained`].
pub fn compare(paths: &[PathBuf], options: &CompareOptions) -> Result<Comparison, Error> {
    if paths.len() < 2 {
        return Err(Error::TooFew(paths.len()));
    }
    let tick = |what: &str| options.progress.as_ref().inspect(|p| p.phase(what));
    let files = paths.iter().map(|p| ImageFile::open(p)).collect::<Result<Vec<_>, _>>()?;
    tick("reading programs");
    let mut first = Image::load(&files[0])?;
    let mut reports = Vec::new();
    for file in &files[1..] {
        tick("reading programs");
        let mut other = Image::load(file)?;
        first.learn_from(&other);
        other.learn_from(&first);
        reports.push(compare::run(&first, &other, options));
    }
    Ok(Comparison { reports })
}
