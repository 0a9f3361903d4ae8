//! Errors and warnings: typed, collected, sorted by input position, printed together.

use std::fmt;
use std::path::{Path, PathBuf};

/// A position in the input that gives errors their order: file rank, section index, offset in bytes.
pub type Order = (u32, u32, u64);

/// A file:(section+offset) for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Object as `a.o` or `libx.a(member.o)`.
    pub file: String,
    /// Section name; empty when unknown.
    pub section: String,
    /// Offset in the section, bytes.
    pub offset: u64,
    /// `file.c:12` from debug information when there is any, else `file.c`, if the object tells.
    pub source: Option<String>,
    /// Sort key.
    pub order: Order,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = format!("{}:({}+{:#x})", self.file, self.section, self.offset);
        match &self.source {
            Some(source) => write!(f, "{source} ({inner})"),
            None => write!(f, "{inner}"),
        }
    }
}

/// Everything that can fail a link.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No definition for a name that live code refers to.
    #[error("undefined symbol: {name}{}{}", references(.at, *.count), suggestions(.similar, *.hint))]
    Undefined {
        /// Demangled name.
        name: String,
        /// The first few places.
        at: Vec<Place>,
        /// How many places there are in all.
        count: usize,
        /// A defined name that is close.
        similar: Option<String>,
        /// What is missing and how to add it.
        hint: Option<&'static str>,
    },
    /// Two strong definitions.
    #[error("duplicate symbol: {name}\n>>> defined in {first}\n>>> defined in {second}{way_out}")]
    Duplicate {
        /// Demangled name.
        name: String,
        /// The definition that stands.
        first: Place,
        /// The one in the way.
        second: Place,
        /// What may help: nothing, or a line that begins with a line feed.
        way_out: String,
    },
    /// A relocation that cannot be applied.
    #[error("{message}\n>>> referenced by {at}")]
    Relocation {
        /// What is wrong.
        message: String,
        /// Where.
        at: Place,
    },
    /// An input that is malformed or that gild cannot link.
    #[error("{file}: {message}")]
    Input {
        /// File or `archive(member)`.
        file: String,
        /// What is wrong, and the way out.
        message: String,
        /// Rank of the file.
        order: Order,
    },
    /// The operating system said no.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// "open", "write" …
        action: &'static str,
        /// The path as the user knows it.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is written would take an input's place.
    #[error("{}: the input file is an output file as well", .0.display())]
    OutputIsInput(PathBuf),
    /// The allocator can't be what was asked for.
    #[error("{message}{}", references(.at, .at.len()))]
    Allocator {
        /// What is wrong, and the way out.
        message: String,
        /// Where it shows.
        at: Vec<Place>,
        /// Sort key.
        order: Order,
    },
    /// Anything without a place.
    #[error("{0}")]
    Message(String),
}

impl Error {
    /// An error about input number `rank`.
    pub fn input(rank: u32, file: impl fmt::Display, message: impl fmt::Display) -> Error {
        Error::Input { file: file.to_string(), message: message.to_string(), order: (rank, 0, 0) }
    }

    /// An error of the system's about a file; `source` keeps its text without the "(os error N)"
    /// that std appends.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Error {
        let text = source.to_string();
        let plain = text.split(" (os error").next().unwrap_or(&text).to_string();
        let source = std::io::Error::new(source.kind(), plain);
        Error::Io { action, path: path.into(), source }
    }

    fn order(&self) -> Order {
        match self {
            Error::Undefined { at, .. } => at.first().map_or((0, 0, 0), |place| place.order),
            Error::Duplicate { second, .. } => second.order,
            Error::Relocation { at, .. } => at.order,
            Error::Input { order, .. } | Error::Allocator { order, .. } => *order,
            Error::Io { .. } | Error::OutputIsInput(_) | Error::Message(_) => (0, 0, 0),
        }
    }
}

fn references(at: &[Place], count: usize) -> String {
    let mut text: String = at.iter().map(|place| format!("\n>>> referenced by {place}")).collect();
    if count > at.len() {
        text += &format!("\n>>> referenced {} more times", count - at.len());
    }
    text
}

fn suggestions(similar: &Option<String>, hint: Option<&str>) -> String {
    let similar = similar.iter().map(|name| format!("\n>>> did you mean: {name}"));
    similar.chain(hint.map(|hint| format!("\n>>> {hint}"))).collect()
}

/// The errors of one link, in input order.
#[derive(Debug, Default)]
pub struct Errors(Vec<Error>);

/// What a phase returns.
pub type Result<T> = std::result::Result<T, Errors>;

impl Errors {
    /// All errors in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Error> {
        self.0.iter()
    }

    /// The errors themselves.
    pub fn into_vec(self) -> Vec<Error> {
        self.0
    }

    /// These, in the order of their places.
    pub fn sorted(errors: impl IntoIterator<Item = Error>) -> Errors {
        let mut errors: Vec<Error> = errors.into_iter().collect();
        errors.sort_by_key(Error::order);
        Errors(errors)
    }

    /// Fails if there is any error; sorts them by place.
    pub fn check(errors: Vec<Error>) -> Result<()> {
        if errors.is_empty() { Ok(()) } else { Err(Errors::sorted(errors)) }
    }

    /// Fails if there is any error; they are in input order already, those without a place too.
    pub fn in_order(errors: Vec<Error>) -> Result<()> {
        if errors.is_empty() { Ok(()) } else { Err(Errors(errors)) }
    }

    /// Both values, or the errors of both in the order of their places.
    pub fn both<A, B>(a: Result<A>, b: Result<B>) -> Result<(A, B)> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (a, b) => {
                let errors = a.err().into_iter().chain(b.err());
                Err(Errors::sorted(errors.flat_map(Errors::into_vec)))
            }
        }
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Errors {
        Errors(vec![error])
    }
}

/// Splits results of a parallel phase; fails with every error if there is one.
pub fn collect<T>(results: Vec<std::result::Result<T, Error>>) -> Result<Vec<T>> {
    let mut values = Vec::with_capacity(results.len());
    for_each(results, |value| values.push(value))?;
    Ok(values)
}

/// As [`collect`], for values that go elsewhere than to one list.
pub fn for_each<T>(
    results: Vec<std::result::Result<T, Error>>,
    mut take: impl FnMut(T),
) -> Result<()> {
    let mut errors = Vec::new();
    for result in results {
        match result {
            Ok(value) => take(value),
            Err(error) => errors.push(error),
        }
    }
    Errors::check(errors)
}
