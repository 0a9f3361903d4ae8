//! Breaks in data, initialisers, the thread-local image and dynamic relocations.

use gild_diff::Kind;

use crate::support::Flavour::{CGlibc, CMusl, CPie, Cxx, Rust};
use crate::support::elf::Elf;
use crate::{broken, broken_by};

/// Entries of `.rela.dyn`, as offsets in the file.
fn relocations(e: &Elf, kind: u32) -> Vec<usize> {
    let all = [".rela.dyn", ".rela.plt", ".rela.iplt"].into_iter().filter(|n| e.has_section(n));
    let entries = all.flat_map(|name| {
        let s = e.section(name);
        (s.offset..s.offset + s.size).step_by(24).collect::<Vec<_>>()
    });
    entries.filter(|&at| e.int(at + 8) == kind).collect()
}

/// The relocation that fills `symbol` at `delta`.
fn relocation_of(e: &Elf, symbol: &str, delta: u64) -> usize {
    let at = e.symbol(symbol).value + delta;
    let all = relocations(e, 8);
    all.into_iter().find(|&r| e.word(r) == at).expect("a RELATIVE relocation")
}

fn at(e: &Elf, symbol: &str, delta: u64) -> usize {
    e.offset(e.symbol(symbol).value + delta)
}

#[test]
fn a_pointer_to_another_function() {
    for flavour in [CGlibc, CMusl] {
        broken(flavour, Kind::DataPointer, "chosen", |e| {
            e.set_word(at(e, "chosen", 0), e.symbol("third").value);
        });
    }
}

#[test]
fn a_pointer_with_another_addend() {
    broken(CMusl, Kind::PointerAddend, "inner", |e| {
        let slot = at(e, "inner", 0);
        e.set_word(slot, e.word(slot) + 4);
    });
}

#[test]
fn a_pointer_that_was_not_relocated() {
    broken(CGlibc, Kind::DataBytes, "inner", |e| e.set_word(at(e, "inner", 0), 8));
}

#[test]
fn a_string_pointer_off_by_one() {
    broken(CGlibc, Kind::StringContent, "names", |e| {
        let slot = at(e, "names", 8);
        e.set_word(slot, e.word(slot) + 1);
    });
}

#[test]
fn a_byte_of_an_array() {
    broken(CMusl, Kind::DataBytes, "numbers", |e| {
        let byte = at(e, "numbers", 12);
        e.bytes[byte] ^= 1;
    });
}

/// The function that refers to a text, the text, and which of its characters to change.
const LITERALS: [(&str, &str, usize); 5] = [
    ("greeting", "a greeting of some length", 5),
    ("shade", "light green", 2),
    ("shade", "light green", 9),
    ("tell", "first: value is not in range of the table, sorry", 9),
    ("tell", "first: value is not in range of the table, sorry", 18),
];

#[test]
fn a_character_of_a_literal() {
    for (flavour, linker) in [(CGlibc, "ld"), (CGlibc, "lld"), (CMusl, "lld"), (CPie, "lld")] {
        for (function, text, character) in LITERALS {
            broken_by(flavour, linker, Kind::StringContent, function, |e| {
                let mut texts = e.bytes.windows(text.len());
                let found = texts.position(|w| w == text.as_bytes()).expect("the text");
                e.bytes[found + character] ^= 1;
            });
        }
    }
}

#[test]
fn a_floating_point_constant() {
    broken(CMusl, Kind::ConstantContent, "scale", |e| {
        let value = 1.618_033_988_7_f64.to_le_bytes();
        let found = e.bytes.windows(8).position(|w| w == value).expect("the constant");
        e.bytes[found + 3] ^= 0x40;
    });
}

#[test]
fn a_rust_string() {
    broken(Rust, Kind::ConstantContent, "", |e| {
        let text = b"called `Result::unwrap()` on an `Err` value";
        let found = e.bytes.windows(text.len()).position(|w| w == text);
        let found = found.or_else(|| e.bytes.windows(4).position(|w| w == b"woof"));
        e.bytes[found.expect("the text") + 1] ^= 2;
    });
}

