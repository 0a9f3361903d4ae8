//! Options that gild understands and that change nothing in a static executable.

use super::{Group, Row, Value, apply, ignored, warned};
use crate::args::error::ArgError;
use crate::args::state::State;
use crate::args::values::Given;

pub static GROUP: Group = Group { title: "Accepted without effect", rows: ROWS };

/// There is no dynamic symbol table to put a symbol into, or to leave it out of.
const NO_DYNAMIC_SYMBOLS: &str = "Dynamic symbols; a static executable has none";
/// Nothing is loaded at run time.
const NO_SHARED_LIBRARIES: &str = "Shared libraries at run time; a static executable has none";
/// Compilers pass these for link-time optimisation, also when no input needs it.
const NO_LTO: &str = "Link-time optimisation; gild links machine code only";
/// Knobs of other linkers' memory use, and options kept for linkers long gone.
const NO_MATTER: &str = "Ignored for compatibility";
/// Checks that have nothing to look at, or that gild makes anyway.
const NO_WARNING: &str = "A warning that gild has no occasion for";
/// Only a script could have put things elsewhere.
const NO_SCRIPT: &str = "For linker scripts, which gild doesn't run";

const ROWS: &[Row] = &[
    ignored(&["-E", "--export-dynamic"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--no-export-dynamic"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--export-dynamic-symbol"], Value::Required("GLOB"), NO_DYNAMIC_SYMBOLS),
    ignored(&["--export-dynamic-symbol-list"], Value::Required("FILE"), NO_DYNAMIC_SYMBOLS),
    ignored(&["--dynamic-list"], Value::Required("FILE"), NO_DYNAMIC_SYMBOLS),
    ignored(&["--dynamic-list-data"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--dynamic-list-cpp-new"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--dynamic-list-cpp-typeinfo"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--version-script"], Value::Required("FILE"), NO_DYNAMIC_SYMBOLS),
    ignored(&["--version-exports-section"], Value::Required("SYMBOL"), NO_DYNAMIC_SYMBOLS),
    ignored(&["--undefined-version"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--no-undefined-version"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--as-needed"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--no-as-needed"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--default-symver"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--default-imported-symver"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--hash-style"], Value::Required("STYLE"), NO_DYNAMIC_SYMBOLS),
    ignored(&["--gc-keep-exported"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["-Bsymbolic"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["-Bsymbolic-functions"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["-Bsymbolic-non-weak"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["-Bsymbolic-non-weak-functions"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["-Bno-symbolic"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["-Bgroup"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["-rpath"], Value::Required("DIR"), NO_SHARED_LIBRARIES),
    ignored(&["-rpath-link"], Value::Required("DIR"), NO_SHARED_LIBRARIES),
    ignored(&["-h", "-soname"], Value::Required("NAME"), NO_SHARED_LIBRARIES),
    ignored(&["-f", "--auxiliary"], Value::Required("NAME"), NO_SHARED_LIBRARIES),
    ignored(&["-F", "--filter"], Value::Required("NAME"), NO_SHARED_LIBRARIES),
    ignored(&["--audit"], Value::Required("LIB"), NO_SHARED_LIBRARIES),
    ignored(&["-P", "--depaudit"], Value::Required("LIB"), NO_SHARED_LIBRARIES),
    ignored(&["--enable-new-dtags"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--disable-new-dtags"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--allow-shlib-undefined"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--no-allow-shlib-undefined"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--copy-dt-needed-entries", "--add-needed"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--no-copy-dt-needed-entries", "--no-add-needed"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--spare-dynamic-tags"], Value::Required("N"), NO_SHARED_LIBRARIES),
    ignored(&["--ld-generated-unwind-info"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--no-ld-generated-unwind-info"], Value::None, NO_SHARED_LIBRARIES),
    ignored(&["--apply-dynamic-relocs"], Value::None, NO_MATTER),
    ignored(&["--no-apply-dynamic-relocs"], Value::None, NO_MATTER),
    ignored(&["-plugin"], Value::Required("FILE"), NO_LTO),
    ignored(&["-plugin-opt"], Value::Required("ARG"), NO_LTO),
    ignored(&["-mllvm"], Value::Required("ARG"), NO_LTO),
    ignored(&["-flto"], Value::Optional("ARG"), NO_LTO),
    ignored(&["-flto-partition"], Value::Required("ARG"), NO_LTO),
    ignored(&["--lto"], Value::Required("KIND"), NO_LTO),
    ignored(&["--lto-"], Value::Rest("…"), NO_LTO),
    ignored(&["--no-lto-"], Value::Rest("…"), NO_LTO),
    ignored(&["--thinlto-"], Value::Rest("…"), NO_LTO),
    ignored(&["--opt-remarks-"], Value::Rest("…"), NO_LTO),
    ignored(&["--fat-lto-objects"], Value::None, NO_LTO),
    ignored(&["--no-fat-lto-objects"], Value::None, NO_LTO),
    ignored(&["--disable-verify"], Value::None, NO_LTO),
    ignored(&["--save-temps"], Value::Optional("KIND"), NO_LTO),
    ignored(&["--sort-section"], Value::Required("ORDER"), NO_SCRIPT),
    ignored(&["--check-sections"], Value::None, "Overlaps are always an error"),
    ignored(&["--no-check-sections"], Value::None, NO_SCRIPT),
    ignored(&["--enable-non-contiguous-regions"], Value::None, NO_SCRIPT),
    ignored(&["--enable-non-contiguous-regions-warnings"], Value::None, NO_SCRIPT),
    apply(&["--orphan-handling"], Value::Required("MODE"), NO_SCRIPT, orphan_handling),
    ignored(
        &["--sort-common"],
        Value::Optional("ORDER"),
        "Common symbols go where their alignment wastes no space in any case",
    ),
    ignored(&["-d", "-dc", "-dp"], Value::None, "Common symbols always get an address"),
    ignored(&["--define-common"], Value::None, "Common symbols always get an address"),
    ignored(&["--no-define-common"], Value::None, "Common symbols always get an address"),
    ignored(
        &["--fortran-common"],
        Value::None,
        "Archives are searched for better definitions anyway",
    ),
    ignored(
        &["--no-dependent-libraries"],
        Value::None,
        "Libraries that objects ask for (.deplibs) are never added",
    ),
    ignored(&["--force-group-allocation"], Value::None, "Section groups are always dissolved"),
    ignored(&["--gnu-unique"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--no-gnu-unique"], Value::None, NO_DYNAMIC_SYMBOLS),
    ignored(&["--strip-discarded"], Value::None, "Symbols of discarded sections always go"),
    ignored(&["--no-strip-discarded"], Value::None, "Symbols of discarded sections always go"),
    ignored(&["--rosegment"], Value::None, "Read-only data always has its own segment"),
    ignored(&["--no-omagic", "--no-nmagic"], Value::None, "Pages are aligned in any case"),
    ignored(&["--mmap-output-file", "--no-mmap-output-file"], Value::None, NO_MATTER),
    ignored(&["--warn-once"], Value::None, "Each undefined symbol is reported once in any case"),
    ignored(&["--warn-constructors", "--no-warn-constructors"], Value::None, NO_WARNING),
    ignored(&["--warn-multiple-gp"], Value::None, NO_WARNING),
    ignored(&["--warn-section-align"], Value::None, NO_WARNING),
    ignored(&["--warn-textrel", "--warn-shared-textrel"], Value::None, NO_WARNING),
    ignored(&["--no-warn-textrel", "--no-warn-shared-textrel"], Value::None, NO_WARNING),
    ignored(&["--warn-alternate-em"], Value::None, NO_WARNING),
    ignored(&["--no-error-execstack"], Value::None, NO_MATTER),
    ignored(&["--warn-backrefs", "--no-warn-backrefs"], Value::None, NO_WARNING),
    ignored(&["--warn-ifunc-textrel", "--no-warn-ifunc-textrel"], Value::None, NO_WARNING),
    ignored(&["--warn-mismatch", "--no-warn-mismatch"], Value::None, NO_WARNING),
    ignored(&["--warn-search-mismatch", "--no-warn-search-mismatch"], Value::None, NO_WARNING),
    ignored(&["--disable-multiple-abs-defs"], Value::None, NO_WARNING),
    ignored(&["--accept-unknown-input-arch"], Value::None, NO_MATTER),
    ignored(&["--no-accept-unknown-input-arch"], Value::None, NO_MATTER),
    ignored(&["-A", "--architecture"], Value::Required("ARCH"), NO_MATTER),
    apply(&["-a"], Value::Required("KEYWORD"), NO_MATTER, library_kind),
    ignored(&["-assert"], Value::Required("KEYWORD"), NO_MATTER),
    ignored(
        &["-flavor"],
        Value::Required("gnu"),
        "The dialect of the command line, which rustc names",
    ),
    ignored(&["-fuse-ld"], Value::Required("NAME"), NO_MATTER),
    ignored(&["-g", "-p"], Value::None, NO_MATTER),
    ignored(&["-G", "--gpsize"], Value::Required("SIZE"), NO_MATTER),
    ignored(&["-Qy", "-qmagic"], Value::None, NO_MATTER),
    ignored(&["--ctf-variables", "--no-ctf-variables"], Value::None, NO_MATTER),
    ignored(&["--ctf-share-types"], Value::Required("METHOD"), NO_MATTER),
    ignored(&["--force-exe-suffix"], Value::None, NO_MATTER),
    ignored(&["--hash-size"], Value::Required("N"), NO_MATTER),
    ignored(&["--keep-memory", "--no-keep-memory"], Value::None, NO_MATTER),
    ignored(&["--map-whole-files", "--no-map-whole-files"], Value::None, NO_MATTER),
    ignored(&["--max-cache-size"], Value::Required("SIZE"), NO_MATTER),
    ignored(&["--no-ld-cache"], Value::None, NO_MATTER),
    ignored(&["--print-map-discarded", "--no-print-map-discarded"], Value::None, NO_MATTER),
    ignored(&["--reduce-memory-overheads"], Value::None, NO_MATTER),
    ignored(&["--rsp-quoting"], Value::Required("posix"), NO_MATTER),
    ignored(&["--traditional-format"], Value::None, NO_MATTER),
    apply(&["--icf"], Value::Required("KIND"), "none: fold no identical code", identical_code),
    ignored(&["--no-icf"], Value::None, "Fold no identical code"),
    ignored(&["--print-icf-sections", "--no-print-icf-sections"], Value::None, NO_MATTER),
    ignored(&["--keep-unique"], Value::Required("SYMBOL"), NO_MATTER),
    ignored(&["--ignore-data-address-equality"], Value::None, NO_MATTER),
    ignored(&["--ignore-function-address-equality"], Value::None, NO_MATTER),
    ignored(&["--no-gdb-index"], Value::None, "Make no .gdb_index"),
    warned(&["--gdb-index"], Value::None, "gild makes no .gdb_index"),
    warned(&["--symbol-ordering-file"], Value::Required("FILE"), "gild orders no symbols"),
    ignored(&["--no-warn-symbol-ordering", "--warn-symbol-ordering"], Value::None, NO_WARNING),
    ignored(&["--call-graph-profile-sort"], Value::Optional("KIND"), NO_MATTER),
    ignored(&["--no-call-graph-profile-sort"], Value::None, NO_MATTER),
    ignored(&["--call-graph-ordering-file"], Value::Required("FILE"), NO_MATTER),
    warned(&["--error-handling-script"], Value::Required("FILE"), "gild runs no scripts"),
    warned(&["--print-memory-usage"], Value::None, "gild knows no memory regions"),
    warned(&["--split-by-file"], Value::Optional("SIZE"), "gild splits no output sections"),
    warned(&["--split-by-reloc"], Value::Optional("COUNT"), "gild splits no output sections"),
    warned(
        &["--unique"],
        Value::Optional("SECTION"),
        "gild puts sections of the same name together in any case",
    ),
];

/// HP-UX compatibility; checked, so that a misspelt `-as-needed` isn't taken for a keyword.
fn library_kind(_: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        "archive" | "shared" | "default" | "archive_shared" | "shared_archive" => Ok(()),
        _ => Err(given.bad("archive, shared or default")),
    }
}

fn orphan_handling(_: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        // Without a script no section is an orphan.
        "place" | "warn" | "error" => Ok(()),
        "discard" => Err(given.refuse("keeps every section; use GNU ld or lld")),
        _ => Err(given.bad("place, warn, error or discard")),
    }
}

fn identical_code(state: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        "none" => {}
        "safe" | "all" => state.warn(given, "gild folds no identical code"),
        _ => return Err(given.bad("none, safe or all")),
    }
    Ok(())
}
