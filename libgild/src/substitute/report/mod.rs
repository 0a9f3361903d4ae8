//! The report: who provides the heap, symbol by symbol.

mod heaps;
mod references;
mod text;

use super::{Binding, family, verify};
use crate::args::{Internal, Options, ReportFormat};
use crate::diagnostics::{Error, Result};
use crate::live::Live;
use crate::symbols::Resolved;
use heaps::Heap;
use references::References;
use serde::Serialize;
use std::collections::BTreeMap;

/// What `--allocator-report` tells; `--allocator-report-format=json` writes these fields.
#[derive(Serialize)]
struct Report<'a> {
    allocator: &'a str,
    version: Option<&'a str>,
    /// The provider's file; none with `--allocator-prefix` alone.
    path: Option<String>,
    /// XXH3-128 of the file, in hexadecimal.
    xxh3_128: String,
    prefix: &'a str,
    /// `redirect` or `keep`.
    internal: &'static str,
    /// The family, and the C library's private names where they stand for its own heap.
    symbols: Vec<Symbol>,
    /// Functions that gild made, and the ones that they call.
    completed: &'a BTreeMap<&'static str, &'static str>,
    /// Members of the C library that would have defined the family, with the names.
    displaced: &'a BTreeMap<String, Vec<String>>,
    heaps: Vec<Heap>,
    /// Who refers to the C library's private heap.
    private_callers: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Symbol {
    name: &'static str,
    /// The object that defines it, if it is in the program.
    provider: Option<String>,
    /// Live relocations against it.
    references: usize,
    /// The same by the file of the referrer.
    from: BTreeMap<String, usize>,
}

/// The report, if one was asked for. Warns of other heaps in any case.
pub fn report(
    resolved: &Resolved,
    live: &Live,
    binding: &Binding,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Option<String>> {
    let heaps = heaps::find(resolved, live, binding);
    let two_heaps: Vec<String> = heaps.iter().filter_map(|heap| heap.warning(binding)).collect();
    warnings.extend(two_heaps.iter().cloned());
    let Some(target) = &options.allocator.report else { return Ok(None) };
    let by_name = target.as_ref().and_then(|path| path.extension());
    let format = options.allocator.format.unwrap_or(match by_name {
        Some(extension) if extension == "json" => ReportFormat::Json,
        _ => ReportFormat::Text,
    });
    let report = Report::new(resolved, live, binding, heaps, two_heaps);
    let text = match format {
        ReportFormat::Text => text::text(&report),
        ReportFormat::Json => serde_json::to_string_pretty(&report)
            .map_err(|error| Error::Message(error.to_string()))?,
    };
    Ok(Some(text.trim_end().to_string() + "\n"))
}

impl<'a> Report<'a> {
    fn new(
        resolved: &Resolved,
        live: &Live,
        binding: &'a Binding,
        heaps: Vec<Heap>,
        mut warnings: Vec<String>,
    ) -> Report<'a> {
        let references = References::count(resolved, live, binding);
        let symbol = |name: &'static str| {
            let id = resolved.names.get(binding.target(name))?;
            let owner = verify::live_owner(resolved, live, binding.target(name));
            let provider = owner.map(|object| object.name.to_string());
            let from = references.by_file(id);
            let references = from.values().sum();
            let mentioned = provider.is_some() || references > 0;
            mentioned.then_some(Symbol { name, provider, references, from })
        };
        // A private name that is read as a public one has its references there.
        let own = |name: &&str| binding.target(name) == name.as_bytes();
        let private = family::INTERNAL.into_iter().map(|(name, _)| name).filter(own);
        warnings.extend(fork_warning(resolved, live, binding));
        Report {
            allocator: &binding.name,
            version: binding.version.as_deref(),
            path: binding.path.as_ref().map(|path| path.display().to_string()),
            xxh3_128: format!("{:032x}", binding.hash),
            prefix: &binding.prefix,
            internal: match binding.internal {
                Internal::Redirect => "redirect",
                Internal::Keep => "keep",
            },
            symbols: family::FAMILY.into_iter().chain(private).filter_map(symbol).collect(),
            completed: &binding.completed,
            displaced: &binding.displaced,
            heaps,
            private_callers: references.private_callers(resolved, binding),
            warnings,
        }
    }
}

/// A child of a threaded program may find a lock of the allocator held by a thread that it lacks.
fn fork_warning(resolved: &Resolved, live: &Live, binding: &Binding) -> Option<String> {
    let is_live = |name: &str| verify::live_owner(resolved, live, name.as_bytes()).is_some();
    let risk = !binding.handles_fork && is_live("fork") && is_live("pthread_create");
    risk.then(|| {
        format!(
            "{} registers no fork handler: in a program with threads, a child that allocates \
             between fork and exec can wait for ever",
            binding.name
        )
    })
}
