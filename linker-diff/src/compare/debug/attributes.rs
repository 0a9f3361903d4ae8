//! The entries of two units, attribute by attribute.

use gimli::{AttributeValue, Expression, Operation};

use super::super::Pair;
use super::super::resolve::{self, Verdict};
use super::super::sink::Sink;
use super::units::Unit;
use super::{Place, count_dead, has_left, has_right, is_weak, place};
use crate::code::text;
use crate::finding::{Finding, Kind, Side};
use crate::model::Image;
use crate::model::unwind::Slice;
use crate::reason::Reason;

type Value<'d> = AttributeValue<Slice<'d>>;

/// The offset from the start of the block that a 32-bit offset from the thread pointer means, in a
/// program whose linker is known to write those.
fn from_thread_pointer(image: &Image, value: u64) -> Option<u64> {
    let tls = image.tls.filter(|_| image.is_signed_by(b"Wild"))?;
    Some(tls.block_offset(i64::from(value as u32 as i32)) as u64)
}

/// The two units, and where differences go.
struct Comparer<'w, 'i, 'a, 'd> {
    pair: &'w Pair<'i, 'a>,
    left: &'w Unit<'d>,
    right: &'w Unit<'d>,
    found: &'w mut Vec<Finding>,
    sink: &'w mut Sink,
}

/// Compares the entries of a pair of units.
///
/// # Errors
/// When one cannot be read.
pub fn compare<'d>(
    pair: &Pair,
    left: &Unit<'d>,
    right: &Unit<'d>,
    found: &mut Vec<Finding>,
    sink: &mut Sink,
) -> gimli::Result<()> {
    let mut ours = left.unit.entries_raw(None)?;
    let mut theirs = right.unit.entries_raw(None)?;
    let mut walk = Comparer { pair, left, right, found, sink };
    while !ours.is_empty() && !theirs.is_empty() {
        let (l, r) = (ours.read_abbreviation()?, theirs.read_abbreviation()?);
        let (l, r) = match (l, r) {
            (None, None) => continue,
            (Some(l), Some(r)) if l.tag() == r.tag() && l.attributes() == r.attributes() => (l, r),
            _ => {
                walk.differ(Kind::DebugUnit, "the entries differ in kind", "", "");
                return Ok(());
            }
        };
        for (spec, other) in l.attributes().iter().zip(r.attributes()) {
            let value = ours.read_attribute(*spec)?.value();
            let counterpart = theirs.read_attribute(*other)?.value();
            walk.values(spec.name(), &value, &counterpart)?;
        }
    }
    if ours.is_empty() != theirs.is_empty() {
        walk.differ(Kind::DebugUnit, "one unit has more entries", "", "");
    }
    Ok(())
}

