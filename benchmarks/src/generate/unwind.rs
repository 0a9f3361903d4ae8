//! `.eh_frame`: a CIE, and an FDE for each function, as compilers emit them (LSB, DWARF 4).

use super::object::{Builder, kinds};
use anyhow::Result;
use object::write::{Relocation, SectionId};
use object::{RelocationFlags, SectionKind};

/// Version 1, "zR", code and data alignment 1 and -8, return address in register 16, pointers
/// relative to their place (0x1b), CFA = rsp + 8 with the return address below it.
const CIE: [u8; 24] =
    [20, 0, 0, 0, 0, 0, 0, 0, 1, b'z', b'R', 0, 1, 0x78, 16, 1, 0x1b, 12, 7, 8, 0x90, 1, 0, 0];

/// Adds records for the functions in `sections`, one each.
///
/// # Errors
/// If a relocation can't be represented.
pub fn add(builder: &mut Builder, sections: &[SectionId]) -> Result<()> {
    let frame = builder.section(".eh_frame".to_owned(), SectionKind::ReadOnlyData);
    builder.object.append_section_data(frame, &CIE, 8);
    for section in sections {
        let size = builder.object.section(*section).data().len() as u32;
        let start = builder.object.append_section_data(frame, &record(size), 1);
        // The length of the record says where the CIE is: it lies `start + 4` bytes back.
        let back = (start as u32 + 4).to_le_bytes();
        builder.object.section_mut(frame).data_mut()[start as usize + 4..][..4]
            .copy_from_slice(&back);
        let symbol = builder.object.section_symbol(*section);
        let flags = RelocationFlags::Elf { r_type: kinds::RELATIVE };
        let relocation = Relocation { offset: start + 8, symbol, addend: 0, flags };
        builder.object.add_relocation(frame, relocation)?;
    }
    Ok(())
}

/// Length, CIE pointer, start and size of the function, no augmentation data, padding.
fn record(size: u32) -> [u8; 24] {
    let mut record = [0; 24];
    record[0] = 20;
    record[12..16].copy_from_slice(&size.to_le_bytes());
    record
}
