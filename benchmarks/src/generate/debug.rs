//! DWARF 4: a compilation unit with a subprogram for each function, names in `.debug_str`.

use super::object::{Builder, kinds};
use anyhow::Result;
use object::elf::RelocationType;
use object::write::{Relocation, SectionId, SymbolId};
use object::{RelocationFlags, SectionKind};

/// 1: compile unit with children (name strp); 2: subprogram (name strp, low_pc addr, high_pc data4);
/// 3: base type (name strp, byte_size data1, encoding data1).
const ABBREVIATIONS: &[u8] = &[
    1, 0x11, 1, 0x03, 0x0e, 0, 0, //
    2, 0x2e, 0, 0x03, 0x0e, 0x11, 0x01, 0x12, 0x06, 0, 0, //
    3, 0x24, 0, 0x03, 0x0e, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0, //
    0,
];

/// Types that every unit names: what merging `.debug_str` is for.
const TYPES: usize = 100;

struct Unit<'a> {
    builder: &'a mut Builder,
    info: SectionId,
    strings: SectionId,
    strings_symbol: SymbolId,
}

/// Adds debug information on the functions in `sections` of object `number`.
///
/// # Errors
/// If a relocation can't be represented.
pub fn add(builder: &mut Builder, number: usize, sections: &[SectionId]) -> Result<()> {
    let abbreviations = builder.section(".debug_abbrev".to_owned(), SectionKind::Debug);
    builder.object.append_section_data(abbreviations, ABBREVIATIONS, 1);
    let info = builder.section(".debug_info".to_owned(), SectionKind::Debug);
    let strings = builder.section(".debug_str".to_owned(), SectionKind::DebugString);
    let strings_symbol = builder.object.section_symbol(strings);
    let abbreviations = builder.object.section_symbol(abbreviations);
    let mut unit = Unit { builder, info, strings, strings_symbol };
    // Length (filled in below), version 4, offset of the abbreviations, 8-byte addresses.
    unit.bytes(&[0, 0, 0, 0, 4, 0]);
    unit.reference(abbreviations, 0, 4, kinds::OFFSET)?;
    unit.bytes(&[8, 1]);
    unit.name(&format!("/source/module_{number}/lib.rs"))?;
    for (index, section) in sections.iter().enumerate() {
        unit.bytes(&[2]);
        unit.name(&format!("synthetic::module_{number}::function_{index}"))?;
        let symbol = unit.builder.object.section_symbol(*section);
        unit.reference(symbol, 0, 8, kinds::ADDRESS)?;
        let size = unit.builder.object.section(*section).data().len() as u32;
        unit.bytes(&size.to_le_bytes());
    }
    for index in 0..TYPES {
        unit.bytes(&[3]);
        unit.name(&format!("alloc::collections::shared_type_number_{index}<u64>"))?;
        unit.bytes(&[8, 7]);
    }
    unit.bytes(&[0]);
    let data = unit.builder.object.section_mut(info).data_mut();
    let length = data.len() as u32 - 4;
    data[..4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

impl Unit<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.builder.object.append_section_data(self.info, bytes, 1);
    }

    fn name(&mut self, name: &str) -> Result<()> {
        let text = format!("{name}\0");
        let offset = self.builder.object.append_section_data(self.strings, text.as_bytes(), 1);
        self.reference(self.strings_symbol, offset as i64, 4, kinds::OFFSET)
    }

    fn reference(
        &mut self,
        symbol: SymbolId,
        addend: i64,
        size: usize,
        kind: RelocationType,
    ) -> Result<()> {
        let offset = self.builder.object.append_section_data(self.info, &[0; 8][..size], 1);
        let flags = RelocationFlags::Elf { r_type: kind };
        let relocation = Relocation { offset, symbol, addend, flags };
        Ok(self.builder.object.add_relocation(self.info, relocation)?)
    }
}
