//! Breaks in headers, segments, sections and notes.

use gild_diff::Kind;

use crate::support::Flavour::{CGlibc, CMusl, CPie, CRelr, Rust};
use crate::support::elf::Elf;
use crate::{broken, broken_by};

const PT_LOAD: u32 = 1;
const PT_TLS: u32 = 7;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PT_GNU_RELRO: u32 = 0x6474_e552;

/// The loadable segment with exactly these rights that holds an address.
fn load(e: &Elf, addr: u64) -> usize {
    let all = e.segments(PT_LOAD);
    let holds = |&at: &usize| {
        let start = e.word(at + 16);
        addr >= start && addr - start < e.word(at + 40)
    };
    all.into_iter().find(holds).expect("a segment")
}

/// Gives the loadable segment that holds an address other rights: PF_R 4, PF_W 2, PF_X 1.
fn set_rights(e: &mut Elf, addr: u64, flags: u32) {
    let segment = load(e, addr);
    e.set_int(segment + 4, flags);
}

#[test]
fn another_entry_point() {
    broken(CMusl, Kind::Entry, "ELF header", |e| e.set_word(24, e.symbol("main").value));
}

#[test]
fn flags_in_the_header() {
    broken(CGlibc, Kind::FileHeader, "ELF header", |e| e.set_int(48, 1));
}

#[test]
fn code_that_may_be_written() {
    broken(CGlibc, Kind::SegmentFault, "writable and executable", |e| {
        set_rights(e, e.symbol("main").value, 7);
    });
}

#[test]
fn code_that_may_not_run() {
    broken(CMusl, Kind::SegmentFault, ".text", |e| {
        set_rights(e, e.symbol("main").value, 4);
    });
}

#[test]
fn data_that_may_not_be_written() {
    broken(CMusl, Kind::SegmentRights, ".data", |e| {
        set_rights(e, e.symbol("numbers").value, 4);
    });
}

#[test]
fn an_offset_that_is_not_congruent() {
    broken(CMusl, Kind::SegmentFault, "congruent", |e| {
        let segment = load(e, e.symbol("main").value);
        e.set_word(segment + 8, e.word(segment + 8) + 16);
    });
}

#[test]
fn a_segment_that_ends_too_early() {
    broken(CGlibc, Kind::SegmentFault, "", |e| {
        let segment = load(e, e.symbol("main").value);
        e.set_word(segment + 32, e.word(segment + 32) - 0x100);
        e.set_word(segment + 40, e.word(segment + 40) - 0x100);
    });
}

#[test]
fn constants_that_may_not_be_read() {
    broken(CMusl, Kind::SegmentRights, ".rodata", |e| {
        set_rights(e, e.section(".rodata").addr, 0);
    });
}

#[test]
fn zeros_that_come_from_the_file() {
    broken(CMusl, Kind::SegmentFault, "must be zero", |e| {
        let segment = load(e, e.section(".bss").addr);
        e.set_word(segment + 32, e.word(segment + 40));
    });
}

#[test]
fn another_size_of_the_stack() {
    broken(CMusl, Kind::StackRights, "sizes", |e| {
        let stack = e.segments(PT_GNU_STACK)[0];
        e.set_word(stack + 40, 0x20_0000);
    });
}

#[test]
fn an_executable_stack() {
    broken(CMusl, Kind::StackRights, "PT_GNU_STACK", |e| {
        let stack = e.segments(PT_GNU_STACK)[0];
        e.set_int(stack + 4, 7);
    });
}

#[test]
fn data_left_writable_after_relocation() {
    broken(CPie, Kind::Relro, "", |e| {
        let relro = e.segments(PT_GNU_RELRO)[0];
        e.set_word(relro + 40, 0x40);
        e.set_word(relro + 32, 0x40);
    });
}

/// The end is rounded down to a page, and so it must reach one.
#[test]
fn data_made_read_only_after_relocation() {
    broken(CPie, Kind::Relro, ".data", |e| {
        let (relro, data) = (e.segments(PT_GNU_RELRO)[0], e.section(".data").addr);
        let end = (data + 1).next_multiple_of(0x1000);
        e.set_word(relro + 40, end - e.word(relro + 16));
    });
}

#[test]
fn no_relro_at_all() {
    broken(CGlibc, Kind::SegmentMissing, "PT_GNU_RELRO", |e| {
        let relro = e.segments(PT_GNU_RELRO)[0];
        e.set_int(relro, 0);
    });
}

#[test]
fn a_lost_search_table() {
    broken(Rust, Kind::SegmentMissing, "PT_GNU_EH_FRAME", |e| {
        let header = e.segments(0x6474_e550)[0];
        e.set_int(header, 0);
    });
}

#[test]
fn section_flags() {
    broken(CMusl, Kind::SectionFlags, ".data", |e| {
        let header = e.section(".data").header;
        e.set_word(header + 8, 2);
    });
}

#[test]
fn a_misaligned_section() {
    broken(CMusl, Kind::SectionAlign, ".data", |e| {
        let header = e.section(".data").header;
        e.set_word(header + 48, 0x10000);
    });
}

#[test]
fn a_lost_build_id() {
    broken(CGlibc, Kind::BuildId, "note GNU 3", |e| {
        let note = e.section(".note.gnu.build-id").offset;
        e.set_int(note + 8, 0x77);
    });
}

