//! Rights of the stack, from the inputs' `.note.GNU-stack` sections.

use crate::args::Options;
use crate::elf::*;
use crate::sections::Sections;
use crate::symbols::Resolved;

/// `p_flags` of PT_GNU_STACK. As GNU ld, one object that asks for an executable stack, or says
/// nothing about it, makes it executable, with a warning; `-z execstack` and `noexecstack` decide
/// against all inputs.
pub fn flags(
    resolved: &Resolved,
    sections: &Sections,
    options: &Options,
    warnings: &mut Vec<String>,
) -> u32 {
    match options.execstack {
        Some(true) => return PF_R | PF_W | PF_X,
        Some(false) => return PF_R | PF_W,
        None => {}
    }
    let notes = &sections.stack_notes;
    let first = |wanted| {
        let file = notes.iter().position(|&note| note == wanted)?;
        Some(resolved.objects[file].name.to_string())
    };
    if let Some(object) = first(Some(true)) {
        if options.warn_execstack {
            warnings.push(format!(
                "{object}: requires executable stack (because the .note.GNU-stack section is executable)"
            ));
        }
        return PF_R | PF_W | PF_X;
    }
    // If no object at all has the section, GNU ld writes no PT_GNU_STACK and leaves it to the kernel.
    let said = notes.iter().any(Option::is_some);
    match first(None) {
        Some(object) if said => {
            if options.warn_execstack {
                warnings.push(format!(
                    "{object}: missing .note.GNU-stack section implies executable stack"
                ));
            }
            PF_R | PF_W | PF_X
        }
        _ => PF_R | PF_W,
    }
}
