//! Addresses and file offsets of output sections, and the program headers over them.
//!
//! The laws (gABI, "Program Header"): `p_offset ≡ p_vaddr` modulo `p_align`; PT_LOADs ascend and
//! share no page of memory, so that each page has one segment's rights.

use super::Segment;
use super::plan::{Item, Load, Plan, Role};
use super::rank::Class;
use crate::args::SeparateSegments;
use crate::elf::*;
use std::ops::Range;

/// What the command line says about addresses.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Address of the ELF header.
    pub image_base: u64,
    /// Page size that rights are arranged for, a power of two.
    pub page: u64,
    /// Which segments keep file pages to themselves.
    pub separate: SeparateSegments,
    /// ET_DYN.
    pub pie: bool,
    /// Flags and size of PT_GNU_STACK.
    pub stack: (u32, u64),
}

/// Address, file offset and bytes in the file of one item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spot {
    /// First byte in memory.
    pub address: u64,
    /// First byte in the file.
    pub offset: u64,
    /// 0 for NOBITS.
    pub file_size: u64,
}

/// Where everything stands.
#[derive(Debug)]
pub struct Addresses {
    /// By item.
    pub spots: Vec<Spot>,
    /// Program headers in the order of the table.
    pub segments: Vec<Segment>,
    /// First file offset behind the loaded sections.
    pub end_offset: u64,
    /// Address behind the last loaded byte.
    pub end_address: u64,
}

/// Addresses beyond this don't exist for a program (x86-64 user space, 47 bits).
const LIMIT: u64 = 1 << 47;

/// `value` rounded up to a multiple of `align`, a power of two. `None` on overflow.
pub fn align_up(value: u64, align: u64) -> Option<u64> {
    let mask = align.max(1) - 1;
    Some(value.checked_add(mask)? & !mask)
}

/// The greatest power of two that an address is a multiple of; `None` for 0.
fn lowest_bit(address: u64) -> Option<u64> {
    1u64.checked_shl(address.trailing_zeros())
}

/// The first offset from `offset` on that is congruent to `address` modulo `align`.
fn congruent(offset: u64, address: u64, align: u64) -> u64 {
    offset + (address.wrapping_sub(offset) & (align - 1))
}

struct Cursor<'a> {
    items: &'a [Item],
    rules: &'a Rules,
    spots: Vec<Spot>,
    address: u64,
    offset: u64,
    previous: Class,
}

/// Assigns everything. `None` if an address or offset leaves the address space.
pub fn assign(items: &[Item], plan: &Plan, rules: &Rules) -> Option<Addresses> {
    let headers = EHDR_SIZE + PHDR_SIZE * plan.count as u64;
    let mut cursor = Cursor {
        items,
        rules,
        spots: vec![Spot::default(); items.len()],
        address: rules.image_base.checked_add(headers)?,
        offset: headers,
        previous: Class::Read,
    };
    let mut loads = Vec::with_capacity(plan.loads.len());
    let mut end_address = cursor.address;
    for (i, load) in plan.loads.iter().enumerate() {
        let segment = cursor.load(load, i == 0)?;
        if load.present {
            loads.push((load.class, segment));
        }
        end_address = end_address.max(cursor.address);
        if load.class == Class::Relro && load.present {
            cursor.address = align_up(cursor.address, rules.page)?;
        }
    }
    let (end_offset, spots) = (cursor.offset, cursor.spots);
    let segments = program_headers(items, &spots, plan, rules, &loads);
    debug_assert_eq!(segments.len(), plan.count);
    (end_address <= LIMIT).then_some(Addresses { spots, segments, end_offset, end_address })
}

