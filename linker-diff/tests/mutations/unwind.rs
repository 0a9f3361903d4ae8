//! Breaks in unwind information.

use gild_diff::Kind;

use crate::support::Flavour::{CGlibc, CPie, Cxx, Rust};
use crate::support::elf::Elf;
use crate::{broken, broken_by};

const GUARDED: &str = "_Z7guardedRK5Shape";
const LIMITED: &str = "_Z7limitedi";

/// The exception table of a function. Its FDE points to it behind range and augmentation length.
fn lsda(e: &Elf, function: &str) -> usize {
    // The encoding of fixed-address code is DW_EH_PE_udata4.
    e.offset(u64::from(e.int(e.fde(function).at + 17)))
}

/// The base of its types, which lie before it; behind it lie exception specifications.
fn types(e: &Elf, function: &str) -> usize {
    let table = lsda(e, function);
    assert!(e.bytes[table + 2] < 0x80, "a short distance");
    table + 3 + usize::from(e.bytes[table + 2])
}

#[test]
fn a_dropped_fde() {
    for flavour in [CGlibc, Cxx] {
        broken(flavour, Kind::FdeMissing, "main", |e| {
            let frames = e.frames();
            let index = frames.iter().position(|f| f.at == e.fde("main").at).expect("the FDE");
            let (before, gone) = (&frames[index - 1], &frames[index]);
            // Its bytes become padding of the entry before it.
            e.set_int(before.at, (before.length + gone.length - 4) as u32);
            e.bytes[gone.at..gone.at + gone.length].fill(0);
        });
    }
}

#[test]
fn other_unwind_rules() {
    broken(CPie, Kind::UnwindRules, "main", |e| {
        let fde = e.fde("main");
        let rules = fde.at + 17;
        assert!((0x41..0x80).contains(&e.bytes[rules]), "an advance of the location");
        e.bytes[rules] += 1;
    });
}

#[test]
fn rules_for_a_part_of_the_function() {
    broken(CGlibc, Kind::FdeRange, "main", |e| {
        let fde = e.fde("main");
        e.add_int(fde.at + 12, -8);
    });
}

#[test]
fn another_personality_routine() {
    broken(Cxx, Kind::Personality, "", |e| {
        let frames = e.frames();
        // Of "zPLR": augmentation data begin behind the string, the alignments and their length.
        let cie = frames.iter().find(|f| f.cie && &e.bytes[f.at + 9..f.at + 13] == b"zPLR");
        let field = cie.expect("a CIE with a personality").at + 19;
        e.add_int(field, 16);
    });
}

#[test]
fn another_call_site() {
    broken(Cxx, Kind::Lsda, "guarded", |e| {
        let table = lsda(e, GUARDED);
        // Header: two encodings, the type table's distance, an encoding, a length: 5 or 6 bytes.
        e.bytes[table + 7] ^= 1;
    });
}

#[test]
fn another_caught_type() {
    // Those that `limited` may throw are named by its exception specification alone.
    for (function, place) in [(GUARDED, "guarded"), (LIMITED, "limited")] {
        broken(Cxx, Kind::Lsda, place, |e| {
            let base = types(e, function);
            let (first, second) = (e.int(base - 4), e.int(base - 8));
            e.set_int(base - 4, second);
            e.set_int(base - 8, first);
        });
    }
}

#[test]
fn another_exception_specification() {
    broken(Cxx, Kind::Lsda, "limited", |e| {
        let list = types(e, LIMITED);
        assert_eq!(e.bytes[list..list + 3], [1, 2, 0]);
        e.bytes[list + 1] = 1;
    });
}

#[test]
fn a_search_table_cut_short() {
    broken_by(Rust, "lld", Kind::FrameTable, ".eh_frame_hdr", |e| {
        let header = e.section(".eh_frame_hdr").offset;
        e.add_int(header + 8, -1);
    });
}

#[test]
fn a_search_table_out_of_order() {
    broken(Cxx, Kind::FrameTable, "not sorted", |e| {
        let table = e.section(".eh_frame_hdr").offset + 12;
        let (x, y) = (e.word(table), e.word(table + 80));
        e.set_word(table, y);
        e.set_word(table + 80, x);
    });
}

#[test]
fn a_search_table_that_names_another_fde() {
    broken(Cxx, Kind::FrameTable, "no FDE", |e| {
        let table = e.section(".eh_frame_hdr").offset + 12;
        let other = e.int(table + 12);
        e.set_int(table + 4, other);
    });
}

#[test]
fn a_header_that_names_another_section() {
    broken(Cxx, Kind::FrameTable, "names .eh_frame", |e| {
        let header = e.section(".eh_frame_hdr").offset;
        e.add_int(header + 4, 16);
    });
}
