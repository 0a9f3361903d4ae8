//! Names that the linker gives to places it chose itself: their values may differ.

use std::collections::HashMap;

use super::Image;

/// The names, prefixes `__start_` and `__stop_` aside.
const NAMES: [&[u8]; 42] = [
    b"_end",
    b"end",
    b"__end",
    b"_etext",
    b"etext",
    b"__etext",
    b"_edata",
    b"edata",
    b"__bss_start",
    b"__bss_end",
    b"__bss_start__",
    b"__bss_end__",
    b"_bss_end__",
    b"__end__",
    b"__data_start",
    b"_GLOBAL_OFFSET_TABLE_",
    b"_DYNAMIC",
    b"_PROCEDURE_LINKAGE_TABLE_",
    b"__GNU_EH_FRAME_HDR",
    b"__TMC_END__",
    b"__executable_start",
    b"__ehdr_start",
    b"__dso_handle",
    b"_TLS_MODULE_BASE_",
    b"__init_array_start",
    b"__init_array_end",
    b"__fini_array_start",
    b"__fini_array_end",
    b"__preinit_array_start",
    b"__preinit_array_end",
    b"__rela_iplt_start",
    b"__rela_iplt_end",
    b"__rel_iplt_start",
    b"__rel_iplt_end",
    b"__eh_frame_start",
    b"__eh_frame_end",
    b"__eh_frame_hdr_start",
    b"__eh_frame_hdr_end",
    b"__relro_start",
    b"__relro_end",
    b"__tdata_start",
    b"__tls_get_addr_end",
];

/// Whether the linker chose the value of `name`.
pub fn is_linker_defined(name: &[u8]) -> bool {
    NAMES.contains(&name) || name.starts_with(b"__start_") || name.starts_with(b"__stop_")
}

/// Linker-defined names by address and back.
#[derive(Default, Debug)]
pub struct LinkerDefined<'a> {
    by_addr: HashMap<u64, Vec<&'a [u8]>>,
    by_name: HashMap<&'a [u8], u64>,
}

impl<'a> LinkerDefined<'a> {
    /// The names that stand for `addr`.
    pub fn names_at(&self, addr: u64) -> &[&'a [u8]] {
        self.by_addr.get(&addr).map_or(&[], Vec::as_slice)
    }

    /// The address of `name`.
    pub fn addr_of(&self, name: &[u8]) -> Option<u64> {
        self.by_name.get(name).copied()
    }

    /// Whether `addr` is both start and end of something empty.
    pub fn is_empty_range(&self, addr: u64) -> bool {
        let bases = self.names_at(addr).iter().filter_map(|n| n.strip_suffix(b"_start"));
        let mut ends = bases.map(|base| [base, b"_end"].concat());
        ends.any(|end| self.addr_of(&end) == Some(addr))
    }

    fn add(&mut self, name: &'a [u8], addr: u64) {
        if self.by_name.insert(name, addr).is_none() {
            self.by_addr.entry(addr).or_default().push(name);
        }
    }

    fn add_if_new(&mut self, name: &'a [u8], addr: u64) {
        if !self.by_name.contains_key(name) {
            self.add(name, addr);
        }
    }
}

/// Takes them from the symbol table, and from the sections where the table lacks them.
pub fn collect<'a>(image: &Image<'a>) -> LinkerDefined<'a> {
    let mut out = LinkerDefined::default();
    for symbol in image.symbols.iter().filter(|s| s.is_defined()) {
        let is_address = !symbol.is_absolute() || image.memory.contains_or_ends(symbol.value);
        if is_linker_defined(symbol.name) && is_address {
            out.add(symbol.name, symbol.value);
        }
    }
    out.add_if_new(b"__ehdr_start", image.memory.start());
    out.add_if_new(b"__executable_start", image.memory.start());
    out.add_if_new(b"_end", image.memory.end());
    const BOUNDS: [(&[u8], &[u8], &[u8]); 4] = [
        (b".init_array", b"__init_array_start", b"__init_array_end"),
        (b".fini_array", b"__fini_array_start", b"__fini_array_end"),
        (b".preinit_array", b"__preinit_array_start", b"__preinit_array_end"),
        (b".eh_frame_hdr", b"__GNU_EH_FRAME_HDR", b"__eh_frame_hdr_end"),
    ];
    for (section, start, end) in BOUNDS {
        if let Some(s) = image.sections.iter().find(|s| s.name == section) {
            out.add_if_new(start, s.addr);
            out.add_if_new(end, s.addr.wrapping_add(s.size));
        }
    }
    let rela: Vec<_> =
        image.sections.iter().filter(|s| s.is_alloc() && s.name.starts_with(b".rela.")).collect();
    if let [only] = rela[..] {
        out.add_if_new(b"__rela_iplt_start", only.addr);
        out.add_if_new(b"__rela_iplt_end", only.addr.wrapping_add(only.size));
    }
    if let Some(s) = image.sections.iter().find(|s| s.name == b".dynamic") {
        out.add_if_new(b"_DYNAMIC", s.addr);
    }
    out
}
