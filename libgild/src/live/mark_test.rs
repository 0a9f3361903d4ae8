//! Laws of the walk, on objects built in memory.

use super::{Live, mark};
use crate::arch::x86_64::{NEEDS_GOT, NEEDS_GOTTPOFF, NEEDS_IPLT};
use crate::args::Options;
use crate::diagnostics::Errors;
use crate::elf::*;
use crate::input::Inputs;
use crate::input::testing::Builder;
use crate::merge::merge;
use crate::sections::{SectionKind, Sections, gather};
use crate::symbols::{Resolved, resolve};

const A: u64 = SHF_ALLOC;

fn options(gc: bool) -> Options {
    Options { gc_sections: gc, print_gc_sections: true, ..Options::default() }
}

/// Runs the phases up to the walk; `look` sees what they found.
fn walk<T>(
    objects: Vec<Builder>,
    options: &Options,
    look: impl FnOnce(&Resolved, Sections, Result<Live, Errors>) -> T,
) -> T {
    let names = ["a.o", "b.o", "c.o"];
    let files = names.iter().copied().zip(objects.into_iter().map(|object| object.bytes()));
    let inputs = Inputs::in_memory(files.collect());
    let resolved = resolve(&inputs, options, &mut Vec::new()).unwrap();
    let sections = gather(&resolved, options).unwrap();
    let live = mark(&resolved, &sections, options);
    look(&resolved, sections, live)
}

fn removed(objects: Vec<Builder>, options: &Options) -> Vec<String> {
    walk(objects, options, |_, _, live| live.unwrap().removed)
}

fn errors(objects: Vec<Builder>, options: &Options) -> Vec<String> {
    walk(objects, options, |_, _, live| {
        let Err(errors) = live else { return Vec::new() };
        errors.iter().map(|error| error.to_string()).collect()
    })
}

/// `_start` in section 1 with the given relocations; more is added by the test.
fn start() -> Builder {
    Builder::default().code(".text.start").code(".text.a").code(".text.b")
}

#[test]
fn what_nothing_reaches_is_removed() {
    let object = || {
        start()
            .symbol("a", STB_LOCAL, STT_FUNC, 2, 0)
            .symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0)
            .symbol("b", STB_GLOBAL, STT_FUNC, 3, 0)
    };
    let calls = |kind| object().relocations(1, &[(0, kind, 1, -4)]);
    assert_eq!(removed(vec![object()], &options(true)), ["a.o:(.text.a)", "a.o:(.text.b)"]);
    for kind in [R_X86_64_PC32, R_X86_64_64, R_X86_64_NONE] {
        assert_eq!(removed(vec![calls(kind)], &options(true)), ["a.o:(.text.b)"]);
    }
    // A cycle of dead code stays dead.
    let cycle = object().relocations(2, &[(0, R_X86_64_PLT32, 3, -4)]);
    let cycle = cycle.relocations(3, &[(0, R_X86_64_PLT32, 1, -4)]);
    assert_eq!(removed(vec![cycle], &options(true)).len(), 2);
    let mut named = options(true);
    named.undefined = vec!["b".into()];
    assert_eq!(removed(vec![object()], &named), ["a.o:(.text.a)"]);
    let everything = walk(vec![object()], &options(false), |_, _, live| live.unwrap().live_count());
    assert_eq!(everything, 3);
}

/// More sections than a sweep takes at a time, each of which refers to the one before it.
#[test]
fn a_chain_against_the_order_of_the_input_is_followed_to_its_end() {
    const LAST: u32 = 3000;
    let mut object = start();
    for _ in 4..=LAST {
        object = object.code(".text.f");
    }
    // Symbol n is section n + 1.
    for section in 2..=LAST {
        object = object.symbol("f", STB_LOCAL, STT_FUNC, section as u16, 0);
    }
    object = object.symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0);
    object = object.relocations(1, &[(0, R_X86_64_PLT32, LAST - 1, -4)]);
    for section in 4..=LAST {
        object = object.relocations(section, &[(0, R_X86_64_PLT32, section - 2, -4)]);
    }
    assert_eq!(removed(vec![object], &options(true)), ["a.o:(.text.a)"]);
}

