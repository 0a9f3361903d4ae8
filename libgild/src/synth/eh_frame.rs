//! `.eh_frame` of the output: FDEs of live functions, each CIE once (LSB, "Exception Frames").

use super::split::{Group, groups};
use super::{Context, values};
use crate::arch::x86_64::{self, RelocationError, Width};
use crate::elf::*;
use crate::faults::{Fault, Reason};
use crate::ids::FileId;
use crate::input::object::Object;
use crate::live::Live;
use crate::sections::{EhFrame, Fde, Record, Sections, target_kind};
use crate::symbols::{Resolved, SymbolRef};
use crate::tasks::Tasks;
use hashbrown::HashMap;
use rayon::prelude::*;
use std::ops::Range;

/// Ends the section: a record of length 0.
const TERMINATOR: u64 = 4;

/// One file's records in the output.
#[derive(Debug, Default)]
struct FileFrames {
    /// Offset of its first byte in the output section.
    start: u64,
    /// CIEs that no earlier file brought, in order.
    own_cies: Vec<u32>,
    /// By index of `EhFrame::cies`: offset in the output section, [`UNUSED`] if no live FDE uses it.
    cies: Vec<u64>,
    /// Bytes of live FDEs.
    fde_bytes: u64,
    /// How many live FDEs there are.
    fdes: u64,
}

const UNUSED: u64 = u64::MAX;

/// The section before layout.
#[derive(Debug, Default)]
pub struct EhFrameSection {
    files: Vec<FileFrames>,
    groups: Vec<Group>,
    size: u64,
    fdes: u64,
}

/// What makes two CIEs the same: bytes and what their relocations refer to.
#[derive(PartialEq, Eq, Hash)]
struct CieKey<'a> {
    bytes: &'a [u8],
    relocations: Vec<(u64, u32, i64, SymbolRef)>,
}

fn live_fdes<'a>(frames: &'a EhFrame, live: &'a Live) -> impl Iterator<Item = &'a Fde> {
    frames.fdes.iter().filter(|fde| live.is_live(fde.target))
}

impl EhFrameSection {
    /// Chooses records and their places. Empty if no object has an `.eh_frame`.
    pub fn new(resolved: &Resolved, sections: &Sections, live: &Live) -> EhFrameSection {
        if sections.eh_frames.iter().all(|frames| frames.sections.is_empty()) {
            return EhFrameSection::default();
        }
        let mut files: Vec<FileFrames> = sections
            .eh_frames
            .par_iter()
            .tasks_of(16)
            .map(|frames| {
                let mut file = FileFrames::default();
                for fde in live_fdes(frames, live) {
                    if file.cies.is_empty() {
                        file.cies = vec![UNUSED; frames.cies.len()];
                    }
                    if let Some(cie) = file.cies.get_mut(fde.cie as usize) {
                        *cie = 0;
                    }
                    file.fde_bytes += u64::from(fde.record.size);
                    file.fdes += 1;
                }
                file
            })
            .collect();
        let mut seen: HashMap<CieKey, u64> = HashMap::new();
        let (mut offset, mut fdes) = (0, 0);
        for ((file, frames), object) in
            files.iter_mut().zip(&sections.eh_frames).zip(&resolved.objects)
        {
            file.start = offset;
            for (index, cie) in (0..).zip(&frames.cies) {
                if file.cies.get(index as usize).is_none_or(|place| *place == UNUSED) {
                    continue;
                }
                let place = *seen.entry(key(object, frames, cie)).or_insert(offset);
                if place == offset {
                    file.own_cies.push(index);
                    offset += u64::from(cie.size);
                }
                file.cies[index as usize] = place;
            }
            offset += file.fde_bytes;
            fdes += file.fdes;
        }
        let sizes = files.iter().zip(files.iter().skip(1).map(|file| file.start).chain([offset]));
        let groups = groups(sizes.map(|(file, end)| end - file.start));
        EhFrameSection { files, groups, size: offset + TERMINATOR, fdes }
    }

    /// Bytes of the section.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Number of FDEs.
    pub fn fde_count(&self) -> u64 {
        self.fdes
    }

    /// Offset of a file's records.
    pub fn file_start(&self, file: FileId) -> u64 {
        self.files.get(file.index()).map_or(0, |file| file.start)
    }

    /// Ranges that can be filled independently.
    pub fn parts(&self) -> Vec<Range<u64>> {
        let mut parts: Vec<Range<u64>> =
            self.groups.iter().map(|group| group.bytes.clone()).collect();
        match parts.last_mut() {
            Some(last) => last.end = self.size,
            None if self.size != 0 => parts.push(0..self.size),
            None => {}
        }
        parts
    }

    /// Writes one part of the section at address `section`.
    pub fn fill(
        &self,
        context: Context,
        section: u64,
        part: usize,
        out: &mut [u8],
        faults: &mut Vec<Fault>,
    ) {
        // The terminator, and whatever a malformed record leaves out.
        out.fill(0);
        let Some(group) = self.groups.get(part) else { return };
        let arch = x86_64::Mode::new(context.options);
        for file in group.files.clone() {
            let object = &context.resolved.objects[file];
            let frames = &context.sections.eh_frames[file];
            let part_start = group.bytes.start;
            let mut writer = Writer { context, arch, object, frames, section, part_start, faults };
            writer.file(&self.files[file], out);
        }
    }

