//! The built-in explanations: why a difference is no difference in what the program does.

use serde::Serialize;

/// Defines [`Reason`] with its name and the text that `--explain` prints.
macro_rules! reasons {
    ($($name:ident $text:literal $help:literal;)*) => {
        /// Why a difference is harmless.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Reason { $(#[doc = $help] $name,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Reason] = &[$(Reason::$name,)*];

            /// A short name.
            pub fn name(self) -> &'static str {
                match self { $(Reason::$name => $text,)* }
            }

            /// The whole explanation.
            pub fn help(self) -> &'static str {
                match self { $(Reason::$name => $help,)* }
            }
        }
    };
}

reasons! {
    Relaxed "relaxed" "The x86-64 psABI (appendix B) lets a linker replace a load from the GOT, an indirect call or a thread-local sequence by a shorter one that yields the same value; linkers differ in how often they do.";
    Unreached "unreached" "Nothing that both programs have refers to it, so it cannot run or be read; linkers differ in how thoroughly they collect garbage.";
    PlacedElsewhere "placed-elsewhere" "Everything in the section has its counterpart in another section of the other program: a choice of layout.";
    LinkerTable "linker-table" "GOT, PLT, hash and relocation sections hold what the linker made for its own choice of code; what they refer to is compared where it is used.";
    EmptySection "empty-section" "A section of no bytes has no effect.";
    OwnSymbol "own-symbol" "The name belongs to the linker's own script or layout, and no code of both programs parts over it.";
    HiddenIsLocal "hidden-is-local" "A hidden symbol of an executable cannot be seen from outside; the gABI lets the linker turn it into a local one.";
    LocalDropped "local-dropped" "A local symbol is of use to debuggers alone; linkers differ in which they keep.";
    Stripped "stripped" "One program has no symbol table; functions are matched by content and use.";
    CanonicalPlt "canonical-plt" "A fixed-address program may give an ifunc the address of its PLT entry, and then it is an ordinary function.";
    StricterRights "stricter-rights" "Read-only data may share a segment with code (one mapping less) or not (one right less); writability is the same.";
    RelroReach "relro-reach" "Which of the linker's own tables become read-only depends on lazy binding and on layout; the program's own read-only-after-relocation data is protected on both sides.";
    LinkerName "linker-name" "Linkers sign .comment with their own name and version.";
    BuildIdValue "build-id-value" "A build id is a digest of the file, and the files differ; its length is the linker's choice.";
    NoteOfLinker "note-of-linker" "The note says something about the link, such as which allocator was put in.";
    MergeFlags "merge-flags" "Merge, string, retain and order flags steer linkers and are ignored by the loader.";
    ImplicitStack "implicit-stack" "Without PT_GNU_STACK x86-64 Linux makes the stack executable only for programs that lack the header.";
    Merged "merged" "Constants of equal content in read-only memory may be one or several.";
    PaddedEnd "padded-end" "The bytes behind a function up to the next one are padding that never runs.";
    DeadDebug "dead-debug" "Debug information of code that was discarded: linkers mark it with different numbers.";
    DroppedFrame "dropped-frame" "The unwind rules belong to code that only one program keeps.";
    TagOfLayout "tag-of-layout" "The tag states an address, a size or a hint that follows from the layout; static programs relocate themselves by RELA and RELR alone.";
    WeakUndefined "weak-undefined" "What is made of an undefined weak symbol is never used: the program tests first whether the symbol is there.";
    ArchiveOrder "archive-order" "On each side the initialisers run in the order in which their code was linked; the order in which archive members are extracted is the linker's choice.";
    LocalByHabit "local-by-habit" "Nothing outside can bind to a static program's symbols, and this linker makes many of its globals local.";
    FramesRegistered "frames-registered" "The program has no unwinder, or registers its unwind rules at start (crtbeginT.o), so it needs no search table.";
    EqualCopies "equal-copies" "Several files define the name, weakly or each for itself, with equal content; which definition is taken depends on the order in which archive members are extracted.";
    IsaMarker "isa-marker" "The markers of the instruction sets that were used or needed inform people; neither kernel nor start-up code of static programs checks them.";
    LostEntry "lost-entry" "lld keeps one search-table entry an address: where an empty function lies before another one, that is the empty one's, and exceptions cannot pass through the other.";
    ThreadOffset "thread-offset" "DW_OP_GNU_push_tls_address takes an offset from the start of the thread-local block; wild writes one from the thread pointer, and debuggers show another variable.";
    StrayInterpreter "stray-interpreter" "musl-gcc names a dynamic linker beside -static; lld and mold believe it and write PT_INTERP, with which the program crashes.";
    OtherCompilation "other-compilation" "Both take a weak definition of a C++ function, but from files that were compiled with different options; by the one-definition rule they are interchangeable, and which archive member comes first is the linker's choice.";
    InputFault "input-fault" "It is malformed in both programs alike: it came so from the inputs.";
    FixedArray "fixed-array" "Nothing writes to an array of initialisers in a program of fixed address, so it may be read-only.";
    KeptCopy "kept-copy" "GNU ld lets debug information of a discarded COMDAT copy speak of the copy that was kept; others mark it as discarded.";
    VersionedName "versioned-name" "Symbol versions mean nothing to a static program; each linker writes them, or leaves them out, in its own way.";
    WrapVisibility "wrap-visibility" "With --wrap, whether a hidden reference hides the wrapped function or its wrapper is the linker's choice; nothing outside can see either.";
    TypeLeftOut "type-left-out" "A name that the command line defines stands for the same place; whether it takes over the type of what it stands for is of use to debuggers alone.";
    GuessedBounds "guessed-bounds" "Neither symbols nor unwind rules tell where code begins that nothing but calls delimit: what was compared need not be the same function.";
    StrayNote "stray-note" "wild makes a PT_NOTE of notes that are not loaded; readers that follow the program headers find something else.";
    SaidElsewhere "said-elsewhere" "Not compared: the section repeats what .debug_info says, as an index for debuggers, or holds macros and types, into which linkers write no addresses.";
    ThreadAddress "thread-address" "For split debug information gcc asks for the address of a thread-local variable (R_X86_64_64), which it has none of: some linkers give its place in the image of the block, lld its offset.";
    ThreadGaps "thread-gaps" "The block holds the same thread-local variables in another order, so that other padding lies between them; accesses are compared by variable.";
    StartStopGc "start-stop-gc" "For GNU ld and mold a reference to `__start_` or `__stop_` keeps the section; for lld, whose default is -z start-stop-gc, it does not: where nothing else keeps the section, weak references are null there, and the program finds none of its entries.";
    TypeOfLayout "type-of-layout" "SHT_PROGBITS stands in for the specific section type, or zeros are stored in the file; what is loaded is the same.";
}

impl Reason {
    /// Whether the difference matters, and the linker it is laid to is known to do that, wrongly or by
    /// its own policy: it is explained, but always shown.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Reason::LostEntry
                | Reason::ThreadOffset
                | Reason::StrayInterpreter
                | Reason::StrayNote
                | Reason::StartStopGc
        )
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}
