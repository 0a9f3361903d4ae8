//! `.eh_frame` function by function, and the search table in its header.

use gimli::{BaseAddresses, FrameDescriptionEntry, UnwindSection};
use rayon::prelude::*;

use super::Pair;
use super::lsda;
use super::resolve::{self, Verdict};
use super::sink::Sink;
use super::variants;
use crate::code::text;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::atoms::Class;
use crate::model::target::{Target, canonical, pointer_at};
use crate::model::unwind::{Fde, Slice};
use crate::reason::Reason;

/// Compares unwind information.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    for (image, side) in [(pair.a, Side::Left), (pair.b, Side::Right)] {
        table(image, side, sink);
    }
    let has = |image: &Image| image.unwind.fdes.iter().any(|f| !f.is_empty());
    if has(pair.a) != has(pair.b) {
        let side = if has(pair.a) { Side::Right } else { Side::Left };
        let finding =
            Finding::new(Kind::FdeMissing, ".eh_frame", "one program has no unwind rules");
        sink.push(finding.on(side));
        return;
    }
    let parts: Vec<Sink> = pair
        .pairing
        .pairs()
        .par_chunks(256)
        .map(|chunk| {
            let mut sink = Sink::default();
            for &(x, y) in chunk {
                let (left, right) = (pair.a.atoms.get(x), pair.b.atoms.get(y));
                let code = left.class == Class::Code && right.class == Class::Code;
                if code && !variants::are(pair, x, y) {
                    function(pair, (left.start, left.end), (right.start, right.end), &mut sink);
                }
            }
            sink
        })
        .collect();
    parts.into_iter().for_each(|part| sink.merge(part));
}

/// Compares the FDEs that begin in a pair of functions.
fn function(pair: &Pair, left: (u64, u64), right: (u64, u64), sink: &mut Sink) {
    let covering = |fdes| -> Vec<&Fde> {
        let list: &[Fde] = fdes;
        list.iter().filter(|f| !f.is_empty()).collect()
    };
    let ours = covering(pair.a.unwind.within(left.0, left.1));
    let theirs = covering(pair.b.unwind.within(right.0, right.1));
    if ours.is_empty() && theirs.is_empty() {
        return;
    }
    let distance = |f: &Fde, start: u64| f.start - start;
    let place = || text::address(pair.a, left.0);
    for f in &ours {
        sink.compared += 1;
        match theirs.iter().find(|g| distance(g, right.0) == distance(f, left.0)) {
            Some(g) => rules(pair, f, g, sink),
            None => sink.push(
                Finding::new(Kind::FdeMissing, place(), "the second program lost the unwind rules")
                    .on(Side::Right)
                    .showing(range(f, left.0), "missing"),
            ),
        }
    }
    for g in &theirs {
        if !ours.iter().any(|f| distance(f, left.0) == distance(g, right.0)) {
            sink.push(
                Finding::new(Kind::FdeMissing, place(), "the first program lost the unwind rules")
                    .on(Side::Left)
                    .showing("missing", range(g, right.0)),
            );
        }
    }
}

fn range(f: &Fde, start: u64) -> String {
    format!("FDE for +{:#x}..+{:#x}", f.start - start, f.end.wrapping_sub(start))
}

fn rules(pair: &Pair, f: &Fde, g: &Fde, sink: &mut Sink) {
    let place = || text::address(pair.a, f.start);
    if f.end - f.start != g.end - g.start {
        let show = |f: &Fde| format!("{} bytes", f.end - f.start);
        let finding = Finding::new(Kind::FdeRange, place(), "the rules cover another length");
        sink.push(finding.showing(show(f), show(g)));
    }
    let read = |image: &Image, f: &Fde| {
        let frame = image.unwind.frame.as_ref()?;
        instructions(frame, &image.unwind.bases(), &f.entry)
    };
    let (Some(ours), Some(theirs)) = (read(pair.a, f), read(pair.b, g)) else {
        sink.push(Finding::new(Kind::FrameFault, place(), "the unwind rules cannot be read"));
        return;
    };
    let (l, r) = (f.entry.cie(), g.entry.cie());
    let same_cie = l.code_alignment_factor() == r.code_alignment_factor()
        && l.data_alignment_factor() == r.data_alignment_factor()
        && l.return_address_register() == r.return_address_register()
        && l.is_signal_trampoline() == r.is_signal_trampoline();
    if !same_cie || ours != theirs {
        let at = ours.iter().zip(&theirs).position(|(l, r)| l != r);
        let at = at.unwrap_or(ours.len().min(theirs.len()));
        let show = |list: &[String]| {
            list[at.saturating_sub(2).min(list.len())..]
                .iter()
                .take(6)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n")
        };
        let finding = Finding::new(Kind::UnwindRules, place(), "the unwind rules differ");
        sink.push(finding.showing(show(&ours), show(&theirs)));
    }
    personality(pair, f, g, sink);
    lsda::compare(pair, f, g, sink);
}

/// The CIE's and the FDE's instructions as text, padding left out.
pub fn instructions<'a, S: UnwindSection<Slice<'a>>>(
    frame: &S,
    bases: &BaseAddresses,
    entry: &FrameDescriptionEntry<Slice<'a>>,
) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for mut list in [entry.cie().instructions(frame, bases), entry.instructions(frame, bases)] {
        while let Some(i) = list.next().ok()? {
            if i != gimli::CallFrameInstruction::Nop {
                out.push(show(frame, &i)?);
            }
        }
    }
    Some(out)
}

