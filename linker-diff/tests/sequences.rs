//! Small programs that linkers make in ways of their own: what means the same is equal, and one
//! wrong number in it is found.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use gild_diff::{Comparison, Kind};
use iced_x86::Mnemonic;
use support::elf::Elf;
use support::{compare, folder, linker_folder, unexplained};

fn run(command: &mut Command) {
    let done = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(done.success(), "{command:?}");
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name)
}

/// The running test: several link the same program at a time.
fn caller() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

fn link(name: &str, linker: &str, flags: &[&str]) -> PathBuf {
    let output = folder().join(format!("{name}-{linker}{}-{}", flags.concat(), caller()));
    let mut gcc = Command::new("gcc");
    gcc.arg(format!("-B{}", linker_folder(linker).display())).args(flags);
    run(gcc.arg(source(name)).arg("-o").arg(&output));
    output
}

/// Compares two programs that nothing unexplained tells apart.
#[track_caller]
fn equal(a: &Path, b: &Path) -> Comparison {
    let comparison = compare(a, b);
    assert!(comparison.is_equal(), "{a:?} and {b:?}:\n{}", unexplained(&comparison));
    comparison
}

fn kinds(comparison: &Comparison) -> Vec<Kind> {
    comparison.unexplained().map(|finding| finding.kind).collect()
}

const BASES: [&str; 3] = ["-static", "-nostdlib", "-Wl,--build-id=none,-z,norelro,-z,noexecstack"];

/// mold counts from the start of the block, GNU ld and lld from its end.
#[test]
fn offsets_may_be_counted_from_either_end() {
    let mold = link("bases.s", "mold", &BASES);
    for linker in ["ld", "lld"] {
        equal(&link("bases.s", linker, &BASES), &mold);
    }
}

/// Every number that takes part is changed once: the base and the four offsets counted from it.
#[test]
fn a_wrong_base_or_offset_is_found() {
    let ld = link("bases.s", "ld", &BASES);
    let mold = link("bases.s", "mold", &BASES);
    // The fields, by the instruction's index; the displacement or immediate ends it.
    for (linker, sound, other) in [("mold", &mold, &ld), ("ld", &ld, &mold)] {
        let elf = Elf::new(std::fs::read(sound).expect("the program"));
        let places = elf.instructions("_start");
        let numbers = places.iter().filter(|(_, insn)| {
            let text = insn.to_string();
            !text.starts_with("call") && !text.starts_with("syscall") && insn.len() >= 7
        });
        let mut changed = 0;
        for (at, insn) in numbers {
            let broken = edited(sound, |e| e.add_int(at + insn.len() - 4, 8));
            let found = kinds(&compare(other, &broken));
            assert!(!found.is_empty(), "{linker}: `{insn}` changed, and nothing found");
            changed += 1;
        }
        assert_eq!(changed, 5, "{linker}");
    }
}

/// The program `sound` as `edit` leaves it.
fn edited(sound: &Path, edit: impl FnOnce(&mut Elf)) -> PathBuf {
    let mut elf = Elf::new(std::fs::read(sound).expect("the program"));
    edit(&mut elf);
    let name = sound.file_name().expect("a file").to_string_lossy();
    let path = folder().join(format!("{name}-edited"));
    std::fs::write(&path, &elf.bytes).expect("the edited program");
    path
}

#[test]
fn a_biased_base_may_lie_outside_of_the_program() {
    let lld = link("biased.s", "lld", &BASES);
    for linker in ["ld", "mold"] {
        equal(&link("biased.s", linker, &BASES), &lld);
    }
    let biased = |e: &mut Elf| {
        let (at, insn) = e.instructions("_start").remove(0);
        e.add_int(at + insn.len() - 4, 4);
    };
    assert!(kinds(&compare(&lld, &edited(&lld, biased))).contains(&Kind::Immediate));
}

/// The block is 24 bytes long, but what is that far from a register is not counted from its end.
#[test]
fn a_stack_slot_is_no_base() {
    let ld = link("bases.s", "ld", &BASES);
    let places = Elf::new(std::fs::read(&ld).expect("the program")).instructions("_start");
    let (at, _) = places.iter().find(|(_, insn)| insn.to_string() == "mov eax,3Ch").expect("a mov");
    // mov slot(%rbp), %eax
    let load = |program: &Path, slot: i8| {
        edited(program, |e| {
            e.bytes[*at..at + 5].copy_from_slice(&[0x8b, 0x45, slot as u8, 0x90, 0x90])
        })
    };
    let first = load(&ld, 0);
    assert!(!compare(&first, &load(&first, -24)).is_equal());
}

