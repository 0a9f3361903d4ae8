//! Compilation units, and which is which.

use std::collections::BTreeMap;

use gimli::Dwarf;
use rayon::prelude::*;

use crate::model::unwind::Slice;

/// A unit and the sections it is read with.
#[derive(Debug)]
pub struct Unit<'d> {
    /// All debug sections.
    pub dwarf: &'d Dwarf<Slice<'d>>,
    /// The unit.
    pub unit: gimli::Unit<Slice<'d>>,
    length: usize,
}

impl Unit<'_> {
    /// The source file's name, or that of the .dwo file, which alone a skeleton has.
    pub fn name(&self) -> String {
        let dwo = || {
            let name = self.unit.dwo_name().ok().flatten()?;
            self.dwarf.attr_string(&self.unit, name).ok()
        };
        let name = self.unit.name.or_else(dwo);
        name.map_or_else(|| "unnamed unit".into(), |n| n.to_string_lossy().into_owned())
    }

    /// The ranges of code it speaks of.
    pub fn ranges(&self) -> Vec<gimli::Range> {
        let mut out = Vec::new();
        if let Ok(mut ranges) = self.dwarf.unit_ranges(&self.unit) {
            while let Ok(Some(range)) = ranges.next() {
                out.push(range);
            }
        }
        out
    }

    fn key(&self) -> (String, String, usize) {
        let folder = self.unit.comp_dir.map(|d| d.to_string_lossy().into_owned());
        (self.name(), folder.unwrap_or_default(), self.length)
    }
}

/// Reads all units of `.debug_info`.
///
/// # Errors
/// When a header or the abbreviations of one cannot be read.
pub fn read<'d>(dwarf: &'d Dwarf<Slice<'d>>) -> gimli::Result<Vec<Unit<'d>>> {
    let mut headers = Vec::new();
    let mut iter = dwarf.units();
    while let Some(header) = iter.next()? {
        headers.push(header);
    }
    headers
        .into_par_iter()
        .map(|header| {
            let length = header.unit_length();
            Ok(Unit { dwarf, unit: dwarf.unit(header)?, length })
        })
        .collect()
}

/// Pairs of units, and units that one side lacks.
pub type Pairs<'u, 'd> = (Vec<(&'u Unit<'d>, &'u Unit<'d>)>, Vec<&'u Unit<'d>>, Vec<&'u Unit<'d>>);

/// Pairs units by name, folder and length, those that are alike in order.
pub fn pair<'u, 'd>(left: &'u [Unit<'d>], right: &'u [Unit<'d>]) -> Pairs<'u, 'd> {
    let mut index: BTreeMap<_, Vec<&Unit>> = BTreeMap::new();
    for unit in right.iter().rev() {
        index.entry(unit.key()).or_default().push(unit);
    }
    let mut pairs = Vec::new();
    let mut ours = Vec::new();
    for unit in left {
        match index.get_mut(&unit.key()).and_then(Vec::pop) {
            Some(other) => pairs.push((unit, other)),
            None => ours.push(unit),
        }
    }
    let theirs = index.into_values().flatten().collect();
    // The longest units first, so that no core is left with one at the end.
    pairs.sort_by_key(|(unit, _)| std::cmp::Reverse(unit.length));
    (pairs, ours, theirs)
}
