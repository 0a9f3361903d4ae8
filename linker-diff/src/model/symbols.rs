//! The symbol table.

use object::LittleEndian;
use object::elf;
use object::read::elf::{SectionTable, Sym as _};

type Header64 = elf::FileHeader64<LittleEndian>;
const LE: LittleEndian = LittleEndian;

/// `st_bind` of a local symbol.
pub const STB_LOCAL: u8 = elf::STB_LOCAL.0;
/// `st_bind` of a weak symbol.
pub const STB_WEAK: u8 = elf::STB_WEAK.0;
/// `st_visibility` of a symbol that any other program sees.
pub const STV_DEFAULT: u8 = elf::STV_DEFAULT.0;
/// `st_visibility` of a symbol that no other program sees.
pub const STV_HIDDEN: u8 = elf::STV_HIDDEN.0;
/// `st_type` of a bare label, as assembly leaves it.
pub const STT_NOTYPE: u8 = elf::STT_NOTYPE.0;
/// `st_type` of an object.
pub const STT_OBJECT: u8 = elf::STT_OBJECT.0;
/// `st_type` of a function.
pub const STT_FUNC: u8 = elf::STT_FUNC.0;
/// `st_type` of a section.
pub const STT_SECTION: u8 = elf::STT_SECTION.0;
/// `st_type` of a source file's name.
pub const STT_FILE: u8 = elf::STT_FILE.0;
/// `st_type` of a thread-local object.
pub const STT_TLS: u8 = elf::STT_TLS.0;
/// `st_type` of an indirect function: its value is the resolver's address.
pub const STT_GNU_IFUNC: u8 = elf::STT_GNU_IFUNC.0;
/// `st_shndx` of a value that is no address.
pub const SHN_ABS: u16 = elf::SHN_ABS.0;

/// A symbol of `.symtab` or `.dynsym`.
#[derive(Clone, Copy, Debug)]
pub struct Symbol<'a> {
    /// The name's bytes.
    pub name: &'a [u8],
    /// `st_value`: an address, or for STT_TLS an offset in the thread-local block.
    pub value: u64,
    /// `st_size` in bytes.
    pub size: u64,
    /// `st_bind`.
    pub bind: u8,
    /// `st_type`.
    pub kind: u8,
    /// `st_visibility`.
    pub visibility: u8,
    /// `st_shndx`.
    pub section: u16,
}

impl Symbol<'_> {
    /// Is local.
    pub fn is_local(&self) -> bool {
        self.bind == STB_LOCAL
    }
    /// Is defined in this program, by an address or a number.
    pub fn is_defined(&self) -> bool {
        self.section != 0
    }
    /// Names an absolute value.
    pub fn is_absolute(&self) -> bool {
        self.section == SHN_ABS
    }
    /// Is a place in a section: no file, section or absolute symbol.
    pub fn is_place(&self) -> bool {
        self.is_defined()
            && !self.is_absolute()
            && self.kind != STT_FILE
            && self.kind != STT_SECTION
            && !self.name.is_empty()
    }
    /// Names something of the program, not a place that the linker chose.
    pub fn is_content(&self) -> bool {
        self.is_place() && (self.size > 0 || matches!(self.kind, STT_FUNC | STT_OBJECT))
    }
}

/// Reads the symbol table of that section type, SHT_SYMTAB or SHT_DYNSYM; empty if there is none.
///
/// # Errors
/// When the table or a name lies outside the file.
pub fn read<'a>(
    table: &SectionTable<'a, Header64>,
    data: &'a [u8],
    kind: elf::SectionType,
) -> Result<Vec<Symbol<'a>>, String> {
    let symbols = table.symbols(LE, data, kind).map_err(|e| e.to_string())?;
    let mut out = Vec::with_capacity(symbols.len());
    for symbol in symbols.iter().skip(1) {
        let name = symbols
            .symbol_name(LE, symbol)
            .map_err(|_| "a symbol's name lies outside the string table".to_owned())?;
        out.push(Symbol {
            name,
            value: symbol.st_value(LE),
            size: symbol.st_size(LE),
            bind: symbol.st_bind().0,
            kind: symbol.st_type().0,
            visibility: symbol.st_visibility().0,
            section: symbol.st_shndx(LE).0,
        });
    }
    Ok(out)
}

/// A symbol's name as people write it.
pub fn readable(name: &[u8]) -> String {
    libgild::demangle::demangle(name, true)
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn names_grow_to_no_more_than_somebody_reads() {
        // p<int, int>, then a p of twice the last parameter, 17 times: a megabyte.
        let digits = ('0'..='9').chain('A'..='G');
        let doubled: String = digits.map(|digit| format!("S_IS{digit}_S{digit}_E")).collect();
        let bomb = format!("_Z1f1pIiiE{doubled}");
        assert_eq!(readable(bomb.as_bytes()), bomb);
        assert_eq!(readable(b"_ZN5space4funcEi"), "space::func(int)");
    }
}
