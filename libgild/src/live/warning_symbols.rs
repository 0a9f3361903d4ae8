//! Warnings that libc.a attaches to functions, in sections `.gnu.warning.NAME` (the warning symbols of
//! GNU bfd).

use super::Live;
use crate::elf::*;
use crate::ids::{FileId, Site, SymbolId};
use crate::input::object::Object;
use crate::sections::{SectionKind, Sections};
use crate::symbols::Resolved;
use crate::tasks::Tasks;
use foldhash::fast::FixedState;
use rayon::prelude::*;
use std::collections::HashMap;

/// A warning, and where a live section of another object first refers to what it is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WarningSymbol {
    /// Where that is.
    site: Site,
    /// Object and section that hold the warning.
    text: (FileId, u32),
}

impl WarningSymbol {
    /// What to tell the user. Reads the lines of the source, which may take some milliseconds.
    pub fn text(&self, resolved: &Resolved) -> String {
        let (owner, section) = self.text;
        let text = String::from_utf8_lossy(resolved.object(owner).section_data(section));
        let place = resolved.place(self.site, true);
        format!("{}\n>>> referenced by {place}", text.trim_end_matches(['\0', '\n']))
    }
}

/// All that are to be told, in the order of their sites.
pub(super) fn find(resolved: &Resolved, sections: &Sections, live: &Live) -> Vec<WarningSymbol> {
    let subject = |&(file, shndx): &(FileId, u32)| {
        let name = resolved.object(file).section_name(shndx);
        Some((resolved.names.get(name.strip_prefix(b".gnu.warning.")?)?, (file, shndx)))
    };
    let wanted: HashMap<SymbolId, (FileId, u32), FixedState> =
        sections.warnings.iter().filter_map(subject).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let of_object = |object: &Object| -> Vec<WarningSymbol> {
        let globals = object.globals.iter().zip(object.first_global as u32..);
        let referred = |(id, symbol)| {
            let text: (FileId, u32) = *wanted.get(id).filter(|text| text.0 != object.file)?;
            let site = first_reference(object, symbol, sections, live)?;
            Some(WarningSymbol { site, text })
        };
        globals.filter_map(referred).collect()
    };
    let mut found: Vec<WarningSymbol> =
        resolved.objects.par_iter().tasks_of(8).flat_map_iter(of_object).collect();
    found.sort_unstable_by_key(|found| (found.text, found.site));
    found.dedup_by_key(|found| found.text);
    found.sort_unstable();
    found
}

fn first_reference(object: &Object, symbol: u32, sections: &Sections, live: &Live) -> Option<Site> {
    (1..object.headers.len() as u32).find_map(|shndx| {
        let id = object.section_id(shndx);
        let loaded = object.headers[shndx as usize].flags() & SHF_ALLOC != 0;
        if !loaded || sections.inputs[id.index()].kind == SectionKind::EhFrame || !live.is_live(id)
        {
            return None;
        }
        let mut relocations = object.relocations(shndx).iter();
        let found = relocations.find(|rela| rela.sym() == symbol)?;
        Some(object.site(shndx, found.offset()))
    })
}
