//! Sorts the input sections of every object into output sections.

use super::eh_frame::EhFrame;
use super::files::Files;
use super::groups::{IN_GROUP, KEPT, Ties};
use super::kept::is_root;
use super::{InputSection, OutputSection, SectionKind, Sections, names, reach};
use crate::args::{Options, Strip};
use crate::diagnostics::{Error, Errors, Result};
use crate::elf::*;
use crate::ids::OutputId;
use crate::input::object::Object;
use crate::parts::{fill_parts, split};
use crate::prefetch::AHEAD;
use crate::symbols::{Common, Resolved, is_identifier};
use crate::tasks::Tasks;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

/// Sections of one name stay apart if they differ in these: no output section can be both.
const APART: u64 = SHF_ALLOC | SHF_TLS | SHF_X86_64_LARGE;
/// Flags that describe an object file, not an output section.
const INPUT_ONLY: u64 = SHF_GROUP
    | SHF_COMPRESSED
    | SHF_EXCLUDE
    | SHF_INFO_LINK
    | SHF_LINK_ORDER
    | SHF_GNU_RETAIN
    | SHF_MERGE
    | SHF_STRINGS;
/// Larger than any address space; sums of sizes can't overflow below it.
const SIZE_LIMIT: u64 = 1 << 47;
/// Larger than any alignment that the address space has room for.
const ALIGN_LIMIT: u64 = 1 << 32;

/// Merged groups that may follow without moving millions of sections. Rarely there are more than a few.
const MERGED_ROOM: usize = 1 << 12;

/// An output section as one object sees it.
#[derive(Clone, Copy)]
struct Draft<'a> {
    name: &'a [u8],
    kind: u32,
    flags: u64,
    entsize: u64,
}

impl Draft<'_> {
    /// Zeros stay apart too, or one word beside them would turn them all into bytes of the file;
    /// but `__start_X` and `__stop_X` promise that X is one run.
    fn apart(&self) -> u64 {
        const ZEROS: u64 = 1 << 63;
        const _: () = assert!(APART & ZEROS == 0);
        let writable = self.flags & (SHF_WRITE | SHF_TLS) == SHF_WRITE;
        let zeros = self.kind == SHT_NOBITS && writable;
        let apart = self.flags & APART | if zeros { ZEROS } else { 0 };
        match apart & (ZEROS | SHF_X86_64_LARGE) != 0 && is_identifier(self.name) {
            true => apart & !(ZEROS | SHF_X86_64_LARGE),
            false => apart,
        }
    }

    fn add(&mut self, other: &Draft) {
        self.flags |= other.flags;
        if self.kind == SHT_NOBITS {
            self.kind = other.kind;
        }
        if self.entsize != other.entsize {
            self.entsize = 0;
        }
    }
}

/// Distinct output sections in the order of their first mention.
#[derive(Default)]
struct Outputs<'a> {
    all: Vec<Draft<'a>>,
    ids: HashMap<(&'a [u8], u64), u32, FixedState>,
    last: u32,
}

impl<'a> Outputs<'a> {
    fn id(&mut self, draft: Draft<'a>) -> u32 {
        let Outputs { all, ids, last } = self;
        // Most sections of an object are functions.
        let same = |old: &Draft| old.name == draft.name && old.apart() == draft.apart();
        if !all.get(*last as usize).is_some_and(same) {
            *last = *ids.entry((draft.name, draft.apart())).or_insert(all.len() as u32);
        }
        match all.get_mut(*last as usize) {
            Some(old) => old.add(&draft),
            None => all.push(draft),
        }
        *last
    }
}

/// What some objects in a row bring.
#[derive(Default)]
struct Run<'a> {
    outputs: Outputs<'a>,
    parts: Vec<Part>,
}

/// What one object brings.
#[derive(Default)]
struct Part {
    eh_frame: EhFrame,
    ties: Ties,
    /// Header indexes of the Merge ones.
    merges: Vec<u32>,
    warnings: Vec<u32>,
    stack_note: Option<bool>,
    has_large: bool,
    /// Bytes that the loaded ones take, as [`reach::room`] counts them.
    room: u64,
    errors: Vec<Error>,
}

