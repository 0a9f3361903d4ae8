//! Bytes that the linker makes. Each section is built before layout with its size and filled after.

mod dynamic;
mod eh_frame;
mod eh_frame_hdr;
mod fill;
mod linker_symbols;
pub mod notes;
pub mod property;
mod rela;
mod relr;
mod slots;
mod split;
mod symbol_entry;
mod symtab;
mod values;

use crate::arch::x86_64::{self, plt};
use crate::args::{BuildId, Options};
use crate::diagnostics::{Error, Result};
use crate::elf::*;
use crate::ids::OutputId;
use crate::layout::Layout;
use crate::live::Live;
use crate::merge::Merged;
use crate::sections::Sections;
use crate::symbols::{Definition, LinkerSymbol, Resolved};
use dynamic::{Dynamic, Facts};
use eh_frame::EhFrameSection;
use rela::DynamicRelocs;
use slots::Slots;
use std::ops::Range;
use symtab::SymTab;
pub use values::values;

/// The sections that the linker makes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum SynthKind {
    PropertyNote,
    BuildId,
    PackageNote,
    DynSym,
    GnuHash,
    DynStr,
    RelaDyn,
    RelrDyn,
    RelaIplt,
    EhFrameHdr,
    EhFrame,
    Iplt,
    Dynamic,
    Got,
    SymTab,
    SymTabShndx,
    StrTab,
    ShStrTab,
}

const KINDS: usize = SynthKind::ShStrTab as usize + 1;

/// What is frozen before layout.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Plan<'a, 'data> {
    pub resolved: &'a Resolved<'data>,
    pub sections: &'a Sections,
    pub live: &'a Live,
    pub merged: &'a Merged,
    pub options: &'a Options,
}

/// Everything frozen before the write phase.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Context<'a, 'data> {
    pub resolved: &'a Resolved<'data>,
    pub sections: &'a Sections,
    pub live: &'a Live,
    pub merged: &'a Merged,
    pub layout: &'a Layout,
    pub options: &'a Options,
}

/// All linker-made sections of a link.
#[derive(Debug, Default)]
pub struct Synth {
    /// By number of the kind, which stands beside: the output section of each that there is.
    outputs: [Option<(SynthKind, OutputId)>; KINDS],
    property: Vec<u8>,
    build_id: Vec<u8>,
    build_id_range: Option<Range<u64>>,
    package: Vec<u8>,
    dynamic: Dynamic,
    symtab: Option<SymTab>,
    /// Bytes of `.shstrtab`.
    section_names: u64,
    /// GOT slots and IPLT entries.
    pub(crate) slots: Slots,
    pub(crate) eh_frame: EhFrameSection,
    pub(crate) dynamic_relocs: DynamicRelocs,
}

impl Synth {
    /// Decides what the link needs: the contents as far as they are known, and the sections to add.
    /// `pack`: RELATIVE relocations go to `.relr.dyn`.
    pub(crate) fn new(plan: Plan, pack: bool) -> Result<(Synth, Vec<SynthKind>)> {
        let Plan { resolved, sections, live, options, .. } = plan;
        let pie = options.pie;
        let arch = x86_64::Mode::new(options);
        // glibc's self-relocation finds `_DYNAMIC` through GOT[0].
        let linker_defined = |name: &[u8], symbol| {
            let id = resolved.names.get(name);
            id.is_some_and(|id| resolved.symbol(id).definition == Definition::Linker(symbol))
        };
        let got_named = linker_defined(b"_GLOBAL_OFFSET_TABLE_", LinkerSymbol::Got);
        let got_header = live.got_base_used || (pie && got_named);
        let slots_and_relocs = || {
            let slots = Slots::new(resolved, live, got_header);
            let relocs = DynamicRelocs::gather(resolved, sections, live, &slots, arch, pack);
            (slots, relocs)
        };
        let ((eh_frame, (slots, dynamic_relocs)), (symtab, property)) = rayon::join(
            || rayon::join(|| EhFrameSection::new(resolved, sections, live), slots_and_relocs),
            || {
                rayon::join(
                    || SymTab::new(plan),
                    || property::note(resolved, options.force_x86_features),
                )
            },
        );
        let mut synth = Synth {
            property,
            build_id: options.build_id.as_ref().map_or(Vec::new(), notes::build_id),
            build_id_range: options.build_id.as_ref().and_then(hashed_range),
            package: options.package_metadata.as_deref().map_or(Vec::new(), notes::package),
            symtab,
            slots,
            eh_frame,
            dynamic_relocs,
            ..Synth::default()
        };
        if pie {
            let facts = Facts {
                rela: synth.dynamic_relocs.rela_size() != 0,
                relative: synth.dynamic_relocs.relative_count() != 0,
                relr: synth.dynamic_relocs.relr_size() != 0,
                text_relocations: synth.dynamic_relocs.in_text,
            };
            synth.dynamic = Dynamic::new(resolved, options, facts, |name| {
                sections.outputs.iter().any(|output| output.name == name && output.size != 0)
            });
        }
        if synth.symtab.as_ref().is_some_and(|table| table.names_size() > u64::from(u32::MAX)) {
            let message = "the names of all symbols take more than 4 GiB: link with -s or -x";
            return Err(Error::Message(message.into()).into());
        }
        let hdr =
            options.eh_frame_hdr || linker_defined(b"__GNU_EH_FRAME_HDR", LinkerSymbol::EhFrameHdr);
        let kinds = synth.wanted(sections, pie, hdr);
        Ok((synth, kinds))
    }

