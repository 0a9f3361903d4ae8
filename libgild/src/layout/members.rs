//! Offsets of input sections inside their output sections.

use super::addresses::align_up;
use crate::diagnostics::{Error, Result};
use crate::sections::Sections;

/// Sets `InputSection::offset` of every member, and `size` and `align` of every output section.
pub fn assign(sections: &mut Sections) -> Result<()> {
    let Sections { inputs, outputs, .. } = sections;
    for output in outputs {
        let (mut end, mut align) = (0u64, output.align.max(1));
        for member in &output.members {
            let input = &mut inputs[member.index()];
            let placed = align_up(end, input.align());
            let Some((offset, next)) = placed.and_then(|o| Some((o, o.checked_add(input.size)?)))
            else {
                let name = String::from_utf8_lossy(&output.name);
                return Err(Error::Message(format!("output section {name} is too large")).into());
            };
            input.offset = offset;
            align = align.max(input.align());
            end = next;
        }
        output.size = end;
        output.align = align;
    }
    Ok(())
}
