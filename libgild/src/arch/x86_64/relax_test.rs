//! psABI B.2, byte for byte. The target is 0xffc bytes behind the end of an instruction whose
//! field is at 0; every byte more brings it one nearer.

use super::case::*;
use super::*;
use crate::elf::*;

#[test]
fn loads_of_an_address_become_lea() {
    let table = [
        ("8b 05 [00 00 00 00]", "8d 05 fa 0f 00 00"),
        ("8b 3d [00 00 00 00]", "8d 3d fa 0f 00 00"),
    ];
    let rex = [
        ("48 8b 05 [00 00 00 00]", "48 8d 05 f9 0f 00 00"),
        ("4c 8b 3d [00 00 00 00]", "4c 8d 3d f9 0f 00 00"),
        ("40 8b 0d [00 00 00 00]", "40 8d 0d f9 0f 00 00"),
        ("d5 48 8b 0d [00 00 00 00]", "d5 48 8d 0d f8 0f 00 00"),
    ];
    let rex2 = [
        ("d5 48 8b 05 [00 00 00 00]", "d5 48 8d 05 f8 0f 00 00"),
        ("d5 4c 8b 3d [00 00 00 00]", "d5 4c 8d 3d f8 0f 00 00"),
    ];
    for mode in [EXEC, PIE] {
        for target in [TargetKind::Address, TargetKind::Ifunc] {
            check(Case::new(mode, R_X86_64_GOTPCRELX, target), &table);
            check(Case::new(mode, R_X86_64_REX_GOTPCRELX, target), &rex);
            check(Case::new(mode, R_X86_64_CODE_4_GOTPCRELX, target), &rex2);
        }
    }
}

#[test]
fn indirect_calls_and_jumps_become_direct() {
    let table = [
        ("ff 15 [00 00 00 00]", "67 e8 fa 0f 00 00"),
        ("ff 25 [00 00 00 00]", "e9 fb 0f 00 00 90"),
    ];
    for mode in [EXEC, PIE] {
        for target in [TargetKind::Address, TargetKind::Ifunc] {
            check(Case::new(mode, R_X86_64_GOTPCRELX, target), &table);
        }
    }
}

#[test]
fn operations_on_a_fixed_address_take_it_as_an_immediate() {
    check(
        Case::new(EXEC, R_X86_64_GOTPCRELX, TargetKind::Address),
        &[
            ("85 05 [00 00 00 00]", "f7 c0 00 20 40 00"),
            ("03 0d [00 00 00 00]", "81 c1 00 20 40 00"),
        ],
    );
    check(
        Case::new(EXEC, R_X86_64_REX_GOTPCRELX, TargetKind::Address),
        &[
            // test, then adc add and cmp or sbb sub xor.
            ("48 85 05 [00 00 00 00]", "48 f7 c0 00 20 40 00"),
            ("4c 85 3d [00 00 00 00]", "49 f7 c7 00 20 40 00"),
            ("48 13 05 [00 00 00 00]", "48 81 d0 00 20 40 00"),
            ("48 03 0d [00 00 00 00]", "48 81 c1 00 20 40 00"),
            ("48 23 15 [00 00 00 00]", "48 81 e2 00 20 40 00"),
            ("48 3b 1d [00 00 00 00]", "48 81 fb 00 20 40 00"),
            ("48 0b 25 [00 00 00 00]", "48 81 cc 00 20 40 00"),
            ("48 1b 2d [00 00 00 00]", "48 81 dd 00 20 40 00"),
            ("48 2b 35 [00 00 00 00]", "48 81 ee 00 20 40 00"),
            ("48 33 3d [00 00 00 00]", "48 81 f7 00 20 40 00"),
            ("4c 3b 2d [00 00 00 00]", "49 81 fd 00 20 40 00"),
        ],
    );
    check(
        Case::new(EXEC, R_X86_64_CODE_4_GOTPCRELX, TargetKind::Address),
        &[
            ("d5 48 85 05 [00 00 00 00]", "d5 18 f7 c0 00 20 40 00"),
            ("d5 4c 3b 3d [00 00 00 00]", "d5 19 81 ff 00 20 40 00"),
            ("d5 08 2b 0d [00 00 00 00]", "d5 08 81 e9 00 20 40 00"),
        ],
    );
}

