//! What a command line asks for, after parsing.

use std::path::PathBuf;

/// The kind of file to produce (gABI `e_type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutputKind {
    /// `ET_EXEC` at a fixed address.
    Executable,
    /// `ET_DYN` without an interpreter, relocating itself at start.
    StaticPie,
}

/// One input in command-line order, with the positional options in force where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// How the input was named.
    pub name: InputName,
    /// `--whole-archive` was on: every member is extracted.
    pub whole_archive: bool,
    /// Stood between `--start-lib` and `--end-lib`: an object that acts as an archive member.
    pub in_lib: bool,
}

/// How a command line names an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputName {
    /// A plain path. A leading `=` has already been replaced by the sysroot.
    Path(PathBuf),
    /// `-lNAME`: `libNAME.a` in the `-L` paths.
    Library(String),
    /// `-l:FILE`: exactly that file name in the `-L` paths.
    LibraryFile(String),
}

/// `--build-id`: what goes into `.note.gnu.build-id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildId {
    /// 8 bytes hashed from the output (`fast`).
    Fast,
    /// 16 bytes hashed from the output (`md5`: the length, not the algorithm; see `write::build_id`).
    Md5,
    /// 20 bytes hashed from the output (`sha1`, `tree` and the plain option).
    Sha1,
    /// 16 random bytes, RFC 4122 version 4.
    Uuid,
    /// The given bytes.
    Hex(Vec<u8>),
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
    /// Segments share file pages where rights differ only in memory (default; lld's default too).
    None,
    /// `-z separate-code`: code pages hold nothing but code.
    Code,
    /// `-z separate-loadable-segments`: every segment starts on a page of its own in the file.
    All,
}

/// Everything a link needs to know. One value, one link: no process-wide state.
#[derive(Clone, Debug)]
pub struct Options {
    /// `-o`; `a.out` by default.
    pub output: PathBuf,
    /// Fixed-address or static-PIE.
    pub output_kind: OutputKind,
    /// Input files in command-line order.
    pub inputs: Vec<Input>,
    /// `-L` in order, sysroot already applied.
    pub library_paths: Vec<PathBuf>,
    /// `--sysroot`; searched for absolute paths in linker scripts and `=`-paths.
    pub sysroot: Option<PathBuf>,
    /// `-e`/`--entry`; a symbol or a number. `_start` by default.
    pub entry: String,
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
    /// `--fatal-warnings`.
    pub fatal_warnings: bool,
    /// `-w`/`--no-warnings`.
    pub no_warnings: bool,
    /// `--error-limit`; 0 is unlimited. Default 20.
    pub error_limit: usize,
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
    /// `-z nokeep-text-section-prefix` clears it: `.text.hot` and such keep sections of their own.
    pub keep_text_section_prefix: bool,
    /// `-O LEVEL` of the linker; 2 turns on string tail merging. Default 1; 0 turns merging off.
    pub optimize: u8,
    /// `--no-relax` clears it.
    pub relax: bool,
    /// `--no-eh-frame-hdr` clears it. (gcc passes `--eh-frame-hdr` for static links on its own account.)
    pub eh_frame_hdr: bool,
    /// `--build-id`; `None` when off.
    pub build_id: Option<BuildId>,
    /// `-s`, `-S`.
    pub strip: Strip,
    /// `-x`, `-X`, `--discard-none`.
    pub discard: Discard,
    /// `--emit-relocs` is refused; `--compress-debug-sections=zlib|zstd|none`: only `none` so far.
    /// `-z relro` (default) / `norelro`.
    pub relro: bool,
    /// `-z execstack` (true), `noexecstack` (false), or as the inputs say.
    pub execstack: Option<bool>,
    /// `--no-warn-execstack` clears it.
    pub warn_execstack: bool,
    /// `-z stack-size=N`, bytes.
    pub stack_size: u64,
    /// `-z separate-code` and relatives.
    pub separate: SeparateSegments,
    /// `-z max-page-size=N`, bytes; 0x1000 by default.
    pub max_page_size: u64,
    /// `-z common-page-size=N`, bytes; 0x1000 by default.
    pub common_page_size: u64,
    /// `--image-base=N`, `-Ttext-segment=N`: address of the first segment. `None`: 0x400000, or 0 for static-PIE.
    pub image_base: Option<u64>,
    /// `-Ttext`, `-Tdata`, `-Tbss`, `--section-start=NAME=ADDR`: (output section, address).
    pub section_starts: Vec<(String, u64)>,
    /// `-z pack-relative-relocs` / `--pack-dyn-relocs=relr`.
    pub pack_relative_relocs: bool,
    /// `-z text` (default) forbids dynamic relocations in read-only segments; `-z notext` allows them.
    pub text_relocations: bool,
    /// `-z now`/`lazy`: DT_FLAGS only.
    pub bind_now: bool,
    /// `-z ibt`, `-z shstk`: force the property bits (GNU_PROPERTY_X86_FEATURE_1_*).
    pub force_x86_features: u32,
    /// `-M`/`--print-map` writes to stdout, `-Map=FILE` to a file.
    pub map: Option<MapOutput>,
    /// `--cref`.
    pub cref: bool,
    /// `-t`/`--trace`: print every file that takes part.
    pub trace: bool,
    /// `-y NAME`/`--trace-symbol`.
    pub trace_symbols: Vec<String>,
    /// `--threads=N`; `None` means in proportion to the work.
    pub threads: Option<usize>,
    /// `--time`: the phases' times as a table on stderr.
    pub time: bool,
    /// `--stats`: what was read, extracted, kept and written, on stderr.
    pub stats: bool,
    /// `--no-fork` clears it: the process may return before its memory is unmapped.
    pub fork: bool,
    /// `--dependency-file=FILE`: a make rule naming every input.
    pub dependency_file: Option<PathBuf>,
    /// `--verbose`.
    pub verbose: bool,
}

/// Where a link map goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapOutput {
    /// `-M`.
    Stdout,
    /// `-Map=FILE`.
    File(PathBuf),
}
