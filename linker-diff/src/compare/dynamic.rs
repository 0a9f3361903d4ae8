//! Dynamic tags and relocations, of static-PIE programs above all.

use super::Pair;
use super::sink::Sink;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::dynamic::{
    self, DT_JMPREL, DT_RELA, DT_RELR, R_IRELATIVE, R_RELATIVE, R_TPOFF64, Table,
};
use crate::model::elf::{PF_W, PT_LOAD, SHT_RELA, SHT_RELR, Section};
use crate::reason::Reason;

/// How many relative relocations DT_RELA begins with: glibc applies so many without looking.
const DT_RELACOUNT: u64 = 0x6fff_fff9;

/// Tags whose presence changes what start-up code does. FLAGS and FLAGS_1 are compared bit by bit;
/// DT_BIND_NOW changes nothing in a static program.
const TELLING: [(u64, &str); 9] = [
    (1, "DT_NEEDED"),
    (12, "DT_INIT"),
    (13, "DT_FINI"),
    (16, "DT_SYMBOLIC"),
    (22, "DT_TEXTREL"),
    (25, "DT_INIT_ARRAY"),
    (26, "DT_FINI_ARRAY"),
    (32, "DT_PREINIT_ARRAY"),
    (17, "DT_REL"),
];

/// Compares them.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    for (image, side) in [(pair.a, Side::Left), (pair.b, Side::Right)] {
        faults(image, side, sink);
        if has_tags(image) {
            tag_faults(image, side, sink);
        }
    }
    // That one side has none is told of the program header.
    if !has_tags(pair.a) || !has_tags(pair.b) {
        return;
    }
    for (tag, name) in TELLING {
        let (l, r) = (pair.a.dynamic.tag(tag).is_some(), pair.b.dynamic.tag(tag).is_some());
        sink.compared += 1;
        if l != r {
            let show = |has| if has { "present" } else { "missing" };
            let finding = Finding::new(Kind::DynamicTag, name, "the tag is on one side only");
            sink.push(finding.showing(show(l), show(r)));
        }
    }
    const DF_1_PIE: u64 = 0x0800_0000;
    const DF_TEXTREL: u64 = 4;
    for (tag, name, mask) in [(30, "DT_FLAGS", DF_TEXTREL), (0x6fff_fffb, "DT_FLAGS_1", DF_1_PIE)] {
        let value = |image: &Image| image.dynamic.tag(tag).unwrap_or(0);
        let (l, r) = (value(pair.a), value(pair.b));
        if l == r {
            continue;
        }
        let finding = Finding::new(Kind::DynamicTag, name, "the flags differ")
            .showing(format!("{l:#x}"), format!("{r:#x}"));
        let reason = ((l ^ r) & mask == 0).then_some(Reason::TagOfLayout);
        sink.take(reason, name, finding);
    }
}

fn has_tags(image: &Image) -> bool {
    dynamic::has_tags(&image.segments)
}

/// A position-independent program relocates itself by tags alone: they must say what the sections
/// do.
fn tag_faults(image: &Image, side: Side, sink: &mut Sink) {
    let mut fault = |what: String| {
        let detail = format!("{}: {what}", image.label());
        sink.push(Finding::new(Kind::DynamicFault, "dynamic tags", detail).on(side));
    };
    let tables = image.dynamic.tables();
    for (tag, name, value) in expected_tags(image, &tables) {
        match image.dynamic.tag(tag) {
            Some(found) if found == value => {}
            Some(found) => fault(format!("{name} is {found:#x} instead of {value:#x}")),
            None => fault(format!("{name} is missing")),
        }
    }
    if !image.sectionless {
        against_sections(image, &tables, &mut fault);
    }
    let counted = image.dynamic.tag(DT_RELACOUNT).unwrap_or(0);
    let table = tables.iter().find(|t| t.tag == DT_RELA);
    let leading = table.map_or(0, |table| leading_relative(image, table));
    if counted > leading {
        fault(format!("DT_RELACOUNT is {counted}, but {leading} relative relocations come first"));
    }
}