    /// Kinds with contents.
    fn wanted(&self, sections: &Sections, pie: bool, eh_frame_hdr: bool) -> Vec<SynthKind> {
        use SynthKind::*;
        let relocs = &self.dynamic_relocs;
        let outputs = sections.outputs.iter().filter(|output| output.size != 0).count() + KINDS;
        let named = self.symtab.is_some();
        [
            (PropertyNote, !self.property.is_empty()),
            (BuildId, !self.build_id.is_empty()),
            (PackageNote, !self.package.is_empty()),
            (DynSym, pie),
            (GnuHash, pie),
            (DynStr, pie),
            (RelaDyn, pie && relocs.rela_size() != 0),
            (RelrDyn, relocs.relr_size() != 0),
            (RelaIplt, !pie && relocs.rela_size() != 0),
            (EhFrameHdr, eh_frame_hdr && self.eh_frame.size() != 0),
            (EhFrame, self.eh_frame.size() != 0),
            (Iplt, self.slots.iplt_count() != 0),
            (Dynamic, pie),
            (Got, self.slots.got_size() != 0),
            (SymTab, named),
            (SymTabShndx, named && outputs >= usize::from(SHN_LORESERVE)),
            (StrTab, named),
            (ShStrTab, true),
        ]
        .into_iter()
        .filter_map(|(kind, wanted)| wanted.then_some(kind))
        .collect()
    }

    /// The output section of a kind.
    pub fn output(&self, kind: SynthKind) -> Option<OutputId> {
        self.outputs[kind as usize].map(|(_, id)| id)
    }

    /// The kind of an output section made by the linker.
    pub(crate) fn kind_of(&self, id: OutputId) -> Option<SynthKind> {
        let mut outputs = self.outputs.iter().flatten();
        outputs.find(|(_, output)| *output == id).map(|(kind, _)| *kind)
    }

    pub(crate) fn set_output(&mut self, kind: SynthKind, id: OutputId) {
        self.outputs[kind as usize] = Some((kind, id));
    }

    /// Writes all sizes to `sections.outputs`.
    pub(crate) fn set_sizes(&mut self, sections: &mut Sections) {
        for &(kind, id) in self.outputs.iter().flatten() {
            sections.outputs[id.index()].size = self.size(kind);
        }
        self.section_names = self.names_size(sections);
        if let Some(id) = self.output(SynthKind::ShStrTab) {
            sections.outputs[id.index()].size = self.section_names;
        }
    }

    /// Bytes of `.shstrtab`: a NUL, and the names of all sections that aren't empty.
    fn names_size(&self, sections: &Sections) -> u64 {
        // `.shstrtab` itself isn't empty, though its size is only known when this is.
        let own = self.output(SynthKind::ShStrTab);
        let outputs = (0..).map(OutputId).zip(&sections.outputs);
        let kept = outputs.filter(|(id, output)| output.size != 0 || Some(*id) == own);
        1 + kept.map(|(_, output)| output.name.len() as u64 + 1).sum::<u64>()
    }

    fn size(&self, kind: SynthKind) -> u64 {
        let symbols = self.symtab.as_ref();
        match kind {
            SynthKind::PropertyNote => self.property.len() as u64,
            SynthKind::BuildId => self.build_id.len() as u64,
            SynthKind::PackageNote => self.package.len() as u64,
            SynthKind::DynSym => SYM_SIZE,
            SynthKind::GnuHash => dynamic::gnu_hash().len() as u64,
            SynthKind::DynStr => 1,
            SynthKind::RelaDyn | SynthKind::RelaIplt => self.dynamic_relocs.rela_size(),
            SynthKind::RelrDyn => self.dynamic_relocs.relr_size(),
            SynthKind::EhFrameHdr => eh_frame_hdr::size(self.eh_frame.fde_count()),
            SynthKind::EhFrame => self.eh_frame.size(),
            SynthKind::Iplt => u64::from(self.slots.iplt_count()) * plt::ENTRY_SIZE,
            SynthKind::Dynamic => self.dynamic.size(),
            SynthKind::Got => self.slots.got_size(),
            SynthKind::SymTab => symbols.map_or(0, |table| table.count() * SYM_SIZE),
            SynthKind::SymTabShndx => symbols.map_or(0, |table| table.count() * 4),
            SynthKind::StrTab => symbols.map_or(0, SymTab::names_size),
            SynthKind::ShStrTab => self.section_names,
        }
    }

    /// Whether the file has symbols or relocations for which EI_OSABI says GNU.
    pub fn has_gnu_symbols(&self) -> bool {
        self.slots.iplt_count() != 0 || self.symtab.as_ref().is_some_and(SymTab::has_gnu_symbols)
    }

    /// `sh_info` of `.symtab`.
    pub(crate) fn first_global(&self) -> u32 {
        self.symtab.as_ref().map_or(0, |table| table.first_global() as u32)
    }

    /// Range of the build-id's bytes inside its section; `None` if there is none or it is given.
    pub fn build_id_descriptor(&self) -> Option<Range<u64>> {
        self.build_id_range.clone()
    }
}

fn hashed_range(id: &BuildId) -> Option<Range<u64>> {
    (!matches!(id, BuildId::Hex(_))).then(|| notes::build_id_range(id))
}
