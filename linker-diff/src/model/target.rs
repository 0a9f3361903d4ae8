//! What an address, a GOT slot or a thread-pointer offset refers to.

use super::Image;
use super::dynamic::{DynReloc, R_64, R_GLOB_DAT, R_IRELATIVE, R_JUMP_SLOT, R_RELATIVE, R_TPOFF64};
use super::plt;

/// What something refers to, the detours over GOT and PLT removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// An address of the image.
    Addr(u64),
    /// What the ifunc resolver at this address chooses.
    Ifunc(u64),
    /// An offset from the start of the thread-local block.
    Tls(i64),
    /// A number that is no address: null, a size.
    Number(u64),
    /// A relocation of a kind that static programs have no use for.
    Foreign(u32),
}

/// Removes a PLT entry from the way to `addr`.
pub fn canonical(image: &Image, addr: u64) -> Target {
    match plt::slot_of_stub(image, addr) {
        Some(slot) => match pointer_at(image, slot) {
            Some(target @ (Target::Ifunc(_) | Target::Addr(_) | Target::Number(0))) => target,
            _ => Target::Addr(addr),
        },
        None => Target::Addr(addr),
    }
}

/// What the pointer stored at `addr` refers to once the relocations are applied.
pub fn pointer_at(image: &Image, addr: u64) -> Option<Target> {
    if let Some(reloc) = image.dynamic.at(addr) {
        return Some(match reloc.kind {
            R_RELATIVE => canonical_shallow(image, reloc.addend as u64),
            R_IRELATIVE => Target::Ifunc(reloc.addend as u64),
            R_TPOFF64 => Target::Tls(reloc.addend),
            R_64 | R_GLOB_DAT | R_JUMP_SLOT if reloc.symbol != 0 => symbolic(image, reloc),
            kind => Target::Foreign(kind),
        });
    }
    let word = image.memory.word(addr)?;
    // Names such as __rela_iplt_end may lie just behind the last segment.
    let named = || !image.linker_defined.names_at(word).is_empty();
    if !image.is_pie() && word != 0 && (image.memory.contains(word) || named()) {
        return Some(canonical_shallow(image, word));
    }
    let in_got = image.section_at(addr).is_some_and(|s| s.is_got() || image.sectionless);
    if in_got
        && let Some(tls) = image.tls
        && tp_offset_in_block(image, word as i64)
    {
        return Some(Target::Tls(tls.block_offset(word as i64)));
    }
    Some(Target::Number(word))
}

/// The value of a relocation against `.dynsym`; what a static program leaves undefined is null.
fn symbolic(image: &Image, reloc: &DynReloc) -> Target {
    const DT_SYMTAB: u64 = 6;
    let entry = image
        .dynamic
        .tag(DT_SYMTAB)
        .and_then(|table| image.memory.slice(table.checked_add(u64::from(reloc.symbol) * 24)?, 24));
    let Some(entry) = entry else { return Target::Foreign(reloc.kind) };
    let value = entry[8..16].try_into().map_or(0, u64::from_le_bytes);
    if entry[6..8] == [0, 0] {
        return Target::Number(0);
    }
    Target::Addr(value.wrapping_add(if reloc.kind == R_64 { reloc.addend as u64 } else { 0 }))
}

/// Like [`canonical`], but a PLT entry that leads to another is left alone: cycles end here.
fn canonical_shallow(image: &Image, addr: u64) -> Target {
    if let Some(slot) = plt::slot_of_stub(image, addr)
        && let Some(reloc) = image.dynamic.at(slot)
        && reloc.kind == R_IRELATIVE
    {
        return Target::Ifunc(reloc.addend as u64);
    }
    Target::Addr(addr)
}

/// Whether `offset` from the thread pointer lies in the program's own thread-local block.
pub fn tp_offset_in_block(image: &Image, offset: i64) -> bool {
    image.tls.is_some_and(|tls| {
        let size = tls.thread_pointer().wrapping_sub(tls.start) as i64;
        offset < 0 && offset >= -size
    })
}
