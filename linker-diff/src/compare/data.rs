//! Two objects, byte by byte, with the pointers in them followed.

use super::Pair;
use super::resolve::{self, Verdict};
use super::sink::{Anonymous, Sink};
use crate::code::text;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::dynamic::R_IRELATIVE;
use crate::model::elf::SHF_WRITE;
use crate::model::symbols::STT_NOTYPE;
use crate::model::target::{Target, canonical, pointer_at};
use crate::reason::Reason;

/// Differences of one object that are shown.
const SHOWN: usize = 4;

/// How many referred-to addresses before an entry may be the base of its table.
const BASES: usize = 6;

/// How far before an entry its table may begin, in bytes.
const TABLE: u64 = 1 << 16;

/// One difference between two runs of bytes.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Where in the run, in bytes.
    pub offset: u64,
    /// What sort.
    pub kind: Kind,
    /// In words.
    pub detail: String,
    /// Why it is harmless, or known.
    pub reason: Option<Reason>,
}

impl Difference {
    fn new(offset: u64, kind: Kind, detail: String) -> Self {
        Difference { offset, kind, detail, reason: None }
    }
}

/// What was found in two runs of bytes.
#[derive(Default, Debug)]
pub struct Outcome {
    /// Differences by offset.
    pub differences: Vec<Difference>,
    /// Entries of tables of 32-bit addresses or distances.
    pub entries: usize,
    /// Places whose content decides.
    pub pending: Vec<(u64, Verdict)>,
}

/// Compares a pair of objects.
pub fn compare(pair: &Pair, x: AtomId, y: AtomId, sink: &mut Sink) {
    sink.compared += 1;
    let (left, right) = (pair.a.atoms.get(x), pair.b.atoms.get(y));
    let name = || text::atom(pair.a, x);
    if left.sized && right.sized && left.size() != right.size() {
        let detail = format!("{} bytes here and {} there", left.size(), right.size());
        sink.push(Finding::new(Kind::ObjectSize, name(), detail));
    }
    if left.class == Class::Zeros && right.class == Class::Zeros {
        return;
    }
    if !left.sized || !right.sized {
        let is_label =
            |l: &crate::model::atoms::Label| pair.a.symbols[l.symbol as usize].kind == STT_NOTYPE;
        // An object of no size, as Rust has them, says nothing about what lies behind it.
        if !pair.a.atoms.labels(x).iter().all(is_label) {
            return;
        }
        sink.anonymous.push(Anonymous {
            left: left.start,
            right: right.start,
            tls: false,
            named: false,
            from: x,
            offset: 0,
            stated: 0,
        });
        return;
    }
    let size = left.size().min(right.size());
    let outcome = runs(pair, left.start, right.start, size);
    sink.anonymous
        .extend(outcome.pending.iter().filter_map(|(offset, v)| v.anonymous(x, *offset as u32)));
    let vtable = name().starts_with("{vtable(") || name().starts_with("vtable for ");
    for d in outcome.differences.iter().take(SHOWN) {
        let kind = if vtable && d.kind == Kind::DataPointer { Kind::Vtable } else { d.kind };
        let place = if d.offset == 0 { name() } else { format!("{}+{:#x}", name(), d.offset) };
        let (ours, theirs) = excerpt(pair, left.start, right.start, d.offset, size);
        let finding = Finding::new(kind, place, d.detail.clone()).showing(ours, theirs);
        sink.take(d.reason, "bound", finding);
    }
}

/// The bytes around a difference.
pub fn excerpt(pair: &Pair, x: u64, y: u64, offset: u64, size: u64) -> (String, String) {
    let from = offset & !15;
    let len = (size - from).min(32) as usize;
    let show = |image: &Image, start: u64| {
        image.memory.slice(start + from, len).map_or_else(|| "zeros".into(), text::hex)
    };
    (show(pair.a, x), show(pair.b, y))
}

/// Compares `size` bytes at `x` and `y`.
pub fn runs(pair: &Pair, x: u64, y: u64, size: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let ours = bytes(pair.a, x, size);
    let theirs = bytes(pair.b, y, size);
    let relocated = relocated(pair, x, y, size);
    for &offset in &relocated {
        pointer(pair, x, y, offset, &mut outcome);
    }
    let mut at = 0usize;
    let mut next_reloc = relocated.iter().copied().peekable();
    while at < size as usize {
        let stop = next_reloc.peek().map_or(size as usize, |&r| (r as usize).min(size as usize));
        match first_difference(&ours, &theirs, at, stop) {
            Some(found) if outcome.differences.len() <= SHOWN => {
                at = differing(pair, (x, y), (&ours, &theirs), found, &mut outcome);
            }
            Some(_) => break,
            None => {
                at = at.max(stop);
                if next_reloc.next().is_some() {
                    at = at.max(stop + 8);
                }
            }
        }
        while next_reloc.peek().is_some_and(|&r| (r as usize) < at) {
            let r = next_reloc.next().unwrap_or(0) as usize;
            at = at.max(r + 8);
        }
    }
    outcome.differences.sort_by_key(|d| d.offset);
    outcome
}

