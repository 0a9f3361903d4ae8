//! Debug sections, decompressed.

use std::borrow::Cow;
use std::collections::HashMap;

use gimli::{Dwarf, EndianSlice, LittleEndian};
use object::read::{CompressedData, CompressionFormat};

use crate::model::Image;
use crate::model::unwind::Slice;

/// SHF_COMPRESSED.
const COMPRESSED: u64 = 0x800;

/// No compiler's debug information shrinks more than this.
const MOST_RATIO: u64 = 2000;

/// The sections by name.
#[derive(Default, Debug)]
pub struct DebugSections<'a> {
    by_name: HashMap<&'static str, Cow<'a, [u8]>>,
    /// Why one could not be decompressed.
    pub problems: Vec<String>,
}

impl<'a> DebugSections<'a> {
    /// Finds and decompresses them.
    pub fn load(image: &Image<'a>) -> Self {
        let mut sections = Self::default();
        for id in IDS {
            let Some(section) = image.section(id.name()) else { continue };
            if section.flags & COMPRESSED == 0 {
                sections.by_name.insert(id.name(), Cow::Borrowed(section.data));
                continue;
            }
            match decompress(section.data) {
                Ok(bytes) => {
                    sections.by_name.insert(id.name(), Cow::Owned(bytes));
                }
                Err(what) => sections.problems.push(format!("{}: {what}", id.name())),
            }
        }
        sections
    }

    /// A section's bytes; none where the program lacks it.
    pub fn bytes(&self, name: &str) -> &[u8] {
        self.by_name.get(name).map_or(&[], |b| b)
    }

    /// The sections as gimli reads them.
    pub fn dwarf(&self) -> Dwarf<Slice<'_>> {
        let section = |id: gimli::SectionId| -> Result<Slice<'_>, gimli::Error> {
            Ok(EndianSlice::new(self.bytes(id.name()), LittleEndian))
        };
        Dwarf::load(section).unwrap_or_default()
    }
}

const IDS: [gimli::SectionId; 12] = [
    gimli::SectionId::DebugAbbrev,
    gimli::SectionId::DebugAddr,
    gimli::SectionId::DebugFrame,
    gimli::SectionId::DebugInfo,
    gimli::SectionId::DebugLine,
    gimli::SectionId::DebugLineStr,
    gimli::SectionId::DebugLoc,
    gimli::SectionId::DebugLocLists,
    gimli::SectionId::DebugRanges,
    gimli::SectionId::DebugRngLists,
    gimli::SectionId::DebugStr,
    gimli::SectionId::DebugStrOffsets,
];

/// gABI: a header of 24 bytes states method, size and alignment.
fn decompress(data: &[u8]) -> Result<Vec<u8>, String> {
    let head = data.get(..24).ok_or("the compression header is cut off")?;
    let format = match u32::from_le_bytes([head[0], head[1], head[2], head[3]]) {
        1 => CompressionFormat::Zlib,
        2 => CompressionFormat::Zstandard,
        other => return Err(format!("unknown compression {other}")),
    };
    let size = head[8..16].try_into().map_or(0, u64::from_le_bytes);
    if size / MOST_RATIO > data.len() as u64 {
        return Err(format!("{} bytes cannot hold {size}", data.len()));
    }
    let data = CompressedData { format, data: &data[24..], uncompressed_size: size };
    Ok(data.decompress().map_err(|e| e.to_string())?.into_owned())
}
