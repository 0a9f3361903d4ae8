//! `--stats`: what was read, extracted, kept and written.

use crate::input::Inputs;
use crate::live::Live;
use crate::sections::{SectionKind, Sections};
use crate::symbols::Resolved;
use std::fmt;

/// Counts of one link.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Input files opened, archives counted once.
    pub files: usize,
    /// Bytes of those files.
    pub input_bytes: u64,
    /// Objects that take part, extracted members included.
    pub objects: usize,
    /// Those that came out of archives.
    pub members: usize,
    /// Distinct global names.
    pub symbols: usize,
    /// Input sections that could be kept.
    pub sections: usize,
    /// Those that were.
    pub live_sections: usize,
    /// Bytes of the output file.
    pub output_bytes: u64,
}

impl Stats {
    /// Counts at the end of a link.
    pub fn new(
        inputs: &Inputs,
        resolved: &Resolved,
        sections: &Sections,
        live: &Live,
        output_bytes: u64,
    ) -> Stats {
        let kept = |section: &crate::sections::InputSection| section.kind != SectionKind::Excluded;
        Stats {
            files: inputs.file_count(),
            input_bytes: inputs.bytes(),
            objects: resolved.objects.len(),
            members: resolved.objects.iter().filter(|object| object.name.member.is_some()).count(),
            symbols: resolved.symbols.len(),
            sections: sections.inputs.iter().filter(|section| kept(section)).count(),
            live_sections: live.live_count(),
            output_bytes,
        }
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "input files     {:>12} ({} bytes)", self.files, self.input_bytes)?;
        writeln!(f, "objects         {:>12} ({} from archives)", self.objects, self.members)?;
        writeln!(f, "global names    {:>12}", self.symbols)?;
        writeln!(f, "sections        {:>12} ({} kept)", self.sections, self.live_sections)?;
        write!(f, "output bytes    {:>12}", self.output_bytes)
    }
}
