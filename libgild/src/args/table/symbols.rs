//! Symbols: which are wanted, how they are defined, and what is done about missing ones.

use super::{Group, Row, Value, apply, flag};
use crate::args::error::ArgError;
use crate::args::options::{Discard, Strip};
use crate::args::state::State;
use crate::args::values::Given;

pub static GROUP: Group = Group { title: "Symbols", rows: ROWS };

const ROWS: &[Row] = &[
    apply(
        &["-e", "--entry"],
        Value::Required("SYMBOL"),
        "Start the program at SYMBOL or at an address (default: _start)",
        |state, given| {
            state.options.entry = given.entry()?;
            Ok(())
        },
    ),
    apply(
        &["-init"],
        Value::Required("SYMBOL"),
        "The function of DT_INIT (default: _init)",
        |state, given| store(&mut state.options.init, given),
    ),
    apply(
        &["-fini"],
        Value::Required("SYMBOL"),
        "The function of DT_FINI (default: _fini)",
        |state, given| store(&mut state.options.fini, given),
    ),
    apply(
        &["-u", "--undefined"],
        Value::Required("SYMBOL"),
        "Extract the archive member that defines SYMBOL, and keep it",
        |state, given| append(&mut state.options.undefined, given),
    ),
    apply(
        &["--require-defined"],
        Value::Required("SYMBOL"),
        "Like -u, and an error if SYMBOL stays undefined",
        |state, given| append(&mut state.options.require_defined, given),
    ),
    apply(
        &["--defsym"],
        Value::Required("SYMBOL=EXPR"),
        "Define SYMBOL as a number, another symbol, or a sum of numbers and one symbol",
        |state, given| {
            state.options.defsyms.push(given.defsym()?);
            Ok(())
        },
    ),
    apply(
        &["--wrap"],
        Value::Required("SYMBOL"),
        "Turn references to SYMBOL into __wrap_SYMBOL, and __real_SYMBOL into SYMBOL",
        |state, given| append(&mut state.options.wrap, given),
    ),
    apply(
        &["--exclude-libs"],
        Value::Required("LIBS"),
        "Hide the symbols of these archives, separated by commas or colons, or of ALL",
        |state, given| {
            let names = given.text()?.split([',', ':']).filter(|name| !name.is_empty());
            state.options.exclude_libs.extend(names.map(String::from));
            Ok(())
        },
    ),
    flag(
        &["--allow-multiple-definition"],
        "Take the first of several definitions (-z muldefs)",
        |state| state.options.allow_multiple_definition = true,
    ),
    flag(&["--no-allow-multiple-definition"], "Undo --allow-multiple-definition", |state| {
        state.options.allow_multiple_definition = false;
    }),
    flag(&["--no-undefined"], "Report undefined symbols (default; -z defs)", |state| {
        state.ignore_undefined = false;
    }),
    apply(
        &["--unresolved-symbols"],
        Value::Required("METHOD"),
        "report-all or ignore-in-shared-libs: report undefined symbols (default); \
         ignore-all or ignore-in-object-files: make them 0",
        unresolved,
    ),
    flag(&["--warn-unresolved-symbols"], "Undefined symbols are warnings", |state| {
        state.warn_undefined = true;
    }),
    flag(&["--error-unresolved-symbols"], "Undefined symbols are errors (default)", |state| {
        state.warn_undefined = false;
    }),
    flag(
        &["--noinhibit-exec"],
        "Write the output in spite of undefined symbols, which are warnings",
        |state| state.warn_undefined = true,
    ),
    apply(
        &["--ignore-unresolved-symbol"],
        Value::Required("SYMBOL"),
        "Say nothing if SYMBOL is undefined, and make it 0",
        |state, given| append(&mut state.options.ignore_unresolved, given),
    ),
    flag(&["-s", "--strip-all"], "Leave out the symbol table and debug sections", |state| {
        state.options.strip = Strip::All;
    }),
    flag(&["-S", "--strip-debug"], "Leave out debug sections", |state| {
        state.options.strip = Strip::Debug;
    }),
    flag(&["-x", "--discard-all"], "Leave out local symbols", |state| {
        state.options.discard = Discard::Locals;
    }),
    flag(&["-X", "--discard-locals"], "Leave out temporary (.L) symbols", |state| {
        state.options.discard = Discard::Temporaries;
    }),
    flag(&["--discard-none"], "Keep every local symbol", |state| {
        state.options.discard = Discard::None;
    }),
];

fn store(option: &mut String, given: &Given) -> Result<(), ArgError> {
    *option = given.text()?.into();
    Ok(())
}

fn append(option: &mut Vec<String>, given: &Given) -> Result<(), ArgError> {
    option.push(given.text()?.into());
    Ok(())
}

fn unresolved(state: &mut State, given: &Given) -> Result<(), ArgError> {
    state.ignore_undefined = match given.text()? {
        // A static link has no shared libraries to treat differently.
        "ignore-all" | "ignore-in-object-files" => true,
        "report-all" | "ignore-in-shared-libs" => false,
        _ => {
            return Err(given
                .bad("report-all, ignore-all, ignore-in-object-files or ignore-in-shared-libs"));
        }
    };
    Ok(())
}
