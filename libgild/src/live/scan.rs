//! The scan of one section: what its relocations refer to, and what they need.

use super::Live;
use super::state::{State, Touched};
use crate::arch::x86_64;
use crate::args::Options;
use crate::elf::Rela;
use crate::faults::Fault;
use crate::ids::{FileId, SectionId, Site, SymbolId};
use crate::input::object::Object;
use crate::sections::{Fde, HAS_DEPENDENTS, IN_GROUP, SectionKind, Sections};
use crate::symbols::{Definition, LinkerSymbol, Resolved, Symbol};
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

/// What a task has found. The order says nothing: it is sorted at the end.
#[derive(Default)]
pub(super) struct Found {
    /// Local symbols and their needs.
    pub local_needs: Vec<(FileId, u32, u8)>,
    /// References to names without a definition.
    pub undefined: Vec<(SymbolId, Site)>,
    /// What is wrong with relocations.
    pub faults: Vec<Fault>,
    /// Relocations that refer to `__start_X` or `__stop_X`, by section and index: what they need
    /// depends on whether any section X is live in the end.
    pub start_stop: Vec<(SectionId, u32)>,
    /// `_GLOBAL_OFFSET_TABLE_` was referred to.
    pub got_base_used: bool,
}

impl Found {
    pub fn and(mut self, other: Found) -> Found {
        self.local_needs.extend(other.local_needs);
        self.undefined.extend(other.undefined);
        self.faults.extend(other.faults);
        self.start_stop.extend(other.start_stop);
        self.got_base_used |= other.got_base_used;
        self
    }
}

/// What all tasks share.
pub(super) struct Scanner<'a, 'data> {
    pub resolved: &'a Resolved<'data>,
    pub sections: &'a Sections,
    pub state: State,
    pub touched: Touched,
    pub needs: Vec<AtomicU8>,
    /// By `SymbolId`: it is a plain address, what it stands for is live, and there is nothing more to
    /// say about it. A byte of each is in the cache where symbols aren't.
    pub plain: Vec<AtomicBool>,
    pub relative: Vec<AtomicBool>,
    pub arch: x86_64::Mode,
    pub gc: bool,
    /// Sections that a `__start_X` or `__stop_X` keeps, by `Resolved::start_stop`.
    start_stop: Vec<Vec<SectionId>>,
}

/// Relocations of one section, or of one record of `.eh_frame`.
#[derive(Clone, Copy)]
pub(super) struct Source<'a, 'data> {
    pub object: &'a Object<'data>,
    pub shndx: u32,
    /// Part of `.eh_frame`: the relocations are those of one record.
    pub record: bool,
}

impl<'a, 'data> Scanner<'a, 'data> {
    pub fn new(
        resolved: &'a Resolved<'data>,
        sections: &'a Sections,
        options: &Options,
    ) -> Scanner<'a, 'data> {
        let gc = options.gc_sections;
        let arch = x86_64::Mode::new(options);
        let tracked = |id: &SectionId| {
            let input = &sections.inputs[id.index()];
            if sections.is_loaded(input) { input.size } else { 0 }
        };
        let start_stop = match gc && !options.start_stop_gc {
            true => super::roots::start_stop(resolved, sections),
            false => Vec::new(),
        };
        let inputs = sections.merge_inputs().par_iter().tasks_of(1024);
        let none = |count| (0..count).map(|_| AtomicBool::new(false)).collect();
        Scanner {
            resolved,
            sections,
            state: State::new(sections, !gc),
            touched: if gc { Touched::new(inputs.map(tracked)) } else { Touched::default() },
            needs: resolved.symbols.iter().map(|_| AtomicU8::new(0)).collect(),
            plain: none(resolved.symbols.len()),
            relative: if arch.pie { none(sections.inputs.len()) } else { Vec::new() },
            arch,
            gc,
            start_stop,
        }
    }

    pub fn into_live(self) -> Live {
        Live {
            state: self.state,
            needs: self.needs,
            relative: self.relative,
            touched: self.touched,
            ..Live::default()
        }
    }

    /// Makes a section live for a reason other than a relocation, as a whole.
    pub fn keep(&self, id: SectionId) {
        let claim = self.state.claim(id);
        if claim.merge && self.gc {
            self.touched.touch_all(self.sections.inputs[id.index()].offset);
        }
    }

