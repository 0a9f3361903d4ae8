//! `.note.gild.allocator`: what a finished program says about its heap.
//!
//! Allocated, so that `strip` keeps it. Owner `gild`, type 1. The descriptor: a little-endian u32
//! version (1); a u32 of flags (bit 0: the C library's private callers are redirected); the 16-byte
//! XXH3-128 hash of the provider's file, little-endian, 0 without a file; then four texts, each
//! ending in NUL: the provider's name, its own version (empty if it doesn't tell), its file's name
//! (empty without a file), the prefix of its family. Padded with zeros to a multiple of 4 bytes.

use super::Binding;
use crate::args::Internal;
use crate::synth::notes;
use std::path::Path;

/// Name of the section.
pub const SECTION: &str = ".note.gild.allocator";
/// The note's owner, without the NUL that ends it.
pub const OWNER: &[u8] = b"gild";
/// The note's type.
pub const TYPE: u32 = 1;
/// The descriptor's version.
pub const VERSION: u32 = 1;
/// Flag: the C library's private callers are redirected.
pub const REDIRECT: u32 = 1;

/// The section's bytes.
pub(super) fn note(binding: &Binding) -> Vec<u8> {
    let mut descriptor = Vec::new();
    descriptor.extend(VERSION.to_le_bytes());
    let redirect = binding.internal == Internal::Redirect;
    descriptor.extend(if redirect { REDIRECT } else { 0 }.to_le_bytes());
    descriptor.extend(binding.hash.to_le_bytes());
    let file = binding.path.as_deref().and_then(Path::file_name).unwrap_or_default();
    let version = binding.version.as_deref().unwrap_or_default();
    for text in [&*binding.name, version, &*file.to_string_lossy(), &*binding.prefix] {
        descriptor.extend(text.as_bytes());
        descriptor.push(0);
    }
    descriptor.resize(descriptor.len().next_multiple_of(4), 0);
    notes::note(OWNER, TYPE, &descriptor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_bytes_are_as_documented() {
        let binding = Binding {
            name: "mi".into(),
            version: Some("mi 3".into()),
            path: Some(PathBuf::from("/lib/libm.a")),
            hash: 0x0102,
            prefix: "mi_".into(),
            internal: Internal::Redirect,
            ..Binding::default()
        };
        let descriptor =
            [&[1, 0, 0, 0, 1, 0, 0, 0, 2, 1][..], &[0; 14], b"mi\0mi 3\0libm.a\0mi_\0\0"].concat();
        let size = descriptor.len() as u8;
        let header = [5, 0, 0, 0, size, 0, 0, 0, 1, 0, 0, 0];
        assert_eq!(note(&binding), [&header[..], b"gild\0\0\0\0", &descriptor].concat());
        assert_eq!(size % 4, 0);
    }
}
