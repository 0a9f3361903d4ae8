//! IPLT entries: the one address of an ifunc, whichever implementation its resolver chose.

/// Bytes of an entry.
pub const ENTRY_SIZE: u64 = 16;

/// `endbr64` (an entry is reached by indirect branches too), `jmp *slot(%rip)`, `int3` to the end.
const ENTRY: [u8; 16] =
    [0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 0, 0, 0, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc];
/// Where the displacement stands; it counts from the end of the `jmp`.
const DISPLACEMENT: usize = 6;

/// Writes the entry at address `entry` that jumps through the pointer at address `slot`. `None` if
/// they are too far apart.
pub fn write_entry(out: &mut [u8; 16], entry: u64, slot: u64) -> Option<()> {
    *out = ENTRY;
    let end = entry.wrapping_add(DISPLACEMENT as u64 + 4);
    let distance = i32::try_from(slot.wrapping_sub(end).cast_signed()).ok()?;
    out[DISPLACEMENT..DISPLACEMENT + 4].copy_from_slice(&distance.to_le_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn entry_jumps_through_its_slot() {
        let mut out = [0; 16];
        assert!(super::write_entry(&mut out, 0x401000, 0x404018).is_some());
        // 0x404018 - 0x40100a = 0x300e
        assert_eq!(out[..10], [0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 0x0e, 0x30, 0, 0]);
        assert_eq!(out[10..], [0xcc; 6]);
        assert!(super::write_entry(&mut out, 0x401000, 0x1_0040_0000).is_none());
    }
}
