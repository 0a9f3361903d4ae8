//! `.debug_frame`: the unwind rules that debuggers use for code without `.eh_frame`.

use std::collections::HashMap;

use gimli::{BaseAddresses, CieOrFde, DebugFrame, EndianSlice, LittleEndian, UnwindSection as _};

use super::super::Pair;
use super::super::sink::Sink;
use super::super::unwind;
use super::sections::DebugSections;
use crate::code::text;
use crate::finding::{Finding, Kind, Side};
use crate::model::atoms::Class;

/// Length in bytes and rules, by the address of the function.
type Rules = HashMap<u64, (u64, Vec<String>)>;

/// Compares the rules of each pair of functions.
pub fn compare(pair: &Pair, ours: &DebugSections, theirs: &DebugSections, sink: &mut Sink) {
    let mut read = |sections: &DebugSections, side| match rules(sections.bytes(".debug_frame")) {
        Ok(rules) => Some(rules),
        Err(e) => {
            let finding = Finding::new(Kind::DebugFault, ".debug_frame", e.to_string());
            sink.push(finding.on(side));
            None
        }
    };
    let (Some(ours), Some(theirs)) = (read(ours, Side::Left), read(theirs, Side::Right)) else {
        return;
    };
    // A section that one program lacks was reported as a whole.
    if ours.is_empty() || theirs.is_empty() {
        return;
    }
    for &(x, y) in pair.pairing.pairs() {
        let (left, right) = (pair.a.atoms.get(x), pair.b.atoms.get(y));
        if left.class != Class::Code || right.class != Class::Code {
            continue;
        }
        let (l, r) = (ours.get(&left.start), theirs.get(&right.start));
        sink.compared += u64::from(l.is_some() || r.is_some());
        if l == r {
            continue;
        }
        let show = |rules: Option<&(u64, Vec<String>)>| match rules {
            Some((length, rules)) => format!("{length} bytes\n{}", rules.join("\n")),
            None => "missing".into(),
        };
        let kind = if l.is_some() && r.is_some() { Kind::UnwindRules } else { Kind::FdeMissing };
        let finding = Finding::new(kind, text::atom(pair.a, x), "in .debug_frame");
        sink.push(finding.showing(show(l), show(r)));
    }
}

fn rules(bytes: &[u8]) -> gimli::Result<Rules> {
    let mut frame = DebugFrame::from(EndianSlice::new(bytes, LittleEndian));
    frame.set_address_size(8);
    let bases = BaseAddresses::default();
    let mut entries = frame.entries(&bases);
    let mut out = Rules::new();
    while let Some(entry) = entries.next()? {
        let CieOrFde::Fde(partial) = entry else { continue };
        let fde = partial.parse(|section, bases, offset| section.cie_from_offset(bases, offset))?;
        if fde.len() == 0 {
            continue;
        }
        let rules = unwind::instructions(&frame, &bases, &fde).unwrap_or_default();
        out.insert(fde.initial_address(), (fde.len(), rules));
    }
    Ok(out)
}
