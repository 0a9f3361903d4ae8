//! Source file and line of a place in an object, from its `.debug_line` (DWARF 2 to 5).
//!
//! Only error messages ask for it, so each call reads the whole table.

use super::inflate;
use super::object::{Object, string};
use crate::elf::{R_X86_64_32, R_X86_64_64, RelaExt, SymExt};
use gimli::{AttributeValue, DebugLine, EndianSlice, LineRow, LittleEndian};
use std::borrow::Cow;

/// Section `n` is laid at `n << 40`, so that an address tells its section.
const SECTION_SHIFT: u32 = 40;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// `file.c:12` for offset `offset` of section `shndx`, if the object knows.
pub fn source_line(object: &Object, shndx: u32, offset: u64) -> Option<String> {
    let line = relocated(object, b".debug_line")?;
    let line_strings = contents(object, b".debug_line_str").map(|(_, data)| data);
    let strings = contents(object, b".debug_str").map(|(_, data)| data);
    let tables = [line_strings.as_deref().unwrap_or(&[]), strings.as_deref().unwrap_or(&[])];
    let address = (u64::from(shndx) << SECTION_SHIFT).checked_add(offset)?;
    let table = DebugLine::new(&line, LittleEndian);
    let mut at = 0;
    while at < line.len() {
        let program = table.program(gimli::DebugLineOffset(at), 8, None, None).ok()?;
        let header = program.header();
        // The unit_length field itself: 4 bytes, or 12 in the 64-bit format.
        let prefix = if header.format() == gimli::Format::Dwarf64 { 12 } else { 4 };
        at = at.checked_add(header.unit_length().checked_add(prefix)?)?;
        if let Some(found) = search(program, address, tables) {
            return Some(found);
        }
    }
    None
}

fn search(
    program: gimli::IncompleteLineProgram<Reader>,
    address: u64,
    tables: [&[u8]; 2],
) -> Option<String> {
    let mut rows = program.rows();
    let mut before: Option<LineRow> = None;
    while let Ok(Some((_, row))) = rows.next_row() {
        let row = *row;
        if let Some(last) = before
            && last.address() <= address
            && address < row.address()
        {
            return Some(describe(rows.header(), &last, tables));
        }
        before = if row.end_sequence() { None } else { Some(row) };
    }
    None
}

fn describe(
    header: &gimli::LineProgramHeader<Reader>,
    row: &LineRow,
    [line_strings, strings]: [&[u8]; 2],
) -> String {
    let text = |value: &AttributeValue<Reader>| match value {
        AttributeValue::String(name) => String::from_utf8_lossy(name.slice()).into_owned(),
        AttributeValue::DebugLineStrRef(at) => {
            String::from_utf8_lossy(string(line_strings, at.0 as u32)).into_owned()
        }
        AttributeValue::DebugStrRef(at) => {
            String::from_utf8_lossy(string(strings, at.0 as u32)).into_owned()
        }
        _ => String::new(),
    };
    let line = row.line().map_or(0, |line| line.get());
    let Some(file) = row.file(header) else { return format!("line {line}") };
    let name = text(&file.path_name());
    // Directory 0 is the compilation directory, which the user knows.
    let directory = match file.directory_index() {
        0 => String::new(),
        _ => file.directory(header).map(|value| text(&value)).unwrap_or_default(),
    };
    if directory.is_empty() || name.starts_with('/') {
        return format!("{name}:{line}");
    }
    format!("{directory}/{name}:{line}")
}

/// A section by name, inflated even if the link leaves it compressed.
fn contents<'a>(object: &'a Object, name: &[u8]) -> Option<(u32, Cow<'a, [u8]>)> {
    let count = object.headers.len() as u32;
    let shndx = (1..count).find(|&shndx| object.section_name(shndx) == name)?;
    if object.compressed.contains(&shndx) && object.inflated(shndx).is_none() {
        let inflated = inflate::section(object, shndx).ok()?;
        return Some((shndx, Cow::Owned(inflated.bytes)));
    }
    Some((shndx, Cow::Borrowed(object.section_data(shndx))))
}

/// The section with its relocations applied, targets in allocated sections at `n << 40`.
fn relocated(object: &Object, name: &[u8]) -> Option<Vec<u8>> {
    let (shndx, data) = contents(object, name)?;
    let mut data = data.into_owned();
    for rela in object.relocations(shndx) {
        let width = match rela.kind() {
            R_X86_64_64 => 8,
            R_X86_64_32 => 4,
            _ => continue,
        };
        let value = object.symbols.get(rela.sym() as usize).map_or(0, |symbol| symbol.value());
        let base = match (width, object.symbol_section(rela.sym())) {
            (8, Some(section)) => u64::from(section) << SECTION_SHIFT,
            _ => 0,
        };
        let value = base.wrapping_add(value).wrapping_add_signed(rela.addend());
        let place = usize::try_from(rela.offset()).ok()?;
        if let Some(field) = place.checked_add(width).and_then(|end| data.get_mut(place..end)) {
            field.copy_from_slice(&value.to_le_bytes()[..width]);
        }
    }
    Some(data)
}