#[test]
fn another_abi_note() {
    broken(CGlibc, Kind::Note, "note GNU 1", |e| {
        let note = e.section(".note.ABI-tag").offset;
        e.set_int(note + 20, 9);
    });
}

#[test]
fn another_compiler_in_the_comment() {
    broken(CMusl, Kind::Comment, ".comment", |e| {
        let comment = e.section(".comment");
        let range = comment.offset..comment.offset + comment.size;
        let gcc = e.bytes[range].windows(4).position(|w| w == b"GCC:").expect("gcc's name");
        e.bytes[comment.offset + gcc] = b'X';
    });
}

/// Where the file holds a dynamic tag.
fn tag(e: &Elf, wanted: u64) -> usize {
    let dynamic = e.section(".dynamic");
    let mut entries = (dynamic.offset..dynamic.offset + dynamic.size).step_by(16);
    entries.find(|&at| e.word(at) == wanted).unwrap_or_else(|| panic!("no tag {wanted:#x}"))
}

/// Replaces the tag by one that means nothing.
fn lose_tag(e: &mut Elf, wanted: u64) {
    e.set_word(tag(e, wanted), 0x6fff_fef0);
}

fn add_to_tag(e: &mut Elf, wanted: u64, more: u64) {
    let value = tag(e, wanted) + 8;
    e.set_word(value, e.word(value) + more);
}

#[test]
fn a_dynamic_tag() {
    broken(CPie, Kind::DynamicTag, "DT_INIT_ARRAY", |e| lose_tag(e, 25));
}

/// Start-up code finds its relocations by these alone.
#[test]
fn tags_of_relocations() {
    let tags = [
        (6, "DT_SYMTAB", "DT_SYMTAB"),
        (7, "no whole sections", ".rela"),
        (8, "no whole sections", ".rela"),
        (9, "DT_RELAENT", "DT_RELAENT"),
        (36, "no whole sections", ".relr.dyn"),
        (35, "no whole sections", ".relr.dyn"),
        (37, "DT_RELRENT", "DT_RELRENT"),
    ];
    for (tag, wrong, missing) in tags {
        broken(CRelr, Kind::DynamicFault, wrong, |e| add_to_tag(e, tag, 24));
        broken(CRelr, Kind::DynamicFault, missing, |e| lose_tag(e, tag));
    }
    broken_by(CRelr, "ld", Kind::DynamicFault, "no tags name", |e| lose_tag(e, 23));
    broken_by(CRelr, "ld", Kind::DynamicFault, "DT_PLTREL", |e| lose_tag(e, 20));
    broken(CPie, Kind::DynamicFault, "DT_RELACOUNT", |e| add_to_tag(e, 0x6fff_fff9, 1));
}

/// What is left out is told of the pointers, too.
#[test]
fn relocations_that_the_tags_leave_out() {
    broken(CPie, Kind::DynamicMissing, "", |e| lose_tag(e, 7));
}

#[test]
fn no_tags_at_all() {
    broken(CPie, Kind::DynamicFault, "no tags name", |e| {
        let first = e.section(".dynamic").offset;
        e.set_word(first, 0);
    });
}

#[test]
fn a_pointer_that_is_relocated_twice() {
    broken(CRelr, Kind::DynamicFault, "writes where another one does", |e| {
        let table = e.section(".relr.dyn");
        let first = e.word(table.offset);
        e.set_word(table.offset + table.size - 8, first);
    });
}

/// Start-up code of a fixed-address program applies the relocations between two names.
#[test]
fn relocations_that_nothing_applies() {
    broken(CGlibc, Kind::DynamicFault, "__rela_iplt_start", |e| {
        let (start, end) = (e.symbol("__rela_iplt_start"), e.symbol("__rela_iplt_end"));
        e.set_word(end.entry + 8, start.value);
    });
}

/// As mold leaves them.
#[test]
fn relocations_without_bounds() {
    broken(CGlibc, Kind::DynamicFault, "__rela_iplt_start", |e| {
        for name in ["__rela_iplt_start", "__rela_iplt_end"] {
            let entry = e.symbol(name).entry;
            e.set_word(entry + 8, 0);
        }
    });
}

#[test]
fn a_thread_local_block_that_begins_unaligned() {
    broken(CGlibc, Kind::SegmentFault, "multiple of its alignment", |e| {
        let tls = e.segments(PT_TLS)[0];
        e.set_word(tls + 48, 1 << 20);
    });
}

#[test]
fn a_thread_local_image_that_ends_inside_a_variable() {
    let cut = |e: &mut Elf| {
        let tls = e.segments(PT_TLS)[0];
        e.set_word(tls + 32, e.word(tls + 32) - 3);
    };
    broken(CMusl, Kind::SegmentFault, "end before .tdata", cut);
    broken(CMusl, Kind::TlsImage, "tls_initialised", cut);
}

#[test]
fn thread_local_zeros_that_come_from_the_file() {
    broken(CGlibc, Kind::SegmentFault, "fill .tbss", |e| {
        let tls = e.segments(PT_TLS)[0];
        e.set_word(tls + 32, e.word(tls + 40));
    });
}
