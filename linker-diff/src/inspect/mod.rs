//! Which allocator a program carries, how sure that is, and why.
//!
//! The evidence, from the surest: the note that gild leaves in what it links ([`note`]); symbols,
//! also of other linkers' programs ([`known`]); texts, tables and numbers that strip doesn't touch
//! ([`contents`]). Where symbols tell, direct calls are followed from `malloc` to see which of
//! several heaps it leads to ([`calls`]).

mod calls;
mod contents;
pub mod expect;
mod known;
pub mod note;
pub mod text;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use crate::error::Error;
use crate::model::ImageFile;
use crate::model::dynamic;
use crate::model::elf::{self, PT_NOTE, Parsed, SHT_NOTE};
use crate::model::memory::Memory;
use crate::model::symbols::Symbol;
use crate::report::lossily;
use calls::Calls;
use known::{BUMP, KNOWN, Known, by_name, plain};
use note::Note;

/// How sure a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// A single text, or texts that symbols don't confirm.
    Possible,
    /// Several texts, or a table or code that no other allocator has.
    Probable,
    /// Symbols.
    Likely,
    /// gild's note.
    Certain,
}

impl Certainty {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// Something that speaks for an allocator.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Evidence {
    /// How much it proves by itself.
    pub certainty: Certainty,
    /// What was found.
    pub text: String,
}

/// A heap whose code is in the program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Heap {
    /// The allocator.
    pub allocator: String,
    /// Its version, such as `3.3.2`, where the program tells.
    pub version: Option<String>,
    /// How sure the strongest evidence makes it.
    pub certainty: Certainty,
    /// Functions that are known to lead to it.
    pub serves: Vec<&'static str>,
    /// What speaks for it, the strongest first.
    pub evidence: Vec<Evidence>,
}

/// A way into a heap.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Entry {
    /// The function.
    pub function: &'static str,
    /// The allocator that it leads to, if that is known.
    pub allocator: Option<String>,
    /// Whether the program takes the function from a shared library.
    pub imported: bool,
}

/// What a program tells about its heap.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Inspection {
    /// The program as it was named.
    #[serde(serialize_with = "lossily")]
    pub file: PathBuf,
    /// Whether it has a symbol table.
    pub symbols: bool,
    /// gild's note.
    pub note: Option<Note>,
    /// Why the notes could not be read.
    pub damaged_note: Option<String>,
    /// The surest first.
    pub heaps: Vec<Heap>,
    /// Functions by which programs allocate.
    pub entries: Vec<Entry>,
}

/// Looks at a program.
///
/// # Errors
/// When it cannot be read or is no linked x86-64 ELF file. Finding nothing is no error.
pub fn inspect(path: &Path) -> Result<Inspection, Error> {
    let file = ImageFile::open(path)?;
    let program = elf::parse(path, file.bytes())?;
    let (note, damaged_note) = match read_note(&program, file.bytes()) {
        Ok(note) => (note, None),
        Err(why) => (None, Some(why)),
    };
    let memory = Memory::new(file.bytes(), &program.segments);
    let symbols: Vec<Symbol> =
        program.symbols.iter().chain(&program.dynamic_symbols).copied().collect();
    let present = by_symbols(&symbols);
    let allocators: Vec<_> = present.iter().map(|(known, _)| *known).collect();
    let dynamic = dynamic::read(&program.segments, &program.sections, &memory);
    let calls = Calls::new(&program, &symbols, &allocators, &memory, dynamic);
    let entries = entries(&symbols, &calls, note.as_ref());
    let mut found = present;
    let has_symbols = !program.symbols.is_empty();
    for (known, mut evidence) in contents::evidence(&program, file.bytes()) {
        if contradicted(known, &program, &found) {
            evidence.certainty = Certainty::Possible;
        }
        found.push((known, evidence));
    }
    let mut heaps = heaps(note.as_ref(), found, &entries);
    for heap in heaps.iter_mut().filter(|h| h.version.is_none()) {
        let known = by_name(&heap.allocator);
        heap.version = known.and_then(|k| contents::version(k, &program, file.bytes()));
    }
    Ok(Inspection {
        file: path.to_owned(),
        symbols: has_symbols,
        note,
        damaged_note,
        heaps,
        entries,
    })
}

/// gild's note; damage matters only where the note isn't found elsewhere. Sections know each note's
/// padding; into one segment mold puts notes of 4 and of 8 bytes.
fn read_note(program: &Parsed, data: &[u8]) -> Result<Option<Note>, String> {
    let sections = program.sections.iter().filter(|s| s.kind == SHT_NOTE && s.is_alloc());
    let mut parts: Vec<_> = sections.map(|s| (s.data, s.align)).collect();
    if parts.is_empty() {
        let segments = program.segments.iter().filter(|s| s.kind == PT_NOTE);
        parts.extend(segments.map(|s| (s.bytes(data), s.align)));
    }
    let read: Vec<_> = parts.into_iter().map(|(bytes, align)| note::find(bytes, align)).collect();
    match read.iter().find_map(|result| result.as_ref().ok()?.clone()) {
        Some(note) => Ok(Some(note)),
        None => read.into_iter().find(Result::is_err).unwrap_or(Ok(None)),
    }
}

