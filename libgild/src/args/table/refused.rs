//! Options that gild can't honour. Each says which linker can.

use super::{Group, Row, Value, refused};

pub static GROUP: Group = Group { title: "Refused", rows: ROWS };

const SHARED: &str = "no shared libraries; use GNU ld, lld or mold (cargo: without --target, RUSTFLAGS is \
    for procedural macros and build scripts too)";
const RELOCATABLE: &str = "no relocatable objects; use GNU ld, lld or mold";
const SCRIPT: &str = "does not run linker scripts; use GNU ld or lld";
const UNALIGNED: &str = "always aligns segments to pages; use GNU ld or lld";

const ROWS: &[Row] = &[
    refused(&["-shared", "-Bshareable"], Value::None, "Make a shared library", SHARED),
    refused(&["-r", "-i", "--relocatable"], Value::None, "Make an object file", RELOCATABLE),
    refused(&["-Ur"], Value::None, "Make an object file with constructor tables", RELOCATABLE),
    refused(&["--task-link"], Value::Required("SYMBOL"), "Make an object file", RELOCATABLE),
    refused(
        &["-q", "--emit-relocs"],
        Value::None,
        "Keep relocations in the output",
        "keeps no relocations in them; use GNU ld or lld",
    ),
    refused(&["-T", "--script"], Value::Required("FILE"), "Run a linker script", SCRIPT),
    refused(&["-dT", "--default-script"], Value::Required("FILE"), "Run a linker script", SCRIPT),
    refused(&["-c", "--mri-script"], Value::Required("FILE"), "Run an MRI script", SCRIPT),
    refused(&["-Trodata-segment"], Value::Required("ADDRESS"), "Place read-only data", SCRIPT),
    refused(&["-Tldata-segment"], Value::Required("ADDRESS"), "Place the large data", SCRIPT),
    refused(&["-n", "--nmagic"], Value::None, "Don't align segments to pages", UNALIGNED),
    refused(&["-N", "--omagic"], Value::None, "Make everything writable in one segment", UNALIGNED),
    refused(
        &["-EB"],
        Value::None,
        "Make a big-endian output",
        "x86-64 is little-endian; use GNU ld or lld",
    ),
    refused(
        &["--retain-symbols-file"],
        Value::Required("FILE"),
        "Keep only the listed symbols",
        "keeps no lists of symbols; use GNU ld, or objcopy --keep-symbols on the executable",
    ),
    refused(
        &["--no-rosegment"],
        Value::None,
        "Put read-only data and code into one segment",
        "keeps read-only data apart from code; use lld",
    ),
    refused(
        &["--embedded-relocs"],
        Value::None,
        "Put relocations into a section",
        "writes no embedded relocations; use GNU ld",
    ),
    refused(
        &["--out-implib"],
        Value::Required("FILE"),
        "Make an import library",
        "no import libraries; use GNU ld or lld",
    ),
];
