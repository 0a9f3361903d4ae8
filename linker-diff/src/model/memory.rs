//! The bytes that the loader puts at each address.

use super::elf::{PT_LOAD, Segment};

/// What PT_LOAD segments map, sorted by address.
#[derive(Debug)]
pub struct Memory<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Debug)]
struct Part<'a> {
    start: u64,
    end: u64,
    bytes: &'a [u8],
}

impl<'a> Memory<'a> {
    /// Collects the loadable segments; their file ranges were checked when they were parsed.
    pub fn new(data: &'a [u8], segments: &[Segment]) -> Self {
        let mut parts: Vec<_> = segments
            .iter()
            .filter(|s| s.kind == PT_LOAD && s.memsz > 0)
            .map(|s| {
                let size = s.filesz.min(s.memsz) as usize;
                let bytes = data.get(s.offset as usize..).and_then(|d| d.get(..size));
                Part { start: s.vaddr, end: s.end(), bytes: bytes.unwrap_or(&[]) }
            })
            .collect();
        parts.sort_by_key(|p| p.start);
        Self { parts }
    }

    fn part(&self, addr: u64) -> Option<&Part<'a>> {
        let i = self.parts.partition_point(|p| p.start <= addr);
        self.parts.get(i.checked_sub(1)?).filter(|p| addr < p.end)
    }

    /// The bytes from `addr` to the end of what the file holds of its segment.
    pub fn from(&self, addr: u64) -> Option<&'a [u8]> {
        let part = self.part(addr)?;
        part.bytes.get((addr - part.start) as usize..)
    }

    /// `size` bytes at `addr`, if the file holds them.
    pub fn slice(&self, addr: u64, size: usize) -> Option<&'a [u8]> {
        self.from(addr)?.get(..size)
    }

    /// Whether the program owns `addr`, zeros included.
    pub fn contains(&self, addr: u64) -> bool {
        self.part(addr).is_some()
    }

    /// Whether `addr` is owned or is the end of something owned.
    pub fn contains_or_ends(&self, addr: u64) -> bool {
        self.contains(addr) || (addr > 0 && self.contains(addr - 1))
    }

    /// The 64-bit word at `addr`; zeros behind the file's bytes count.
    pub fn word(&self, addr: u64) -> Option<u64> {
        match self.slice(addr, 8) {
            Some(bytes) => Some(u64::from_le_bytes(bytes.try_into().ok()?)),
            None => self.contains(addr).then_some(0),
        }
    }

    /// The 32-bit word at `addr`, if the file holds it.
    pub fn word32(&self, addr: u64) -> Option<u32> {
        Some(u32::from_le_bytes(self.slice(addr, 4)?.try_into().ok()?))
    }

    /// The lowest address.
    pub fn start(&self) -> u64 {
        self.parts.first().map_or(0, |p| p.start)
    }

    /// One past the highest address.
    pub fn end(&self) -> u64 {
        self.parts.last().map_or(0, |p| p.end)
    }
}
