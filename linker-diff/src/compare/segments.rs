//! Program headers: against each other, and against the sections they cover.

use super::Pair;
use super::notes::{self, Note};
use super::sink::Sink;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::dynamic::DT_NEEDED;
use crate::model::elf::{
    ET_EXEC, PF_R, PF_W, PF_X, PT_DYNAMIC, PT_GNU_EH_FRAME, PT_GNU_PROPERTY, PT_GNU_RELRO,
    PT_GNU_STACK, PT_INTERP, PT_LOAD, PT_NOTE, PT_TLS, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS,
    Section, Segment,
};
use crate::reason::Reason;

/// Compares the program headers.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    for (image, side) in [(pair.a, Side::Left), (pair.b, Side::Right)] {
        faults(image, side, sink);
    }
    presence(pair, sink);
    rights(pair, sink);
    relro(pair, sink);
    stack(pair, sink);
}

fn name(kind: u32) -> &'static str {
    match kind {
        PT_LOAD => "PT_LOAD",
        PT_DYNAMIC => "PT_DYNAMIC",
        PT_NOTE => "PT_NOTE",
        6 => "PT_PHDR",
        PT_TLS => "PT_TLS",
        PT_GNU_EH_FRAME => "PT_GNU_EH_FRAME",
        PT_GNU_STACK => "PT_GNU_STACK",
        PT_GNU_RELRO => "PT_GNU_RELRO",
        PT_GNU_PROPERTY => "PT_GNU_PROPERTY",
        PT_INTERP => "PT_INTERP",
        _ => "a program header",
    }
}

fn presence(pair: &Pair, sink: &mut Sink) {
    let has = |image: &Image, kind| image.segments.iter().any(|s| s.kind == kind);
    const EXPECTED: [u32; 8] = [
        PT_INTERP,
        PT_DYNAMIC,
        PT_NOTE,
        PT_TLS,
        PT_GNU_EH_FRAME,
        PT_GNU_STACK,
        PT_GNU_RELRO,
        PT_GNU_PROPERTY,
    ];
    for kind in EXPECTED {
        let (ours, theirs) = (has(pair.a, kind), has(pair.b, kind));
        sink.compared += 1;
        if ours == theirs {
            continue;
        }
        let (has, lacking) = if ours { (pair.a, pair.b) } else { (pair.b, pair.a) };
        let detail = format!("{} has no {}", lacking.label(), name(kind));
        let show = |has| if has { "present" } else { "missing" };
        let reason = absence(kind, has, lacking);
        // Where there is too much, the other side is to be told.
        let is_right = ours != (reason == Some(Reason::StrayInterpreter));
        let finding = Finding::new(Kind::SegmentMissing, name(kind), detail)
            .showing(show(ours), show(theirs))
            .on(if is_right { Side::Right } else { Side::Left });
        sink.take(reason, "segment", finding);
    }
}

/// Why a program may lack a header that the other one has.
fn absence(kind: u32, has: &Image, lacking: &Image) -> Option<Reason> {
    match kind {
        PT_GNU_PROPERTY => is_idle(has).then_some(Reason::IsaMarker),
        PT_NOTE => (is_idle(has) && only_markers(has)).then_some(Reason::IsaMarker),
        PT_GNU_RELRO => only_tables(has).then_some(Reason::RelroReach),
        PT_GNU_EH_FRAME => {
            let is_cut = lacking.is_stripped() && lacking.section(".eh_frame_hdr").is_none();
            (is_cut || needs_no_table(lacking)).then_some(Reason::FramesRegistered)
        }
        PT_INTERP => {
            let stray = has.header.kind == ET_EXEC && has.dynamic.tag(DT_NEEDED).is_none();
            stray.then_some(Reason::StrayInterpreter)
        }
        _ => None,
    }
}

/// Whether no processor feature is asked for.
fn is_idle(image: &Image) -> bool {
    notes::read(image).iter().all(|n| notes::property(n, notes::FEATURE_1_AND) == 0)
}

fn only_markers(image: &Image) -> bool {
    let is_marker = |n: &Note| n.owner == b"GNU" && n.kind == notes::NT_GNU_PROPERTY;
    notes::read(image).iter().all(is_marker)
}

/// Whether PT_GNU_RELRO protects nothing but the linker's own tables.
fn only_tables(image: &Image) -> bool {
    let loaded = image.sections.iter().filter(|s| s.is_alloc() && s.size > 0);
    let mut protected = loaded.filter(|s| is_relro(image, s) || loses_writing(image, s));
    !image.sectionless && protected.all(is_own_relro)
}