fn bytes(image: &Image, start: u64, size: u64) -> Vec<u8> {
    let held = image.memory.from(start).unwrap_or(&[]);
    let mut bytes = held[..held.len().min(size as usize)].to_vec();
    bytes.resize(size as usize, 0);
    bytes
}

fn first_difference(ours: &[u8], theirs: &[u8], from: usize, to: usize) -> Option<usize> {
    if from >= to {
        return None;
    }
    if ours[from..to] == theirs[from..to] {
        return None;
    }
    (from..to).find(|&i| ours[i] != theirs[i])
}

/// Offsets that a dynamic relocation fills on either side.
fn relocated(pair: &Pair, x: u64, y: u64, size: u64) -> Vec<u64> {
    let offsets = |image: &Image, start: u64| -> Vec<u64> {
        image.dynamic.within(start, start + size).iter().map(|r| r.at - start).collect()
    };
    let mut all = offsets(pair.a, x);
    all.extend(offsets(pair.b, y));
    all.sort_unstable();
    all.dedup();
    all
}

/// Compares the pointers at `offset`, at least one of which is relocated.
fn pointer(pair: &Pair, x: u64, y: u64, offset: u64, outcome: &mut Outcome) {
    let (a, b) = (pair.a, pair.b);
    let (left, right) = (a.dynamic.at(x + offset), b.dynamic.at(y + offset));
    let ifunc =
        |r: Option<&crate::model::dynamic::DynReloc>| r.is_some_and(|r| r.kind == R_IRELATIVE);
    let dropped = |(l, r)| resolve::targets(pair, l, r) == Verdict::Dropped;
    if a.is_pie() == b.is_pie()
        && !pointer_at(a, x + offset).zip(pointer_at(b, y + offset)).is_some_and(dropped)
        && left.is_some() != right.is_some()
        && !(ifunc(left) || ifunc(right))
    {
        let side = if left.is_some() { "second" } else { "first" };
        let detail = format!("the pointer is not relocated in the {side} program");
        outcome.differences.push(Difference::new(offset, Kind::DynamicMissing, detail));
        return;
    }
    let (Some(left), Some(right)) = (pointer_at(a, x + offset), pointer_at(b, y + offset)) else {
        return;
    };
    judge(pair, left, right, offset, outcome);
}

fn judge(pair: &Pair, left: Target, right: Target, offset: u64, outcome: &mut Outcome) {
    let verdict = resolve::targets(pair, left, right);
    let kind = match verdict {
        Verdict::Same => return,
        Verdict::Content { .. } => {
            outcome.pending.push((offset, verdict));
            return;
        }
        Verdict::Dropped => Kind::DataPointer,
        Verdict::Addend => Kind::PointerAddend,
        Verdict::Different => match (left, right) {
            (Target::Ifunc(_), _) | (_, Target::Ifunc(_)) => Kind::Ifunc,
            _ => Kind::DataPointer,
        },
    };
    let detail = format!(
        "points to {} on one side and to {} on the other",
        text::target(pair.a, left),
        text::target(pair.b, right)
    );
    let reason = (verdict == Verdict::Dropped).then_some(Reason::StartStopGc);
    outcome.differences.push(Difference { reason, ..Difference::new(offset, kind, detail) });
}

/// Looks for what the differing bytes are part of, and returns where to go on.
fn differing(
    pair: &Pair,
    (x, y): (u64, u64),
    (ours, theirs): (&[u8], &[u8]),
    at: usize,
    outcome: &mut Outcome,
) -> usize {
    let aligned = |size: u64| {
        let back = ((x + at as u64) % size) as usize;
        at.checked_sub(back).filter(|&s| s + size as usize <= ours.len())
    };
    if !pair.a.is_pie() && !pair.b.is_pie() {
        let unaligned = (at.saturating_sub(7)..=at).rev();
        let mut starts = aligned(8).into_iter().chain(unaligned);
        if let Some(next) = starts.find_map(|at| wide(pair, x, (ours, theirs), at, outcome)) {
            return next;
        }
    }
    // Tables of assembly need not be aligned; then their entries count from their start.
    let starts = aligned(4).into_iter().chain([at & !3]);
    for start in starts {
        if let Some(next) = narrow(pair, (x, y), (ours, theirs), start, outcome) {
            outcome.entries += 1;
            return next;
        }
    }
    let end = (at..ours.len()).find(|&i| ours[i] == theirs[i]).unwrap_or(ours.len());
    let detail = format!("{} bytes differ", end - at);
    outcome.differences.push(Difference::new(at as u64, Kind::DataBytes, detail));
    end
}