#[test]
fn roots_keep_themselves() {
    let cases = [
        ("arrays", ".init_array.5", SHT_INIT_ARRAY, A | SHF_WRITE, true),
        ("old arrays", ".ctors", SHT_PROGBITS, A | SHF_WRITE, true),
        ("notes", ".note.x", SHT_NOTE, A, true),
        ("retained", "data", SHT_PROGBITS, A | SHF_GNU_RETAIN, true),
        ("init", ".init", SHT_PROGBITS, A | SHF_EXECINSTR, true),
        ("debug", ".debug_x", SHT_PROGBITS, 0, true),
        ("others", ".initial", SHT_PROGBITS, A, false),
    ];
    for (what, name, kind, flags, kept) in cases {
        let object = start().section(name, kind, flags, &[0; 8]);
        let removed = removed(vec![object], &options(true));
        assert_eq!(!removed.contains(&format!("a.o:({name})")), kept, "{what}");
    }
}

#[test]
fn groups_and_link_orders_follow() {
    let object = |reference| {
        let data = (SHT_PROGBITS, A | SHF_GROUP);
        let order = (SHT_PROGBITS, A | SHF_LINK_ORDER);
        start()
            .section_of(".data.a", data, 0, (8, 0), &[0; 8])
            .section_of("order", order, 2, (8, 0), &[0; 8])
            .relocations(4, &[(0, R_X86_64_64, 2, 0)])
            .relocations(1, reference)
            .symbol("a", STB_LOCAL, STT_FUNC, 2, 0)
            .symbol("b", STB_LOCAL, STT_FUNC, 3, 0)
            .symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0)
            .group(3, &[2, 6, 4])
    };
    // A live: with its group, the section that follows it, and what the group refers to.
    let none: Vec<String> = Vec::new();
    assert_eq!(removed(vec![object(&[(0, R_X86_64_PC32, 1, 0)])], &options(true)), none);
    let all = removed(vec![object(&[])], &options(true));
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn bounds_keep_their_sections_unless_told_otherwise() {
    let object = |bind| {
        start()
            .section("list", SHT_PROGBITS, A, &[0; 8])
            .relocations(1, &[(0, R_X86_64_64, 2, 0)])
            .symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0)
            .symbol("__start_list", bind, STT_NOTYPE, 0, 0)
    };
    assert_eq!(removed(vec![object(STB_GLOBAL)], &options(true)).len(), 2);
    let gc = Options { start_stop_gc: true, ..options(true) };
    assert_eq!(removed(vec![object(STB_WEAK)], &gc).len(), 3);
    assert!(errors(vec![object(STB_GLOBAL)], &gc)[0].contains("undefined symbol: __start_list"));
    // Undefined means 0, which takes no RELATIVE relocation.
    for (gc, relative) in [(options(true), true), (gc, false)] {
        let pie = Options { pie: true, text_relocations: true, ..gc };
        walk(vec![object(STB_WEAK)], &pie, |resolved, _, live| {
            let start = resolved.objects[0].section_id(1);
            assert_eq!(live.unwrap().has_relative(start), relative);
        });
    }
}

#[test]
fn only_live_code_misses_symbols() {
    let object = |section| {
        start()
            .relocations(section, &[(3, R_X86_64_PC32, 2, -4), (9, R_X86_64_PC32, 3, -4)])
            .symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0)
            .symbol("missing", STB_GLOBAL, STT_NOTYPE, 0, 0)
            .symbol("optional", STB_WEAK, STT_NOTYPE, 0, 0)
    };
    let found = errors(vec![object(1)], &options(true));
    assert_eq!(found, ["undefined symbol: missing\n>>> referenced by a.o:(.text.start+0x3)"]);
    assert!(errors(vec![object(2)], &options(true)).is_empty());
    assert_eq!(errors(vec![object(2)], &options(false)).len(), 1);
}

