//! An ELF file to be edited in place.

use std::collections::HashMap;

use iced_x86::{Decoder, DecoderOptions, Instruction};

/// A section's place.
#[derive(Clone, Debug)]
pub struct Section {
    pub header: usize,
    pub addr: u64,
    pub offset: usize,
    pub size: usize,
}

/// A symbol's place.
#[derive(Clone, Debug)]
pub struct Symbol {
    pub entry: usize,
    pub value: u64,
    pub size: usize,
}

/// The file.
pub struct Elf {
    pub bytes: Vec<u8>,
    sections: HashMap<String, Section>,
    symbols: HashMap<String, Symbol>,
}

impl Elf {
    pub fn new(bytes: Vec<u8>) -> Self {
        let mut elf = Self { bytes, sections: HashMap::new(), symbols: HashMap::new() };
        let (table, count) = (elf.word(40) as usize, elf.half(60));
        let names = elf.word(table + usize::from(elf.half(62)) * 64 + 24) as usize;
        for header in (0..usize::from(count)).map(|i| table + i * 64) {
            let section = Section {
                header,
                addr: elf.word(header + 16),
                offset: elf.word(header + 24) as usize,
                size: elf.word(header + 32) as usize,
            };
            let name = elf.text(names + elf.int(header) as usize);
            elf.sections.insert(name, section);
        }
        let (symbols, strings) = (elf.section(".symtab"), elf.section(".strtab").offset);
        for entry in (symbols.offset..symbols.offset + symbols.size).step_by(24) {
            let name = elf.text(strings + elf.int(entry) as usize);
            let (value, size) = (elf.word(entry + 8), elf.word(entry + 16) as usize);
            elf.symbols.insert(name, Symbol { entry, value, size });
        }
        elf
    }

    pub fn half(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }
    pub fn int(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("4 bytes"))
    }
    pub fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("8 bytes"))
    }
    pub fn set_int(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    pub fn set_word(&mut self, at: usize, value: u64) {
        self.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    pub fn add_int(&mut self, at: usize, delta: i32) {
        self.set_int(at, self.int(at).wrapping_add_signed(delta));
    }
    fn text(&self, at: usize) -> String {
        let end = self.bytes[at..].iter().position(|&b| b == 0).expect("a terminator");
        String::from_utf8_lossy(&self.bytes[at..at + end]).into_owned()
    }

    pub fn section(&self, name: &str) -> Section {
        self.sections.get(name).unwrap_or_else(|| panic!("no section {name}")).clone()
    }
    pub fn has_section(&self, name: &str) -> bool {
        self.sections.contains_key(name)
    }
    pub fn symbol(&self, name: &str) -> Symbol {
        self.symbols.get(name).unwrap_or_else(|| panic!("no symbol {name}")).clone()
    }
    /// The first name, by the alphabet, that contains all the parts.
    pub fn name_like(&self, parts: &[&str]) -> String {
        let fits = |name: &&String| parts.iter().all(|p| name.contains(p));
        let found = self.symbols.keys().filter(fits).min();
        found.unwrap_or_else(|| panic!("no symbol like {parts:?}")).clone()
    }

    /// The program headers of that type, as offsets in the file.
    pub fn segments(&self, kind: u32) -> Vec<usize> {
        let (table, count) = (self.word(32) as usize, usize::from(self.half(56)));
        (0..count).map(|i| table + i * 56).filter(|&at| self.int(at) == kind).collect()
    }

    /// Where the byte at an address lies in the file.
    pub fn offset(&self, addr: u64) -> usize {
        let holds = |at: &&usize| {
            let start = self.word(**at + 16);
            addr >= start && addr - start < self.word(**at + 32)
        };
        let loads = self.segments(1);
        let load =
            loads.iter().find(holds).unwrap_or_else(|| panic!("{addr:#x} is not in the file"));
        (self.word(load + 8) + addr - self.word(load + 16)) as usize
    }

    /// The instructions of a function, each with its offset in the file.
    pub fn instructions(&self, function: &str) -> Vec<(usize, Instruction)> {
        let symbol = self.symbol(function);
        let start = self.offset(symbol.value);
        let code = &self.bytes[start..start + symbol.size];
        let decoder = Decoder::with_ip(64, code, symbol.value, DecoderOptions::NONE);
        decoder.into_iter().map(|i| (start + (i.ip() - symbol.value) as usize, i)).collect()
    }

    /// The first instruction of a function that fits.
    pub fn find(
        &self,
        function: &str,
        fits: impl Fn(&Instruction) -> bool,
    ) -> (usize, Instruction) {
        let list = self.instructions(function);
        let found = list.into_iter().find(|(_, i)| fits(i));
        found.unwrap_or_else(|| panic!("no such instruction in {function}"))
    }

    /// The entries of `.eh_frame`: offset in the file, whole length, whether it is a CIE, and the
    /// function's address.
    pub fn frames(&self) -> Vec<Frame> {
        let section = self.section(".eh_frame");
        let mut out = Vec::new();
        let mut at = section.offset;
        while at + 8 < section.offset + section.size && self.int(at) != 0 {
            let length = self.int(at) as usize + 4;
            let cie = self.int(at + 4) == 0;
            let place = section.addr + (at + 8 - section.offset) as u64;
            let start = place.wrapping_add_signed(i64::from(self.int(at + 8) as i32));
            out.push(Frame { at, length, cie, start });
            at += length;
        }
        out
    }

    /// The FDE of a function.
    pub fn fde(&self, function: &str) -> Frame {
        let start = self.symbol(function).value;
        let found = self.frames().into_iter().find(|f| !f.cie && f.start == start);
        found.unwrap_or_else(|| panic!("no FDE of {function}"))
    }
}

/// An entry of `.eh_frame`.
#[derive(Clone, Debug)]
pub struct Frame {
    pub at: usize,
    pub length: usize,
    pub cie: bool,
    pub start: u64,
}
