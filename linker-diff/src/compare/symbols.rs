//! Symbols by name: binding, visibility, type, size, place.

use std::collections::{HashMap, HashSet};

use super::Pair;
use super::kept::{self, has_counterpart};
use super::resolve::{self, Verdict};
use super::sink::Sink;
use super::variants;
use crate::code::text;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::elf::SHF_WRITE;
use crate::model::linker_defined::is_linker_defined;
use crate::model::symbols::{
    STB_LOCAL, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, STT_TLS, Symbol, readable,
};
use crate::model::target::Target;
use crate::reason::Reason;

/// What is looked up by name: globals, and locals whose name is unique.
type Names<'a> = HashMap<&'a [u8], Option<Symbol<'a>>>;

fn names<'a>(image: &Image<'a>) -> Names<'a> {
    let mut map: Names = HashMap::new();
    for s in image.symbols.iter().filter(|s| s.is_place() || s.is_absolute()) {
        if s.kind == crate::model::symbols::STT_FILE {
            continue;
        }
        map.entry(s.name)
            .and_modify(|seen| match seen {
                Some(other) if other.is_local() && !s.is_local() => *seen = Some(*s),
                Some(other) if !other.is_local() && s.is_local() => {}
                _ => *seen = None,
            })
            .or_insert(Some(*s));
    }
    map
}

/// Compares the symbol tables.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    let (a, b) = (pair.a, pair.b);
    match (a.is_stripped(), b.is_stripped()) {
        (true, true) => return,
        (false, false) => {}
        (ours, _) => {
            let side = if ours { Side::Left } else { Side::Right };
            let finding = Finding::new(Kind::SymbolMissing, ".symtab", "one program is stripped");
            sink.count(Reason::Stripped, "symtab", finding.on(side));
            return;
        }
    }
    let (ours, theirs) = (names(a), names(b));
    let habit = localises(&ours, &theirs);
    let (lost, gained) = (reached(pair, Side::Right), reached(pair, Side::Left));
    let mut sorted: Vec<_> = ours.iter().collect();
    sorted.sort_by_key(|(name, _)| **name);
    for (name, left) in sorted {
        sink.compared += 1;
        match (left, theirs.get(name)) {
            (Some(l), Some(Some(r))) => both(pair, l, r, habit, sink),
            (Some(l), None) => missing(pair, Side::Right, l, &lost, sink),
            _ => {}
        }
    }
    let mut sorted: Vec<_> = theirs.iter().filter(|(name, _)| !ours.contains_key(*name)).collect();
    sorted.sort_by_key(|(name, _)| **name);
    for symbol in sorted.into_iter().filter_map(|(_, symbol)| symbol.as_ref()) {
        missing(pair, Side::Left, symbol, &gained, sink);
    }
}

/// Whether one linker makes a tenth or more of the other's globals local.
fn localises(ours: &Names, theirs: &Names) -> bool {
    let shared = ours.iter().filter_map(|(name, l)| {
        let (l, r) = (l.as_ref()?, theirs.get(name)?.as_ref()?);
        (l.visibility == 0 && r.visibility == 0).then_some((l.is_local(), r.is_local()))
    });
    let (mut parted, mut all) = (0, 0);
    for (l, r) in shared.filter(|(l, r)| !l || !r) {
        all += 1;
        parted += usize::from(l != r);
    }
    parted > 2 && parted * 10 >= all
}

/// What two symbols of one name say; `habit`: one linker makes globals local.
fn both(pair: &Pair, l: &Symbol, r: &Symbol, habit: bool, sink: &mut Sink) {
    if is_linker_defined(l.name) {
        return;
    }
    bindings(pair, l, r, habit, sink);
    visibilities(pair, l, r, sink);
    let canonical_plt = kinds(pair, l, r, sink);
    if canonical_plt {
        return;
    }
    if l.size != r.size && !is_variant(pair, l, r) {
        sink.push(differs(Kind::SymbolSize, l, "size", [l, r].map(|s| s.size.to_string())));
    }
    if !l.is_absolute() || !r.is_absolute() {
        place(pair, l, r, sink);
    } else if l.value != r.value {
        let shown = [l, r].map(|s| format!("{:#x}", s.value));
        sink.push(differs(Kind::SymbolValue, l, "value", shown));
    }
}

fn differs(kind: Kind, symbol: &Symbol, what: &str, [ours, theirs]: [String; 2]) -> Finding {
    let detail = format!("the {what} differs");
    Finding::new(kind, readable(symbol.name), detail).showing(ours, theirs)
}

/// Whether nothing outside of the program's file could see it.
fn is_hidden(symbol: &Symbol) -> bool {
    symbol.is_local() || matches!(symbol.visibility, 1 | 2)
}

