//! Short names for the ELF structures and constants of the `object` crate.
//!
//! Structures are read in place, unaligned (archive members stand at even offsets only).

use object::LittleEndian as LE;
use object::elf;

/// `Elf64_Ehdr`.
pub type Ehdr = elf::FileHeader64<LE>;
/// `Elf64_Shdr`.
pub type Shdr = elf::SectionHeader64<LE>;
/// `Elf64_Sym`.
pub type Sym = elf::Sym64<LE>;
/// `Elf64_Rela`.
pub type Rela = elf::Rela64<LE>;

/// Plain-integer reads of a section header (gABI, "Section Header").
pub trait ShdrExt {
    /// `sh_name`: offset in the section names.
    fn name(&self) -> u32;
    /// `sh_type`.
    fn kind(&self) -> u32;
    /// `sh_flags`.
    fn flags(&self) -> u64;
    /// `sh_offset`.
    fn offset(&self) -> u64;
    /// `sh_size`, bytes.
    fn size(&self) -> u64;
    /// `sh_link`.
    fn link(&self) -> u32;
    /// `sh_info`.
    fn info(&self) -> u32;
    /// `sh_addralign`, at least 1.
    fn align(&self) -> u64;
    /// `sh_entsize`, bytes.
    fn entsize(&self) -> u64;
}

impl ShdrExt for Shdr {
    fn name(&self) -> u32 {
        self.sh_name.get(LE)
    }
    fn kind(&self) -> u32 {
        self.sh_type.get(LE).0
    }
    fn flags(&self) -> u64 {
        self.sh_flags.get(LE).0
    }
    fn offset(&self) -> u64 {
        self.sh_offset.get(LE)
    }
    fn size(&self) -> u64 {
        self.sh_size.get(LE)
    }
    fn link(&self) -> u32 {
        self.sh_link.get(LE)
    }
    fn info(&self) -> u32 {
        self.sh_info.get(LE)
    }
    fn align(&self) -> u64 {
        self.sh_addralign.get(LE).max(1)
    }
    fn entsize(&self) -> u64 {
        self.sh_entsize.get(LE)
    }
}

/// Plain-integer reads of a symbol (gABI, "Symbol Table").
pub trait SymExt {
    /// `st_name`: offset in the string table.
    fn name(&self) -> u32;
    /// `STB_*` of `st_info`.
    fn bind(&self) -> u8;
    /// `STT_*` of `st_info`.
    fn kind(&self) -> u8;
    /// `st_other`.
    fn other(&self) -> u8;
    /// `STV_*` of `st_other`.
    fn visibility(&self) -> u8;
    /// `st_shndx`.
    fn shndx(&self) -> u16;
    /// `st_value`.
    fn value(&self) -> u64;
    /// `st_size`, bytes.
    fn size(&self) -> u64;
}

impl SymExt for Sym {
    fn name(&self) -> u32 {
        self.st_name.get(LE)
    }
    fn bind(&self) -> u8 {
        self.st_info.0 >> 4
    }
    fn kind(&self) -> u8 {
        self.st_info.0 & 15
    }
    fn other(&self) -> u8 {
        self.st_other.0
    }
    fn visibility(&self) -> u8 {
        self.st_other.0 & 3
    }
    fn shndx(&self) -> u16 {
        self.st_shndx.get(LE).0
    }
    fn value(&self) -> u64 {
        self.st_value.get(LE)
    }
    fn size(&self) -> u64 {
        self.st_size.get(LE)
    }
}

/// Plain-integer reads of a relocation (gABI, "Relocation").
pub trait RelaExt {
    /// `r_offset`.
    fn offset(&self) -> u64;
    /// Symbol of `r_info`.
    fn sym(&self) -> u32;
    /// `R_X86_64_*` of `r_info`.
    fn kind(&self) -> u32;
    /// `r_addend`.
    fn addend(&self) -> i64;
}

impl RelaExt for Rela {
    fn offset(&self) -> u64 {
        self.r_offset.get(LE)
    }
    fn sym(&self) -> u32 {
        (self.r_info.get(LE) >> 32) as u32
    }
    fn kind(&self) -> u32 {
        self.r_info.get(LE) as u32
    }
    fn addend(&self) -> i64 {
        self.r_addend.get(LE)
    }
}

macro_rules! constants {
    ($kind:ty: $($name:ident)*) => { $(pub const $name: $kind = elf::$name.0 as $kind;)* };
}

constants!(u8: ELFCLASS32 ELFCLASS64 ELFDATA2LSB ELFOSABI_NONE ELFOSABI_GNU);
constants!(u16: ET_REL ET_EXEC ET_DYN ET_CORE EM_386 EM_MIPS EM_PPC EM_PPC64 EM_S390 EM_ARM
    EM_X86_64 EM_AARCH64 EM_RISCV EM_LOONGARCH);
constants!(u32: SHT_NULL SHT_PROGBITS SHT_SYMTAB SHT_STRTAB SHT_RELA SHT_DYNAMIC SHT_NOTE
    SHT_NOBITS SHT_REL SHT_DYNSYM SHT_INIT_ARRAY SHT_FINI_ARRAY SHT_PREINIT_ARRAY SHT_GROUP
    SHT_SYMTAB_SHNDX SHT_RELR SHT_GNU_HASH SHT_X86_64_UNWIND);
