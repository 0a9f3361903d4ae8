//! Spans: contiguous runs of output bytes, each written by one thread.

use super::findings::Findings;
use super::relocate::Relocator;
use crate::diagnostics::Error;
use crate::elf::{Rela, RelaExt, SHF_ALLOC, SHF_EXECINSTR, ShdrExt};
use crate::ids::{OutputId, SectionId};
use crate::layout::Content;
use crate::sections::{SectionKind, Sections};
use crate::synth::{Context, SynthKind};
use std::borrow::Cow;
use std::ops::Range;

/// Bytes that a span is grown to: fits the second-level cache, and one `pwrite` of it costs far more
/// than the system call.
const SPAN_SIZE: u64 = 256 << 10;

/// What stands at a piece of the file.
enum Piece<'a> {
    /// Bytes that are ready: headers, merged pieces, what is compressed.
    Bytes(Cow<'a, [u8]>),
    /// Input sections of one output section, at `base + InputSection::offset`.
    Members { output: OutputId, base: u64, members: &'a [SectionId] },
    /// Part of a large section of output section `output`.
    Slice { output: OutputId, section: SectionId, slice: Slice },
    /// A part of a linker-made section.
    Synth { kind: SynthKind, part: usize },
}

/// Bytes of an input section, and the numbers of the relocations to them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slice {
    /// Offsets in the section.
    pub bytes: Range<u64>,
    /// Indices of its relocations.
    pub relocations: Range<usize>,
}

/// A piece, the bytes of the file that it fills, and what pads them up to the next piece.
struct PlacedPiece<'a> {
    range: Range<u64>,
    piece: Piece<'a>,
    padding: u8,
}

/// A run of pieces in file order.
pub struct Span<'a> {
    range: Range<u64>,
    pieces: Vec<PlacedPiece<'a>>,
}

impl<'a> Span<'a> {
    /// File offset, bytes.
    pub fn offset(&self) -> u64 {
        self.range.start
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Makes the span's bytes in `out`, which has its size and may hold anything before.
    pub fn fill(&self, relocator: &Relocator, out: &mut [u8], findings: &mut Findings) {
        debug_assert!(self.fills_all(relocator, out), "bytes from {:#x} left out", self.offset());
        self.make(relocator, out, findings);
    }

    /// Whether what `out` holds before doesn't show, if nothing is wrong with the span.
    fn fills_all(&self, relocator: &Relocator, out: &mut [u8]) -> bool {
        let mut findings = Findings::default();
        let [zeros, ones] = [0, !0].map(|before| {
            out.fill(before);
            self.make(relocator, out, &mut findings);
            out.to_vec()
        });
        zeros == ones || !findings.is_empty()
    }

    fn make(&self, relocator: &Relocator, out: &mut [u8], findings: &mut Findings) {
        let mut rest = out;
        for (index, PlacedPiece { range, piece, padding }) in self.pieces.iter().enumerate() {
            let next = self.pieces.get(index + 1);
            let end = next.map_or(self.range.end, |next| next.range.start);
            let (here, after) = rest.split_at_mut((end - range.start) as usize);
            let (out, gap) = here.split_at_mut((range.end - range.start) as usize);
            piece.fill(range.start, relocator, out, findings);
            gap.fill(*padding);
            rest = after;
        }
    }
}

impl Piece<'_> {
    fn fill(&self, start: u64, relocator: &Relocator, out: &mut [u8], findings: &mut Findings) {
        match self {
            Piece::Bytes(bytes) => copy_padded(bytes, out),
            Piece::Synth { kind, part } => {
                let context = relocator.context;
                let faults = &mut findings.faults;
                if let Err(failed) = context.layout.synth.fill(context, *kind, *part, out, faults) {
                    findings.errors.extend(failed.into_vec());
                }
            }
            Piece::Members { output, base, members } => {
                relocator.members(*output, members, start - base, out, findings);
            }
            Piece::Slice { output, section, slice } => {
                relocator.slice(*output, *section, slice, out, findings);
            }
        }
    }
}

