//! Dynamic tags and relocations, of static-PIE programs above all.

use super::Pair;
use super::sink::Sink;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::dynamic::{R_IRELATIVE, R_RELATIVE, R_TPOFF64};
use crate::model::elf::{PF_W, PT_LOAD};
use crate::reason::Reason;

/// Tags whose presence changes what start-up code does: NEEDED, INIT, FINI, SYMBOLIC, TEXTREL,
/// BIND_NOW, the three arrays. FLAGS and FLAGS_1 are compared bit by bit.
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
    }
    if pair.a.dynamic.tags.is_empty() || pair.b.dynamic.tags.is_empty() {
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
        if (l ^ r) & mask == 0 {
            sink.count(Reason::TagOfLayout, name, finding);
        } else {
            sink.push(finding);
        }
    }
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