/// Whether unwinding works without the table: crtbeginT.o's `frame_dummy` registers the section, or
/// there is no unwinder.
fn needs_no_table(image: &Image) -> bool {
    let named = |id, name: &[u8]| {
        let labels: &[crate::model::atoms::Label] = image.atoms.labels(id);
        labels.iter().any(|l| image.symbols[l.symbol as usize].name == name)
    };
    let has = |name: &[u8]| image.symbols.iter().any(|s| s.name == name && s.is_place());
    let registers = || {
        let dummies = image.atoms.iter().filter(|&(id, _)| named(id, b"frame_dummy"));
        dummies.flat_map(|(id, _)| image.refs.of(id)).any(|r| match r.target {
            crate::model::target::Target::Addr(to) => {
                image.atoms.find(to).is_some_and(|id| named(id, b"__register_frame_info"))
            }
            _ => false,
        })
    };
    // Without local symbols frame_dummy cannot be looked at.
    let may_register = || !has(b"frame_dummy") && has(b"__register_frame_info");
    !image.is_stripped() && (!has(b"_Unwind_RaiseException") || registers() || may_register())
}

fn rights_text(flags: u32) -> String {
    let bit = |mask, letter| if flags & mask != 0 { letter } else { '-' };
    [bit(PF_R, 'r'), bit(PF_W, 'w'), bit(PF_X, 'x')].iter().collect()
}

fn segment_of<'i>(image: &'i Image, section: &Section) -> Option<&'i Segment> {
    let loads = image.segments.iter().filter(|s| s.kind == PT_LOAD);
    let mut covering = loads.filter(|s| s.covers(section.addr, section.size.max(1)));
    covering.next()
}

/// Sections of one name are mapped with the same rights.
fn rights(pair: &Pair, sink: &mut Sink) {
    for ours in pair.a.sections.iter().filter(|s| s.is_alloc() && s.size > 0 && !s.is_tls_zeros()) {
        let theirs = pair.b.sections.iter().find(|s| s.name == ours.name && s.is_alloc());
        let Some(theirs) = theirs.filter(|s| s.size > 0) else { continue };
        let (Some(l), Some(r)) = (segment_of(pair.a, ours), segment_of(pair.b, theirs)) else {
            continue;
        };
        sink.compared += 1;
        if l.flags & 7 == r.flags & 7 {
            continue;
        }
        let finding = Finding::new(Kind::SegmentRights, ours.title(), "mapped with other rights")
            .showing(rights_text(l.flags), rights_text(r.flags));
        let differs = l.flags ^ r.flags;
        if differs & PF_R != 0 {
            sink.push(finding);
        } else if are_fixed_arrays(pair, ours, theirs) {
            sink.count(Reason::FixedArray, "array", finding);
        } else if differs & PF_W == 0 && !ours.is_code() && l.flags & PF_W == 0 {
            sink.count(Reason::StricterRights, "read-only", finding);
        } else {
            sink.push(finding);
        }
    }
}

/// Whether both are arrays of functions that nothing writes to.
pub fn are_fixed_arrays(pair: &Pair, ours: &Section, theirs: &Section) -> bool {
    let arrays = [&b".preinit_array"[..], b".init_array", b".fini_array"];
    arrays.contains(&ours.name)
        && ours.name == theirs.name
        && !relocated(pair.a, ours)
        && !relocated(pair.b, theirs)
}

/// Whether start-up code writes to the section.
fn relocated(image: &Image, section: &Section) -> bool {
    !image.dynamic.within(section.addr, section.addr + section.size).is_empty()
}

/// What one program header says against another or against the sections.
fn faults(image: &Image, side: Side, sink: &mut Sink) {
    let mut fault = |place: &str, detail: String| {
        let detail = format!("{}: {detail}", image.label());
        sink.push(Finding::new(Kind::SegmentFault, place, detail).on(side));
    };
    for s in image.segments.iter().filter(|s| s.kind == PT_LOAD) {
        if s.align > 1 && (!s.align.is_power_of_two() || s.vaddr % s.align != s.offset % s.align) {
            let what = format!("address {:#x} and file offset {:#x}", s.vaddr, s.offset);
            fault(
                "PT_LOAD",
                format!("{what} are not congruent modulo the alignment {:#x}", s.align),
            );
        }
        if s.align != 0 && s.align < 0x1000 && s.memsz > 0 {
            fault("PT_LOAD", format!("alignment {:#x} is less than a page", s.align));
        }
        if s.filesz > s.memsz {
            fault(
                "PT_LOAD",
                format!("{:#x} bytes in the file exceed {:#x} in memory", s.filesz, s.memsz),
            );
        }
        if s.flags & (PF_W | PF_X) == PF_W | PF_X && !has_write_execute(image, s) {
            fault("PT_LOAD", format!("the segment at {:#x} is writable and executable", s.vaddr));
        }
    }
    if !image.sectionless {
        for section in image.sections.iter().filter(|s| s.is_alloc() && s.size > 0) {
            section_faults(image, section, &mut fault);
        }
        special_segments(image, &mut fault);
        unloaded(image, side, sink);
    }
    sink.compared += image.segments.len() as u64;
}

