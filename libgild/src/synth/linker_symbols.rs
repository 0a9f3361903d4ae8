//! `.symtab` entries of symbols that the linker defines.

use super::Context;
use super::symbol_entry::{ABSOLUTE, Entry, binding, near, value};
use super::symtab::{Count, Half, is_hidden};
use crate::args::Options;
use crate::elf::*;
use crate::ids::SymbolId;
use crate::symbols::{Definition, LinkerSymbol, NO_FILE, Resolved, Symbol};

/// By name, which is the only order that they have.
#[derive(Debug, Default)]
pub struct LinkerSymbols {
    locals: Vec<SymbolId>,
    globals: Vec<SymbolId>,
}

impl LinkerSymbols {
    /// The linker-defined symbols that the output has.
    pub fn new(resolved: &Resolved, options: &Options) -> LinkerSymbols {
        let mut found = LinkerSymbols::default();
        for (index, symbol) in (0..).zip(&resolved.symbols) {
            let id = SymbolId(index);
            if !symbol.is_defined() || symbol.owner != NO_FILE {
                continue;
            }
            if is_hidden(symbol) { &mut found.locals } else { &mut found.globals }.push(id);
        }
        // A `--defsym` symbol has the owner of what it stands for.
        for (name, _) in &options.defsyms {
            let id = resolved.names.get(name.as_bytes());
            if let Some(id) = id.filter(|id| resolved.symbol(*id).owner != NO_FILE) {
                let local = is_hidden(resolved.symbol(id));
                if local { &mut found.locals } else { &mut found.globals }.push(id);
            }
        }
        for half in [&mut found.locals, &mut found.globals] {
            half.sort_unstable_by_key(|id| resolved.names.name(*id));
            half.dedup();
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
        self.names(resolved, half).for_each(|name| count.add(name.len() as u32));
        count
    }

    /// Calls `put` with each entry; names stand from `name` on.
    pub fn entries(&self, context: Context, half: Half, mut name: u32, mut put: impl FnMut(Entry)) {
        for &id in self.half(half) {
            let symbol = context.resolved.symbol(id);
            let address = context.layout.symbol_addresses[id.index()];
            let (section, reserved) = section(context, symbol, address);
            let kind = match symbol.definition {
                Definition::Linker(LinkerSymbol::TlsModuleBase) => STT_TLS,
                Definition::Section(_) => symbol.kind,
                _ => STT_NOTYPE,
            };
            put(Entry {
                name,
                info: binding(symbol, half) << 4 | kind,
                other: symbol.visibility,
                section,
                reserved,
                value: value(context, kind, address),
                size: 0,
            });
            name += context.resolved.names.name(id).len() as u32 + 1;
        }
    }
}

/// The section that a linker-made symbol is shown in.
fn section(context: Context, symbol: &Symbol, address: u64) -> (u32, bool) {
    match symbol.definition {
        Definition::Section(_) | Definition::Linker(_) => near(context, address),
        Definition::Absolute | Definition::Undefined => ABSOLUTE,
    }
}