/// Sorts the sections of all objects into output sections. Their members come later, when it is
/// known which sections are live.
pub fn gather<'a>(resolved: &'a Resolved, options: &Options) -> Result<Sections> {
    let objects = &resolved.objects;
    let lengths: Vec<usize> = objects.iter().map(|object| object.headers.len()).collect();
    let room = resolved.commons.len() + MERGED_ROOM;
    let read = |run: &mut Run<'a>, file: usize, inputs: &mut [_]| {
        let part = read(resolved, &objects[file], inputs, &mut run.outputs, options);
        run.parts.push(part);
    };
    let (mut inputs, mut runs) = fill_parts(EXCLUDED, &lengths, room, read);
    let parts = runs.iter_mut().flat_map(|run| &mut run.parts);
    let mut errors: Vec<Error> = parts.flat_map(|part| part.errors.drain(..)).collect();
    errors.extend(resolved.commons.iter().filter_map(|common| oversized(resolved, common)));
    Errors::check(errors)?;

    let mut outputs = join(&runs, split(&mut inputs, &lengths));
    let commons = resolved.commons.iter().map(|common| common_section(common, &mut outputs));
    let commons: Vec<InputSection> = commons.collect();
    inputs.extend(&commons);
    let outputs: Vec<OutputSection> = outputs.all.iter().map(output_section).collect();

    let firsts = objects.iter().map(|object| object.first_section);
    let files = Files::new(firsts.chain([resolved.first_common]).collect());
    let parts = || runs.iter().flat_map(|run| &run.parts);
    let large =
        parts().any(|part| part.has_large) || resolved.commons.iter().any(|common| common.large);
    let rooms = parts().map(|part| part.room).chain(commons.iter().map(reach::room));
    let is_small = rooms.fold(0, u64::saturating_add) < reach::NEAR;
    let far = match is_small && (!large || options.section_starts.is_empty()) {
        true => Vec::new(),
        false => reach::far(&inputs, &outputs, options.pie),
    };
    let warnings = parts()
        .zip(objects)
        .flat_map(|(part, object)| part.warnings.iter().map(|&shndx| (object.file, shndx)));
    let warnings = warnings.collect();
    let merge_inputs = parts()
        .zip(objects)
        .flat_map(|(part, object)| part.merges.iter().map(|&shndx| object.section_id(shndx)))
        .collect();
    let stack_notes = parts().map(|part| part.stack_note).collect();
    let mut eh_frames = Vec::with_capacity(objects.len());
    let mut ties = Vec::new();
    for part in runs.into_iter().flat_map(|run| run.parts) {
        eh_frames.push(part.eh_frame);
        if options.gc_sections {
            ties.push(part.ties);
        }
    }
    Ok(Sections {
        merge_inputs,
        inputs,
        ties,
        outputs,
        eh_frames,
        stack_notes,
        far,
        warnings,
        dead_start_stop: Vec::new(),
        files,
        first_common: resolved.first_common,
    })
}

/// The output sections of all runs. `inputs`, by object, are given their numbers among them, and merge
/// sections theirs among all merge sections.
fn join<'a>(runs: &[Run<'a>], inputs: Vec<&mut [InputSection]>) -> Outputs<'a> {
    let mut outputs = Outputs::default();
    let ids_of = |run: &Run<'a>| run.outputs.all.iter().map(|&draft| outputs.id(draft)).collect();
    let run_ids: Vec<Vec<u32>> = runs.iter().map(ids_of).collect();
    let mut merge_count = 0;
    let mut adjustments = Vec::with_capacity(inputs.len());
    for (run, ids) in runs.iter().zip(&run_ids) {
        for part in &run.parts {
            adjustments.push((ids, merge_count));
            merge_count += part.merges.len() as u64;
        }
    }
    let adjust = inputs.into_par_iter().tasks_of(16).zip(adjustments);
    adjust.for_each(|(inputs, (ids, merge_base))| {
        for input in inputs.iter_mut().filter(|input| input.kind != SectionKind::Excluded) {
            input.output = OutputId(ids[input.output.index()]);
            if input.kind == SectionKind::Merge {
                input.offset += merge_base;
            }
        }
    });
    outputs
}

fn oversized(resolved: &Resolved, common: &Common) -> Option<Error> {
    if common.size < SIZE_LIMIT {
        return None;
    }
    let name = String::from_utf8_lossy(resolved.names.name(common.symbol));
    let message = format!("common symbol {name}: {:#x} bytes are too many", common.size);
    Some(Error::input(common.file.0, resolved.object(common.file).name, message))
}

fn output_section(draft: &Draft) -> OutputSection {
    OutputSection {
        name: draft.name.to_vec(),
        kind: draft.kind,
        flags: draft.flags,
        entsize: draft.entsize,
        align: 1,
        members: Vec::new(),
        size: 0,
    }
}

fn common_section<'a>(common: &Common, outputs: &mut Outputs<'a>) -> InputSection {
    let (name, flags): (&'a [u8], u64) = match (common.tls, common.large) {
        (true, _) => (b".tbss", SHF_TLS),
        (_, true) => (b".lbss", SHF_X86_64_LARGE),
        _ => (b".bss", 0),
    };
    let flags = flags | SHF_ALLOC | SHF_WRITE;
    let output = outputs.id(Draft { name, kind: SHT_NOBITS, flags, entsize: 0 });
    InputSection {
        size: common.size,
        offset: 0,
        output: OutputId(output),
        align_log2: common.align.clamp(1, ALIGN_LIMIT).next_power_of_two().trailing_zeros() as u8,
        kind: SectionKind::NoBits,
        rank: 2,
        ties: 0,
    }
}

