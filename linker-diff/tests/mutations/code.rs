//! Breaks in instructions.

use gild_diff::Kind;
use iced_x86::{Code, Instruction, Mnemonic, OpKind, Register};

use crate::broken;
use crate::support::Flavour::{CGlibc, CMusl, CPie, CUnrelaxed, Cxx, Rust};
use crate::support::elf::Elf;

fn is_call(i: &Instruction) -> bool {
    i.code() == Code::Call_rel32_64
}

/// Points the first direct call of `function` at `target`, `delta` bytes further.
fn redirect(elf: &mut Elf, function: &str, target: &str, delta: u64) {
    let to = elf.symbol(target).value + delta;
    let (at, call) =
        elf.find(function, |i| i.code() == Code::Call_rel32_64 && i.near_branch64() != to);
    elf.set_int(at + call.len() - 4, to.wrapping_sub(call.next_ip()) as u32);
}

#[test]
fn a_call_of_another_function() {
    for flavour in [CGlibc, CMusl, CPie] {
        broken(flavour, Kind::WrongTarget, "main", |e| redirect(e, "main", "add_large", 0));
    }
}

#[test]
fn a_call_of_another_rust_function() {
    broken(Rust, Kind::WrongTarget, "main", |e| {
        let name = e.name_like(&["words", "4main"]);
        redirect(e, &name, "malloc", 0);
    });
}

#[test]
fn a_call_behind_the_start_of_a_function() {
    broken(CGlibc, Kind::OtherAddend, "main", |e| {
        let (at, _) =
            e.find("main", |i| is_call(i) && i.near_branch64() == e.symbol("tls_sum").value);
        e.add_int(at + 1, 4);
    });
}

#[test]
fn a_jump_into_the_wrong_case() {
    broken(CMusl, Kind::WrongTarget, "caller", |e| {
        let (at, i) = e.find("caller", is_call);
        e.add_int(
            at + i.len() - 4,
            e.symbol("tls_sum").value.wrapping_sub(i.near_branch64()) as i32,
        );
    });
}

#[test]
fn a_variable_at_the_wrong_distance() {
    broken(CPie, Kind::OtherAddend, "main", |e| {
        let inner = e.symbol("inner").value;
        let (at, i) =
            e.find("main", |i| i.is_ip_rel_memory_operand() && i.ip_rel_memory_address() == inner);
        e.add_int(at + i.len() - 4, 4);
    });
}

#[test]
fn another_variable() {
    broken(CPie, Kind::WrongTarget, "main", |e| {
        let inner = e.symbol("inner").value;
        let delta = e.symbol("chosen").value.wrapping_sub(inner) as i32;
        let (at, i) =
            e.find("main", |i| i.is_ip_rel_memory_operand() && i.ip_rel_memory_address() == inner);
        e.add_int(at + i.len() - 4, delta);
    });
}

#[test]
fn a_string_begun_one_too_late() {
    broken(CPie, Kind::StringContent, "greeting", |e| {
        let (at, i) = e.find("greeting", |i| i.mnemonic() == Mnemonic::Lea);
        e.add_int(at + i.len() - 4, 1);
    });
}

#[test]
fn an_absolute_string_address_one_too_early() {
    for flavour in [CGlibc, CMusl] {
        broken(flavour, Kind::StringContent, "greeting", |e| {
            let (at, i) = e.find("greeting", |i| i.op1_kind() == OpKind::Immediate32);
            e.add_int(at + i.len() - 4, 1);
        });
    }
}

#[test]
fn another_immediate() {
    broken(CMusl, Kind::Immediate, "add_large", |e| {
        let (at, i) =
            e.find("add_large", |i| i.mnemonic() == Mnemonic::Lea || i.mnemonic() == Mnemonic::Add);
        e.add_int(at + i.len() - 4, 1);
    });
}

#[test]
fn a_relaxation_that_forgot_the_opcode() {
    broken(CPie, Kind::Instruction, "greeting", |e| {
        let (at, _) = e.find("greeting", |i| i.mnemonic() == Mnemonic::Lea);
        assert_eq!(e.bytes[at + 1], 0x8d);
        e.bytes[at + 1] = 0x8b;
    });
}

#[test]
fn a_relaxation_into_the_wrong_register() {
    broken(CPie, Kind::Instruction, "greeting", |e| {
        let (at, i) = e.find("greeting", |i| i.mnemonic() == Mnemonic::Lea);
        assert_eq!(i.op0_register(), Register::RAX);
        e.bytes[at + 2] ^= 8;
    });
}

#[test]
fn an_operand_of_half_the_width() {
    let is_frame =
        |i: &Instruction| i.mnemonic() == Mnemonic::Sub && i.op0_register() == Register::RSP;
    let is_load = |i: &Instruction, inner: u64| {
        i.is_ip_rel_memory_operand() && i.ip_rel_memory_address() == inner
    };
    for flavour in [CGlibc, CPie] {
        broken(flavour, Kind::Instruction, "tell", |e| clear_rex_w(e, "tell", is_frame));
        broken(flavour, Kind::Instruction, "main", |e| {
            let inner = e.symbol("inner").value;
            clear_rex_w(e, "main", |i| is_load(i, inner));
        });
    }
}

fn clear_rex_w(e: &mut Elf, function: &str, fits: impl Fn(&Instruction) -> bool) {
    let (at, insn) = e.find(function, fits);
    assert_eq!(e.bytes[at] & 0xf8, 0x48, "{insn}");
    e.bytes[at] ^= 8;
}

#[test]
fn padding_written_over_an_instruction() {
    broken(Cxx, Kind::Instruction, "guarded", |e| {
        let name = "_Z7guardedRK5Shape";
        let (at, i) = e.find(name, is_call);
        e.bytes[at..at + i.len()].fill(0x90);
    });
}

#[test]
fn another_definition_of_a_function() {
    broken(CGlibc, Kind::OtherDefinition, "choose", |e| {
        let (from, to) = (e.symbol("qsort_r"), e.symbol("choose"));
        let (from, size) = (e.offset(from.value), to.size);
        let body = e.bytes[from..from + size].to_vec();
        let at = e.offset(to.value);
        e.bytes[at..at + size].copy_from_slice(&body);
    });
}

#[test]
fn a_got_slot_of_another_symbol() {
    broken(CUnrelaxed, Kind::GotSlot, "", |e| {
        let got = e.section(".got");
        let (first, second) = (e.symbol("zeros").value, e.symbol("numbers").value);
        let slot = (got.offset..got.offset + got.size)
            .step_by(8)
            .find(|&at| e.word(at) == first)
            .expect("a slot for zeros");
        e.set_word(slot, second);
    });
}

#[test]
fn another_thread_local_variable() {
    broken(CMusl, Kind::TlsOffset, "tls_sum", |e| {
        let (at, i) = e.find("tls_sum", |i| i.memory_segment() == Register::FS);
        let delta = if i.memory_displacement64() as i32 % 8 == 0 { 4 } else { -4 };
        e.add_int(at + i.len() - 4, delta);
    });
}

#[test]
fn a_thread_local_variable_outside_of_the_block() {
    broken(CGlibc, Kind::TlsOffset, "tls_sum", |e| {
        let (at, i) = e.find("tls_sum", |i| i.memory_segment() == Register::FS);
        e.add_int(at + i.len() - 4, 0x1000);
    });
}