/// Tags of which the gABI and glibc's start-up code leave no choice.
fn expected_tags(image: &Image, tables: &[Table]) -> Vec<(u64, &'static str, u64)> {
    const DT_SYMTAB: u64 = 6;
    const BY_TABLE: [(u64, u64, &str, u64); 3] = [
        (DT_RELA, 9, "DT_RELAENT", 24),
        (DT_RELR, 37, "DT_RELRENT", 8),
        (DT_JMPREL, 20, "DT_PLTREL", DT_RELA),
    ];
    let with_table = BY_TABLE.iter().filter(|b| tables.iter().any(|t| t.tag == b.0));
    let mut expected: Vec<_> = with_table.map(|b| (b.1, b.2, b.3)).collect();
    let symbols = image.section(".dynsym").filter(|_| !image.sectionless);
    expected.extend(symbols.map(|s| (DT_SYMTAB, "DT_SYMTAB", s.addr)));
    expected
}

/// Each table begins and ends where sections of its type do, and none is left out.
fn against_sections(image: &Image, tables: &[Table], fault: &mut impl FnMut(String)) {
    let is_table = |s: &&Section| s.is_alloc() && matches!(s.kind, SHT_RELA | SHT_RELR);
    let sections = || image.sections.iter().filter(is_table).filter(|s| s.size > 0);
    for table in tables {
        let mut same_kind = sections().filter(|s| s.kind == table.section_kind);
        let begins = same_kind.clone().any(|s| s.addr == table.start);
        if !begins || !same_kind.any(|s| s.addr.wrapping_add(s.size) == table.end) {
            let (start, end) = (table.start, table.end);
            fault(format!("the relocations from {start:#x} to {end:#x} are no whole sections"));
        }
    }
    for s in sections() {
        let holds = |t: &&Table| t.start <= s.addr && s.addr.saturating_add(s.size) <= t.end;
        if tables.iter().find(holds).is_none_or(|t| t.section_kind != s.kind) {
            fault(format!("no tags name the relocations of {}", s.title()));
        }
    }
}

/// How many relative relocations the table begins with.
fn leading_relative(image: &Image, table: &Table) -> u64 {
    let kinds =
        (table.start..table.end).step_by(24).map(|at| image.memory.word32(at.wrapping_add(8)));
    kinds.take_while(|&kind| kind == Some(R_RELATIVE)).count() as u64
}

/// Relocations must write where writing is allowed, and refer to the program.
fn faults(image: &Image, side: Side, sink: &mut Sink) {
    let writable = |addr: u64| {
        let loads = image.segments.iter().filter(|s| s.kind == PT_LOAD);
        loads.filter(|s| s.covers(addr, 8)).any(|s| s.flags & PF_W != 0)
    };
    let mut last = None;
    for r in &image.dynamic.relocs {
        sink.compared += 1;
        let mut fault = |what: &str| {
            let detail = format!("{}: the relocation at {:#x} {what}", image.label(), r.at);
            sink.push(Finding::new(Kind::DynamicFault, "dynamic relocations", detail).on(side));
        };
        if !writable(r.at) {
            fault("writes outside of every writable segment");
        }
        if last == Some(r.at) {
            fault("writes where another one does");
        }
        last = Some(r.at);
        let addend = r.addend as u64;
        match r.kind {
            R_RELATIVE if !image.memory.contains_or_ends(addend) => {
                // Bases of tables that compilers bias lie a little outside.
                let far = addend.wrapping_sub(image.memory.start()) > u64::from(u32::MAX);
                if far {
                    fault("refers to nothing in the program");
                }
            }
            R_IRELATIVE if !image.section_at(addend).is_some_and(|s| s.is_code()) => {
                fault("names a resolver that is no code");
            }
            R_RELATIVE | R_IRELATIVE | R_TPOFF64 => {}
            kind if r.symbol == 0 => fault(&format!("has type {kind}, which needs a symbol")),
            _ => {}
        }
    }
}
