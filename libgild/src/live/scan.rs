//! The scan of one section: what its relocations refer to, and what they need.

use super::Live;
use super::state::{State, Touched};
use crate::arch::x86_64::{self, NEEDS_GOT_BASE, NEEDS_IPLT, TargetKind, action};
use crate::args::Options;
use crate::elf::*;
use crate::ids::{FileId, SectionId, SymbolId};
use crate::input::object::Object;
use crate::sections::{EhFrame, HAS_DEPENDENTS, IN_GROUP, SectionKind, Sections};
use crate::symbols::{Definition, LinkerSymbol, Resolved, Symbol};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

/// What a task has found. The order says nothing: it is sorted at the end.
#[derive(Default)]
pub(super) struct Found {
    /// Sections that became live and are to be scanned; `--gc-sections` only.
    pub queue: Vec<SectionId>,
    /// Local symbols and their needs.
    pub local_needs: Vec<(FileId, u32, u8)>,
    /// References to names without a definition.
    pub undefined: Vec<(SymbolId, FileId, u32, u64)>,
    /// What is wrong with relocations.
    pub faults: Vec<Fault>,
    /// `_GLOBAL_OFFSET_TABLE_` was referred to.
    pub got_base_used: bool,
}

/// An error without the cost of its source line.
pub(super) struct Fault {
    pub file: FileId,
    pub shndx: u32,
    pub offset: u64,
    pub message: String,
}

impl Found {
    pub fn and(mut self, other: Found) -> Found {
        self.queue.extend(other.queue);
        self.local_needs.extend(other.local_needs);
        self.undefined.extend(other.undefined);
        self.faults.extend(other.faults);
        self.got_base_used |= other.got_base_used;
        self
    }
}

/// What all tasks share.
pub(super) struct Scanner<'a, 'data> {
    pub resolved: &'a Resolved<'data>,
    pub sections: &'a Sections,
    state: State,
    touched: Touched,
    needs: Vec<AtomicU8>,
    relative: Vec<AtomicU32>,
    context: x86_64::Context,
    gc: bool,
    /// Sections that a `__start_X` or `__stop_X` keeps, by `Resolved::start_stop`.
    start_stop: Vec<Vec<SectionId>>,
}

/// Relocations of one section, or of one record of `.eh_frame`.
#[derive(Clone, Copy)]
struct Source<'a, 'data> {
    object: &'a Object<'data>,
    shndx: u32,
    flags: u64,
    bytes: &'a [u8],
    /// References into discarded COMDAT groups are no errors: the code of the group is gone too.
    lenient: bool,
}

/// A relocation's target: kind, whether its `Definition` was found in a section.
type Target = TargetKind;

