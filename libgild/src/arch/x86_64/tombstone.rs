//! What debug information says about code that isn't in the output.

/// The value of a reference from non-allocated section `name` to a section that was dropped.
///
/// It replaces S + A, so that no offset into dead code looks like an address of live code.
pub fn tombstone(name: &[u8]) -> u64 {
    match name {
        // DWARF 4, 2.6.2 and 2.17.3: a pair of zeros ends the list and hides what follows.
        b".debug_loc" | b".debug_ranges" => 1,
        // DWARF 5, 6.1.1.4: 0 is the offset of the first unit.
        b".debug_names" => u64::from(u32::MAX),
        _ => 0,
    }
}
