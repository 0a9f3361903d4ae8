//! What sound linkers make of one program is equal, or differs for a reason that is named.

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{FLAVOURS, LINKERS, compare, program, unexplained};

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
                assert!(found.is_empty(), "{flavour:?}, {one} and {other}:\n{found}");
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

#[test]
fn a_stripped_program_is_equal_to_itself_unstripped() {
    for flavour in FLAVOURS {
        let path = program(flavour, "lld");
        let comparison = compare(&path, &stripped(&path));
        let found = unexplained(&comparison);
        let code = found.lines().filter(|l| !l.starts_with("debug-missing"));
        let code: Vec<_> = code.collect();
        assert!(code.is_empty(), "{flavour:?}:\n{}", code.join("\n"));
    }
}

/// By content alone nearly everything is found; see the limits in the README.
#[test]
fn two_stripped_programs_are_compared_by_content() {
    for flavour in FLAVOURS {
        let (one, other) = (program(flavour, "ld"), program(flavour, "lld"));
        let comparison = compare(&stripped(&one), &stripped(&other));
        let unexplained = comparison.unexplained().count() as u64;
        let compared = comparison.reports[0].compared;
        assert!(unexplained * 20 < compared, "{flavour:?}: {unexplained} of {compared}");
        let itself = compare(&stripped(&one), &one.with_extension("stripped"));
        assert!(itself.is_equal(), "{flavour:?}: {}", unexplained_text(&itself));
    }
}

fn unexplained_text(comparison: &gild_diff::Comparison) -> String {
    support::unexplained(comparison)
}
