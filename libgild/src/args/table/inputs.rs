//! Which files are linked, and where they are looked for.

use super::{Group, Row, Value, apply, flag, ignored};
use crate::args::error::ArgError;
use crate::args::state::State;
use crate::args::values::Given;

pub static GROUP: Group = Group { title: "Inputs", rows: ROWS };

const ROWS: &[Row] = &[
    apply(
        &["-l", "--library"],
        Value::Required("NAME"),
        "Link libNAME.a from the library directories; with :NAME the file NAME",
        State::library,
    ),
    apply(
        &["-L", "--library-path"],
        Value::Required("DIR"),
        "Look for libraries in DIR; a leading = or $SYSROOT stands for the sysroot",
        |state, given| {
            state.options.library_paths.push(given.path()?);
            Ok(())
        },
    ),
    apply(
        &["-Y"],
        Value::Required("DIRS"),
        "Look for libraries in DIRS, separated by colons, after those of every -L",
        last_library_paths,
    ),
    apply(&["--sysroot"], Value::Required("DIR"), "Set the sysroot", |state, given| {
        state.options.sysroot = Some(given.path()?);
        Ok(())
    }),
    flag(&["--whole-archive"], "Extract every member of the archives that follow", |state| {
        state.positional.whole_archive = true
    }),
    flag(&["--no-whole-archive"], "Extract only members that are needed (default)", |state| {
        state.positional.whole_archive = false;
    }),
    apply(
        &["--start-lib"],
        Value::None,
        "Treat the objects up to --end-lib as members of an archive",
        State::start_lib,
    ),
    apply(&["--end-lib"], Value::None, "See --start-lib", State::end_lib),
    apply(
        &["--start-group", "-("],
        Value::None,
        "Search the archives up to --end-group repeatedly, as gild always does",
        State::start_group,
    ),
    apply(&["--end-group", "-)"], Value::None, "See --start-group", State::end_group),
    flag(&["--push-state"], "Save the state of --whole-archive and -Bstatic", State::push),
    apply(&["--pop-state"], Value::None, "Restore what --push-state saved", State::pop),
    flag(
        &["-Bstatic", "-dn", "-non_shared"],
        "Use no shared libraries from here on; gild never does",
        |state| state.positional.static_only = true,
    ),
    flag(&["-Bdynamic", "-dy", "-call_shared"], "Undo -Bstatic", |state| {
        state.positional.static_only = false;
    }),
    apply(
        &["-b", "--format"],
        Value::Required("FORMAT"),
        "The format of the inputs that follow: elf64-x86-64, elf or default",
        format,
    ),
    apply(
        &["-R"],
        Value::Required("DIR"),
        "Ignored as a run-time search path; refused for a file, of which it would take the symbols",
        run_path_or_symbols,
    ),
    apply(
        &["--just-symbols"],
        Value::Required("FILE"),
        "Take addresses from FILE: refused",
        just_symbols,
    ),
    ignored(
        &["-nostdlib"],
        Value::None,
        "Search no directories but those of -L; gild has no built-in ones",
    ),
];

/// Solaris compilers write `-Y P,DIRS`.
fn last_library_paths(state: &mut State, given: &Given) -> Result<(), ArgError> {
    let text = given.text()?;
    let directories = text.strip_prefix("P,").unwrap_or(text).split(':');
    state.last_library_paths = directories.filter(|dir| !dir.is_empty()).map(Into::into).collect();
    Ok(())
}

fn format(_: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        "elf64-x86-64" | "elf" | "default" => Ok(()),
        "binary" => Err(given.refuse("takes no raw data as input; use GNU ld, lld or objcopy")),
        _ => Err(given.bad("an input format that gild reads (elf64-x86-64, elf, default)")),
    }
}

fn run_path_or_symbols(state: &mut State, given: &Given) -> Result<(), ArgError> {
    // Nothing that is loaded at run time is there yet, maybe; `$ORIGIN` never is.
    if given.path()?.is_file() { just_symbols(state, given) } else { Ok(()) }
}

fn just_symbols(_: &mut State, given: &Given) -> Result<(), ArgError> {
    Err(given.refuse("cannot take symbols alone from a file; use GNU ld or lld"))
}