impl Cursor<'_> {
    fn load(&mut self, load: &Load, first: bool) -> Option<Segment> {
        let items = &self.items[load.items.clone()];
        let mut align = items.iter().map(|item| item.align).fold(self.rules.page, u64::max);
        let (start_address, start_offset) = match first {
            true => {
                // The headers, at offset 0, stand where the program starts. A fixed address that isn't as
                // aligned as a section is no harm to that: nothing moves.
                if let Some(fitting) = lowest_bit(self.rules.image_base) {
                    align = align.min(fitting);
                }
                (self.rules.image_base, 0)
            }
            false => self.start(load, align)?,
        };
        let mut end_offset = self.offset;
        // .tbss overlays what follows it; only its parts follow each other.
        let mut tbss_end = 0;
        for i in load.items.clone() {
            let item = &self.items[i];
            let from = if item.is_tbss() { self.address.max(tbss_end) } else { self.address };
            // An empty section takes part in nothing, not even through its alignment.
            let align = if item.size == 0 { 1 } else { item.align };
            let address = align_up(from, align)?;
            let end = address.checked_add(item.size)?;
            let stored = load.in_file.contains(&i) && !item.is_tbss();
            let file_size = if stored { item.size } else { 0 };
            let offset = start_offset.checked_add(address - start_address)?;
            self.spots[i] = Spot { address, offset, file_size };
            if item.is_tbss() {
                tbss_end = end;
                self.spots[i].offset = start_offset.checked_add(self.address - start_address)?;
                continue;
            }
            self.address = end;
            if stored {
                end_offset = offset.checked_add(item.size)?;
            } else {
                self.spots[i].offset = end_offset;
            }
            if end > LIMIT {
                return None;
            }
        }
        self.offset = end_offset;
        self.previous = load.class;
        let mut size = self.address - start_address;
        if load.class == Class::Relro {
            // The C library protects whole pages only; the last one must be this segment's own.
            size = align_up(self.address, self.rules.page)? - start_address;
        }
        Some(Segment {
            kind: PT_LOAD,
            flags: load.class.flags(),
            offset: start_offset,
            address: start_address,
            file_size: end_offset.saturating_sub(start_offset),
            size,
            align,
        })
    }

    /// Moves to the first byte of a new segment; returns its address and offset.
    fn start(&mut self, load: &Load, align: u64) -> Option<(u64, u64)> {
        if !load.present {
            return Some((self.address, self.offset));
        }
        let page = self.rules.page;
        let executable = |class: Class| class.flags() & PF_X != 0;
        let own_pages = match self.rules.separate {
            SeparateSegments::None => false,
            SeparateSegments::Code => executable(load.class) != executable(self.previous),
            SeparateSegments::All => true,
        };
        let first = load.items.clone().find(|&i| self.items[i].size != 0);
        let first_align = first.map_or(1, |i| self.items[i].align);
        let fixed = self.items[load.items.start].fixed;
        if own_pages {
            self.offset = align_up(self.offset, page)?;
        }
        self.address = match fixed {
            Some(address) => address,
            // The next page of memory at the offset that the file has reached: its page is mapped
            // twice instead of being filled up with zeros.
            None => align_up(self.address, page)?.checked_add(self.offset % page)?,
        };
        self.address = align_up(self.address, first_align)?;
        // An empty segment in the file keeps the congruence too, at no cost in bytes.
        self.offset = congruent(self.offset, self.address, align);
        Some((self.address, self.offset))
    }
}

fn span(items: &[Item], spots: &[Spot], range: Range<usize>, kind: u32) -> Segment {
    let range: Vec<usize> = range.filter(|&i| items[i].size != 0).collect();
    let (first, last) = (range[0], range[range.len() - 1]);
    let stored = range.iter().rev().find(|&&i| spots[i].file_size != 0);
    let file_end = stored.map_or(spots[first].offset, |&i| spots[i].offset + spots[i].file_size);
    Segment {
        kind,
        flags: items[first].class.flags(),
        offset: spots[first].offset,
        address: spots[first].address,
        file_size: file_end - spots[first].offset,
        size: spots[last].address + items[last].size - spots[first].address,
        align: range.iter().map(|&i| items[i].align).fold(1, u64::max),
    }
}

fn program_headers(
    items: &[Item],
    spots: &[Spot],
    plan: &Plan,
    rules: &Rules,
    loads: &[(Class, Segment)],
) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(plan.count);
    if rules.pie {
        let size = PHDR_SIZE * plan.count as u64;
        segments.push(Segment {
            kind: PT_PHDR,
            flags: PF_R,
            offset: EHDR_SIZE,
            address: rules.image_base + EHDR_SIZE,
            file_size: size,
            size,
            align: 8,
        });
    }
    let first_load = segments.len();
    segments.extend(loads.iter().map(|(_, segment)| *segment));
    segments[first_load..].sort_by_key(|segment| segment.address);
    let find = |test: &dyn Fn(&Item) -> bool| items.iter().position(|i| i.size != 0 && test(i));
    if let Some(first) = find(&|i| i.flags & SHF_TLS != 0) {
        let last = items.iter().rposition(|i| i.size != 0 && i.flags & SHF_TLS != 0);
        let range = first..last.map_or(first, |last| last) + 1;
        segments.push(Segment { flags: PF_R, ..span(items, spots, range, PT_TLS) });
    }
    if let Some(i) = find(&|i| i.role == Role::Dynamic) {
        segments.push(span(items, spots, i..i + 1, PT_DYNAMIC));
    }
    for run in &plan.notes {
        segments.push(span(items, spots, run.clone(), PT_NOTE));
    }
    if let Some(i) = find(&|i| i.role == Role::Property) {
        segments.push(span(items, spots, i..i + 1, PT_GNU_PROPERTY));
    }
    if let Some(i) = find(&|i| i.role == Role::EhFrameHdr) {
        segments.push(span(items, spots, i..i + 1, PT_GNU_EH_FRAME));
    }
    let (flags, size) = rules.stack;
    // GNU ld writes 16 here; nothing reads it.
    segments.push(Segment { kind: PT_GNU_STACK, flags, size, align: 16, ..Segment::default() });
    // A second run of RELRO exists only under --section-start; the C libraries read one header.
    let relro = loads.iter().filter(|(class, _)| *class == Class::Relro);
    if let Some((_, segment)) = relro.max_by_key(|(_, segment)| segment.size) {
        segments.push(Segment { kind: PT_GNU_RELRO, flags: PF_R, align: 1, ..*segment });
    }
    segments
}
