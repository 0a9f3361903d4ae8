//! Breaks in the symbol table.

use gild_diff::Kind;

use crate::broken;
use crate::support::Flavour::{CGlibc, CMusl, Cxx};
use crate::support::elf::Elf;
use crate::support::{compare, folder, program, unexplained};

#[test]
fn a_global_that_became_weak() {
    broken(CMusl, Kind::SymbolBinding, "choose", |e| {
        let entry = e.symbol("choose").entry;
        e.bytes[entry + 4] = (2 << 4) | 2;
    });
}

#[test]
fn a_global_that_became_local() {
    broken(CGlibc, Kind::SymbolBinding, "choose", |e| {
        let entry = e.symbol("choose").entry;
        e.bytes[entry + 4] = 2;
    });
}

#[test]
fn another_visibility() {
    broken(CMusl, Kind::SymbolVisibility, "choose", |e| {
        let entry = e.symbol("choose").entry;
        e.bytes[entry + 5] = 2;
    });
}

#[test]
fn another_type() {
    broken(CMusl, Kind::SymbolType, "numbers", |e| {
        let entry = e.symbol("numbers").entry;
        e.bytes[entry + 4] = 1 << 4;
    });
}

#[test]
fn another_size() {
    broken(CGlibc, Kind::SymbolSize, "numbers", |e| {
        let entry = e.symbol("numbers").entry;
        e.set_word(entry + 16, 16);
    });
}

#[test]
fn another_place() {
    broken(CMusl, Kind::SymbolPlace, "chosen", |e| {
        let (chosen, inner) = (e.symbol("chosen"), e.symbol("inner"));
        e.set_word(chosen.entry + 8, inner.value);
    });
}

/// Linkers make hidden symbols local; here both are global.
#[test]
fn a_hidden_global_that_became_internal() {
    let [hidden, internal] = [2, 1].map(|visibility| {
        let sound = std::fs::read(program(CMusl, "lld")).expect("the program");
        let mut elf = Elf::new(sound);
        let entry = elf.symbol("choose").entry;
        elf.bytes[entry + 5] = visibility;
        let path = folder().join(format!("visibility-{visibility}"));
        std::fs::write(&path, &elf.bytes).expect("the edited program");
        path
    });
    let comparison = compare(&hidden, &internal);
    let found = unexplained(&comparison);
    assert!(found.starts_with("symbol-visibility: choose"), "{found}");
}

/// `main` and `tls_sum` refer to them.
#[test]
fn a_lost_name_of_a_variable() {
    for name in ["inner", "tls_second"] {
        broken(CGlibc, Kind::SymbolMissing, name, |e| {
            let entry = e.symbol(name).entry;
            e.bytes[entry + 6..entry + 8].fill(0);
        });
    }
}

#[test]
fn a_lost_name() {
    broken(Cxx, Kind::SymbolMissing, "guarded", |e| {
        let entry = e.symbol("_Z7guardedRK5Shape").entry;
        e.set_int(entry, 0);
    });
}
