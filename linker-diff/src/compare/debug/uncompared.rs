//! What is not compared, and said to be.

use super::super::Pair;
use super::super::sink::Sink;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::reason::Reason;

/// Indices and tables that repeat what `.debug_info` says, and macros, which hold no addresses.
const SECTIONS: [&str; 12] = [
    ".debug_aranges",
    ".debug_cu_index",
    ".debug_gnu_pubnames",
    ".debug_gnu_pubtypes",
    ".debug_macinfo",
    ".debug_macro",
    ".debug_names",
    ".debug_pubnames",
    ".debug_pubtypes",
    ".debug_tu_index",
    ".debug_types",
    ".gdb_index",
];

/// Names the sections that differ and are not looked into.
pub fn report(pair: &Pair, sink: &mut Sink) {
    for name in SECTIONS {
        let (left, right) = (bytes(pair.a, name), bytes(pair.b, name));
        if left != right {
            let size = |bytes: Option<&[u8]>| match bytes {
                Some(bytes) => format!("{} bytes", bytes.len()),
                None => "missing".into(),
            };
            let finding = Finding::new(Kind::NotCompared, name, "the section is not looked into");
            let finding = finding.showing(size(left), size(right));
            sink.count(Reason::SaidElsewhere, name, finding);
        }
    }
}

fn bytes<'a>(image: &Image<'a>, name: &str) -> Option<&'a [u8]> {
    image.section(name).filter(|s| s.size > 0).map(|s| s.data)
}