    /// As [`Scanner::keep`], for a symbol: of a merge section, only its piece.
    pub fn keep_symbol(&self, symbol: &Symbol, found: &mut Found) {
        match symbol.definition {
            Definition::Section(id) => {
                let claim = self.state.claim(id);
                if claim.merge {
                    self.touched.touch(self.sections.inputs[id.index()].offset, symbol.value);
                }
            }
            Definition::Linker(linker) => self.keep_linker(linker, found),
            Definition::Undefined | Definition::Absolute => {}
        }
    }

    /// Scans a live section with its unwind records, and keeps what lives and dies with it.
    #[inline]
    pub fn scan(&self, id: SectionId, found: &mut Found) {
        let input = &self.sections.inputs[id.index()];
        if input.kind == SectionKind::EhFrame {
            self.foreign_records(id, found);
        }
        if matches!(
            input.kind,
            SectionKind::Excluded | SectionKind::Merge | SectionKind::EhFrame | SectionKind::Merged
        ) && input.ties == 0
        {
            return;
        }
        let Some((object, shndx)) = self.sections.locate(self.resolved, id) else { return };
        if self.gc && input.ties != 0 {
            self.keep_tied(object, shndx, input.ties);
        }
        // What is not loaded needs nothing, and a name that only debug information mentions may be
        // undefined, as in lld: nothing of the program could tell.
        if !matches!(input.kind, SectionKind::Regular | SectionKind::Reversed)
            || !self.sections.is_loaded(input)
        {
            return;
        }
        let relocations = object.relocations(shndx);
        if !relocations.is_empty() {
            let source = Source { object, shndx, record: false };
            if self.relocations(source, relocations, found) {
                self.relative[id.index()].store(true, Relaxed);
            }
        }
        self.unwind_records(object, shndx, found);
    }

    /// FDEs of a live section.
    fn unwind_records(&self, object: &Object, shndx: u32, found: &mut Found) {
        let eh_frame = &self.sections.eh_frames[object.file.index()];
        let fdes = eh_frame.fdes_of(shndx).iter().map(|&fde| &eh_frame.fdes[fde as usize]);
        self.follow_fdes(object, fdes, found);
    }

    /// FDEs of other objects' functions, whether those are live or not: such objects are written by
    /// hand.
    fn foreign_records(&self, id: SectionId, found: &mut Found) {
        let Some((object, shndx)) = self.sections.locate(self.resolved, id) else { return };
        let eh_frame = &self.sections.eh_frames[object.file.index()];
        let fdes = eh_frame.foreign().iter().map(|&fde| &eh_frame.fdes[fde as usize]);
        self.follow_fdes(object, fdes.filter(|fde| fde.record.section == shndx), found);
    }

    /// LSDAs and the personality routines of the CIEs. The first relocation of an FDE refers to the
    /// function itself.
    fn follow_fdes<'f>(
        &self,
        object: &Object,
        fdes: impl Iterator<Item = &'f Fde>,
        found: &mut Found,
    ) {
        let eh_frame = &self.sections.eh_frames[object.file.index()];
        let mut last_cie = None;
        for fde in fdes {
            if last_cie != Some(fde.cie) {
                last_cie = Some(fde.cie);
                let cie = &eh_frame.cies[fde.cie as usize];
                let relocations = eh_frame.relocations(object, cie);
                self.unwind_record(object, cie.section, relocations, found);
            }
            let relocations = eh_frame.relocations(object, &fde.record);
            let others = relocations.get(1..).unwrap_or(&[]);
            self.unwind_record(object, fde.record.section, others, found);
        }
    }

    fn unwind_record(&self, object: &Object, shndx: u32, relocations: &[Rela], found: &mut Found) {
        if relocations.is_empty() {
            return;
        }
        let source = Source { object, shndx, record: true };
        // A RELATIVE one among them is an error when the record is written.
        self.relocations(source, relocations, found);
    }

    fn keep_tied(&self, object: &Object, shndx: u32, ties: u8) {
        let Some(tied) = self.sections.ties(object.file) else { return };
        // The rest of a ring follows when its next member is scanned.
        if ties & IN_GROUP != 0 {
            self.keep(object.section_id(tied.next_in_group(shndx)));
        }
        if ties & HAS_DEPENDENTS != 0 {
            for dependent in tied.dependents(shndx) {
                self.keep(object.section_id(dependent));
            }
        }
    }

    pub(super) fn keep_linker(&self, linker: LinkerSymbol, found: &mut Found) {
        match linker {
            LinkerSymbol::Got => found.got_base_used = true,
            LinkerSymbol::SectionStart(name) | LinkerSymbol::SectionStop(name) => {
                for &id in self.start_stop.get(name as usize).map_or(&[][..], Vec::as_slice) {
                    self.keep(id);
                }
            }
            _ => {}
        }
    }
}