impl<'a, 'data> Scanner<'a, 'data> {
    pub fn new(
        resolved: &'a Resolved<'data>,
        sections: &'a Sections,
        options: &Options,
    ) -> Scanner<'a, 'data> {
        let gc = options.gc_sections;
        let context = x86_64::Context::new(options);
        let tracked = |id: &SectionId| match sections.locate(resolved, *id) {
            Some((object, shndx)) if object.headers[shndx as usize].flags() & SHF_ALLOC != 0 => {
                sections.inputs[id.index()].size
            }
            _ => 0,
        };
        let start_stop = match gc && !options.start_stop_gc {
            true => super::roots::start_stop(resolved, sections),
            false => Vec::new(),
        };
        let inputs = sections.merge_inputs().par_iter().with_min_len(1024);
        let atomics = |count| (0..count).map(|_| AtomicU32::new(0)).collect();
        Scanner {
            resolved,
            sections,
            state: State::new(sections, !gc),
            touched: if gc { Touched::new(inputs.map(tracked)) } else { Touched::default() },
            needs: resolved.symbols.iter().map(|_| AtomicU8::new(0)).collect(),
            relative: if context.pie { atomics(sections.inputs.len()) } else { Vec::new() },
            context,
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
    pub fn keep(&self, id: SectionId, found: &mut Found) {
        let claim = self.state.claim(id);
        if claim.merge && self.gc {
            let input = &self.sections.inputs[id.index()];
            (0..input.size).for_each(|offset| self.touched.touch(input.offset, offset));
        }
        if claim.first {
            found.queue.push(id);
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
                if claim.first {
                    found.queue.push(id);
                }
            }
            Definition::Linker(linker) => self.keep_linker(linker, found),
            Definition::Undefined | Definition::Absolute => {}
        }
    }

    /// Scans a live section with its unwind records, and keeps what lives and dies with it.
    pub fn scan(&self, id: SectionId, found: &mut Found) {
        let input = &self.sections.inputs[id.index()];
        if matches!(
            input.kind,
            SectionKind::Excluded | SectionKind::Merge | SectionKind::EhFrame | SectionKind::Merged
        ) && input.ties == 0
        {
            return;
        }
        let Some((object, shndx)) = self.sections.locate(self.resolved, id) else { return };
        let flags = object.headers[shndx as usize].flags();
        if self.gc && input.ties != 0 {
            self.keep_tied(object, shndx, input.ties, found);
        }
        if flags & SHF_ALLOC == 0
            || !matches!(input.kind, SectionKind::Regular | SectionKind::Reversed)
        {
            return;
        }
        let relocations = object.relocations(shndx);
        if !relocations.is_empty() {
            let source = Source {
                object,
                shndx,
                flags,
                bytes: object.section_data(shndx),
                lenient: object.section_name(shndx).starts_with(b".gcc_except_table"),
            };
            let relative = self.relocations(source, relocations, found);
            if relative != 0 {
                self.relative[id.index()].fetch_add(relative, Relaxed);
            }
        }
        self.unwind_records(object, shndx, found);
    }

    /// FDEs of a live section: their LSDAs and the personality routines of their CIEs. The first
    /// relocation of an FDE refers to the section itself.
    fn unwind_records(&self, object: &Object, shndx: u32, found: &mut Found) {
        let eh_frame = &self.sections.eh_frames[object.file.index()];
        let mut last_cie = None;
        for &fde in eh_frame.fdes_of(shndx) {
            let fde = &eh_frame.fdes[fde as usize];
            if last_cie != Some(fde.cie) {
                last_cie = Some(fde.cie);
                let cie = &eh_frame.cies[fde.cie as usize];
                self.unwind_record(object, eh_frame, cie.section, cie.range(), found);
            }
            let range = fde.range();
            self.unwind_record(object, eh_frame, fde.section, range.start + 1..range.end, found);
        }
    }

    fn unwind_record(
        &self,
        object: &Object,
        eh_frame: &EhFrame,
        shndx: u32,
        range: std::ops::Range<usize>,
        found: &mut Found,
    ) {
        if range.is_empty() {
            return;
        }
        let flags = object.headers[shndx as usize].flags();
        let bytes = object.section_data(shndx);
        let source = Source { object, shndx, flags, bytes, lenient: true };
        let relocations = &eh_frame.relocations(object, shndx)[range];
        let relative = self.relocations(source, relocations, found);
        if relative != 0 {
            self.relative[object.section_id(shndx).index()].fetch_add(relative, Relaxed);
        }
    }

    fn keep_tied(&self, object: &Object, shndx: u32, ties: u8, found: &mut Found) {
        let Some(tied) = self.sections.ties(object.file) else { return };
        // The rest of a ring follows when its next member is scanned.
        if ties & IN_GROUP != 0 {
            self.keep(object.section_id(tied.next_in_group(shndx)), found);
        }
        if ties & HAS_DEPENDENTS != 0 {
            for dependent in tied.dependents(shndx) {
                self.keep(object.section_id(dependent), found);
            }
        }
    }

    fn keep_linker(&self, linker: LinkerSymbol, found: &mut Found) {
        match linker {
            LinkerSymbol::Got => found.got_base_used = true,
            LinkerSymbol::SectionStart(name) | LinkerSymbol::SectionStop(name) => {
                for &id in self.start_stop.get(name as usize).map_or(&[][..], Vec::as_slice) {
                    self.keep(id, found);
                }
            }
            _ => {}
        }
    }

    /// Follows relocations; the number of dynamic RELATIVE ones among them.
    fn relocations(&self, source: Source, relocations: &[Rela], found: &mut Found) -> u32 {
        let Source { object, bytes, flags, .. } = source;
        let mut relative = 0;
        let mut index = 0;
        while let Some(rela) = relocations.get(index) {
            index += 1;
            let (kind, symbol) = (rela.kind(), rela.sym());
            let global = object.global(symbol);
            let target = match global {
                Some(id) => self.global(source, rela, id, found),
                None => self.local(source, rela, found),
            };
            let Some(target) = target else { continue };
            // The kinds of most relocations, for which nothing is needed.
            match (kind, target) {
                (R_X86_64_NONE, _)
                | (R_X86_64_PC32 | R_X86_64_PLT32, TargetKind::Address | TargetKind::Large) => {
                    continue;
                }
                (R_X86_64_64, TargetKind::Address) if !self.context.pie => continue,
                _ => {}
            }
            let next = relocations.get(index);
            let action = match action(self.context, rela, bytes, target, flags, next) {
                Ok(action) => action,
                Err(message) => {
                    let message = format!("{message}: {}", self.symbol_text(object, symbol));
                    self.fault(source, rela, message, found);
                    continue;
                }
            };
            relative += u32::from(action.is_relative());
            index += usize::from(action.skips_next());
            let mut needs = action.needs();
            if target == TargetKind::Ifunc && !matches!(kind, R_X86_64_SIZE32 | R_X86_64_SIZE64) {
                needs |= NEEDS_IPLT;
            }
            found.got_base_used |= needs & NEEDS_GOT_BASE != 0;
            needs &= !NEEDS_GOT_BASE;
            if needs == 0 {
                continue;
            }
            match global {
                Some(id) => {
                    let all = &self.needs[id.index()];
                    if all.load(Relaxed) & needs != needs {
                        all.fetch_or(needs, Relaxed);
                    }
                }
                None => {
                    let entry = (object.file, symbol, needs);
                    if found.local_needs.last() != Some(&entry) {
                        found.local_needs.push(entry);
                    }
                }
            }
        }
        relative
    }

    /// Follows a reference to a global. `None`: nothing more to say about the relocation.
    fn global(
        &self,
        source: Source,
        rela: &Rela,
        id: SymbolId,
        found: &mut Found,
    ) -> Option<Target> {
        let symbol = &self.resolved.symbols[id.index()];
        match symbol.definition {
            Definition::Section(section) => {
                let claim = self.state.claim(section);
                if claim.first {
                    found.queue.push(section);
                }
                if claim.excluded {
                    return self.discarded(source, rela, section, found);
                }
                if claim.merge && !self.touch(section, symbol.value as i64) {
                    self.outside(source, rela, section, symbol.value as i64, found);
                    return None;
                }
                Some(match symbol.kind {
                    STT_GNU_IFUNC => TargetKind::Ifunc,
                    STT_TLS => TargetKind::Tls,
                    _ => self.address(rela, section),
                })
            }
            Definition::Absolute => Some(TargetKind::Absolute(symbol.value)),
            Definition::Linker(linker) => {
                self.keep_linker(linker, found);
                Some(match linker {
                    LinkerSymbol::TlsModuleBase => TargetKind::Tls,
                    _ => TargetKind::Address,
                })
            }
            Definition::Undefined => {
                let weak = source.object.symbols[rela.sym() as usize].bind() == STB_WEAK;
                if !weak && rela.kind() != R_X86_64_NONE {
                    let Source { object, shndx, .. } = source;
                    found.undefined.push((id, object.file, shndx, rela.offset()));
                }
                Some(TargetKind::Absolute(0))
            }
        }
    }

    /// Follows a reference to a local symbol.
    fn local(&self, source: Source, rela: &Rela, found: &mut Found) -> Option<Target> {
        let Source { object, .. } = source;
        let Some(symbol) = object.symbols.get(rela.sym() as usize) else {
            let message =
                format!("relocation refers to symbol {} of {}", rela.sym(), object.symbols.len());
            self.fault(source, rela, message, found);
            return None;
        };
        let Some(shndx) = object.symbol_section(rela.sym()) else {
            let value = if symbol.shndx() == SHN_ABS { symbol.value() } else { 0 };
            return Some(TargetKind::Absolute(value));
        };
        let section = object.section_id(shndx);
        let claim = self.state.claim(section);
        if claim.first {
            found.queue.push(section);
        }
        if claim.excluded {
            return self.discarded(source, rela, section, found);
        }
        let is_section = symbol.kind() == STT_SECTION;
        if claim.merge {
            // The addend of a section symbol selects the piece; a named symbol's own value does.
            let addend = if is_section { rela.addend() } else { 0 };
            let offset = (symbol.value() as i64).wrapping_add(addend);
            if !self.touch(section, offset) {
                self.outside(source, rela, section, offset, found);
                return None;
            }
        }
        Some(match symbol.kind() {
            STT_GNU_IFUNC => TargetKind::Ifunc,
            STT_TLS => TargetKind::Tls,
            // Plain addresses of TLS sections are errors, which the write phase reports.
            STT_SECTION
                if !matches!(rela.kind(), R_X86_64_PC32 | R_X86_64_PLT32 | R_X86_64_64)
                    && object.headers[shndx as usize].flags() & SHF_TLS != 0 =>
            {
                TargetKind::Tls
            }
            _ => self.address(rela, section),
        })
    }

    /// `Large` matters to nothing but GOT loads, so others needn't read the section's flags.
    fn address(&self, rela: &Rela, section: SectionId) -> TargetKind {
        if !self.sections.has_large || matches!(rela.kind(), R_X86_64_PC32 | R_X86_64_PLT32) {
            return TargetKind::Address;
        }
        let output = self.sections.inputs[section.index()].output;
        match self.sections.outputs[output.index()].flags & SHF_X86_64_LARGE {
            0 => TargetKind::Address,
            _ => TargetKind::Large,
        }
    }

    /// Notes that a piece is in use; false if there is none at `offset`. The end counts as part
    /// of the last piece.
    fn touch(&self, section: SectionId, offset: i64) -> bool {
        let input = &self.sections.inputs[section.index()];
        match u64::try_from(offset) {
            Ok(offset) if offset <= input.size => {
                if self.gc {
                    self.touched.touch(input.offset, offset.min(input.size - 1));
                }
                true
            }
            _ => false,
        }
    }

    fn outside(
        &self,
        source: Source,
        rela: &Rela,
        section: SectionId,
        offset: i64,
        found: &mut Found,
    ) {
        let size = self.sections.inputs[section.index()].size;
        let name = self.section_text(section);
        let message = format!(
            "relocation refers to offset {offset:#x} of mergeable section {name}, which has \
             {size:#x} bytes"
        );
        self.fault(source, rela, message, found);
    }

    fn discarded(
        &self,
        source: Source,
        rela: &Rela,
        section: SectionId,
        found: &mut Found,
    ) -> Option<Target> {
        if !source.lenient && rela.kind() != R_X86_64_NONE {
            let message = format!(
                "relocation refers to a symbol in a discarded section: {}\n>>> defined in {}",
                self.symbol_text(source.object, rela.sym()),
                self.section_text(section),
            );
            self.fault(source, rela, message, found);
        }
        Some(TargetKind::Absolute(0))
    }

    fn fault(&self, source: Source, rela: &Rela, message: String, found: &mut Found) {
        let Source { object, shndx, .. } = source;
        found.faults.push(Fault { file: object.file, shndx, offset: rela.offset(), message });
    }

    fn symbol_text(&self, object: &Object, symbol: u32) -> String {
        let name = object.symbol_name(symbol);
        let section = object.symbol_section(symbol).filter(|_| name.is_empty());
        let name = section.map_or(name, |shndx| object.section_name(shndx));
        crate::diagnostics::demangle(name, true)
    }

    fn section_text(&self, section: SectionId) -> String {
        match self.sections.locate(self.resolved, section) {
            Some((object, shndx)) => {
                let name = String::from_utf8_lossy(object.section_name(shndx));
                format!("{}:({name})", object.name)
            }
            None => String::from("COMMON"),
        }
    }
}
