//! The keywords of `-z`.

use super::{Group, Row, Value, apply, flag, ignored, warned};
use crate::args::error::ArgError;
use crate::args::options::SeparateSegments;
use crate::args::state::State;
use crate::args::values::Given;
use crate::elf::{
    GNU_PROPERTY_X86_FEATURE_1_IBT as IBT, GNU_PROPERTY_X86_FEATURE_1_SHSTK as SHSTK,
};

pub static GROUP: Group = Group { title: "Keywords of -z", rows: ROWS };

/// Flags and tables that only the dynamic loader reads.
const NO_LOADER: &str = "For the dynamic loader; ignored";
/// Choices between ways to link against shared libraries.
const NO_SHARED_LIBRARIES: &str = "For linking against shared libraries; ignored";
const NO_PROPERTY: &str = "gild doesn't add this property to the output";

const ROWS: &[Row] = &[
    flag(&["relro"], "Make data read-only once it is relocated (default)", |state| {
        state.options.relro = true;
    }),
    flag(&["norelro"], "Leave relocated data writable", |state| state.options.relro = false),
    flag(&["now"], "Set DF_BIND_NOW in a static-PIE", |state| state.options.bind_now = true),
    flag(&["lazy"], "Don't set DF_BIND_NOW (default)", |state| state.options.bind_now = false),
    flag(&["text"], "No relocations in read-only segments (default)", |state| {
        state.options.text_relocations = false;
    }),
    flag(&["notext", "textoff"], "Allow relocations in read-only segments", |state| {
        state.options.text_relocations = true;
    }),
    flag(&["execstack"], "Make the stack executable", |state| {
        state.options.execstack = Some(true);
    }),
    flag(&["noexecstack"], "Make the stack not executable", |state| {
        state.options.execstack = Some(false);
    }),
    apply(&["stack-size"], Value::Required("BYTES"), "The size of PT_GNU_STACK", |state, given| {
        state.options.stack_size = given.number()?;
        Ok(())
    }),
    apply(
        &["max-page-size"],
        Value::Required("BYTES"),
        "The alignment of segments (default: 0x1000)",
        max_page_size,
    ),
    ignored(
        &["common-page-size"],
        Value::Required("BYTES"),
        "Ignored: rights change at multiples of max-page-size, which suits every smaller page",
    ),
    flag(&["separate-code"], "Keep anything but code out of the code's pages", |state| {
        state.options.separate = SeparateSegments::Code;
    }),
    flag(&["noseparate-code"], "Let segments share pages of the file (default)", |state| {
        state.options.separate = SeparateSegments::None;
    }),
    flag(&["separate-loadable-segments"], "Give each segment its own pages", |state| {
        state.options.separate = SeparateSegments::All;
    }),
    flag(&["muldefs"], "Take the first of several definitions", |state| {
        state.options.allow_multiple_definition = true;
    }),
    flag(&["defs"], "Report undefined symbols (default)", |state| {
        state.ignore_undefined = false;
    }),
    flag(&["undefs"], "Make undefined symbols 0", |state| state.ignore_undefined = true),
    flag(&["start-stop-gc"], "__start_ and __stop_ symbols don't keep their sections", |state| {
        state.options.start_stop_gc = true;
    }),
    flag(&["nostart-stop-gc"], "__start_ and __stop_ keep their sections (default)", |state| {
        state.options.start_stop_gc = false;
    }),
    flag(&["keep-text-section-prefix"], "Keep .text.hot and such apart from .text", |state| {
        state.options.keep_text_section_prefix = true;
    }),
    flag(&["nokeep-text-section-prefix"], "Put .text.hot and such into .text (default)", |state| {
        state.options.keep_text_section_prefix = false;
    }),
    flag(&["pack-relative-relocs"], "Pack relative relocations (DT_RELR)", |state| {
        state.options.pack_relative_relocs = true;
    }),
    flag(&["nopack-relative-relocs"], "Don't pack relative relocations (default)", |state| {
        state.options.pack_relative_relocs = false;
    }),
    flag(&["ibt"], "Mark the output for indirect branch tracking", |state| {
        state.options.force_x86_features |= IBT;
    }),
    flag(&["shstk"], "Mark the output for shadow stacks", |state| {
        state.options.force_x86_features |= SHSTK;
    }),
    apply(&["cet-report"], Value::Required("LEVEL"), "none: don't report IBT and SHSTK", report),
    apply(&["lam-report"], Value::Required("LEVEL"), "none: don't report LAM", report),
    apply(&["lam-u48-report"], Value::Required("LEVEL"), "none: don't report LAM", report),
    apply(&["lam-u57-report"], Value::Required("LEVEL"), "none: don't report LAM", report),
    warned(&["lam-u48", "lam-u57"], Value::None, NO_PROPERTY),
    warned(&["x86-64-baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4"], Value::None, NO_PROPERTY),
    warned(&["ibtplt"], Value::None, "gild has one kind of PLT entry"),
    warned(&["noreloc-overflow"], Value::None, "gild always checks relocations for overflow"),
    warned(&["report-relative-reloc"], Value::None, "gild doesn't report relative relocations"),
    warned(&["unique-symbol"], Value::None, "gild leaves local names as they are"),
    ignored(&["nounique-symbol"], Value::None, "Leave local names as they are (default)"),
    ignored(&["combreloc", "nocombreloc"], Value::None, "Relative relocations are always sorted"),
    ignored(&["common", "nocommon"], Value::None, "For relocatable output; ignored"),
    ignored(&["call-nop"], Value::Required("PADDING"), "How to pad a shortened call; ignored"),
    ignored(&["start-stop-visibility"], Value::Required("V"), NO_LOADER),
    ignored(&["nodefaultlib", "origin", "global", "globalaudit"], Value::None, NO_LOADER),
    ignored(&["initfirst", "interpose", "loadfltr", "nodelete"], Value::None, NO_LOADER),
    ignored(&["nodlopen", "nodump", "rodynamic", "unique", "nounique"], Value::None, NO_LOADER),
    ignored(&["copyreloc", "nocopyreloc"], Value::None, NO_SHARED_LIBRARIES),
    ignored(
        &["extern-protected-data", "noextern-protected-data"],
        Value::None,
        NO_SHARED_LIBRARIES,
    ),
    ignored(&["indirect-extern-access"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["noindirect-extern-access"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["dynamic-undefined-weak"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["nodynamic-undefined-weak"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["mark-plt", "nomark-plt"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["memory-seal", "nomemory-seal"], Value::None, NO_LOADER),
];

/// Segments that are arranged for less than a page of the processor's share one, and its rights.
fn max_page_size(state: &mut State, given: &Given) -> Result<(), ArgError> {
    const LEAST: u64 = 0x1000;
    let size = given.power_of_two()?;
    if size < LEAST {
        return Err(given.bad("0x1000, the size of a page, or more"));
    }
    state.options.max_page_size = size;
    Ok(())
}

fn report(state: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        "none" => {}
        "warning" | "error" => state.warn(given, "gild makes no such report"),
        _ => return Err(given.bad("none, warning or error")),
    }
    Ok(())
}
