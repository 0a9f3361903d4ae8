//! `.eh_frame` records (LSB Core, "Exception Frames"), with their relocations and functions.

use crate::diagnostics::Error;
use crate::elf::{Rela, RelaExt};
use crate::ids::SectionId;
use crate::input::object::Object;
use crate::symbols::{Definition, Resolved};
use std::ops::Range;

/// A common information entry, or the part of an FDE that is as in one.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Header index of its `.eh_frame` section.
    pub section: u32,
    /// Where its length field stands in the section.
    pub offset: u32,
    /// Bytes, length field included.
    pub size: u32,
    /// Index of its first relocation among the section's, sorted by offset.
    first_relocation: u32,
    /// How many are its own.
    relocations: u32,
}

impl Record {
    /// Its bytes.
    pub fn bytes<'a>(&self, object: &'a Object) -> &'a [u8] {
        let start = self.offset as usize;
        let bytes = object.section_data(self.section).get(start..start + self.size as usize);
        bytes.unwrap_or(&[])
    }
}

/// A frame description entry of a function in some section, nearly always of the object's own. Its first
/// relocation is the one of `pc_begin`.
#[derive(Clone, Copy, Debug)]
pub struct Fde {
    /// Where it is.
    pub record: Record,
    /// Index in [`EhFrame::cies`].
    pub cie: u32,
    /// The section of the function that it describes; may be excluded or dead.
    pub target: SectionId,
}

/// The records of all `.eh_frame` sections of an object.
#[derive(Debug, Default)]
pub struct EhFrame {
    /// Header indexes of the sections.
    pub sections: Vec<u32>,
    /// In input order.
    pub cies: Vec<Record>,
    /// In input order. Those of no function are left out.
    pub fdes: Vec<Fde>,
    /// Relocations of sections whose own are not sorted by offset.
    sorted: Vec<(u32, Vec<Rela>)>,
    /// By header index: start in `by_section`.
    starts: Vec<u32>,
    /// Indices of `fdes`, by target.
    by_section: Vec<u32>,
    /// Indices of `fdes` whose function is in another object.
    foreign: Vec<u32>,
}

impl EhFrame {
    /// The relocations of a record, sorted by offset.
    pub fn relocations<'a>(&'a self, object: &'a Object, record: &Record) -> &'a [Rela] {
        let all = match self.sorted.iter().find(|(section, _)| *section == record.section) {
            Some((_, sorted)) => sorted,
            None => object.relocations(record.section),
        };
        let first = record.first_relocation as usize;
        all.get(first..first + record.relocations as usize).unwrap_or(&[])
    }

    /// Indices of the FDEs of section `shndx`'s functions.
    pub fn fdes_of(&self, shndx: u32) -> &[u32] {
        let shndx = shndx as usize;
        match self.starts.get(shndx..shndx + 2) {
            Some(bounds) => &self.by_section[bounds[0] as usize..bounds[1] as usize],
            None => &[],
        }
    }

    /// Indices of the FDEs of other objects' functions.
    pub fn foreign(&self) -> &[u32] {
        &self.foreign
    }

    /// Reads `.eh_frame` section `shndx`; [`EhFrame::index`] must follow the last one.
    pub(super) fn read(
        &mut self,
        resolved: &Resolved,
        object: &Object,
        shndx: u32,
    ) -> Result<(), Error> {
        self.sections.push(shndx);
        let data = object.section_data(shndx);
        if u32::try_from(data.len()).is_err() {
            return Err(malformed(object, shndx, 0, "is larger than 4 GiB"));
        }
        if !object.relocations(shndx).is_sorted_by_key(|rela| rela.offset()) {
            let mut sorted = object.relocations(shndx).to_vec();
            sorted.sort_by_key(|rela| rela.offset());
            self.sorted.push((shndx, sorted));
        }
        // Every FDE has a relocation; most have no other.
        self.fdes.reserve(object.relocations(shndx).len());
        let first_cie = self.cies.len();
        let mut reader = Reader { data, offset: 0, relocation: 0 };
        loop {
            let relocations = match self.sorted.last() {
                Some((section, sorted)) if *section == shndx => sorted,
                _ => object.relocations(shndx),
            };
            let header = reader.peek();
            let header = header.map_err(|text| malformed(object, shndx, reader.offset, text))?;
            let Some(header) = header else { return Ok(()) };
            let Range { start, end } = reader.take(&header, relocations);
            let record = Record {
                section: shndx,
                offset: header.start as u32,
                size: header.size as u32,
                first_relocation: start as u32,
                relocations: (end - start) as u32,
            };
            if header.id == 0 {
                self.cies.push(record);
                continue;
            }
            let cie = (header.id_offset as u32).checked_sub(header.id);
            let cie = cie.and_then(|at| {
                let cies = &self.cies[first_cie..];
                cies.binary_search_by_key(&at, |cie| cie.offset).ok()
            });
            let Some(cie) = cie else {
                return Err(malformed(object, shndx, header.start, "has an FDE without a CIE"));
            };
            let function = relocations[start..end].first();
            let function = function.filter(|rela| rela.offset() == header.id_offset as u64 + 4);
            if let Some(target) = function.and_then(|rela| section_of(resolved, object, rela.sym()))
            {
                self.fdes.push(Fde { record, cie: (first_cie + cie) as u32, target });
            }
        }
    }