impl<'d> Comparer<'_, '_, '_, 'd> {
    fn differ(&mut self, kind: Kind, what: &str, left: &str, right: &str) {
        self.found.push(Finding::new(kind, self.left.name(), what).showing(left, right));
    }

    fn values(&mut self, name: gimli::DwAt, l: &Value<'d>, r: &Value<'d>) -> gimli::Result<()> {
        use AttributeValue as V;
        match (*l, *r) {
            (V::Addr(x), V::Addr(y)) => self.addresses(name, x, y),
            (V::DebugAddrIndex(x), V::DebugAddrIndex(y)) => {
                let x = self.left.dwarf.address(&self.left.unit, x)?;
                let y = self.right.dwarf.address(&self.right.unit, y)?;
                self.addresses(name, x, y);
            }
            (
                V::DebugStrRef(_) | V::DebugLineStrRef(_),
                V::DebugStrRef(_) | V::DebugLineStrRef(_),
            )
            | (V::DebugStrOffsetsIndex(_), V::DebugStrOffsetsIndex(_)) => {
                let x = self.left.dwarf.attr_string(&self.left.unit, *l)?;
                let y = self.right.dwarf.attr_string(&self.right.unit, *r)?;
                if x.slice() != y.slice() {
                    let (x, y) = (x.to_string_lossy(), y.to_string_lossy());
                    self.differ(Kind::DebugString, &format!("{name} differs"), &x, &y);
                }
            }
            (V::Exprloc(x), V::Exprloc(y)) => self.expressions(name, x, y)?,
            (V::RangeListsRef(_) | V::DebugRngListsIndex(_), _) => self.ranges(name, l, r)?,
            (V::LocationListsRef(_) | V::DebugLocListsIndex(_), _) => self.locations(name, l, r)?,
            // Offsets in other sections and of other units follow from the layout; what lies there
            // is compared for itself.
            (V::SecOffset(_), V::SecOffset(_))
            | (V::DebugAddrBase(_), V::DebugAddrBase(_))
            | (V::DebugInfoRef(_), V::DebugInfoRef(_))
            | (V::DebugLineRef(_), V::DebugLineRef(_))
            | (V::DebugLocListsBase(_), V::DebugLocListsBase(_))
            | (V::DebugMacinfoRef(_), V::DebugMacinfoRef(_))
            | (V::DebugMacroRef(_), V::DebugMacroRef(_))
            | (V::DebugRngListsBase(_), V::DebugRngListsBase(_))
            | (V::DebugStrOffsetsBase(_), V::DebugStrOffsetsBase(_)) => {}
            (x, y) if x == y => {}
            (x, y) => {
                let what = format!("{name} differs");
                self.differ(Kind::DebugUnit, &what, &format!("{x:?}"), &format!("{y:?}"));
            }
        }
        Ok(())
    }

    fn addresses(&mut self, name: gimli::DwAt, x: u64, y: u64) {
        match place(self.pair, x, y) {
            Place::Same => {}
            Place::Dead => count_dead(self.pair, x, y, &self.left.name(), self.sink),
            // A unit of several ranges has 0 as its base.
            Place::Different if x == 0 && y == 0 => {}
            Place::Different => {
                let (l, r) = (text::address(self.pair.a, x), text::address(self.pair.b, y));
                self.differ(Kind::DebugAddress, &format!("{name} differs"), &l, &r);
            }
        }
    }

    fn thread_locals(&mut self, name: gimli::DwAt, x: u64, y: u64) {
        let same = |x, y| resolve::thread_local(self.pair, x, y) == Verdict::Same;
        if same(x, y) {
            return;
        }
        let (a, b) = (self.pair.a, self.pair.b);
        let left = from_thread_pointer(a, x).is_some_and(|x| same(x, y));
        let right = from_thread_pointer(b, y).is_some_and(|y| same(x, y));
        let finding = Finding::new(Kind::DebugAddress, self.left.name(), format!("{name} differs"))
            .showing(x.to_string(), y.to_string());
        match (left, right) {
            (true, _) => self.sink.count(Reason::ThreadOffset, "tls", finding.on(Side::Left)),
            (_, true) => self.sink.count(Reason::ThreadOffset, "tls", finding.on(Side::Right)),
            _ => self.found.push(finding),
        }
    }

    fn ranges(&mut self, name: gimli::DwAt, l: &Value<'d>, r: &Value<'d>) -> gimli::Result<()> {
        let ours = ranges(self.left, l)?;
        let theirs = ranges(self.right, r)?;
        let ours = self.live(&ours, true);
        let theirs = self.live(&theirs, false);
        if ours.len() != theirs.len() && self.kept_copies(name, &ours, &theirs) {
            return Ok(());
        }
        if ours.len() != theirs.len() {
            let (l, r) = (format!("{} ranges", ours.len()), format!("{} ranges", theirs.len()));
            self.differ(Kind::DebugAddress, &format!("{name} differs"), &l, &r);
            return Ok(());
        }
        for (x, y) in ours.iter().zip(&theirs) {
            self.addresses(name, x.begin, y.begin);
            if x.end.wrapping_sub(x.begin) != y.end.wrapping_sub(y.begin) {
                self.differ(Kind::DebugAddress, &format!("a range of {name} is longer"), "", "");
            }
        }
        Ok(())
    }

    /// Whether one list has but more weak functions than the other.
    fn kept_copies(
        &mut self,
        name: gimli::DwAt,
        ours: &[gimli::Range],
        theirs: &[gimli::Range],
    ) -> bool {
        let left = ours.len() > theirs.len();
        let image = if left { self.pair.a } else { self.pair.b };
        let (long, short) = if left { (ours, theirs) } else { (theirs, ours) };
        let same = |one: &gimli::Range, other: &gimli::Range| {
            let (x, y) = if left { (one, other) } else { (other, one) };
            place(self.pair, x.begin, y.begin) == Place::Same
        };
        let weak = |at| image.atoms.find(at).is_some_and(|id| is_weak(image, id));
        let mut rest = short.iter().peekable();
        let extra: Vec<_> =
            long.iter().filter(|r| rest.next_if(|s| same(r, s)).is_none()).collect();
        let copies = rest.peek().is_none() && extra.iter().all(|r| weak(r.begin));
        if copies {
            let finding = Finding::new(Kind::DebugAddress, self.left.name(), format!("{name}"));
            let finding = finding.showing(format!("{ours:x?}"), format!("{theirs:x?}"));
            self.sink.count(Reason::KeptCopy, "ranges", finding);
        }
        copies
    }

    /// Ranges of code that both programs have.
    fn live(&self, ranges: &[gimli::Range], left: bool) -> Vec<gimli::Range> {
        let image = if left { self.pair.a } else { self.pair.b };
        let shared = |id| if left { has_right(self.pair, id) } else { has_left(self.pair, id) };
        let kept =
            |r: &&gimli::Range| r.begin < r.end && image.atoms.find(r.begin).is_some_and(shared);
        ranges.iter().filter(kept).copied().collect()
    }

    fn locations(&mut self, name: gimli::DwAt, l: &Value<'d>, r: &Value<'d>) -> gimli::Result<()> {
        let ours = locations(self.left, l)?;
        let theirs = locations(self.right, r)?;
        // Lists of discarded code end early or are empty where their base was marked as dead.
        for ((x, e), (y, f)) in ours.iter().zip(&theirs) {
            match place(self.pair, x.begin, y.begin) {
                Place::Same => {}
                Place::Dead => return Ok(()),
                Place::Different => {
                    self.addresses(name, x.begin, y.begin);
                    return Ok(());
                }
            }
            if x.end.wrapping_sub(x.begin) != y.end.wrapping_sub(y.begin) {
                self.differ(Kind::DebugAddress, &format!("a range of {name} is longer"), "", "");
            }
            self.expressions(name, *e, *f)?;
        }
        Ok(())
    }

    fn expressions(
        &mut self,
        name: gimli::DwAt,
        l: Expression<Slice<'d>>,
        r: Expression<Slice<'d>>,
    ) -> gimli::Result<()> {
        // DW_OP_addr is 0x03, DW_OP_addrx 0xa1: without them equal bytes say the same.
        let addressed = l.0.slice().iter().any(|b| matches!(b, 0x03 | 0xa1));
        if l.0 == r.0 && !addressed {
            return Ok(());
        }
        let (mut ours, mut theirs) =
            (l.operations(self.left.unit.encoding()), r.operations(self.right.unit.encoding()));
        loop {
            match (ours.next()?, theirs.next()?) {
                (None, None) => return Ok(()),
                (Some(x), Some(y)) => self.operations(name, x, y)?,
                _ => {
                    self.differ(Kind::DebugUnit, &format!("{name} differs in length"), "", "");
                    return Ok(());
                }
            }
        }
    }

    fn operations(
        &mut self,
        name: gimli::DwAt,
        x: Operation<Slice<'d>>,
        y: Operation<Slice<'d>>,
    ) -> gimli::Result<()> {
        match (x, y) {
            (Operation::Address { address: x }, Operation::Address { address: y }) => {
                self.addresses(name, x, y);
            }
            (Operation::AddressIndex { index: x }, Operation::AddressIndex { index: y }) => {
                let x = self.left.dwarf.address(&self.left.unit, x)?;
                let y = self.right.dwarf.address(&self.right.unit, y)?;
                self.addresses(name, x, y);
            }
            // The offset of a thread-local variable in the block.
            (
                Operation::UnsignedConstant { value: x },
                Operation::UnsignedConstant { value: y },
            ) if x != y => {
                self.thread_locals(name, x, y);
            }
            // Offsets of entries in other units follow from the layout.
            (Operation::EntryValue { .. }, Operation::EntryValue { .. })
            | (Operation::ImplicitPointer { .. }, Operation::ImplicitPointer { .. })
            | (Operation::VariableValue { .. }, Operation::VariableValue { .. })
            | (Operation::Call { .. }, Operation::Call { .. }) => {}
            (x, y) if x == y => {}
            (x, y) => {
                let what = format!("{name} differs");
                self.differ(Kind::DebugUnit, &what, &format!("{x:?}"), &format!("{y:?}"));
            }
        }
        Ok(())
    }
}

fn ranges(unit: &Unit, value: &Value) -> gimli::Result<Vec<gimli::Range>> {
    let mut out = Vec::new();
    if let Some(mut list) = unit.dwarf.attr_ranges(&unit.unit, *value)? {
        while let Some(range) = list.next()? {
            out.push(range);
        }
    }
    Ok(out)
}

type Location<'d> = (gimli::Range, Expression<Slice<'d>>);

fn locations<'d>(unit: &Unit<'d>, value: &Value<'d>) -> gimli::Result<Vec<Location<'d>>> {
    let mut out = Vec::new();
    if let Some(mut list) = unit.dwarf.attr_locations(&unit.unit, *value)? {
        while let Some(entry) = list.next()? {
            out.push((entry.range, entry.data));
        }
    }
    Ok(out)
}
