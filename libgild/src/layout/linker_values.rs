//! Values of the symbols that the linker defines, as GNU ld's default script has them.

use super::Layout;
use super::rank::Class;
use crate::elf::*;
use crate::ids::OutputId;
use crate::sections::Sections;
use crate::symbols::{LinkerSymbol, Resolved};
use crate::synth::SynthKind;
use std::ops::Range;

/// The addresses that they are made of.
#[derive(Debug, Default)]
pub struct LinkerValues {
    image_base: u64,
    end: u64,
    etext: u64,
    edata: u64,
    bss_start: u64,
    got: u64,
    dynamic: u64,
    preinit_array: Range<u64>,
    init_array: Range<u64>,
    fini_array: Range<u64>,
    rela_iplt: Range<u64>,
    start_stop: Vec<Range<u64>>,
    eh_frame_hdr: u64,
    tp: u64,
}

impl LinkerValues {
    /// Reads them off the places of the output sections. `all` has empty sections too.
    pub fn new(
        layout: &Layout,
        resolved: &Resolved,
        sections: &Sections,
        all: &[(OutputId, Class)],
        end: u64,
    ) -> LinkerValues {
        let base = layout.image_base;
        let range = |id: OutputId| {
            let place = layout.place(id);
            place.address..place.address + place.size
        };
        let named = |name: &[u8]| {
            let found = all.iter().find(|(id, class)| {
                *class != Class::File && sections.outputs[id.index()].name == name
            });
            // An absent section is an empty one; its place must only move with the program.
            found.map_or(base..base, |(id, _)| range(*id))
        };
        // What is not loaded stands at 0, so that `__stop_X` tells its size, as GNU ld and lld have it.
        let any =
            |name: &[u8]| all.iter().find(|(id, _)| sections.outputs[id.index()].name == name);
        let bounds = |(index, name): (u32, &Vec<u8>)| match sections.is_dead_start_stop(index) {
            true => 0..0,
            // Loaded ones stand first.
            false => any(name).map_or(base..base, |(id, _)| range(*id)),
        };
        let kept = |wanted: &dyn Fn(Class, u32) -> bool| {
            let mut ranges = all.iter().filter(|(id, class)| {
                let output = &sections.outputs[id.index()];
                layout.place(*id).size != 0
                    && output.flags & SHF_TLS == 0
                    && wanted(*class, output.kind)
            });
            let first = ranges.next().map(|(id, _)| *id);
            let last = ranges.next_back().map(|(id, _)| *id).or(first);
            first.zip(last).map(|(first, last)| range(first).start..range(last).end)
        };
        // As in GNU ld's default script, whatever class `.text` is of.
        let text = all.iter().find(|(id, _)| sections.outputs[id.index()].name == b".text");
        let code = text.map_or(Class::Execute, |(_, class)| *class);
        let etext = kept(&|class, _| class == code)
            .or_else(|| kept(&|class, _| class == Class::Read))
            .map_or(base, |range| range.end);
        let stored = |class: Class, kind| class.flags() & PF_W != 0 && kind != SHT_NOBITS;
        let edata = kept(&|class, kind| class == Class::Write && stored(class, kind))
            .or_else(|| kept(&|class, kind| class == Class::Relro && stored(class, kind)))
            .map_or(etext, |range| range.end);
        let bss = kept(&|class, kind| class == Class::Write && kind == SHT_NOBITS);
        let synth = |kind| layout.synth.output(kind).map(range);
        let got = synth(SynthKind::Got).or_else(|| layout.find(sections, b".got").map(range));
        LinkerValues {
            image_base: base,
            end,
            etext,
            edata,
            bss_start: bss.map_or(edata, |range| range.start),
            got: got.map_or(base, |range| range.start),
            dynamic: synth(SynthKind::Dynamic).map_or(0, |range| range.start),
            preinit_array: named(b".preinit_array"),
            init_array: named(b".init_array"),
            fini_array: named(b".fini_array"),
            rela_iplt: synth(SynthKind::RelaIplt).unwrap_or(base..base),
            start_stop: (0..).zip(&resolved.start_stop).map(bounds).collect(),
            eh_frame_hdr: synth(SynthKind::EhFrameHdr).map_or(0, |range| range.start),
            tp: layout.tp,
        }
    }

    /// Value of `_GLOBAL_OFFSET_TABLE_`.
    pub fn got(&self) -> u64 {
        self.got
    }

    /// The value of one symbol.
    pub fn get(&self, symbol: LinkerSymbol) -> u64 {
        let section = |index: u32| self.start_stop.get(index as usize).cloned().unwrap_or_default();
        match symbol {
            // Its value is never used as a pointer, but must be one's own: any address in the image.
            LinkerSymbol::EhdrStart | LinkerSymbol::ExecutableStart | LinkerSymbol::DsoHandle => {
                self.image_base
            }
            LinkerSymbol::End => self.end,
            LinkerSymbol::Etext => self.etext,
            LinkerSymbol::Edata => self.edata,
            LinkerSymbol::BssStart => self.bss_start,
            LinkerSymbol::Got => self.got,
            LinkerSymbol::Dynamic => self.dynamic,
            LinkerSymbol::PreinitArrayStart => self.preinit_array.start,
            LinkerSymbol::PreinitArrayEnd => self.preinit_array.end,
            LinkerSymbol::InitArrayStart => self.init_array.start,
            LinkerSymbol::InitArrayEnd => self.init_array.end,
            LinkerSymbol::FiniArrayStart => self.fini_array.start,
            LinkerSymbol::FiniArrayEnd => self.fini_array.end,
            LinkerSymbol::RelaIpltStart => self.rela_iplt.start,
            LinkerSymbol::RelaIpltEnd => self.rela_iplt.end,
            LinkerSymbol::SectionStart(index) => section(index).start,
            LinkerSymbol::SectionStop(index) => section(index).end,
            LinkerSymbol::EhFrameHdr => self.eh_frame_hdr,
            // The base that local-dynamic code adds offsets to; these count from the thread pointer.
            LinkerSymbol::TlsModuleBase => self.tp,
        }
    }
}
