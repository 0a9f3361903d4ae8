//! What a command line asks for, after parsing.

use super::allocator::AllocatorOptions;
use std::path::PathBuf;

/// One input in command-line order, with the positional options in force where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// How the input was named.
    pub name: InputName,
    /// `--whole-archive` was on: every member is extracted.
    pub whole_archive: bool,
    /// Stood between `--start-lib` and `--end-lib`: an object that acts as an archive member.
    pub in_lib: bool,
    /// `-static`, `-Bstatic` or `-dn` was on: a shared library was never wanted here. gild takes
    /// `libNAME.a` either way; this tells a library that only exists as `.so` apart in messages.
    pub static_only: bool,
}

impl Input {
    /// An input with no positional option in force.
    pub fn new(name: InputName) -> Self {
        Self { name, whole_archive: false, in_lib: false, static_only: false }
    }
}

/// How a command line names an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputName {
    /// A plain path. A leading `=` or `$SYSROOT` has already been replaced by the sysroot.
    Path(PathBuf),
    /// `-lNAME`: `libNAME.a` in the `-L` paths.
    Library(String),
    /// `-l:FILE`: exactly that file name in the `-L` paths.
    LibraryFile(String),
}

/// `--build-id`: what goes into `.note.gnu.build-id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildId {
    /// So many bytes hashed from the output; see `write::build_id`.
    Hashed(usize),
    /// 16 random bytes, RFC 4122 version 4.
    Uuid,
    /// The given bytes.
    Hex(Vec<u8>),
}

impl BuildId {
    /// Bytes of the identifier.
    pub fn size(&self) -> usize {
        match self {
            BuildId::Hashed(size) => *size,
            BuildId::Uuid => 16,
            BuildId::Hex(bytes) => bytes.len(),
        }
    }
}

/// `--compress-debug-sections`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// ELFCOMPRESS_ZLIB.
    Zlib,
    /// ELFCOMPRESS_ZSTD.
    Zstd,
}

/// Which symbols the output's `.symtab` has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Strip {
    /// All symbols and debug sections stay.
    None,
    /// `-S`: debug sections go.
    Debug,
    /// `-s`: debug sections and the symbol table go.
    All,
}

/// Which local symbols are left out of `.symtab`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discard {
    /// Default: temporary (`.L`) symbols in merged sections.
    MergeTemporaries,
    /// `-X`: all temporary symbols.
    Temporaries,
    /// `-x`: all locals.
    Locals,
    /// `--discard-none`.
    None,
}

/// `--unresolved-symbols`, `--warn-unresolved-symbols`, `--noinhibit-exec`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unresolved {
    /// An undefined symbol fails the link (default).
    Error,
    /// A warning; the symbol is 0.
    Warn,
    /// Nothing is said; the symbol is 0.
    Ignore,
}

/// Where the program starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// At a symbol; nowhere in particular if the name is empty.
    Symbol(String),
    /// At an address.
    Address(u64),
}

impl Entry {
    /// The symbol that the program needs.
    pub fn symbol(&self) -> Option<&String> {
        match self {
            Entry::Symbol(name) => Some(name).filter(|name| !name.is_empty()),
            Entry::Address(_) => None,
        }
    }
}

/// The right-hand side of `--defsym=NAME=EXPRESSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefsymValue {
    /// An absolute number.
    Absolute(u64),
    /// Another symbol plus an offset in bytes.
    Symbol {
        /// The symbol referred to.
        name: String,
        /// Added to its address, in bytes.
        addend: i64,
    },
}

/// `-z separate-code`, `separate-loadable-segments`, `noseparate-code`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeparateSegments {
    /// Segments share file pages where rights differ only in memory (default).
    None,
    /// `-z separate-code`: code pages hold nothing but code.
    Code,
    /// `-z separate-loadable-segments`: every segment starts on a page of its own in the file.
    All,
}

/// `--color-diagnostics`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    /// Colours if standard error is a terminal (default).
    Auto,
    /// Colours in any case.
    Always,
    /// No colours.
    Never,
}

