//! Sections: which are kept, what the linker adds, and where they go.

use super::{Group, Row, Value, apply, flag};
use crate::args::error::ArgError;
use crate::args::options::Compression;
use crate::args::state::State;
use crate::args::values::Given;

pub static GROUP: Group = Group { title: "Sections and addresses", rows: ROWS };

const ROWS: &[Row] = &[
    flag(&["--gc-sections"], "Leave out sections that nothing refers to", |state| {
        state.options.gc_sections = true;
    }),
    flag(&["--no-gc-sections"], "Keep every section (default)", |state| {
        state.options.gc_sections = false;
    }),
    flag(&["--print-gc-sections"], "List the sections that --gc-sections leaves out", |state| {
        state.options.print_gc_sections = true;
    }),
    flag(&["--no-print-gc-sections"], "Undo --print-gc-sections", |state| {
        state.options.print_gc_sections = false;
    }),
    apply(
        &["-O"],
        Value::Required("LEVEL"),
        "0: merge no strings; 1: merge equal strings (default); 2: merge common endings too",
        optimize,
    ),
    flag(
        &["--relax"],
        "Replace instructions by cheaper ones where that is safe (default)",
        |state| {
            state.options.relax = true;
        },
    ),
    flag(&["--no-relax"], "Leave instructions as they are", |state| {
        state.options.relax = false;
    }),
    flag(&["--eh-frame-hdr"], "Make .eh_frame_hdr, the table for unwinding (default)", |state| {
        state.options.eh_frame_hdr = true;
    }),
    flag(&["--no-eh-frame-hdr"], "Make no .eh_frame_hdr", |state| {
        state.options.eh_frame_hdr = false;
    }),
    apply(
        &["--build-id"],
        Value::Optional("STYLE"),
        "Make a build-id note: fast, md5, sha1 (default), tree, uuid, 0xHEX or none",
        |state, given| {
            state.options.build_id = given.build_id()?;
            Ok(())
        },
    ),
    flag(&["--no-build-id"], "Make no build-id note (default)", |state| {
        state.options.build_id = None;
    }),
    apply(
        &["--package-metadata"],
        Value::Optional("JSON"),
        "Make a package note; %XX, %[comma], %[lbrace], %[quot], %[rbrace] and %[space] stand \
         for characters",
        |state, given| {
            state.options.package_metadata = given.package_metadata()?;
            Ok(())
        },
    ),
    apply(
        &["--compress-debug-sections"],
        Value::Required("FORMAT"),
        "Compress debug sections: zlib, zstd, or none (default)",
        compress_debug_sections,
    ),
    apply(
        &["--image-base"],
        Value::Required("ADDRESS"),
        "The address of the first segment (default: 0x400000, or 0 with -pie)",
        |state, given| {
            state.options.image_base = Some(given.number()?);
            Ok(())
        },
    ),
    apply(
        &["-Ttext-segment"],
        Value::Required("ADDRESS"),
        "Like --image-base, the address in hexadecimal",
        |state, given| {
            state.options.image_base = Some(given.address()?);
            Ok(())
        },
    ),
    apply(
        &["--section-start"],
        Value::Required("SECTION=ADDRESS"),
        "Put an output section at an address, in hexadecimal",
        |state, given| {
            state.options.section_starts.push(given.section_start()?);
            Ok(())
        },
    ),
    apply(
        &["-Ttext"],
        Value::Required("ADDRESS"),
        "Short for --section-start=.text=ADDRESS",
        |state, given| place(state, ".text", given),
    ),
    apply(
        &["-Tdata"],
        Value::Required("ADDRESS"),
        "Short for --section-start=.data=ADDRESS",
        |state, given| place(state, ".data", given),
    ),
    apply(
        &["-Tbss"],
        Value::Required("ADDRESS"),
        "Short for --section-start=.bss=ADDRESS",
        |state, given| place(state, ".bss", given),
    ),
    apply(
        &["--pack-dyn-relocs"],
        Value::Required("FORMAT"),
        "relr: pack relative relocations (-z pack-relative-relocs); none: don't (default)",
        |state, given| {
            state.options.pack_relative_relocs = match given.text()? {
                "relr" => true,
                "none" => false,
                _ => return Err(given.bad("relr or none")),
            };
            Ok(())
        },
    ),
    apply(&["-z"], Value::Required("KEYWORD"), "See the list of keywords below", keyword),
];

fn place(state: &mut State, section: &str, given: &Given) -> Result<(), ArgError> {
    state.options.section_starts.push((section.into(), given.address()?));
    Ok(())
}

fn optimize(state: &mut State, given: &Given) -> Result<(), ArgError> {
    match given.text()? {
        // Compilers' levels, which people pass on to the linker.
        "s" | "z" | "g" | "fast" => {}
        _ => state.options.optimize = given.number()?.min(2) as u8,
    }
    Ok(())
}

/// `zlib-gnu` was a format of its own, `.zdebug_*`, which hardly anything reads any more.
fn compress_debug_sections(state: &mut State, given: &Given) -> Result<(), ArgError> {
    state.options.compress_debug = match given.text()? {
        "none" => None,
        "zlib" | "zlib-gabi" | "zlib-gnu" => Some(Compression::Zlib),
        "zstd" => Some(Compression::Zstd),
        _ => return Err(given.bad("none, zlib or zstd")),
    };
    Ok(())
}

fn keyword(state: &mut State, given: &Given) -> Result<(), ArgError> {
    state.keyword(given.text()?)
}
