//! `.eh_frame_hdr`: the FDEs sorted by function, for binary search (LSB, "Exception Frame Header").

use super::Context;
use super::eh_frame::EhFrameSection;
use rayon::prelude::*;

const PCREL_SDATA4: u8 = 0x1b;
const UDATA4: u8 = 0x03;
const DATAREL_SDATA4: u8 = 0x3b;
const OMIT: u8 = 0xff;
const HEADER: u64 = 12;

/// Bytes for a table of `fdes` entries. Those of empty functions stay unused.
pub fn size(fdes: u64) -> u64 {
    HEADER + fdes * 8
}

/// Writes the section at address `header` for the `.eh_frame` at address `frames`.
pub fn fill(context: Context, section: &EhFrameSection, header: u64, frames: u64, out: &mut [u8]) {
    let mut table = section.table(context, frames);
    // Sorted but for the parts of .text that are set apart: a merge sort finds the runs.
    table.par_sort();
    if encode(&table, header, frames, out).is_none() {
        // Functions beyond 2 GiB: without the table, unwinders walk `.eh_frame`.
        out.fill(0);
        out[..4].copy_from_slice(&[1, PCREL_SDATA4, OMIT, OMIT]);
        out[4..8].copy_from_slice(&(frames.wrapping_sub(header + 4) as u32).to_le_bytes());
    }
}

fn distance(to: u64, from: u64) -> Option<[u8; 4]> {
    Some(i32::try_from(to.wrapping_sub(from) as i64).ok()?.to_le_bytes())
}

fn encode(table: &[(u64, u64)], header: u64, frames: u64, out: &mut [u8]) -> Option<()> {
    let (head, entries) = out.split_at_mut(HEADER as usize);
    head[..4].copy_from_slice(&[1, PCREL_SDATA4, UDATA4, DATAREL_SDATA4]);
    head[4..8].copy_from_slice(&distance(frames, header + 4)?);
    head[8..].copy_from_slice(&u32::try_from(table.len()).ok()?.to_le_bytes());
    let (used, unused) = entries.split_at_mut(table.len() * 8);
    for (&(function, fde), entry) in table.iter().zip(used.chunks_exact_mut(8)) {
        entry[..4].copy_from_slice(&distance(function, header)?);
        entry[4..].copy_from_slice(&distance(fde, header)?);
    }
    unused.fill(0);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_distances_from_the_header() {
        let mut out = vec![0; size(1) as usize];
        encode(&[(0x401000, 0x400120)], 0x400100, 0x400118, &mut out).unwrap();
        assert_eq!(out[..8], [1, 0x1b, 3, 0x3b, 0x14, 0, 0, 0]);
        assert_eq!(out[8..], [1, 0, 0, 0, 0x00, 0x0f, 0, 0, 0x20, 0, 0, 0]);
    }

    #[test]
    fn unused_entries_are_zeros_whatever_was_there() {
        let mut out = vec![0xaa; size(3) as usize];
        encode(&[(0x401000, 0x400120)], 0x400100, 0x400118, &mut out).unwrap();
        assert_eq!((out[8], &out[20..]), (1, &[0; 16][..]));
    }

    #[test]
    fn functions_out_of_reach_have_no_table() {
        let mut out = vec![0; size(1) as usize];
        assert_eq!(encode(&[(1 << 33, 0x400120)], 0x400100, 0x400118, &mut out), None);
    }
}