#[test]
fn numbers_become_immediates_in_any_output() {
    for mode in [EXEC, PIE] {
        let case = |kind| Case::new(mode, kind, TargetKind::Absolute(0x1234));
        check(case(R_X86_64_GOTPCRELX), &[("8b 05 [00 00 00 00]", "c7 c0 34 12 00 00")]);
        check(
            case(R_X86_64_REX_GOTPCRELX),
            &[
                ("48 8b 05 [00 00 00 00]", "48 c7 c0 34 12 00 00"),
                ("4c 8b 3d [00 00 00 00]", "49 c7 c7 34 12 00 00"),
                ("4c 3b 2d [00 00 00 00]", "49 81 fd 34 12 00 00"),
                ("48 85 05 [00 00 00 00]", "48 f7 c0 34 12 00 00"),
            ],
        );
        check(
            case(R_X86_64_CODE_4_GOTPCRELX),
            &[
                ("d5 48 8b 05 [00 00 00 00]", "d5 18 c7 c0 34 12 00 00"),
                ("d5 4c 8b 3d [00 00 00 00]", "d5 19 c7 c7 34 12 00 00"),
            ],
        );
    }
}

/// A fixed-address program reaches 0 by a displacement; one that moves does not.
#[test]
fn the_address_of_nothing_becomes_an_immediate_where_the_program_moves() {
    let lea = "4c 8d 3d [00 00 00 00]";
    let case = |mode, value| Case::new(mode, R_X86_64_PC32, TargetKind::Absolute(value));
    check(
        case(PIE, 0),
        &[
            (lea, "49 c7 c7 00 00 00 00"),
            ("48 8d 05 [00 00 00 00]", "48 c7 c0 00 00 00 00"),
            // A load or a call of what isn't there is never reached.
            ("48 8b 05 [00 00 00 00]", "48 8b 05 f9 ef bf ff"),
            ("e8 [00 00 00 00]", "e8 fb ef bf ff"),
        ],
    );
    assert!(case(PIE, 0x1234).link(lea).is_err());
    check(case(EXEC, 0), &[(lea, "4c 8d 3d f9 ef bf ff")]);
}

/// The slot is 0x2008 bytes behind the start of the code.
#[test]
fn what_the_psabi_does_not_name_keeps_its_slot() {
    let kept = |mode, kind, target, text: &str| {
        let action = Case::new(mode, kind, target).action(text);
        assert_eq!(action, Ok(Action::GotPcRelative(Width::S32)), "{text}");
    };
    let (plain, rex, rex2) =
        (R_X86_64_GOTPCRELX, R_X86_64_REX_GOTPCRELX, R_X86_64_CODE_4_GOTPCRELX);
    let address = TargetKind::Address;
    // push, mov to memory, a register operand, a base register, SIB.
    kept(EXEC, plain, address, "ff 35 [00 00 00 00]");
    kept(EXEC, rex, address, "48 89 05 [00 00 00 00]");
    kept(EXEC, rex, address, "48 8b 80 [00 00 00 00]");
    kept(EXEC, plain, address, "ff 90 [00 00 00 00]");
    // A prefix that isn't there; a REX2 prefix of the other opcode map; calls with a prefix.
    kept(EXEC, rex, address, "90 8b 05 [00 00 00 00]");
    kept(EXEC, rex2, address, "48 48 8b 05 [00 00 00 00]");
    kept(EXEC, rex2, address, "d5 c8 8b 05 [00 00 00 00]");
    kept(EXEC, rex, address, "48 ff 15 [00 00 00 00]");
    // Another prefix than the relocation says, or just the end of another instruction.
    kept(EXEC, rex, address, "d5 48 03 0d [00 00 00 00]");
    kept(EXEC, rex, TargetKind::Absolute(7), "d5 48 8b 0d [00 00 00 00]");
    // At the start of a section, and at its end.
    kept(EXEC, plain, address, "[00 00 00 00]");
    kept(EXEC, rex, address, "8b 05 [00 00 00 00]");
    kept(EXEC, rex, address, "48 8b 05 [00 00");
    // CODE_5 and CODE_6 loads have no conversion.
    kept(EXEC, R_X86_64_CODE_5_GOTPCRELX, address, "66 d5 48 8b 05 [00 00 00 00]");
    kept(EXEC, R_X86_64_CODE_6_GOTPCRELX, address, "62 f4 fc 18 03 05 [00 00 00 00]");
    // An address has no fixed value in a static-PIE; a large one is too far away.
    kept(PIE, rex, address, "48 85 05 [00 00 00 00]");
    kept(PIE, rex, address, "48 03 05 [00 00 00 00]");
    kept(EXEC, rex, TargetKind::Far, "48 8b 05 [00 00 00 00]");
    kept(PIE, plain, TargetKind::Far, "ff 15 [00 00 00 00]");
    // A number is no place to call from code that moves.
    kept(PIE, plain, TargetKind::Absolute(0), "ff 15 [00 00 00 00]");
    let high = Mode { low: false, ..EXEC };
    kept(high, rex, address, "48 03 05 [00 00 00 00]");
    kept(high, plain, TargetKind::Absolute(0x1000), "ff 15 [00 00 00 00]");
    // GOTPCREL makes no promise about its instruction.
    kept(EXEC, R_X86_64_GOTPCREL, address, "48 8b 05 [00 00 00 00]");
    let slot = Case::new(EXEC, R_X86_64_GOTPCREL, address);
    // 0x403008 - 0x401007 = 0x2001
    check(slot, &[("48 8b 05 [00 00 00 00]", "48 8b 05 01 20 00 00")]);
}

