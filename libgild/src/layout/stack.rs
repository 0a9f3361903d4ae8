//! Rights of the stack, from the inputs' `.note.GNU-stack` sections.

use crate::args::Options;
use crate::elf::*;
use crate::input::object::Object;
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use rayon::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Request {
    Plain,
    Executable,
    Silent,
}

/// Producers put the section near the end of the table.
fn request(object: &Object) -> Request {
    for section in (1..object.headers.len() as u32).rev() {
        let header = &object.headers[section as usize];
        let candidate = header.kind() == SHT_PROGBITS && header.flags() & SHF_ALLOC == 0;
        if candidate && object.section_name(section) == b".note.GNU-stack" {
            let executable = header.flags() & SHF_EXECINSTR != 0;
            return if executable { Request::Executable } else { Request::Plain };
        }
    }
    Request::Silent
}

/// `p_flags` of PT_GNU_STACK. As GNU ld, one object that asks for an executable stack, or says
/// nothing about it, makes it executable, with a warning; `-z execstack` and `noexecstack` decide
/// against all inputs.
pub fn flags(resolved: &Resolved, options: &Options, warnings: &mut Vec<String>) -> u32 {
    match options.execstack {
        Some(true) => return PF_R | PF_W | PF_X,
        Some(false) => return PF_R | PF_W,
        None => {}
    }
    let requests: Vec<Request> = resolved.objects.par_iter().tasks_of(64).map(request).collect();
    let first = |wanted| {
        requests.iter().position(|&r| r == wanted).map(|i| resolved.objects[i].name.to_string())
    };
    if let Some(object) = first(Request::Executable) {
        if options.warn_execstack {
            warnings.push(format!(
                "{object}: requires executable stack (because the .note.GNU-stack section is executable)"
            ));
        }
        return PF_R | PF_W | PF_X;
    }
    // If no object at all has the section, GNU ld writes no PT_GNU_STACK and leaves it to the kernel.
    let said = requests.iter().any(|&request| request != Request::Silent);
    match first(Request::Silent) {
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
