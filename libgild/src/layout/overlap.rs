//! Sections and segments in each other's way; only addresses from the command line bring that about.

use super::Segment;
use crate::diagnostics::Error;
use crate::elf::*;
use std::ops::Range;

/// Checks named address ranges.
pub fn sections(mut ranges: Vec<(Range<u64>, String)>, errors: &mut Vec<Error>) {
    ranges.sort_by_key(|(range, _)| (range.start, range.end));
    for pair in ranges.windows(2) {
        let [(first, first_name), (second, second_name)] = pair else { continue };
        if second.start < first.end {
            errors.push(Error::Message(format!(
                "section {second_name} at {:#x}..{:#x} overlaps {first_name} at {:#x}..{:#x}",
                second.start, second.end, first.start, first.end
            )));
        }
    }
}

/// Checks PT_LOADs, which are sorted: two may share a page only if it looks the same in both, and stays
/// so: the C library makes the last page of RELRO read-only.
pub fn segments(segments: &[Segment], page: u64, errors: &mut Vec<Error>) {
    let loads: Vec<&Segment> = segments.iter().filter(|segment| segment.kind == PT_LOAD).collect();
    let relro = segments.iter().find(|segment| segment.kind == PT_GNU_RELRO);
    for pair in loads.windows(2) {
        let (first, second) = (pair[0], pair[1]);
        let same = relro.is_none_or(|relro| relro.address != first.address)
            && first.flags == second.flags
            && first.address.wrapping_sub(first.offset)
                == second.address.wrapping_sub(second.offset);
        let last_page = (first.address + first.size.max(1) - 1) / page;
        if second.address / page <= last_page && !same && second.size != 0 {
            errors.push(Error::Message(format!(
                "the segments at {:#x} and {:#x} share a page of memory but not its rights or \
                 contents; leave {page:#x} bytes between --section-start addresses",
                first.address, second.address
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_found_in_any_order() {
        let range = |r: Range<u64>, name: &str| (r, name.to_owned());
        let mut errors = Vec::new();
        sections(vec![range(8..16, "b"), range(0..8, "a")], &mut errors);
        assert!(errors.is_empty());
        sections(vec![range(8..16, "b"), range(0..9, "a")], &mut errors);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].to_string(), "section b at 0x8..0x10 overlaps a at 0x0..0x9");
    }
}
