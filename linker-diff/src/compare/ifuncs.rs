//! Indirect functions: their resolvers run, and each has one address.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::Mnemonic;

use super::Pair;
use super::resolve::{self, Verdict};
use super::sink::Sink;
use crate::code::fields::{self, Memory};
use crate::code::{Decoder, Insn, text};
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::atoms::Class;
use crate::model::dynamic::{DynReloc, R_IRELATIVE, R_RELATIVE};
use crate::model::plt;
use crate::reason::Reason;

/// Compares them.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    same_resolvers(pair, sink);
    for (image, side) in [(pair.a, Side::Left), (pair.b, Side::Right)] {
        unapplied(image, side, sink);
    }
    if irelative(pair.a).next().is_some() {
        several_addresses(pair, sink);
    }
}

fn irelative<'i>(image: &'i Image) -> impl Iterator<Item = &'i DynReloc> {
    image.dynamic.relocs.iter().filter(|r| r.kind == R_IRELATIVE)
}

/// The same resolvers are run, each at least once.
fn same_resolvers(pair: &Pair, sink: &mut Sink) {
    let resolvers =
        |image: &Image| -> BTreeSet<u64> { irelative(image).map(|r| r.addend as u64).collect() };
    let (ours, theirs) = (resolvers(pair.a), resolvers(pair.b));
    let same = |l, r| resolve::addresses(pair, l, r) == Verdict::Same;
    for &l in ours.iter().filter(|&&l| !theirs.iter().any(|&r| same(l, r))) {
        let place = text::address(pair.a, l);
        let finding =
            Finding::new(Kind::Ifunc, place.clone(), "the second program never runs this resolver");
        missing_resolver(pair, Side::Right, l, finding.showing(place, "missing"), sink);
    }
    for &r in theirs.iter().filter(|&&r| !ours.iter().any(|&l| same(l, r))) {
        let place = text::address(pair.b, r);
        let finding =
            Finding::new(Kind::Ifunc, place.clone(), "the first program never runs this resolver");
        missing_resolver(pair, Side::Left, r, finding.showing("missing", place), sink);
    }
    sink.compared += ours.len() as u64;
}

fn missing_resolver(pair: &Pair, side: Side, addr: u64, finding: Finding, sink: &mut Sink) {
    let image = if side == Side::Right { pair.a } else { pair.b };
    let counterpart = image.atoms.find(addr).is_some_and(|id| match side {
        Side::Right => pair.pairing.right_of(id).is_some(),
        _ => pair.pairing.left_of(id).is_some(),
    });
    if counterpart {
        sink.push(finding.on(side));
    } else {
        sink.count(Reason::Unreached, "ifunc", finding.on(side));
    }
}

/// The start-up code of a fixed-address program applies what lies from `__rela_iplt_start` to
/// `__rela_iplt_end`, nothing else.
fn unapplied(image: &Image, side: Side, sink: &mut Sink) {
    let bound = |name: &[u8]| image.symbols.iter().find(|s| s.name == name && s.is_defined());
    let (Some(start), Some(end)) = (bound(b"__rela_iplt_start"), bound(b"__rela_iplt_end")) else {
        return;
    };
    if image.is_pie() {
        return;
    }
    // A damaged program's bounds may be any.
    let entries = (start.value..end.value).step_by(24).take(image.dynamic.relocs.len());
    let applied: BTreeSet<u64> = entries.filter_map(|at| image.memory.word(at)).collect();
    let left = irelative(image).filter(|r| !applied.contains(&r.at)).count();
    if left > 0 {
        let detail = format!(
            "{}: {left} IRELATIVE relocations lie outside of __rela_iplt_start and _end",
            image.label()
        );
        sink.push(Finding::new(Kind::DynamicFault, "dynamic relocations", detail).on(side));
    }
}

/// How the address of an indirect function is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Address {
    /// It is that of the PLT entry which jumps through this slot.
    Stub(u64),
    /// It is what a resolver left in this slot.
    Resolved(u64),
}

impl Address {
    /// What programs can compare: a resolver leaves the same in every slot.
    fn value(self) -> Self {
        match self {
            Address::Stub(_) => self,
            Address::Resolved(_) => Address::Resolved(0),
        }
    }
}

/// Every address that is taken, by the place of the instruction or pointer that takes it.
type Taken = BTreeMap<u64, Address>;

/// What stands on the other side where an address is taken on one, as values with a place each.
type Counterparts = BTreeMap<Address, BTreeMap<Address, u64>>;

