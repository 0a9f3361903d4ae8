//! Whether a program has the heap that it should have.

use super::known::by_alias;
use super::{Certainty, Heap, Inspection, text};

/// Checks that the allocator called `name` is there, at least that surely, and that it is no dead
/// weight: where it is known which allocators serve the program, it must be one of them.
///
/// # Errors
/// One line that says what is wrong.
pub fn check(program: &Inspection, name: &str, at_least: Certainty) -> Result<(), String> {
    let file = program.file.display();
    let Some(heap) = program.heaps.iter().find(|h| is_called(program, h, name)) else {
        let others: Vec<_> = program.heaps.iter().map(describe).collect();
        return Err(match &*others {
            [] => format!("{file}: {name} is not there; heap: {}", text::no_heap(program)),
            others => format!("{file}: {name} is not there, but {}", others.join(", ")),
        });
    };
    if heap.certainty < at_least {
        let (found, wanted) = (heap.certainty.name(), at_least.name());
        return Err(format!("{file}: {name} is {found}, but not {wanted}"));
    }
    let served = program.entries.iter().find_map(|e| Some((e.function, e.allocator.as_ref()?)));
    match served {
        Some((function, other)) if heap.serves.is_empty() => {
            Err(format!("{file}: {name} is there, but {function} leads to {other}"))
        }
        _ => Ok(()),
    }
}

fn describe(heap: &Heap) -> String {
    format!("{} ({})", heap.allocator, heap.certainty.name())
}

/// An allocator's name, another of its names, its name with its major version (`mimalloc2`), or
/// what gild was told.
fn is_called(program: &Inspection, heap: &Heap, name: &str) -> bool {
    let noted = program.note.as_ref().filter(|_| heap.certainty == Certainty::Certain);
    let major = heap.version.as_deref().and_then(|version| version.split('.').next());
    heap.allocator == name
        || by_alias(name).any(|known| known.name == heap.allocator)
        || noted.is_some_and(|note| note.name == name)
        || name.strip_prefix(&*heap.allocator).is_some_and(|rest| Some(rest) == major)
}