/// Tries an absolute address of 64 bits.
fn wide(
    pair: &Pair,
    x: u64,
    (ours, theirs): (&[u8], &[u8]),
    start: usize,
    outcome: &mut Outcome,
) -> Option<usize> {
    let (left, right) = (word(ours, start)?, word(theirs, start)?);
    let owned = (pair.a.memory.contains_or_ends(left), pair.b.memory.contains_or_ends(right));
    let (left, right) = (canonical(pair.a, left), canonical(pair.b, right));
    if owned != (true, true) && resolve::targets(pair, left, right) != Verdict::Dropped {
        return None;
    }
    let alike = || match resolve::targets(pair, left, right) {
        Verdict::Same | Verdict::Dropped => true,
        Verdict::Content { left, right, .. } => begin_alike(pair, left, right),
        _ => false,
    };
    if !(x + start as u64).is_multiple_of(8) && !alike() {
        return None;
    }
    judge(pair, left, right, start as u64, outcome);
    Some(start + 8)
}

/// Tries a 32-bit entry: an absolute address, or a distance from the entry or from its table.
fn narrow(
    pair: &Pair,
    (x, y): (u64, u64),
    (ours, theirs): (&[u8], &[u8]),
    start: usize,
    outcome: &mut Outcome,
) -> Option<usize> {
    let (left, right) = (half(ours, start)?, half(theirs, start)?);
    let (a, b) = (pair.a, pair.b);
    let absolute = (left as u32 as u64, right as u32 as u64);
    if !a.is_pie() && a.memory.contains(absolute.0) && b.memory.contains(absolute.1) {
        match resolve::addresses(pair, absolute.0, absolute.1) {
            Verdict::Same => return Some(start + 4),
            verdict @ Verdict::Content { .. } if begin_alike(pair, absolute.0, absolute.1) => {
                outcome.pending.push((start as u64, verdict));
                return Some(start + 4);
            }
            _ => {}
        }
    }
    let place = x + start as u64;
    let section = a.section_at(place).map_or(place, |s| s.addr);
    let bases = a.refs.boundaries_before(place).take(BASES).take_while(|&b| b >= section);
    let distances =
        std::iter::once(0).chain(bases.map(|base| place - base).take_while(|&d| d <= TABLE));
    let mut in_code = false;
    let mut content = None;
    for distance in distances {
        let to = (place - distance).wrapping_add(i64::from(left) as u64);
        let other = (y + start as u64).wrapping_sub(distance).wrapping_add(i64::from(right) as u64);
        if !a.memory.contains(to) || !b.memory.contains(other) {
            continue;
        }
        match resolve::addresses(pair, to, other) {
            Verdict::Same => return Some(start + 4),
            verdict @ Verdict::Content { .. }
                if in_constants(a, place) && begin_alike(pair, to, other) =>
            {
                content.get_or_insert(verdict);
            }
            _ => {}
        }
        let code = |image: &Image, at| image.section_at(at).is_some_and(|s| s.is_code());
        in_code |= code(a, to) && code(b, other);
    }
    if let Some(verdict) = content {
        // A table of distances to strings.
        outcome.pending.push((start as u64, verdict));
        return Some(start + 4);
    }
    if !in_code {
        return None;
    }
    let detail = "the entry leads elsewhere".into();
    outcome.differences.push(Difference::new(start as u64, Kind::JumpTable, detail));
    Some(start + 4)
}

/// Whether `addr` lies in data that no one writes after relocation.
fn in_constants(image: &Image, addr: u64) -> bool {
    image
        .section_at(addr)
        .is_some_and(|s| s.flags & SHF_WRITE == 0 || s.name.starts_with(b".data.rel.ro"))
}

/// Whether the first bytes at two places are equal, and tell something: zeros are everywhere.
fn begin_alike(pair: &Pair, x: u64, y: u64) -> bool {
    let first = |image: &Image, at| {
        image.memory.slice(at, 3).filter(|bytes| bytes.iter().any(|&c| c != 0)).map(<[u8]>::to_vec)
    };
    first(pair.a, x).is_some_and(|bytes| Some(bytes) == first(pair.b, y))
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The references that an outcome leaves open, for the anonymous rounds.
pub fn pending(pair: &Pair, outcome: &Outcome, from: &Anonymous) -> Vec<Anonymous> {
    let behind = |at: u64| pair.a.memory.word(at + 8).and_then(|w| u32::try_from(w).ok());
    let next = |(offset, verdict): &(u64, Verdict)| {
        let next = verdict.anonymous(from.from, from.offset)?;
        Some(Anonymous { stated: behind(from.left + offset).unwrap_or(0), ..next })
    };
    outcome.pending.iter().filter_map(next).collect()
}
