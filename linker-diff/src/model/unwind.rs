//! `.eh_frame` and the table in `.eh_frame_hdr` (LSB, chapter 10.6).

use std::collections::HashMap;

use gimli::{BaseAddresses, CieOrFde, EhFrame, EndianSlice, LittleEndian, Pointer, UnwindSection};

use super::Image;
use super::elf::PT_GNU_EH_FRAME;

/// The reader that gimli works on.
pub type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The unwind rules of one range of instructions.
#[derive(Debug)]
pub struct Fde<'a> {
    /// First address.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    /// Address of the entry itself, which the header's table names.
    pub addr: u64,
    /// The parsed entry.
    pub entry: gimli::FrameDescriptionEntry<Slice<'a>>,
}

impl Fde<'_> {
    /// Whether it covers no instruction, as that of an empty function.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// The address of the language's table, if there is one.
    pub fn lsda(&self) -> Option<u64> {
        match self.entry.lsda()? {
            Pointer::Direct(addr) | Pointer::Indirect(addr) => Some(addr),
        }
    }
}

/// The table of `.eh_frame_hdr`.
#[derive(Default, Debug)]
pub struct HeaderTable {
    /// Address of `.eh_frame` as the header has it.
    pub frame: u64,
    /// Function address and FDE address, in file order.
    pub entries: Vec<(u64, u64)>,
    /// The count that the header states.
    pub count: u64,
}

/// All unwind rules.
#[derive(Default, Debug)]
pub struct Unwind<'a> {
    /// Sorted by function address.
    pub fdes: Vec<Fde<'a>>,
    /// The section, for reading instructions.
    pub frame: Option<EhFrame<Slice<'a>>>,
    /// The section's address.
    pub addr: u64,
    /// The header's table.
    pub table: Option<HeaderTable>,
    /// Why a part could not be read.
    pub problems: Vec<String>,
}

impl<'a> Unwind<'a> {
    /// Bases for gimli.
    pub fn bases(&self) -> BaseAddresses {
        BaseAddresses::default().set_eh_frame(self.addr)
    }

    /// The FDE that begins at `addr`.
    pub fn at(&self, addr: u64) -> Option<&Fde<'a>> {
        let i = self.fdes.partition_point(|f| f.start < addr);
        self.fdes.get(i).filter(|f| f.start == addr)
    }

    /// The FDEs that begin in `[start, end)`.
    pub fn within(&self, start: u64, end: u64) -> &[Fde<'a>] {
        let from = self.fdes.partition_point(|f| f.start < start);
        let to = self.fdes.partition_point(|f| f.start < end);
        &self.fdes[from..to.max(from)]
    }
}

/// Reads both; what cannot be read is noted in [`Unwind::problems`].
pub fn read<'a>(image: &Image<'a>) -> Unwind<'a> {
    let mut unwind = Unwind::default();
    let header = image
        .segments
        .iter()
        .find(|s| s.kind == PT_GNU_EH_FRAME)
        .and_then(|s| Some((s.vaddr, image.memory.from(s.vaddr)?)));
    if let Some((addr, bytes)) = header {
        match header_table(addr, bytes) {
            Ok(table) => unwind.table = Some(table),
            Err(e) => unwind.problems.push(format!(".eh_frame_hdr cannot be read: {e}")),
        }
    }
    let section = image.section(".eh_frame").filter(|s| s.is_alloc());
    let (addr, bytes) = match (section, &unwind.table) {
        (Some(s), _) => (s.addr, s.data),
        (None, Some(t)) if image.sectionless => match image.memory.from(t.frame) {
            Some(bytes) => (t.frame, bytes),
            None => return unwind,
        },
        _ => return unwind,
    };
    unwind.addr = addr;
    let frame = EhFrame::from(EndianSlice::new(bytes, LittleEndian));
    if let Err(e) = read_frames(&mut unwind, frame, addr) {
        unwind.problems.push(format!(".eh_frame cannot be read: {e}"));
    }
    unwind.frame = Some(frame);
    unwind.fdes.sort_by_key(|f| (f.start, f.addr));
    unwind
}

fn read_frames<'a>(
    unwind: &mut Unwind<'a>,
    frame: EhFrame<Slice<'a>>,
    addr: u64,
) -> gimli::Result<()> {
    let bases = BaseAddresses::default().set_eh_frame(addr);
    let mut cies = HashMap::new();
    let mut entries = frame.entries(&bases);
    while let Some(entry) = entries.next()? {
        let CieOrFde::Fde(partial) = entry else { continue };
        let entry = partial.parse(|section, bases, offset| {
            if let Some(cie) = cies.get(&offset.0) {
                return Ok(gimli::CommonInformationEntry::clone(cie));
            }
            let cie = section.cie_from_offset(bases, offset)?;
            cies.insert(offset.0, cie.clone());
            Ok(cie)
        })?;
        let start = entry.initial_address();
        unwind.fdes.push(Fde {
            start,
            end: start.saturating_add(entry.len()),
            addr: addr + entry.offset() as u64,
            entry,
        });
    }
    Ok(())
}

/// Reads the one form that linkers write: version 1, a pcrel sdata4 frame pointer, an udata4
/// count, a table of datarel sdata4 pairs.
fn header_table(addr: u64, bytes: &[u8]) -> Result<HeaderTable, String> {
    let head: &[u8; 12] =
        bytes.get(..12).and_then(|b| b.try_into().ok()).ok_or("it is too short")?;
    if head[0] != 1 {
        return Err(format!("version {}", head[0]));
    }
    let word = |b: &[u8]| b.try_into().map_or(0, i32::from_le_bytes);
    let frame = addr.wrapping_add(4).wrapping_add(i64::from(word(&head[4..8])) as u64);
    if head[2] == 0xff {
        return Ok(HeaderTable { frame, entries: Vec::new(), count: 0 });
    }
    if head[1..4] != [0x1b, 0x03, 0x3b] {
        return Err(format!("encodings {:#x} {:#x} {:#x}", head[1], head[2], head[3]));
    }
    let count = u64::from(word(&head[8..12]) as u32);
    let relative = |b: &[u8]| addr.wrapping_add(i64::from(word(b)) as u64);
    let entries: Vec<_> = bytes[12..]
        .chunks_exact(8)
        .take(count as usize)
        .map(|pair| (relative(&pair[..4]), relative(&pair[4..])))
        .collect();
    Ok(HeaderTable { frame, entries, count })
}
