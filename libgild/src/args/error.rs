//! What can be wrong with a command line.

use std::path::{Path, PathBuf};

/// One thing wrong with a command line. All of them are reported together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ArgError {
    /// No row of the table has this name.
    #[error("unknown option '{option}'{}", hint(option, *.nearest))]
    UnknownOption {
        /// As written, without a value.
        option: String,
        /// The closest name in the table, with dashes.
        nearest: Option<&'static str>,
    },
    /// The line ended before the option's value.
    #[error("option '{option}' needs a value")]
    MissingValue {
        /// As written.
        option: String,
    },
    /// `--option=value` for an option without a value.
    #[error("option '{option}' takes no value, but '{value}' was given")]
    UnexpectedValue {
        /// As written, without the value.
        option: String,
        /// What stood after the `=`.
        value: String,
    },
    /// A value outside what the option takes.
    #[error("option '{option}': '{value}' is not {expected}")]
    BadValue {
        /// As written, without the value.
        option: String,
        /// The value.
        value: String,
        /// What would have been right, as a noun phrase.
        expected: &'static str,
    },
    /// A number of more than 64 bits.
    #[error("option '{option}': {value} does not fit in 64 bits")]
    NumberOverflow {
        /// As written, without the value.
        option: String,
        /// The value.
        value: String,
    },
    /// A value that is used as a name or keyword, and isn't UTF-8.
    #[error("option '{option}': '{value}' is not valid UTF-8")]
    NotUtf8 {
        /// As written, without the value.
        option: String,
        /// The value, with replacement characters.
        value: String,
    },
    /// A kind of link that gild doesn't do.
    #[error("option '{option}': gild links static x86-64 executables and {reason}")]
    Refused {
        /// As written, with the value if that is what is refused.
        option: String,
        /// Goes on from "gild links static x86-64 executables and".
        reason: &'static str,
    },
    /// `-pie` and an interpreter: a position-independent executable that `ld.so` has to load.
    #[error(
        "options '-pie' and '-dynamic-linker {}' ask for a dynamically linked executable; \
         gild links static ones: give the compiler -static (--static where libtool drops that) or \
         -static-pie{} \
         (rustc: -C target-feature=+crt-static), or use GNU ld or lld",
        .interpreter.display(),
        but_musl_gcc(.interpreter)
    )]
    DynamicPie {
        /// The value of `-dynamic-linker`.
        interpreter: PathBuf,
    },
    /// A positional option in a place where it has no meaning.
    #[error("option '{option}' {reason}")]
    Misplaced {
        /// As written.
        option: String,
        /// What is wrong with the place.
        reason: &'static str,
    },
    /// A response file that exists but couldn't be read.
    #[error("cannot read response file '{}': {reason}", .path.display())]
    ResponseFile {
        /// The path after the `@`.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// `@FILE` that doesn't exist, where an input was expected.
    #[error("response file '{}' does not exist", .path.display())]
    NoResponseFile {
        /// The path after the `@`.
        path: PathBuf,
    },
    /// A response file that names itself, directly or through others.
    #[error("response file '{}' includes itself", .path.display())]
    ResponseCycle {
        /// The path after the `@`.
        path: PathBuf,
    },
    /// Response files that name response files that name …
    #[error("response file '{}' is the last of {limit}, and there would be more", .path.display())]
    ResponseFiles {
        /// The path after the `@`.
        path: PathBuf,
        /// The most that is allowed.
        limit: usize,
    },
    /// Nothing to link.
    #[error("no input files")]
    NoInputs,
}

fn hint(option: &str, nearest: Option<&str>) -> String {
    if option.starts_with("-Wl") {
        return "; a compiler passes on what follows -Wl, and a linker takes it without (rustc tells the \
                two apart by -C linker-flavor=ld, or if gild is called ld.gild)"
            .into();
    }
    did_you_mean(nearest)
}

/// The tail of a message about a name that isn't known.
pub(super) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

/// musl-gcc adds the interpreter to `-static-pie`, and the program is a dynamic one.
fn but_musl_gcc(interpreter: &Path) -> &'static str {
    match interpreter.to_string_lossy().contains("ld-musl") {
        true => " (musl-gcc makes a dynamic program of -static-pie: -static alone, there)",
        false => "",
    }
}