const EXCLUDED: InputSection = InputSection {
    size: 0,
    offset: 0,
    output: OutputId(u32::MAX),
    align_log2: 0,
    kind: SectionKind::Excluded,
    rank: 0,
    ties: 0,
};

/// Sorts the sections of one object: `inputs`, by header index, of which `output` becomes an index
/// of `outputs` and `offset` counts those to merge.
fn read<'a>(
    resolved: &Resolved,
    object: &'a Object,
    inputs: &mut [InputSection],
    outputs: &mut Outputs<'a>,
    options: &Options,
) -> Part {
    let mut part = Part::default();
    let crt_file = names::is_crt_file(object.name.path.as_os_str().as_encoded_bytes());
    for ((shndx, header), input) in (0..).zip(object.headers).zip(&mut *inputs) {
        // Header 0 is no section, whatever it says. Half of all headers go here without a look at
        // their names.
        if shndx == 0 || is_table(header) || object.is_discarded(shndx) {
            continue;
        }
        object.prefetch_section_name(shndx as usize + AHEAD);
        let name = object.section_name(shndx);
        if !is_excluded(header, name, options) && !is_orphan(object, header, options) {
            match section(object, (shndx, header), name, options) {
                Ok(kept) => *input = kept,
                Err(message) => {
                    let message = format!("{}: {message}", String::from_utf8_lossy(name));
                    part.errors.push(Error::Input {
                        file: object.name.to_string(),
                        message,
                        order: (object.file.0, shndx, 0),
                    });
                }
            }
        }
        if input.kind == SectionKind::Excluded {
            if name.starts_with(names::WARNING) {
                part.warnings.push(shndx);
            } else if name == names::STACK_NOTE {
                let executable = header.flags() & SHF_EXECINSTR != 0;
                part.stack_note = Some(executable || part.stack_note == Some(true));
            }
            continue;
        }
        part.place((shndx, header), name, input, outputs, options, crt_file);
        if input.kind == SectionKind::EhFrame {
            part.errors.extend(part.eh_frame.read(resolved, object, shndx).err());
        }
    }
    if !part.eh_frame.sections.is_empty() && part.errors.is_empty() {
        part.eh_frame.index(object);
    }
    if options.gc_sections {
        let ties = Ties::new(object, |shndx| inputs[shndx as usize].kind != SectionKind::Excluded);
        ties.all().for_each(|(shndx, how)| inputs[shndx as usize].ties |= how);
        release_notes(object, inputs, &ties);
        part.ties = ties;
    }
    part
}

/// What isn't loaded describes the code of its group, if that has any, and goes with it.
fn release_notes(object: &Object, inputs: &mut [InputSection], ties: &Ties) {
    let flags = |shndx: u32| object.headers[shndx as usize].flags();
    for (shndx, _) in ties.all() {
        let input = &mut inputs[shndx as usize];
        if input.ties & (KEPT | IN_GROUP) == KEPT | IN_GROUP
            && flags(shndx) & (SHF_ALLOC | SHF_GNU_RETAIN) == 0
            && ties.group_of(shndx).any(|member| flags(member) & SHF_ALLOC != 0)
        {
            input.ties &= !KEPT;
        }
    }
}

impl Part {
    /// Chooses the output section.
    fn place<'a>(
        &mut self,
        (shndx, header): (u32, &Shdr),
        name: &'a [u8],
        input: &mut InputSection,
        outputs: &mut Outputs<'a>,
        options: &Options,
        crt_file: bool,
    ) {
        let (output, rank) = names::output(name, options.keep_text_section_prefix, crt_file);
        let kind = match output {
            b".init_array" => SHT_INIT_ARRAY,
            b".fini_array" => SHT_FINI_ARRAY,
            b".preinit_array" => SHT_PREINIT_ARRAY,
            b".eh_frame" => SHT_PROGBITS,
            _ => header.kind(),
        };
        let list = kind == SHT_INIT_ARRAY || kind == SHT_FINI_ARRAY;
        let old = names::is_named(name, b".ctors") || names::is_named(name, b".dtors");
        if list && old && input.kind == SectionKind::Regular && input.size.is_multiple_of(8) {
            input.kind = SectionKind::Reversed;
        }
        if input.kind == SectionKind::Merge {
            input.offset = self.merges.len() as u64;
            self.merges.push(shndx);
        }
        let flags = header.flags() & !INPUT_ONLY;
        let flags = if list { flags | SHF_WRITE } else { flags };
        if options.gc_sections && is_root(header, name, input.kind) {
            input.ties = KEPT;
        }
        self.has_large |= flags & SHF_X86_64_LARGE != 0;
        if flags & SHF_ALLOC != 0 {
            self.room = self.room.saturating_add(reach::room(input));
        }
        let draft = Draft { name: output, kind, flags, entsize: header.entsize() };
        (input.output, input.rank) = (OutputId(outputs.id(draft)), rank);
    }
}