#[test]
fn padding_is_padding_and_code_is_not() {
    let lld = link("biased.s", "lld", &BASES);
    // The padding, and the first instruction behind it, as addresses.
    let start = Elf::new(std::fs::read(&lld).expect("the program")).symbol("unsized").value + 1;
    let end = start.next_multiple_of(16);
    let fill = |range: std::ops::Range<u64>, byte: u8| {
        let filled = edited(&lld, |e| {
            let at = e.offset(range.start);
            e.bytes[at..at + (range.end - range.start) as usize].fill(byte);
        });
        compare(&lld, &filled)
    };
    let zeros = fill(start..end, 0);
    assert!(zeros.is_equal(), "{}", unexplained(&zeros));
    for byte in [0, 0x90, 0xcc] {
        let comparison = fill(end..end + 2, byte);
        assert!(!comparison.is_equal(), "an instruction became {byte:#x}");
    }
}

#[test]
fn registers_beyond_r15_are_told_apart() {
    let lea = link("upper.s", "lld", &BASES);
    let target = Elf::new(std::fs::read(&lea).expect("the program")).symbol("target").value as u32;
    let with_mov = |payload: u8, target: u32| {
        let relaxed = edited(&lea, |e| {
            let at = e.offset(e.symbol("_start").value);
            e.bytes[at..at + 4].copy_from_slice(&[0xd5, payload, 0xc7, 0xc0]);
            e.set_int(at + 4, target);
        });
        compare(&lea, &relaxed)
    };
    // W and B4: mov $target, %r16
    let relaxed = with_mov(0x18, target);
    assert!(relaxed.is_equal(), "{}", unexplained(&relaxed));
    assert!(!with_mov(0x18, target + 8).is_equal(), "another address");
    assert!(!with_mov(0x08, target).is_equal(), "%rax");
    assert!(!with_mov(0x19, target).is_equal(), "%r24");
}

#[test]
fn debug_information_finds_code_behind_padding() {
    let aligned = |flag| link("nameless.s", "ld", &[&BASES[..], &["-g", flag]].concat());
    let (close, apart) = (aligned("-Wa,--defsym,ALIGN=1"), aligned("-Wa,--defsym,ALIGN=16"));
    equal(&close, &apart);
    // The rows of the nop speak of the instruction before the padding.
    let moved = edited(&apart, |e| {
        let syscall = e.symbol("_start").value + 5;
        let nop = (syscall + 2).next_multiple_of(16).to_le_bytes();
        let lines = e.section(".debug_line");
        let range = lines.offset..lines.offset + lines.size;
        let at = e.bytes[range].windows(8).position(|word| word == nop).expect("its address");
        e.set_word(lines.offset + at, syscall);
    });
    assert_eq!(kinds(&compare(&close, &moved)), [Kind::DebugLine]);
}

/// Where the next variable follows at once, and names are missing, both have one address.
#[test]
fn the_end_of_a_variable_is_not_the_next() {
    let aligned = |flag| link("end.s", "ld", &[&BASES[..], &[flag]].concat());
    let (close, apart) = (aligned("-Wa,--defsym,ALIGN=4"), aligned("-Wa,--defsym,ALIGN=16"));
    let stripped = close.with_extension("stripped");
    run(Command::new("strip").arg(&close).arg("-o").arg(&stripped));
    equal(&apart, &stripped);
    let moved = edited(&apart, |e| {
        let (at, insn) = e.find("_start", |i| i.mnemonic() == Mnemonic::Inc);
        e.add_int(at + insn.len() - 4, 4);
    });
    assert!(kinds(&compare(&moved, &stripped)).contains(&Kind::WrongTarget));
}

/// As OCaml's frame tables do, for a call at the end of a function.
#[test]
fn data_may_lead_to_the_end_of_a_function() {
    let lld = link("behind.s", "lld", &BASES);
    equal(&link("behind.s", "ld", &BASES), &lld);
    for by in [-1, 1] {
        let moved = edited(&lld, |e| e.add_int(e.offset(e.symbol("frames").value), by));
        assert!(!compare(&lld, &moved).is_equal(), "{by}");
    }
}

#[test]
fn tables_among_the_code_are_no_code() {
    let in_order = |flag| link("table.s", "ld", &[&BASES[..], &[flag]].concat());
    let (one, other) = (in_order("-Wa,--defsym,PLAIN=1"), in_order("-Wa,--defsym,SWAPPED=1"));
    equal(&one, &other);
    // Every byte of the table and its text, and the reference to the constant.
    let table = Elf::new(std::fs::read(&other).expect("the program")).symbol("table").value;
    for byte in table..table + 23 {
        let changed = edited(&other, |e| e.add_int(e.offset(byte), 1));
        assert!(!compare(&one, &changed).is_equal(), "byte {}", byte - table);
    }
    for by in [-16, -8, 8, 16] {
        let moved = edited(&other, |e| {
            let (at, insn) = e.find("_start", |i| i.mnemonic() == Mnemonic::Movdqa);
            e.add_int(at + insn.len() - 4, by);
        });
        assert!(!compare(&one, &moved).is_equal(), "{by}");
    }
}

