//! Which output section an input section goes to: the names of GNU ld's default script.

/// Order of `.text`'s parts: code that is rarely run stands together, away from hot code.
const UNLIKELY: u8 = 0;
const EXIT: u8 = 1;
const STARTUP: u8 = 2;
const HOT: u8 = 3;
/// Sorted by name among themselves, see `bin`.
pub(super) const SORTED: u8 = 4;
const REST: u8 = 5;

/// True for `prefix` itself and for `prefix.anything`.
pub fn is_named(name: &[u8], prefix: &[u8]) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest[0] == b'.')
}

/// Families of which every member goes to the section of the family's name.
const FAMILIES: &[&[u8]] = &[
    b".rodata",
    b".data",
    b".bss",
    b".tdata",
    b".tbss",
    b".gcc_except_table",
    b".eh_frame",
    b".init_array",
    b".fini_array",
    b".preinit_array",
    b".lrodata",
    b".ldata",
    b".lbss",
    b".ltext",
    b".debug_line",
];

/// `.gnu.linkonce.KEY.name`: what COMDAT groups were before gABI had them.
const LINKONCE: &[(&[u8], &[u8])] = &[
    (b"t", b".text"),
    (b"r", b".rodata"),
    (b"d.rel.ro", b".data.rel.ro"),
    (b"d", b".data"),
    (b"b", b".bss"),
    (b"td", b".tdata"),
    (b"tb", b".tbss"),
    (b"lr", b".lrodata"),
    (b"lb", b".lbss"),
    (b"lt", b".ltext"),
    (b"l", b".ldata"),
    (b"wi", b".debug_info"),
];

/// Name of the output section, and the order within it that goes before the order of input.
///
/// `crt_file`: the object is one of the compiler's `crtbegin*.o` and `crtend*.o`, whose `.ctors`
/// frame the list.
pub(super) fn output(name: &[u8], keep_text_prefix: bool, crt_file: bool) -> (&[u8], u8) {
    if name.first() != Some(&b'.') {
        return (name, 0);
    }
    if let Some(rest) = name.strip_prefix(b".text") {
        if rest.is_empty() {
            return (b".text", REST);
        }
        return if rest[0] == b'.' { text(name, rest, keep_text_prefix) } else { (name, 0) };
    }
    if let Some(rest) = name.strip_prefix(b".data.rel.ro") {
        if rest.starts_with(b".local") {
            return (b".data.rel.ro", 0);
        }
        if rest.is_empty() || rest[0] == b'.' {
            return (b".data.rel.ro", 1);
        }
    }
    if let Some(rest) = name.strip_prefix(b".gnu.linkonce.") {
        return linkonce(name, rest);
    }
    match name {
        b".stub" => return (b".text", REST),
        b".tcommon" => return (b".tbss", 1),
        b".dynbss" => return (b".bss", 0),
        b".dynlbss" => return (b".lbss", 0),
        _ => {}
    }
    // GNU ld runs old constructor lists through the new arrays, in reverse (SORT_BY_INIT_PRIORITY
    // with .ctors.N counted as 65535 - N); `.ctors` of crtbegin.o and crtend.o are a frame, no entries.
    if is_named(name, b".ctors") {
        return if crt_file { (b".ctors", 0) } else { (b".init_array", 0) };
    }
    if is_named(name, b".dtors") {
        return if crt_file { (b".dtors", 0) } else { (b".fini_array", 0) };
    }
    match FAMILIES.iter().find(|prefix| is_named(name, prefix)) {
        Some(prefix) => (prefix, u8::from(*prefix == b".bss" || *prefix == b".lbss")),
        None => (name, 0),
    }
}

fn text<'a>(name: &'a [u8], rest: &[u8], keep: bool) -> (&'a [u8], u8) {
    const PARTS: &[(&[u8], &[u8], u8)] = &[
        (b".unlikely", b".text.unlikely", UNLIKELY),
        (b".exit", b".text.exit", EXIT),
        (b".startup", b".text.startup", STARTUP),
        (b".hot", b".text.hot", HOT),
    ];
    for &(part, own, rank) in PARTS {
        if is_named(rest, part) {
            return if keep { (own, rank) } else { (b".text", rank) };
        }
    }
    if rest.starts_with(b".sorted.") {
        return (b".text", SORTED);
    }
    if name.ends_with(b"_unlikely") {
        return (b".text", UNLIKELY);
    }
    (b".text", REST)
}

fn linkonce<'a>(name: &'a [u8], rest: &[u8]) -> (&'a [u8], u8) {
    if rest.starts_with(b"d.rel.ro.local.") {
        return (b".data.rel.ro", 0);
    }
    let found = LINKONCE
        .iter()
        .find(|(key, _)| rest.strip_prefix(*key).is_some_and(|rest| rest.first() == Some(&b'.')));
    match found {
        Some((b"t", output)) => (output, REST),
        Some((b"d.rel.ro" | b"b" | b"lb", output)) => (output, 1),
        Some((_, output)) => (output, 0),
        None => (name, 0),
    }
}

/// `crtbegin.o`, `crtbeginT.o`, `crtend.o`, `crtendS.o` … as GNU ld's `*crtbegin?.o` matches them.
pub(super) fn is_crt_file(path: &[u8]) -> bool {
    let Some(stem) = path.strip_suffix(b".o") else { return false };
    [&b"crtbegin"[..], b"crtend"].iter().any(|crt| {
        stem.ends_with(crt) || stem.split_last().is_some_and(|(_, stem)| stem.ends_with(crt))
    })
}

