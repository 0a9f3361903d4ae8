//! psABI 11.1.3, byte for byte: every model becomes local exec. The variable is 0x30 bytes before
//! the thread pointer, so its offset is `d0 ff ff ff`.

use super::case::*;
use super::*;
use crate::elf::*;

fn tls(kind: u32) -> Case {
    Case::new(EXEC, kind, TargetKind::Tls)
}

#[test]
fn general_dynamic_with_a_direct_call() {
    for next in [R_X86_64_PLT32, R_X86_64_PC32] {
        check(
            Case { next, ..tls(R_X86_64_TLSGD) },
            &[(
                "66 48 8d 3d [00 00 00 00] 66 66 48 e8 (00 00 00 00)",
                "64 48 8b 04 25 00 00 00 00 48 8d 80 d0 ff ff ff",
            )],
        );
    }
}

#[test]
fn general_dynamic_with_an_indirect_call() {
    for next in [R_X86_64_GOTPCRELX, R_X86_64_REX_GOTPCRELX, R_X86_64_GOTPCREL] {
        check(
            Case { next, ..tls(R_X86_64_TLSGD) },
            &[(
                "66 48 8d 3d [00 00 00 00] 66 48 ff 15 (00 00 00 00)",
                "64 48 8b 04 25 00 00 00 00 48 8d 80 d0 ff ff ff",
            )],
        );
    }
}

#[test]
fn general_dynamic_of_the_large_model() {
    let case = Case { next: R_X86_64_PLTOFF64, ..tls(R_X86_64_TLSGD) };
    let linked = "64 48 8b 04 25 00 00 00 00 48 8d 80 d0 ff ff ff 66 0f 1f 44 00 00";
    let before =
        |add| format!("48 8d 3d [00 00 00 00] 48 b8 (00 00 00 00 00 00 00 00) {add} ff d0");
    // The GOT's address is in %rbx or in %r15.
    check(case, &[(&before("48 01 d8"), linked), (&before("4c 01 f8"), linked)]);
}

#[test]
fn local_dynamic_with_a_direct_call() {
    check(
        Case { next: R_X86_64_PLT32, ..tls(R_X86_64_TLSLD) },
        &[("48 8d 3d [00 00 00 00] e8 (00 00 00 00)", "66 66 66 64 48 8b 04 25 00 00 00 00")],
    );
}

#[test]
fn local_dynamic_with_an_indirect_call() {
    check(
        Case { next: R_X86_64_GOTPCRELX, ..tls(R_X86_64_TLSLD) },
        &[("48 8d 3d [00 00 00 00] ff 15 (00 00 00 00)", "66 66 66 66 64 48 8b 04 25 00 00 00 00")],
    );
}

#[test]
fn local_dynamic_of_the_large_model() {
    check(
        Case { next: R_X86_64_PLTOFF64, ..tls(R_X86_64_TLSLD) },
        &[(
            "48 8d 3d [00 00 00 00] 48 b8 (00 00 00 00 00 00 00 00) 48 01 d8 ff d0",
            "66 66 66 66 2e 0f 1f 84 00 00 00 00 00 64 48 8b 04 25 00 00 00 00",
        )],
    );
}

#[test]
fn calls_take_their_relocation_along() {
    let gd = Case { next: R_X86_64_PLT32, ..tls(R_X86_64_TLSGD) };
    let action = gd.action("66 48 8d 3d [00 00 00 00] 66 66 48 e8 (00 00 00 00)").unwrap();
    assert!(action.skips_next());
    let desc = tls(R_X86_64_TLSDESC_CALL).action("[ff 10").unwrap();
    assert!(!desc.skips_next());
}

