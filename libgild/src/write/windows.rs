//! Writing to a file in windows: as many bytes as the page cache takes at once.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of a window, which starts at a multiple of its size: the page cache takes a `pwrite` of it as
/// one large folio, where as many bytes at any other offset make dozens of small ones and take longer
/// by half. It fits the second-level cache.
const WINDOW: u64 = 256 << 10;

/// Writes spans to a file. What doesn't fill a window waits for the span behind it.
pub struct Writer<'a> {
    /// Nothing if all is discarded.
    file: Option<&'a File>,
    buffer: Vec<u8>,
    /// File offset of the buffer's start.
    offset: u64,
    /// Bytes that wait in the buffer.
    waiting: usize,
}

impl<'a> Writer<'a> {
    /// A writer for spans of at most `largest` bytes.
    pub fn new(file: &'a File, largest: u64) -> Writer<'a> {
        // Zeros come as untouched pages, and only the largest span touches them all.
        let buffer = vec![0; (largest + WINDOW) as usize];
        Writer { file: Some(file), buffer, offset: 0, waiting: 0 }
    }

    /// Has `size` bytes for file offset `offset` filled in, in a buffer that may hold anything before,
    /// and writes all windows that are complete.
    pub fn span(&mut self, offset: u64, size: u64, fill: impl FnOnce(&mut [u8])) -> io::Result<()> {
        if offset != self.offset + self.waiting as u64 {
            self.finish()?;
            self.offset = offset;
        }
        let end = self.waiting + size as usize;
        fill(&mut self.buffer[self.waiting..end]);
        self.waiting = end;
        let end = self.offset + end as u64;
        let complete = (end - end % WINDOW).saturating_sub(self.offset);
        self.write(complete as usize)
    }

    /// Writes what waits.
    pub fn finish(&mut self) -> io::Result<()> {
        self.write(self.waiting)
    }

    /// Writes nothing any more.
    pub fn discard(&mut self) {
        self.file = None;
    }

    fn write(&mut self, size: usize) -> io::Result<()> {
        let written = match self.file {
            Some(file) => file.write_all_at(&self.buffer[..size], self.offset),
            None => Ok(()),
        };
        // Written or not: spans go on to be filled after an error, for theirs.
        self.buffer.copy_within(size..self.waiting, 0);
        self.offset += size as u64;
        self.waiting -= size;
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{MemfdFlags, memfd_create};
    use std::io::Read;

    /// A file in memory, of `size` zeros.
    fn file(size: u64) -> File {
        let file = File::from(memfd_create("windows", MemfdFlags::empty()).unwrap());
        file.set_len(size).unwrap();
        file
    }

    fn contents(mut file: &File) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn byte(offset: u64) -> u8 {
        (offset % 251) as u8 + 1
    }

    fn put(writer: &mut Writer, offset: u64, size: u64) -> io::Result<()> {
        writer.span(offset, size, |out| {
            assert_eq!(out.len() as u64, size);
            (offset..).zip(out).for_each(|(offset, out)| *out = byte(offset));
        })
    }

    #[test]
    fn every_span_is_in_the_file_and_holes_stay_zeros() {
        const W: u64 = WINDOW;
        for (case, spans) in [
            &[(0, 10), (10, 0), (10, W - 10), (W, W), (2 * W, 1)][..],
            &[(W - 1, 2), (W + 1, W), (2 * W + 1, 3)],
            &[(7, 2 * W), (2 * W + 7, 2 * W), (5 * W, 9), (0, 3)],
            &[(3 * W, 5), (3 * W + 5, 5), (W, W), (2 * W, W / 2)],
        ]
        .iter()
        .enumerate()
        {
            let file = file(6 * W);
            let mut expected = vec![0; 6 * W as usize];
            let mut writer = Writer::new(&file, 2 * W);
            for &(offset, size) in *spans {
                put(&mut writer, offset, size).unwrap();
                (offset..offset + size).for_each(|place| expected[place as usize] = byte(place));
            }
            writer.finish().unwrap();
            assert!(contents(&file) == expected, "case {case}");
        }
    }

    #[test]
    fn windows_are_written_when_they_are_complete_and_start_where_they_must() {
        let file = file(0);
        let mut writer = Writer::new(&file, WINDOW);
        let mut written = Vec::new();
        for (offset, size) in
            [(5, 10), (15, WINDOW), (WINDOW + 15, WINDOW - 16), (2 * WINDOW - 1, 1)]
        {
            put(&mut writer, offset, size).unwrap();
            written.push(file.metadata().unwrap().len());
        }
        assert_eq!(written, [0, WINDOW, WINDOW, 2 * WINDOW]);
    }

    #[test]
    fn what_is_discarded_is_not_written() {
        let file = file(0);
        let mut writer = Writer::new(&file, 100);
        put(&mut writer, 0, 10).unwrap();
        writer.discard();
        put(&mut writer, 10, 90).unwrap();
        writer.finish().unwrap();
        assert!(contents(&file).is_empty());
    }

    #[test]
    fn an_error_of_the_file_system_is_told_and_leaves_room_for_more_spans() {
        let file = File::open("/proc/self/exe").unwrap();
        let mut writer = Writer::new(&file, WINDOW);
        put(&mut writer, 0, 100).unwrap();
        assert!(writer.finish().is_err());
        put(&mut writer, 100, WINDOW - 101).unwrap();
        assert!(put(&mut writer, WINDOW - 1, WINDOW).is_err());
        writer.discard();
        put(&mut writer, 2 * WINDOW - 1, WINDOW).unwrap();
    }
}
