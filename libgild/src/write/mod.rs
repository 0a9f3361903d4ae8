//! The output file: spans of bytes in file order, each relocated in a thread's own buffer.

mod build_id;
mod output;
mod relocate;
mod spans;

use crate::diagnostics::{Error, Errors, Result};
use crate::synth::Context;
use output::Output;
use rayon::prelude::*;
use spans::Span;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Size of the output file, bytes.
    pub bytes: u64,
}

/// Writes the output file. On an error nothing is left at the output path.
pub fn write(context: Context) -> Result<Written> {
    let spans = spans::plan(context);
    let output = Output::create(&context.options.output, context.layout.file_size)?;
    let digests = write_spans(context, &spans, &output)?;
    if let Some((offset, id)) = build_id::compute(context, &digests) {
        output.write_at(&id, offset)?;
    }
    output.finish()?;
    Ok(Written { bytes: context.layout.file_size })
}

/// Threads take spans in file order. Gives each span's digest, 0 when no build-id is wanted.
fn write_spans(context: Context, spans: &[Span], output: &Output) -> Result<Vec<u128>> {
    let next = AtomicUsize::new(0);
    let errors = Mutex::new(Vec::new());
    let work = || {
        let mut digests = Vec::new();
        let mut buffer = Vec::new();
        while let Some((index, span)) = take(&next, spans) {
            match write_span(context, span, output, &mut buffer) {
                Ok(digest) => digests.push((index, digest)),
                Err(mut found) => lock(&errors).append(&mut found),
            }
        }
        digests
    };
    let threads = if spans.len() > 1 { rayon::current_num_threads() } else { 1 };
    let mut digests: Vec<_> =
        (0..threads).into_par_iter().with_max_len(1).flat_map_iter(|_| work()).collect();
    Errors::check(errors.into_inner().unwrap_or_default())?;
    digests.sort_unstable();
    Ok(digests.into_iter().map(|(_, digest)| digest).collect())
}

fn take<'a, 'b>(next: &AtomicUsize, spans: &'a [Span<'b>]) -> Option<(usize, &'a Span<'b>)> {
    let index = next.fetch_add(1, Relaxed);
    spans.get(index).map(|span| (index, span))
}

fn lock(errors: &Mutex<Vec<Error>>) -> std::sync::MutexGuard<'_, Vec<Error>> {
    errors.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write_span(
    context: Context,
    span: &Span,
    output: &Output,
    buffer: &mut Vec<u8>,
) -> std::result::Result<u128, Vec<Error>> {
    buffer.clear();
    buffer.resize(span.size() as usize, 0);
    span.fill(context, buffer)?;
    output.write_at(buffer, span.offset()).map_err(|error| vec![error])?;
    Ok(build_id::digest(context, buffer))
}
