//! Copying input sections to their place and applying their relocations.

use super::findings::Findings;
use super::spans::{Slice, copy_padded, padding};
use crate::arch::x86_64::{self, Action, RelocationError, TargetKind, Values, Width};
use crate::elf::*;
use crate::faults::{Fault, Reason};
use crate::ids::{OutputId, SectionId, SymbolId};
use crate::input::object::Object;
use crate::prefetch::{AHEAD, prefetch};
use crate::sections::{SectionKind, target_kind};
use crate::symbols::{Definition, SymbolRef};
use crate::synth::{Context, values};
use crate::tasks::Tasks;
use rayon::prelude::*;

/// An input section on its way to the output.
#[derive(Clone, Copy)]
struct Section<'a, 'data> {
    object: &'a Object<'data>,
    /// Header index.
    shndx: u32,
    /// Its bytes before relocation.
    data: &'a [u8],
    /// Its address; its offset in the output section if it isn't loaded.
    address: u64,
    /// Offset of the first byte to relocate, if it is only a slice.
    start: u64,
}

/// What a symbol stands for, for debug information.
#[derive(Clone, Copy)]
enum Referent {
    /// Something that isn't in the output.
    Dead,
    /// S.
    Address(u64),
    /// The section symbol of merge section `merge`: S + A is `base` plus wherever the byte at
    /// `start` + A went.
    Pieces { merge: u64, start: u64, base: u64 },
}

/// Copies and relocates members of output sections.
pub struct Relocator<'a, 'data> {
    /// Everything that earlier phases froze.
    pub context: Context<'a, 'data>,
    arch: x86_64::Mode,
    /// One bit per `SymbolId`: it is a plain address ([`TargetKind::Address`]). Position-independent
    /// code asks for every load and call, and a bit is in the cache where a symbol isn't.
    plain: Vec<u64>,
}

/// More of one section say nothing new, and there may be millions.
const MAX_FAULTS: usize = 100;

impl<'a, 'data> Relocator<'a, 'data> {
    /// One for all sections.
    pub fn new(context: Context<'a, 'data>) -> Relocator<'a, 'data> {
        let Context { resolved, sections, layout, .. } = context;
        let kind = |id| target_kind::kind_of(resolved, sections, SymbolRef::Global(SymbolId(id)));
        // What is excluded has no address.
        let plain =
            |id: u32| layout.symbol_addresses[id as usize] != 0 && kind(id) == TargetKind::Address;
        let word = |word: u32| {
            let ids = word * 64..(word * 64 + 64).min(resolved.symbols.len() as u32);
            ids.fold(0, |all, id| all | u64::from(plain(id)) << (id % 64))
        };
        let words = resolved.symbols.len().div_ceil(64) as u32;
        // 16,384 symbols a task: about 50 µs.
        let plain = (0..words).into_par_iter().tasks_of(256).map(word).collect();
        Relocator { context, arch: x86_64::Mode::new(context.options), plain }
    }

    fn kind(&self, object: &Object, rela: &Rela) -> TargetKind {
        let Context { resolved, sections, .. } = self.context;
        if let Some(SymbolId(id)) = object.global(rela.sym())
            && self.plain[id as usize / 64] >> (id % 64) & 1 != 0
        {
            return TargetKind::Address;
        }
        target_kind::target_kind(resolved, sections, object, rela, true)
    }

    /// Fills `out`, which starts `start` bytes into output section `output`, with its `members`.
    pub fn members(
        &self,
        output: OutputId,
        members: &[SectionId],
        start: u64,
        out: &mut [u8],
        findings: &mut Findings,
    ) {
        let Context { sections, layout, .. } = self.context;
        let padding = padding(self.context, output);
        let address = layout.place(output).address;
        let mut filled = 0;
        for &id in members {
            let input = &sections.inputs[id.index()];
            let from = (input.offset - start) as usize;
            let to = from + input.size as usize;
            out[filled..from].fill(padding);
            self.member(id, input.kind, address + input.offset, &mut out[from..to], findings);
            filled = to;
        }
        out[filled..].fill(padding);
    }

