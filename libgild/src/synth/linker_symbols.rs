//! `.symtab` entries of symbols that no object defines: linker-made ones, and undefined weak ones.

use super::Context;
use super::symbol_entry::{Entry, binding, in_output};
use super::symtab::{Count, Half, is_hidden};
use crate::elf::*;
use crate::ids::{OutputId, SymbolId};
use crate::symbols::{Definition, NO_FILE, Resolved, Symbol};

/// By name, which is the only order that they have.
#[derive(Debug, Default)]
pub struct LinkerSymbols {
    locals: Vec<SymbolId>,
    globals: Vec<SymbolId>,
}

impl LinkerSymbols {
    /// Finds them.
    pub fn new(resolved: &Resolved) -> LinkerSymbols {
        let mut found = LinkerSymbols::default();
        for (index, symbol) in (0..).zip(&resolved.symbols) {
            let id = SymbolId(index);
            let wanted = match symbol.definition {
                Definition::Undefined => {
                    symbol.is_weak_undefined() && symbol.flags & Symbol::REFERENCED != 0
                }
                _ => symbol.owner == NO_FILE,
            };
            if !wanted {
                continue;
            }
            let local = is_hidden(symbol) && symbol.is_defined();
            if local { &mut found.locals } else { &mut found.globals }.push(id);
        }
        for half in [&mut found.locals, &mut found.globals] {
            half.sort_unstable_by_key(|id| resolved.names.name(*id));
        }
        found
    }

    fn half(&self, half: Half) -> &[SymbolId] {
        match half {
            Half::Locals => &self.locals,
            Half::Globals => &self.globals,
        }
    }

    /// Names in order.
    pub fn names<'a, 'data>(
        &'a self,
        resolved: &'a Resolved<'data>,
        half: Half,
    ) -> impl Iterator<Item = &'data [u8]> + use<'a, 'data> {
        self.half(half).iter().map(|id| resolved.names.name(*id))
    }

    /// Entries and bytes.
    pub fn count(&self, resolved: &Resolved, half: Half) -> Count {
        let mut count = Count::default();
        self.names(resolved, half).for_each(|name| count.add(name));
        count
    }

    /// Calls `put` with each entry; names stand from `name` on.
    pub fn entries(&self, context: Context, half: Half, mut name: u32, mut put: impl FnMut(Entry)) {
        for &id in self.half(half) {
            let symbol = context.resolved.symbol(id);
            let address = context.layout.symbol_addresses[id.index()];
            let (section, reserved) = section(context, symbol, address);
            let binding = if symbol.is_defined() { binding(symbol, half) } else { STB_WEAK };
            put(Entry {
                name,
                info: binding << 4 | STT_NOTYPE,
                other: symbol.visibility,
                section,
                reserved,
                value: address,
                size: 0,
            });
            name += context.resolved.names.name(id).len() as u32 + 1;
        }
    }
}

/// The section that a linker-made address belongs to: the last one that begins at or before it.
fn section(context: Context, symbol: &Symbol, address: u64) -> (u32, bool) {
    let layout = context.layout;
    match symbol.definition {
        Definition::Undefined => (u32::from(SHN_UNDEF), true),
        Definition::Absolute => (u32::from(SHN_ABS), true),
        Definition::Section(_) | Definition::Linker(_) => {
            let loaded = |id: &&OutputId| {
                let output = &context.sections.outputs[id.index()];
                // .tbss overlays what follows it.
                output.flags & SHF_ALLOC != 0
                    && !(output.flags & SHF_TLS != 0 && output.kind == SHT_NOBITS)
            };
            let before = layout.order.iter().filter(loaded).filter(|id| {
                let place = layout.place(**id);
                place.header != 0 && place.address <= address
            });
            match before.max_by_key(|id| layout.place(**id).address) {
                Some(&id) => in_output(context, id),
                // The headers.
                None => (u32::from(SHN_ABS), true),
            }
        }
    }
}
