//! Sections that live whatever refers to them: where garbage collection starts.

use super::SectionKind;
use super::names::is_named;
use crate::elf::*;

/// Whether a section is a root.
pub(super) fn is_root(header: &Shdr, name: &[u8], kind: SectionKind) -> bool {
    let flags = header.flags();
    // .eh_frame's records are followed one by one from the code.
    if flags & SHF_GNU_RETAIN != 0 || kind == SectionKind::EhFrame {
        return true;
    }
    // Debug information describes code without keeping it. What belongs to one section goes with that
    // (for groups, see `gather`).
    if flags & SHF_ALLOC == 0 {
        return flags & SHF_LINK_ORDER == 0 || header.link() == 0;
    }
    match header.kind() {
        SHT_INIT_ARRAY | SHT_FINI_ARRAY | SHT_PREINIT_ARRAY => true,
        // A note in a group describes the group's code (gABI: they live together).
        SHT_NOTE if flags & SHF_GROUP == 0 => true,
        // Without it gdb finds no probes; only their notes, which aren't loaded, refer to it.
        _ => runs_unasked(name) || name == b".stapsdt.base",
    }
}

/// KEEP in GNU ld's default script.
fn runs_unasked(name: &[u8]) -> bool {
    matches!(name, b".init" | b".fini" | b".jcr")
        || [&b".ctors"[..], b".dtors", b".init_array", b".fini_array", b".preinit_array"]
            .iter()
            .any(|prefix| is_named(name, prefix))
}
