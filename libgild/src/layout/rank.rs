//! The order of output sections: rights first, then what a section is for.

use crate::elf::*;
use crate::sections::is_named;

/// The rights and the fate of a run of sections that share a PT_LOAD.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// Read-only data; the ELF and program headers stand at its start.
    Read,
    /// Code.
    Execute,
    /// Code that changes itself.
    WriteExecute,
    /// Written by the start-up code, then made read-only.
    Relro,
    /// Data.
    Write,
    /// Read-only data beyond the reach of small code (psABI, large model).
    LargeRead,
    /// Code beyond the reach of small code.
    LargeExecute,
    /// Data beyond the reach of small code.
    LargeWrite,
    /// Not loaded.
    File,
}

impl Class {
    /// `PF_*` of the class's PT_LOAD.
    pub fn flags(self) -> u32 {
        match self {
            Class::Read | Class::LargeRead | Class::File => PF_R,
            Class::Execute | Class::LargeExecute => PF_R | PF_X,
            Class::WriteExecute => PF_R | PF_W | PF_X,
            Class::Relro | Class::Write | Class::LargeWrite => PF_R | PF_W,
        }
    }
}

/// Sort key of an output section. Equal ranks keep the order of first appearance in the input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank {
    /// Which PT_LOAD.
    pub class: Class,
    within: u8,
}

/// Sections that only the start-up code writes, by the names that compilers give them.
fn is_relro(name: &[u8], kind: u32, flags: u64) -> bool {
    flags & SHF_TLS != 0
        || matches!(kind, SHT_INIT_ARRAY | SHT_FINI_ARRAY | SHT_PREINIT_ARRAY | SHT_DYNAMIC)
        || [&b".init_array"[..], b".fini_array", b".preinit_array", b".ctors", b".dtors", b".jcr"]
            .iter()
            .chain([&&b".data.rel.ro"[..], &&b".bss.rel.ro"[..]])
            .any(|prefix| is_named(name, prefix))
        || matches!(name, b".got" | b".got.plt" | b".dynamic" | b".eh_frame" | b".gcc_except_table")
}

fn class(name: &[u8], kind: u32, flags: u64, relro: bool) -> Class {
    let large = flags & SHF_X86_64_LARGE != 0
        || [&b".lrodata"[..], b".ldata", b".lbss", b".ltext"].iter().any(|p| is_named(name, p));
    if flags & SHF_ALLOC == 0 {
        Class::File
    } else if flags & SHF_EXECINSTR != 0 {
        match (flags & SHF_WRITE != 0, large) {
            (true, _) => Class::WriteExecute,
            (false, true) => Class::LargeExecute,
            (false, false) => Class::Execute,
        }
    } else if flags & SHF_WRITE != 0 {
        match (large, relro && is_relro(name, kind, flags)) {
            (true, _) => Class::LargeWrite,
            (false, true) => Class::Relro,
            (false, false) => Class::Write,
        }
    } else if large {
        Class::LargeRead
    } else if flags & SHF_TLS != 0 {
        // The TLS template is one run; a read-only .tdata would tear it apart.
        if relro { Class::Relro } else { Class::Write }
    } else {
        Class::Read
    }
}

fn within(name: &[u8], kind: u32, flags: u64, class: Class) -> u8 {
    let nobits = kind == SHT_NOBITS;
    match class {
        Class::Read => match name {
            // 8-aligned and 4-aligned notes apart: each run gets one PT_NOTE.
            b".note.gnu.property" => 0,
            b".note.gnu.build-id" => 1,
            _ if kind == SHT_NOTE => 2,
            b".dynsym" => 3,
            b".gnu.hash" => 4,
            b".hash" => 5,
            b".dynstr" => 6,
            b".rela.dyn" => 7,
            b".relr.dyn" => 8,
            b".rela.iplt" => 9,
            _ if is_named(name, b".rodata") => 10,
            b".eh_frame_hdr" => 12,
            b".eh_frame" => 13,
            _ if is_named(name, b".gcc_except_table") => 14,
            _ if nobits => 15,
            _ => 11,
        },
        Class::Execute | Class::LargeExecute => match name {
            b".init" => 0,
            _ if is_named(name, b".text") => 1,
            b".fini" => 2,
            b".iplt" | b".plt" => 3,
            _ => 4,
        },
        Class::Relro | Class::Write | Class::LargeWrite => {
            if flags & SHF_TLS != 0 {
                return u8::from(nobits);
            }
            match name {
                _ if nobits => 20,
                b".preinit_array" => 2,
                b".init_array" => 3,
                b".fini_array" => 4,
                b".ctors" => 5,
                b".dtors" => 6,
                _ if is_named(name, b".data.rel.ro") => 7,
                b".dynamic" => 9,
                b".got" => 10,
                b".got.plt" => 11,
                _ if class == Class::Relro => 8,
                _ if is_named(name, b".data") => 12,
                _ => 13,
            }
        }
        Class::LargeRead | Class::WriteExecute => u8::from(nobits),
        Class::File => match name {
            b".comment" => 0,
            b".symtab" => 2,
            b".symtab_shndx" => 3,
            b".strtab" => 4,
            b".shstrtab" => 5,
            _ => 1,
        },
    }
}