    fn member(
        &self,
        id: SectionId,
        kind: SectionKind,
        address: u64,
        out: &mut [u8],
        findings: &mut Findings,
    ) {
        let Context { resolved, sections, .. } = self.context;
        let Some((object, shndx)) = sections.locate(resolved, id) else { return out.fill(0) };
        let data = object.section_data(shndx);
        copy_padded(data, out);
        if kind == SectionKind::NoBits {
            return;
        }
        let relocations = object.relocations(shndx);
        let flags = object.headers[shndx as usize].flags();
        let section = Section { object, shndx, data, address, start: 0 };
        let limit = findings.faults.len() + MAX_FAULTS;
        let mut fault = |rela: &Rela, error| {
            if findings.faults.len() < limit {
                findings.faults.push(Fault::new(object, shndx, rela, Reason::Relocation(error)));
            }
        };
        if flags & SHF_ALLOC != 0 {
            self.loaded(section, flags, relocations, out, &mut fault);
        } else {
            self.unloaded(section, relocations, out, &mut fault);
        }
        if kind == SectionKind::Reversed {
            // Lists of addresses: no word's value depends on its place.
            reverse_words(out);
        }
    }

    /// Fills `out` with a slice of a section that isn't loaded or has no relocations.
    pub fn slice(
        &self,
        output: OutputId,
        id: SectionId,
        slice: &Slice,
        out: &mut [u8],
        findings: &mut Findings,
    ) {
        let Context { resolved, sections, layout, .. } = self.context;
        let Some((object, shndx)) = sections.locate(resolved, id) else { return out.fill(0) };
        let data = object.section_data(shndx);
        let bytes = slice.bytes.start as usize..slice.bytes.end as usize;
        copy_padded(data.get(bytes).unwrap_or(&[]), out);
        let relocations = object.relocations(shndx).get(slice.relocations.clone());
        let address = layout.place(output).address + sections.inputs[id.index()].offset;
        let section = Section { object, shndx, data, address, start: slice.bytes.start };
        // Whatever is wrong is said when the section is relocated as a whole.
        let mut fault = |_: &Rela, _| findings.uncut = true;
        self.unloaded(section, relocations.unwrap_or(&[]), out, &mut fault);
    }

    /// Code and data.
    fn loaded(
        &self,
        section: Section,
        flags: u64,
        relocations: &[Rela],
        out: &mut [u8],
        fault: &mut impl FnMut(&Rela, RelocationError),
    ) {
        let mut index = 0;
        relocations.iter().take(AHEAD).for_each(|rela| self.prefetch(section.object, rela));
        while let Some(rela) = relocations.get(index) {
            if let Some(later) = relocations.get(index + AHEAD) {
                self.prefetch(section.object, later);
            }
            index += 1;
            let offset = rela.offset();
            // The scan has let these through, so that their formula doesn't depend on the target.
            let plain = match rela.kind() {
                R_X86_64_PC32 | R_X86_64_PLT32 => {
                    Some((Width::S32, section.address.wrapping_add(offset)))
                }
                R_X86_64_64 => Some((Width::W64, 0)),
                R_X86_64_32 => Some((Width::U32, 0)),
                R_X86_64_32S => Some((Width::S32, 0)),
                R_X86_64_NONE => continue,
                _ => None,
            };
            if let Some((width, base)) = plain {
                let target = self.context.target(section.object, rela.sym(), rela.addend());
                // But where the program moves, an undefined weak symbol's 0 asks for another
                // instruction, maybe.
                if !self.arch.pie || target != rela.addend().cast_unsigned() {
                    let value = target.wrapping_sub(base);
                    if let Err(error) = x86_64::put(out, offset, width, value) {
                        fault(rela, error);
                    }
                    continue;
                }
            }
            match self.rare(section, flags, rela, relocations.get(index), out) {
                Ok(action) => index += usize::from(action.skips_next()),
                Err(error) => fault(rela, error),
            }
        }
    }

