//! Split debug information: the linked program holds a skeleton of each unit, and the addresses that
//! the rest, in a .dwo file, refers to by number. No linker touches .dwo files; they are not read.

use gimli::{DebugAddrIndex, Section as _, UnitType};

use super::super::Pair;
use super::super::resolve::{self, Verdict};
use super::super::sink::Sink;
use super::units::Unit;
use super::{Place, place};
use crate::code::text;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::reason::Reason;

/// Compares the .dwo files named and the addresses handed to them.
///
/// # Errors
/// When the addresses cannot be read.
pub fn compare(
    pair: &Pair,
    left: &Unit,
    right: &Unit,
    found: &mut Vec<Finding>,
    sink: &mut Sink,
) -> gimli::Result<()> {
    let (UnitType::Skeleton(ours), UnitType::Skeleton(theirs)) =
        (left.unit.header.type_(), right.unit.header.type_())
    else {
        return Ok(());
    };
    if ours != theirs {
        found.push(Finding::new(Kind::DebugUnit, left.name(), "the .dwo files are others"));
        return Ok(());
    }
    let (count, other) = (addresses(left), addresses(right));
    if count != other {
        let finding = Finding::new(Kind::DebugAddress, left.name(), "one has more addresses");
        found.push(finding.showing(count.to_string(), other.to_string()));
        return Ok(());
    }
    for index in (0..count).map(DebugAddrIndex) {
        let x = left.dwarf.address(&left.unit, index)?;
        let y = right.dwarf.address(&right.unit, index)?;
        if place(pair, x, y) != Place::Different {
            continue;
        }
        let what = format!("address {} for the .dwo file differs", index.0);
        let show = (text::address(pair.a, x), text::address(pair.b, y));
        let finding = Finding::new(Kind::DebugAddress, left.name(), what).showing(show.0, show.1);
        if same_variable(pair, x, y) {
            sink.count(Reason::ThreadAddress, "tls", finding);
        } else {
            found.push(finding);
        }
    }
    Ok(())
}

/// Whether both are one thread-local variable: its place in the image of the block, or its offset.
fn same_variable(pair: &Pair, x: u64, y: u64) -> bool {
    let offset = |image: &Image, addr: u64| {
        let tls = image.tls?;
        let offsets = [addr.checked_sub(tls.start), Some(addr)];
        offsets.into_iter().flatten().find(|&offset| offset <= tls.size)
    };
    let offsets = offset(pair.a, x).zip(offset(pair.b, y));
    offsets.is_some_and(|(x, y)| resolve::thread_local(pair, x, y) == Verdict::Same)
}

/// How many addresses a unit has. DWARF 5, 7.27: behind a length of four bytes, which counts from
/// behind itself, version, size of an address and of a segment take four; then come the addresses.
fn addresses(unit: &Unit) -> usize {
    let bytes = unit.dwarf.debug_addr.reader().slice();
    let base = unit.unit.addr_base.0;
    let length = base.checked_sub(8).and_then(|at| bytes.get(at..at + 4));
    let length = length.and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
    (length as usize).saturating_sub(4) / 8
}