/// Copies `bytes` to the start of `out`; the rest is zeros.
pub fn copy_padded(bytes: &[u8], out: &mut [u8]) {
    let length = bytes.len().min(out.len());
    out[..length].copy_from_slice(&bytes[..length]);
    out[length..].fill(0);
}

/// Cuts the whole file into spans, without overlaps, and without holes but those of [`join`]. Large
/// sections are spans of their own, or are `cut` too: see [`slices`].
pub fn plan<'a>(context: Context<'a, '_>, cut: bool) -> Result<Vec<Span<'a>>, Error> {
    let layout = context.layout;
    let mut pieces = vec![];
    let headers = layout.file_headers();
    let range = 0..headers.len() as u64;
    pieces.push(PlacedPiece { range, piece: Piece::Bytes(headers.into()), padding: 0 });
    let mut code = false;
    for &id in &layout.order {
        let place = layout.place(id);
        if place.file_size == 0 {
            continue;
        }
        let traps = padding(context, id) != 0;
        if let Some(last) = pieces.last_mut() {
            last.padding = if code && traps { TRAP } else { 0 };
        }
        code = traps;
        match place.content {
            Content::Inputs => members(context, id, cut, &mut pieces),
            Content::Synth(kind) => {
                for (part, range) in layout.synth.parts(kind).into_iter().enumerate() {
                    let range = place.offset + range.start..place.offset + range.end;
                    pieces.push(PlacedPiece {
                        range,
                        piece: Piece::Synth { kind, part },
                        padding: 0,
                    });
                }
            }
            Content::Compressed(number) => {
                let mut start = place.offset;
                for part in &layout.compressed[number].parts {
                    let range = start..start + part.len() as u64;
                    start = range.end;
                    pieces.push(PlacedPiece {
                        range,
                        piece: Piece::Bytes(part.into()),
                        padding: 0,
                    });
                }
            }
        }
    }
    if let Some(last) = pieces.last_mut() {
        last.padding = 0;
    }
    let table = layout.section_header_table(context.sections);
    let range = layout.section_headers..layout.section_headers + table.len() as u64;
    pieces.push(PlacedPiece { range, piece: Piece::Bytes(table.into()), padding: 0 });
    join(pieces, layout.file_size)
}

/// Cuts output section `output` alone, as [`plan`] does the whole file.
pub fn of_section<'a>(
    context: Context<'a, '_>,
    output: OutputId,
    cut: bool,
) -> Result<Vec<Span<'a>>, Error> {
    let place = context.layout.place(output);
    let mut pieces = vec![];
    members(context, output, cut, &mut pieces);
    join(pieces, place.offset + place.file_size)
}

/// Cuts an output section at the boundaries of its members.
fn members<'a>(
    context: Context<'a, '_>,
    output: OutputId,
    cut: bool,
    pieces: &mut Vec<PlacedPiece<'a>>,
) {
    let Sections { inputs, outputs, .. } = context.sections;
    let base = context.layout.place(output).offset;
    let padding = padding(context, output);
    let all = &outputs[output.index()].members[..];
    let input = |index: usize| &inputs[all[index].index()];
    let mut first = 0;
    while first < all.len() {
        let start = input(first).offset;
        if input(first).kind == SectionKind::Merged {
            for (range, bytes) in context.merged.parts(all[first]) {
                let range = base + start + range.start..base + start + range.end;
                pieces.push(PlacedPiece { range, piece: Piece::Bytes(bytes.into()), padding });
            }
            first += 1;
            continue;
        }
        if cut && input(first).size > LARGE {
            let section = all[first];
            let slices = slices(context, section);
            for slice in slices.iter().flatten().cloned() {
                let range = base + start + slice.bytes.start..base + start + slice.bytes.end;
                let piece = Piece::Slice { output, section, slice };
                pieces.push(PlacedPiece { range, piece, padding });
            }
            if slices.is_some() {
                first += 1;
                continue;
            }
        }
        let fits = |index: &usize| {
            let input = input(*index);
            input.kind != SectionKind::Merged && input.offset + input.size - start <= SPAN_SIZE
        };
        let next = (first + 1..all.len()).take_while(fits).last().unwrap_or(first) + 1;
        let end = input(next - 1).offset + input(next - 1).size;
        let piece = Piece::Members { output, base, members: &all[first..next] };
        pieces.push(PlacedPiece { range: base + start..base + end, piece, padding });
        first = next;
    }
}

