//! `.note.gnu.build-id` and `.note.package`.

use crate::args::BuildId;
use crate::elf::NT_GNU_BUILD_ID;
use std::ops::Range;

/// `FDO_PACKAGING_METADATA` (systemd, "Package Metadata for Executable Files").
const NT_PACKAGE: u32 = 0xcafe_1a7e;
/// Header and name of a note of GNU's.
const PREFIX: usize = 16;

/// A note of vendor `name`, which gets the NUL that ends it (gABI, "Note Section"); name and descriptor
/// are padded to four bytes.
pub fn note(name: &[u8], kind: u32, descriptor: &[u8]) -> Vec<u8> {
    let mut note = Vec::with_capacity(PREFIX + descriptor.len() + 3);
    for value in [name.len() as u32 + 1, descriptor.len() as u32, kind] {
        note.extend(value.to_le_bytes());
    }
    note.extend(name);
    note.push(0);
    note.resize(note.len().next_multiple_of(4), 0);
    note.extend(descriptor);
    note.resize(note.len().next_multiple_of(4), 0);
    note
}

/// The build-id note. A hashed or random id is zeros until the writer knows it.
pub fn build_id(id: &BuildId) -> Vec<u8> {
    match id {
        BuildId::Hex(bytes) => note(b"GNU", NT_GNU_BUILD_ID, bytes),
        _ => note(b"GNU", NT_GNU_BUILD_ID, &vec![0; id.size()]),
    }
}

/// Where the id stands inside the note.
pub fn build_id_range(id: &BuildId) -> Range<u64> {
    PREFIX as u64..(PREFIX + id.size()) as u64
}

/// The package metadata note; its descriptor is a C string.
pub fn package(json: &str) -> Vec<u8> {
    let mut descriptor = json.as_bytes().to_vec();
    descriptor.push(0);
    note(b"FDO", NT_PACKAGE, &descriptor)
}