/// Everything a link needs to know. One value, one link: no process-wide state.
#[derive(Clone, Debug)]
pub struct Options {
    /// `-o`; `a.out` by default.
    pub output: PathBuf,
    /// A static-PIE (`ET_DYN` without an interpreter, which relocates itself at start) instead of a
    /// program at a fixed address (`ET_EXEC`).
    pub pie: bool,
    /// Input files in command-line order.
    pub inputs: Vec<Input>,
    /// `-dynamic-linker FILE` of a link that doesn't say `-static` or `--no-dynamic-linker`. gild
    /// writes no PT_INTERP; but a library that turns out to exist only as `.so` was then meant to
    /// be linked dynamically, and the message should say so.
    pub dynamic_linker: Option<PathBuf>,
    /// `-L` in order, sysroot already applied.
    pub library_paths: Vec<PathBuf>,
    /// `--sysroot`; searched for absolute paths in linker scripts and `=`-paths.
    pub sysroot: Option<PathBuf>,
    /// `-e`/`--entry`; `_start` by default.
    pub entry: Entry,
    /// `-init` and `-fini` symbols; only DT_INIT/DT_FINI use them.
    pub init: String,
    /// See `init`.
    pub fini: String,
    /// `-u`: undefined symbols that extract members and are kept.
    pub undefined: Vec<String>,
    /// `--require-defined`: as `undefined`, and an error if still undefined.
    pub require_defined: Vec<String>,
    /// `--defsym` in order.
    pub defsyms: Vec<(String, DefsymValue)>,
    /// `--wrap` names.
    pub wrap: Vec<String>,
    /// `--exclude-libs`: archive base names, or `ALL`. Without effect on static output but for visibility in `.symtab`.
    pub exclude_libs: Vec<String>,
    /// `-z muldefs`/`--allow-multiple-definition`: the first definition wins silently.
    pub allow_multiple_definition: bool,
    /// `--unresolved-symbols` and relatives.
    pub unresolved: Unresolved,
    /// `--ignore-unresolved-symbol`: names treated as under [`Unresolved::Ignore`].
    pub ignore_unresolved: Vec<String>,
    /// `--fatal-warnings`.
    pub fatal_warnings: bool,
    /// `-w`/`--no-warnings`.
    pub no_warnings: bool,
    /// `--error-limit`: how many are printed. Default 20.
    pub error_limit: usize,
    /// `--color-diagnostics`.
    pub color: Color,
    /// `--no-demangle` clears it.
    pub demangle: bool,
    /// `--warn-common`.
    pub warn_common: bool,
    /// `--gc-sections`.
    pub gc_sections: bool,
    /// `--print-gc-sections`.
    pub print_gc_sections: bool,
    /// `-z start-stop-gc`: `__start_`/`__stop_` references don't keep their sections.
    pub start_stop_gc: bool,
    /// `-z keep-text-section-prefix`: `.text.hot` and such keep sections of their own. Off by
    /// default, as in GNU ld.
    pub keep_text_section_prefix: bool,
    /// `-O LEVEL` of the linker; 2 turns on string tail merging. Default 1; 0 turns merging off.
    pub optimize: u8,
    /// `--no-relax` clears it.
    pub relax: bool,
    /// `--no-eh-frame-hdr` clears it. On by default, because gcc leaves `--eh-frame-hdr` out of
    /// `-static` links while libgcc_eh and LLVM's libunwind look for the table there too.
    pub eh_frame_hdr: bool,
    /// `--build-id`; `None` when off.
    pub build_id: Option<BuildId>,
    /// `--compress-debug-sections`; `None` when off.
    pub compress_debug: Option<Compression>,
    /// `--package-metadata`: JSON for `.note.package`.
    pub package_metadata: Option<String>,
    /// `-s`, `-S`.
    pub strip: Strip,
    /// `-x`, `-X`, `--discard-none`.
    pub discard: Discard,
    /// `-z relro` (default) / `norelro`.
    pub relro: bool,
    /// `-z execstack` (true), `noexecstack` (false), or as the inputs say.
    pub execstack: Option<bool>,
    /// `--no-warn-execstack` clears it.
    pub warn_execstack: bool,
    /// `--no-warn-rwx-segments` clears it: sections that can be written and executed.
    pub warn_rwx_segments: bool,
    /// `--error-rwx-segments`: that warning fails the link.
    pub error_rwx_segments: bool,
    /// `-z stack-size=N`, bytes.
    pub stack_size: u64,
    /// `-z separate-code` and relatives.
    pub separate: SeparateSegments,
    /// `-z max-page-size=N`, bytes; 0x1000 by default.
    pub max_page_size: u64,
    /// `--image-base=N`, `-Ttext-segment=N`: address of the first segment. `None`: 0 for static-PIE,
    /// else 0x400000, or 0x200000 if a section starts less than 0x200000 behind the former, or the
    /// page size if that is more.
    pub image_base: Option<u64>,
    /// `-Ttext`, `-Tdata`, `-Tbss`, `--section-start=NAME=ADDR`: (output section, address).
    pub section_starts: Vec<(String, u64)>,
    /// `-z pack-relative-relocs` / `--pack-dyn-relocs=relr`.
    pub pack_relative_relocs: bool,
    /// `-z notext`: dynamic relocations in read-only segments are allowed. `-z text` (default)
    /// forbids them.
    pub text_relocations: bool,
    /// `-z now`/`lazy`: DT_FLAGS only.
    pub bind_now: bool,
    /// `-z ibt`, `-z shstk`: bits to force in GNU_PROPERTY_X86_FEATURE_1_AND (psABI: IBT is 1,
    /// SHSTK is 2).
    pub force_x86_features: u32,
    /// `-M`/`--print-map` writes to stdout, `-Map=FILE` to a file.
    pub map: Option<MapOutput>,
    /// `--cref`.
    pub cref: bool,
    /// `-t`/`--trace`: print every file that takes part.
    pub trace: bool,
    /// `-y NAME`/`--trace-symbol`.
    pub trace_symbols: Vec<String>,
    /// `--threads=N`; `None` means in proportion to the work, and at most one to a core.
    pub threads: Option<usize>,
    /// `--time`: the phases' times as a table on stderr.
    pub time: bool,
    /// `--stats`: what was read, extracted, kept and written, on stderr.
    pub stats: bool,
    /// `--no-fork` clears it: the process may return before its memory is unmapped.
    pub fork: bool,
    /// `--dependency-file=FILE`: a make rule naming every input.
    pub dependency_file: Option<PathBuf>,
    /// `--verbose`: print every file that is opened.
    pub verbose: bool,
    /// `-v`, `-V` beside inputs: printed on stdout before the link starts.
    pub banner: Option<String>,
    /// The memory allocator.
    pub allocator: AllocatorOptions,
}

