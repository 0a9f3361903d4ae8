//! One entry of `.symtab` (gABI, "Symbol Table").

use super::Context;
use super::symtab::Half;
use crate::elf::*;
use crate::ids::{OutputId, SymbolId};
use crate::input::object::Object;
use crate::symbols::{Definition, Symbol, SymbolRef};

/// The fields of an entry.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Offset in `.strtab`.
    pub name: u32,
    /// Binding and type.
    pub info: u8,
    /// Visibility.
    pub other: u8,
    /// Section header index, beyond 16 bits if need be, or one of `SHN_*` if `reserved`.
    pub section: u32,
    /// `section` is SHN_ABS or the like.
    pub reserved: bool,
    /// Address; offset in the TLS template for STT_TLS.
    pub value: u64,
    /// Bytes.
    pub size: u64,
}

impl Entry {
    /// `st_shndx`, and the `.symtab_shndx` word.
    pub fn shndx(&self) -> (u16, u32) {
        match u16::try_from(self.section) {
            Ok(section) if self.reserved || section < SHN_LORESERVE => (section, 0),
            _ => (SHN_XINDEX, self.section),
        }
    }

    /// Writes the 24 bytes.
    pub fn write(&self, out: &mut [u8]) {
        out[..4].copy_from_slice(&self.name.to_le_bytes());
        out[4] = self.info;
        out[5] = self.other;
        out[6..8].copy_from_slice(&self.shndx().0.to_le_bytes());
        out[8..16].copy_from_slice(&self.value.to_le_bytes());
        out[16..24].copy_from_slice(&self.size.to_le_bytes());
    }
}

/// `section` and `reserved` of what moves with no section.
pub const ABSOLUTE: (u32, bool) = (SHN_ABS as u32, true);

/// `section` and `reserved` for something at `address` in output section `id`.
fn in_output(context: Context, id: OutputId, address: u64) -> (u32, bool) {
    match context.layout.place(id).header {
        // An empty section that isn't in the file.
        0 => near(context, address),
        header => (header, false),
    }
}

/// The last loaded section that begins at or before `address`, or the first one behind the headers.
pub fn near(context: Context, address: u64) -> (u32, bool) {
    let Context { layout, sections, .. } = context;
    let loaded = layout.order.iter().copied().filter(|id| {
        let output = &sections.outputs[id.index()];
        // .tbss overlays what follows it.
        output.flags & SHF_ALLOC != 0 && (output.flags & SHF_TLS == 0 || output.kind != SHT_NOBITS)
    });
    let before = loaded.clone().filter(|id| layout.place(*id).address <= address);
    let found = before.max_by_key(|id| layout.place(*id).address);
    let found = found.or_else(|| loaded.min_by_key(|id| layout.place(*id).address));
    found.map_or(ABSOLUTE, |id| (layout.place(id).header, false))
}

/// `st_value`: for TLS symbols the offset in the template.
pub fn value(context: Context, kind: u8, address: u64) -> u64 {
    if kind == STT_TLS { address.wrapping_sub(context.layout.tls_start) } else { address }
}

/// A local symbol of `object`.
pub fn local(context: Context, object: &Object, index: u32) -> Entry {
    let symbol = &object.symbols[index as usize];
    let info = STB_LOCAL << 4 | symbol.kind();
    let (size, other) = (symbol.size(), symbol.other());
    let Some(section) = object.symbol_section(index) else {
        let (section, reserved) = ABSOLUTE;
        return Entry { info, other, section, reserved, value: symbol.value(), size, name: 0 };
    };
    let input = &context.sections.inputs[object.section_id(section).index()];
    let address = context.layout.local_address(context.sections, context.merged, object, index, 0);
    let (section, reserved) = in_output(context, input.output, address);
    let value = value(context, symbol.kind(), address);
    Entry { name: 0, info, other, section, reserved, value, size }
}

/// A global symbol, at its definition in `object`.
pub fn global(context: Context, object: &Object, index: u32, id: SymbolId, half: Half) -> Entry {
    let symbol = context.resolved.symbol(id);
    let sections = context.sections;
    let size = match symbol.definition {
        // The largest of all files' sizes, which need not be that of the file that comes first.
        Definition::Section(id) if id.index() >= sections.first_common() as usize => {
            sections.inputs[id.index()].size
        }
        _ => object.symbols.get(index as usize).map_or(0, |symbol| symbol.size()),
    };
    // An ifunc's entry shows its resolver, as GNU ld's does; the program uses the IPLT entry.
    let resolver = context.layout.resolver(SymbolRef::Global(id));
    let address = resolver.unwrap_or(context.layout.symbol_addresses[id.index()]);
    let (section, reserved) = match symbol.definition {
        Definition::Section(id) => in_output(context, sections.inputs[id.index()].output, address),
        _ => ABSOLUTE,
    };
    let kind = if symbol.kind == STT_COMMON { STT_OBJECT } else { symbol.kind };
    Entry {
        name: 0,
        info: binding(symbol, half) << 4 | kind,
        other: symbol.visibility,
        section,
        reserved,
        value: value(context, kind, address),
        size,
    }
}

/// `STB_*` in the output.
pub fn binding(symbol: &Symbol, half: Half) -> u8 {
    match half {
        Half::Locals => STB_LOCAL,
        Half::Globals if symbol.flags & Symbol::UNIQUE != 0 => STB_GNU_UNIQUE,
        Half::Globals if symbol.flags & Symbol::WEAK != 0 => STB_WEAK,
        Half::Globals => STB_GLOBAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_section_indices_move_to_the_extension_table() {
        let entry = |section, reserved| Entry { section, reserved, ..Entry::default() };
        assert_eq!(entry(7, false).shndx(), (7, 0));
        assert_eq!(entry(0xfeff, false).shndx(), (0xfeff, 0));
        assert_eq!(entry(0xff00, false).shndx(), (SHN_XINDEX, 0xff00));
        assert_eq!(entry(0x12345, false).shndx(), (SHN_XINDEX, 0x12345));
        assert_eq!(entry(0xfff1, true).shndx(), (SHN_ABS, 0));
    }
}
