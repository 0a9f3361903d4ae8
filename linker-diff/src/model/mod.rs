//! One linked program, loaded to be asked: what lies at this address, and what does it refer to?

pub mod atoms;
pub mod dynamic;
pub mod elf;
pub mod empties;
pub mod linker_defined;
pub mod memory;
pub mod plt;
pub mod refs;
pub mod symbols;
pub mod target;
pub mod unwind;
mod wholes;

use std::path::{Path, PathBuf};

use crate::error::Error;
use atoms::Atoms;
use dynamic::Dynamic;
use elf::{Header, Section, Segment};
use empties::Empties;
use linker_defined::LinkerDefined;
use memory::Memory;
use refs::Refs;
use symbols::Symbol;
use unwind::Unwind;

/// A file mapped into memory, from which an [`Image`] borrows.
#[derive(Debug)]
pub struct ImageFile {
    path: PathBuf,
    map: memmap2::Mmap,
}

impl ImageFile {
    /// Maps `path` read-only.
    ///
    /// # Errors
    /// [`Error::Open`] when it cannot be opened or mapped, [`Error::NotElf`] when it is empty.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |source| Error::Open { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(fail)?;
        let meta = file.metadata().map_err(fail)?;
        if meta.is_dir() {
            return Err(fail(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        if meta.len() == 0 {
            return Err(Error::NotElf { path: path.to_owned() });
        }
        // SAFETY: it is only read here, but nothing keeps others from writing to the file: that would
        // change bytes behind a shared reference, which is undefined behaviour, or, if it gets
        // shorter, end the process (SIGBUS). As every tool that maps its input, this one relies on
        // nobody changing a program in place while it is being compared; linkers make a new file.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(fail)?;
        Ok(Self { path: path.to_owned(), map })
    }

    /// The file as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }
}

/// One linked program.
#[derive(Debug)]
pub struct Image<'a> {
    /// The file as it was named.
    pub path: &'a Path,
    /// The whole file.
    pub data: &'a [u8],
    /// The ELF header.
    pub header: Header,
    /// The program headers in file order.
    pub segments: Vec<Segment>,
    /// The sections in file order, without the null section; made up from the PT_LOAD segments
    /// where the file has no section headers.
    pub sections: Vec<Section<'a>>,
    /// Whether [`Image::sections`] were made up.
    pub sectionless: bool,
    /// What the loader maps.
    pub memory: Memory<'a>,
    /// The symbols of `.symtab` in file order.
    pub symbols: Vec<Symbol<'a>>,
    /// Functions, objects and the unnamed ranges between them.
    pub atoms: Atoms,
    /// Dynamic relocations and tags.
    pub dynamic: Dynamic,
    /// `.eh_frame` and its header.
    pub unwind: Unwind<'a>,
    /// Names whose address is the linker's own choice.
    pub linker_defined: LinkerDefined<'a>,
    /// First address and size of functions that another program's symbols tell to be one, of several
    /// FDEs.
    wholes: Vec<(u64, u64)>,
    /// Functions of no bytes.
    pub empties: Empties<'a>,
    /// What every atom refers to.
    pub refs: Refs,
    /// Address ranges of the global offset tables.
    got: Vec<(u64, u64)>,
    /// Address ranges of the procedure linkage tables.
    plt: Vec<(u64, u64)>,
    /// The thread-local segment.
    pub tls: Option<Tls>,
}

/// The PT_TLS segment; sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Tls {
    /// Address of the initialisation image.
    pub start: u64,
    /// Size of the image.
    pub file_size: u64,
    /// Size of the block, image and zeros.
    pub size: u64,
    /// Alignment of the block.
    pub align: u64,
}

impl Tls {
    /// The thread pointer, as if the block lay at its image's address (x86-64 psABI, TLS variant
    /// II: the block ends, rounded up, where the thread pointer points).
    pub fn thread_pointer(&self) -> u64 {
        let end = self.start.wrapping_add(self.size);
        let align = self.align.max(1);
        end.wrapping_add(align - 1) & !(align - 1)
    }

    /// Turns an offset from the thread pointer into one from the start of the block.
    pub fn block_offset(&self, tp_offset: i64) -> i64 {
        (self.thread_pointer().wrapping_add(tp_offset as u64)).wrapping_sub(self.start) as i64
    }
}

