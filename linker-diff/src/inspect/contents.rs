//! Evidence that survives strip: texts, tables and numbers in what a program loads.

use memchr::memmem;

use super::known::{KNOWN, Known};
use super::{Certainty, Evidence};
use crate::model::elf::{PF_X, PT_LOAD, Parsed};

/// One text of an allocator may stand in another program's text; two of them hardly do.
const ENOUGH_TEXTS: usize = 2;
/// rpmalloc 1.4 compares with its limit five to eight times where gcc -O3 or clang inline it, on both C
/// libraries. Neither glibc's nor musl's code, nor any other allocator's, does so once.
const ENOUGH_COMPARISONS: usize = 3;
/// Digits and dots of a version such as `3.3.2`, in bytes.
const LONGEST_VERSION: usize = 16;

/// What the loaded bytes tell about each allocator.
pub fn evidence(program: &Parsed, data: &[u8]) -> Vec<(&'static Known, Evidence)> {
    let loads = || program.segments.iter().filter(|s| s.kind == PT_LOAD);
    let all: Vec<&[u8]> = loads().map(|s| s.bytes(data)).collect();
    let code: Vec<&[u8]> = loads().filter(|s| s.flags & PF_X != 0).map(|s| s.bytes(data)).collect();
    KNOWN.iter().flat_map(|k| of_one(k, &all, &code).into_iter().map(move |e| (k, e))).collect()
}

/// The allocator's version where its code carries a text such as `mimalloc 3.3.2`, as gild's own
/// archives do (`gild_allocator_identity`).
pub fn version(known: &Known, program: &Parsed, data: &[u8]) -> Option<String> {
    let beginning = format!("{} ", known.name);
    let loads = program.segments.iter().filter(|s| s.kind == PT_LOAD);
    loads.map(|s| s.bytes(data)).find_map(|part| {
        memmem::find_iter(part, &beginning).find_map(|at| digits(&part[at + beginning.len()..]))
    })
}

/// A version that fills the C string at the beginning.
fn digits(bytes: &[u8]) -> Option<String> {
    let bytes = &bytes[..bytes.len().min(LONGEST_VERSION)];
    let version = std::str::from_utf8(&bytes[..memchr::memchr(0, bytes)?]).ok()?;
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (version.contains('.') && version.split('.').all(number)).then(|| version.to_owned())
}

fn of_one(known: &Known, all: &[&[u8]], code: &[&[u8]]) -> Vec<Evidence> {
    let has = |needle: &[u8]| {
        let finder = memmem::Finder::new(needle);
        all.iter().any(|part| finder.find(part).is_some())
    };
    let mut found = Vec::new();
    let texts: Vec<_> = known.texts.iter().filter(|text| has(text.as_bytes())).collect();
    if !texts.is_empty() {
        let shown: Vec<_> =
            texts.iter().map(|t| format!("{:?}", t.trim_end_matches('\0'))).collect();
        found.push(Evidence {
            certainty: match texts.len() {
                0..ENOUGH_TEXTS => Certainty::Possible,
                _ => Certainty::Probable,
            },
            text: format!("texts {}", shown.join(", ")),
        });
    }
    if let Some(table) = &known.table
        && has(table.bytes)
    {
        let text = format!("{}, {} bytes", table.what, table.bytes.len());
        found.push(Evidence { certainty: Certainty::Probable, text });
    }
    if let Some(limit) = known.limit {
        let count: usize = code.iter().map(|part| comparisons(part, limit)).sum();
        if count >= ENOUGH_COMPARISONS {
            let text = format!("code that compares with {limit:#x} in {count} places");
            found.push(Evidence { certainty: Certainty::Probable, text });
        }
    }
    found
}

/// How often a 64-bit register is compared with that number: REX.W 81 /7 id, or REX.W 3D id for
/// rax (Intel SDM, volume 2A, CMP).
fn comparisons(code: &[u8], limit: u32) -> usize {
    let is_comparison = |at: &usize| match code[..*at] {
        [.., 0x48 | 0x49, 0x81, modrm] => modrm & 0xf8 == 0xf8,
        [.., 0x48, 0x3d] => true,
        _ => false,
    };
    memmem::find_iter(code, &limit.to_le_bytes()).filter(is_comparison).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comparisons_of_registers_count() {
        let number = 0x3e_ff80_u32.to_le_bytes();
        let with = |head: &[u8]| comparisons(&[head, &number].concat(), 0x3e_ff80);
        assert_eq!(with(&[0x48, 0x81, 0xff]), 1, "cmp rdi");
        assert_eq!(with(&[0x49, 0x81, 0xfc]), 1, "cmp r12");
        assert_eq!(with(&[0x48, 0x3d]), 1, "cmp rax");
        assert_eq!(with(&[0x48, 0x81, 0xc7]), 0, "add rdi");
        assert_eq!(with(&[0x81, 0x3f]), 0, "cmp dword [rdi]");
        assert_eq!(with(&[]), 0, "data");
    }

    #[test]
    fn a_version_is_digits_and_dots_and_ends() {
        assert_eq!(digits(b"3.3.2\0x").as_deref(), Some("3.3.2"));
        for no in
            [&b"3.3.2"[..], b"3\0", b"3..2\0", b".3\0", b"v3.1\0", b"\0", b"1.2.3.4.5.6.7.8.9\0"]
        {
            assert_eq!(digits(no), None, "{no:?}");
        }
    }
}
