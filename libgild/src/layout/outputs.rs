//! Adds the linker-made sections to the output sections, and puts all of them in order.

use super::plan::{Item, Role};
use super::rank::{Class, rank};
use crate::arch::x86_64::plt;
use crate::args::Options;
use crate::diagnostics::{Error, Errors, Result};
use crate::elf::*;
use crate::ids::OutputId;
use crate::sections::{OutputSection, Sections};
use crate::symbols::Resolved;
use crate::synth::{Synth, SynthKind};
use std::collections::HashSet;

/// Name, type, flags, alignment and entry size of a linker-made section.
fn shape(kind: SynthKind) -> (&'static str, u32, u64, u64, u64) {
    const A: u64 = SHF_ALLOC;
    const AW: u64 = SHF_ALLOC | SHF_WRITE;
    match kind {
        SynthKind::PropertyNote => (".note.gnu.property", SHT_NOTE, A, 8, 0),
        SynthKind::BuildId => (".note.gnu.build-id", SHT_NOTE, A, 4, 0),
        SynthKind::PackageNote => (".note.package", SHT_NOTE, A, 4, 0),
        SynthKind::DynSym => (".dynsym", SHT_DYNSYM, A, 8, SYM_SIZE),
        SynthKind::GnuHash => (".gnu.hash", SHT_GNU_HASH, A, 8, 0),
        SynthKind::DynStr => (".dynstr", SHT_STRTAB, A, 1, 0),
        SynthKind::RelaDyn => (".rela.dyn", SHT_RELA, A, 8, RELA_SIZE),
        SynthKind::RelrDyn => (".relr.dyn", SHT_RELR, A, 8, 8),
        SynthKind::RelaIplt => (".rela.iplt", SHT_RELA, A | SHF_INFO_LINK, 8, RELA_SIZE),
        SynthKind::EhFrameHdr => (".eh_frame_hdr", SHT_PROGBITS, A, 4, 0),
        SynthKind::EhFrame => (".eh_frame", SHT_PROGBITS, A, 8, 0),
        SynthKind::Iplt => (".iplt", SHT_PROGBITS, A | SHF_EXECINSTR, 16, plt::ENTRY_SIZE),
        SynthKind::Dynamic => (".dynamic", SHT_DYNAMIC, AW, 8, 16),
        SynthKind::Got => (".got", SHT_PROGBITS, AW, 8, 8),
        SynthKind::SymTab => (".symtab", SHT_SYMTAB, 0, 8, SYM_SIZE),
        SynthKind::SymTabShndx => (".symtab_shndx", SHT_SYMTAB_SHNDX, 0, 4, 4),
        SynthKind::StrTab => (".strtab", SHT_STRTAB, 0, 1, 0),
        SynthKind::ShStrTab => (".shstrtab", SHT_STRTAB, 0, 1, 0),
    }
}

/// Adds a linker-made section; its size is still to come.
pub fn add(sections: &mut Sections, synth: &mut Synth, kind: SynthKind) {
    let (name, sh_type, flags, align, entsize) = shape(kind);
    let id = OutputId(sections.outputs.len() as u32);
    sections.outputs.push(OutputSection {
        name: name.as_bytes().to_vec(),
        kind: sh_type,
        flags,
        entsize,
        align,
        members: Vec::new(),
        size: 0,
    });
    synth.set_output(kind, id);
}

/// Sends the inputs whose records `synth` writes to its `.eh_frame`, at their file's place.
pub fn adopt_eh_frames(resolved: &Resolved, sections: &mut Sections, synth: &Synth) {
    let Some(id) = synth.output(SynthKind::EhFrame) else { return };
    for (object, frames) in resolved.objects.iter().zip(&sections.eh_frames) {
        for &section in &frames.sections {
            let input = &mut sections.inputs[object.section_id(section).index()];
            input.output = id;
            input.offset = synth.eh_frame.file_start(object.file);
        }
    }
}

/// All output sections in file order, empty ones too, each with its class.
pub fn ordered(
    sections: &Sections,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Vec<(OutputId, Class)>> {
    let mut errors = Vec::new();
    let mut ranked = Vec::with_capacity(sections.outputs.len());
    for (id, output) in (0..).map(OutputId).zip(&sections.outputs) {
        let rank = rank(&output.name, output.kind, output.flags, options.relro);
        let rwx = rank.class == Class::WriteExecute && output.size != 0;
        if rwx && options.warn_rwx_segments {
            let name = String::from_utf8_lossy(&output.name);
            let text = format!("section {name} has a segment that can be written and executed");
            match options.error_rwx_segments {
                true => errors.push(Error::Message(text)),
                false => warnings.push(text),
            }
        }
        ranked.push((rank, id));
    }
    ranked.sort();
    Errors::check(errors)?;
    Ok(ranked.into_iter().map(|(rank, id)| (id, rank.class)).collect())
}

/// The loaded ones among `ordered`, ready for address assignment.
pub fn items(
    sections: &Sections,
    synth: &Synth,
    ordered: &[(OutputId, Class)],
    options: &Options,
) -> Vec<Item> {
    // There may be two of a name, such as a `.data` of bytes and one of zeros.
    let mut named = HashSet::new();
    let loaded = ordered.iter().filter(|(_, class)| *class != Class::File);
    let mut items: Vec<Item> = loaded
        .map(|&(id, class)| {
            let output = &sections.outputs[id.index()];
            let fixed = options.section_starts.iter().rev();
            let mut fixed = fixed.filter(|(name, _)| name.as_bytes() == output.name);
            let role = match synth.kind_of(id) {
                Some(SynthKind::PropertyNote) => Role::Property,
                Some(SynthKind::EhFrameHdr) => Role::EhFrameHdr,
                Some(SynthKind::Dynamic) => Role::Dynamic,
                _ => Role::Plain,
            };
            Item {
                class,
                kind: output.kind,
                flags: output.flags,
                size: output.size,
                align: output.align,
                fixed: fixed
                    .next()
                    .filter(|_| output.size != 0 && named.insert(&output.name))
                    .map(|(_, address)| *address),
                role,
            }
        })
        .collect();
    // psABI, "Thread-Local Storage": the template as a whole is aligned, not only its parts.
    let tls = |item: &&mut Item| item.flags & SHF_TLS != 0 && item.size != 0;
    let align = items.iter_mut().filter(tls).map(|item| item.align).max();
    if let (Some(first), Some(align)) = (items.iter_mut().find(tls), align) {
        first.align = align;
    }
    items
}