constants!(u64: SHF_WRITE SHF_ALLOC SHF_EXECINSTR SHF_MERGE SHF_STRINGS SHF_INFO_LINK SHF_LINK_ORDER
    SHF_GROUP SHF_TLS SHF_COMPRESSED SHF_GNU_RETAIN SHF_EXCLUDE);
constants!(u16: SHN_UNDEF SHN_ABS SHN_COMMON SHN_XINDEX);
/// From here on an index stands for no section (gABI, "Special Section Indexes").
pub const SHN_LORESERVE: u16 = elf::SHN_LORESERVE;
/// `SHN_X86_64_LCOMMON` (psABI 4.2.1): a common symbol of the large model.
pub const SHN_LCOMMON: u16 = 0xff02;
constants!(u8: STB_LOCAL STB_GLOBAL STB_WEAK STB_GNU_UNIQUE STT_NOTYPE STT_OBJECT STT_FUNC
    STT_SECTION STT_FILE STT_COMMON STT_TLS STT_GNU_IFUNC STV_DEFAULT STV_INTERNAL STV_HIDDEN
    STV_PROTECTED);
constants!(u32: PT_LOAD PT_DYNAMIC PT_NOTE PT_PHDR PT_TLS PT_GNU_EH_FRAME PT_GNU_STACK PT_GNU_RELRO
    PT_GNU_PROPERTY PF_X PF_W PF_R);
constants!(u32: R_X86_64_NONE R_X86_64_64 R_X86_64_PC32 R_X86_64_GOT32 R_X86_64_PLT32
    R_X86_64_GOTPCREL R_X86_64_32 R_X86_64_32S R_X86_64_16 R_X86_64_PC16 R_X86_64_8 R_X86_64_PC8
    R_X86_64_RELATIVE R_X86_64_IRELATIVE R_X86_64_DTPOFF64 R_X86_64_TPOFF64
    R_X86_64_TLSGD R_X86_64_TLSLD R_X86_64_DTPOFF32 R_X86_64_GOTTPOFF R_X86_64_TPOFF32 R_X86_64_PC64
    R_X86_64_GOTOFF64 R_X86_64_GOTPC32 R_X86_64_GOT64 R_X86_64_GOTPCREL64 R_X86_64_GOTPC64
    R_X86_64_GOTPLT64 R_X86_64_PLTOFF64 R_X86_64_SIZE32 R_X86_64_SIZE64 R_X86_64_GOTPC32_TLSDESC
    R_X86_64_TLSDESC_CALL R_X86_64_GOTPCRELX R_X86_64_REX_GOTPCRELX R_X86_64_CODE_4_GOTPCRELX
    R_X86_64_CODE_4_GOTTPOFF R_X86_64_CODE_4_GOTPC32_TLSDESC R_X86_64_CODE_5_GOTPCRELX
    R_X86_64_CODE_5_GOTTPOFF R_X86_64_CODE_5_GOTPC32_TLSDESC R_X86_64_CODE_6_GOTPCRELX
    R_X86_64_CODE_6_GOTTPOFF R_X86_64_CODE_6_GOTPC32_TLSDESC);

constants!(u64: DT_NULL DT_STRTAB DT_SYMTAB DT_RELA DT_RELASZ DT_RELAENT DT_STRSZ DT_SYMENT DT_INIT
    DT_FINI DT_DEBUG DT_TEXTREL DT_INIT_ARRAY DT_FINI_ARRAY DT_INIT_ARRAYSZ DT_FINI_ARRAYSZ DT_FLAGS
    DT_PREINIT_ARRAY DT_PREINIT_ARRAYSZ DT_RELRSZ DT_RELR DT_RELRENT DT_GNU_HASH DT_RELACOUNT
    DT_FLAGS_1 DF_TEXTREL DF_BIND_NOW DF_1_NOW DF_1_PIE);
constants!(u32: NT_GNU_BUILD_ID NT_GNU_PROPERTY_TYPE_0 GNU_PROPERTY_X86_FEATURE_1_AND ELFCOMPRESS_ZLIB
    ELFCOMPRESS_ZSTD);
pub use elf::{GNU_PROPERTY_X86_FEATURE_1_IBT, GNU_PROPERTY_X86_FEATURE_1_SHSTK};

/// `GRP_COMDAT` (gABI, "Section Groups").
pub const GRP_COMDAT: u32 = 1;
/// Sizes in bytes of the records that gild writes.
pub const EHDR_SIZE: u64 = 64;
pub const PHDR_SIZE: u64 = 56;
pub const SHDR_SIZE: u64 = 64;
pub const SYM_SIZE: u64 = 24;
pub const RELA_SIZE: u64 = 24;
/// Relocations in LEB128 (a proposal for the gABI); LLVM writes them on demand.
pub const SHT_CREL: u32 = 0x4000_0014;
/// Large-model section (psABI 4.2.2): may lie beyond the 2 GiB that small code reaches.
pub const SHF_X86_64_LARGE: u64 = 0x1000_0000;
