//! What is reported, and how.

use super::{Group, Row, Value, apply, flag};
use crate::args::error::ArgError;
use crate::args::help;
use crate::args::options::Color;
use crate::args::state::State;
use crate::args::values::Given;

pub static GROUP: Group = Group { title: "Messages", rows: ROWS };

const ROWS: &[Row] = &[
    flag(&["--fatal-warnings"], "Warnings fail the link", |state| {
        state.options.fatal_warnings = true;
    }),
    flag(&["--no-fatal-warnings"], "Warnings don't fail the link (default)", |state| {
        state.options.fatal_warnings = false;
    }),
    flag(&["-w", "--no-warnings"], "Print no warnings", |state| {
        state.options.no_warnings = true;
    }),
    apply(
        &["--error-limit"],
        Value::Required("N"),
        "Stop after N errors; 0 prints them all (default: 20)",
        |state, given| {
            state.options.error_limit = match given.number()? {
                0 => usize::MAX,
                limit => limit as usize,
            };
            Ok(())
        },
    ),
    apply(
        &["--color-diagnostics"],
        Value::Optional("WHEN"),
        "Colour messages: always, never or auto, if standard error is a terminal (default)",
        color,
    ),
    flag(&["--no-color-diagnostics"], "Short for --color-diagnostics=never", |state| {
        state.options.color = Color::Never;
    }),
    apply(
        &["--demangle"],
        Value::Optional("STYLE"),
        "Print names as in the source, whatever the style (default)",
        |state, _| {
            state.options.demangle = true;
            Ok(())
        },
    ),
    flag(&["--no-demangle"], "Print names as in the object files", |state| {
        state.options.demangle = false;
    }),
    flag(&["--warn-common"], "Warn about common symbols that meet definitions", |state| {
        state.options.warn_common = true;
    }),
    flag(&["--no-warn-common"], "Undo --warn-common", |state| {
        state.options.warn_common = false;
    }),
    flag(&["--warn-execstack"], "Warn about an executable stack (default)", |state| {
        state.options.warn_execstack = true;
    }),
    flag(&["--no-warn-execstack"], "Don't warn about an executable stack", |state| {
        state.options.warn_execstack = false;
    }),
    flag(&["--warn-rwx-segments"], "Warn about code that can be written (default)", |state| {
        state.options.warn_rwx_segments = true;
    }),
    flag(&["--no-warn-rwx-segments"], "Don't warn about code that can be written", |state| {
        state.options.warn_rwx_segments = false;
    }),
    flag(&["--error-rwx-segments"], "Fail where that would be warned of", |state| {
        state.options.error_rwx_segments = true;
    }),
    flag(&["--no-error-rwx-segments"], "Undo --error-rwx-segments", |state| {
        state.options.error_rwx_segments = false;
    }),
    flag(&["-t", "--trace"], "Print every file that takes part", |state| {
        state.options.trace = true;
    }),
    apply(
        &["-y", "--trace-symbol"],
        Value::Required("SYMBOL"),
        "Print every file that defines or refers to SYMBOL",
        |state, given| {
            state.options.trace_symbols.push(given.text()?.into());
            Ok(())
        },
    ),
    apply(
        &["--verbose"],
        Value::Optional("N"),
        "Print the version and every file that is opened",
        |state, _| {
            state.options.verbose = true;
            state.options.banner = Some(help::version());
            // Scripts run a linker with nothing but --verbose to find out what it is.
            state.print_without_inputs.get_or_insert_with(help::version_and_emulations);
            Ok(())
        },
    ),
];

fn color(state: &mut State, given: &Given) -> Result<(), ArgError> {
    state.options.color = match given.value.map(|_| given.text()).transpose()? {
        None | Some("always") => Color::Always,
        Some("auto") => Color::Auto,
        Some("never") => Color::Never,
        Some(_) => return Err(given.bad("always, auto or never")),
    };
    Ok(())
}