    /// Sections that aren't loaded, debug information above all: the longest loop of a link.
    fn unloaded(
        &self,
        section: Section,
        relocations: &[Rela],
        out: &mut [u8],
        fault: &mut impl FnMut(&Rela, RelocationError),
    ) {
        let object = section.object;
        let tombstone = x86_64::tombstone(object.section_name(section.shndx));
        // Most relocations refer to one of a few section symbols, others to one function each.
        let mut known = [(u32::MAX, Referent::Dead); 32];
        for rela in relocations {
            let width = match rela.kind() {
                R_X86_64_64 => Width::W64,
                R_X86_64_32 => Width::U32,
                R_X86_64_NONE => continue,
                _ => {
                    if let Err(error) = self.unloaded_rare(section, rela, tombstone, out) {
                        fault(rela, error);
                    }
                    continue;
                }
            };
            let known = &mut known[rela.sym() as usize % known.len()];
            if known.0 != rela.sym() {
                *known = (rela.sym(), self.referent(object, rela.sym()));
            }
            let target = self.at(known.1, rela.addend()).unwrap_or(tombstone);
            let offset = rela.offset().wrapping_sub(section.start);
            if let Err(error) = x86_64::put(out, offset, width, target) {
                fault(rela, error);
            }
        }
    }

    #[inline]
    fn prefetch(&self, object: &Object, rela: &Rela) {
        if let Some(id) = object.global(rela.sym()) {
            prefetch(&self.context.layout.symbol_addresses, id.index());
        }
    }

    /// S + A, or nothing if that was in a section that isn't in the output.
    fn target_if_live(&self, object: &Object, index: u32, addend: i64) -> Option<u64> {
        self.at(self.referent(object, index), addend)
    }

    /// S + A of what a symbol stands for.
    #[inline]
    fn at(&self, referent: Referent, addend: i64) -> Option<u64> {
        match referent {
            Referent::Dead => None,
            Referent::Address(address) => Some(address.wrapping_add_signed(addend)),
            Referent::Pieces { merge, start, base } => {
                let offset =
                    self.context.merged.lookup(merge, start.wrapping_add_signed(addend))?;
                Some(base.wrapping_add(offset))
            }
        }
    }

    /// What symbol `index` stands for in a section that isn't loaded.
    #[inline]
    fn referent(&self, object: &Object, index: u32) -> Referent {
        let Context { sections, merged, layout, live, .. } = self.context;
        if let Some(id) = object.global(index) {
            return match layout.symbol_addresses[id.index()] {
                0 if self.is_dead(id) => Referent::Dead,
                address => Referent::Address(address),
            };
        }
        let Some(symbol) = object.symbols.get(index as usize) else { return Referent::Dead };
        let Some(shndx) = object.symbol_section(index) else {
            return Referent::Address(self.context.target(object, index, 0));
        };
        let id = object.section_id(shndx);
        if !live.is_live(id) {
            return Referent::Dead;
        }
        let input = &sections.inputs[id.index()];
        if input.kind != SectionKind::Merge {
            // Debug information describes an ifunc's resolver, not the entry that calls go to.
            let start = layout.section_address(sections, id);
            return Referent::Address(start.wrapping_add(symbol.value()));
        }
        let base = layout.section_address(sections, merged.section(input.offset));
        let pieces = Referent::Pieces { merge: input.offset, start: symbol.value(), base };
        // The addend of a section symbol chooses the piece.
        match symbol.kind() {
            STT_SECTION => pieces,
            _ => self.at(pieces, 0).map_or(Referent::Dead, Referent::Address),
        }
    }

    #[cold]
    fn is_dead(&self, id: SymbolId) -> bool {
        match self.context.resolved.symbol(id).definition {
            Definition::Section(section) => !self.context.live.is_live(section),
            _ => false,
        }
    }

