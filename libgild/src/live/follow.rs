//! What one relocation refers to, and what it needs.

use super::scan::{Found, Scanner, Source};
use crate::arch::x86_64::{Action, NEEDS_GOT_BASE, NEEDS_IPLT, TargetKind, action};
use crate::elf::*;
use crate::faults::{Fault, Reason};
use crate::ids::{SectionId, SymbolId};
use crate::prefetch::{AHEAD, prefetch};
use crate::sections::{may_dangle, target_kind};
use crate::symbols::{Definition, LinkerSymbol, Symbol, is_weak_reference};
use std::sync::atomic::Ordering::Relaxed;

/// What a relocation refers to.
enum Target {
    Kind(TargetKind),
    /// `__start_X` or `__stop_X`: for later.
    StartStop,
}

/// Symbols that fill more than a core's cache.
const MANY_SYMBOLS: usize = 1 << 17;

fn is_dead(symbol: &Symbol, dead_start_stop: &[bool]) -> bool {
    match symbol.definition {
        Definition::Linker(LinkerSymbol::SectionStart(name) | LinkerSymbol::SectionStop(name)) => {
            dead_start_stop.get(name as usize).copied().unwrap_or(true)
        }
        _ => false,
    }
}

impl Scanner<'_, '_> {
    /// Follows relocations; whether dynamic RELATIVE ones are among them.
    pub(super) fn relocations(
        &self,
        source: Source,
        relocations: &[Rela],
        found: &mut Found,
    ) -> bool {
        let object = source.object;
        let mut relative = false;
        let mut index = 0;
        while let Some(rela) = relocations.get(index) {
            index += 1;
            let kind = rela.kind();
            let target = match object.global(rela.sym()) {
                Some(id) if self.plain[id.index()].load(Relaxed) => {
                    Some(Target::Kind(TargetKind::Address))
                }
                Some(id) => self.global(source, rela, id, found),
                None => self.local(source, rela, found),
            };
            let target = match target {
                Some(Target::Kind(kind)) => kind,
                Some(Target::StartStop) if !source.record => {
                    found.start_stop.push((object.section_id(source.shndx), index as u32 - 1));
                    continue;
                }
                Some(Target::StartStop) => TargetKind::Address,
                None => continue,
            };
            // The kinds of most relocations, for which nothing is needed.
            match (kind, target) {
                (R_X86_64_NONE, _)
                | (R_X86_64_PC32 | R_X86_64_PLT32, TargetKind::Address | TargetKind::Far) => {
                    continue;
                }
                (R_X86_64_64, TargetKind::Address) if !self.arch.pie => continue,
                _ => {}
            }
            let next = relocations.get(index);
            let Some(action) = self.note(source, rela, next, target, found) else { continue };
            relative |= action.is_relative();
            index += usize::from(action.skips_next());
        }
        relative
    }

    /// Asks for the header of section `id`'s relocations.
    pub(super) fn prefetch_header(&self, id: SectionId) {
        if let Some((object, shndx)) = self.sections.locate(self.resolved, id)
            && let Some(&rela) = object.relas.get(shndx as usize)
        {
            prefetch(object.headers, rela as usize);
        }
    }

    /// Asks for section `id`'s first relocations.
    pub(super) fn prefetch_relocations(&self, id: SectionId) {
        if let Some((object, shndx)) = self.sections.locate(self.resolved, id) {
            prefetch(object.relocations(shndx), 0);
        }
    }

    /// Asks for the symbols that section `id` refers to first, which are all over the table.
    pub(super) fn prefetch_symbols(&self, id: SectionId) {
        if self.resolved.symbols.len() < MANY_SYMBOLS {
            return;
        }
        let Some((object, shndx)) = self.sections.locate(self.resolved, id) else { return };
        // Those of sections that aren't loaded stay untouched until they are written.
        if !self.sections.is_loaded(&self.sections.inputs[id.index()]) {
            return;
        }
        for rela in object.relocations(shndx).iter().take(AHEAD) {
            if let Some(id) = object.global(rela.sym()) {
                prefetch(&self.resolved.symbols, id.index());
            }
        }
    }