#[test]
fn another_addend_is_another_word_of_the_got() {
    let case = Case { addend: 4, ..Case::new(EXEC, R_X86_64_REX_GOTPCRELX, TargetKind::Address) };
    check(case, &[("48 8b 05 [00 00 00 00]", "48 8b 05 09 20 00 00")]);
}

#[test]
fn immediates_reach_the_bounds_of_their_field_and_no_further() {
    let mov = |value, text: &str| {
        Case::new(PIE, R_X86_64_REX_GOTPCRELX, TargetKind::Absolute(value)).link(text)
    };
    let (wide, slot) = ("48 8b 05 [00 00 00 00]", "48 8b 05 01 20 00 00");
    assert_eq!(mov(0x7fff_ffff, wide).unwrap(), "48 c7 c0 ff ff ff 7f");
    assert_eq!(mov(0x8000_0000, wide).unwrap(), slot);
    assert_eq!(mov(0xffff_ffff_8000_0000, wide).unwrap(), "48 c7 c0 00 00 00 80");
    assert_eq!(mov(0xffff_ffff_7fff_ffff, wide).unwrap(), slot);
    // A 32-bit register takes either extension.
    let narrow = |value| {
        let target = TargetKind::Absolute(value);
        Case::new(PIE, R_X86_64_GOTPCRELX, target).link("8b 05 [00 00 00 00]").unwrap()
    };
    assert_eq!(narrow(0xffff_ffff), "c7 c0 ff ff ff ff");
    assert_eq!(narrow(0xffff_ffff_ffff_ffff), "c7 c0 ff ff ff ff");
    assert_eq!(narrow(0x1_0000_0000), "8b 05 02 20 00 00");
}

#[test]
fn no_relax_keeps_what_correctness_allows() {
    let kept = Ok(Action::GotPcRelative(Width::S32));
    let exec = Mode { relax: false, ..EXEC };
    let pie = Mode { relax: false, ..PIE };
    for (text, relaxed) in [
        ("ff 15 [00 00 00 00]", Action::Call),
        ("ff 25 [00 00 00 00]", Action::Jump),
        ("8b 05 [00 00 00 00]", Action::Lea),
    ] {
        let case = |mode, target| Case::new(mode, R_X86_64_GOTPCRELX, target).action(text);
        assert_eq!(case(exec, TargetKind::Address), kept);
        // Start-up code runs before the GOT of a static-PIE is relocated.
        assert_eq!(case(pie, TargetKind::Address), Ok(relaxed));
        assert_eq!(case(pie, TargetKind::Absolute(0)), kept);
    }
}

#[test]
fn notrack_and_16_bit_neighbours_are_no_prefixes_of_ours() {
    // 66 ends the instruction before, or makes the immediate 16 bits: no immediate then.
    let (plain, rex, rex2) =
        (R_X86_64_GOTPCRELX, R_X86_64_REX_GOTPCRELX, R_X86_64_CODE_4_GOTPCRELX);
    let case = |kind| Case::new(EXEC, kind, TargetKind::Address);
    for (kind, text) in [
        (plain, "66 03 05 [00 00 00 00]"),
        (plain, "66 85 05 [00 00 00 00]"),
        (rex, "66 44 03 05 [00 00 00 00]"),
        (rex2, "66 d5 44 03 05 [00 00 00 00]"),
    ] {
        assert_eq!(case(kind).action(text), Ok(Action::GotPcRelative(Width::S32)), "{text}");
    }
    let number = Case::new(EXEC, rex, TargetKind::Absolute(7));
    assert!(matches!(number.action("66 44 8b 05 [00 00 00 00]"), Ok(Action::GotPcRelative(_))));
    // REX.W counts more.
    check(case(rex), &[("66 48 03 0d [00 00 00 00]", "66 48 81 c1 00 20 40 00")]);
    check(case(rex2), &[("66 d5 48 85 05 [00 00 00 00]", "66 d5 18 f7 c0 00 20 40 00")]);
    check(case(plain), &[("3e ff 25 [00 00 00 00]", "3e e9 fa 0f 00 00 90")]);
}