/// Sections above this size are cut, so that the last of them doesn't keep one thread busy while the
/// others have nothing left to do.
const LARGE: u64 = 4 * SPAN_SIZE;

/// The widest field that a relocation changes outside of code.
const FIELD: u64 = 8;

/// Cuts a large section that isn't loaded, or that has no relocations.
///
/// This takes its relocations to be in the order of their offsets, as assemblers write them, and
/// nobody checks: whoever meets one outside of its slice asks for a plan without cuts.
fn slices(context: Context, id: SectionId) -> Option<Vec<Slice>> {
    let (object, shndx) = context.sections.locate(context.resolved, id)?;
    let input = &context.sections.inputs[id.index()];
    let relocations = object.relocations(shndx);
    let loaded = object.headers[shndx as usize].flags() & SHF_ALLOC != 0;
    if input.kind != SectionKind::Regular || (loaded && !relocations.is_empty()) {
        return None;
    }
    Some(cut_between(relocations, input.size))
}

/// Cuts `size` bytes about every span, between fields.
fn cut_between(relocations: &[Rela], size: u64) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::with_capacity((size / SPAN_SIZE) as usize + 1);
    let (mut start, mut first) = (0, 0);
    while start < size {
        let mut end = start + SPAN_SIZE;
        let mut last = first + relocations[first..].partition_point(|rela| rela.offset() < end);
        while last > first && relocations[last - 1].offset().saturating_add(FIELD) > end {
            last -= 1;
            end = relocations[last].offset();
        }
        if end >= size || end <= start {
            (end, last) = (size, relocations.len());
        }
        slices.push(Slice { bytes: start..end, relocations: first..last });
        (start, first) = (end, last);
    }
    slices
}

/// Joins neighbours up to the span size. A span reaches to the start of the next one, unless that
/// is a span's size and more away: such a hole is left to the file system.
fn join(pieces: Vec<PlacedPiece>, file_size: u64) -> Result<Vec<Span>, Error> {
    let mut spans: Vec<Span> = Vec::new();
    let mut end = 0;
    for placed in pieces {
        let range = placed.range.clone();
        if range.start < end || range.end > file_size {
            let message = format!("internal error: two sections of the file meet at {end:#x}");
            return Err(Error::Message(message));
        }
        end = range.end;
        match spans.last_mut() {
            Some(span) if range.end - span.range.start <= SPAN_SIZE => {
                span.range.end = range.end;
                span.pieces.push(placed);
            }
            last => {
                if let Some(span) = last
                    && range.start - span.range.end <= SPAN_SIZE
                {
                    span.range.end = range.start;
                }
                spans.push(Span { range, pieces: vec![placed] });
            }
        }
    }
    if let Some(span) = spans.last_mut() {
        span.range.end = file_size;
    }
    Ok(spans)
}

/// int3: a stray jump goes no further.
const TRAP: u8 = 0xcc;
const NOP: u8 = 0x90;

