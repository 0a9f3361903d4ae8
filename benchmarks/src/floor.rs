//! The floor: the input bytes that a link can't do without are read from the page cache, and as
//! many bytes as the output has are written, in the best known way. No linking.
//!
//! It runs as a contestant among the others: a process of its own, started and measured like a
//! linker. Which ways of reading and writing are best depends on kernel and file system, so each
//! is tried on the spot and the fastest is used ([`crate::run`]).

use anyhow::{Context, Result};
use memmap2::{MmapMut, MmapOptions};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Fits the second-level cache, and amortises a system call.
const BUFFER: usize = 256 << 10;

/// Threads take their work in pieces of this size.
const PIECE: u64 = 4 << 20;

/// How the input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// `pread` into a buffer.
    Pread,
    /// Mapped, one load from each cache line.
    Mmap,
}

/// How the output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writing {
    /// `pwrite` from a buffer.
    Pwrite,
    /// `pwrite` after `fallocate`.
    FallocatePwrite,
    /// A shared mapping.
    Mmap,
    /// A shared mapping after `fallocate`.
    FallocateMmap,
}

/// Every way of reading.
pub const READINGS: [Reading; 2] = [Reading::Pread, Reading::Mmap];

/// Every way of writing.
pub const WRITINGS: [Writing; 4] =
    [Writing::Pwrite, Writing::FallocatePwrite, Writing::Mmap, Writing::FallocateMmap];

/// What is to be read and written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Files and how many bytes of each.
    pub inputs: Vec<(PathBuf, u64)>,
    /// The output; reused in place if it has the right size.
    pub output: PathBuf,
    /// The output's size in bytes.
    pub size: u64,
    /// Threads for each half.
    pub threads: usize,
}

/// Reads, then writes: a linker can't write before it knows its inputs.
///
/// # Errors
/// Those of the files.
pub fn run(plan: &Plan, reading: Reading, writing: Writing) -> Result<()> {
    read(plan, reading)?;
    write(plan, writing)
}

fn read(plan: &Plan, reading: Reading) -> Result<()> {
    let pieces = plan.inputs.iter().flat_map(|(path, bytes)| {
        split(*bytes).map(move |(offset, length)| (path, offset, length))
    });
    // Opened by the piece: a job may have more files than a process may hold open.
    in_parallel(plan.threads, &pieces.collect::<Vec<_>>(), |buffer, (path, offset, length)| {
        let file = File::open(path).with_context(|| format!("{}", path.display()))?;
        match reading {
            Reading::Pread => consume(buffer, &file, *offset, *length),
            Reading::Mmap => {
                let mut part = MmapOptions::new();
                part.offset(*offset).len(*length as usize);
                // SAFETY: jobs are not written to while they are in use.
                touch(&unsafe { part.map(&file) }?);
                Ok(())
            }
        }
    })
}

/// The pieces that `bytes` are worked on in, as (offset, length).
fn split(bytes: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..bytes.div_ceil(PIECE)).map(move |piece| {
        let offset = piece * PIECE;
        (offset, PIECE.min(bytes - offset))
    })
}

fn touch(data: &[u8]) {
    let sum = data.iter().step_by(64).fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    std::hint::black_box(sum);
}

fn consume(buffer: &mut [u8], file: &File, mut offset: u64, length: u64) -> Result<()> {
    let end = offset + length;
    while offset < end {
        let wanted = buffer.len().min((end - offset) as usize);
        file.read_exact_at(&mut buffer[..wanted], offset)?;
        std::hint::black_box(buffer[wanted - 1]);
        offset += wanted as u64;
    }
    Ok(())
}