/// Whether a section may refer to discarded ones: unwind information of a discarded group's code is never
/// reached.
pub fn may_dangle(name: &[u8]) -> bool {
    name.starts_with(b".gcc_except_table")
}

/// Debug information, by the names that `-S` removes.
pub fn is_debug(name: &[u8]) -> bool {
    [&b".debug"[..], b".zdebug", b".stab", b".line", b".gdb_index", b".gnu.linkonce.wi."]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// `.gnu.warning.NAME` holds what to say of a reference to NAME.
pub(super) const WARNING: &[u8] = b".gnu.warning.";

/// By its flags an object says whether it needs an executable stack.
pub(super) const STACK_NOTE: &[u8] = b".note.GNU-stack";

/// Sections that gild doesn't pass on whatever their type.
pub(super) fn is_dropped(name: &[u8]) -> bool {
    match name {
        STACK_NOTE | b".note.gnu.property" | b".gnu_debuglink" | b".gnu_debugaltlink" => true,
        // Offsets in it are relative to itself; a concatenation would be no SFrame section.
        b".sframe" => true,
        _ => {
            name.starts_with(b".gnu.lto_")
                || name.starts_with(b".gnu.debuglto_")
                || name.starts_with(WARNING)
                || name == b".gnu.warning"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_where_gnu_ld_puts_them() {
        let cases: &[(&str, &str, u8)] = &[
            (".text", ".text", REST),
            (".text.main", ".text", REST),
            (".text.unlikely", ".text", UNLIKELY),
            (".text.unlikely.main", ".text", UNLIKELY),
            (".text.main_unlikely", ".text", UNLIKELY),
            (".text.unlikely_main", ".text", REST),
            (".text.exit.f", ".text", EXIT),
            (".text.startup.main", ".text", STARTUP),
            (".text.hot", ".text", HOT),
            (".text.hotter", ".text", REST),
            (".text.sorted.3", ".text", SORTED),
            (".textual", ".textual", 0),
            (".gnu.linkonce.t.f", ".text", REST),
            (".gnu.linkonce.this_module", ".gnu.linkonce.this_module", 0),
            (".gnu.linkonce.d.rel.ro.local.x", ".data.rel.ro", 0),
            (".gnu.linkonce.d.rel.ro.x", ".data.rel.ro", 1),
            (".gnu.linkonce.td.x", ".tdata", 0),
            (".gnu.linkonce.lr.x", ".lrodata", 0),
            (".rodata", ".rodata", 0),
            (".rodata.str1.1", ".rodata", 0),
            (".rodata1", ".rodata1", 0),
            (".data", ".data", 0),
            (".data.x", ".data", 0),
            (".data.rel", ".data", 0),
            (".data.rel.local", ".data", 0),
            (".data.rel.ro", ".data.rel.ro", 1),
            (".data.rel.ro.x", ".data.rel.ro", 1),
            (".data.rel.ro.local", ".data.rel.ro", 0),
            (".data.rel.ro.local.x", ".data.rel.ro", 0),
            (".data.rel.root", ".data", 0),
            (".data1", ".data1", 0),
            (".bss.x", ".bss", 1),
            (".tbss.x", ".tbss", 0),
            (".tcommon", ".tbss", 1),
            (".init_array.101", ".init_array", 0),
            (".ctors.65434", ".init_array", 0),
            (".ctors", ".init_array", 0),
            (".dtors", ".fini_array", 0),
            (".gcc_except_table._Z1fv", ".gcc_except_table", 0),
            (".lbss.x", ".lbss", 1),
            (".init", ".init", 0),
            (".note.ABI-tag", ".note.ABI-tag", 0),
            (".debug_info", ".debug_info", 0),
            ("counters", "counters", 0),
            ("", "", 0),
        ];
        for &(name, expected, rank) in cases {
            let found = output(name.as_bytes(), false, false);
            assert_eq!(found, (expected.as_bytes(), rank), "{name}");
        }
    }

    #[test]
    fn keep_text_section_prefix_keeps_four_of_them() {
        let cases = [
            (".text.hot.f", ".text.hot"),
            (".text.unlikely", ".text.unlikely"),
            (".text.startup.main", ".text.startup"),
            (".text.exit.f", ".text.exit"),
            (".text.f", ".text"),
        ];
        for (name, expected) in cases {
            assert_eq!(output(name.as_bytes(), true, false).0, expected.as_bytes());
        }
    }

    #[test]
    fn the_frame_of_ctors_stays_apart() {
        assert!(is_crt_file(b"/usr/lib/gcc/x86_64-linux-gnu/12/crtbeginT.o"));
        assert!(is_crt_file(b"crtend.o"));
        assert!(!is_crt_file(b"crtbeginning.o"));
        assert!(!is_crt_file(b".o"));
        assert_eq!(output(b".ctors", false, true).0, b".ctors");
        assert_eq!(output(b".dtors", false, true).0, b".dtors");
    }

    #[test]
    fn debug_names() {
        assert!(is_debug(b".debug_info") && is_debug(b".zdebug_str") && is_debug(b".stabstr"));
        assert!(!is_debug(b".data") && !is_debug(b".comment"));
    }
}
