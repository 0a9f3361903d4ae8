//! The file that is written, and its kind.

use super::{Group, Row, Value, apply, flag, ignored};
use crate::args::error::ArgError;
use crate::args::help;
use crate::args::options::MapOutput;
use crate::args::state::State;
use crate::args::values::Given;

pub static GROUP: Group = Group { title: "Output", rows: ROWS };

const ROWS: &[Row] = &[
    apply(
        &["-o", "--output"],
        Value::Required("FILE"),
        "Write the executable to FILE (default: a.out)",
        |state, given| {
            state.options.output = given.path()?;
            Ok(())
        },
    ),
    flag(&["-static"], "Make a static executable, as gild always does", |state| {
        state.static_link = true;
        state.positional.static_only = true;
    }),
    flag(
        &["-pie", "--pic-executable"],
        "Make a static executable that can be loaded at any address (static-PIE)",
        |state| state.options.pie = true,
    ),
    flag(
        &["-no-pie", "--no-pic-executable"],
        "Make an executable for a fixed address (default)",
        |state| state.options.pie = false,
    ),
    flag(&["-static-pie"], "Short for -static -pie --no-dynamic-linker -z text", |state| {
        state.static_link = true;
        state.positional.static_only = true;
        state.options.pie = true;
        state.no_dynamic_linker = true;
        state.options.text_relocations = false;
    }),
    apply(
        &["-I", "-dynamic-linker"],
        Value::Required("FILE"),
        "The interpreter of a dynamically linked executable; with -pie, only beside -static",
        |state, given| {
            state.dynamic_linker = Some(given.path()?);
            state.no_dynamic_linker = false;
            Ok(())
        },
    ),
    flag(&["--no-dynamic-linker"], "Undo -dynamic-linker", |state| {
        state.no_dynamic_linker = true;
    }),
    apply(&["-m"], Value::Required("EMULATION"), "The target: elf_x86_64", emulation),
    apply(
        &["--oformat"],
        Value::Required("FORMAT"),
        "The output's format: elf64-x86-64, elf or default",
        output_format,
    ),
    flag(&["--print-output-format"], "Print elf64-x86-64 and exit", |state| {
        state.print = Some("elf64-x86-64".into());
    }),
    flag(&["--print-sysroot"], "Print the sysroot and exit", |state| {
        let sysroot = state.options.sysroot.as_deref();
        state.print = Some(sysroot.unwrap_or_else(|| "".as_ref()).display().to_string());
    }),
    ignored(&["-EL"], Value::None, "Make a little-endian output, as x86-64 always is"),
    flag(&["-M", "--print-map"], "Print a link map on standard output", |state| {
        state.options.map = Some(MapOutput::Stdout);
    }),
    apply(&["-Map"], Value::Required("FILE"), "Write a link map to FILE", |state, given| {
        state.options.map = Some(match given.path()? {
            path if path.as_os_str() == "-" => MapOutput::Stdout,
            path => MapOutput::File(path),
        });
        Ok(())
    }),
    flag(&["--cref"], "Add a cross-reference table to the map", |state| {
        state.options.cref = true;
    }),
    apply(
        &["--dependency-file"],
        Value::Required("FILE"),
        "Write a make rule to FILE in which the output depends on every input",
        |state, given| {
            state.options.dependency_file = Some(given.path()?);
            Ok(())
        },
    ),
    flag(&["--help"], "Print this text and exit", |state| {
        state.print = Some(help::help());
    }),
    flag(&["--target-help"], "Print this text and exit", |state| {
        state.print = Some(help::help());
    }),
    flag(&["--version"], "Print the version and exit", |state| {
        state.print = Some(help::version());
    }),
    flag(&["-v"], "Print the version, and link if there are inputs", |state| {
        announce(state, help::version());
    }),
    flag(&["-V"], "Print the version and the targets, and link if there are inputs", |state| {
        announce(state, help::version_and_emulations());
    }),
];

fn announce(state: &mut State, text: String) {
    state.options.banner = Some(text.clone());
    state.print_without_inputs = Some(text);
}

fn emulation(_: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        "elf_x86_64" => Ok(()),
        _ => Err(given.refuse("no other target; use GNU ld, lld or mold")),
    }
}

fn output_format(_: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        "elf64-x86-64" | "elf" | "default" => Ok(()),
        "binary" => {
            Err(given.refuse("no raw images; run objcopy -O binary on the executable, or use lld"))
        }
        _ => Err(given.refuse("no other format; use GNU ld")),
    }
}