/// Allocators that have symbols, each with up to three of them.
fn by_symbols(symbols: &[Symbol]) -> Vec<(&'static Known, Evidence)> {
    const SHOWN: usize = 3;
    let mut found: Vec<(&'static Known, Evidence)> = Vec::new();
    for known in &KNOWN {
        let marks = symbols.iter().filter(|s| s.is_place()).map(|s| plain(s.name));
        let mut marks: Vec<_> = marks.filter(|name| known.is_marked_by(name)).collect();
        marks.sort_by_key(|name| (name.len(), *name));
        marks.dedup();
        marks.truncate(SHOWN);
        // musl links its bump allocator's object beside the real one, which takes its place.
        let idle = known.name == BUMP && found.iter().any(|(k, _)| is_musl(k));
        if !marks.is_empty() && !idle {
            let text = format!("symbols {}", marks.join(", "));
            found.push((known, Evidence { certainty: Certainty::Likely, text }));
        }
    }
    found
}

fn is_musl(known: &Known) -> bool {
    known.also.contains(&"musl")
}

/// A function by which programs allocate, and how to know its symbol.
type Way = (&'static str, fn(&[u8]) -> bool);

const WAYS: [Way; 3] = [
    ("malloc", is_malloc),
    ("operator new", |name| name == b"_Znwm"),
    ("__rust_alloc", is_rust_alloc),
];

/// Whether the symbol is Rust's way to its global allocator, plain or mangled.
fn is_rust_alloc(name: &[u8]) -> bool {
    name == b"__rust_alloc" || name.ends_with(b"7___rustc12___rust_alloc")
}

/// Whether the program has a symbol table that knows `malloc` and nothing of this allocator: then
/// its texts may well be data, as in a linker that carries allocators in archives.
fn contradicted(known: &Known, program: &Parsed, found: &[(&'static Known, Evidence)]) -> bool {
    let by_symbol =
        |(k, e): &(&Known, Evidence)| k.name == known.name && e.certainty >= Certainty::Likely;
    program.symbols.iter().any(|s| is_malloc(s.name)) && !found.iter().any(by_symbol)
}

/// Whether the symbol is `malloc`, also with the version that GNU ld writes behind imported names.
fn is_malloc(name: &[u8]) -> bool {
    name == b"malloc" || name.starts_with(b"malloc@")
}

/// The ways in that the program has. gild's note tells about `malloc`.
fn entries(symbols: &[Symbol], calls: &Calls, note: Option<&Note>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (function, fits) in WAYS {
        let named = || symbols.iter().filter(|s| fits(s.name));
        let noted = note.filter(|_| function == "malloc").map(allocator_of);
        let defined = named().find(|s| s.is_place());
        let Some(symbol) = defined.or_else(|| named().next()) else {
            entries.extend(noted.map(|a| Entry { function, allocator: Some(a), imported: false }));
            continue;
        };
        let traced = || Some(calls.lead_to(defined?.value)?.name.to_owned());
        let imported = !symbol.is_defined();
        entries.push(Entry { function, allocator: noted.or_else(traced), imported });
    }
    entries
}

/// The allocator that a note means: its own word, else by the name of its file.
fn allocator_of(note: &Note) -> String {
    let told = note.version.split(' ').next().and_then(by_name);
    let named = || KNOWN.iter().find(|known| note.name.starts_with(known.name));
    told.or_else(named).map_or_else(|| note.name.clone(), |known| known.name.to_owned())
}

/// Puts the evidence together, an allocator a heap.
fn heaps(note: Option<&Note>, found: Vec<(&Known, Evidence)>, entries: &[Entry]) -> Vec<Heap> {
    let mut heaps: Vec<Heap> = Vec::new();
    let noted = note.map(|note| {
        let text = match &*note.file {
            "" => "gild's note".to_owned(),
            file => format!("gild's note on {file}"),
        };
        (allocator_of(note), Evidence { certainty: Certainty::Certain, text })
    });
    let found = found.into_iter().map(|(known, evidence)| (known.name.to_owned(), evidence));
    for (allocator, evidence) in noted.into_iter().chain(found) {
        if let Some(heap) = heaps.iter_mut().find(|h| h.allocator == allocator) {
            heap.certainty = heap.certainty.max(evidence.certainty);
            heap.evidence.push(evidence);
            continue;
        }
        let serving = entries.iter().filter(|e| e.allocator.as_ref() == Some(&allocator));
        let serves = serving.map(|e| e.function).collect();
        let own = note.filter(|_| evidence.certainty == Certainty::Certain);
        let version = own.and_then(|note| note.version.split_once(' '));
        let version = version.map(|(_, version)| version.to_owned());
        let certainty = evidence.certainty;
        heaps.push(Heap { allocator, version, certainty, serves, evidence: vec![evidence] });
    }
    heaps.sort_by_key(|h| std::cmp::Reverse((h.certainty, !h.serves.is_empty())));
    heaps
}
