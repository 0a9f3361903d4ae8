//! The numbers of the psABI's formulas for one relocation.

use super::Context;
use crate::arch::x86_64::{Action, RelocationError, Values};
use crate::elf::*;
use crate::input::object::Object;
use crate::symbols::{Definition, Resolved, Symbol, SymbolRef};

impl Context<'_, '_> {
    /// S + A for a relocation of `object` against symbol table entry `symbol`, merged pieces and
    /// IPLT entries considered. 0 + A for what is undefined or not in the output.
    #[inline]
    pub fn target(self, object: &Object, symbol: u32, addend: i64) -> u64 {
        let Context { sections, merged, layout, .. } = self;
        if let Some(id) = object.global(symbol) {
            return layout.symbol_addresses[id.index()].wrapping_add_signed(addend);
        }
        let entry = object.symbols.get(symbol as usize);
        if entry.is_some_and(|entry| entry.kind() == STT_GNU_IFUNC)
            && let Some(iplt) = layout.iplt(SymbolRef::Local(object.file, symbol))
        {
            return iplt.wrapping_add_signed(addend);
        }
        layout.local_address(sections, merged, object, symbol, addend)
    }

    /// S of a symbol: what its GOT slot holds.
    pub fn value_of(self, symbol: SymbolRef) -> u64 {
        match symbol {
            SymbolRef::Global(id) => self.layout.symbol_addresses[id.index()],
            SymbolRef::Local(file, index) => self.target(self.resolved.object(file), index, 0),
        }
    }
}

/// The numbers for `rela` of `object`, which does `action` and whose S is `s`.
///
/// Errors: the action needs a GOT slot and there is none.
#[inline]
pub fn values(
    context: Context,
    object: &Object,
    rela: &Rela,
    action: Action,
    s: u64,
) -> Result<Values, RelocationError> {
    let layout = context.layout;
    let symbol = || SymbolRef::new(object, rela.sym());
    let slot = match action {
        Action::GotPcRelative(_) | Action::GotOffset(_) => layout.got_slot(symbol()),
        Action::GotTpPcRelative | Action::TlsDescLoad => layout.gottpoff_slot(symbol()),
        _ => Some(0),
    };
    let got_slot = slot.ok_or(RelocationError::NoSlot)?;
    let size = match action {
        Action::Size(_) => size(context.resolved, object, rela.sym()),
        _ => 0,
    };
    Ok(Values {
        s,
        a: rela.addend(),
        got_slot,
        got_base: layout.got_base,
        tp: layout.tp,
        tls_start: layout.tls_start,
        size,
    })
}

/// Z: the size of what symbol `index` of `object` stands for, be it another object's.
fn size(resolved: &Resolved, object: &Object, index: u32) -> u64 {
    let size = |object: &Object, index: u32| {
        object.symbols.get(index as usize).map_or(0, |symbol| symbol.size())
    };
    let Some(id) = object.global(index) else { return size(object, index) };
    let symbol = resolved.symbol(id);
    if symbol.flags & Symbol::COMMON != 0
        && let Definition::Section(section) = symbol.definition
    {
        return resolved.commons[(section.0 - resolved.first_common) as usize].size;
    }
    let owner = resolved.objects.get(symbol.owner.index());
    owner.map_or(0, |owner| size(owner, symbol.owner_symbol))
}
