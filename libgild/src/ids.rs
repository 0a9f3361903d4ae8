//! Dense ids. Each is an index into a table of the phase that made it.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            /// As a table index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(/// An object that takes part in the link; ascending in command-line order, members in archive order.
    FileId);
id!(/// An input section: `Object::first_section + section header index`; commons stand behind all objects.
    SectionId);
id!(/// A distinct global name. The numbering says nothing about order: never let output depend on it.
    SymbolId);
id!(/// An output section, an index of `Sections::outputs` (later in layout order through `Layout::order`).
    OutputId);

/// A byte of an input section; in the order of the input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Site {
    /// The object.
    pub file: FileId,
    /// Section header index.
    pub shndx: u32,
    /// Bytes from the section's start.
    pub offset: u64,
}
