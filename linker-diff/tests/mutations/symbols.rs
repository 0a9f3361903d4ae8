//! Breaks in the symbol table.

use gild_diff::Kind;

use crate::broken;
use crate::support::Flavour::{CGlibc, CMusl, Cxx};

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

#[test]
fn a_lost_name() {
    broken(Cxx, Kind::SymbolMissing, "guarded", |e| {
        let entry = e.symbol("_Z7guardedRK5Shape").entry;
        e.set_int(entry, 0);
    });
}
