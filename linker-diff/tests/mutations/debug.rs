//! Breaks in debug information.

use gild_diff::Kind;

use crate::broken;
use crate::support::Flavour::{CGlibc, CMusl, CSplit};
use crate::support::elf::Elf;

#[test]
fn another_line() {
    broken(CMusl, Kind::DebugLine, "", |e| {
        let lines = e.section(".debug_line");
        let range = lines.offset..lines.offset + lines.size;
        // DW_LNE_set_address, then rows: the first special opcode behind it is stepped by one line.
        let set = e.bytes[range].windows(3).rposition(|w| w == [0, 9, 2]).expect("an address");
        let mut at = lines.offset + set + 11;
        while e.bytes[at] < 14 {
            at += 1;
        }
        e.bytes[at] += 1;
    });
}

#[test]
fn lines_of_another_function() {
    broken(CMusl, Kind::DebugLine, "", |e| {
        let lines = e.section(".debug_line");
        let range = lines.offset..lines.offset + lines.size;
        let set = e.bytes[range].windows(3).position(|w| w == [0, 9, 2]).expect("an address");
        let other = e.symbol("caller").value;
        e.set_word(lines.offset + set + 3, other + 1);
    });
}

/// The location list of `choose` that follows its address, as an offset in the file.
fn locations(e: &Elf) -> usize {
    let lists = e.section(".debug_loclists");
    // DW_LLE_base_address
    let base = [&[6], &e.symbol("choose").value.to_le_bytes()[..]].concat();
    let range = lists.offset..lists.offset + lists.size;
    lists.offset + e.bytes[range].windows(9).position(|w| w == base).expect("a list of choose")
}

#[test]
fn a_location_list_of_another_function() {
    broken(CMusl, Kind::DebugAddress, "kitchen.c", |e| {
        let at = locations(e) + 1;
        e.set_word(at, e.symbol("caller").value);
    });
}

#[test]
fn a_location_that_ends_later() {
    broken(CMusl, Kind::DebugAddress, "kitchen.c", |e| {
        let at = locations(e) + 9;
        // DW_LLE_offset_pair, from 0 to less than 128
        assert_eq!((e.bytes[at], e.bytes[at + 1]), (4, 0));
        assert!(e.bytes[at + 2] < 0x80);
        e.bytes[at + 2] ^= 1;
    });
}

#[test]
fn a_variable_at_another_address() {
    broken(CGlibc, Kind::DebugAddress, "kitchen.c", |e| {
        let info = e.section(".debug_info");
        let (wanted, other) = (e.symbol("numbers").value, e.symbol("inner").value);
        let bytes = wanted.to_le_bytes();
        let range = info.offset..info.offset + info.size;
        let found = e.bytes[range].windows(8).position(|w| w == bytes).expect("its address");
        e.set_word(info.offset + found, other);
    });
}

#[test]
fn a_name_of_another_string() {
    broken(CMusl, Kind::DebugString, "kitchen.c", |e| {
        let strings = e.section(".debug_str");
        let range = strings.offset..strings.offset + strings.size;
        let name = b"\0add_large\0";
        let found = e.bytes[range].windows(name.len()).position(|w| w == name).expect("the name");
        let offset = (found as u32 + 1).to_le_bytes();
        let info = e.section(".debug_info");
        let range = info.offset..info.offset + info.size;
        let at = e.bytes[range].windows(4).position(|w| w == offset).expect("its use");
        e.add_int(info.offset + at, 4);
    });
}

#[test]
fn no_debug_information() {
    broken(CMusl, Kind::DebugMissing, ".debug_line", |e| {
        let header = e.section(".debug_line").header;
        e.set_word(header + 32, 0);
    });
}

#[test]
fn an_address_for_a_dwo_file() {
    broken(CSplit, Kind::DebugAddress, "split.dwo", |e| {
        let pool = e.section(".debug_addr");
        let (wanted, other) = (e.symbol("numbers").value, e.symbol("inner").value);
        let range = pool.offset..pool.offset + pool.size;
        let at = e.bytes[range].windows(8).position(|w| w == wanted.to_le_bytes());
        e.set_word(pool.offset + at.expect("its address"), other);
    });
}

#[test]
fn rules_in_debug_frame() {
    broken(CSplit, Kind::UnwindRules, "main", |e| {
        let frame = e.section(".debug_frame");
        let main = e.symbol("main").value;
        let range = frame.offset..frame.offset + frame.size;
        let at = e.bytes[range].windows(8).position(|w| w == main.to_le_bytes());
        // Behind start and length of the function, eight bytes each.
        let rules = frame.offset + at.expect("its entry") + 16;
        assert!((0x41..0x80).contains(&e.bytes[rules]), "an advance of the location");
        e.bytes[rules] += 1;
    });
}

#[test]
fn a_function_lost_from_debug_frame() {
    broken(CSplit, Kind::FdeMissing, "main", |e| {
        let frame = e.section(".debug_frame");
        let main = e.symbol("main").value;
        let range = frame.offset..frame.offset + frame.size;
        let at = e.bytes[range].windows(8).position(|w| w == main.to_le_bytes());
        e.set_word(frame.offset + at.expect("its entry"), 0);
    });
}
