//! What sound linkers make of one program is equal, or differs for a reason that is named.

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{FLAVOURS, Flavour, LINKERS, compare, program, unexplained};

/// Linkers that are compared as well where the environment names them.
fn linkers() -> Vec<&'static str> {
    let named = |name: &str| std::env::var_os(format!("GILD_DIFF_{}", name.to_uppercase()));
    let extra = ["wild", "gild"].into_iter().filter(|name| named(name).is_some());
    LINKERS.into_iter().chain(extra).collect()
}

#[test]
fn linkers_agree_on_every_program() {
    for flavour in FLAVOURS {
        let linkers = linkers();
        for (i, one) in linkers.iter().enumerate() {
            for other in &linkers[i + 1..] {
                let comparison = compare(&program(flavour, one), &program(flavour, other));
                let found = unexplained(&comparison);
                // musl-gcc's specs name a dynamic linker even for static programs; lld and mold
                // believe them and write PT_INTERP, with which the program crashes. This is what
                // the comparison is for.
                let interp = |line: &&str| !line.contains("PT_INTERP");
                let rest: Vec<_> = found.lines().filter(interp).collect();
                assert!(rest.is_empty(), "{flavour:?}, {one} and {other}:\n{}", rest.join("\n"));
            }
        }
    }
}

fn stripped(path: &PathBuf) -> PathBuf {
    let output = path.with_extension("stripped");
    let done = Command::new("strip").arg("-o").arg(&output).arg(path).status();
    assert!(done.is_ok_and(|s| s.success()), "strip {}", path.display());
    output
}

/// glibc's assembly has functions of several FDEs, which look like several functions without
/// symbols; Rust programs call them directly.
#[test]
fn a_stripped_program_is_equal_to_itself_unstripped() {
    for flavour in FLAVOURS.into_iter().filter(|f| *f != Flavour::Rust) {
        let path = program(flavour, "lld");
        let comparison = compare(&path, &stripped(&path));
        let found = unexplained(&comparison);
        let code = found.lines().filter(|l| !l.starts_with("debug-missing"));
        let code: Vec<_> = code.collect();
        assert!(code.is_empty(), "{flavour:?}:\n{}", code.join("\n"));
    }
}

#[test]
fn two_stripped_programs_are_compared_by_content() {
    let (one, other) = (program(Flavour::CMusl, "ld"), program(Flavour::CMusl, "lld"));
    let comparison = compare(&stripped(&one), &stripped(&other));
    let found = unexplained(&comparison);
    let rest: Vec<_> = found.lines().filter(|l| !l.contains("PT_INTERP")).collect();
    assert!(rest.is_empty(), "{}", rest.join("\n"));
}
