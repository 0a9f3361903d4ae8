//! GOT slots and IPLT entries: which symbols have them, in an order that the input fixes.

use crate::arch::x86_64::{NEEDS_GOT, NEEDS_GOTTPOFF, NEEDS_IPLT};
use crate::ids::SymbolId;
use crate::live::Live;
use crate::symbols::{Resolved, SymbolRef};

/// Bytes of a GOT slot.
pub const SLOT_SIZE: u64 = 8;
const NONE: u32 = u32::MAX;

/// What one symbol has; numbers count slots or IPLT entries.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The symbol.
    pub symbol: SymbolRef,
    got: u32,
    gottpoff: u32,
    iplt: u32,
}

/// The GOT and the IPLT. `.got` is: a reserved slot, addresses and TP offsets by symbol, then the
/// slots that IRELATIVE relocations fill.
#[derive(Debug, Default)]
pub struct Slots {
    /// In slot order.
    pub entries: Vec<Entry>,
    /// Slot 0 holds the link-time address of `_DYNAMIC` (psABI, "Global Offset Table").
    pub reserved: bool,
    /// By `SymbolId`, an index of `entries`; empty if no global symbol has any.
    by_global: Vec<u32>,
    /// Sorted by (file, symbol).
    by_local: Vec<(SymbolRef, u32)>,
    plain: u32,
    iplts: u32,
}

impl Slots {
    /// Numbers everything that the relocation scan asked for.
    pub fn new(resolved: &Resolved, live: &Live, reserved: bool) -> Slots {
        let mut wanted = wanted(resolved, live);
        wanted.sort_unstable_by_key(|&(symbol, _)| order(resolved, symbol));
        let mut slots = Slots { reserved, plain: u32::from(reserved), ..Slots::default() };
        for &(symbol, needs) in &wanted {
            let mut take = |need: u8| {
                let number = if needs & need == 0 { NONE } else { slots.plain };
                slots.plain += u32::from(needs & need != 0);
                number
            };
            let (got, gottpoff) = (take(NEEDS_GOT), take(NEEDS_GOTTPOFF));
            let iplt = if needs & NEEDS_IPLT == 0 { NONE } else { slots.iplts };
            slots.iplts += u32::from(iplt != NONE);
            slots.entries.push(Entry { symbol, got, gottpoff, iplt });
        }
        for (i, entry) in (0..).zip(&slots.entries) {
            match entry.symbol {
                SymbolRef::Global(id) => {
                    slots.by_global.resize(resolved.symbols.len(), NONE);
                    slots.by_global[id.index()] = i;
                }
                local => slots.by_local.push((local, i)),
            }
        }
        slots.by_local.sort_unstable();
        slots
    }

    fn find(&self, symbol: SymbolRef) -> Option<&Entry> {
        let index = match symbol {
            SymbolRef::Global(id) => *self.by_global.get(id.index())?,
            local => {
                let found = self.by_local.binary_search_by_key(&local, |&(symbol, _)| symbol);
                self.by_local[found.ok()?].1
            }
        };
        self.entries.get(index as usize)
    }

    /// Offset in `.got` of the slot with the symbol's address.
    pub fn got(&self, symbol: SymbolRef) -> Option<u64> {
        self.find(symbol)?.got()
    }

    /// Offset in `.got` of the slot with the symbol's offset from the thread pointer.
    pub fn gottpoff(&self, symbol: SymbolRef) -> Option<u64> {
        self.find(symbol)?.gottpoff()
    }

    /// Number of the symbol's IPLT entry.
    pub fn iplt(&self, symbol: SymbolRef) -> Option<u32> {
        self.find(symbol)?.iplt()
    }

    /// Offset in `.got` of the slot of IPLT entry `number`.
    pub fn iplt_slot(&self, number: u32) -> u64 {
        u64::from(self.plain + number) * SLOT_SIZE
    }

    /// The symbol of the first IPLT entry.
    pub fn first_ifunc(&self) -> Option<SymbolRef> {
        self.entries.iter().find(|entry| entry.iplt != NONE).map(|entry| entry.symbol)
    }

    /// IPLT entries.
    pub fn iplt_count(&self) -> u32 {
        self.iplts
    }

    /// Size of `.got` in bytes.
    pub fn got_size(&self) -> u64 {
        u64::from(self.plain + self.iplts) * SLOT_SIZE
    }
}

impl Entry {
    /// Offset of its address slot in `.got`.
    pub fn got(&self) -> Option<u64> {
        (self.got != NONE).then(|| u64::from(self.got) * SLOT_SIZE)
    }

    /// Offset of its TP offset slot in `.got`.
    pub fn gottpoff(&self) -> Option<u64> {
        (self.gottpoff != NONE).then(|| u64::from(self.gottpoff) * SLOT_SIZE)
    }

    /// Number of its IPLT entry.
    pub fn iplt(&self) -> Option<u32> {
        (self.iplt != NONE).then_some(self.iplt)
    }
}

fn wanted(resolved: &Resolved, live: &Live) -> Vec<(SymbolRef, u8)> {
    let mut wanted: Vec<(SymbolRef, u8)> = live
        .local_needs
        .iter()
        .map(|&(file, symbol, needs)| (SymbolRef::Local(file, symbol), needs))
        .collect();
    for id in (0..resolved.symbols.len() as u32).map(SymbolId) {
        let needs = live.needs(id) & (NEEDS_GOT | NEEDS_GOTTPOFF | NEEDS_IPLT);
        if needs != 0 {
            wanted.push((SymbolRef::Global(id), needs));
        }
    }
    wanted
}

/// Owner and place in the owner's symbol table; names tell those apart that no object owns.
fn order<'a>(resolved: &Resolved<'a>, symbol: SymbolRef) -> (u32, u32, &'a [u8]) {
    match symbol {
        SymbolRef::Local(file, index) => (file.0, index, b""),
        SymbolRef::Global(id) => {
            let found = resolved.symbol(id);
            (found.owner.0, found.owner_symbol, resolved.names.name(id))
        }
    }
}
