//! The thread-local block and the variables in it.

use super::Pair;
use super::data;
use super::sink::Sink;
use crate::code::text;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::atoms::{Atom, AtomId, Class};

/// Compares the block's size and alignment.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    let (Some(l), Some(r)) = (pair.a.tls, pair.b.tls) else { return };
    sink.compared += 1;
    if l.align != r.align {
        let finding = Finding::new(Kind::TlsSegment, "PT_TLS", "the alignment differs");
        sink.push(finding.showing(l.align.to_string(), r.align.to_string()));
    }
    if l.size != r.size {
        let finding = Finding::new(Kind::TlsSegment, "PT_TLS", "the size differs")
            .showing(l.size.to_string(), r.size.to_string());
        // Variables that one side lacks, or padding between them, make up the difference.
        let align = l.align.max(r.align).max(1);
        let slack = align * (pair.a.atoms.len() + pair.b.atoms.len()).min(64) as u64;
        let lost = lost(pair);
        if lost > 0 && l.size.abs_diff(r.size) <= lost + slack {
            sink.count(crate::reason::Reason::Unreached, "tls", finding);
        } else if l.size.next_multiple_of(align) == r.size.next_multiple_of(align) {
            sink.count(crate::reason::Reason::PaddedEnd, "tls", finding);
        } else if lost == 0 && l.size.abs_diff(r.size) <= slack && ends_with_sections(pair) {
            sink.count(crate::reason::Reason::ThreadGaps, "tls", finding);
        } else {
            sink.push(finding);
        }
    }
}

/// Whether both headers end where the sections of the block do: then neither is cut off or grown.
fn ends_with_sections(pair: &Pair) -> bool {
    [pair.a, pair.b].into_iter().all(|image| {
        let sections = image.sections.iter().filter(|s| s.is_tls() && s.size > 0);
        let end = sections.map(|s| s.addr.wrapping_add(s.size)).max();
        image.tls.is_some_and(|tls| end == tls.start.checked_add(tls.size))
    })
}

/// Bytes of variables without a counterpart, on either side.
fn lost(pair: &Pair) -> u64 {
    let variable = |atom: &Atom| atom.class == Class::Tls && atom.known;
    let left = pair.a.atoms.iter().filter(|(id, _)| pair.pairing.right_of(*id).is_none());
    let right = pair.b.atoms.iter().filter(|(id, _)| pair.pairing.left_of(*id).is_none());
    left.chain(right).filter(|(_, atom)| variable(atom)).map(|(_, atom)| atom.size()).sum()
}

/// Whether the file holds so many zeros at the address.
fn are_zeros(image: &Image, at: u64, size: u64) -> bool {
    image.memory.slice(at, size as usize).is_some_and(|bytes| bytes.iter().all(|&b| b == 0))
}

/// Compares the initial values of a pair of variables.
pub fn variable(pair: &Pair, x: AtomId, y: AtomId, sink: &mut Sink) {
    sink.compared += 1;
    let (Some(l), Some(r)) = (pair.a.tls, pair.b.tls) else { return };
    let (left, right) = (pair.a.atoms.get(x), pair.b.atoms.get(y));
    let name = text::atom(pair.a, x);
    if left.sized && right.sized && left.size() != right.size() {
        let detail = format!("{} bytes here and {} there", left.size(), right.size());
        sink.push(Finding::new(Kind::ObjectSize, name, detail));
        return;
    }
    let size = left.size().min(right.size());
    let (ours, theirs) = (left.start < l.file_size, right.start < r.file_size);
    if !ours && !theirs {
        return;
    }
    if ours != theirs {
        let (image, at) =
            if ours { (pair.a, l.start + left.start) } else { (pair.b, r.start + right.start) };
        if !are_zeros(image, at, size) {
            sink.push(Finding::new(Kind::TlsImage, name, "initialised on one side only"));
        }
        return;
    }
    // Behind the image in the file lies something else.
    let held = size.min(l.file_size - left.start);
    let other_held = size.min(r.file_size - right.start);
    let (at, other) = (l.start + left.start, r.start + right.start);
    let (longer, start) = if held > other_held { (pair.a, at) } else { (pair.b, other) };
    let size = held.min(other_held);
    // Where a variable without a size ends is a guess.
    let sized = left.sized && right.sized;
    if sized && !are_zeros(longer, start + size, held.abs_diff(other_held)) {
        sink.push(Finding::new(Kind::TlsImage, name, "initialised further on one side"));
        return;
    }
    let outcome = data::runs(pair, at, other, size);
    sink.anonymous.extend(outcome.pending.iter().filter_map(|(o, v)| v.anonymous(x, *o as u32)));
    if let Some(d) = outcome.differences.first() {
        let kind = if d.kind == Kind::DataBytes { Kind::TlsImage } else { d.kind };
        let (ours, theirs) = data::excerpt(pair, at, other, d.offset, size);
        sink.push(Finding::new(kind, name, d.detail.clone()).showing(ours, theirs));
    }
}
