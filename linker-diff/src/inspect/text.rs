//! The report for people.

use std::io::{self, Write};

use super::Inspection;
use super::note::Note;

/// Writes what is known of a program: a line with the conclusion, then what it rests on.
///
/// # Errors
/// When writing fails.
pub fn write(program: &Inspection, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {}", program.file.display(), conclusion(program))?;
    if let Some(note) = &program.note {
        note_lines(note, out)?;
    }
    if let Some(why) = &program.damaged_note {
        writeln!(out, "  notes are damaged: {why}")?;
    }
    for heap in &program.heaps {
        let version = heap.version.as_ref().map_or(String::new(), |v| format!(" {v}"));
        let serves = match &*heap.serves {
            [] => String::new(),
            serves => format!(", serves {}", serves.join(" and ")),
        };
        writeln!(out, "  {}{version}: {}{serves}", heap.allocator, heap.certainty.name())?;
        for evidence in &heap.evidence {
            writeln!(out, "    {}", evidence.text)?;
        }
    }
    for entry in program.entries.iter().filter(|e| e.allocator.is_none()) {
        let where_to = if entry.imported { "a shared library" } else { "nothing known" };
        writeln!(out, "  {} leads to {where_to}", entry.function)?;
    }
    Ok(())
}

/// What is known of a program in which no heap was found.
pub(super) fn no_heap(program: &Inspection) -> &'static str {
    if program.entries.iter().any(|e| e.imported) {
        "none of its own"
    } else if program.symbols && program.entries.is_empty() {
        "none by its symbols"
    } else {
        "unknown"
    }
}

fn conclusion(program: &Inspection) -> String {
    let name = |heap: &super::Heap| {
        let version = heap.version.as_ref().map_or(String::new(), |v| format!(" {v}"));
        format!("{}{version} ({})", heap.allocator, heap.certainty.name())
    };
    match &*program.heaps {
        [] => no_heap(program).into(),
        heaps => heaps.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

fn note_lines(note: &Note, out: &mut impl Write) -> io::Result<()> {
    let or =
        |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    writeln!(out, "  linked by gild")?;
    writeln!(out, "    allocator  {}", note.name)?;
    writeln!(out, "    version    {}", or(&note.version, "not told"))?;
    writeln!(out, "    file       {}", or(&note.file, "none: it was in the link"))?;
    writeln!(out, "    XXH3-128   {}", or(&note.hash, "none"))?;
    writeln!(out, "    prefix     {}", or(&note.prefix, "none"))?;
    let policy =
        if note.redirect { "use it too (redirect)" } else { "have libc's own heap (keep)" };
    writeln!(out, "    libc's private callers {policy}")
}
