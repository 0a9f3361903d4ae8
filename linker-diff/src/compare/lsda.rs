//! The language-specific data of a function: call sites, actions and caught types (the tables of
//! `.gcc_except_table`, read by the C++ and Rust personality routines).

use super::Pair;
use super::resolve::{self, Verdict};
use super::sink::Sink;
use crate::code::text;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::target::{Target, canonical, pointer_at};
use crate::model::unwind::Fde;
use crate::reason::Reason;

/// A parsed table.
struct Table {
    /// All that doesn't depend on addresses: call sites, actions, lists of exception specifications.
    fixed: Vec<u8>,
    /// Types by filter, from 1 up; `None` catches all.
    types: Vec<Option<Target>>,
}

/// Compares the tables of two FDEs.
pub fn compare(pair: &Pair, f: &Fde, g: &Fde, sink: &mut Sink) {
    let (ours, theirs) = match (f.lsda(), g.lsda()) {
        (None, None) => return,
        (Some(l), Some(r)) => (l, r),
        (l, _) => {
            let place = text::address(pair.a, f.start);
            let show = |has| if has { "present" } else { "missing" };
            let finding = Finding::new(Kind::Lsda, place, "one side has no exception table");
            sink.push(finding.showing(show(l.is_some()), show(l.is_none())));
            return;
        }
    };
    sink.compared += 1;
    let finding =
        |what: &str| Finding::new(Kind::Lsda, text::address(pair.a, f.start), what.to_owned());
    let (l, r) = match (parse(pair.a, ours), parse(pair.b, theirs)) {
        (Some(l), Some(r)) => (l, r),
        (None, None) => {
            sink.count(Reason::InputFault, "lsda", finding("no exception table can be read"));
            return;
        }
        _ => {
            sink.push(finding("an exception table cannot be read"));
            return;
        }
    };
    if l.fixed != r.fixed {
        let at = l.fixed.iter().zip(&r.fixed).position(|(x, y)| x != y).unwrap_or(0) & !15;
        let show = |b: &[u8]| text::hex(&b[at.min(b.len())..b.len().min(at + 32)]);
        sink.push(finding("call sites or actions differ").showing(show(&l.fixed), show(&r.fixed)));
    }
    for (ours, theirs) in l.types.iter().zip(&r.types) {
        let verdict = match (ours, theirs) {
            (Some(l), Some(r)) => resolve::targets(pair, *l, *r),
            (None, None) => Verdict::Same,
            _ => Verdict::Different,
        };
        if matches!(verdict, Verdict::Different | Verdict::Addend) {
            let show = |image, t: &Option<Target>| match t {
                Some(t) => text::target(image, *t),
                None => "everything".into(),
            };
            let finding = finding("catches another type");
            sink.push(finding.showing(show(pair.a, ours), show(pair.b, theirs)));
        }
    }
}

/// A reader over the table's bytes that remembers its address.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let b = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(b)
    }

    fn uleb(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            value |= u64::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn sleb(&mut self) -> Option<i64> {
        let start = self.at;
        let value = self.uleb()?;
        let bits = ((self.at - start) * 7).min(64);
        Some((value << (64 - bits)) as i64 >> (64 - bits))
    }

    /// One number in a call site, by its encoding.
    fn number(&mut self, encoding: u8) -> Option<u64> {
        match encoding & 0xf {
            0x1 => self.uleb(),
            0x3 | 0xb => {
                let b = self.bytes.get(self.at..self.at + 4)?;
                self.at += 4;
                Some(u32::from_le_bytes(b.try_into().ok()?).into())
            }
            _ => None,
        }
    }
}

fn parse(image: &Image, addr: u64) -> Option<Table> {
    let bytes = image.memory.from(addr)?;
    let mut r = Reader { bytes, at: 0 };
    // DW_EH_PE_omit: landing pads count from the function's start.
    if r.byte()? != 0xff {
        return None;
    }
    let type_encoding = r.byte()?;
    let type_base = match type_encoding {
        0xff => None,
        _ => {
            let distance = r.uleb()? as usize;
            Some(r.at.checked_add(distance)?)
        }
    };
    let encoding = r.byte()?;
    let length = r.uleb()? as usize;
    let actions = r.at.checked_add(length)?;
    let mut first_actions = Vec::new();
    while r.at < actions {
        for _ in 0..3 {
            r.number(encoding)?;
        }
        let action = r.uleb()?;
        if action != 0 {
            first_actions.push(action as usize - 1);
        }
    }
    let (filters, end) = follow(bytes, actions, &first_actions)?;
    let mut fixed = bytes.get(..end)?.to_vec();
    let Some(base) = type_base else { return Some(Table { fixed, types: Vec::new() }) };
    let mut highest = filters.iter().copied().max().unwrap_or(0).max(0) as u64;
    for filter in filters.into_iter().filter(|&filter| filter < 0) {
        let (list, last) = specification(bytes, base, filter)?;
        fixed.extend_from_slice(list);
        highest = highest.max(last);
    }
    let types: Option<_> = (1..=usize::try_from(highest).ok()?)
        .map(|i| caught(image, addr, base, i, type_encoding))
        .collect();
    Some(Table { fixed, types: types? })
}

/// The types that a function may throw by its exception specification, and the highest of them: a
/// list that ends with 0. Filter -1 is the first byte behind the base of the types (Itanium C++ ABI,
/// exception handling tables).
fn specification(bytes: &[u8], base: usize, filter: i64) -> Option<(&[u8], u64)> {
    let start = base.checked_add(usize::try_from(filter.unsigned_abs() - 1).ok()?)?;
    let mut list = Reader { bytes, at: start };
    let mut highest = 0;
    loop {
        match list.uleb()? {
            0 => return Some((&bytes[start..list.at], highest)),
            index => highest = highest.max(index),
        }
    }
}

/// Follows the action chains: their filters, and where the last action ends.
fn follow(bytes: &[u8], actions: usize, firsts: &[usize]) -> Option<(Vec<i64>, usize)> {
    let (mut filters, mut end) = (Vec::new(), actions);
    for &first in firsts {
        let mut at = actions.checked_add(first)?;
        // A chain longer than the table's bytes would be a cycle.
        for _ in 0..256 {
            let mut r = Reader { bytes, at };
            let filter = r.sleb()?;
            let link = r.at;
            let next = r.sleb()?;
            filters.push(filter);
            end = end.max(r.at);
            if next == 0 {
                break;
            }
            at = link.checked_add_signed(next as isize)?;
        }
    }
    Some((filters, end))
}

/// The type that filter `index` catches; the table grows downwards from its base.
fn caught(
    image: &Image,
    addr: u64,
    base: usize,
    index: usize,
    encoding: u8,
) -> Option<Option<Target>> {
    let size: usize = match encoding & 0xf {
        0x3 | 0xb => 4,
        0x0 | 0x4 | 0xc => 8,
        _ => return None,
    };
    let at = addr.checked_add(base as u64)?.checked_sub((size * index) as u64)?;
    let raw = image.memory.slice(at, size)?;
    let value = match size {
        4 => i64::from(i32::from_le_bytes(raw.try_into().ok()?)),
        _ => i64::from_le_bytes(raw.try_into().ok()?),
    };
    if value == 0 {
        return Some(None);
    }
    let target = match encoding & 0x70 {
        0x10 => at.wrapping_add(value as u64),
        0x00 if size == 8 => return pointer_at(image, at).map(Some),
        0x00 => value as u32 as u64,
        _ => return None,
    };
    if encoding & 0x80 != 0 {
        return pointer_at(image, target).map(Some);
    }
    Some(Some(canonical(image, target)))
}
