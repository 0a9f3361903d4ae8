//! A correct program is broken in one place; the comparison must find the break and name it.

#[path = "../support/mod.rs"]
mod support;

mod code;
mod data;
mod debug;
mod headers;
mod symbols;
mod unwind;

use gild_diff::Kind;
use support::Flavour;
use support::elf::Elf;

/// Breaks the program as `linker` made it, and checks that the break is found beside the sound
/// program of the same linker and beside that of another one.
#[track_caller]
fn broken_by(flavour: Flavour, linker: &str, kind: Kind, place: &str, edit: impl FnOnce(&mut Elf)) {
    let sound = support::program(flavour, linker);
    let mut elf = Elf::new(std::fs::read(&sound).expect("the program"));
    let before = elf.bytes.clone();
    edit(&mut elf);
    assert!(elf.bytes != before, "the edit changed nothing");
    let caller = std::panic::Location::caller();
    let broken = support::folder().join(format!("broken-{}-{}", kind.name(), caller.line()));
    std::fs::write(&broken, &elf.bytes).expect("the broken program");
    let other = support::program(flavour, if linker == "ld" { "lld" } else { "ld" });
    for reference in [&sound, &other] {
        let comparison = support::compare(reference, &broken);
        let found = comparison
            .unexplained()
            .any(|f| f.kind == kind && [&f.place, &f.detail].iter().any(|t| t.contains(place)));
        let all = support::unexplained(&comparison);
        assert!(
            found,
            "{} beside {}: no `{}` at `{place}` among:\n{all}",
            broken.display(),
            reference.display(),
            kind.name()
        );
    }
    let _ = std::fs::remove_file(broken);
}

#[track_caller]
fn broken(flavour: Flavour, kind: Kind, place: &str, edit: impl FnOnce(&mut Elf)) {
    broken_by(flavour, "lld", kind, place, edit);
}

/// Every flavour is equal to itself, without so much as an explained difference.
#[test]
fn a_program_is_equal_to_itself() {
    for flavour in support::FLAVOURS {
        let path = support::program(flavour, "lld");
        let comparison = support::compare(&path, &path);
        let findings = &comparison.reports[0].findings;
        assert!(findings.is_empty(), "{flavour:?}: {findings:#?}");
    }
}
