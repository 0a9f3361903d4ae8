//! ELF headers.

use super::Pair;
use super::resolve::{self, Verdict};
use super::sink::Sink;
use crate::code::text;
use crate::finding::{Finding, Kind};
use crate::model::elf::ET_DYN;
use crate::reason::Reason;

/// Compares type, flags, ABI and entry point.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    let (a, b) = (&pair.a.header, &pair.b.header);
    let kind = |k| if k == ET_DYN { "position-independent" } else { "fixed-address" };
    let rows = [
        ("type", kind(a.kind).to_owned(), kind(b.kind).to_owned()),
        ("flags", a.flags.to_string(), b.flags.to_string()),
        ("ABI version", a.abi_version.to_string(), b.abi_version.to_string()),
    ];
    for (what, ours, theirs) in rows.into_iter().filter(|r| r.1 != r.2) {
        let finding = Finding::new(Kind::FileHeader, "ELF header", format!("the {what} differs"));
        sink.push(finding.showing(ours, theirs));
    }
    // ELFOSABI_GNU (3) marks programs with ifuncs or unique symbols; Linux takes it for 0.
    if a.osabi != b.osabi {
        let finding = Finding::new(Kind::FileHeader, "ELF header", "the OS ABI differs")
            .showing(a.osabi.to_string(), b.osabi.to_string());
        let known = [a.osabi, b.osabi].iter().all(|osabi| [0, 3].contains(osabi));
        let reason = known.then_some(Reason::TypeOfLayout);
        sink.take(reason, "osabi", finding);
    }
    sink.compared += 4;
    let show = |image, entry| text::address(image, entry);
    let (ours, theirs) = (show(pair.a, a.entry), show(pair.b, b.entry));
    for (image, entry, shown) in [(pair.a, a.entry, &ours), (pair.b, b.entry, &theirs)] {
        if !image.section_at(entry).is_some_and(|s| s.is_code()) {
            let detail = format!("{} begins outside of any code, at {shown}", image.label());
            sink.push(Finding::new(Kind::Entry, "ELF header", detail));
            return;
        }
    }
    if resolve::addresses(pair, a.entry, b.entry) != Verdict::Same {
        let finding = Finding::new(Kind::Entry, "ELF header", "the entry points differ");
        sink.push(finding.showing(ours, theirs));
    }
}
