//! Copying input sections to their place and applying their relocations.

use super::spans::padding;
use crate::arch::x86_64::{self, Action, TargetKind, Values};
use crate::diagnostics::{Error, demangle};
use crate::elf::*;
use crate::ids::{OutputId, SectionId};
use crate::input::object::Object;
use crate::layout::{SymbolRef, kinds};
use crate::sections::SectionKind;
use crate::symbols::Definition;
use crate::synth::Context;

/// Fills `out`, which starts `start` bytes into output section `output`, with its `members`.
pub fn members(
    context: Context,
    output: OutputId,
    members: &[SectionId],
    start: u64,
    out: &mut [u8],
    errors: &mut Vec<Error>,
) {
    let fill = padding(context, output);
    if fill != 0 {
        out.fill(fill);
    }
    for &id in members {
        let input = &context.sections.inputs[id.index()];
        let at = (input.offset - start) as usize;
        let Some(out) = out.get_mut(at..at + input.size as usize) else { continue };
        match context.sections.locate(context.resolved, id) {
            Some((object, shndx)) if input.kind != SectionKind::NoBits => {
                let section = Section { context, object, shndx, id };
                section.write(out, errors);
            }
            _ => out.fill(0),
        }
    }
}

/// One input section on its way out.
struct Section<'a, 'data> {
    context: Context<'a, 'data>,
    object: &'a Object<'data>,
    shndx: u32,
    id: SectionId,
}

impl Section<'_, '_> {
    fn write(&self, out: &mut [u8], errors: &mut Vec<Error>) {
        let data = self.object.section_data(self.shndx);
        if data.len() != out.len() {
            let message = "section size changed between planning and writing";
            errors.push(Error::input(self.object.file.0, &self.object.name, message));
            return;
        }
        out.copy_from_slice(data);
        let flags = self.object.headers[self.shndx as usize].flags();
        let relocations = self.object.relocations(self.shndx);
        if flags & SHF_ALLOC == 0 {
            self.relocate_unloaded(relocations, out, errors);
        } else {
            self.relocate(relocations, data, flags, out, errors);
        }
        if self.context.sections.inputs[self.id.index()].kind == SectionKind::Reversed {
            reverse_words(out);
        }
    }

    fn relocate(
        &self,
        relocations: &[Rela],
        data: &[u8],
        flags: u64,
        out: &mut [u8],
        errors: &mut Vec<Error>,
    ) {
        let Context { resolved, sections, layout, .. } = self.context;
        let arch = x86_64::Context::new(self.context.options);
        let address = layout.section_address(sections, self.id);
        let mut index = 0;
        while let Some(rela) = relocations.get(index) {
            index += 1;
            let target = kinds::target_kind(resolved, sections, self.object, rela.sym());
            let action = x86_64::action(arch, rela, data, target, flags, relocations.get(index));
            let done = action.and_then(|action| {
                index += usize::from(action.skips_next());
                let place = address.wrapping_add(rela.offset());
                let values = self.values(rela, action, target);
                x86_64::apply(action, out, rela.offset(), place, &values)
                    .map_err(|overflow| format!("{overflow}"))
            });
            if let Err(message) = done {
                errors.push(self.error(rela, &message));
            }
        }
    }

    fn values(&self, rela: &Rela, action: Action, target: TargetKind) -> Values {
        let Context { resolved, sections, layout, merged, .. } = self.context;
        let (file, symbol, addend) = (self.object.file, rela.sym(), rela.addend());
        // The addend takes part in choosing a merged piece, so S is what S + A leaves.
        let sum = layout.target(resolved, sections, merged, file, symbol, addend);
        let s = sum.wrapping_sub(addend as u64);
        let mut values = Values { s, a: addend, tp: layout.tp, ..Values::default() };
        if matches!(action, Action::PcRelative(_) | Action::Absolute(_) | Action::Relative) {
            return values;
        }
        if target == TargetKind::Absolute(0) && self.names_tls(symbol) {
            values.s = layout.tp;
        }
        let symbol_ref = SymbolRef::new(self.object, symbol);
        let slot = match action {
            Action::GotTpPcRelative => layout.gottpoff_slot(symbol_ref),
            _ => layout.got_slot(symbol_ref),
        };
        values.got_slot = slot.unwrap_or(0);
        values.got_base = layout.got_base;
        values.tls_start = layout.tls_start;
        values.size = self.object.symbols.get(symbol as usize).map_or(0, |symbol| symbol.size());
        values
    }

    fn names_tls(&self, symbol: u32) -> bool {
        self.object.symbols.get(symbol as usize).is_some_and(|symbol| symbol.kind() == STT_TLS)
    }

    /// Debug information and other sections that no segment loads: dead targets get a tombstone.
    fn relocate_unloaded(&self, relocations: &[Rela], out: &mut [u8], errors: &mut Vec<Error>) {
        let Context { resolved, sections, layout, merged, .. } = self.context;
        let arch = x86_64::Context::new(self.context.options);
        let tombstone = x86_64::tombstone(self.object.section_name(self.shndx));
        for rela in relocations {
            let target = TargetKind::Address;
            let done = x86_64::action(arch, rela, &[], target, 0, None).and_then(|action| {
                let file = self.object.file;
                let mut values = Values { a: rela.addend(), tp: layout.tp, ..Values::default() };
                values.tls_start = layout.tls_start;
                let sum = if self.is_dead(rela.sym()) {
                    // A DTP offset is relative: cancel the base out.
                    values.tls_start = 0;
                    tombstone
                } else {
                    layout.target(resolved, sections, merged, file, rela.sym(), rela.addend())
                };
                values.s = sum.wrapping_sub(rela.addend() as u64);
                if let Action::Size(_) = action {
                    let symbol = self.object.symbols.get(rela.sym() as usize);
                    values.size = symbol.map_or(0, |symbol| symbol.size());
                }
                x86_64::apply(action, out, rela.offset(), rela.offset(), &values)
                    .map_err(|overflow| overflow.to_string())
            });
            if let Err(message) = done {
                errors.push(self.error(rela, &message));
            }
        }
    }

    /// Whether a symbol's section is not in the output.
    fn is_dead(&self, symbol: u32) -> bool {
        let Context { resolved, live, .. } = self.context;
        match self.object.global(symbol) {
            Some(id) => match resolved.symbol(id).definition {
                Definition::Section(section) => !live.is_live(section),
                Definition::Undefined => true,
                _ => false,
            },
            None => match self.object.symbol_section(symbol) {
                Some(section) => !live.is_live(self.object.section_id(section)),
                None => false,
            },
        }
    }

    fn error(&self, rela: &Rela, message: &str) -> Error {
        let name = self.object.symbol_name(rela.sym());
        let name = if name.is_empty() {
            let section = self.object.symbol_section(rela.sym());
            section.map_or(&b"?"[..], |section| self.object.section_name(section))
        } else {
            name
        };
        let name = demangle(name, self.context.options.demangle);
        let message = format!("{} against {name}: {message}", x86_64::reloc_name(rela.kind()));
        Error::Relocation { message, at: self.object.place(self.shndx, rela.offset()) }
    }
}

fn reverse_words(bytes: &mut [u8]) {
    let words = bytes.len() / 8;
    for index in 0..words / 2 {
        let (head, tail) = bytes.split_at_mut((words - 1 - index) * 8);
        head[index * 8..][..8].swap_with_slice(&mut tail[..8]);
    }
}
