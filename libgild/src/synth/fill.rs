//! Writes the linker-made sections.

use super::symtab::{SymTab, check};
use super::{Context, Synth, SynthKind, dynamic, eh_frame_hdr};
use crate::arch::x86_64::{TargetKind, plt};
use crate::diagnostics::{Error, Result};
use crate::elf::*;
use crate::faults::Fault;
use crate::sections::target_kind::kind_of;
use std::ops::Range;

/// The text says what doesn't fit the plan.
type Filled = std::result::Result<(), String>;

/// Entries of `.rela.dyn` in a part of a writer's span (about 256 KiB).
const RELA_PART: u64 = 10_922 * RELA_SIZE;

impl Synth {
    /// Byte ranges of the section that can be filled independently, in order, without holes.
    pub fn parts(&self, kind: SynthKind) -> Vec<Range<u64>> {
        let table = |parts: fn(&SymTab) -> &[Range<u64>], width: u64| {
            let parts = self.symtab.as_ref().map_or(&[][..], parts);
            parts.iter().map(|part| part.start * width..part.end * width).collect()
        };
        match kind {
            SynthKind::EhFrame => self.eh_frame.parts(),
            SynthKind::SymTab => table(SymTab::symbol_parts, SYM_SIZE),
            SynthKind::SymTabShndx => table(SymTab::symbol_parts, 4),
            SynthKind::StrTab => table(SymTab::name_parts, 1),
            SynthKind::RelaDyn | SynthKind::RelaIplt => (0..self.size(kind))
                .step_by(RELA_PART as usize)
                .map(|start| start..self.size(kind).min(start + RELA_PART))
                .collect(),
            _ => std::iter::once(0..self.size(kind)).collect(),
        }
    }

    /// Writes part number `part`; `out` has exactly its length, and may hold anything before. The
    /// build-id's bytes are left 0. `faults` gets what is wrong with relocations.
    pub fn fill(
        &self,
        context: Context,
        kind: SynthKind,
        part: usize,
        out: &mut [u8],
        faults: &mut Vec<Fault>,
    ) -> Result<()> {
        let address = |kind| context.layout.synth_place(kind).map_or(0, |place| place.address);
        let done = match kind {
            SynthKind::PropertyNote => copy(&self.property, out),
            SynthKind::BuildId => copy(&self.build_id, out),
            SynthKind::PackageNote => copy(&self.package, out),
            SynthKind::DynSym | SynthKind::DynStr => {
                out.fill(0);
                Ok(())
            }
            SynthKind::GnuHash => copy(&dynamic::gnu_hash(), out),
            SynthKind::RelaDyn | SynthKind::RelaIplt => {
                self.dynamic_relocs.fill_rela(part as u64 * RELA_PART, out)
            }
            SynthKind::RelrDyn => self.dynamic_relocs.fill_relr(out),
            SynthKind::EhFrameHdr => {
                let (header, frames) = (address(kind), address(SynthKind::EhFrame));
                eh_frame_hdr::fill(context, &self.eh_frame, header, frames, out);
                Ok(())
            }
            SynthKind::EhFrame => {
                self.eh_frame.fill(context, address(kind), part, out, faults);
                Ok(())
            }
            SynthKind::Iplt => return self.fill_iplt(context, address(kind), out),
            SynthKind::Dynamic => {
                self.dynamic.fill(context, out);
                Ok(())
            }
            SynthKind::Got => self.fill_got(context, out),
            SynthKind::SymTab | SynthKind::SymTabShndx => {
                self.fill_symbols(context, kind, part, out)
            }
            SynthKind::StrTab => match &self.symtab {
                Some(table) => table.fill_names(context, part, out),
                None => Ok(()),
            },
            SynthKind::ShStrTab => fill_section_names(context, out),
        };
        done.map_err(|message| Error::Message(format!("internal error: {message}")).into())
    }

    fn fill_iplt(&self, context: Context, base: u64, out: &mut [u8]) -> Result<()> {
        for (number, entry) in (0..).zip(out.chunks_exact_mut(plt::ENTRY_SIZE as usize)) {
            let address = base + u64::from(number) * plt::ENTRY_SIZE;
            let slot = context.layout.iplt_slot(number);
            let Ok(entry) = entry.try_into() else { continue };
            if plt::write_entry(entry, address, slot).is_none() {
                let message = format!(
                    ".iplt at {address:#x} doesn't reach .got at {slot:#x}; --section-start may \
                     part them by 2 GiB at most"
                );
                return Err(Error::Message(message).into());
            }
        }
        Ok(())
    }

    fn fill_got(&self, context: Context, out: &mut [u8]) -> Filled {
        let Context { resolved, sections, layout, .. } = context;
        out.fill(0);
        let mut put = |offset: u64, value: u64| {
            let offset = offset as usize;
            let slot = out
                .get_mut(offset..offset + 8)
                .ok_or_else(|| "a GOT slot behind the GOT".to_string())?;
            slot.copy_from_slice(&value.to_le_bytes());
            Filled::Ok(())
        };
        if self.slots.reserved {
            put(0, layout.synth_place(SynthKind::Dynamic).map_or(0, |place| place.address))?;
        }
        for entry in &self.slots.entries {
            let value = || context.value_of(entry.symbol);
            if let Some(offset) = entry.got() {
                put(offset, value())?;
            }
            if let Some(offset) = entry.gottpoff() {
                // An undefined weak symbol is at the thread pointer: offset 0.
                let undefined = kind_of(resolved, sections, entry.symbol) != TargetKind::Tls;
                put(offset, if undefined { 0 } else { value().wrapping_sub(layout.tp) })?;
            }
            if let (Some(number), Some(resolver)) = (entry.iplt(), layout.resolver(entry.symbol)) {
                put(self.slots.iplt_slot(number), resolver)?;
            }
        }
        Ok(())
    }

    fn fill_symbols(
        &self,
        context: Context,
        kind: SynthKind,
        part: usize,
        out: &mut [u8],
    ) -> Filled {
        let Some(table) = &self.symtab else { return Ok(()) };
        let width = if kind == SynthKind::SymTab { SYM_SIZE as usize } else { 4 };
        let mut written = 0;
        table.entries(context, part, |entry| {
            if let Some(bytes) = out.get_mut(written..written + width) {
                match kind {
                    SynthKind::SymTab => entry.write(bytes),
                    _ => bytes.copy_from_slice(&entry.shndx().1.to_le_bytes()),
                }
            }
            written += width;
        });
        check(".symtab", written, out.len())
    }
}

fn copy(from: &[u8], out: &mut [u8]) -> Filled {
    check("a note", from.len(), out.len())?;
    out.copy_from_slice(from);
    Ok(())
}

fn fill_section_names(context: Context, out: &mut [u8]) -> Filled {
    let mut names = vec![0];
    for id in &context.layout.order {
        names.extend_from_slice(&context.sections.outputs[id.index()].name);
        names.push(0);
    }
    check(".shstrtab", names.len(), out.len())?;
    out.copy_from_slice(&names);
    Ok(())
}
