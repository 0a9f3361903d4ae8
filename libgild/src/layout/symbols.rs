//! Addresses of symbols.

use super::Layout;
use super::linker_values::LinkerValues;
use crate::elf::*;
use crate::ids::SectionId;
use crate::input::object::Object;
use crate::live::Live;
use crate::merge::Merged;
use crate::prefetch::{AHEAD, prefetch};
use crate::sections::{SectionKind, Sections};
use crate::symbols::{Definition, Resolved, SymbolRef};
use crate::tasks::Tasks;
use rayon::prelude::*;

/// Below this many symbols a second thread costs more than it saves.
const MIN_SYMBOLS: usize = 1 << 12;

impl Layout {
    /// Address of byte `offset` of input section `id`, wherever merging put it; `None` if it isn't
    /// in the output.
    #[inline]
    fn byte_address(
        &self,
        sections: &Sections,
        merged: &Merged,
        id: SectionId,
        offset: u64,
    ) -> Option<u64> {
        let input = &sections.inputs[id.index()];
        if input.kind != SectionKind::Merge {
            return Some(self.section_address(sections, id).wrapping_add(offset));
        }
        self.piece_address(sections, merged, input.offset, offset)
    }

    fn piece_address(
        &self,
        sections: &Sections,
        merged: &Merged,
        merge_index: u64,
        offset: u64,
    ) -> Option<u64> {
        let offset = merged.lookup(merge_index, offset)?;
        Some(self.section_address(sections, merged.section(merge_index)).wrapping_add(offset))
    }

    /// S + A of a local symbol, for an ifunc its resolver.
    #[inline]
    pub fn local_address(
        &self,
        sections: &Sections,
        merged: &Merged,
        object: &Object,
        index: u32,
        addend: i64,
    ) -> u64 {
        let Some(symbol) = object.symbols.get(index as usize) else { return 0 };
        let Some(section) = object.symbol_section(index) else {
            let absolute = if symbol.shndx() == SHN_ABS { symbol.value() } else { 0 };
            return absolute.wrapping_add_signed(addend);
        };
        let id = object.section_id(section);
        let address = match symbol.kind() {
            // The addend chooses the piece: a section symbol stands for all of them.
            STT_SECTION => {
                let offset = symbol.value().wrapping_add_signed(addend);
                return self.byte_address(sections, merged, id, offset).unwrap_or(0);
            }
            _ => self.byte_address(sections, merged, id, symbol.value()),
        };
        address.unwrap_or(0).wrapping_add_signed(addend)
    }

    /// Fills `symbol_addresses` and the resolvers' addresses.
    pub(super) fn resolve_symbols(
        &mut self,
        resolved: &Resolved,
        sections: &Sections,
        live: &Live,
        merged: &Merged,
        linker: &LinkerValues,
    ) {
        let address = |symbol: &crate::symbols::Symbol| match symbol.definition {
            Definition::Undefined => 0,
            Definition::Absolute => symbol.value,
            Definition::Section(id) if live.is_live(id) => {
                self.byte_address(sections, merged, id, symbol.value).unwrap_or(0)
            }
            Definition::Section(_) => 0,
            Definition::Linker(which) => linker.get(which).wrapping_add(symbol.value),
        };
        let symbols = &resolved.symbols;
        let addresses = (0..symbols.len()).into_par_iter().tasks_of(MIN_SYMBOLS).map(|number| {
            if let Some(later) = symbols.get(number + AHEAD)
                && let Definition::Section(id) = later.definition
            {
                prefetch(&sections.inputs, id.index());
            }
            address(&symbols[number])
        });
        let mut addresses: Vec<u64> = addresses.collect();
        let mut resolvers = vec![0; self.synth.slots.iplt_count() as usize];
        for entry in &self.synth.slots.entries {
            let Some(number) = entry.iplt() else { continue };
            resolvers[number as usize] = match entry.symbol {
                SymbolRef::Global(id) => addresses[id.index()],
                SymbolRef::Local(file, index) => {
                    self.local_address(sections, merged, resolved.object(file), index, 0)
                }
            };
            if let (SymbolRef::Global(id), Some(iplt)) = (entry.symbol, self.iplt(entry.symbol)) {
                addresses[id.index()] = iplt;
            }
        }
        self.symbol_addresses = addresses;
        self.resolvers = resolvers;
    }
}
