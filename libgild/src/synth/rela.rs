//! Dynamic relocations: RELATIVE ones of a static-PIE, and IRELATIVE ones of ifuncs.
//!
//! Which places need one is known before layout, from the same classification as the scan's and the
//! writer's. Their addresses and values are known after it.

use super::slots::Slots;
use super::{Context, SynthKind, relr};
use crate::arch::x86_64::{self, TargetKind};
use crate::elf::*;
use crate::ids::SectionId;
use crate::input::object::Object;
use crate::live::Live;
use crate::parts::fill_parts;
use crate::sections::{SectionKind, Sections, may_dangle, target_kind};
use crate::symbols::{Resolved, SymbolRef};
use crate::tasks::Tasks;
use rayon::prelude::*;

/// A relocation of an input section that the program must repeat at start.
#[derive(Clone, Copy, Debug)]
struct Place {
    section: u32,
    /// Index in the section's relocations.
    index: u32,
}

/// All dynamic relocations.
#[derive(Debug, Default)]
pub struct DynamicRelocs {
    /// By file: places in input order that go to `.rela.dyn`.
    relative_places: Vec<Vec<Place>>,
    /// By file: those that go to `.relr.dyn`.
    packed_places: Vec<Vec<Place>>,
    /// Offsets in `.got` with link-time addresses.
    got: Vec<(u64, SymbolRef)>,
    /// RELATIVE entries in `.rela.dyn`.
    relative: u64,
    /// Words of `.relr.dyn`; grows until everything fits.
    pub relr_words: u64,
    /// IRELATIVE entries.
    irelative: u64,
    /// A place is in a read-only section.
    pub in_text: bool,
    /// After layout: (address, value), ascending.
    relative_entries: Vec<(u64, u64)>,
    /// After layout: (slot, resolver), ascending.
    irelative_entries: Vec<(u64, u64)>,
    /// After layout: `.relr.dyn`.
    relr_table: Vec<u64>,
    pack: bool,
}

impl DynamicRelocs {
    /// Finds every place. `pack`: those that `.relr.dyn` can say go there (`-z pack-relative-relocs`).
    pub fn gather(
        resolved: &Resolved,
        sections: &Sections,
        live: &Live,
        slots: &Slots,
        arch: x86_64::Mode,
        pack: bool,
    ) -> DynamicRelocs {
        let mut relocs = DynamicRelocs { pack, ..DynamicRelocs::default() };
        relocs.irelative = u64::from(slots.iplt_count());
        if !arch.pie {
            return relocs;
        }
        let found: Vec<Found> = resolved
            .objects
            .par_iter()
            .tasks_of(16)
            .map(|object| find(resolved, sections, live, object, arch, pack))
            .collect();
        relocs.in_text = found.iter().any(|found| found.in_text);
        (relocs.relative_places, relocs.packed_places) =
            found.into_iter().map(|found| (found.relative, found.packed)).unzip();
        relocs.got = got_places(resolved, sections, slots);
        // Slots are 8-aligned.
        let got = relocs.got.len();
        let (relative, packed) = if pack { (0, got) } else { (got, 0) };
        relocs.relative = (relative + total(&relocs.relative_places)) as u64;
        relocs.relr_words = u64::from(packed + total(&relocs.packed_places) != 0);
        relocs
    }

    /// Bytes of `.rela.dyn` or `.rela.iplt`.
    pub fn rela_size(&self) -> u64 {
        (self.relative + self.irelative) * RELA_SIZE
    }

    /// Value of DT_RELACOUNT.
    pub fn relative_count(&self) -> u64 {
        self.relative
    }

    /// Bytes of `.relr.dyn`.
    pub fn relr_size(&self) -> u64 {
        self.relr_words * 8
    }

    /// Computes addresses and values. False if `.relr.dyn` turned out too small: `relr_words` has
    /// then grown, and layout must be done again.
    pub fn resolve(&mut self, context: Context) -> bool {
        let layout = context.layout;
        let mut relative = entries(&self.relative_places, self.got.len(), context);
        let mut packed = match self.pack {
            true => entries(&self.packed_places, self.got.len(), context),
            false => Vec::new(),
        };
        let got_base = layout.synth_place(SynthKind::Got).map_or(0, |place| place.address);
        let got =
            self.got.iter().map(|&(offset, symbol)| (got_base + offset, context.value_of(symbol)));
        if self.pack { &mut packed } else { &mut relative }.extend(got);
        for entries in [&mut relative, &mut packed] {
            // Loaders of their own walk the table page by page. A merge sort finds the sorted runs, and
            // leaves those of one place in their order: the last counts, as in the section's bytes.
            entries.par_sort_by_key(|entry| entry.0);
        }
        // RELR would add to a place twice.
        packed.dedup_by_key(|entry| entry.0);
        self.relr_table.clear();
        relr::encode(packed.iter().map(|entry| entry.0), &mut self.relr_table);
        let needed = self.relr_table.len() as u64;
        if needed > self.relr_words {
            // Alignment in front of the data may move it by less than what the table grows.
            self.relr_words = needed;
            return false;
        }
        self.relr_table.resize(self.relr_words as usize, relr::PADDING);
        self.relative_entries = relative;
        let slots = &layout.synth.slots;
        let ifuncs = slots.entries.iter().filter_map(|entry| {
            Some((layout.iplt_slot(entry.iplt()?), layout.resolver(entry.symbol)?))
        });
        self.irelative_entries = ifuncs.collect();
        true
    }

