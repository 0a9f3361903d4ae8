//! Notes that are cut short or altered: no panic, and no certainty without a sound note.

use std::path::Path;

use gild_allocators::Libc;
use gild_diff::inspect::{Certainty, Inspection, inspect};

use crate::programs::{Program, altered};
use crate::support::elf::Elf;

/// A program with its note: header, owner `gild` padded to 8 bytes, descriptor.
struct Noted {
    path: std::path::PathBuf,
    elf: Elf,
    /// Offset of the note in the file.
    note: usize,
    /// Program header of the segment that holds it.
    header: usize,
}

/// Bytes of the note's header and owner.
const HEAD: usize = 12 + 8;
/// Bytes of the descriptor before its texts.
const FIXED: usize = 24;

impl Noted {
    fn new() -> Self {
        let path = Program::by_gild(Libc::Musl, "mimalloc").build();
        let elf = Elf::new(std::fs::read(&path).expect("the program"));
        let note = elf.section(".note.gild.allocator").offset;
        let holds = |at: &usize| elf.word(at + 8) as usize == note;
        let header =
            elf.segments(4).into_iter().find(holds).expect("a segment begins with the note");
        Self { path, elf, note, header }
    }

    /// Size of the descriptor, in bytes.
    fn size(&self) -> usize {
        self.elf.int(self.note + 4) as usize
    }

    /// Where the texts begin and where the last one ends, as offsets in the descriptor.
    fn texts(&self) -> (usize, usize) {
        let descriptor = &self.elf.bytes[self.note + HEAD..][..self.size()];
        let ends = (FIXED..self.size()).filter(|&i| descriptor[i] == 0);
        (FIXED, ends.take(4).last().expect("four texts") + 1)
    }

    /// Inspects a copy with a change.
    fn with(&self, change: impl Fn(&mut Elf)) -> Inspection {
        let mut copy = Elf::new(self.elf.bytes.clone());
        change(&mut copy);
        let path: &Path = &altered(&self.path, "noted", &copy.bytes);
        inspect(path).unwrap_or_else(|e| panic!("{e}"))
    }
}

/// The other evidence stands, and the damage is told.
fn assert_damaged(found: &Inspection, case: &str) {
    assert!(found.note.is_none(), "{case}: {found:?}");
    assert!(found.damaged_note.is_some(), "{case}: {found:?}");
    assert_eq!(found.heaps[0].allocator, "mimalloc");
    assert_eq!(found.heaps[0].certainty, Certainty::Likely, "{case}");
}

#[test]
fn a_note_whose_size_is_too_small_is_damaged() {
    let noted = Noted::new();
    let (_, end) = noted.texts();
    for size in 0..end {
        let found = noted.with(|elf| elf.set_int(noted.note + 4, size as u32));
        assert_damaged(&found, &format!("{size} of {end} bytes"));
    }
    assert!(noted.with(|elf| elf.set_int(noted.note + 4, end as u32)).note.is_some());
}

#[test]
fn a_segment_that_ends_within_the_note_is_damaged() {
    let noted = Noted::new();
    // Where there are section headers, the segment isn't asked.
    let with_size = |size: usize| {
        noted.with(|elf| {
            elf.set_word(noted.header + 32, size as u64);
            elf.set_word(40, 0);
            elf.bytes[60..64].fill(0);
        })
    };
    for size in 1..HEAD + noted.texts().1 {
        let found = with_size(size);
        assert!(found.note.is_none() && found.damaged_note.is_some(), "{size}: {found:?}");
        assert_eq!(found.heaps[0].certainty, Certainty::Probable, "{size} bytes");
    }
    let none = with_size(0);
    assert!(none.note.is_none() && none.damaged_note.is_none());
}

#[test]
fn a_text_without_an_end_is_damaged() {
    let noted = Noted::new();
    let (start, _) = noted.texts();
    let from = noted.note + HEAD + start;
    let until = noted.note + HEAD + noted.size();
    let found = noted.with(|elf| {
        elf.bytes[from..until].iter_mut().filter(|b| **b == 0).for_each(|b| *b = b'x');
    });
    assert_damaged(&found, "no text ends");
    let found = noted.with(|elf| elf.bytes[from] = 0);
    assert_damaged(&found, "no name");
    let found = noted.with(|elf| elf.bytes[from] = 0xff);
    assert_damaged(&found, "a name that is not UTF-8");
    let found = noted.with(|elf| elf.bytes[from] = 0x1b);
    assert_damaged(&found, "an escape sequence");
}

#[test]
fn wrong_sizes_and_versions_are_damage() {
    let noted = Noted::new();
    for (at, what) in [(0, "size of the owner"), (4, "size of the descriptor"), (HEAD, "version")] {
        for value in [99, 0x7fff_fffc, u32::MAX] {
            let found = noted.with(|elf| elf.set_int(noted.note + at, value));
            assert_damaged(&found, &format!("{what} {value}"));
        }
    }
}

#[test]
fn a_note_of_another_owner_or_type_is_not_gilds() {
    let noted = Noted::new();
    let other_type = noted.with(|elf| elf.set_int(noted.note + 8, 2));
    let other_owner = noted.with(|elf| elf.bytes[noted.note + 12] = b'G');
    for found in [other_type, other_owner] {
        assert!(found.note.is_none() && found.damaged_note.is_none(), "{found:?}");
    }
}

/// Each byte of the note, every bit of it turned over.
#[test]
fn no_altered_byte_leads_to_a_panic_or_to_another_allocator() {
    let noted = Noted::new();
    for at in 0..HEAD + noted.size() {
        let found = noted.with(|elf| elf.bytes[noted.note + at] ^= 0xff);
        assert!(found.heaps.iter().any(|h| h.allocator == "mimalloc"), "byte {at}: {found:?}");
    }
}