fn bindings(pair: &Pair, l: &Symbol, r: &Symbol, habit: bool, sink: &mut Sink) {
    if l.bind == r.bind {
        return;
    }
    let reason = if l.name.contains(&b'@') {
        Some(Reason::VersionedName)
    } else if l.is_local() != r.is_local() && habit {
        Some(Reason::LocalByHabit)
    } else if is_wrapped(pair, l.name) {
        Some(Reason::WrapVisibility)
    } else if is_hidden(l) && is_hidden(r) {
        Some(Reason::HiddenIsLocal)
    } else {
        None
    };
    let finding = differs(Kind::SymbolBinding, l, "binding", [l, r].map(|s| bind(s.bind)));
    sink.take(reason, "binding", finding);
}

fn visibilities(pair: &Pair, l: &Symbol, r: &Symbol, sink: &mut Sink) {
    if l.visibility == r.visibility {
        return;
    }
    let reason = if is_wrapped(pair, l.name) {
        Some(Reason::WrapVisibility)
    } else if is_hidden(l) && is_hidden(r) && (l.is_local() || r.is_local()) {
        Some(Reason::HiddenIsLocal)
    } else {
        None
    };
    let shown = [l, r].map(|s| visibility(s.visibility));
    sink.take(reason, "visibility", differs(Kind::SymbolVisibility, l, "visibility", shown));
}

/// True for an ifunc whose entry in the PLT stands for it on one side: nothing else can be alike.
fn kinds(pair: &Pair, l: &Symbol, r: &Symbol, sink: &mut Sink) -> bool {
    if l.kind == r.kind {
        return false;
    }
    let kinds = [l.kind, r.kind];
    let canonical_plt = kinds.contains(&STT_GNU_IFUNC) && kinds.contains(&STT_FUNC);
    let sizeless = l.size == 0 && r.size == 0;
    let aliases = || is_alias(pair.a, l) && is_alias(pair.b, r);
    let reason = if canonical_plt {
        Some(Reason::CanonicalPlt)
    } else if kinds.contains(&STT_NOTYPE) && (sizeless || aliases()) {
        Some(Reason::TypeLeftOut)
    } else {
        None
    };
    let finding = differs(Kind::SymbolType, l, "type", kinds.map(|kind| kind.to_string()));
    sink.take(reason, "type", finding);
    canonical_plt
}

/// Whether `--wrap` gave this function a wrapper, or it is one.
fn is_wrapped(pair: &Pair, name: &[u8]) -> bool {
    let wrapper = [b"__wrap_", name].concat();
    let wrapped = name.strip_prefix(b"__wrap_");
    let has = |name: &[u8]| pair.a.symbols.iter().any(|s| s.name == name && s.is_defined());
    wrapped.map_or_else(|| has(&wrapper), has)
}

/// Whether the symbol stands for a place that has another name.
fn is_alias(image: &Image, symbol: &Symbol) -> bool {
    let Some(id) = image.atoms.find(symbol.value) else { return false };
    let distance = symbol.value - image.atoms.get(id).start;
    image.atoms.labels(id).iter().filter(|l| l.offset == distance).count() > 1
}

/// Whether both name the same inline function of different compilations.
fn is_variant(pair: &Pair, l: &Symbol, r: &Symbol) -> bool {
    let (x, y) = (pair.a.atoms.find(l.value), pair.b.atoms.find(r.value));
    x.zip(y).is_some_and(|(x, y)| variants::are(pair, x, y))
}

/// Both must name the same distance in atoms that are a pair.
fn place(pair: &Pair, l: &Symbol, r: &Symbol, sink: &mut Sink) {
    let (a, b) = (pair.a, pair.b);
    if resolve::share_empty_name(pair, l.value, r.value) {
        return;
    }
    let find = |image: &Image, s: &Symbol| match s.kind {
        STT_TLS => image.atoms.last_tls_before(s.value),
        _ => image.atoms.find(s.value),
    };
    let (Some(x), Some(y)) = (find(a, l), find(b, r)) else { return };
    let same_distance = l.value - a.atoms.get(x).start == r.value - b.atoms.get(y).start;
    let paired = pair.pairing.right_of(x) == Some(y);
    if paired && same_distance {
        return;
    }
    let copies = resolve::addresses(pair, l.value, r.value) == Verdict::Same;
    if l.kind != STT_TLS && copies {
        let finding = Finding::new(Kind::SymbolPlace, readable(l.name), "another copy was taken");
        sink.count(Reason::EqualCopies, "place", finding);
        return;
    }
    if !paired && pair.pairing.right_of(x).is_none() && pair.pairing.left_of(y).is_none() {
        // Markers in unnamed ranges: there is nothing to hold them against.
        return;
    }
    let show = |image: &Image, s: &Symbol| match s.kind {
        STT_TLS => text::target(image, crate::model::target::Target::Tls(s.value as i64)),
        _ => text::address(image, s.value),
    };
    let finding = Finding::new(Kind::SymbolPlace, readable(l.name), "the symbol is elsewhere")
        .showing(show(a, l), show(b, r));
    let reason = if l.size == r.size && equal_constants(pair, l, r) {
        Some(Reason::Merged)
    } else {
        (l.is_local() && r.is_local() && l.size == 0).then_some(Reason::LocalDropped)
    };
    sink.take(reason, "place", finding);
}