    /// Writes `.rela.dyn` or `.rela.iplt` from byte `start` on; both ends at whole entries.
    pub fn fill_rela(&self, start: u64, out: &mut [u8]) -> Result<(), String> {
        let planned = (self.relative + self.irelative) as usize;
        if self.relative_entries.len() + self.irelative_entries.len() != planned {
            return Err(format!(
                "{} dynamic relocations planned, {} found",
                planned,
                self.relative_entries.len() + self.irelative_entries.len()
            ));
        }
        let relative = self.relative_entries.iter().map(|entry| (entry, R_X86_64_RELATIVE));
        let irelative = self.irelative_entries.iter().map(|entry| (entry, R_X86_64_IRELATIVE));
        let first = (start / RELA_SIZE) as usize;
        let entries = relative.chain(irelative).skip(first);
        for ((&(address, value), kind), bytes) in
            entries.zip(out.chunks_exact_mut(RELA_SIZE as usize))
        {
            bytes[..8].copy_from_slice(&address.to_le_bytes());
            bytes[8..16].copy_from_slice(&u64::from(kind).to_le_bytes());
            bytes[16..].copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    }

    /// Writes `.relr.dyn`.
    pub fn fill_relr(&self, out: &mut [u8]) -> Result<(), String> {
        super::symtab::check(".relr.dyn", self.relr_table.len() * 8, out.len())?;
        for (word, bytes) in self.relr_table.iter().zip(out.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Ok(())
    }
}

/// Addresses and values of the places of each file, with room for more behind them.
fn entries(places: &[Vec<Place>], room: usize, context: Context) -> Vec<(u64, u64)> {
    let Context { resolved, sections, layout, .. } = context;
    let lengths: Vec<usize> = places.iter().map(Vec::len).collect();
    let fill = |(): &mut (), file: usize, entries: &mut [(u64, u64)]| {
        let object = &resolved.objects[file];
        for (entry, place) in entries.iter_mut().zip(&places[file]) {
            let rela = &object.relocations(place.section)[place.index as usize];
            let id = object.section_id(place.section);
            let base = layout.section_address(sections, id);
            let input = &sections.inputs[id.index()];
            let offset = match input.kind {
                SectionKind::Reversed => input.size.wrapping_sub(8).wrapping_sub(rela.offset()),
                _ => rela.offset(),
            };
            let (symbol, addend) = (rela.sym(), rela.addend());
            let value = context.target(object, symbol, addend);
            *entry = (base.wrapping_add(offset), value);
        }
    };
    fill_parts((0, 0), &lengths, room, fill).0
}

fn total(places: &[Vec<Place>]) -> usize {
    places.iter().map(Vec::len).sum()
}

/// RELR can say even addresses only.
fn is_packed(sections: &Sections, section: SectionId, rela: &Rela) -> bool {
    sections.inputs[section.index()].align_log2 > 0 && rela.offset().is_multiple_of(2)
}

/// The places of one object.
#[derive(Default)]
struct Found {
    relative: Vec<Place>,
    packed: Vec<Place>,
    /// One is in a read-only section.
    in_text: bool,
}

fn find(
    resolved: &Resolved,
    sections: &Sections,
    live: &Live,
    object: &Object,
    arch: x86_64::Mode,
    pack: bool,
) -> Found {
    let mut found = Found::default();
    for section in 1..object.headers.len() as u32 {
        let id = object.section_id(section);
        if !live.has_relative(id) {
            continue;
        }
        let may_dangle = may_dangle(object.section_name(section));
        let header = &object.headers[section as usize];
        let bytes = object.section_data(section);
        let relocations = object.relocations(section);
        let mut last = None;
        for (index, rela) in (0..).zip(relocations) {
            // No other type can become RELATIVE in a 64-bit program.
            if rela.kind() != R_X86_64_64 {
                continue;
            }
            let target = target_kind::target_kind(resolved, sections, object, rela, may_dangle);
            let next = relocations.get(index as usize + 1);
            // Errors were reported by the scan.
            let action = x86_64::action(arch, rela, bytes, target, header.flags(), next);
            if !action.is_ok_and(|action| action.is_relative()) {
                continue;
            }
            found.in_text |= header.flags() & SHF_WRITE == 0;
            let packed = pack && is_packed(sections, id, rela);
            let places = if packed { &mut found.packed } else { &mut found.relative };
            // The last of a place counts. Those that are not in a row are rare, and all stay.
            if last.replace(rela.offset()) == Some(rela.offset()) {
                places.pop();
            }
            places.push(Place { section, index });
        }
    }
    found
}

fn got_places(resolved: &Resolved, sections: &Sections, slots: &Slots) -> Vec<(u64, SymbolRef)> {
    let moves = |symbol| {
        !matches!(
            target_kind::kind_of(resolved, sections, symbol),
            TargetKind::Absolute(_) | TargetKind::Tls
        )
    };
    let entries = slots.entries.iter().filter(|entry| moves(entry.symbol));
    entries.filter_map(|entry| Some((entry.got()?, entry.symbol))).collect()
}
