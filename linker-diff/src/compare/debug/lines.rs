//! Line tables, row by row.

use gimli::{ColumnType, LineProgramHeader};

use super::super::Pair;
use super::units::Unit;
use super::{Place, place};
use crate::finding::{Finding, Kind};
use crate::model::unwind::Slice;

/// Compares the line programs of a pair of units.
///
/// # Errors
/// When one cannot be read.
pub fn compare(
    pair: &Pair,
    left: &Unit,
    right: &Unit,
    found: &mut Vec<Finding>,
) -> gimli::Result<()> {
    let (ours, theirs) = match (left.unit.line_program.clone(), right.unit.line_program.clone()) {
        (Some(l), Some(r)) => (l, r),
        (None, None) => return Ok(()),
        _ => {
            found.push(Finding::new(Kind::DebugLine, left.name(), "one unit has no line table"));
            return Ok(());
        }
    };
    if files(left, ours.header())? != files(right, theirs.header())? {
        found.push(Finding::new(Kind::DebugLine, left.name(), "the tables of files differ"));
        return Ok(());
    }
    let (mut rows, mut others) = (ours.rows(), theirs.rows());
    // Addresses are compared by their distance from the start of their sequence.
    let mut start: Option<(u64, u64, Place)> = None;
    loop {
        let (l, r) = match (rows.next_row()?, others.next_row()?) {
            (Some((_, l)), Some((_, r))) => (*l, *r),
            (None, None) => return Ok(()),
            _ => {
                found.push(Finding::new(Kind::DebugLine, left.name(), "one table has more rows"));
                return Ok(());
            }
        };
        let (x, y, begins) = *start.get_or_insert_with(|| {
            (l.address(), r.address(), place(pair, l.address(), r.address()))
        });
        let what = |row: &gimli::LineRow| {
            (row.file_index(), row.line(), column(row.column()), row.is_stmt(), row.end_sequence())
        };
        let parts = l.address().wrapping_sub(x) != r.address().wrapping_sub(y);
        let difference = match begins {
            _ if what(&l) != what(&r) => "the rows differ",
            Place::Different => "the rows are about different code",
            Place::Same if parts => "the rows part within a function",
            _ if l.end_sequence() => {
                start = None;
                continue;
            }
            _ => continue,
        };
        found.push(finding(pair, left, &l, &r, difference));
        return Ok(());
    }
}

fn column(column: ColumnType) -> u64 {
    match column {
        ColumnType::LeftEdge => 0,
        ColumnType::Column(n) => n.get(),
    }
}

fn files(unit: &Unit, header: &LineProgramHeader<Slice>) -> gimli::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let text = |value| -> gimli::Result<Vec<u8>> {
        Ok(unit.dwarf.attr_string(&unit.unit, value)?.slice().to_vec())
    };
    let entries = header.file_names().iter();
    entries
        .map(|f| {
            let folder = f.directory(header).map(text).transpose()?.unwrap_or_default();
            Ok((folder, text(f.path_name())?))
        })
        .collect()
}

fn finding(
    pair: &Pair,
    unit: &Unit,
    l: &gimli::LineRow,
    r: &gimli::LineRow,
    what: &str,
) -> Finding {
    let show = |image: &crate::model::Image, row: &gimli::LineRow| {
        let line = row.line().map_or(0, std::num::NonZeroU64::get);
        let at = crate::code::text::address(image, row.address());
        format!("{at}: file {} line {line}:{}", row.file_index(), column(row.column()))
    };
    Finding::new(Kind::DebugLine, unit.name(), what).showing(show(pair.a, l), show(pair.b, r))
}
