//! PLT entries, known by their instructions: `[endbr64] [bnd] jmp *slot(%rip)`.

use super::Image;
use super::dynamic::R_IRELATIVE;

/// The GOT slot that the PLT entry at `addr` jumps through, if there is an entry at `addr`.
///
/// Only code in a PLT section counts, or where there are no section names a jump through a slot that
/// an IRELATIVE relocation fills: functions of the program may be a single indirect jump, too.
pub fn slot_of_stub(image: &Image, addr: u64) -> Option<u64> {
    if !image.sectionless && !image.is_plt(addr) {
        return None;
    }
    let bytes = image.memory.from(addr)?;
    let mut at = 0usize;
    if bytes.starts_with(&[0xf3, 0x0f, 0x1e, 0xfa]) {
        at += 4;
    }
    if bytes.get(at) == Some(&0xf2) {
        at += 1;
    }
    if bytes.get(at..at + 2)? != [0xff, 0x25] {
        return None;
    }
    let disp = i32::from_le_bytes(bytes.get(at + 2..at + 6)?.try_into().ok()?);
    let slot = addr.wrapping_add(at as u64 + 6).wrapping_add(i64::from(disp) as u64);
    let filled = image.dynamic.at(slot).is_some_and(|r| r.kind == R_IRELATIVE);
    (filled || image.is_got(slot)).then_some(slot)
}
