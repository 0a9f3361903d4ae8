//! What a comparison finds.

use serde::Serialize;

use crate::reason::Reason;

/// Defines [`Kind`] with its kebab-case name and one line of help for each.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal $help:literal;)*) => {
        /// What sort of difference a finding is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind { $(#[doc = $help] $name,)* }

        impl Kind {
            /// Every kind, in the order of the report.
            pub const ALL: &[Kind] = &[$(Kind::$name,)*];

            /// The name that `--only` and `--ignore` take.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$name => $text,)* }
            }

            /// What it means, in one sentence.
            pub fn help(self) -> &'static str {
                match self { $(Kind::$name => $help,)* }
            }
        }
    };
}

kinds! {
    OtherDefinition "other-definition" "The same name stands for different content.";
    WrongTarget "wrong-target" "An instruction refers to something else.";
    OtherAddend "other-addend" "A reference names the same thing at another distance.";
    GotSlot "got-slot" "The GOT slots that an instruction reads refer to different things.";
    Instruction "instruction" "Instructions differ in more than the addresses they hold.";
    Immediate "immediate" "An immediate operand or a displacement that is no address differs.";
    FunctionSize "function-size" "A function is longer on one side.";
    MissingCode "missing-code" "A function that is reached on one side has no counterpart.";
    DataBytes "data-bytes" "Bytes of an object differ.";
    DataPointer "data-pointer" "A pointer in an object refers to something else.";
    PointerAddend "pointer-addend" "A pointer in an object refers to the same thing at another distance.";
    Vtable "vtable" "A slot of a C++ virtual table refers to something else.";
    JumpTable "jump-table" "An entry of a table of relative offsets leads elsewhere.";
    StringContent "string-content" "A referred-to string reads differently.";
    ConstantContent "constant-content" "A referred-to unnamed constant differs.";
    ObjectSize "object-size" "An object is larger on one side.";
    MissingData "missing-data" "An object that is reached on one side has no counterpart.";
    InitOrder "init-order" "Initialisers or finalisers run in another order.";
    InitMissing "init-missing" "An initialiser or finaliser is missing or is another function.";
    TlsOffset "tls-offset" "A thread-local access refers to another variable.";
    TlsSegment "tls-segment" "The thread-local block has another size or alignment.";
    TlsImage "tls-image" "A thread-local variable is initialised differently.";
    Ifunc "ifunc" "Another resolver, or none, stands behind an indirect function.";
    DynamicMissing "dynamic-missing" "A dynamic relocation is missing on one side.";
    DynamicTarget "dynamic-target" "A dynamic relocation refers to something else.";
    DynamicTag "dynamic-tag" "Dynamic tags differ.";
    DynamicFault "dynamic-fault" "A dynamic relocation writes where it may not.";
    FdeMissing "fde-missing" "A function lost its unwind rules on one side.";
    FdeRange "fde-range" "Unwind rules cover another part of a function.";
    UnwindRules "unwind-rules" "A function is unwound by other rules.";
    Personality "personality" "A function names another personality routine.";
    Lsda "lsda" "A function's exception table differs.";
    FrameTable "frame-table" "The binary search table of .eh_frame_hdr is incomplete, unsorted or wrong.";
    FrameFault "frame-fault" "Unwind information is malformed.";
    FileHeader "file-header" "The ELF headers differ in type, flags or ABI.";
    Entry "entry" "The programs begin at different functions.";
    SegmentRights "segment-rights" "A section is mapped with other rights.";
    SegmentFault "segment-fault" "A program header contradicts the sections or the ABI.";
    SegmentMissing "segment-missing" "A program header is missing on one side.";
    StackRights "stack-rights" "The stacks have different rights.";
    Relro "relro" "A section stays writable on one side after relocation.";
    SectionMissing "section-missing" "A section is missing on one side.";
    SectionFlags "section-flags" "A section has other flags.";
    SectionType "section-type" "A section has another type.";
    SectionAlign "section-align" "A section's address breaks its alignment.";
    GarbageCollection "garbage-collection" "One side keeps what nothing refers to.";
    SymbolMissing "symbol-missing" "A symbol is missing on one side.";
    SymbolPlace "symbol-place" "A symbol names another place.";
    SymbolBinding "symbol-binding" "A symbol is bound differently.";
    SymbolVisibility "symbol-visibility" "A symbol has another visibility.";
    SymbolType "symbol-type" "A symbol has another type.";
    SymbolSize "symbol-size" "A symbol has another size.";
    SymbolValue "symbol-value" "An absolute symbol has another value.";
    Property "property" "The processor properties differ.";
    BuildId "build-id" "One side has a build id and the other has none, or of another length.";
    Note "note" "A note is missing or differs.";
    Comment "comment" "The compilers named in .comment differ.";
    DebugMissing "debug-missing" "Debug information is missing on one side.";
    DebugUnit "debug-unit" "A compilation unit is missing or differs.";
    DebugLine "debug-line" "A function's instructions are attributed to other lines.";
    DebugAddress "debug-address" "Debug information refers to other code or data.";
    DebugString "debug-string" "A string of the debug information differs.";
    DebugFault "debug-fault" "Debug information is malformed.";
    NotCompared "not-compared" "A section differs that gild-diff does not look into.";
    Relaxation "relaxation" "The same reference is made by a shorter way on one side.";
    Layout "layout" "The same content lies elsewhere.";
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Kind::ALL.iter().find(|k| k.name() == text);
        found.copied().ok_or_else(|| format!("no kind of finding is called `{text}`"))
    }
}

/// Which program a finding speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The first program.
    Left,
    /// The program it is compared with.
    Right,
    /// The two differ, and neither is known to be wrong.
    Both,
}

/// One difference, or several of the same kind that share a reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The sort of difference.
    pub kind: Kind,
    /// Why it is harmless; `None` when it is unexplained.
    pub reason: Option<Reason>,
    /// Whom it concerns.
    pub side: Side,
    /// Function, object, section or header it was found in.
    pub place: String,
    /// What differs, in a sentence.
    pub detail: String,
    /// The first program's version; may have several lines.
    pub left: String,
    /// The other program's version.
    pub right: String,
    /// How many differences it stands for.
    pub count: u64,
    /// What one program has and the other lacks, by name and size; all of it, where the finding
    /// stands for several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
}

impl Finding {
    /// An unexplained difference between both.
    pub fn new(kind: Kind, place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            reason: None,
            side: Side::Both,
            place: place.into(),
            detail: detail.into(),
            left: String::new(),
            right: String::new(),
            count: 1,
            items: Vec::new(),
        }
    }

    /// Shows what each side has.
    #[must_use]
    pub fn showing(mut self, left: impl Into<String>, right: impl Into<String>) -> Self {
        self.left = left.into();
        self.right = right.into();
        self
    }

    /// Names what one program lacks.
    #[must_use]
    pub fn listing(mut self, items: Vec<String>) -> Self {
        self.items = items;
        self
    }

    /// Names the program it concerns.
    #[must_use]
    pub fn on(mut self, side: Side) -> Self {
        self.side = side;
        self
    }

    /// Explains it.
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Whether it is a known fault of the linker it is laid to.
    pub fn is_fault(&self) -> bool {
        self.reason.is_some_and(Reason::is_fault)
    }

    /// Whether it has no explanation.
    pub fn is_unexplained(&self) -> bool {
        self.reason.is_none()
    }
}
