//! Compressed debug sections: `SHF_COMPRESSED` (gABI, "Compression Header") and the older `.zdebug_*`.

use super::object::Object;
use crate::diagnostics::{self, Error};
use crate::elf::{ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD, SHF_COMPRESSED, ShdrExt};
use crate::sections::is_debug;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::io::Read;

/// Prefix of the old names.
pub const OLD_PREFIX: &[u8] = b".zdebug";

/// One inflated section.
#[derive(Debug)]
pub struct Inflated {
    /// Header index.
    pub section: u32,
    /// Alignment of the contents.
    pub align: u64,
    /// The contents.
    pub bytes: Vec<u8>,
}

/// `.zdebug_x` → `.debug_x`.
pub fn new_name(name: &[u8]) -> &[u8] {
    const NAMES: [&[u8]; 21] = [
        b".debug_abbrev",
        b".debug_addr",
        b".debug_aranges",
        b".debug_frame",
        b".debug_gnu_pubnames",
        b".debug_gnu_pubtypes",
        b".debug_info",
        b".debug_line",
        b".debug_line_str",
        b".debug_loc",
        b".debug_loclists",
        b".debug_macinfo",
        b".debug_macro",
        b".debug_names",
        b".debug_pubnames",
        b".debug_pubtypes",
        b".debug_ranges",
        b".debug_rnglists",
        b".debug_str",
        b".debug_str_offsets",
        b".debug_types",
    ];
    let rest = &name[OLD_PREFIX.len()..];
    let found = NAMES.iter().find(|new| new.strip_prefix(b".debug") == Some(rest));
    found.map_or(name, |name| name)
}

/// Inflates every compressed section of `objects`.
pub fn all(objects: &mut [Object], strip_debug: bool) -> diagnostics::Result<()> {
    let work: Vec<(usize, u32)> = objects
        .iter()
        .enumerate()
        .flat_map(|(index, object)| object.compressed.iter().map(move |&shndx| (index, shndx)))
        .filter(|&(index, shndx)| !(strip_debug && is_debug(objects[index].section_name(shndx))))
        .collect();
    if work.is_empty() {
        return Ok(());
    }
    let one = |&(index, shndx): &(usize, u32)| {
        let object = &objects[index];
        section(object, shndx).map(|inflated| (index, inflated)).map_err(|message| {
            let name = String::from_utf8_lossy(object.section_name(shndx)).into_owned();
            Error::input(object.position.0, object.name, format!("section {name}: {message}"))
        })
    };
    let results = work.par_iter().tasks_of(1).map(one).collect();
    diagnostics::for_each(results, |(index, inflated)| objects[index].inflated.push(inflated))
}

/// Inflates one section.
pub fn section(object: &Object, shndx: u32) -> Result<Inflated, String> {
    let data = object.raw_data(shndx);
    let header = &object.headers[shndx as usize];
    let truncated = || "truncated compression header".to_string();
    if header.flags() & SHF_COMPRESSED == 0 {
        // "ZLIB", then the size, 8 bytes big-endian.
        let (Some(b"ZLIB"), Some(size)) = (data.get(..4), data.get(4..12)) else {
            return Err("is not compressed as its name says".into());
        };
        let size = u64::from_be_bytes(size.try_into().map_err(|_| truncated())?);
        let bytes = zlib(&data[12..], size)?;
        return Ok(Inflated { section: shndx, align: header.align(), bytes });
    }
    let word = |at: usize| {
        let bytes = data.get(at..at + 8).ok_or_else(truncated)?;
        Ok::<u64, String>(u64::from_le_bytes(bytes.try_into().map_err(|_| truncated())?))
    };
    let (kind, size, align) = (word(0)? as u32, word(8)?, word(16)?.max(1));
    if !align.is_power_of_two() {
        return Err("the alignment is no power of two".into());
    }
    let body = &data[24..];
    let bytes = match kind {
        ELFCOMPRESS_ZLIB => zlib(body, size)?,
        ELFCOMPRESS_ZSTD => zstd(body, size)?,
        kind => return Err(format!("unknown compression type {kind}")),
    };
    Ok(Inflated { section: shndx, align, bytes })
}

fn zlib(body: &[u8], size: u64) -> Result<Vec<u8>, String> {
    read(flate2::bufread::ZlibDecoder::new(body), body.len(), size)
}

fn zstd(body: &[u8], size: u64) -> Result<Vec<u8>, String> {
    let decoder = zstd::stream::read::Decoder::with_buffer(body);
    read(decoder.map_err(|error| error.to_string())?, body.len(), size)
}

/// Reads `size` bytes. The claimed size is not trusted: memory grows with what really comes.
fn read(decoder: impl Read, compressed: usize, size: u64) -> Result<Vec<u8>, String> {
    // Real debug sections shrink by 2 to 10 times; beyond that the vector grows as it fills.
    let likely = (compressed as u64).saturating_mul(16).min(size);
    let mut bytes = Vec::with_capacity(likely as usize);
    decoder
        .take(size.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot decompress: {error}"))?;
    if bytes.len() as u64 != size {
        return Err("the decompressed size is not what the header says".into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_become_new_ones() {
        for (old, new) in [
            (&b".zdebug_info"[..], &b".debug_info"[..]),
            (b".zdebug_types", b".debug_types"),
            (b".zdebug_unheard_of", b".zdebug_unheard_of"),
        ] {
            assert_eq!(new_name(old), new);
        }
    }

    #[test]
    fn a_size_that_lies_is_an_error() {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"contents").unwrap();
        let body = encoder.finish().unwrap();
        assert_eq!(zlib(&body, 8).unwrap(), b"contents");
        let small = zstd::bulk::compress(b"contents", 0).unwrap();
        assert_eq!(zstd(&small, 8).unwrap(), b"contents");
        for size in [0, 7, 9, u64::MAX] {
            assert!(zlib(&body, size).is_err(), "{size}");
            assert!(zstd(&small, size).is_err(), "{size}");
        }
    }
}