/// Whether a section of the segment wants to be written and executed.
fn has_write_execute(image: &Image, segment: &Segment) -> bool {
    let both = SHF_WRITE | SHF_EXECINSTR;
    let mut sections = image.sections.iter().filter(|s| s.is_alloc() && s.flags & both == both);
    sections.any(|s| segment_of(image, s).is_some_and(|of| of.vaddr == segment.vaddr))
}

fn section_faults(image: &Image, section: &Section, fault: &mut impl FnMut(&str, String)) {
    let title = section.title();
    if section.is_tls_zeros() {
        return;
    }
    let Some(segment) = segment_of(image, section) else {
        fault(&title, "no PT_LOAD covers the section".into());
        return;
    };
    if section.flags & SHF_WRITE != 0 && segment.flags & PF_W == 0 {
        fault(&title, "a writable section lies in a segment that is not".into());
    }
    if section.flags & SHF_EXECINSTR != 0 && segment.flags & PF_X == 0 {
        fault(&title, "code lies in a segment that is not executable".into());
    }
    let in_file = section.offset.wrapping_sub(segment.offset) == section.addr - segment.vaddr;
    if !section.data.is_empty() && !in_file {
        fault(&title, "the segment maps other bytes than the section's".into());
    }
    if !section.data.is_empty() && section.addr - segment.vaddr + section.size > segment.filesz {
        fault(&title, "the segment's bytes in the file end before the section".into());
    }
    if section.kind == SHT_NOBITS && !begins_with_zeros(image, section, segment) {
        fault(&title, "the segment's bytes in the file fill what must be zero".into());
    }
}

/// Whether what the segment takes from the file for a section of zeros is zero.
fn begins_with_zeros(image: &Image, section: &Section, segment: &Segment) -> bool {
    let end = segment.vaddr.saturating_add(segment.filesz);
    let size = end.saturating_sub(section.addr).min(section.size);
    let bytes = image.memory.slice(section.addr, size as usize);
    size == 0 || bytes.is_none_or(|bytes| bytes.iter().all(|&byte| byte == 0))
}

/// Each special header covers exactly the section it stands for.
fn special_segments(image: &Image, fault: &mut impl FnMut(&str, String)) {
    const EXACT: [(u32, &str); 3] =
        [(PT_DYNAMIC, ".dynamic"), (PT_GNU_EH_FRAME, ".eh_frame_hdr"), (PT_INTERP, ".interp")];
    for (kind, section) in EXACT {
        let segment = image.segments.iter().find(|s| s.kind == kind);
        let section = image.section(section);
        if let (Some(segment), Some(section)) = (segment, section)
            && (segment.vaddr, segment.memsz) != (section.addr, section.size)
        {
            fault(name(kind), format!("it does not cover {}", section.title()));
        }
    }
    if let Some(tls) = image.segments.iter().find(|s| s.kind == PT_TLS) {
        // glibc's start-up code takes it for aligned when it places the block.
        if !tls.vaddr.is_multiple_of(tls.align.max(1)) {
            fault("PT_TLS", "it does not begin at a multiple of its alignment".into());
        }
        for section in image.sections.iter().filter(|s| s.is_tls() && s.size > 0) {
            if !tls.covers(section.addr, section.size) {
                fault("PT_TLS", format!("it does not cover {}", section.title()));
            }
            if section.align > tls.align.max(1) {
                fault("PT_TLS", format!("it is aligned less than {}", section.title()));
            }
            let from_file = section.addr.wrapping_sub(tls.vaddr).saturating_add(section.size);
            if section.kind != SHT_NOBITS && from_file > tls.filesz {
                fault("PT_TLS", format!("its bytes in the file end before {}", section.title()));
            }
            if section.kind == SHT_NOBITS && !begins_with_zeros(image, section, tls) {
                fault("PT_TLS", format!("its bytes in the file fill {}", section.title()));
            }
        }
    }
}

