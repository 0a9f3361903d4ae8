//! Messages on standard error, in the style that editors and build systems parse.

use libgild::args::{Color, Options};
use libgild::diagnostics::Errors;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

static COLOR: OnceLock<bool> = OnceLock::new();

/// Decides once whether messages are coloured.
pub fn use_color(choice: Color) {
    let color = match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal(),
    };
    COLOR.get_or_init(|| color);
}

/// One error.
pub fn error(message: &(impl Display + ?Sized)) {
    print("error", "31", message);
}

/// Something worth knowing.
pub fn note(message: &str) {
    print("note", "36", message);
}

/// Errors up to `--error-limit`, in input order.
pub fn errors(options: &Options, errors: &Errors) {
    let limit = options.error_limit;
    errors.iter().take(limit).for_each(error);
    let more = errors.iter().count().saturating_sub(limit);
    if more > 0 {
        error(&format!("{more} more errors; use --error-limit=0 to see all of them"));
    }
}

/// Warnings, unless `--no-warnings`; as errors under `--fatal-warnings`.
pub fn warnings(options: &Options, warnings: &[String]) {
    if options.no_warnings {
        return;
    }
    for warning in warnings {
        if options.fatal_warnings {
            error(warning);
        } else {
            print("warning", "35", warning);
        }
    }
}

fn print(kind: &str, color: &str, message: &(impl Display + ?Sized)) {
    if COLOR.get().copied().unwrap_or(false) {
        say(format_args!("gild: \x1b[1;{color}m{kind}:\x1b[0m {message}"));
    } else {
        say(format_args!("gild: {kind}: {message}"));
    }
}

/// A line for standard error. `eprintln!` would panic where nobody reads it or the disk is full.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Lines for standard output. A reader that has gone away (`| head`) wants no more of them.
pub fn print_lines(lines: impl IntoIterator<Item = impl Display>) {
    let mut out = std::io::stdout().lock();
    let _ = lines.into_iter().try_for_each(|line| writeln!(out, "{line}"));
}
