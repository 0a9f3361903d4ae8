//! Live references to the family.

use crate::elf::RelaExt;
use crate::ids::{FileId, SectionId, SymbolId};
use crate::input::object::Object;
use crate::live::Live;
use crate::substitute::{Binding, family, second_heap};
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Live relocations against the family and the C library's private names.
pub struct References {
    /// By name and object.
    counts: BTreeMap<(SymbolId, FileId), usize>,
    files: Vec<String>,
}

impl References {
    /// Counts what live code has of them.
    pub fn count(resolved: &Resolved, live: &Live, binding: &Binding) -> References {
        let names = family::FAMILY.into_iter().chain(family::INTERNAL.map(|(name, _)| name));
        let wanted: HashSet<SymbolId> =
            names.filter_map(|name| resolved.names.get(binding.target(name))).collect();
        let counts = resolved.objects.par_iter().tasks_of(8).flat_map_iter(|object| {
            let counts = of_object(object, live, &wanted);
            counts.into_iter().map(|(id, count)| ((id, object.file), count))
        });
        let files = resolved.objects.iter().map(|object| object.name.path.display().to_string());
        References { counts: counts.collect(), files: files.collect() }
    }

    /// How many a name has, by the file of the referrer.
    pub fn by_file(&self, id: SymbolId) -> BTreeMap<String, usize> {
        let mut by_file = BTreeMap::new();
        for ((_, file), count) in self.counts.range((id, FileId(0))..=(id, FileId(u32::MAX))) {
            *by_file.entry(self.files[file.index()].clone()).or_default() += count;
        }
        by_file
    }

    /// Objects that refer to the C library's private heap, the heap's own members aside.
    pub fn private_callers(&self, resolved: &Resolved, binding: &Binding) -> Vec<String> {
        let own = |(name, _): &(&str, &str)| binding.target(name) == name.as_bytes();
        let names = family::INTERNAL.into_iter().filter(own);
        let ids: Vec<SymbolId> =
            names.filter_map(|(name, _)| resolved.names.get(name.as_bytes())).collect();
        let callers = self.counts.keys().filter(|(id, _)| ids.contains(id));
        let objects = callers.map(|(_, file)| resolved.object(*file));
        let others = objects.filter(|object| {
            !second_heap::is_private_heap(object, binding) && !binding.is_home(object.position.0)
        });
        let names: BTreeSet<String> = others.map(|object| object.name.to_string()).collect();
        names.into_iter().collect()
    }
}

fn of_object(object: &Object, live: &Live, wanted: &HashSet<SymbolId>) -> HashMap<SymbolId, usize> {
    let mut counts = HashMap::new();
    if !object.globals.iter().any(|id| wanted.contains(id)) {
        return counts;
    }
    let sections = 0..object.headers.len() as u32;
    for shndx in sections.filter(|shndx| live.is_live(SectionId(object.first_section + shndx))) {
        let ids = object.relocations(shndx).iter().filter_map(|rela| object.global(rela.sym()));
        for id in ids.filter(|id| wanted.contains(id)) {
            *counts.entry(id).or_default() += 1;
        }
    }
    counts
}
