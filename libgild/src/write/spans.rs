//! Spans: contiguous runs of output bytes, each written by one thread.

use super::relocate;
use crate::diagnostics::{Error, Errors};
use crate::elf::{SHF_ALLOC, SHF_EXECINSTR};
use crate::ids::{OutputId, SectionId};
use crate::layout::Content;
use crate::sections::{SectionKind, Sections};
use crate::synth::{Context, SynthKind};
use std::ops::Range;

/// Bytes that a span is grown to: fits the second-level cache, and one `pwrite` of it costs far more
/// than the system call.
const SPAN_SIZE: u64 = 256 << 10;

/// What stands at a piece of the file.
enum Piece<'a> {
    /// ELF header, program headers, section header table.
    Bytes(Vec<u8>),
    /// Input sections of one output section, at `base + InputSection::offset`.
    Members { output: OutputId, base: u64, members: &'a [SectionId] },
    /// A part of a linker-made section.
    Synth { kind: SynthKind, part: usize },
    /// Bytes of merged pieces.
    Merged(&'a [u8]),
}

/// A run of pieces in file order; bytes between them are padding.
pub struct Span<'a> {
    range: Range<u64>,
    pieces: Vec<(Range<u64>, Piece<'a>)>,
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

    /// Makes the span's bytes in `out`, which is all zeros and has its size.
    pub fn fill(&self, context: Context, out: &mut [u8]) -> Result<(), Vec<Error>> {
        let mut errors = Vec::new();
        for (range, piece) in &self.pieces {
            let start = (range.start - self.range.start) as usize;
            let out = &mut out[start..][..(range.end - range.start) as usize];
            match piece {
                Piece::Bytes(bytes) => out.copy_from_slice(bytes),
                Piece::Merged(bytes) => out.copy_from_slice(bytes),
                Piece::Synth { kind, part } => {
                    if let Err(failed) = context.layout.synth.fill(context, *kind, *part, out) {
                        errors.extend(Errors::into_vec(failed));
                    }
                }
                Piece::Members { output, base, members } => {
                    let start = range.start - base;
                    relocate::members(context, *output, members, start, out, &mut errors);
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// Cuts the whole file into spans, without holes or overlaps.
pub fn plan<'a>(context: Context<'a, '_>) -> Vec<Span<'a>> {
    let layout = context.layout;
    let mut pieces = vec![];
    let headers = layout.file_headers();
    pieces.push((0..headers.len() as u64, Piece::Bytes(headers)));
    for &id in &layout.order {
        let place = layout.place(id);
        if place.file_size == 0 {
            continue;
        }
        match place.content {
            Content::Inputs => members(context, id, &mut pieces),
            Content::Synth(kind) => {
                for (part, range) in layout.synth.parts(kind).into_iter().enumerate() {
                    let range = place.offset + range.start..place.offset + range.end;
                    pieces.push((range, Piece::Synth { kind, part }));
                }
            }
        }
    }
    let table = layout.section_header_table(context.sections);
    let start = layout.section_headers;
    pieces.push((start..start + table.len() as u64, Piece::Bytes(table)));
    join(pieces, layout.file_size)
}

/// Cuts an output section at the boundaries of its members.
fn members<'a>(
    context: Context<'a, '_>,
    output: OutputId,
    pieces: &mut Vec<(Range<u64>, Piece<'a>)>,
) {
    let Sections { inputs, outputs, .. } = context.sections;
    let base = context.layout.place(output).offset;
    let end = context.layout.place(output).file_size;
    let all = &outputs[output.index()].members[..];
    let mut first = 0;
    let mut start = 0;
    for (index, id) in all.iter().enumerate() {
        let input = &inputs[id.index()];
        let merged = input.kind == SectionKind::Merged;
        if index > first && (merged || input.offset + input.size - start > SPAN_SIZE) {
            let piece = Piece::Members { output, base, members: &all[first..index] };
            pieces.push((base + start..base + input.offset, piece));
            (first, start) = (index, input.offset);
        }
        if merged {
            for (range, bytes) in context.merged.parts(*id) {
                let at = base + input.offset;
                pieces.push((at + range.start..at + range.end, Piece::Merged(bytes)));
            }
            (first, start) = (index + 1, input.offset + input.size);
        }
    }
    if first < all.len() {
        let piece = Piece::Members { output, base, members: &all[first..] };
        pieces.push((base + start..base + end, piece));
    }
}

/// Joins neighbours up to the span size. A span reaches to the start of the next one.
fn join(pieces: Vec<(Range<u64>, Piece)>, file_size: u64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (range, piece) in pieces {
        match spans.last_mut() {
            Some(span) if range.end - span.range.start <= SPAN_SIZE => {
                span.range.end = range.end;
                span.pieces.push((range, piece));
            }
            last => {
                let start = last.map_or(0, |span| {
                    span.range.end = range.start;
                    range.start
                });
                spans.push(Span { range: start..range.end, pieces: vec![(range, piece)] });
            }
        }
    }
    if let Some(span) = spans.last_mut() {
        span.range.end = file_size;
    }
    spans
}

/// Fill byte between members: int3 in code, so that a stray jump traps.
pub fn padding(context: Context, output: OutputId) -> u8 {
    let flags = context.sections.outputs[output.index()].flags;
    if flags & SHF_ALLOC != 0 && flags & SHF_EXECINSTR != 0 { 0xcc } else { 0 }
}