/// Where an output section belongs.
pub fn rank(name: &[u8], kind: u32, flags: u64, relro: bool) -> Rank {
    let class = class(name, kind, flags, relro);
    Rank { class, within: within(name, kind, flags, class) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u64 = SHF_ALLOC;
    const AW: u64 = SHF_ALLOC | SHF_WRITE;
    const AX: u64 = SHF_ALLOC | SHF_EXECINSTR;

    #[test]
    fn the_usual_sections_stand_in_this_order() {
        let expected: &[(&str, u32, u64)] = &[
            (".note.gnu.property", SHT_NOTE, A),
            (".note.gnu.build-id", SHT_NOTE, A),
            (".note.ABI-tag", SHT_NOTE, A),
            (".dynsym", SHT_DYNSYM, A),
            (".gnu.hash", SHT_GNU_HASH, A),
            (".dynstr", SHT_STRTAB, A),
            (".rela.dyn", SHT_RELA, A),
            (".relr.dyn", SHT_RELR, A),
            (".rela.iplt", SHT_RELA, A),
            (".rodata", SHT_PROGBITS, A),
            ("orphan", SHT_PROGBITS, A),
            (".eh_frame_hdr", SHT_PROGBITS, A),
            (".eh_frame", SHT_PROGBITS, A),
            (".gcc_except_table", SHT_PROGBITS, A),
            (".init", SHT_PROGBITS, AX),
            (".text", SHT_PROGBITS, AX),
            (".fini", SHT_PROGBITS, AX),
            (".iplt", SHT_PROGBITS, AX),
            (".tdata", SHT_PROGBITS, AW | SHF_TLS),
            (".tbss", SHT_NOBITS, AW | SHF_TLS),
            (".preinit_array", SHT_PREINIT_ARRAY, AW),
            (".init_array", SHT_INIT_ARRAY, AW),
            (".fini_array", SHT_FINI_ARRAY, AW),
            (".ctors", SHT_PROGBITS, AW),
            (".data.rel.ro", SHT_PROGBITS, AW),
            (".dynamic", SHT_DYNAMIC, AW),
            (".got", SHT_PROGBITS, AW),
            (".bss.rel.ro", SHT_NOBITS, AW),
            (".data", SHT_PROGBITS, AW),
            ("counters", SHT_PROGBITS, AW),
            (".bss", SHT_NOBITS, AW),
            (".lrodata", SHT_PROGBITS, A | SHF_X86_64_LARGE),
            (".ldata", SHT_PROGBITS, AW | SHF_X86_64_LARGE),
            (".lbss", SHT_NOBITS, AW | SHF_X86_64_LARGE),
            (".comment", SHT_PROGBITS, 0),
            (".debug_info", SHT_PROGBITS, 0),
            (".symtab", SHT_SYMTAB, 0),
            (".strtab", SHT_STRTAB, 0),
            (".shstrtab", SHT_STRTAB, 0),
        ];
        let ranks: Vec<Rank> = expected
            .iter()
            .map(|&(n, kind, flags)| rank(n.as_bytes(), kind, flags, true))
            .collect();
        for (pair, names) in ranks.windows(2).zip(expected.windows(2)) {
            assert!(pair[0] < pair[1], "{} before {}", names[0].0, names[1].0);
        }
    }

    #[test]
    fn without_relro_its_sections_are_plain_data() {
        assert_eq!(rank(b".got", SHT_PROGBITS, AW, false).class, Class::Write);
        assert!(rank(b".tdata", SHT_PROGBITS, AW | SHF_TLS, false) < rank(b".data", 1, AW, false));
    }
}