/// One rule; expressions by their bytes, not by where the section holds them.
fn show<'a, S: UnwindSection<Slice<'a>>>(
    frame: &S,
    rule: &gimli::CallFrameInstruction<usize>,
) -> Option<String> {
    use gimli::CallFrameInstruction::{DefCfaExpression, Expression, ValExpression};
    let bytes = |e: gimli::UnwindExpression<usize>| Some(e.get(frame).ok()?.0.slice().to_vec());
    Some(match *rule {
        DefCfaExpression { expression } => format!("DefCfaExpression {:x?}", bytes(expression)?),
        Expression { register, expression } => {
            format!("Expression {register:?} {:x?}", bytes(expression)?)
        }
        ValExpression { register, expression } => {
            format!("ValExpression {register:?} {:x?}", bytes(expression)?)
        }
        ref other => format!("{other:?}"),
    })
}

fn personality(pair: &Pair, f: &Fde, g: &Fde, sink: &mut Sink) {
    let target = |image: &Image, f: &Fde| match f.entry.personality() {
        None => None,
        Some(gimli::Pointer::Direct(addr)) => Some(canonical(image, addr)),
        Some(gimli::Pointer::Indirect(addr)) => pointer_at(image, addr),
    };
    let (l, r) = (target(pair.a, f), target(pair.b, g));
    let same = match (l, r) {
        (Some(l), Some(r)) => resolve::targets(pair, l, r) == Verdict::Same,
        (None, None) => true,
        _ => false,
    };
    if !same {
        let show = |image, t: Option<Target>| t.map_or("none".into(), |t| text::target(image, t));
        let place = text::address(pair.a, f.start);
        let finding = Finding::new(Kind::Personality, place, "the personality routines differ");
        sink.push(finding.showing(show(pair.a, l), show(pair.b, r)));
    }
}

/// The search table names every FDE, in order, and nothing else.
fn table(image: &Image, side: Side, sink: &mut Sink) {
    let mut fault = |kind, detail: String| {
        let detail = format!("{}: {detail}", image.label());
        sink.push(Finding::new(kind, ".eh_frame_hdr", detail).on(side));
    };
    for problem in &image.unwind.problems {
        fault(Kind::FrameFault, problem.clone());
    }
    let Some(table) = &image.unwind.table else { return };
    if image.unwind.addr != 0 && table.frame != image.unwind.addr {
        fault(
            Kind::FrameTable,
            format!("names .eh_frame at {:#x}, it is at {:#x}", table.frame, image.unwind.addr),
        );
    }
    if table.entries.windows(2).any(|w| w[0].0 > w[1].0) {
        fault(Kind::FrameTable, "the table is not sorted: searches miss functions".into());
    }
    if table.count != table.entries.len() as u64 {
        fault(
            Kind::FrameTable,
            format!("states {} entries and holds {}", table.count, table.entries.len()),
        );
    }
    let mut sorted = table.entries.clone();
    sorted.sort_unstable();
    let known: std::collections::HashSet<(u64, u64)> =
        image.unwind.fdes.iter().map(|f| (f.start, f.addr)).collect();
    let wrong = sorted.iter().filter(|entry| !known.contains(entry)).count();
    if wrong > 0 {
        fault(Kind::FrameTable, format!("{wrong} entries name no FDE of that function"));
    }
    lost(image, side, &sorted, sink);
    dangling(image, side, sink);
}

/// FDEs that a search does not find.
fn lost(image: &Image, side: Side, sorted: &[(u64, u64)], sink: &mut Sink) {
    let in_table = |f: &Fde| sorted.binary_search(&(f.start, f.addr)).is_ok();
    let behind_empty = |f: &Fde| {
        let twins = image.unwind.within(f.start, f.start + 1);
        twins.iter().any(|t| t.is_empty() && in_table(t))
    };
    let lost = image.unwind.fdes.iter().filter(|f| !f.is_empty() && !in_table(f));
    let (known, unknown): (Vec<&Fde>, Vec<&Fde>) = lost.partition(|f| behind_empty(f));
    let finding = |list: &[&Fde]| {
        let name = text::address(image, list.first()?.start);
        let count = list.len();
        let detail =
            format!("{}: {count} FDEs are not in the table, the first for {name}", image.label());
        Some(Finding::new(Kind::FrameTable, ".eh_frame_hdr", detail).on(side))
    };
    sink.findings.extend(finding(&unknown));
    if let Some(finding) = finding(&known) {
        let reason = image.is_signed_by(b"LLD").then_some(Reason::LostEntry);
        sink.take(reason, "table", finding);
    }
}

/// FDEs for code that isn't there.
fn dangling(image: &Image, side: Side, sink: &mut Sink) {
    let outside = image
        .unwind
        .fdes
        .iter()
        .filter(|f| f.end > f.start && !image.section_at(f.start).is_some_and(|s| s.is_code()));
    let outside: Vec<_> = outside.collect();
    if let Some(first) = outside.first() {
        let detail = format!(
            "{}: {} FDEs speak of no code, the first of {:#x}",
            image.label(),
            outside.len(),
            first.start
        );
        let finding = Finding::new(Kind::FrameFault, ".eh_frame", detail).on(side);
        // Discarded functions leave FDEs at address 0 where the linker doesn't edit the section.
        let reason = outside.iter().all(|f| f.start == 0).then_some(Reason::DroppedFrame);
        sink.take(reason, "dangling", finding);
    }
}
