//! `--compress-debug-sections`: debug sections as they stand in the file (gABI, "Section Compression").
//!
//! A section is relocated and compressed in shards, in parallel, and isn't in memory as a whole.
//! Compressed shards can follow each other: blocks of deflate that end at a byte (RFC 1951), frames of
//! Zstandard (RFC 8878).

use super::findings::Findings;
use super::relocate::Relocator;
use super::spans::{self, Span};
use crate::args::Compression;
use crate::diagnostics::{Error, Result};
use crate::elf::{ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD, SHF_ALLOC};
use crate::ids::OutputId;
use crate::layout::{Compressed, Content};
use crate::synth::Context;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::io::{self, Write};

/// Spans to a shard, about 1 MiB: the window of deflate is 32 KiB, and what a shard can't refer to in
/// the one before costs next to nothing.
const SPANS: usize = 4;

/// Compresses the debug sections that get smaller by it.
///
/// A section with errors stays as it is, for [`super::write`] to report them with all others.
pub fn debug_sections(context: Context, format: Compression) -> Result<Vec<Compressed>> {
    let relocator = Relocator::new(context);
    let order = &context.layout.order;
    let debug = order.iter().copied().filter(|&output| is_compressible(context, output));
    let debug: Vec<OutputId> = debug.collect();
    let one = |output: OutputId| section(&relocator, output, format);
    let compressed: Vec<_> = debug.into_par_iter().tasks_of(1).map(one).collect();
    compressed.into_iter().filter_map(Result::transpose).collect()
}

fn is_compressible(context: Context, output: OutputId) -> bool {
    let section = &context.sections.outputs[output.index()];
    let place = context.layout.place(output);
    section.flags & SHF_ALLOC == 0
        && place.content == Content::Inputs
        && place.file_size != 0
        && section.name.starts_with(b".debug_")
}

/// `None` if the section is to stay as it is.
fn section(
    relocator: &Relocator,
    output: OutputId,
    format: Compression,
) -> Result<Option<Compressed>> {
    let context = relocator.context;
    let (place, section) =
        (context.layout.place(output), &context.sections.outputs[output.index()]);
    let mut spans = spans::of_section(context, output, true)?;
    // An alignment of gigabytes: the file has a hole there.
    if spans.iter().map(Span::size).sum::<u64>() != place.file_size {
        return Ok(None);
    }
    let (mut shards, mut findings) = compress(relocator, &spans, format)?;
    if findings.uncut {
        spans = spans::of_section(context, output, false)?;
        (shards, findings) = compress(relocator, &spans, format)?;
    }
    let parts = join(shards, format, section.align);
    let size: u64 = parts.iter().map(|part| part.len() as u64).sum();
    let keep = findings.is_empty() && size < place.file_size;
    Ok(keep.then_some(Compressed { output, parts, size }))
}

/// Contents between two of a section's bytes, compressed.
struct Shard {
    bytes: Vec<u8>,
    /// Bytes of the contents.
    size: u64,
    /// Adler-32 of the contents, for zlib (RFC 1950).
    checksum: u32,
}

fn compress(
    relocator: &Relocator,
    spans: &[Span],
    format: Compression,
) -> Result<(Vec<Shard>, Findings)> {
    let one = |spans: &[Span]| {
        let mut findings = Findings::default();
        let mut contents = vec![0; spans.iter().map(Span::size).sum::<u64>() as usize];
        let mut rest = &mut contents[..];
        for span in spans {
            let (out, after) = rest.split_at_mut(span.size() as usize);
            span.fill(relocator, out, &mut findings);
            rest = after;
        }
        let shard = match format {
            Compression::Zlib => deflate(&contents, relocator.context.options.optimize),
            Compression::Zstd => zstandard(&contents),
        };
        shard.map(|shard| (shard, findings))
    };
    let shards: io::Result<Vec<_>> = spans.par_chunks(SPANS).tasks_of(1).map(one).collect();
    let failed = |error| Error::Message(format!("cannot compress debug sections: {error}"));
    let mut all = Findings::default();
    let take = |(shard, findings)| {
        all.extend(findings);
        shard
    };
    let shards = shards.map_err(failed)?.into_iter().map(take).collect();
    Ok((shards, all))
}