#[test]
fn needs_of_globals_and_locals() {
    let object = start()
        .section(".tdata", SHT_PROGBITS, A | SHF_WRITE | SHF_TLS, &[0; 8])
        .relocations(
            1,
            &[
                (0, R_X86_64_GOTPCREL, 1, -4),
                (4, R_X86_64_GOTPCREL, 4, -4),
                (8, R_X86_64_PLT32, 2, -4),
                (12, R_X86_64_GOTTPOFF, 5, -4),
            ],
        )
        .symbol("local", STB_LOCAL, STT_FUNC, 2, 0)
        .symbol("local ifunc", STB_LOCAL, STT_GNU_IFUNC, 2, 0)
        .symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0)
        .symbol("ifunc", STB_GLOBAL, STT_GNU_IFUNC, 3, 0)
        .symbol("tls", STB_GLOBAL, STT_TLS, 4, 0);
    let no_relax = Options { relax: false, ..options(false) };
    walk(vec![object], &no_relax, |resolved, _, live| {
        let live = live.unwrap();
        let file = resolved.objects[0].file;
        assert_eq!(live.local_needs, [(file, 1, NEEDS_GOT), (file, 2, NEEDS_IPLT)]);
        let needs = |name: &str| live.needs(resolved.names.get(name.as_bytes()).unwrap());
        assert_eq!(needs("ifunc"), NEEDS_GOT | NEEDS_IPLT);
        assert_eq!(needs("tls"), NEEDS_GOTTPOFF);
        assert_eq!(needs("_start"), 0);
        assert!(!live.got_base_used);
    });
}

#[test]
fn pieces_that_nothing_refers_to_are_dropped() {
    let strings = (SHT_PROGBITS, A | SHF_MERGE | SHF_STRINGS);
    let object = |addend| {
        start()
            .section_of(".rodata.str1.1", strings, 0, (1, 1), b"one\0two\0three\0")
            .relocations(1, &[(0, R_X86_64_32, 1, addend), (4, R_X86_64_32, 2, 100)])
            .symbol("", STB_LOCAL, STT_SECTION, 4, 0)
            .symbol("three", STB_LOCAL, STT_OBJECT, 4, 8)
            .symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0)
    };
    for (gc, expected) in [(true, &b"two\0three\0"[..]), (false, b"one\0two\0three\0")] {
        walk(vec![object(5)], &options(gc), |resolved, mut sections, live| {
            let merged = merge(resolved, &mut sections, &live.unwrap(), &options(gc)).unwrap();
            let index = sections.inputs[resolved.objects[0].section_id(4).index()].offset;
            let (_, bytes) = merged.parts(merged.section(index)).next().unwrap();
            assert_eq!(bytes, expected);
            assert_eq!(merged.lookup(index, 0).is_some(), !gc);
            assert_eq!(merged.lookup(index, 13).map(|end| end as usize + 1), Some(expected.len()));
        });
    }
    let outside = errors(vec![object(15)], &options(false));
    assert!(outside[0].contains("offset 0xf of mergeable section a.o:(.rodata.str1.1)"));
}

#[test]
fn references_into_discarded_groups() {
    let object = |section: &str, alloc| {
        start()
            .section(section, SHT_PROGBITS, alloc, &[0; 16])
            .relocations(4, &[(0, R_X86_64_64, 1, 0)])
            .symbol("local", STB_LOCAL, STT_FUNC, 2, 0)
            .symbol("signature", STB_GLOBAL, STT_FUNC, 2, 0)
            .group(2, &[2])
    };
    let link =
        |section, alloc| errors(vec![object("x", 0), object(section, alloc)], &options(false));
    assert_eq!(
        link("data", A),
        ["relocation refers to a symbol in a discarded section: local\n\
          >>> defined in b.o:(.text.a)\n>>> referenced by b.o:(data+0x0)"]
    );
    assert!(link(".debug_info", 0).is_empty());
    assert!(link(".gcc_except_table", A).is_empty());
}

/// A CIE and two FDEs of 20 bytes, for the functions of symbols 1 and 2, with LSDAs.
fn frames() -> Vec<u8> {
    let record = |id: u32| [16u32.to_le_bytes(), id.to_le_bytes()].concat();
    let mut data = Vec::new();
    for id in [0, 24, 44] {
        data.extend(record(id));
        data.resize(data.len() + 12, 0);
    }
    data
}

