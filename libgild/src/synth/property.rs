//! `.note.gnu.property`: what all objects promise, or any object needs (psABI, "Program Property").

use super::notes;
use crate::elf::*;
use crate::input::object::Object;
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Bits of which the program has those that every object has.
const X86_AND: std::ops::RangeInclusive<u32> = 0xc000_0002..=0xc000_7fff;
/// Bits of which the program has those that any object has.
const X86_OR: std::ops::RangeInclusive<u32> = 0xc000_8000..=0xc000_ffff;
/// As OR, but unknown as soon as one object says nothing.
const X86_OR_AND: std::ops::RangeInclusive<u32> = 0xc001_0000..=0xc001_7fff;
const GENERIC_AND: std::ops::RangeInclusive<u32> = 0xb000_0000..=0xb000_7fff;
const GENERIC_OR: std::ops::RangeInclusive<u32> = 0xb000_8000..=0xb000_ffff;

/// Property types and their bits.
type Bits = BTreeMap<u32, u32>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    And,
    Or,
    OrAnd,
}

fn rule(kind: u32) -> Option<Rule> {
    if X86_AND.contains(&kind) || GENERIC_AND.contains(&kind) {
        Some(Rule::And)
    } else if X86_OR.contains(&kind) || GENERIC_OR.contains(&kind) {
        Some(Rule::Or)
    } else if X86_OR_AND.contains(&kind) {
        Some(Rule::OrAnd)
    } else {
        None
    }
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn align(value: usize, align: usize) -> Option<usize> {
    Some(value.checked_add(align - 1)? & !(align - 1))
}

/// Reads one section's notes; what is malformed or unknown is left out.
fn parse(data: &[u8], into: &mut Bits) -> Option<()> {
    let mut at = 0;
    while at < data.len() {
        let (name_size, size) = (word(data, at)? as usize, word(data, at + 4)? as usize);
        let kind = word(data, at + 8)?;
        let name = data.get(at + 12..(at + 12).checked_add(name_size)?)?;
        let start = align(at + 12 + name_size, 4)?;
        let end = start.checked_add(size)?;
        let properties = data.get(start..end)?;
        if kind == NT_GNU_PROPERTY_TYPE_0 && name == b"GNU\0" {
            parse_properties(properties, into);
        }
        at = align(end, 8)?;
    }
    Some(())
}

fn parse_properties(data: &[u8], into: &mut Bits) -> Option<()> {
    let mut at = 0;
    while at < data.len() {
        let (kind, size) = (word(data, at)?, word(data, at + 4)? as usize);
        if size == 4 && rule(kind).is_some() {
            *into.entry(kind).or_insert(0) |= word(data, at + 8)?;
        }
        at = align((at + 8).checked_add(size)?, 8)?;
    }
    Some(())
}

fn merge(all: &mut Bits, other: &Bits) {
    all.retain(|kind, _| rule(*kind) == Some(Rule::Or) || other.contains_key(kind));
    for (&kind, &bits) in other {
        match (all.get_mut(&kind), rule(kind)) {
            (Some(value), Some(Rule::And)) => *value &= bits,
            (Some(value), _) => *value |= bits,
            // An AND or OR-AND property that an earlier object lacked stays away.
            (None, Some(Rule::Or)) => drop(all.insert(kind, bits)),
            (None, _) => {}
        }
    }
}

/// The merged note; empty if the program has no property.
pub fn note(resolved: &Resolved, forced_x86_features: u32) -> Vec<u8> {
    let read = |object: &Object| -> Bits {
        let mut bits = Bits::new();
        for &section in &object.notes {
            if object.section_name(section) == b".note.gnu.property"
                && !object.is_discarded(section)
            {
                parse(object.section_data(section), &mut bits);
            }
        }
        bits
    };
    let all: Vec<Bits> = resolved.objects.par_iter().tasks_of(64).map(read).collect();
    let mut merged: Option<Bits> = None;
    for bits in &all {
        match &mut merged {
            Some(merged) => merge(merged, bits),
            None => merged = Some(bits.clone()),
        }
    }
    let mut merged = merged.unwrap_or_default();
    if forced_x86_features != 0 {
        *merged.entry(GNU_PROPERTY_X86_FEATURE_1_AND).or_insert(0) |= forced_x86_features;
    }
    // A set without members says the same as no set.
    merged.retain(|_, bits| *bits != 0);
    encode(&merged)
}

fn encode(bits: &Bits) -> Vec<u8> {
    if bits.is_empty() {
        return Vec::new();
    }
    let words = bits.iter().flat_map(|(kind, bits)| [*kind, 4, *bits, 0]);
    let descriptor: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    notes::note(b"GNU", NT_GNU_PROPERTY_TYPE_0, &descriptor)
}

/// What an object says that is fit for IBT and shadow stacks: without it no program with the object would
/// have them.
pub fn of_protected() -> Vec<u8> {
    let both = GNU_PROPERTY_X86_FEATURE_1_IBT | GNU_PROPERTY_X86_FEATURE_1_SHSTK;
    encode(&Bits::from([(GNU_PROPERTY_X86_FEATURE_1_AND, both)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: u32 = 0xc000_8002;
    const USED: u32 = 0xc001_0002;

    fn merged(objects: &[&[(u32, u32)]]) -> Vec<(u32, u32)> {
        let mut all: Vec<Bits> = objects.iter().map(|o| o.iter().copied().collect()).collect();
        let mut first = all.remove(0);
        all.iter().for_each(|other| merge(&mut first, other));
        first.into_iter().collect()
    }

    #[test]
    fn features_are_those_of_all_objects() {
        assert_eq!(
            merged(&[
                &[(GNU_PROPERTY_X86_FEATURE_1_AND, 3)],
                &[(GNU_PROPERTY_X86_FEATURE_1_AND, 1)]
            ]),
            [(GNU_PROPERTY_X86_FEATURE_1_AND, 1)]
        );
        assert_eq!(merged(&[&[(GNU_PROPERTY_X86_FEATURE_1_AND, 3)], &[]]), []);
        assert_eq!(merged(&[&[], &[(GNU_PROPERTY_X86_FEATURE_1_AND, 3)]]), []);
    }

    #[test]
    fn needs_are_those_of_any_object() {
        assert_eq!(merged(&[&[(NEEDED, 1)], &[(NEEDED, 4)], &[]]), [(NEEDED, 5)]);
        assert_eq!(merged(&[&[], &[(NEEDED, 4)]]), [(NEEDED, 4)]);
    }

    #[test]
    fn uses_are_known_only_if_every_object_tells() {
        assert_eq!(merged(&[&[(USED, 1)], &[(USED, 2)]]), [(USED, 3)]);
        assert_eq!(merged(&[&[(USED, 1)], &[]]), []);
    }

    #[test]
    fn a_note_reads_back_as_written() {
        let bits: Bits = [(GNU_PROPERTY_X86_FEATURE_1_AND, 3), (NEEDED, 1)].into();
        let mut back = Bits::new();
        assert_eq!(parse(&encode(&bits), &mut back), Some(()));
        assert_eq!(back, bits);
    }

    #[test]
    fn garbage_is_left_out() {
        let good = encode(&[(NEEDED, 1)].into());
        for length in 0..good.len() {
            let mut bits = Bits::new();
            parse(&good[..length], &mut bits);
            assert!(bits.is_empty());
        }
        let mut huge = good.clone();
        huge[0..4].copy_from_slice(&[0xff; 4]);
        parse(&huge, &mut Bits::new());
    }
}