/// Deflate at level 2, which takes an eighth more time than 1 for an eighth less bytes, and 6 with `-O2`.
fn deflate(contents: &[u8], optimize: u8) -> io::Result<Shard> {
    let level = flate2::Compression::new(if optimize < 2 { 2 } else { 6 });
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(contents)?;
    // Ends the block at a byte, and doesn't make it the last one.
    encoder.flush()?;
    let bytes = std::mem::take(encoder.get_mut());
    let checksum = simd_adler32::adler32(&contents);
    Ok(Shard { bytes, size: contents.len() as u64, checksum })
}

fn zstandard(contents: &[u8]) -> io::Result<Shard> {
    let bytes = zstd::bulk::compress(contents, zstd::DEFAULT_COMPRESSION_LEVEL)?;
    Ok(Shard { bytes, size: contents.len() as u64, checksum: 0 })
}

/// Compression header, shards, and what a format wants around them.
fn join(shards: Vec<Shard>, format: Compression, align: u64) -> Vec<Vec<u8>> {
    let kind = match format {
        Compression::Zlib => ELFCOMPRESS_ZLIB,
        Compression::Zstd => ELFCOMPRESS_ZSTD,
    };
    let size: u64 = shards.iter().map(|shard| shard.size).sum();
    let mut head = Vec::new();
    head.extend_from_slice(&u64::from(kind).to_le_bytes());
    head.extend_from_slice(&size.to_le_bytes());
    head.extend_from_slice(&align.to_le_bytes());
    let mut tail = Vec::new();
    if let Compression::Zlib = format {
        // Deflate with a window of 32 KiB, fastest.
        head.extend_from_slice(&[0x78, 0x01]);
        // An empty block, which is the last one.
        tail.extend_from_slice(&[0x03, 0x00]);
        let checksum = shards.iter().fold(1, |sum, shard| follow(sum, shard.checksum, shard.size));
        tail.extend_from_slice(&checksum.to_be_bytes());
    }
    let shards = shards.into_iter().map(|shard| shard.bytes);
    std::iter::once(head).chain(shards).chain(std::iter::once(tail)).collect()
}

/// Adler-32 of what has the checksum `first`, and then `length` bytes that have the checksum `second`.
///
/// The lower half is 1 plus the sum of all bytes, the upper one the sum of the lower halves after each
/// byte (RFC 1950): in the second part each of those is larger by what the first one added to 1.
fn follow(first: u32, second: u32, length: u64) -> u32 {
    const MODULUS: u64 = 65_521;
    let halves = |sum: u32| (u64::from(sum & 0xffff), u64::from(sum >> 16));
    let ((low, high), (second_low, second_high)) = (halves(first), halves(second));
    let added = low + MODULUS - 1;
    let low = (added + second_low) % MODULUS;
    let high = (high + second_high + length % MODULUS * (added % MODULUS)) % MODULUS;
    (high << 16 | low) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Something to compress, of any length.
    fn contents(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * i / 7 % 251) as u8).collect()
    }

    fn joined(shards: Vec<Shard>, format: Compression) -> Vec<u8> {
        join(shards, format, 16).concat()
    }

    #[test]
    fn shards_make_one_stream() {
        for lengths in [&[1][..], &[5, 0, 70_000], &[300_000, 1, 65_521, 65_520]] {
            let parts: Vec<Vec<u8>> = lengths.iter().map(|&length| contents(length)).collect();
            let whole = parts.concat();
            for optimize in [1, 2] {
                let shards = parts.iter().map(|part| deflate(part, optimize).unwrap()).collect();
                let bytes = joined(shards, Compression::Zlib);
                let mut read = Vec::new();
                // Checks the checksum at the end.
                let mut decoder = flate2::bufread::ZlibDecoder::new(&bytes[24..]);
                decoder.read_to_end(&mut read).unwrap();
                assert_eq!((read == whole, decoder.into_inner().len()), (true, 0), "{lengths:?}");
            }
            let shards = parts.iter().map(|part| zstandard(part).unwrap()).collect();
            let bytes = joined(shards, Compression::Zstd);
            assert!(zstd::stream::decode_all(&bytes[24..]).unwrap() == whole, "{lengths:?}");
        }
    }

    #[test]
    fn the_header_tells_format_size_and_alignment() {
        for (format, kind) in [(Compression::Zlib, 1), (Compression::Zstd, 2)] {
            let shards =
                vec![deflate(&contents(100), 1).unwrap(), deflate(&contents(11), 1).unwrap()];
            let bytes = joined(shards, format);
            let words: Vec<u64> =
                bytes[..24].chunks(8).map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect();
            assert_eq!(words, [kind, 111, 16]);
        }
    }
}
