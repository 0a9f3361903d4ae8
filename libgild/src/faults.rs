//! Relocations that cannot be applied. Threads find them in any order, and a source line takes
//! milliseconds to look up.

use crate::arch::x86_64::{RelocationError, reloc_name};
use crate::args::Options;
use crate::diagnostics::Error;
use crate::elf::{Rela, RelaExt};
use crate::ids::{SectionId, Site};
use crate::input::object::Object;
use crate::sections::Sections;
use crate::symbols::Resolved;

/// A relocation that cannot be applied, without names and source line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    site: Site,
    /// Type and symbol of the relocation.
    kind: u32,
    symbol: u32,
    reason: Reason,
}

/// Why it cannot.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// What it says can't be done.
    Relocation(RelocationError),
    /// Its symbol isn't in the table.
    NoSymbol,
    /// Its target lost against another file's COMDAT group, or isn't linked.
    Discarded(SectionId),
    /// There is no piece of a mergeable section at this offset in bytes.
    NoPiece(SectionId, i64),
}

impl Fault {
    /// What is wrong with `rela`, of section `shndx` of `object`.
    pub fn new(object: &Object, shndx: u32, rela: &Rela, reason: Reason) -> Fault {
        let site = object.site(shndx, rela.offset());
        Fault { site, kind: rela.kind(), symbol: rela.sym(), reason }
    }

    fn message(&self, resolved: &Resolved, sections: &Sections, demangled: bool) -> String {
        let object = resolved.object(self.site.file);
        let symbol = || object.symbol_label(self.symbol, demangled);
        let label = |section| match sections.locate(resolved, section) {
            Some((object, shndx)) => object.section_label(shndx),
            None => String::from("COMMON"),
        };
        match self.reason {
            Reason::Relocation(error) => {
                format!("{} {error}: {}", reloc_name(self.kind), symbol())
            }
            Reason::NoSymbol => {
                format!("relocation refers to symbol {} of {}", self.symbol, object.symbols.len())
            }
            Reason::Discarded(section) => format!(
                "relocation refers to a symbol in a discarded section: {}\n>>> defined in {}",
                symbol(),
                label(section)
            ),
            Reason::NoPiece(section, offset) => format!(
                "relocation refers to offset {offset:#x} of mergeable section {}, which has {:#x} bytes",
                label(section),
                sections.inputs[section.index()].size
            ),
        }
    }
}

/// Errors in input order; those that will be printed have names and source lines as users know them.
pub fn errors(
    resolved: &Resolved,
    sections: &Sections,
    mut faults: Vec<Fault>,
    options: &Options,
) -> Vec<Error> {
    faults.sort_unstable();
    let error = |(number, fault): (usize, Fault)| {
        let printed = number < options.error_limit;
        Error::Relocation {
            message: fault.message(resolved, sections, printed && options.demangle),
            at: resolved.place(fault.site, printed),
        }
    };
    faults.into_iter().enumerate().map(error).collect()
}