/// Special headers must be about what is loaded.
fn unloaded(image: &Image, side: Side, sink: &mut Sink) {
    let special = |s: &&Segment| ![0, PT_LOAD, PT_GNU_STACK, PT_TLS].contains(&s.kind);
    for s in image.segments.iter().filter(special) {
        let loads = || image.segments.iter().filter(|l| l.kind == PT_LOAD);
        let relro_rounding = if s.kind == PT_GNU_RELRO { 0x1000 } else { 0 };
        let loaded = loads().any(|l| {
            s.vaddr >= l.vaddr && s.vaddr + s.filesz <= l.end().saturating_add(relro_rounding)
        });
        if s.memsz == 0 || loaded || s.kind >= 0x6fff_ffff {
            continue;
        }
        let detail = format!("{}: no PT_LOAD covers it", image.label());
        let finding = Finding::new(Kind::SegmentFault, name(s.kind), detail).on(side);
        if s.kind == PT_NOTE && image.is_signed_by(b"Wild") {
            sink.count(Reason::StrayNote, "note", finding);
        } else {
            sink.push(finding);
        }
    }
}

/// Whether PT_GNU_RELRO means the section.
fn is_relro(image: &Image, section: &Section) -> bool {
    let mut relro = image.segments.iter().filter(|s| s.kind == PT_GNU_RELRO);
    relro.any(|s| s.covers(section.addr, section.size))
}

/// Whether any byte of the section becomes read-only: glibc and musl round both ends of
/// PT_GNU_RELRO down to pages.
fn loses_writing(image: &Image, section: &Section) -> bool {
    const PAGE: u64 = 0x1000;
    let page = |addr: u64| addr & !(PAGE - 1);
    let mut relro = image.segments.iter().filter(|s| s.kind == PT_GNU_RELRO);
    let end = section.addr.saturating_add(section.size);
    section.flags & SHF_WRITE != 0
        && !section.is_tls_zeros()
        && relro.any(|s| section.addr < page(s.end()) && end > page(s.vaddr))
}

/// Whether the section is the linker's own, and read-only after relocation or not as it likes.
fn is_own_relro(section: &Section) -> bool {
    section.is_linker_table() || section.name == b".relro_padding"
}

/// Sections that must become read-only after relocation if they do on one side, and must not if
/// they don't.
fn relro(pair: &Pair, sink: &mut Sink) {
    let any = |image: &Image| image.segments.iter().any(|s| s.kind == PT_GNU_RELRO);
    if !any(pair.a) || !any(pair.b) {
        return;
    }
    let loaded = |s: &&Section| s.is_alloc() && s.flags & SHF_WRITE != 0 && s.size > 0;
    for ours in pair.a.sections.iter().filter(loaded).filter(|s| !s.is_tls_zeros()) {
        let theirs = pair.b.sections.iter().filter(loaded).find(|s| s.name == ours.name);
        let Some(theirs) = theirs else { continue };
        let (l, r) = (is_relro(pair.a, ours), is_relro(pair.b, theirs));
        let lost_here = !l && !r && loses_writing(pair.a, ours);
        let lost_there = !l && !r && loses_writing(pair.b, theirs);
        sink.compared += 1;
        if l == r && lost_here == lost_there {
            continue;
        }
        let (l, r) = (l || lost_here, r || lost_there);
        let show = |relro| if relro { "read-only after relocation" } else { "writable" };
        let finding = Finding::new(Kind::Relro, ours.title(), "the reach of PT_GNU_RELRO differs")
            .showing(show(l), show(r));
        if is_own_relro(ours) {
            sink.count(Reason::RelroReach, &ours.title(), finding);
        } else {
            sink.push(finding);
        }
    }
}

fn stack(pair: &Pair, sink: &mut Sink) {
    let stack = |image: &Image| image.segments.iter().find(|s| s.kind == PT_GNU_STACK).copied();
    let (Some(l), Some(r)) = (stack(pair.a), stack(pair.b)) else { return };
    if l.flags & 7 != r.flags & 7 {
        let finding = Finding::new(Kind::StackRights, "PT_GNU_STACK", "stack rights differ");
        sink.push(finding.showing(rights_text(l.flags), rights_text(r.flags)));
    }
    // musl takes the size of threads' stacks from it.
    if l.memsz != r.memsz {
        let finding = Finding::new(Kind::StackRights, "PT_GNU_STACK", "stack sizes differ");
        sink.push(finding.showing(format!("{:#x}", l.memsz), format!("{:#x}", r.memsz)));
    }
}
