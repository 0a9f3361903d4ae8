//! Which input bytes a link can't do without.
//!
//! Read off LLD's link map: of each object that takes part, its headers, symbols and names, and of
//! each section that reached the output, contents and relocations. Merged strings and unwind tables
//! are not listed one by one in a map; they count in full. Archive members that aren't extracted,
//! sections that lost their COMDAT group or that garbage collection dropped don't count.

use super::{Job, Needed};
use crate::process;
use anyhow::{Context, Result};
use memmap2::Mmap;
use object::LittleEndian;
use object::elf::{self, FileHeader64};
use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, SectionHeader};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Section name and size in bytes, and how often the map has it.
type Kept = HashMap<(String, u64), u32>;

/// The sections that reached the output, by input: `path` or `path(member)`.
#[derive(Default)]
pub struct Map(HashMap<String, Kept>);

/// Links `job` once with `lld` and measures what it needed.
///
/// # Errors
/// If the link fails or the map names inputs that aren't there.
pub fn measure(job: &Job, lld: &Path, flags: &[String]) -> Result<Vec<Needed>> {
    let map = job.dir.join("link.map");
    let output = job.dir.join("link.out");
    let mut command = Command::new(lld);
    if lld.ends_with("rust-lld") {
        command.args(["-flavor", "gnu"]);
    }
    command.current_dir(job.inputs_dir()).arg(format!("@{}", job.response().display()));
    command.args(flags).args(["--no-demangle", "-o"]).arg(&output).arg("-Map").arg(&map);
    process::run(&mut command)?;
    let kept = Map::read(BufReader::new(File::open(&map)?))?;
    fs::remove_file(&map)?;
    fs::remove_file(&output)?;
    kept.needed(&job.inputs_dir())
}

impl Map {
    /// Reads LLD's map.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(lines: impl BufRead) -> Result<Self> {
        let mut map = Self::default();
        for line in lines.split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            let Some((input, section, size)) = input_section(&line) else { continue };
            let kept = map.0.entry(input.to_owned()).or_default();
            *kept.entry((section.to_owned(), size)).or_default() += 1;
        }
        Ok(map)
    }

    fn needed(mut self, dir: &Path) -> Result<Vec<Needed>> {
        let mut files = self.0.keys().map(|input| container(input).to_owned()).collect::<Vec<_>>();
        files.sort();
        files.dedup();
        let mut needed = Vec::new();
        for name in files {
            let path = dir.join(&name);
            let file = File::open(&path).with_context(|| format!("{}", path.display()))?;
            // SAFETY: jobs are not written to while they are in use.
            let data = unsafe { Mmap::map(&file)? };
            let bytes =
                self.in_file(&name, &data).with_context(|| format!("{}", path.display()))?;
            needed.push(Needed { file: PathBuf::from(name), bytes });
        }
        Ok(needed)
    }

    fn in_file(&mut self, name: &str, data: &[u8]) -> Result<u64> {
        if !data.starts_with(b"!<arch>\n") {
            return self.0.get_mut(name).map_or(Ok(0), |kept| in_object(data, kept));
        }
        let mut bytes = 0;
        for member in ArchiveFile::parse(data)?.members() {
            let member = member?;
            let key = format!("{name}({})", String::from_utf8_lossy(member.name()));
            if let Some(kept) = self.0.get_mut(&key) {
                // Members of the same name: the first whose sections match takes them.
                bytes += in_object(member.data(data)?, kept)?;
            }
        }
        Ok(bytes)
    }
}

/// The file that `path(member)` lies in.
fn container(input: &str) -> &str {
    input.rsplit_once('(').filter(|_| input.ends_with(')')).map_or(input, |(file, _)| file)
}

/// Input, section name and size of a map's line that lists an input section.
fn input_section(line: &str) -> Option<(&str, &str, u64)> {
    let mut rest = line;
    let mut columns = [""; 4];
    for column in &mut columns {
        let trimmed = rest.trim_start();
        let end = trimmed.find(' ')?;
        (*column, rest) = trimmed.split_at(end);
    }
    let size = u64::from_str_radix(columns[2], 16).ok()?;
    // Output sections stand at the margin, input sections one level in, symbols two.
    let text = rest.strip_prefix("         ").filter(|text| !text.starts_with(' '))?;
    let (input, section) = text.strip_suffix(')')?.rsplit_once(":(")?;
    (input != "<internal>").then_some((input, section, size))
}

/// Bytes needed of the object `data`; takes its sections out of `kept`.
fn in_object(data: &[u8], kept: &mut Kept) -> Result<u64> {
    let endian = LittleEndian;
    let header = FileHeader64::<LittleEndian>::parse(data)?;
    let sections = header.sections(endian, data)?;
    let mut wanted = vec![false; sections.len()];
    let mut any = false;
    for (index, section) in sections.enumerate() {
        let name = String::from_utf8_lossy(sections.section_name(endian, section)?).into_owned();
        if let Some(count) = kept.get_mut(&(name, section.sh_size(endian))).filter(|c| **c > 0) {
            *count -= 1;
            wanted[index.0] = true;
            any = true;
        }
    }
    if !any {
        return Ok(0);
    }
    let mut bytes = 64 + sections.len() as u64 * 64;
    for (index, section) in sections.enumerate() {
        let name = sections.section_name(endian, section)?;
        let needed = match section.sh_type(endian) {
            elf::SHT_NOBITS | elf::SHT_NULL => false,
            elf::SHT_SYMTAB | elf::SHT_STRTAB => true,
            elf::SHT_RELA => is_wanted(&wanted, section.sh_info(endian) as usize),
            _ => wanted[index.0] || unlisted(name, section.sh_flags(endian)),
        };
        bytes += if needed { section.sh_size(endian) } else { 0 };
    }
    Ok(bytes)
}

fn is_wanted(wanted: &[bool], section: usize) -> bool {
    wanted.get(section).copied().unwrap_or(false)
}

/// Sections whose contents a linker takes apart, so that a map has no line for them.
fn unlisted(name: &[u8], flags: elf::SectionFlags) -> bool {
    flags.contains(elf::SHF_MERGE) || name == b".eh_frame"
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "\
             VMA              LMA     Size Align Out     In      Symbol
          200270           200270       20     4 .note.ABI-tag
          202840           202840       2c     4         inputs/4-libc.a(dcigettext.o):(.rodata)
          2028e0           2028e0       5c     1                 f(g)::(anonymous namespace)
          202900           202900       10     1         inputs/0-main.o:(.text.main)
          202910           202910       10     1         <internal>:(.rodata)
";

    #[test]
    fn a_map_lists_input_sections_one_level_in() {
        let map = Map::read(MAP.as_bytes()).unwrap();
        let mut inputs = map.0.keys().map(String::as_str).collect::<Vec<_>>();
        inputs.sort_unstable();
        assert_eq!(inputs, ["inputs/0-main.o", "inputs/4-libc.a(dcigettext.o)"]);
        assert_eq!(map.0["inputs/0-main.o"][&(".text.main".to_owned(), 0x10)], 1);
    }

    #[test]
    fn a_member_lies_in_its_archive() {
        assert_eq!(container("inputs/4-libc.a(x.o)"), "inputs/4-libc.a");
        assert_eq!(container("inputs/0-main.o"), "inputs/0-main.o");
    }
}