    /// Everything but plain addresses and distances.
    fn rare(
        &self,
        section: Section,
        flags: u64,
        rela: &Rela,
        next: Option<&Rela>,
        out: &mut [u8],
    ) -> Result<Action, RelocationError> {
        let object = section.object;
        let kind = self.kind(object, rela);
        let action = x86_64::action(self.arch, rela, section.data, kind, flags, next)?;
        // An undefined weak thread-local is at the start of what its offset is counted from.
        let undefined_tls = matches!(kind, TargetKind::Absolute(_)) && is_tls(rela.kind());
        let target = self.context.target(object, rela.sym(), rela.addend());
        let s = match (undefined_tls, action) {
            (true, Action::DtpOffset(_)) => self.context.layout.tls_start,
            (true, _) => self.context.layout.tp,
            (false, _) => target.wrapping_sub(rela.addend() as u64),
        };
        let values = values(self.context, object, rela, action, s)?;
        let offset = rela.offset();
        let place = section.address.wrapping_add(offset);
        x86_64::apply(action, out, offset, place, &values)?;
        Ok(action)
    }

    fn unloaded_rare(
        &self,
        section: Section,
        rela: &Rela,
        tombstone: u64,
        out: &mut [u8],
    ) -> Result<(), RelocationError> {
        let object = section.object;
        let kind = self.kind(object, rela);
        let action = x86_64::action(self.arch, rela, section.data, kind, 0, None)?;
        let (action, values) = match self.target_if_live(object, rela.sym(), rela.addend()) {
            // A distance to what isn't there, or its size, stays 0.
            None if !action.is_absolute() => return Ok(()),
            None => {
                let dead = match action {
                    Action::DtpOffset(width) => Action::Absolute(width),
                    action => action,
                };
                (dead, Values { s: tombstone, ..Values::default() })
            }
            Some(target) => {
                let s = target.wrapping_sub(rela.addend() as u64);
                (action, values(self.context, object, rela, action, s)?)
            }
        };
        let place = section.address.wrapping_add(rela.offset());
        let offset = rela.offset().wrapping_sub(section.start);
        x86_64::apply(action, out, offset, place, &values)
    }
}

fn is_tls(kind: u32) -> bool {
    matches!(
        kind,
        R_X86_64_TLSGD
            | R_X86_64_TLSLD
            | R_X86_64_DTPOFF32
            | R_X86_64_DTPOFF64
            | R_X86_64_TPOFF32
            | R_X86_64_TPOFF64
            | R_X86_64_GOTTPOFF
            | R_X86_64_CODE_4_GOTTPOFF
            | R_X86_64_CODE_5_GOTTPOFF
            | R_X86_64_CODE_6_GOTTPOFF
            | R_X86_64_GOTPC32_TLSDESC
            | R_X86_64_CODE_4_GOTPC32_TLSDESC
            | R_X86_64_CODE_5_GOTPC32_TLSDESC
            | R_X86_64_CODE_6_GOTPC32_TLSDESC
            | R_X86_64_TLSDESC_CALL
    )
}

/// The last 8-byte word first.
fn reverse_words(out: &mut [u8]) {
    let words = out.len() / 8;
    for word in 0..words / 2 {
        let (low, high) = out.split_at_mut((words - 1 - word) * 8);
        low[word * 8..word * 8 + 8].swap_with_slice(&mut high[..8]);
    }
}

#[cfg(test)]
mod tests {
    use super::reverse_words;

    #[test]
    fn words_are_reversed_and_bytes_are_not() {
        for count in 0..5u64 {
            let words = |order: &mut dyn Iterator<Item = u64>| -> Vec<u8> {
                order.flat_map(|word| (word * 0x0102_0304_0506_0708).to_le_bytes()).collect()
            };
            let mut bytes = words(&mut (0..count));
            reverse_words(&mut bytes);
            assert_eq!(bytes, words(&mut (0..count).rev()));
        }
    }
}