    /// Makes [`EhFrame::fdes_of`] work: a counting sort by target.
    pub(super) fn index(&mut self, object: &Object) {
        let count = object.headers.len();
        let mut starts = vec![0; count + 1];
        let slot = |fde: &Fde| {
            let slot = fde.target.0.checked_sub(object.first_section)? as usize;
            (slot < count).then_some(slot)
        };
        for (index, fde) in (0..).zip(&self.fdes) {
            match slot(fde) {
                Some(slot) => starts[slot] += 1,
                None => self.foreign.push(index),
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        self.by_section = vec![0; self.fdes.len() - self.foreign.len()];
        for (index, fde) in self.fdes.iter().enumerate().rev() {
            let Some(slot) = slot(fde) else { continue };
            let start = &mut starts[slot];
            *start -= 1;
            self.by_section[*start as usize] = index as u32;
        }
        self.starts = starts;
    }
}

/// The section in which a symbol of the object is, be it another object's.
fn section_of(resolved: &Resolved, object: &Object, symbol: u32) -> Option<SectionId> {
    if let Some(shndx) = object.symbol_section(symbol) {
        return Some(object.section_id(shndx));
    }
    match resolved.symbol(object.global(symbol)?).definition {
        Definition::Section(id) => Some(id),
        _ => None,
    }
}

fn malformed(object: &Object, shndx: u32, offset: usize, message: &str) -> Error {
    let name = String::from_utf8_lossy(object.section_name(shndx));
    Error::Input {
        file: object.name.to_string(),
        message: format!("{name}+{offset:#x}: {message}"),
        order: (object.file.0, shndx, offset as u64),
    }
}

/// The start of a record.
struct Header {
    /// Offset of the length field.
    start: usize,
    /// Bytes, length field included.
    size: usize,
    /// Offset of the CIE id or CIE pointer.
    id_offset: usize,
    /// 0 for a CIE, else the distance back to its CIE.
    id: u32,
}

struct Reader<'a> {
    data: &'a [u8],
    offset: usize,
    /// The first relocation that no record has taken.
    relocation: usize,
}

impl Reader<'_> {
    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.data.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// The next record, behind any terminators: GNU ld too reads on behind them.
    fn peek(&mut self) -> Result<Option<Header>, &'static str> {
        loop {
            if self.offset == self.data.len() {
                return Ok(None);
            }
            let start = self.offset;
            let length = self.u32(start).ok_or("ends inside a length field")?;
            if length == 0 {
                self.offset += 4;
                continue;
            }
            let (header, length) = match length {
                // The id has 4 bytes in `.eh_frame`, even behind a 64-bit length.
                u32::MAX => {
                    let low = self.u32(start + 4).ok_or("ends inside a length field")?;
                    let high = self.u32(start + 8).ok_or("ends inside a length field")?;
                    (12, u64::from(low) | u64::from(high) << 32)
                }
                length => (4, u64::from(length)),
            };
            let rest = (self.data.len() - start - header) as u64;
            if length > rest {
                return Err("has a record that runs past its end");
            }
            if length < 4 {
                return Err("has a record without an id");
            }
            let id_offset = start + header;
            let id = self.u32(id_offset).ok_or("has a record without an id")?;
            return Ok(Some(Header { start, size: header + length as usize, id_offset, id }));
        }
    }

    /// Steps behind a record; its relocations.
    fn take(&mut self, header: &Header, relocations: &[Rela]) -> Range<usize> {
        self.offset = header.start + header.size;
        let below = |at: usize| move |rela: &&Rela| rela.offset() < at as u64;
        let from = |first: usize| relocations.get(first..).unwrap_or(&[]).iter();
        let first = self.relocation + from(self.relocation).take_while(below(header.start)).count();
        self.relocation = first + from(first).take_while(below(self.offset)).count();
        first..self.relocation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(data: &[u8]) -> Result<Vec<(usize, usize, u32)>, &'static str> {
        let mut reader = Reader { data, offset: 0, relocation: 0 };
        let mut found = Vec::new();
        while let Some(header) = reader.peek()? {
            found.push((header.start, header.size, header.id));
            reader.take(&header, &[]);
        }
        Ok(found)
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn records_of_both_lengths_and_terminators() {
        let data = words(&[4, 0, 0, 8, 16, 7, u32::MAX, 8, 0, 40, 1, 0]);
        assert_eq!(records(&data), Ok(vec![(0, 8, 0), (12, 12, 16), (24, 20, 40)]));
        assert_eq!(records(&[]), Ok(vec![]));
    }

    #[test]
    fn malformed_records_are_errors() {
        for data in [&[9, 0, 0][..], &words(&[5, 0]), &words(&[3, 0]), &words(&[u32::MAX, 8])] {
            assert!(records(data).is_err(), "{data:?}");
        }
        assert!(records(&words(&[u32::MAX, u32::MAX, u32::MAX, 0])).is_err());
    }
}