/// C and C++ let programs compare addresses of functions: wherever one program takes the same one,
/// the other must, too. A slot belongs to one function, a resolver may to several.
fn several_addresses(pair: &Pair, sink: &mut Sink) {
    let (ours, theirs) = (taken(pair.a), taken(pair.b));
    let (mut right, mut left) = (Counterparts::new(), Counterparts::new());
    for (&place, &l) in &ours {
        let Some(other) = counterpart(pair, place) else { continue };
        let Some(&r) = theirs.get(&other) else { continue };
        sink.compared += 1;
        right.entry(l).or_default().entry(r.value()).or_insert(other);
        left.entry(r).or_default().entry(l.value()).or_insert(place);
    }
    report(pair.a, &left, Side::Left, sink);
    report(pair.b, &right, Side::Right, sink);
}

/// The place on the right that corresponds to one on the left.
fn counterpart(pair: &Pair, place: u64) -> Option<u64> {
    let x = pair.a.atoms.find(place)?;
    let y = pair.pairing.right_of(x)?;
    Some(pair.b.atoms.get(y).start.wrapping_add(place - pair.a.atoms.get(x).start))
}

fn report(image: &Image, counterparts: &Counterparts, side: Side, sink: &mut Sink) {
    for values in counterparts.values().filter(|values| values.len() > 1) {
        let shown = values.iter().map(|(value, place)| {
            let what = match value {
                Address::Stub(_) => "its PLT entry",
                Address::Resolved(_) => "what its resolver returns",
            };
            format!("{}: {what}", text::address(image, *place))
        });
        let shown = shown.collect::<Vec<_>>().join("\n");
        let detail = format!("{}: one function has several addresses", image.label());
        let finding = Finding::new(Kind::Ifunc, "addresses of functions", detail).on(side);
        sink.push(match side {
            Side::Left => finding.showing(shown, ""),
            _ => finding.showing("", shown),
        });
    }
}

fn taken(image: &Image) -> Taken {
    let mut taken = Taken::new();
    by_code(image, &mut taken);
    by_data(image, &mut taken);
    taken
}

fn by_code(image: &Image, taken: &mut Taken) {
    for (_, atom) in image.atoms.iter().filter(|(_, atom)| atom.class == Class::Code) {
        let bytes = image.memory.slice(atom.start, atom.size() as usize);
        for insn in Decoder::new(bytes.unwrap_or_default(), atom.start) {
            taken.extend(by_instruction(image, &insn).map(|address| (insn.ip(), address)));
        }
    }
}

fn by_instruction(image: &Image, insn: &Insn) -> Option<Address> {
    if matches!(insn.mnemonic(), Mnemonic::Call | Mnemonic::Jmp) {
        return None;
    }
    let fields = fields::of(insn);
    match fields.memory {
        Some(Memory::Relative(at)) if insn.mnemonic() == Mnemonic::Lea => stub(image, at),
        Some(Memory::Relative(at)) if image.is_got(at) => in_slot(image, at),
        _ if image.is_pie() => None,
        _ => stub(image, fields.immediate? as u64),
    }
}

/// What a GOT slot that is read gives, or a pointer.
fn in_slot(image: &Image, slot: u64) -> Option<Address> {
    match image.dynamic.at(slot) {
        Some(r) if r.kind == R_IRELATIVE => Some(Address::Resolved(slot)),
        Some(r) if r.kind == R_RELATIVE => stub(image, r.addend as u64),
        Some(_) => None,
        None => stub(image, image.memory.word(slot).filter(|_| !image.is_pie())?),
    }
}

fn stub(image: &Image, addr: u64) -> Option<Address> {
    let slot = plt::slot_of_stub(image, addr)?;
    image.dynamic.at(slot).filter(|r| r.kind == R_IRELATIVE)?;
    Some(Address::Stub(slot))
}

fn by_data(image: &Image, taken: &mut Taken) {
    let relocated = image.dynamic.relocs.iter().map(|r| r.at);
    let mut pointers: Vec<u64> = relocated.filter(|&at| !image.is_got(at)).collect();
    if !image.is_pie() {
        let plain = image.sections.iter().filter(|s| s.is_alloc() && !s.is_code());
        for section in plain.filter(|s| !s.is_linker_table()) {
            let words = section.data.chunks_exact(8).zip((section.addr..).step_by(8));
            let in_plt = |word: &[u8]| {
                word.try_into().is_ok_and(|word| image.is_plt(u64::from_le_bytes(word)))
            };
            pointers.extend(words.filter(|(word, _)| in_plt(word)).map(|(_, at)| at));
        }
    }
    taken.extend(pointers.into_iter().filter_map(|at| Some((at, in_slot(image, at)?))));
}