#[test]
fn unwind_records_follow_their_functions() {
    let object = |reference: u32| {
        start()
            .section(".eh_frame", SHT_PROGBITS, A, &frames())
            .section(".gcc_except_table.a", SHT_PROGBITS, A, &[0; 8])
            .section(".gcc_except_table.b", SHT_PROGBITS, A, &[0; 8])
            .code(".text.personality")
            // Not sorted: the second FDE's relocations stand first.
            .relocations(
                4,
                &[
                    (48, R_X86_64_PC32, 2, 0),
                    (56, R_X86_64_PC32, 4, 0),
                    (9, R_X86_64_PC32, 5, 0),
                    (28, R_X86_64_PC32, 1, 0),
                    (36, R_X86_64_PC32, 3, 0),
                ],
            )
            .relocations(1, &[(0, R_X86_64_PC32, reference, -4)])
            .symbol("a", STB_LOCAL, STT_FUNC, 2, 0)
            .symbol("b", STB_LOCAL, STT_FUNC, 3, 0)
            .symbol("lsda a", STB_LOCAL, STT_OBJECT, 5, 0)
            .symbol("lsda b", STB_LOCAL, STT_OBJECT, 6, 0)
            .symbol("personality", STB_LOCAL, STT_FUNC, 7, 0)
            .symbol("_start", STB_GLOBAL, STT_FUNC, 1, 0)
    };
    let dead = |reference| removed(vec![object(reference)], &options(true));
    assert_eq!(dead(1), ["a.o:(.text.b)", "a.o:(.gcc_except_table.b)"]);
    assert_eq!(dead(2), ["a.o:(.text.a)", "a.o:(.gcc_except_table.a)"]);
    assert_eq!(dead(6).len(), 5);
    walk(vec![object(1)], &options(true), |_, sections, _| {
        let frames = &sections.eh_frames[0];
        let targets: Vec<u32> = frames.fdes.iter().map(|fde| fde.target.0).collect();
        assert_eq!((frames.cies.len(), targets), (1, vec![2, 3]));
        assert_eq!((frames.fdes_of(2), frames.fdes_of(3)), (&[0][..], &[1][..]));
        assert!(frames.fdes_of(1).is_empty() && frames.fdes_of(1000).is_empty());
    });
}

/// Pieces take their section's alignment, which a compression header gives anew.
#[test]
fn sections_of_great_alignment_are_not_merged() {
    const STRINGS: u64 = SHF_MERGE | SHF_STRINGS;
    let text = b"a\0b\0";
    let compressed = |align: u64| {
        let header = [2, text.len() as u64, align].map(u64::to_le_bytes).concat();
        [header, zstd::encode_all(&text[..], 1).unwrap()].concat()
    };
    for (flags, align, data, kind) in [
        (0, 64, text.to_vec(), SectionKind::Merge),
        (0, 128, text.to_vec(), SectionKind::Regular),
        (SHF_COMPRESSED, 8, compressed(1), SectionKind::Merge),
        (SHF_COMPRESSED, 8, compressed(1 << 31), SectionKind::Regular),
    ] {
        let shape = (SHT_PROGBITS, STRINGS | flags);
        let object = start().section_of(".debug_str", shape, 0, (align, 1), &data);
        walk(vec![object], &options(false), |_, sections, _| {
            assert_eq!(sections.inputs[4].kind, kind, "{flags:#x} {align}");
        });
    }
}

#[test]
fn members_stand_in_output_order() {
    let array =
        |elf: Builder, name: &str| elf.section(name, SHT_INIT_ARRAY, A | SHF_WRITE, &[0; 8]);
    let object = start().code(".text").code(".text.hot.x").code(".text.unlikely.y");
    let object = array(array(array(object, ".init_array"), ".init_array.200"), ".init_array.30");
    let object = object.section(".bss", SHT_NOBITS, A | SHF_WRITE, &[]);
    walk(vec![object], &options(false), |resolved, mut sections, live| {
        merge(resolved, &mut sections, &live.unwrap(), &options(false)).unwrap();
        let members = |name: &str| -> Vec<u32> {
            let output = sections.outputs.iter().find(|output| output.name == name.as_bytes());
            output.unwrap().members.iter().map(|id| id.0).collect()
        };
        assert_eq!(members(".text"), [6, 5, 1, 2, 3, 4]);
        assert_eq!(members(".init_array"), [9, 8, 7]);
        let comment = sections.outputs.iter().find(|output| output.name == b".comment").unwrap();
        assert_eq!(comment.flags, SHF_MERGE | SHF_STRINGS);
        assert_eq!(comment.members.len(), 1);
    });
}