#[test]
fn unknown_sequences_are_refused() {
    let refused = |case: Case, text: &str| {
        assert_eq!(case.action(text), Err(RelocationError::TlsSequence));
    };
    let gd = Case { next: R_X86_64_PLT32, ..tls(R_X86_64_TLSGD) };
    let ld = Case { next: R_X86_64_PLT32, ..tls(R_X86_64_TLSLD) };
    // No call, a call elsewhere, a call of another kind, another register, cut off.
    refused(gd, "66 48 8d 3d [00 00 00 00] 66 66 48 e8 00 00 00 00");
    refused(gd, "66 48 8d 3d [00 00 00 00] 66 66 48 e8 00 (00 00 00 00)");
    refused(
        Case { next: R_X86_64_GOTPCRELX, ..gd },
        "66 48 8d 3d [00 00 00 00] 66 66 48 e8 (00 00 00 00)",
    );
    refused(gd, "66 48 8d 05 [00 00 00 00] 66 66 48 e8 (00 00 00 00)");
    refused(gd, "48 8d 3d [00 00 00 00] 66 66 48 e8 (00 00 00 00)");
    refused(gd, "[00 00 00 00] 66 66 48 e8 (00 00 00 00)");
    refused(gd, "66 48 8d 3d [00 00 00 00] 66 66 48");
    refused(ld, "48 8d 3d [00 00 00 00] e8 00 (00 00 00 00)");
    refused(ld, "48 8d 3d [00 00 00 00] ff 15 (00 00 00 00)");
    refused(tls(R_X86_64_TLSDESC_CALL), "[ff 11");
    refused(tls(R_X86_64_GOTPC32_TLSDESC), "48 8b 05 [00 00 00 00]");
    refused(tls(R_X86_64_CODE_6_GOTPC32_TLSDESC), "62 f4 fc 18 8d 05 [00 00 00 00]");
    refused(Case { addend: 0, ..gd }, "66 48 8d 3d [00 00 00 00] 66 66 48 e8 (00 00 00 00)");
}

#[test]
fn initial_exec_loads_become_immediates() {
    check(
        tls(R_X86_64_GOTTPOFF),
        &[
            ("48 8b 05 [00 00 00 00]", "48 c7 c0 d0 ff ff ff"),
            ("4c 8b 25 [00 00 00 00]", "49 c7 c4 d0 ff ff ff"),
        ],
    );
    check(
        tls(R_X86_64_CODE_4_GOTTPOFF),
        &[
            ("d5 48 8b 05 [00 00 00 00]", "d5 18 c7 c0 d0 ff ff ff"),
            ("d5 4c 8b 3d [00 00 00 00]", "d5 19 c7 c7 d0 ff ff ff"),
        ],
    );
}

#[test]
fn initial_exec_additions_become_lea_where_it_can_say_so() {
    check(
        tls(R_X86_64_GOTTPOFF),
        &[
            ("48 03 05 [00 00 00 00]", "48 8d 80 d0 ff ff ff"),
            ("48 03 3d [00 00 00 00]", "48 8d bf d0 ff ff ff"),
            ("4c 03 2d [00 00 00 00]", "4d 8d ad d0 ff ff ff"),
            // %rsp and %r12
            ("48 03 25 [00 00 00 00]", "48 81 c4 d0 ff ff ff"),
            ("4c 03 25 [00 00 00 00]", "49 81 c4 d0 ff ff ff"),
        ],
    );
    check(
        tls(R_X86_64_CODE_4_GOTTPOFF),
        &[
            ("d5 48 03 05 [00 00 00 00]", "d5 18 81 c0 d0 ff ff ff"),
            ("d5 4c 03 3d [00 00 00 00]", "d5 19 81 c7 d0 ff ff ff"),
        ],
    );
}

#[test]
fn initial_exec_additions_of_three_operands() {
    check(
        tls(R_X86_64_CODE_6_GOTTPOFF),
        &[
            // add %r8, foo@gottpoff(%rip), %r16
            ("62 74 fc 10 01 05 [00 00 00 00]", "62 d4 fc 10 81 c0 d0 ff ff ff"),
            // add foo@gottpoff(%rip), %rax, %r12
            ("62 f4 9c 18 03 05 [00 00 00 00]", "62 f4 9c 18 81 c0 d0 ff ff ff"),
            // add %r16, foo@gottpoff(%rip), %r8
            ("62 e4 bc 18 01 05 [00 00 00 00]", "62 fc bc 18 81 c0 d0 ff ff ff"),
            // {nf} add %r31, foo@gottpoff(%rip), %rcx
            ("62 64 f4 1c 01 3d [00 00 00 00]", "62 dc f4 1c 81 c7 d0 ff ff ff"),
        ],
    );
}

/// The slot is 0x2008 bytes behind the start of the code.
#[test]
fn initial_exec_keeps_its_slot_where_the_instruction_is_another() {
    for (kind, text) in [
        (R_X86_64_GOTTPOFF, "48 2b 05 [00 00 00 00]"),
        (R_X86_64_GOTTPOFF, "8b 05 [00 00 00 00]"),
        (R_X86_64_GOTTPOFF, "40 8b 05 [00 00 00 00]"),
        (R_X86_64_GOTTPOFF, "48 8b 80 [00 00 00 00]"),
        (R_X86_64_GOTTPOFF, "d5 48 8b 05 [00 00 00 00]"),
        (R_X86_64_GOTTPOFF, "d5 48 03 05 [00 00 00 00]"),
        (R_X86_64_CODE_4_GOTTPOFF, "d5 c8 8b 05 [00 00 00 00]"),
        (R_X86_64_CODE_5_GOTTPOFF, "66 d5 48 8b 05 [00 00 00 00]"),
        (R_X86_64_CODE_6_GOTTPOFF, "62 f4 fc 18 2b 05 [00 00 00 00]"),
        (R_X86_64_CODE_6_GOTTPOFF, "62 f5 fc 18 03 05 [00 00 00 00]"),
    ] {
        assert_eq!(tls(kind).action(text), Ok(Action::GotTpPcRelative), "{text}");
    }
    let strict = Mode { relax: false, ..EXEC };
    let case = Case::new(strict, R_X86_64_GOTTPOFF, TargetKind::Tls);
    check(case, &[("48 8b 05 [00 00 00 00]", "48 8b 05 01 20 00 00")]);
}