/// Where a link map goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapOutput {
    /// `-M`.
    Stdout,
    /// `-Map=FILE`.
    File(PathBuf),
}

impl Options {
    /// The symbols that the command line refers to, the entry aside: `-u`, `--require-defined`, and what
    /// `--defsym` stands for.
    pub fn referenced(&self) -> impl Iterator<Item = &String> {
        let targets = self.defsyms.iter().filter_map(|(_, value)| match value {
            DefsymValue::Symbol { name, .. } => Some(name),
            DefsymValue::Absolute(_) => None,
        });
        self.undefined.iter().chain(&self.require_defined).chain(targets)
    }

    /// The same, to be read as others.
    pub fn referenced_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let targets = self.defsyms.iter_mut().filter_map(|(_, value)| match value {
            DefsymValue::Symbol { name, .. } => Some(name),
            DefsymValue::Absolute(_) => None,
        });
        self.undefined.iter_mut().chain(&mut self.require_defined).chain(targets)
    }
}

impl Default for Options {
    /// What an empty command line means. The defaults are GNU ld's, apart from those that can't
    /// matter to a static program or that the fields above explain.
    fn default() -> Self {
        Self {
            output: PathBuf::from("a.out"),
            pie: false,
            inputs: Vec::new(),
            dynamic_linker: None,
            library_paths: Vec::new(),
            sysroot: None,
            entry: Entry::Symbol("_start".into()),
            init: "_init".into(),
            fini: "_fini".into(),
            undefined: Vec::new(),
            require_defined: Vec::new(),
            defsyms: Vec::new(),
            wrap: Vec::new(),
            exclude_libs: Vec::new(),
            allow_multiple_definition: false,
            unresolved: Unresolved::Error,
            ignore_unresolved: Vec::new(),
            fatal_warnings: false,
            no_warnings: false,
            error_limit: 20,
            color: Color::Auto,
            demangle: true,
            warn_common: false,
            gc_sections: false,
            print_gc_sections: false,
            start_stop_gc: false,
            keep_text_section_prefix: false,
            optimize: 1,
            relax: true,
            eh_frame_hdr: true,
            build_id: None,
            compress_debug: None,
            package_metadata: None,
            strip: Strip::None,
            discard: Discard::MergeTemporaries,
            relro: true,
            execstack: None,
            warn_execstack: true,
            warn_rwx_segments: true,
            error_rwx_segments: false,
            stack_size: 0,
            separate: SeparateSegments::None,
            max_page_size: 0x1000,
            image_base: None,
            section_starts: Vec::new(),
            pack_relative_relocs: false,
            text_relocations: false,
            bind_now: false,
            force_x86_features: 0,
            map: None,
            cref: false,
            trace: false,
            trace_symbols: Vec::new(),
            threads: None,
            time: false,
            stats: false,
            fork: true,
            dependency_file: None,
            verbose: false,
            banner: None,
            allocator: AllocatorOptions::default(),
        }
    }
}