impl<'a> Image<'a> {
    /// Loads a mapped file.
    ///
    /// # Errors
    /// When it is not a linked x86-64 ELF executable or contradicts itself.
    pub fn load(file: &'a ImageFile) -> Result<Self, Error> {
        let elf = elf::parse(file.path(), file.bytes())?;
        let memory = Memory::new(file.bytes(), &elf.segments);
        let tls = elf.segments.iter().find(|s| s.kind == elf::PT_TLS).map(|s| Tls {
            start: s.vaddr,
            file_size: s.filesz,
            size: s.memsz,
            align: if s.align.is_power_of_two() { s.align } else { 1 },
        });
        let mut image = Self {
            path: file.path(),
            data: file.bytes(),
            header: elf.header,
            segments: elf.segments,
            sections: elf.sections,
            sectionless: elf.sectionless,
            memory,
            symbols: elf.symbols,
            atoms: Atoms::default(),
            dynamic: Dynamic::default(),
            unwind: Unwind::default(),
            linker_defined: LinkerDefined::default(),
            wholes: Vec::new(),
            empties: Empties::default(),
            refs: Refs::default(),
            got: Vec::new(),
            plt: Vec::new(),
            tls,
        };
        let tables = image.sections.iter().filter(|s| s.is_alloc() && s.is_got());
        image.got = tables.map(|s| (s.addr, s.addr + s.size)).collect();
        let tables = image.sections.iter().filter(|s| s.is_alloc() && s.is_plt());
        image.plt = tables.map(|s| (s.addr, s.addr + s.size)).collect();
        image.dynamic = dynamic::read(&image.segments, &image.sections, &image.memory);
        image.unwind = unwind::read(&image);
        image.linker_defined = linker_defined::collect(&image);
        image.empties = empties::collect(&image);
        image.atoms = atoms::build(&image);
        image.refs = refs::collect(&image);
        Ok(image)
    }

    /// Cuts the program again where it is stripped and `other`, which it is compared with, has symbols
    /// that tell more.
    pub fn learn_from(&mut self, other: &Image) {
        let told = self.is_stripped() && !other.is_stripped();
        let wholes = if told { wholes::find(self, other) } else { Vec::new() };
        if wholes != self.wholes {
            self.wholes = wholes;
            self.atoms = atoms::build(self);
            self.refs = refs::collect(self);
        }
    }

    /// See [`Image::learn_from`].
    pub fn wholes(&self) -> &[(u64, u64)] {
        &self.wholes
    }

    /// Whether the program may be loaded at any address.
    pub fn is_pie(&self) -> bool {
        self.header.kind == elf::ET_DYN
    }

    /// Whether no symbols are left.
    pub fn is_stripped(&self) -> bool {
        self.symbols.iter().all(|s| !s.is_content())
    }

    /// The allocated section that contains `addr`, TLS zeros not counted.
    pub fn section_at(&self, addr: u64) -> Option<&Section<'a>> {
        self.sections
            .iter()
            .find(|s| s.is_alloc() && !s.is_tls_zeros() && addr >= s.addr && addr - s.addr < s.size)
    }

    /// Whether `addr` lies in a global offset table.
    pub fn is_got(&self, addr: u64) -> bool {
        self.got.iter().any(|&(start, end)| addr >= start && addr < end)
    }

    /// The section whose `__start_` or `__stop_` symbol `addr` would be, and whether it is the end:
    /// only sections named like C identifiers have them.
    pub fn section_bound(&self, addr: u64) -> Option<(&'a [u8], bool)> {
        let named = self.sections.iter().filter(|s| s.is_alloc() && s.is_named_like_a_variable());
        let mut bounds = named.flat_map(|s| [(s, s.addr, false), (s, s.addr + s.size, true)]);
        bounds.find(|&(_, at, _)| at == addr).map(|(s, _, end)| (s.name, end))
    }

    /// Whether `addr` lies in a procedure linkage table.
    pub fn is_plt(&self, addr: u64) -> bool {
        self.plt.iter().any(|&(start, end)| addr >= start && addr < end)
    }

    /// The section of that name.
    pub fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|s| s.name == name.as_bytes())
    }

    /// Whether a linker of this name signed `.comment`.
    pub fn is_signed_by(&self, linker: &[u8]) -> bool {
        self.section(".comment").is_some_and(|s| memchr::memmem::find(s.data, linker).is_some())
    }

    /// A short name for reports.
    pub fn label(&self) -> String {
        self.path.display().to_string()
    }
}