#[test]
fn an_entry_of_a_jump_table() {
    broken_by(CPie, "ld", Kind::JumpTable, "choose", |e| {
        let list = e.instructions("choose");
        let table = list
            .iter()
            .find(|(_, i)| i.mnemonic() == iced_x86::Mnemonic::Lea && i.is_ip_rel_memory_operand());
        let table = e.offset(table.expect("the table").1.ip_rel_memory_address());
        let other = e.int(table + 16);
        e.set_int(table + 8, other);
    });
}

#[test]
fn a_slot_of_a_virtual_table() {
    broken(Cxx, Kind::Vtable, "Circle", |e| {
        let slot = at(e, "_ZTV6Circle", 32);
        let other = e.word(slot + 8);
        e.set_word(slot, other);
    });
}

#[test]
fn initialisers_in_another_order() {
    broken(CMusl, Kind::InitOrder, ".init_array", |e| {
        let array = e.section(".init_array");
        let last = array.offset + array.size - 8;
        let (x, y) = (e.word(last - 8), e.word(last));
        e.set_word(last - 8, y);
        e.set_word(last, x);
    });
}

#[test]
fn a_missing_initialiser() {
    broken(CGlibc, Kind::InitMissing, ".init_array", |e| {
        let array = e.section(".init_array");
        e.set_word(array.offset + array.size - 8, 0);
    });
}

#[test]
fn another_finaliser() {
    broken(CMusl, Kind::InitMissing, ".fini_array", |e| {
        let array = e.section(".fini_array");
        e.set_word(array.offset + array.size - 8, e.symbol("third").value);
    });
}

#[test]
fn another_initial_value_of_a_thread_local() {
    broken(CGlibc, Kind::TlsImage, "tls_second", |e| {
        let image = e.segments(7)[0];
        let offset = e.word(image + 8) + e.symbol("tls_second").value;
        e.bytes[offset as usize] ^= 1;
    });
}

#[test]
fn a_thread_local_block_of_another_size() {
    broken(CMusl, Kind::TlsSegment, "PT_TLS", |e| {
        let tls = e.segments(7)[0];
        e.set_word(tls + 40, e.word(tls + 40) + 64);
    });
}

#[test]
fn a_thread_local_block_of_another_alignment() {
    broken(CGlibc, Kind::TlsSegment, "PT_TLS", |e| {
        let tls = e.segments(7)[0];
        e.set_word(tls + 48, 64);
    });
}

#[test]
fn a_missing_relative_relocation() {
    broken(CPie, Kind::DynamicMissing, "inner", |e| {
        let reloc = relocation_of(e, "inner", 0);
        e.set_int(reloc + 8, 0);
    });
}

#[test]
fn a_relative_relocation_to_another_function() {
    broken(CPie, Kind::DataPointer, "chosen", |e| {
        let reloc = relocation_of(e, "chosen", 0);
        e.set_word(reloc + 16, e.symbol("third").value);
    });
}

#[test]
fn a_relative_relocation_with_another_addend() {
    broken(CPie, Kind::PointerAddend, "inner", |e| {
        let reloc = relocation_of(e, "inner", 0);
        e.set_word(reloc + 16, e.word(reloc + 16) + 8);
    });
}

#[test]
fn a_relocation_that_writes_into_code() {
    broken(CPie, Kind::DynamicFault, "relocation", |e| {
        let reloc = relocation_of(e, "inner", 0);
        e.set_word(reloc, e.symbol("main").value);
    });
}

#[test]
fn another_ifunc_resolver() {
    broken_by(CGlibc, "ld", Kind::Ifunc, "", |e| {
        let list = relocations(e, 37);
        let other = e.word(list[1] + 16);
        e.set_word(list[0] + 16, other);
    });
}

#[test]
fn a_resolver_that_is_never_run() {
    broken(CPie, Kind::Ifunc, "", |e| {
        let reloc = relocations(e, 37)[0];
        e.set_int(reloc + 8, 0);
    });
}
