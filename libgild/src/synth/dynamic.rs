//! What a static-PIE's own start-up code reads: `.dynamic` and its tables (gABI, "Dynamic Section").
//!
//! There are no dynamic symbols; but glibc's self-relocation dereferences DT_SYMTAB and DT_STRTAB,
//! so `.dynsym` holds the null symbol and `.gnu.hash` an empty table.

use super::{Context, SynthKind};
use crate::args::Options;
use crate::elf::*;
use crate::symbols::Resolved;

/// Where a tag's value comes from.
#[derive(Clone, Copy, Debug)]
enum Value {
    Number(u64),
    Address(SynthKind),
    Size(SynthKind),
    Symbol(crate::ids::SymbolId),
    OutputAddress(&'static [u8]),
    OutputSize(&'static [u8]),
    RelativeCount,
}

/// The tags, chosen before layout.
#[derive(Debug, Default)]
pub struct Dynamic(Vec<(u64, Value)>);

/// What decides on tags.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// `.rela.dyn` exists.
    pub rela: bool,
    /// It begins with RELATIVE entries.
    pub relative: bool,
    /// `.relr.dyn` exists.
    pub relr: bool,
    /// Relocations in read-only segments.
    pub text_relocations: bool,
}

impl Dynamic {
    /// Chooses the tags; `has_output` tells whether an output section of that name has contents.
    pub fn new(
        resolved: &Resolved,
        options: &Options,
        facts: Facts,
        has_output: impl Fn(&[u8]) -> bool,
    ) -> Dynamic {
        use Value::*;
        let mut tags = Vec::with_capacity(24);
        for (tag, name) in [(DT_INIT, &options.init), (DT_FINI, &options.fini)] {
            if let Some(id) = resolved.names.get(name.as_bytes())
                && resolved.symbol(id).is_defined()
            {
                tags.push((tag, Symbol(id)));
            }
        }
        let arrays: [(u64, u64, &'static [u8]); 3] = [
            (DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, b".preinit_array"),
            (DT_INIT_ARRAY, DT_INIT_ARRAYSZ, b".init_array"),
            (DT_FINI_ARRAY, DT_FINI_ARRAYSZ, b".fini_array"),
        ];
        for (tag, size, name) in arrays {
            if has_output(name) {
                tags.extend([(tag, OutputAddress(name)), (size, OutputSize(name))]);
            }
        }
        tags.extend([
            (DT_GNU_HASH, Address(SynthKind::GnuHash)),
            (DT_STRTAB, Address(SynthKind::DynStr)),
            (DT_SYMTAB, Address(SynthKind::DynSym)),
            (DT_STRSZ, Size(SynthKind::DynStr)),
            (DT_SYMENT, Number(SYM_SIZE)),
            (DT_DEBUG, Number(0)),
        ]);
        if facts.rela {
            tags.extend([
                (DT_RELA, Address(SynthKind::RelaDyn)),
                (DT_RELASZ, Size(SynthKind::RelaDyn)),
                (DT_RELAENT, Number(crate::elf::RELA_SIZE)),
            ]);
            if facts.relative {
                tags.push((DT_RELACOUNT, RelativeCount));
            }
        }
        if facts.relr {
            tags.extend([
                (DT_RELR, Address(SynthKind::RelrDyn)),
                (DT_RELRSZ, Size(SynthKind::RelrDyn)),
                (DT_RELRENT, Number(8)),
            ]);
        }
        let text = if facts.text_relocations { DF_TEXTREL } else { 0 };
        if facts.text_relocations {
            tags.push((DT_TEXTREL, Number(0)));
        }
        let (now, now_1) = if options.bind_now { (DF_BIND_NOW, DF_1_NOW) } else { (0, 0) };
        if text | now != 0 {
            tags.push((DT_FLAGS, Number(text | now)));
        }
        tags.push((DT_FLAGS_1, Number(DF_1_PIE | now_1)));
        tags.push((DT_NULL, Number(0)));
        Dynamic(tags)
    }

    /// Bytes of `.dynamic`.
    pub fn size(&self) -> u64 {
        self.0.len() as u64 * 16
    }

    /// Writes `.dynamic`.
    pub fn fill(&self, context: Context, out: &mut [u8]) {
        let layout = context.layout;
        let synth = |kind| layout.synth_place(kind);
        let named = |name: &[u8]| layout.find(context.sections, name).map(|id| layout.place(id));
        for (&(tag, value), bytes) in self.0.iter().zip(out.chunks_exact_mut(16)) {
            let value = match value {
                Value::Number(value) => value,
                Value::Address(kind) => synth(kind).map_or(0, |place| place.address),
                Value::Size(kind) => synth(kind).map_or(0, |place| place.size),
                Value::Symbol(id) => layout.symbol_addresses[id.index()],
                Value::OutputAddress(name) => named(name).map_or(0, |place| place.address),
                Value::OutputSize(name) => named(name).map_or(0, |place| place.size),
                Value::RelativeCount => layout.synth.dynamic_relocs.relative_count(),
            };
            bytes[..8].copy_from_slice(&tag.to_le_bytes());
            bytes[8..].copy_from_slice(&value.to_le_bytes());
        }
    }
}

/// An empty `.gnu.hash`: one bucket without symbols, one Bloom filter word without bits.
pub fn gnu_hash() -> Vec<u8> {
    let (buckets, first_hashed_symbol, bloom_words, bloom_shift) = (1u32, 1u32, 1u32, 0u32);
    let mut table = Vec::with_capacity(28);
    for value in [buckets, first_hashed_symbol, bloom_words, bloom_shift] {
        table.extend(value.to_le_bytes());
    }
    table.extend(0u64.to_le_bytes());
    table.extend(0u32.to_le_bytes());
    table
}
