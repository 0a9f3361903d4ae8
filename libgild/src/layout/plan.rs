//! Which sections share a PT_LOAD, decided before any address is known: the number of program
//! headers is part of the first segment's size.

use super::rank::Class;
use crate::elf::*;
use std::ops::Range;

/// An output section as address assignment sees it, in file order.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Rights.
    pub class: Class,
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    /// Bytes in memory.
    pub size: u64,
    /// Alignment, a power of two.
    pub align: u64,
    /// Address asked for on the command line.
    pub fixed: Option<u64>,
    /// A section with a program header of its own.
    pub role: Role,
}

/// Sections that program headers point at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Role {
    Plain,
    Property,
    EhFrameHdr,
    Dynamic,
}

impl Item {
    /// `.tbss`: part of the TLS template alone, not of memory.
    pub fn is_tbss(&self) -> bool {
        self.flags & SHF_TLS != 0 && self.kind == SHT_NOBITS
    }

    fn is_note(&self) -> bool {
        self.kind == SHT_NOTE && self.size != 0
    }
}

/// A PT_LOAD to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    /// Rights.
    pub class: Class,
    /// Items in it.
    pub items: Range<usize>,
    /// Items with bytes in the file; the rest are zeros in memory.
    pub in_file: Range<usize>,
    /// False if nothing in it takes memory: no program header then.
    pub present: bool,
}

/// The program headers to be.
#[derive(Debug)]
pub struct Plan {
    /// The first one holds the headers, even if no section.
    pub loads: Vec<Load>,
    /// Items of each PT_NOTE.
    pub notes: Vec<Range<usize>>,
    /// Number of program headers.
    pub count: usize,
}

/// Cuts the loaded items, which are in file order, into segments.
pub fn plan(items: &[Item], pie: bool) -> Plan {
    let mut loads = vec![load(items, Class::Read, 0..0)];
    let mut start = 0;
    for end in 1..=items.len() {
        let cut = end == items.len()
            || items[end].class != items[start].class
            || items[end].fixed.is_some();
        if !cut {
            continue;
        }
        let next = load(items, items[start].class, start..end);
        if start == 0 && next.class == Class::Read && items[0].fixed.is_none() {
            loads[0] = next;
        } else {
            loads.push(next);
        }
        start = end;
    }
    loads[0].present = true;
    let notes = note_runs(items, &loads);
    let has =
        |test: &dyn Fn(&Item) -> bool| usize::from(items.iter().any(|i| i.size != 0 && test(i)));
    let count = loads.iter().filter(|load| load.present).count()
        + notes.len()
        + 1 // PT_GNU_STACK
        + usize::from(pie) // PT_PHDR
        + has(&|i| i.flags & SHF_TLS != 0)
        + has(&|i| i.role == Role::Dynamic)
        + has(&|i| i.role == Role::Property)
        + has(&|i| i.role == Role::EhFrameHdr)
        + usize::from(loads.iter().any(|load| load.present && load.class == Class::Relro));
    Plan { loads, notes, count }
}

fn load(items: &[Item], class: Class, range: Range<usize>) -> Load {
    let writable = class.flags() & PF_W != 0;
    // Linux clears the rest of the last file page of a segment whose memory size is the larger
    // one, which needs the right to write.
    let stored =
        |item: &Item| item.size != 0 && (item.kind != SHT_NOBITS || !writable) && !item.is_tbss();
    let last = range.clone().rev().find(|&i| stored(&items[i]));
    let in_file = range.start..last.map_or(range.start, |last| last + 1);
    let present = range.clone().any(|i| items[i].size != 0 && !items[i].is_tbss());
    Load { class, items: range, in_file, present }
}

/// Notes of one alignment that follow each other share a PT_NOTE: readers step by `p_align`.
fn note_runs(items: &[Item], loads: &[Load]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for load in loads {
        let mut open = false;
        for i in load.items.clone().filter(|&i| items[i].size != 0) {
            let note = items[i].is_note();
            match runs.last_mut() {
                Some(run) if note && open && items[run.start].align == items[i].align => {
                    run.end = i + 1;
                }
                _ if note => runs.push(i..i + 1),
                _ => {}
            }
            open = note;
        }
    }
    runs
}