    /// The address of each live FDE's function and of the FDE, in output order, but for functions of
    /// no bytes: a search for the function at the same address would find such a one's FDE.
    pub fn table(&self, context: Context, section: u64) -> Vec<(u64, u64)> {
        let Context { resolved, sections, live, .. } = context;
        let files = self.files.par_iter().zip(&sections.eh_frames).zip(&resolved.objects);
        files
            .tasks_of(16)
            .flat_map_iter(|((file, frames), object)| {
                let own =
                    file.own_cies.iter().map(|&cie| u64::from(frames.cies[cie as usize].size));
                let mut at = section + file.start + own.sum::<u64>();
                live_fdes(frames, live).filter_map(move |fde| {
                    let address = at;
                    at += u64::from(fde.record.size);
                    let relocations = frames.relocations(object, &fde.record);
                    if covers_nothing(fde.record.bytes(object), fde.record.offset, relocations) {
                        return None;
                    }
                    let begin = relocations.first().map_or(0, |rela| {
                        // S + A is the function, whatever the encoding makes of it.
                        context.target(object, rela.sym(), rela.addend())
                    });
                    Some((begin, address))
                })
            })
            .collect()
    }
}

/// Where an FDE's `pc_begin` stands, behind length and CIE pointer.
const PC_BEGIN: u64 = 8;

/// Whether the `pc_range` of an FDE is 0. It follows `pc_begin`, which stands at byte 8, where the first
/// relocation fills it, and is as wide.
fn covers_nothing(fde: &[u8], offset: u32, relocations: &[Rela]) -> bool {
    let Some(begin) = relocations.first() else { return false };
    let width = match begin.kind() {
        R_X86_64_64 | R_X86_64_PC64 => 8,
        R_X86_64_32 | R_X86_64_32S | R_X86_64_PC32 => 4,
        _ => return false,
    };
    let at = PC_BEGIN + width;
    if begin.offset() != u64::from(offset) + PC_BEGIN {
        return false;
    }
    if relocations.get(1).is_some_and(|rela| rela.offset() == begin.offset() + width) {
        return false;
    }
    let range = fde.get(at as usize..(at + width) as usize);
    range.is_some_and(|range| range.iter().all(|&byte| byte == 0))
}

fn key<'a>(object: &'a Object, frames: &'a EhFrame, cie: &Record) -> CieKey<'a> {
    let relocation = |rela: &Rela| {
        let offset = rela.offset().wrapping_sub(u64::from(cie.offset));
        (offset, rela.kind(), rela.addend(), SymbolRef::new(object, rela.sym()))
    };
    let relocations = frames.relocations(object, cie).iter().map(relocation).collect();
    CieKey { bytes: cie.bytes(object), relocations }
}

struct Writer<'a, 'data> {
    context: Context<'a, 'data>,
    arch: x86_64::Mode,
    object: &'a Object<'data>,
    frames: &'a EhFrame,
    /// Address of the output section.
    section: u64,
    part_start: u64,
    faults: &'a mut Vec<Fault>,
}

impl Writer<'_, '_> {
    /// Writes the records of the object: its own CIEs, then its live FDEs.
    fn file(&mut self, file: &FileFrames, out: &mut [u8]) {
        if file.fdes == 0 {
            return;
        }
        let (frames, live) = (self.frames, self.context.live);
        let mut at = (file.start - self.part_start) as usize;
        for &index in &file.own_cies {
            let cie = &frames.cies[index as usize];
            self.copy(cie, at, out);
            at += cie.size as usize;
        }
        for fde in live_fdes(frames, live) {
            let size = fde.record.size as usize;
            self.copy(&fde.record, at, out);
            let record = &mut out[at..at + size];
            // A 64-bit length is announced by 0xffffffff and eight bytes long.
            let pointer = if record.starts_with(&[0xff; 4]) { 12 } else { 4 };
            let here = self.part_start + (at + pointer) as u64;
            let cie = file.cies.get(fde.cie as usize).copied().unwrap_or(0);
            // LSB: the distance from this field back to the CIE.
            let distance = (here.wrapping_sub(cie) as u32).to_le_bytes();
            if let Some(field) = record.get_mut(pointer..pointer + 4) {
                field.copy_from_slice(&distance);
            }
            at += size;
        }
    }

    /// Copies a record to `out[at..]` and relocates it.
    fn copy(&mut self, record: &Record, at: usize, out: &mut [u8]) {
        let source = record.bytes(self.object);
        let bytes = &mut out[at..at + record.size as usize];
        bytes[..source.len()].copy_from_slice(source);
        for rela in self.frames.relocations(self.object, record) {
            let inside = rela.offset().wrapping_sub(u64::from(record.offset));
            let place = self.section + self.part_start + at as u64 + inside;
            if let Err(error) = self.relocate(record.section, rela, bytes, inside, place) {
                let reason = Reason::Relocation(error);
                self.faults.push(Fault::new(self.object, record.section, rela, reason));
            }
        }
    }

    fn relocate(
        &self,
        section: u32,
        rela: &Rela,
        bytes: &mut [u8],
        inside: u64,
        place: u64,
    ) -> Result<(), RelocationError> {
        let Context { resolved, sections, .. } = self.context;
        let addend = rela.addend();
        let target = self.context.target(self.object, rela.sym(), addend);
        // Nearly all. The scan has let it through, so that its formula doesn't depend on the target.
        if rela.kind() == R_X86_64_PC32 {
            let distance = target.wrapping_sub(place);
            return x86_64::put(bytes, inside, Width::S32, distance);
        }
        let kind = target_kind::target_kind(resolved, sections, self.object, rela, true);
        // What moves is refused whether it could be written or not.
        let flags = self.object.headers[section as usize].flags() | SHF_WRITE;
        let data = self.object.section_data(section);
        let action = x86_64::action(self.arch, rela, data, kind, flags, None)?;
        if action.is_relative() {
            return Err(RelocationError::MovesInEhFrame);
        }
        let s = target.wrapping_sub(addend as u64);
        let values = values(self.context, self.object, rela, action, s)?;
        x86_64::apply(action, bytes, inside, place, &values)
    }
}
