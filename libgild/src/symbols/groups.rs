//! COMDAT groups and `.gnu.linkonce` sections: one copy of each stays (gABI, "Section Groups"). A group
//! and a linkonce section know nothing of each other, as with lld and mold: of both, weak definitions stay.

use crate::input::object::{Group, Object};
use crate::tasks::Tasks;
use object::LittleEndian as LE;
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Marks the sections of every group that another object has too; the lowest (file, section) stays.
/// `bound` is that of the names.
pub fn discard_duplicates(objects: &mut [Object], bound: usize) {
    if objects.iter().all(|object| object.groups.is_empty()) {
        return;
    }
    let winners: Vec<AtomicU64> = super::filled(bound);
    objects.par_iter().tasks_of(8).for_each(|object| {
        for group in &object.groups {
            winners[group.signature.index()].fetch_min(key(object, group), Relaxed);
        }
    });
    objects.par_iter_mut().tasks_of(8).for_each(|object| {
        // Nobody asks for them any more, and what the sections need takes their memory.
        for group in std::mem::take(&mut object.groups) {
            if winners[group.signature.index()].load(Relaxed) != key(object, &group) {
                discard(object, &group);
            }
        }
    });
}

fn key(object: &Object, group: &Group) -> u64 {
    u64::from(object.file.0) << 32 | u64::from(group.section)
}

fn discard(object: &mut Object, group: &Group) {
    if object.discarded.is_empty() {
        object.discarded = vec![false; object.headers.len()];
    }
    object.discarded[group.section as usize] = true;
    for member in group.members {
        // In range: checked by Object::parse.
        object.discarded[member.get(LE) as usize] = true;
    }
}