/// Whether both name read-only bytes that are equal.
fn equal_constants(pair: &Pair, l: &Symbol, r: &Symbol) -> bool {
    let bytes = |image: &Image, s: &Symbol| {
        let section = image.section_at(s.value)?;
        let constant = !section.is_code() && section.flags & SHF_WRITE == 0;
        let bytes = image.memory.slice(s.value, s.size as usize)?;
        (constant && s.kind != STT_TLS).then(|| bytes.to_vec())
    };
    l.size > 0 && bytes(pair.a, l).is_some() && bytes(pair.a, l) == bytes(pair.b, r)
}

/// What the program on `side` has no counterpart for although code or data of both refers to it.
fn reached(pair: &Pair, side: Side) -> HashSet<AtomId> {
    let image = if side == Side::Right { pair.a } else { pair.b };
    let mut out = kept::reached(pair, side, image);
    for (id, _) in image.atoms.iter().filter(|&(id, _)| has_counterpart(&pair.pairing, side, id)) {
        let variable = |target| match target {
            Target::Tls(offset) => image.atoms.last_tls_before(offset as u64),
            _ => None,
        };
        out.extend(image.refs.of(id).iter().filter_map(|r| variable(r.target)));
    }
    out
}

/// A name that the program on `side` lacks.
fn missing(pair: &Pair, side: Side, symbol: &Symbol, reached: &HashSet<AtomId>, sink: &mut Sink) {
    let (has, lacks) = match side {
        Side::Right => (pair.a, pair.b),
        _ => (pair.b, pair.a),
    };
    let name = readable(symbol.name);
    let detail = format!("{} has no symbol of that name", lacks.label());
    let item = format!("{name} ({} bytes)", symbol.size);
    let finding = Finding::new(Kind::SymbolMissing, name, detail);
    let mut finding = finding.on(side).listing(vec![item]);
    let shown = if symbol.is_absolute() {
        format!("{:#x}", symbol.value)
    } else {
        text::address(has, symbol.value)
    };
    finding = match side {
        Side::Right => finding.showing(shown, "missing"),
        _ => finding.showing("missing", shown),
    };
    let atom = if symbol.kind == STT_TLS {
        has.atoms.last_tls_before(symbol.value)
    } else {
        has.atoms.find(symbol.value)
    };
    // Code that is missed was reported as such.
    let needed = atom.is_some_and(|id| {
        let in_use = reached.contains(&id) && has.atoms.get(id).class != Class::Code;
        has_counterpart(&pair.pairing, side, id) || in_use
    });
    let in_table = has.section_at(symbol.value).is_some_and(|s| s.is_linker_table());
    let (reason, topic) = if symbol.name.contains(&b'@') || is_versioned(lacks, symbol.name) {
        (Some(Reason::VersionedName), "name")
    } else if is_linker_defined(symbol.name) || in_table || is_linker_made(symbol.name) {
        (Some(Reason::OwnSymbol), "name")
    } else if symbol.bind == STB_LOCAL {
        (Some(Reason::LocalDropped), "name")
    } else if in_constants(has, symbol) && (symbol.visibility == 2 || is_alias(has, symbol)) {
        (Some(Reason::Merged), "symbol")
    } else {
        // Of what nobody reaches the atom itself was reported as kept or missing.
        ((!needed).then_some(Reason::Unreached), "symbol")
    };
    sink.take(reason, topic, finding);
}

fn in_constants(image: &Image, symbol: &Symbol) -> bool {
    let section = image.section_at(symbol.value);
    section.is_some_and(|s| !s.is_code() && s.flags & SHF_WRITE == 0)
}

/// Whether the name is there with a version behind it.
fn is_versioned(image: &Image, name: &[u8]) -> bool {
    let plain = |s: &Symbol| s.name.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"@"));
    image.symbols.iter().any(plain)
}

/// Names that linkers give to their own stubs and tables.
fn is_linker_made(name: &[u8]) -> bool {
    name.ends_with(b"$got") || name.ends_with(b"$plt") || name.ends_with(b"$gottpoff")
}

fn bind(bind: u8) -> String {
    match bind {
        0 => "local".into(),
        1 => "global".into(),
        2 => "weak".into(),
        10 => "unique".into(),
        other => other.to_string(),
    }
}

fn visibility(visibility: u8) -> String {
    ["default", "internal", "hidden", "protected"][usize::from(visibility & 3)].into()
}
