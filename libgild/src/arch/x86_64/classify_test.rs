//! Which relocation does what, in which output.

use super::case::*;
use super::*;
use crate::args::Options;
use crate::elf::*;

const FIELD: &str = "[00 00 00 00 00 00 00 00]";

/// The outcome for a loaded section with flags `flags`.
fn classify(
    mode: Mode,
    kind: u32,
    target: TargetKind,
    flags: u64,
) -> Result<Action, RelocationError> {
    let bytes = [0; 8];
    action(mode, &rela(kind, 0, 0), &bytes, target, SHF_ALLOC | flags, None)
}

#[test]
fn formulas_of_a_fixed_address_program() {
    // (type, width of the field, what 0x402000 becomes at 0x401000 with addend 0), psABI table 4.9.
    let table = [
        (R_X86_64_64, 8, TARGET),
        (R_X86_64_PC64, 8, 0x1000),
        (R_X86_64_PC32, 4, 0x1000),
        (R_X86_64_PLT32, 4, 0x1000),
        (R_X86_64_32, 4, TARGET),
        (R_X86_64_32S, 4, TARGET),
        (R_X86_64_PC16, 2, 0x1000),
        (R_X86_64_GOT32, 4, 8),
        (R_X86_64_GOT64, 8, 8),
        (R_X86_64_GOTPLT64, 8, 8),
        (R_X86_64_GOTPCREL, 4, 0x2008),
        (R_X86_64_GOTPCREL64, 8, 0x2008),
        (R_X86_64_GOTOFF64, 8, 0_u64.wrapping_sub(0x1000)),
        (R_X86_64_PLTOFF64, 8, 0_u64.wrapping_sub(0x1000)),
        (R_X86_64_GOTPC32, 4, 0x2000),
        (R_X86_64_GOTPC64, 8, 0x2000),
        (R_X86_64_SIZE32, 4, 0x18),
        (R_X86_64_SIZE64, 8, 0x18),
        (R_X86_64_NONE, 0, 0),
    ];
    for (kind, width, value) in table {
        let case = Case { addend: 0, ..Case::new(EXEC, kind, TargetKind::Address) };
        let mut bytes = value.to_le_bytes();
        bytes[width..].fill(0);
        let text = bytes.map(|byte| format!("{byte:02x}")).join(" ");
        assert_eq!(case.link(FIELD), Ok(text), "{}", reloc_name(kind));
    }
}

#[test]
fn needs_follow_the_formula() {
    let needs = |kind| classify(EXEC, kind, TargetKind::Address, 0).map(Action::needs);
    assert_eq!(needs(R_X86_64_64), Ok(0));
    assert_eq!(needs(R_X86_64_PLT32), Ok(0));
    assert_eq!(needs(R_X86_64_GOTPCREL), Ok(NEEDS_GOT));
    assert_eq!(needs(R_X86_64_GOTPCREL64), Ok(NEEDS_GOT));
    assert_eq!(needs(R_X86_64_GOT64), Ok(NEEDS_GOT | NEEDS_GOT_BASE));
    assert_eq!(needs(R_X86_64_GOTOFF64), Ok(NEEDS_GOT_BASE));
    assert_eq!(needs(R_X86_64_GOTPC32), Ok(NEEDS_GOT_BASE));
    let slot = classify(EXEC, R_X86_64_GOTTPOFF, TargetKind::Tls, 0).map(Action::needs);
    assert_eq!(slot, Ok(NEEDS_GOTTPOFF));
}

#[test]
fn words_of_a_static_pie_move_with_it() {
    let word = |target, flags| classify(PIE, R_X86_64_64, target, flags);
    assert_eq!(word(TargetKind::Address, SHF_WRITE), Ok(Action::Relative));
    assert_eq!(word(TargetKind::Ifunc, SHF_WRITE), Ok(Action::Relative));
    assert_eq!(word(TargetKind::Absolute(7), 0), Ok(Action::Absolute(Width::W64)));
    assert_eq!(word(TargetKind::Address, 0), Err(RelocationError::ReadOnly));
    let text = Mode { text_relocations: true, ..PIE };
    assert_eq!(classify(text, R_X86_64_64, TargetKind::Address, 0), Ok(Action::Relative));
    // Not where nothing is loaded.
    let debug = action(PIE, &rela(R_X86_64_64, 0, 0), &[0; 8], TargetKind::Address, 0, None);
    assert_eq!(debug, Ok(Action::Absolute(Width::W64)));
}

#[test]
fn narrow_addresses_do_not_fit_a_static_pie() {
    for kind in [R_X86_64_32, R_X86_64_32S, R_X86_64_16, R_X86_64_8] {
        let error = classify(PIE, kind, TargetKind::Address, SHF_WRITE);
        assert_eq!(error, Err(RelocationError::NarrowInPie));
        assert!(classify(PIE, kind, TargetKind::Absolute(1), SHF_WRITE).is_ok());
        assert!(classify(EXEC, kind, TargetKind::Address, SHF_WRITE).is_ok());
    }
}

#[test]
fn a_number_is_no_distance_away_from_what_moves() {
    for kind in [R_X86_64_PC32, R_X86_64_PLT32, R_X86_64_PC64, R_X86_64_GOTOFF64] {
        let error = classify(PIE, kind, TargetKind::Absolute(0x1000), 0);
        assert_eq!(error, Err(RelocationError::AbsoluteInPie));
        // An undefined weak function is never called.
        assert!(classify(PIE, kind, TargetKind::Absolute(0), 0).is_ok());
        assert!(classify(EXEC, kind, TargetKind::Absolute(0x1000), 0).is_ok());
    }
}

#[test]
fn dynamic_and_unknown_types_are_refused() {
    for kind in [R_X86_64_RELATIVE, R_X86_64_IRELATIVE, 5, 16, 39, 200] {
        let error = classify(EXEC, kind, TargetKind::Address, SHF_WRITE);
        assert_eq!(error, Err(RelocationError::Meaningless), "{}", reloc_name(kind));
    }
    assert_eq!(reloc_name(51), "R_X86_64_CODE_6_GOTPC32_TLSDESC");
    assert_eq!(reloc_name(52), "relocation type 52");
    let debug = action(EXEC, &rela(R_X86_64_GOTPCREL, 0, 0), &[0; 8], TargetKind::Address, 0, None);
    assert_eq!(debug, Err(RelocationError::NotLoaded));
}

#[test]
fn debug_information_may_speak_of_the_got() {
    let debug = |kind| action(PIE, &rela(kind, 0, 0), &[0; 8], TargetKind::Address, 0, None);
    assert_eq!(debug(R_X86_64_GOTPC64), Ok(Action::BasePcRelative(Width::W64)));
    assert_eq!(debug(R_X86_64_GOTPC32), Ok(Action::BasePcRelative(Width::S32)));
}

#[test]
fn immediates_need_addresses_below_two_gigabytes() {
    let low = |base| Mode::new(&Options { image_base: base, ..Options::default() }).low;
    assert!(low(None) && low(Some(0x20_0000)));
    assert!(!low(Some(1 << 31)));
    let far = Options { section_starts: vec![(".text".into(), 1 << 40)], ..Options::default() };
    assert!(!Mode::new(&far).low);
}

#[test]
fn tombstones_end_no_list() {
    assert_eq!(tombstone(b".debug_ranges"), 1);
    assert_eq!(tombstone(b".debug_loc"), 1);
    assert_eq!(tombstone(b".debug_names"), 0xffff_ffff);
    assert_eq!(tombstone(b".debug_info"), 0);
    assert_eq!(tombstone(b".debug_line"), 0);
}