/// Fill byte between members.
pub fn padding(context: Context, output: OutputId) -> u8 {
    let output = &context.sections.outputs[output.index()];
    match output.name.as_slice() {
        _ if output.flags & SHF_ALLOC == 0 || output.flags & SHF_EXECINSTR == 0 => 0,
        // Fragments of one function, each of which runs into the next.
        b".init" | b".fini" => NOP,
        _ => TRAP,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::LittleEndian as LE;
    use object::endian::{I64, U64};

    fn piece(offset: u64, size: u64) -> PlacedPiece<'static> {
        PlacedPiece {
            range: offset..offset + size,
            piece: Piece::Bytes(Cow::Borrowed(&[])),
            padding: 0,
        }
    }

    #[test]
    fn spans_cover_the_file_without_holes() {
        const S: u64 = SPAN_SIZE;
        let pieces = vec![
            piece(0, 100),
            piece(128, 1000),
            piece(4096, S),
            piece(4096 + S, 3 * S),
            piece(5 * S, 10),
            piece(5 * S + 16, 0),
            piece(5 * S + 16, S - 16),
            piece(6 * S, 1),
        ];
        let count = pieces.len();
        let size = 6 * S + 7;
        let spans = join(pieces, size).unwrap();
        let (mut offset, mut seen) = (0, 0);
        for span in &spans {
            assert_eq!((span.offset(), span.pieces[0].range.start), (offset, offset));
            assert!(span.pieces.len() == 1 || span.size() <= S + 4096);
            (offset, seen) = (offset + span.size(), seen + span.pieces.len());
        }
        assert_eq!((offset, seen), (size, count));
    }

    #[test]
    fn large_holes_are_left_out() {
        let spans = join(vec![piece(0, 10), piece(1 << 40, 1)], (1 << 40) + 1).unwrap();
        let ranges: Vec<_> = spans.into_iter().map(|span| span.range).collect();
        assert_eq!(ranges, [0..10, 1 << 40..(1 << 40) + 1]);
    }

    fn relocations(offsets: impl Iterator<Item = u64>) -> Vec<Rela> {
        offsets
            .map(|offset| Rela {
                r_offset: U64::new(LE, offset),
                r_info: U64::new(LE, 0),
                r_addend: I64::new(LE, 0),
            })
            .collect()
    }

    #[test]
    fn cuts_run_between_fields_and_lose_none() {
        const S: u64 = SPAN_SIZE;
        for step in [1, 2, 3, 7, 8, 9, 100, S + 5] {
            let size = 3 * S + 11;
            let all = relocations((0..size - 8).step_by(step as usize));
            let slices = cut_between(&all, size);
            let (mut end, mut next) = (0, 0);
            for Slice { bytes, relocations } in slices {
                assert_eq!((bytes.start, relocations.start), (end, next));
                (end, next) = (bytes.end, relocations.end);
                if step >= FIELD {
                    let fields = &all[relocations];
                    let inside = |rela: &Rela| {
                        bytes.start <= rela.offset() && rela.offset() + FIELD <= bytes.end
                    };
                    assert!(fields.iter().all(inside), "{bytes:?}");
                }
            }
            assert_eq!((end, next), (size, all.len()));
        }
    }

    #[test]
    fn relocations_out_of_order_are_all_in_some_slice() {
        let all = relocations([u64::MAX, 5, 3 * SPAN_SIZE, 1, u64::MAX - 3, 0].into_iter());
        let slices = cut_between(&all, 2 * SPAN_SIZE);
        assert_eq!(slices.first().map(|slice| slice.relocations.start), Some(0));
        assert_eq!(slices.last().map(|slice| slice.relocations.end), Some(all.len()));
        assert_eq!(slices.last().map(|slice| slice.bytes.end), Some(2 * SPAN_SIZE));
    }

    #[test]
    fn pieces_that_overlap_or_leave_the_file_are_refused() {
        assert!(join(vec![piece(0, 10), piece(8, 1)], 20).is_err());
        assert!(join(vec![piece(0, 10), piece(12, 9)], 20).is_err());
        assert!(join(vec![piece(0, 10), piece(10, 10)], 20).is_ok());
    }
}