fn write(plan: &Plan, writing: Writing) -> Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let output = &plan.output;
    let file = options.open(output).with_context(|| format!("{}", output.display()))?;
    let fresh = file.metadata()?.len() != plan.size;
    if fresh {
        file.set_len(plan.size)?;
    }
    if fresh && matches!(writing, Writing::FallocatePwrite | Writing::FallocateMmap) {
        allocate(&file, plan.size)?;
    }
    let pieces = split(plan.size).collect::<Vec<_>>();
    if matches!(writing, Writing::Pwrite | Writing::FallocatePwrite) {
        return in_parallel(plan.threads, &pieces, |buffer, (offset, length)| {
            for (from, part) in split_by(*length, buffer.len() as u64) {
                file.write_all_at(&buffer[..part as usize], offset + from)?;
            }
            Ok(())
        });
    }
    write_mapped(plan, &file, pieces.len())
}

fn split_by(bytes: u64, step: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..bytes.div_ceil(step)).map(move |piece| (piece * step, step.min(bytes - piece * step)))
}

fn write_mapped(plan: &Plan, file: &File, pieces: usize) -> Result<()> {
    if pieces == 0 {
        return Ok(());
    }
    // SAFETY: nobody else has the output open.
    let mut map = unsafe { MmapMut::map_mut(file) }?;
    let chunks = map.chunks_mut(PIECE as usize).map(std::sync::Mutex::new).collect::<Vec<_>>();
    in_parallel(plan.threads, &chunks, |buffer, chunk| {
        let mut chunk = chunk.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for part in chunk.chunks_mut(buffer.len()) {
            part.copy_from_slice(&buffer[..part.len()]);
        }
        Ok(())
    })
}

/// Reserves the blocks at once, instead of on the first write to each page.
fn allocate(file: &File, size: u64) -> Result<()> {
    // SAFETY: fallocate takes integers alone.
    let result = unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, size.try_into()?) };
    if result != 0 {
        return Err(std::io::Error::last_os_error()).context("fallocate");
    }
    Ok(())
}

/// Calls `work` for every piece, on up to `threads` threads that each have a buffer. Little work is
/// done by the calling thread alone: starting another costs more than it saves.
fn in_parallel<T: Sync>(
    threads: usize,
    pieces: &[T],
    work: impl Fn(&mut [u8], &T) -> Result<()> + Sync,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut buffer = vec![0x5a; BUFFER];
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(&mut buffer, piece)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let helpers = (1..threads.min(pieces.len())).map(|_| scope.spawn(worker));
        let helpers = helpers.collect::<Vec<_>>();
        let mut result = worker();
        for helper in helpers {
            result = result.and(helper.join().unwrap_or_else(|_| Err(anyhow::anyhow!("panic"))));
        }
        result
    })
}

/// The reading list in `list`, one `BYTES PATH` a line, paths relative to `dir`.
///
/// # Errors
/// If the file is missing or a line has no number.
pub fn inputs(list: &Path, dir: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let text = std::fs::read_to_string(list).with_context(|| format!("{}", list.display()))?;
    let lines = text.lines().map(|line| {
        let (bytes, path) = line.split_once(' ').context("expected BYTES PATH")?;
        Ok((dir.join(path), bytes.parse()?))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_writes_the_whole_output_and_reads_the_whole_input() {
        let dir = std::env::temp_dir();
        let name = |part: &str| dir.join(format!("gild-bench-floor-{part}-{}", std::process::id()));
        let (input, output) = (name("in"), name("out"));
        std::fs::write(&input, vec![1; 9 << 20]).unwrap();
        let size = PIECE + 4097;
        let plan = |bytes| Plan {
            inputs: vec![(input.clone(), bytes)],
            output: output.clone(),
            size,
            threads: 2,
        };
        for reading in READINGS {
            for writing in WRITINGS {
                run(&plan(9 << 20), reading, writing).unwrap();
                let written = std::fs::read(&output).unwrap();
                assert_eq!(written.len() as u64, size);
                assert!(written.iter().all(|byte| *byte == 0x5a), "{writing:?}");
                std::fs::remove_file(&output).unwrap();
            }
        }
        assert!(read(&plan((9 << 20) + 1), Reading::Pread).is_err(), "more than there is");
        std::fs::remove_file(&input).unwrap();
    }
}
