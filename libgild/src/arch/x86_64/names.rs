//! Names of relocation types for messages.

use std::borrow::Cow;

/// `R_X86_64_…`, or `relocation type N` for a number that the psABI doesn't give a name.
pub fn reloc_name(kind: u32) -> Cow<'static, str> {
    match usize::try_from(kind).ok().and_then(|index| NAMES.get(index)) {
        Some(name) if !name.is_empty() => Cow::Borrowed(name),
        _ => Cow::Owned(format!("relocation type {kind}")),
    }
}

/// psABI table 4.9 and the APX additions (43 to 51), by number.
const NAMES: [&str; 52] = [
    "R_X86_64_NONE",
    "R_X86_64_64",
    "R_X86_64_PC32",
    "R_X86_64_GOT32",
    "R_X86_64_PLT32",
    "R_X86_64_COPY",
    "R_X86_64_GLOB_DAT",
    "R_X86_64_JUMP_SLOT",
    "R_X86_64_RELATIVE",
    "R_X86_64_GOTPCREL",
    "R_X86_64_32",
    "R_X86_64_32S",
    "R_X86_64_16",
    "R_X86_64_PC16",
    "R_X86_64_8",
    "R_X86_64_PC8",
    "R_X86_64_DTPMOD64",
    "R_X86_64_DTPOFF64",
    "R_X86_64_TPOFF64",
    "R_X86_64_TLSGD",
    "R_X86_64_TLSLD",
    "R_X86_64_DTPOFF32",
    "R_X86_64_GOTTPOFF",
    "R_X86_64_TPOFF32",
    "R_X86_64_PC64",
    "R_X86_64_GOTOFF64",
    "R_X86_64_GOTPC32",
    "R_X86_64_GOT64",
    "R_X86_64_GOTPCREL64",
    "R_X86_64_GOTPC64",
    "R_X86_64_GOTPLT64",
    "R_X86_64_PLTOFF64",
    "R_X86_64_SIZE32",
    "R_X86_64_SIZE64",
    "R_X86_64_GOTPC32_TLSDESC",
    "R_X86_64_TLSDESC_CALL",
    "R_X86_64_TLSDESC",
    "R_X86_64_IRELATIVE",
    "R_X86_64_RELATIVE64",
    "",
    "",
    "R_X86_64_GOTPCRELX",
    "R_X86_64_REX_GOTPCRELX",
    "R_X86_64_CODE_4_GOTPCRELX",
    "R_X86_64_CODE_4_GOTTPOFF",
    "R_X86_64_CODE_4_GOTPC32_TLSDESC",
    "R_X86_64_CODE_5_GOTPCRELX",
    "R_X86_64_CODE_5_GOTTPOFF",
    "R_X86_64_CODE_5_GOTPC32_TLSDESC",
    "R_X86_64_CODE_6_GOTPCRELX",
    "R_X86_64_CODE_6_GOTTPOFF",
    "R_X86_64_CODE_6_GOTPC32_TLSDESC",
];
