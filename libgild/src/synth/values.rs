//! The numbers of the psABI's formulas for one relocation.

use super::Context;
use crate::arch::x86_64::{Action, RelocationError, Values};
use crate::elf::*;
use crate::input::object::Object;
use crate::layout::SymbolRef;
use crate::symbols::{Resolved, Symbol};

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
        && let Some(common) = resolved.commons.iter().find(|common| common.symbol == id)
    {
        return common.size;
    }
    let owner = resolved.objects.get(symbol.owner.index());
    owner.map_or(0, |owner| size(owner, symbol.owner_symbol))
}