/// LLVM's own tables: linker options, address significance, dependent libraries, call graph,
/// offloading and LTO.
fn is_llvm_table(kind: u32) -> bool {
    matches!(kind, 0x6fff_4c01..=0x6fff_4c04 | 0x6fff_4c09 | 0x6fff_4c0b | 0x6fff_4c0c)
}

/// Sections that speak to the linker.
fn is_table(header: &Shdr) -> bool {
    match header.kind() {
        SHT_NULL | SHT_SYMTAB | SHT_RELA | SHT_REL | SHT_GROUP | SHT_SYMTAB_SHNDX => true,
        SHT_STRTAB => header.flags() & SHF_ALLOC == 0,
        kind => is_llvm_table(kind),
    }
}

fn is_excluded(header: &Shdr, name: &[u8], options: &Options) -> bool {
    let alloc = header.flags() & SHF_ALLOC != 0;
    let stripped = options.strip != Strip::None && !alloc && names::is_debug(name);
    stripped || header.flags() & SHF_EXCLUDE != 0 || names::is_dropped(name)
}

/// Whether a section goes with another one (gABI, SHF_LINK_ORDER) that is left out, or with one that goes
/// with one. GCC 12 puts the `__patchable_function_entries` of inline functions into no group.
fn is_orphan<'a>(object: &Object<'a>, mut header: &'a Shdr, options: &Options) -> bool {
    // Each may be linked to the next; what is linked to itself ends after as many as there are.
    for _ in object.headers {
        if header.flags() & SHF_LINK_ORDER == 0 {
            return false;
        }
        let link = header.link();
        let Some(target) = object.headers.get(link as usize) else { return false };
        let excluded = || is_excluded(target, object.section_name(link), options);
        if object.is_discarded(link) || (link != 0 && excluded()) {
            return true;
        }
        header = target;
    }
    false
}

fn section(
    object: &Object,
    (shndx, header): (u32, &Shdr),
    name: &[u8],
    options: &Options,
) -> std::result::Result<InputSection, String> {
    let (size, align) = (object.section_size(shndx), object.section_align(shndx));
    if size >= SIZE_LIMIT {
        return Err(format!("a section of {size:#x} bytes is larger than the address space"));
    }
    if !align.is_power_of_two() || align >= ALIGN_LIMIT {
        return Err(format!("section alignment {align:#x} is no power of two below 2^32"));
    }
    let alloc = header.flags() & SHF_ALLOC != 0;
    let kind = match header.kind() {
        SHT_NOBITS => SectionKind::NoBits,
        SHT_PROGBITS | SHT_X86_64_UNWIND if alloc && names::is_named(name, b".eh_frame") => {
            SectionKind::EhFrame
        }
        SHT_PROGBITS if options.optimize > 0 && can_merge(object, shndx, header) => {
            SectionKind::Merge
        }
        _ => SectionKind::Regular,
    };
    Ok(InputSection { size, align_log2: align.trailing_zeros() as u8, kind, ..EXCLUDED })
}

/// Whether a section is what SHF_MERGE promises (gABI): whole elements, strings that end, and
/// nothing in it that a relocation would change. Others are linked as they are.
fn can_merge(object: &Object, shndx: u32, header: &Shdr) -> bool {
    /// Of AVX-512 constants. Each piece gets its section's alignment, so more would waste more.
    const GREATEST_ALIGN: u64 = 64;
    let flags = header.flags();
    if flags & SHF_MERGE == 0 || flags & (SHF_WRITE | SHF_TLS | SHF_EXECINSTR) != 0 {
        return false;
    }
    let data = object.section_data(shndx);
    let entsize = header.entsize();
    let align = object.section_align(shndx);
    if data.is_empty() || u32::try_from(data.len()).is_err() || align > GREATEST_ALIGN {
        return false;
    }
    if entsize == 0 || !(data.len() as u64).is_multiple_of(entsize) {
        return false;
    }
    if !object.relocations(shndx).is_empty() {
        return false;
    }
    if flags & SHF_STRINGS == 0 {
        return true;
    }
    let last = &data[data.len() - (entsize as usize).min(data.len())..];
    matches!(entsize, 1 | 2 | 4) && last.iter().all(|&byte| byte == 0)
}
