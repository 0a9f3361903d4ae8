//! In the making.
use crate::elf::Rela;
use crate::ids::SectionId;
use crate::input::object::Object;
use std::ops::Range;

/// A common information entry.
#[derive(Clone, Copy, Debug)]
pub struct Cie {
    /// Header index of its `.eh_frame` section.
    pub section: u32,
    /// Where its length field stands in the section.
    pub offset: u32,
    /// Bytes, length field included.
    pub size: u32,
    /// Index of its first relocation in [`EhFrame::relocations`].
    pub first_relocation: u32,
    /// How many are its own.
    pub relocations: u32,
}

/// A frame description entry whose function is in some section of the object.
#[derive(Clone, Copy, Debug)]
pub struct Fde {
    /// Header index of its `.eh_frame` section.
    pub section: u32,
    /// Where its length field stands in the section.
    pub offset: u32,
    /// Bytes, length field included.
    pub size: u32,
    /// Index of its first relocation (the one of `pc_begin`) in [`EhFrame::relocations`].
    pub first_relocation: u32,
    /// How many are its own.
    pub relocations: u32,
    /// Index in [`EhFrame::cies`].
    pub cie: u32,
    /// The section of the function that it describes; may be excluded or dead.
    pub target: SectionId,
}

/// The records of all `.eh_frame` sections of an object.
#[derive(Debug, Default)]
pub struct EhFrame {
    /// In input order.
    pub cies: Vec<Cie>,
    /// In input order.
    pub fdes: Vec<Fde>,
    /// Relocations of sections whose own are not sorted by offset.
    sorted: Vec<(u32, Vec<Rela>)>,
    /// By header index: start in `by_section`.
    starts: Vec<u32>,
    /// Indices of `fdes`, by target.
    by_section: Vec<u32>,
}

impl EhFrame {
    /// Relocations of `.eh_frame` section `shndx`, sorted by offset.
    pub fn relocations<'a>(&'a self, object: &'a Object, shndx: u32) -> &'a [Rela] {
        match self.sorted.iter().find(|(section, _)| *section == shndx) {
            Some((_, sorted)) => sorted,
            None => object.relocations(shndx),
        }
    }

    /// Indices of the FDEs of section `shndx`'s functions.
    pub fn fdes_of(&self, shndx: u32) -> &[u32] {
        let shndx = shndx as usize;
        match self.starts.get(shndx..shndx + 2) {
            Some(bounds) => &self.by_section[bounds[0] as usize..bounds[1] as usize],
            None => &[],
        }
    }

    /// An FDE's relocations: of [`EhFrame::relocations`].
    pub fn fde_range(fde: &Fde) -> Range<usize> {
        fde.first_relocation as usize..(fde.first_relocation + fde.relocations) as usize
    }
}
