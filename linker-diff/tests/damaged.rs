//! Damaged and foreign files end in an error or in findings, never in a panic.

mod support;

use std::path::{Path, PathBuf};

use gild_diff::{CompareOptions, Error};
use support::elf::Elf;
use support::{Flavour, folder, program};

fn compare(a: &Path, b: &Path) -> Result<gild_diff::Comparison, Error> {
    gild_diff::compare(&[a.to_owned(), b.to_owned()], &CompareOptions::default())
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

#[test]
fn foreign_files_are_named_for_what_they_are() {
    let sound = program(Flavour::CMusl, "lld");
    let bytes = std::fs::read(&sound).expect("the program");
    let changed = |at: usize, value: u8| {
        let mut copy = bytes.clone();
        copy[at] = value;
        copy
    };
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("empty", Vec::new(), "not an ELF file"),
        ("text", b"#!/bin/sh\n".to_vec(), "not an ELF file"),
        ("narrow", changed(4, 1), "32-bit"),
        ("big-endian", changed(5, 2), "big-endian"),
        ("arm", changed(18, 183), "machine 183"),
        ("object", changed(16, 1), "relocatable object"),
        ("core", changed(16, 4), "core file"),
    ];
    for (name, bytes, expected) in cases {
        let path = file(name, &bytes);
        let error = compare(&sound, &path).expect_err(name).to_string();
        assert!(error.contains(expected) && error.contains(name), "{name}: {error}");
    }
}

#[test]
fn overlapping_headers_are_an_error() {
    let sound = program(Flavour::CMusl, "lld");
    let mut bytes = std::fs::read(&sound).expect("the program");
    bytes[32..40].copy_from_slice(&8u64.to_le_bytes());
    let error = compare(&sound, &file("overlap", &bytes)).expect_err("an error").to_string();
    assert!(error.contains("malformed") && error.contains("overlap"), "{error}");
}

#[test]
fn what_wraps_around_the_address_space_is_an_error() {
    let sound = program(Flavour::CMusl, "lld");
    let elf = || Elf::new(std::fs::read(&sound).expect("the program"));
    let (mut tls, mut segment) = (elf(), elf());
    let got = tls.section(".got").header;
    // SHT_NOBITS; SHF_ALLOC and SHF_TLS; sh_addr and sh_size.
    tls.set_int(got + 4, 8);
    tls.set_word(got + 8, 1 << 10 | 2);
    tls.set_word(got + 16, u64::MAX - 15);
    tls.set_word(got + 32, 32);
    // PT_GNU_RELRO; p_vaddr, p_filesz, p_memsz.
    let relro = segment.segments(0x6474_e552)[0];
    segment.set_word(relro + 16, u64::MAX - 15);
    segment.set_word(relro + 32, 32);
    segment.set_word(relro + 40, 8);
    for (name, elf) in [("wrapped section", tls), ("wrapped segment", segment)] {
        let error = compare(&sound, &file(name, &elf.bytes)).expect_err(name).to_string();
        assert!(error.contains("wraps around the address space"), "{error}");
    }
}

/// Without section headers its bytes are asked for.
#[test]
fn zeros_alone_may_lie_behind_the_end_of_the_file() {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(64 + 56, 0);
    let mut put = |at: usize, word: u64| bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    // ET_EXEC, EM_X86_64; one program header, behind the file header.
    put(16, 1 << 32 | 62 << 16 | 2);
    put(32, 64);
    put(52, 1 << 32 | 56 << 16 | 64);
    // PT_LOAD, PF_R and PF_W; p_offset, p_vaddr, p_memsz.
    put(64, 6 << 32 | 1);
    put(64 + 8, 1 << 20);
    put(64 + 16, 1 << 20);
    put(64 + 40, 64);
    let path = file("zeros", &bytes);
    assert!(compare(&path, &path).is_ok());
}

#[test]
fn a_missing_file_is_an_error() {
    let sound = program(Flavour::CMusl, "lld");
    assert!(matches!(compare(&sound, Path::new("no such file")), Err(Error::Open { .. })));
    assert!(matches!(compare(&sound, folder()), Err(Error::Open { .. })));
}

#[test]
fn a_program_cut_off_anywhere_does_not_panic() {
    let sound = program(Flavour::CMusl, "lld");
    let bytes = std::fs::read(&sound).expect("the program");
    let near_the_front = (0..1024).step_by(16);
    for length in near_the_front.chain((1024..bytes.len()).step_by(64)) {
        let path = file("cut", &bytes[..length]);
        // The first of two is read first.
        assert!(compare(&path, &sound).is_err(), "{length} bytes were taken for a program");
    }
}

/// A sequence that is the same on every run.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*state >> 33) as usize
}

/// Bits are flipped where structures lie: headers, tables, unwind and debug information.
#[test]
fn flipped_bits_do_not_panic() {
    for flavour in [Flavour::CMusl, Flavour::CPie, Flavour::Cxx] {
        let sound = program(flavour, "lld");
        let bytes = std::fs::read(&sound).expect("the program");
        let elf = Elf::new(bytes.clone());
        let end = bytes.len();
        let mut ranges = vec![(0, 0x400), (end - 0x800, end)];
        let names = [
            ".eh_frame",
            ".eh_frame_hdr",
            ".gcc_except_table",
            ".symtab",
            ".dynamic",
            ".rela.dyn",
            ".got",
            ".init_array",
            ".note.gnu.property",
            ".debug_info",
            ".debug_abbrev",
            ".debug_line",
            ".debug_rnglists",
            ".debug_loclists",
            ".text",
            ".rodata",
        ];
        for name in names.iter().filter(|n| elf.has_section(n)) {
            let s = elf.section(name);
            ranges.push((s.offset, s.offset + s.size));
        }
        let mut state = 1;
        for (start, stop) in ranges.into_iter().filter(|(a, b)| a < b) {
            for _ in 0..12 {
                let mut copy = bytes.clone();
                for _ in 0..4 {
                    let at = start + next(&mut state) % (stop - start);
                    copy[at] ^= 1 << (next(&mut state) % 8);
                }
                let _ = compare(&sound, &file("flipped", &copy));
            }
        }
    }
}