#[test]
fn descriptors_become_immediates_and_their_calls_nops() {
    check(
        tls(R_X86_64_GOTPC32_TLSDESC),
        &[
            ("48 8d 05 [00 00 00 00]", "48 c7 c0 d0 ff ff ff"),
            ("4c 8d 3d [00 00 00 00]", "49 c7 c7 d0 ff ff ff"),
            // Maybe another prefix than the relocation says: a load from the slot, as initial exec.
            ("d5 48 8d 05 [00 00 00 00]", "d5 48 8b 05 00 20 00 00"),
        ],
    );
    check(
        tls(R_X86_64_CODE_4_GOTPC32_TLSDESC),
        &[("d5 48 8d 05 [00 00 00 00]", "d5 18 c7 c0 d0 ff ff ff")],
    );
    check(tls(R_X86_64_TLSDESC_CALL), &[("[ff 10]", "66 90")]);
}

#[test]
fn dynamic_models_relax_whatever_the_options_say() {
    for mode in [PIE, Mode { relax: false, ..EXEC }, Mode { relax: false, ..PIE }] {
        let gd = Case { mode, next: R_X86_64_PLT32, ..tls(R_X86_64_TLSGD) };
        assert!(gd.action("66 48 8d 3d [00 00 00 00] 66 66 48 e8 (00 00 00 00)").is_ok());
        let desc = Case { mode, ..tls(R_X86_64_GOTPC32_TLSDESC) };
        assert!(desc.action("48 8d 05 [00 00 00 00]").is_ok());
    }
}

#[test]
fn offsets_in_the_module_become_offsets_from_the_thread_pointer() {
    let zero = |case: Case| Case { addend: 0, ..case };
    check(zero(tls(R_X86_64_DTPOFF32)), &[("48 8d 80 [00 00 00 00]", "48 8d 80 d0 ff ff ff")]);
    check(zero(tls(R_X86_64_TPOFF32)), &[("[00 00 00 00]", "d0 ff ff ff")]);
    let wide = "[00 00 00 00 00 00 00 00]";
    check(zero(tls(R_X86_64_TPOFF64)), &[(wide, "d0 ff ff ff ff ff ff ff")]);
    check(zero(tls(R_X86_64_DTPOFF64)), &[(wide, "d0 ff ff ff ff ff ff ff")]);
    // Debuggers, and whoever has the offset in data, add the start of the module's block themselves.
    for flags in [0, SHF_ALLOC | SHF_WRITE] {
        let this = rela(R_X86_64_DTPOFF64, 0, 8);
        let action = action(EXEC, &this, &[0; 8], TargetKind::Tls, flags, None).unwrap();
        let mut bytes = [0; 8];
        apply(action, &mut bytes, 0, 0, &Values { a: 8, ..tls(0).values }).unwrap();
        assert_eq!(u64::from_le_bytes(bytes), 8);
    }
}

#[test]
fn plain_and_thread_local_symbols_do_not_mix() {
    for target in [TargetKind::Address, TargetKind::Ifunc, TargetKind::Absolute(5)] {
        let case = Case::new(EXEC, R_X86_64_TPOFF32, target);
        assert_eq!(case.action("[00 00 00 00]"), Err(RelocationError::NotThreadLocal));
    }
    for kind in [R_X86_64_64, R_X86_64_PC32, R_X86_64_PLT32, R_X86_64_GOTPCREL, R_X86_64_32S] {
        let error = tls(kind).action("[00 00 00 00 00 00 00 00]");
        assert_eq!(error, Err(RelocationError::ThreadLocal));
    }
    // Undefined and weak: at the thread pointer.
    let weak = Case::new(EXEC, R_X86_64_TPOFF32, TargetKind::Absolute(0));
    assert!(weak.action("[00 00 00 00]").is_ok());
}