    /// Notes what one relocation needs.
    #[inline(always)]
    fn note(
        &self,
        source: Source,
        rela: &Rela,
        next: Option<&Rela>,
        target: TargetKind,
        found: &mut Found,
    ) -> Option<Action> {
        let Source { object, shndx, .. } = source;
        let bytes = object.section_data(shndx);
        // What moves in a record is refused when that is written, whether it could be written to or not.
        let writable = if source.record { SHF_WRITE } else { 0 };
        let flags = object.headers[shndx as usize].flags() | writable;
        let symbol = rela.sym();
        let action = match action(self.arch, rela, bytes, target, flags, next) {
            Ok(action) => action,
            Err(error) => {
                fault(source, rela, Reason::Relocation(error), found);
                return None;
            }
        };
        let mut needs = action.needs();
        if target == TargetKind::Ifunc && !matches!(rela.kind(), R_X86_64_SIZE32 | R_X86_64_SIZE64)
        {
            needs |= NEEDS_IPLT;
        }
        found.got_base_used |= needs & NEEDS_GOT_BASE != 0;
        needs &= !NEEDS_GOT_BASE;
        if needs == 0 {
            return Some(action);
        }
        match object.global(symbol) {
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
        Some(action)
    }

    /// Notes what references to `__start_X` and `__stop_X` need, when all that is live is known.
    /// Without a live section X they are undefined symbols (GNU ld and lld alike).
    pub fn note_start_stop(&self, found: &mut Found) -> Vec<bool> {
        let dead = super::roots::dead_start_stop(self.resolved, self.sections, |id| {
            self.state.is_live(id)
        });
        for (id, index) in std::mem::take(&mut found.start_stop) {
            let Some((object, shndx)) = self.sections.locate(self.resolved, id) else { continue };
            let relocations = object.relocations(shndx);
            let Some(rela) = relocations.get(index as usize) else { continue };
            let source = Source { object, shndx, record: false };
            let Some(symbol_id) = object.global(rela.sym()) else { continue };
            let symbol = self.resolved.symbol(symbol_id);
            let target = match symbol.definition {
                _ if is_dead(symbol, &dead) => self.undefined(source, rela, symbol_id, found),
                Definition::Linker(linker) => target_kind::of_linker(self.sections, linker),
                _ => TargetKind::Address,
            };
            let next = relocations.get(index as usize + 1);
            let action = self.note(source, rela, next, target, found);
            if action.is_some_and(|action| action.is_relative()) {
                self.relative[id.index()].store(true, Relaxed);
            }
        }
        dead
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
                if claim.excluded {
                    return discarded(source, rela, section, found);
                }
                if claim.merge && !self.touch(section, symbol.value as i64) {
                    fault(source, rela, Reason::NoPiece(section, symbol.value as i64), found);
                    return None;
                }
                let kind = target_kind::in_section(self.sections, section, symbol.kind);
                if kind == TargetKind::Address {
                    self.plain[id.index()].store(true, Relaxed);
                }
                Some(Target::Kind(kind))
            }
            Definition::Absolute => Some(Target::Kind(TargetKind::Absolute(symbol.value))),
            Definition::Linker(linker) => {
                self.keep_linker(linker, found);
                Some(match linker {
                    LinkerSymbol::SectionStart(_) | LinkerSymbol::SectionStop(_) => {
                        Target::StartStop
                    }
                    _ => Target::Kind(target_kind::of_linker(self.sections, linker)),
                })
            }
            Definition::Undefined => Some(Target::Kind(self.undefined(source, rela, id, found))),
        }
    }

    /// A reference to a name without definition: an error if it isn't weak.
    fn undefined(
        &self,
        source: Source,
        rela: &Rela,
        id: SymbolId,
        found: &mut Found,
    ) -> TargetKind {
        let Source { object, shndx, .. } = source;
        let symbol = &object.symbols[rela.sym() as usize];
        let weak = is_weak_reference(object, rela.sym(), symbol);
        if !weak && rela.kind() != R_X86_64_NONE {
            found.undefined.push((id, object.site(shndx, rela.offset())));
        }
        TargetKind::Absolute(0)
    }

    /// Follows a reference to a local symbol.
    fn local(&self, source: Source, rela: &Rela, found: &mut Found) -> Option<Target> {
        let Source { object, .. } = source;
        let Some(symbol) = object.symbols.get(rela.sym() as usize) else {
            fault(source, rela, Reason::NoSymbol, found);
            return None;
        };
        let Some(shndx) = object.symbol_section(rela.sym()) else {
            let value = if symbol.shndx() == SHN_ABS { symbol.value() } else { 0 };
            return Some(Target::Kind(TargetKind::Absolute(value)));
        };
        let section = object.section_id(shndx);
        let claim = self.state.claim(section);
        if claim.excluded {
            return discarded(source, rela, section, found);
        }
        if claim.merge {
            // The addend of a section symbol selects the piece; a named symbol's own value does.
            let addend = if symbol.kind() == STT_SECTION { rela.addend() } else { 0 };
            let offset = (symbol.value() as i64).wrapping_add(addend);
            if !self.touch(section, offset) {
                fault(source, rela, Reason::NoPiece(section, offset), found);
                return None;
            }
        }
        Some(Target::Kind(target_kind::of_local(self.sections, object, symbol, shndx, rela.kind())))
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
}

fn fault(source: Source, rela: &Rela, reason: Reason, found: &mut Found) {
    found.faults.push(Fault::new(source.object, source.shndx, rela, reason));
}

fn discarded(source: Source, rela: &Rela, section: SectionId, found: &mut Found) -> Option<Target> {
    let may_dangle = source.record || may_dangle(source.object.section_name(source.shndx));
    if !may_dangle && rela.kind() != R_X86_64_NONE {
        fault(source, rela, Reason::Discarded(section), found);
    }
    Some(Target::Kind(TargetKind::Absolute(0)))
}
