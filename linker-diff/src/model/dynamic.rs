//! Dynamic tags and the relocations that the start-up code or the loader applies.

use super::elf::{PT_DYNAMIC, SHT_RELA, SHT_RELR, Section, Segment};
use super::memory::Memory;

/// R_X86_64_64: a symbol plus the addend.
pub const R_64: u32 = 1;
/// R_X86_64_GLOB_DAT: a symbol.
pub const R_GLOB_DAT: u32 = 6;
/// R_X86_64_JUMP_SLOT: a function.
pub const R_JUMP_SLOT: u32 = 7;
/// R_X86_64_RELATIVE: the load bias plus the addend.
pub const R_RELATIVE: u32 = 8;
/// R_X86_64_TPOFF64: an offset from the thread pointer.
pub const R_TPOFF64: u32 = 18;
/// R_X86_64_IRELATIVE: what the resolver at the addend returns.
pub const R_IRELATIVE: u32 = 37;

/// DT_NEEDED: a library to be loaded.
pub const DT_NEEDED: u64 = 1;
const DT_RELA: u64 = 7;
const DT_RELASZ: u64 = 8;
const DT_JMPREL: u64 = 23;
const DT_PLTRELSZ: u64 = 2;
const DT_RELR: u64 = 36;
const DT_RELRSZ: u64 = 35;

/// One relocation, RELR expanded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DynReloc {
    /// The address it writes.
    pub at: u64,
    /// The relocation type's number.
    pub kind: u32,
    /// Index in `.dynsym`, or 0.
    pub symbol: u32,
    /// The addend.
    pub addend: i64,
}

/// Relocations sorted by address, and the dynamic tags in file order.
#[derive(Default, Debug)]
pub struct Dynamic {
    /// Sorted by address, without duplicates.
    pub relocs: Vec<DynReloc>,
    /// `d_tag` and `d_val`, DT_NULL left out.
    pub tags: Vec<(u64, u64)>,
}

impl Dynamic {
    /// The relocation that writes exactly at `addr`.
    pub fn at(&self, addr: u64) -> Option<&DynReloc> {
        let i = self.relocs.partition_point(|r| r.at < addr);
        self.relocs.get(i).filter(|r| r.at == addr)
    }

    /// Relocations that write in `[start, end)`.
    pub fn within(&self, start: u64, end: u64) -> &[DynReloc] {
        let from = self.relocs.partition_point(|r| r.at < start);
        let to = self.relocs.partition_point(|r| r.at < end);
        &self.relocs[from..to.max(from)]
    }

    /// The value of a tag.
    pub fn tag(&self, tag: u64) -> Option<u64> {
        self.tags.iter().find(|t| t.0 == tag).map(|t| t.1)
    }
}

/// Reads them from PT_DYNAMIC and, for fixed-address programs, from allocated SHT_RELA sections.
pub fn read(segments: &[Segment], sections: &[Section], memory: &Memory) -> Dynamic {
    let mut dynamic = Dynamic { tags: tags(segments, memory), relocs: Vec::new() };
    let mut relocs = Vec::new();
    for (table, size) in [(DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)] {
        if let (Some(addr), Some(size)) = (dynamic.tag(table), dynamic.tag(size))
            && let Some(bytes) = memory.from(addr)
        {
            rela(&bytes[..bytes.len().min(size as usize)], &mut relocs);
        }
    }
    if let (Some(addr), Some(size)) = (dynamic.tag(DT_RELR), dynamic.tag(DT_RELRSZ))
        && let Some(bytes) = memory.from(addr)
    {
        relr(memory, &bytes[..bytes.len().min(size as usize)], &mut relocs);
    }
    for section in sections.iter().filter(|s| s.is_alloc()) {
        match section.kind {
            SHT_RELA => rela(section.data, &mut relocs),
            SHT_RELR => relr(memory, section.data, &mut relocs),
            _ => {}
        }
    }
    relocs.sort_unstable();
    relocs.dedup();
    dynamic.relocs = relocs;
    dynamic
}

fn tags(segments: &[Segment], memory: &Memory) -> Vec<(u64, u64)> {
    let Some(segment) = segments.iter().find(|s| s.kind == PT_DYNAMIC) else {
        return Vec::new();
    };
    let Some(bytes) = memory.from(segment.vaddr) else { return Vec::new() };
    let bytes = &bytes[..bytes.len().min(segment.filesz as usize)];
    let words = bytes.chunks_exact(16).map(|c| (word(&c[..8]), word(&c[8..])));
    words.take_while(|t| t.0 != 0).collect()
}

fn word(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

fn rela(bytes: &[u8], out: &mut Vec<DynReloc>) {
    for entry in bytes.chunks_exact(24) {
        let info = word(&entry[8..16]);
        let reloc = DynReloc {
            at: word(&entry[..8]),
            kind: info as u32,
            symbol: (info >> 32) as u32,
            addend: word(&entry[16..]) as i64,
        };
        if reloc.kind != 0 {
            out.push(reloc);
        }
    }
}

/// gABI: an even word is an address, an odd one a bitmap of the 63 words that follow.
fn relr(memory: &Memory, bytes: &[u8], out: &mut Vec<DynReloc>) {
    let mut next = 0u64;
    let mut push = |at: u64| {
        let addend = memory.word(at).unwrap_or(0) as i64;
        out.push(DynReloc { at, kind: R_RELATIVE, symbol: 0, addend });
    };
    for entry in bytes.chunks_exact(8).map(word) {
        if entry & 1 == 0 {
            push(entry);
            next = entry.wrapping_add(8);
        } else {
            for bit in 0..63 {
                if entry >> (bit + 1) & 1 == 1 {
                    push(next.wrapping_add(bit * 8));
                }
            }
            next = next.wrapping_add(63 * 8);
        }
    }
}
