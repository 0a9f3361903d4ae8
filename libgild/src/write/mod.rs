//! The output file: spans of bytes in file order, each relocated in a thread's own buffer.

mod build_id;
mod compress;
mod findings;
mod headers;
mod output;
#[cfg(test)]
mod output_test;
mod relocate;
mod spans;
mod windows;

pub use compress::debug_sections as compress_debug_sections;
pub use output::{remove_output, spare_inputs};

use crate::diagnostics::{Error, Result};
use crate::synth::Context;
use crate::tasks::{Front, Tasks, at_one_front};
use findings::Findings;
use output::Output;
use rayon::prelude::*;
use relocate::Relocator;
use spans::Span;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use windows::Writer;

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// Size of the output file, bytes.
    pub bytes: u64,
    /// The file that it replaced.
    pub replaced: Option<File>,
}

/// Outputs up to this size are written with one system call.
const SMALL: u64 = 1 << 20;

/// Writes the output file, which takes the place of an older one at the very end.
///
/// Errors: relocations that cannot be applied, all of them, and what the file system says. The
/// output path then holds what it held before; see [`remove_output`].
pub fn write(context: Context) -> Result<Written> {
    let mut output = Output::open(&context.options.output)?;
    // Reserving 150 MB takes a thread 2 ms.
    let (relocator, spans) =
        rayon::join(|| Relocator::new(context), || plan_and_reserve(context, &output));
    let mut spans = spans?;
    loop {
        let job = Job { context, relocator: &relocator, spans: &spans };
        let done = match output.file() {
            Some(file) if context.layout.file_size > SMALL => job.to_file(file)?,
            _ => job.to_stream(&mut output)?,
        };
        if let Done::All = done {
            break;
        }
        spans = spans::plan(context, false)?;
    }
    let replaced = output.finish().map_err(|error| io(context, error))?;
    Ok(Written { bytes: context.layout.file_size, replaced })
}

fn plan_and_reserve<'a>(context: Context<'a, '_>, output: &Output) -> Result<Vec<Span<'a>>> {
    let spans = spans::plan(context, true)?;
    let covered: u64 = spans.iter().map(Span::size).sum();
    if covered > SMALL && covered == context.layout.file_size {
        output.reserve(covered).map_err(|error| io(context, error))?;
    }
    Ok(spans)
}

/// Runs of spans for each thread, so that none waits long for the last one.
const RUNS: usize = 8;

/// Spans of a run: 2 MiB, of which only the ends are written in other pieces than windows.
const LONGEST_RUN: usize = 8;

/// Whether the output is complete.
enum Done {
    All,
    /// Nothing counts: see [`Findings::uncut`].
    Uncut,
}

fn io(context: Context, source: std::io::Error) -> Error {
    Error::io("write", &context.options.output, source)
}

struct Job<'a, 'data> {
    context: Context<'a, 'data>,
    relocator: &'a Relocator<'a, 'data>,
    spans: &'a [Span<'a>],
}

impl Job<'_, '_> {
    /// Fills one span; gives its digest.
    fn fill(&self, span: &Span, out: &mut [u8], findings: &mut Findings) -> u128 {
        span.fill(self.relocator, out, findings);
        build_id::digest(self.context, out)
    }

    /// By way of one buffer, for what is small or takes bytes in order only.
    fn to_stream(&self, output: &mut Output) -> Result<Done> {
        let size = self.context.layout.file_size as usize;
        let mut bytes: Vec<u8> = Vec::new();
        bytes
            .try_reserve_exact(size)
            .map_err(|_| io(self.context, std::io::Error::from(std::io::ErrorKind::OutOfMemory)))?;
        bytes.resize(size, 0);
        let mut rest = &mut bytes[..];
        let mut end = 0;
        let mut jobs = Vec::with_capacity(self.spans.len());
        for span in self.spans {
            let (_, after) = rest.split_at_mut((span.offset() - end) as usize);
            let (out, after) = after.split_at_mut(span.size() as usize);
            jobs.push((span, out));
            (rest, end) = (after, span.offset() + span.size());
        }
        let findings = Mutex::new(Findings::default());
        let fill = |(span, out): (&Span, &mut [u8])| {
            let mut found = Findings::default();
            let digest = self.fill(span, out, &mut found);
            if !found.is_empty() {
                lock(&findings).extend(found);
            }
            digest
        };
        let digests: Vec<u128> = jobs.into_par_iter().tasks_of(4).map(fill).collect();
        if let Done::Uncut = self.check(findings)? {
            return Ok(Done::Uncut);
        }
        if let Some((offset, id)) = build_id::compute(self.context, &digests) {
            bytes[offset as usize..][..id.len()].copy_from_slice(&id);
        }
        output.write_all(&bytes).map_err(|error| io(self.context, error))?;
        Ok(Done::All)
    }

    /// Threads take runs of spans in file order: neighbours there are neighbours in the input, mostly.
    fn to_file(&self, file: &File) -> Result<Done> {
        let failed = AtomicBool::new(false);
        let findings = Mutex::new(Findings::default());
        let threads = rayon::current_num_threads();
        let length = (self.spans.len() / (threads * RUNS)).clamp(1, LONGEST_RUN);
        let runs: Vec<&[Span]> = self.spans.chunks(length).collect();
        let largest = self.spans.iter().map(Span::size).max().unwrap_or(0);
        // What one thread can't write, the others can't either.
        let note = |written: std::io::Result<()>, found: &mut Findings| {
            if let Err(error) = written
                && !failed.swap(true, Relaxed)
            {
                found.errors.push(io(self.context, error));
            }
        };
        let work = |front: &Front<&[Span]>| {
            let mut found = Findings::default();
            let mut digests = Vec::new();
            let mut writer = Writer::new(file, largest);
            while let Some((run, spans)) = front.take() {
                for (index, span) in (run * length..).zip(*spans) {
                    let fill = |out: &mut [u8]| {
                        digests.push((index, self.fill(span, out, &mut found)));
                    };
                    let written = writer.span(span.offset(), span.size(), fill);
                    note(written, &mut found);
                    // After an error only the other errors matter.
                    if !found.is_empty() {
                        failed.store(true, Relaxed);
                    }
                    if failed.load(Relaxed) {
                        writer.discard();
                    }
                }
            }
            note(writer.finish(), &mut found);
            if !found.is_empty() {
                lock(&findings).extend(found);
            }
            digests
        };
        let digests = at_one_front(threads, &runs, work).flatten_iter();
        let mut digests: Vec<(usize, u128)> = digests.collect();
        if let Done::Uncut = self.check(findings)? {
            return Ok(Done::Uncut);
        }
        digests.sort_unstable();
        let digests: Vec<u128> = digests.into_iter().map(|(_, digest)| digest).collect();
        if let Some((offset, id)) = build_id::compute(self.context, &digests) {
            file.write_all_at(&id, offset).map_err(|error| io(self.context, error))?;
        }
        Ok(Done::All)
    }

    fn check(&self, findings: Mutex<Findings>) -> Result<Done> {
        let findings = findings.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if findings.uncut {
            return Ok(Done::Uncut);
        }
        findings.check(self.context).map(|()| Done::All)
    }
}

fn lock(findings: &Mutex<Findings>) -> std::sync::MutexGuard<'_, Findings> {
    findings.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
