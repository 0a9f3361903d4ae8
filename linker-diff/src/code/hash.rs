//! A digest of an atom's content that doesn't depend on where things lie.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::fields::{self, Memory};
use super::{Decoder, padding};
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};

/// The digest; equal content under different addresses has equal digests, relaxed instructions
/// included.
pub fn of(image: &Image, id: AtomId) -> u64 {
    let atom = image.atoms.get(id);
    let mut hasher = DefaultHasher::new();
    match atom.class {
        Class::Code => code(image, atom.start, atom.size() as usize, &mut hasher),
        Class::Data => data(image, atom.start, atom.size() as usize, &mut hasher),
        Class::Zeros | Class::Tls => atom.size().hash(&mut hasher),
    }
    hasher.finish()
}

/// The digest of `size` bytes of code.
pub fn of_code(image: &Image, start: u64, size: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    code(image, start, size, &mut hasher);
    hasher.finish()
}

fn code(image: &Image, start: u64, size: usize, hasher: &mut DefaultHasher) {
    let Some(bytes) = image.memory.slice(start, size) else { return };
    let own = start..start + size as u64;
    for insn in Decoder::new(bytes, start).filter(|insn| !padding::is_filler(insn)) {
        let fields = fields::of(&insn);
        let relocated = fields.branch.is_some_and(|to| !own.contains(&to))
            || matches!(fields.memory, Some(Memory::Relative(_) | Memory::ThreadPointer(_)))
            || matches!(fields.memory, Some(Memory::Displacement(d)) if may_be_address(image, d))
            || fields.immediate.is_some_and(|i| may_be_address(image, i));
        if !relocated {
            let at = (insn.ip() - start) as usize;
            bytes[at..at + insn.len()].hash(hasher);
        }
    }
}

fn may_be_address(image: &Image, number: i64) -> bool {
    fields::absolute(image, number).is_some() || fields::thread_local(image, number).is_some()
}

fn data(image: &Image, start: u64, size: usize, hasher: &mut DefaultHasher) {
    size.hash(hasher);
    let Some(bytes) = image.memory.slice(start, size) else { return };
    for (i, word) in bytes.chunks(8).enumerate() {
        let at = start + i as u64 * 8;
        let value = word.try_into().map_or(0, u64::from_le_bytes);
        let pointer = if image.is_pie() {
            !image.dynamic.within(at, at + 8).is_empty()
        } else {
            word.len() == 8 && image.memory.contains(value)
        };
        if !pointer {
            word.hash(hasher);
        }
    }
}
