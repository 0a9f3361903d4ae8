//! `.note.gild.allocator`, found by SHT_NOTE or, without section headers, by PT_NOTE. [`libgild::note`]
//! has its layout.

use libgild::note::{OWNER, REDIRECT, TYPE, VERSION};
use object::LittleEndian;
use object::elf;
use object::read::elf::NoteIterator;
use serde::Serialize;

/// Version, flags and hash, in bytes.
const FIXED: usize = 24;

/// What gild says about the heap that it linked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Note {
    /// The allocator, as its file is called without `lib` and `.a`.
    pub name: String,
    /// What the allocator says of itself, such as `mimalloc 3.3.2`; empty if it doesn't tell.
    pub version: String,
    /// Name of the archive or object; empty if the allocator was in the link already.
    pub file: String,
    /// XXH3-128 of the file in hexadecimal; empty if there is none.
    pub hash: String,
    /// Prefix of the allocator's family, often empty.
    pub prefix: String,
    /// Whether the C library's private callers use the allocator too; otherwise they have libc's
    /// own heap.
    pub redirect: bool,
}

/// Looks for the note in the bytes of a section or segment of notes with that alignment.
///
/// # Errors
/// When a note reaches past them, or gild's contradicts its layout.
pub fn find(segment: &[u8], align: u64) -> Result<Option<Note>, String> {
    type Header64 = elf::FileHeader64<LittleEndian>;
    let notes = NoteIterator::<Header64>::new(LittleEndian, align, segment);
    let mut notes = notes.map_err(|e| e.to_string())?;
    while let Some(note) = notes.next().map_err(|e| e.to_string())? {
        if note.name() == OWNER && note.n_type(LittleEndian).0 == TYPE {
            return descriptor(note.desc()).map(Some);
        }
    }
    Ok(None)
}

fn descriptor(bytes: &[u8]) -> Result<Note, String> {
    let (fixed, mut texts) = bytes.split_at_checked(FIXED).ok_or("it is too short")?;
    let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| fixed[at + i]));
    if word(0) != VERSION {
        return Err(format!("its version is {}, not {VERSION}", word(0)));
    }
    let hash = u128::from_le_bytes(std::array::from_fn(|i| fixed[8 + i]));
    let mut text = || {
        let end = memchr::memchr(0, texts).ok_or("a text has no end")?;
        let (text, rest) = texts.split_at(end);
        texts = &rest[1..];
        let text = std::str::from_utf8(text).map_err(|_| "a text is not UTF-8")?;
        // It goes to a terminal, and into others' logs.
        if text.contains(char::is_control) {
            return Err("a text holds a control character");
        }
        Ok(text.to_owned())
    };
    let (name, version, file, prefix) = (text()?, text()?, text()?, text()?);
    if name.is_empty() {
        return Err("it names no allocator".into());
    }
    if texts.len() > 3 || texts.iter().any(|&b| b != 0) {
        return Err("something follows its texts".into());
    }
    let hash = if hash == 0 { String::new() } else { format!("{hash:032x}") };
    Ok(Note { name, version, file, hash, prefix, redirect: word(4) & REDIRECT != 0 })
}