/// The bound of a loop over a named array is no reference to what lies behind.
#[test]
fn the_end_of_an_array_is_not_the_text_behind_it() {
    let ending = |flag| link("bound.s", "ld", &[&BASES[..], &[flag]].concat());
    let (one, other) = (ending("-Wa,--defsym,LONG=1"), ending("-Wa,--defsym,SHORT=1"));
    equal(&one, &other);
    let moved = edited(&other, |e| {
        let (at, insn) = e.find("_start", |i| i.op0_register() == iced_x86::Register::RDX);
        e.add_int(at + insn.len() - 4, -8);
    });
    assert!(!compare(&one, &moved).is_equal());
}

/// Texts of Rust have no terminators, and one of 8 bytes is a constant.
#[test]
fn a_merged_constant_may_lie_between_texts() {
    let (ld, mold) = (link("inserted.s", "ld", &BASES), link("inserted.s", "mold", &BASES));
    for (one, other) in [(&ld, &mold), (&mold, &ld)] {
        equal(one, other);
    }
    let text = Elf::new(std::fs::read(&mold).expect("the program")).section(".rodata").offset;
    // Each character of the text before the constant, which begins behind three others.
    for at in text + 3..text + 16 {
        let changed = edited(&mold, |e| e.bytes[at] ^= 1);
        assert!(!compare(&ld, &changed).is_equal(), "{}", at - text);
    }
}

/// Behind the last one lies whatever section comes next.
#[test]
fn the_end_of_a_merged_constant_is_no_other() {
    let ld = link("pieces.s", "ld", &BASES);
    for linker in ["lld", "mold"] {
        let other = link("pieces.s", linker, &BASES);
        equal(&ld, &other);
        let places = Elf::new(std::fs::read(&other).expect("the program")).instructions("_start");
        let ends = places.iter().filter(|(_, i)| i.op0_register() == iced_x86::Register::RDX);
        for (number, (at, insn)) in ends.enumerate() {
            for by in [-4, 4] {
                let moved = edited(&other, |e| e.add_int(at + insn.len() - 4, by));
                assert!(!compare(&ld, &moved).is_equal(), "{linker}, {number}, {by}");
            }
        }
    }
}

/// What one side's symbols tell is one function is none of several to the other.
#[test]
fn parts_of_a_function_are_no_functions() {
    let strip = |path: &Path| {
        let stripped = path.with_extension("stripped");
        run(Command::new("strip").arg(path).arg("-o").arg(&stripped));
        stripped
    };
    let sound = link("parts.s", "ld", &[&BASES[..], &["-Wl,--eh-frame-hdr"]].concat());
    let bare = strip(&sound);
    for (one, other) in [(&sound, &bare), (&bare, &sound)] {
        equal(one, other);
    }
    let changed = edited(&sound, |e| {
        let (at, insn) = e.find("parts", |i| i.to_string() == "mov eax,7");
        e.add_int(at + insn.len() - 4, 1);
    });
    assert!(!compare(&sound, &strip(&changed)).is_equal());
}

/// lld alone drops a section in spite of weak references to its bounds; what others make null is wrong.
#[test]
fn bounds_of_a_section_that_lld_drops_have_a_reason() {
    const PIE: [&str; 3] = ["-static-pie", "-nostdlib", "-Wl,--build-id=none,-z,noexecstack"];
    for flags in [[&BASES[..], &["-Wa,--defsym,FIXED=1"]].concat(), PIE.to_vec()] {
        let flags = [&flags[..], &["-Wl,--gc-sections"]].concat();
        let lld = link("bounds.s", "lld", &flags);
        let unsigned = edited(&lld, |e| {
            let comment = e.section(".comment");
            e.bytes[comment.offset..comment.offset + comment.size].fill(b' ');
        });
        let ld = link("bounds.s", "ld", &flags);
        let comparison = equal(&ld, &lld);
        let reason = |f: &gild_diff::Finding| f.reason == Some(gild_diff::Reason::StartStopGc);
        assert!(comparison.reports[0].findings.iter().any(reason));
        assert!(!compare(&ld, &unsigned).is_equal());
    }
}

/// mold 1.10 gives one indirect function two addresses in a fixed-address program, so that it does
/// not equal itself.
#[test]
fn two_addresses_of_one_function_are_found() {
    let flags = ["-static", "-O1"];
    let lld = link("ifunc.c", "lld", &flags);
    equal(&link("ifunc.c", "ld", &flags), &lld);
    let with_mold = compare(&lld, &link("ifunc.c", "mold", &flags));
    let said = unexplained(&with_mold);
    assert!(kinds(&with_mold).contains(&Kind::Ifunc), "{said}");
    assert!(said.contains("one function has several addresses"), "{said}");
}

/// RELA writes the same again, and where a variable without a size ends is a guess.
#[test]
fn a_relocation_may_be_asked_for_twice() {
    const PIE: [&str; 3] = ["-static-pie", "-nostdlib", "-Wl,--build-id=none,-z,noexecstack"];
    let ld = link("twice.s", "ld", &PIE);
    for linker in ["lld", "mold"] {
        equal(&ld, &link("twice.s", linker, &PIE));
    }
}
