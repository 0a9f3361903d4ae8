//! Dynamic tags and the relocations that the start-up code or the loader applies.

use object::elf;

use super::elf::{PT_DYNAMIC, SHT_RELA, SHT_RELR, Section, Segment};
use super::memory::Memory;

/// R_X86_64_64: a symbol plus the addend.
pub const R_64: u32 = elf::R_X86_64_64.0;
/// R_X86_64_GLOB_DAT: a symbol.
pub const R_GLOB_DAT: u32 = elf::R_X86_64_GLOB_DAT.0;
/// R_X86_64_JUMP_SLOT: a function.
pub const R_JUMP_SLOT: u32 = elf::R_X86_64_JUMP_SLOT.0;
/// R_X86_64_RELATIVE: the load bias plus the addend.
pub const R_RELATIVE: u32 = elf::R_X86_64_RELATIVE.0;
/// R_X86_64_TPOFF64: an offset from the thread pointer.
pub const R_TPOFF64: u32 = elf::R_X86_64_TPOFF64.0;
/// R_X86_64_IRELATIVE: what the resolver at the addend returns.
pub const R_IRELATIVE: u32 = elf::R_X86_64_IRELATIVE.0;

/// DT_NEEDED: a library to be loaded.
pub const DT_NEEDED: u64 = elf::DT_NEEDED.0 as u64;
/// DT_RELA: relocations with addends.
pub const DT_RELA: u64 = elf::DT_RELA.0 as u64;
const DT_RELASZ: u64 = elf::DT_RELASZ.0 as u64;
/// DT_JMPREL: relocations of PLT slots, IRELATIVE ones among them.
pub const DT_JMPREL: u64 = elf::DT_JMPREL.0 as u64;
const DT_PLTRELSZ: u64 = elf::DT_PLTRELSZ.0 as u64;
/// DT_RELR: packed relative relocations.
pub const DT_RELR: u64 = elf::DT_RELR.0 as u64;
const DT_RELRSZ: u64 = elf::DT_RELRSZ.0 as u64;

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

/// A table of relocations that tags name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table {
    /// The tag that gives its address.
    pub tag: u64,
    /// The type that its section has.
    pub section_kind: u32,
    /// Its address.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
}

/// Relocations sorted by address, and the dynamic tags in file order.
#[derive(Default, Debug)]
pub struct Dynamic {
    /// Sorted by address; what RELR applies twice is there twice.
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

    /// The tables that the tags name, as far as they hold anything.
    pub fn tables(&self) -> Vec<Table> {
        const TAGS: [(u64, u64, u32); 3] = [
            (DT_RELA, DT_RELASZ, SHT_RELA),
            (DT_JMPREL, DT_PLTRELSZ, SHT_RELA),
            (DT_RELR, DT_RELRSZ, SHT_RELR),
        ];
        let mut tables: Vec<Table> = Vec::new();
        for (tag, size, section_kind) in TAGS {
            let (Some(start), Some(size)) = (self.tag(tag), self.tag(size)) else { continue };
            let table = Table { tag, section_kind, start, end: start.saturating_add(size) };
            // glibc applies DT_JMPREL's once where DT_RELA's end with them.
            let again = tables
                .iter()
                .any(|t| t.section_kind == section_kind && t.start <= start && t.end == table.end);
            if size > 0 && !again {
                tables.push(table);
            }
        }
        tables
    }
}

/// Whether start-up code finds dynamic tags.
pub fn has_tags(segments: &[Segment]) -> bool {
    segments.iter().any(|s| s.kind == PT_DYNAMIC)
}

/// Reads them as start-up code finds them: by tags where there is a PT_DYNAMIC; without one, as in
/// static programs of fixed address, the allocated sections stand for what lies from
/// `__rela_iplt_start` to `__rela_iplt_end`.
pub fn read(segments: &[Segment], sections: &[Section], memory: &Memory) -> Dynamic {
    let mut dynamic = Dynamic { tags: tags(segments, memory), relocs: Vec::new() };
    let tables: Vec<(u32, &[u8])> = if has_tags(segments) {
        dynamic.tables().iter().map(|t| (t.section_kind, table_bytes(t, memory))).collect()
    } else {
        sections.iter().filter(|s| s.is_alloc()).map(|s| (s.kind, s.data)).collect()
    };
    let of_kind = |kind| tables.iter().filter(move |t| t.0 == kind).map(|t| t.1);
    let relocs = &mut dynamic.relocs;
    of_kind(SHT_RELA).for_each(|bytes| rela(bytes, relocs));
    // An input may ask for one twice: RELA writes the same again, but RELR adds once more.
    relocs.sort_unstable();
    relocs.dedup();
    of_kind(SHT_RELR).for_each(|bytes| relr(memory, bytes, relocs));
    relocs.sort_unstable();
    dynamic
}

fn table_bytes<'a>(table: &Table, memory: &Memory<'a>) -> &'a [u8] {
    let bytes = memory.from(table.start).unwrap_or_default();
    &bytes[..bytes.len().min((table.end - table.start) as usize)]
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
