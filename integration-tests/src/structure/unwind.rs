//! Laws about unwind tables, read from the sorted table in `.eh_frame_hdr` (LSB 5, 10.6.2).

use super::{Named, some};
use crate::image::Image;
use crate::{Outcome, ensure};
use object::elf;
use std::collections::{BTreeMap, HashSet};

/// DW_EH_PE_datarel | DW_EH_PE_sdata4: offsets from the header, as all linkers write them.
const TABLE_ENCODING: u8 = 0x3b;
/// DW_EH_PE_udata4.
const COUNT_ENCODING: u8 = 0x03;
/// DW_EH_PE_pcrel | DW_EH_PE_sdata4.
const FRAME_ENCODING: u8 = 0x1b;

/// The table's entries: start of a function, address of its FDE.
fn entries(image: &Image) -> Outcome<Vec<(u64, u64)>> {
    let Some(header) = image.segment(elf::PT_GNU_EH_FRAME.0) else { return Ok(Vec::new()) };
    let at = header.address;
    let head = image.at(at, 4)?;
    if head[0] != 1 || head[2] == 0xff {
        return Ok(Vec::new());
    }
    let known = [1, FRAME_ENCODING, COUNT_ENCODING, TABLE_ENCODING];
    ensure(head == known, || format!(".eh_frame_hdr starts {head:x?}"))?;
    let count = image.number(at + 8, 4)?;
    let room = 12 + count * 8 <= header.size;
    ensure(room, || format!(".eh_frame_hdr: {count} entries in {} bytes", header.size))?;
    let signed = |place: u64| Ok::<_, String>(image.number(place, 4)? as u32 as i32 as i64 as u64);
    (0..count)
        .map(|index| at + 12 + index * 8)
        .map(|entry| Ok((at.wrapping_add(signed(entry)?), at.wrapping_add(signed(entry + 4)?))))
        .collect()
}

/// The table is sorted, and each entry's FDE describes the function that the entry names.
///
/// FDEs of compiled code encode start and length as four bytes each, eight bytes into the record. An
/// empty function shares its start with the next one: unwinders take the last entry at or before an
/// address, so the one with code must come last.
pub fn check_header(image: &Image) -> Outcome {
    let entries = entries(image)?;
    for pair in entries.windows(2) {
        let [(one, fde), (next, _)] = [pair[0], pair[1]];
        let in_order = one < next || one == next && image.number(fde + 12, 4)? == 0;
        ensure(in_order, || format!(".eh_frame_hdr: {one:#x} stands before {next:#x}"))?;
    }
    for (function, fde) in entries {
        let place = fde + 8;
        let offset = image.number(place, 4)? as u32 as i32 as i64 as u64;
        let described = place.wrapping_add(offset);
        ensure(described == function, || {
            format!(".eh_frame_hdr: {function:#x} has the FDE of {described:#x}")
        })?;
    }
    Ok(())
}

/// Names of the functions that have an FDE.
fn described_functions(image: &Image) -> Outcome<HashSet<&str>> {
    let mut by_address: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for symbol in image.symbols.iter().filter(|symbol| symbol.kind == elf::STT_FUNC.0) {
        by_address.entry(symbol.value).or_default().push(&symbol.name);
    }
    let found = entries(image)?;
    Ok(found.iter().filter_map(|(start, _)| by_address.get(start)).flatten().copied().collect())
}

/// Functions with an FDE in every peer's output have one in ours, if they are there at all.
pub fn check_functions(ours: &Image, peers: &[Named]) -> Outcome {
    if ours.symbols.is_empty() || peers.is_empty() {
        return Ok(());
    }
    let mut wanted = described_functions(peers[0].1)?;
    for (_, peer) in &peers[1..] {
        let theirs = described_functions(peer)?;
        wanted.retain(|name| theirs.contains(name));
    }
    let have = described_functions(ours)?;
    let mut missing: Vec<_> = wanted
        .into_iter()
        .filter(|name| !have.contains(name) && ours.symbol(name).is_some())
        .collect();
    missing.sort_unstable();
    ensure(missing.is_empty(), || format!("functions without FDE: {}", some(&missing)))
}
