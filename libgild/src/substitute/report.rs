//! The report: who provides the heap, symbol by symbol.

use super::{Binding, family, verify};
use crate::args::{Internal, Options, ReportFormat};
use crate::diagnostics::{Error, Result};
use crate::elf::RelaExt;
use crate::ids::{SectionId, SymbolId};
use crate::live::Live;
use crate::symbols::{Definition, Resolved};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// Live references: by file of the referrer.
type References = BTreeMap<String, usize>;

/// Writes the report if one was asked for; returns the lines for standard output.
///
/// Errors: the file can't be written.
pub fn report(
    resolved: &Resolved,
    live: &Live,
    binding: &Binding,
    options: &Options,
) -> Result<Vec<String>> {
    let Some(target) = &options.allocator.report else { return Ok(Vec::new()) };
    let by_name = target.as_ref().and_then(|path| path.extension());
    let format = options.allocator.format.unwrap_or(match by_name {
        Some(extension) if extension == "json" => ReportFormat::Json,
        _ => ReportFormat::Text,
    });
    let content = content(resolved, live, binding);
    let text = match format {
        ReportFormat::Text => text(&content),
        ReportFormat::Json => format!("{content:#}\n"),
    };
    let Some(path) = target else { return Ok(text.lines().map(String::from).collect()) };
    std::fs::write(path, text).map_err(|source| Error::Io {
        action: "write",
        path: path.clone(),
        source,
    })?;
    Ok(Vec::new())
}

fn content(resolved: &Resolved, live: &Live, binding: &Binding) -> Value {
    let wanted: HashMap<SymbolId, &str> = family::FAMILY
        .iter()
        .filter_map(|name| {
            Some((resolved.names.get(binding.name(name.as_bytes(), false, u32::MAX))?, *name))
        })
        .chain(family::INTERNAL.iter().filter_map(|(name, _)| {
            let read = binding.name(name.as_bytes(), false, u32::MAX);
            Some((resolved.names.get(read).filter(|_| read == name.as_bytes())?, *name))
        }))
        .collect();
    let counts = count(resolved, live, &wanted);
    let symbol = |(id, name): (&SymbolId, &&str)| {
        let symbol = resolved.symbol(*id);
        let provider = match symbol.definition {
            Definition::Section(section) if live.is_live(section) => {
                Some(resolved.object(symbol.owner).name.to_string())
            }
            _ => None,
        };
        let references = counts.get(id).cloned().unwrap_or_default();
        let total: usize = references.values().sum();
        (provider.is_some() || total > 0).then(|| {
            json!({ "name": name, "provider": provider, "references": total, "from": references })
        })
    };
    let mut symbols: Vec<Value> = wanted.iter().filter_map(symbol).collect();
    symbols.sort_by_key(|symbol| symbol["name"].to_string());
    let second: Vec<String> = resolved
        .objects
        .iter()
        .filter(|object| verify::is_second_heap(object, live))
        .map(|object| object.name.to_string())
        .collect();
    let mut heaps = vec![binding.name.clone()];
    heaps.extend((!second.is_empty()).then(|| "libc".to_string()));
    json!({
        "allocator": binding.name,
        "path": binding.path.as_ref().map(|path| path.display().to_string()),
        "xxh3_128": format!("{:032x}", binding.hash),
        "prefix": binding.prefix,
        "internal": if binding.internal == Internal::Redirect { "redirect" } else { "keep" },
        "symbols": symbols,
        "completed": binding.completed,
        "heaps": heaps,
        "second_heap_members": second,
    })
}

/// Counts the live relocations against each wanted name.
fn count(
    resolved: &Resolved,
    live: &Live,
    wanted: &HashMap<SymbolId, &str>,
) -> HashMap<SymbolId, References> {
    let of_object = |object: &crate::input::object::Object| {
        let mut counts: HashMap<SymbolId, References> = HashMap::new();
        if !object.globals.iter().any(|id| wanted.contains_key(id)) {
            return counts;
        }
        for shndx in 0..object.headers.len() as u32 {
            if !live.is_live(SectionId(object.first_section + shndx)) {
                continue;
            }
            for rela in object.relocations(shndx) {
                let Some(id) = object.global(rela.sym()) else { continue };
                if wanted.contains_key(&id) {
                    let from = object.name.path.display().to_string();
                    *counts.entry(id).or_default().entry(from).or_default() += 1;
                }
            }
        }
        counts
    };
    let merge = |mut all: HashMap<SymbolId, References>, more: HashMap<SymbolId, References>| {
        for (id, references) in more {
            let mine = all.entry(id).or_default();
            for (from, count) in references {
                *mine.entry(from).or_default() += count;
            }
        }
        all
    };
    resolved.objects.par_iter().map(of_object).reduce(HashMap::new, merge)
}

fn text(content: &Value) -> String {
    let mut out = String::new();
    let plain = |value: &Value| value.as_str().unwrap_or("-").to_string();
    // Writing to a String can't fail.
    let _ = writeln!(out, "allocator: {}", plain(&content["allocator"]));
    let _ = writeln!(out, "  file: {}", plain(&content["path"]));
    let _ = writeln!(out, "  xxh3-128: {}", plain(&content["xxh3_128"]));
    let _ = writeln!(out, "  libc's private callers: {}", plain(&content["internal"]));
    let list = |value: &Value| {
        let names = value.as_array().into_iter().flatten().map(plain);
        names.collect::<Vec<_>>().join(", ")
    };
    let _ = writeln!(out, "  heaps in the program: {}", list(&content["heaps"]));
    for symbol in content["symbols"].as_array().into_iter().flatten() {
        let (name, provider) = (plain(&symbol["name"]), plain(&symbol["provider"]));
        let _ = writeln!(out, "  {name}: {provider}, {} live references", symbol["references"]);
        for (from, count) in symbol["from"].as_object().into_iter().flatten() {
            let _ = writeln!(out, "    {count} from {from}");
        }
    }
    for (name, base) in content["completed"].as_object().into_iter().flatten() {
        let _ = writeln!(out, "  {name} is completed from {} where it is needed", plain(base));
    }
    for member in content["second_heap_members"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "  beside it: {}", plain(member));
    }
    out
}
