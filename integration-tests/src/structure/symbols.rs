//! Laws about symbols: what every peer keeps is kept, what none has is not there.

use super::{Named, some};
use crate::image::{Image, Symbol};
use crate::{Outcome, ensure};
use object::elf;
use std::collections::HashSet;

/// Names of functions and objects of a program; what linkers make up for themselves is left out.
fn names(image: &Image) -> HashSet<&str> {
    let kinds = [elf::STT_FUNC.0, elf::STT_OBJECT.0, elf::STT_TLS.0, elf::STT_GNU_IFUNC.0];
    let counts = |symbol: &&Symbol| symbol.defined && kinds.contains(&symbol.kind);
    image.symbols.iter().filter(counts).map(|symbol| symbol.name.as_str()).collect()
}

/// Symbols that a linker defines itself, with whatever type it likes, and those of `.gnu.warning`
/// sections, which lld alone takes for data.
fn is_linkers_own(name: &str) -> bool {
    const OWN: [&str; 5] =
        ["_DYNAMIC", "_GLOBAL_OFFSET_TABLE_", "_TLS_MODULE_BASE_", "__GNU_EH_FRAME_HDR", "_end"];
    const PREFIXES: [&str; 3] = ["__start_", "__stop_", "__evoke_link_warning_"];
    OWN.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a symbol counts in a comparison: against a single peer, local symbols of merged or empty
/// sections are a matter of one linker's habits.
fn comparable<'a>(image: &'a Image, peers: &[Named]) -> impl Fn(&&str) -> bool + 'a {
    let alone = peers.len() == 1;
    move |name| {
        let global = || image.symbol(name).is_some_and(|symbol| symbol.binding != elf::STB_LOCAL.0);
        !is_linkers_own(name) && (!alone || global())
    }
}

/// A function or object that is in each peer's output is in ours.
pub fn check_kept(ours: &Image, peers: &[Named]) -> Outcome {
    if ours.symbols.is_empty() || peers.is_empty() {
        return Ok(());
    }
    let mut wanted = names(peers[0].1);
    for (_, peer) in &peers[1..] {
        let theirs = names(peer);
        wanted.retain(|name| theirs.contains(name));
    }
    wanted.retain(|name| comparable(peers[0].1, peers)(name));
    let ours = names(ours);
    let mut missing: Vec<_> = wanted.into_iter().filter(|name| !ours.contains(name)).collect();
    missing.sort_unstable();
    ensure(missing.is_empty(), || format!("symbols that every peer keeps: {}", some(&missing)))
}

/// A function in our output is in at least one peer's: nothing is extracted or kept for no reason.
pub fn check_dropped(ours: &Image, peers: &[Named]) -> Outcome {
    let theirs: HashSet<&str> = peers.iter().flat_map(|(_, peer)| names(peer)).collect();
    if theirs.is_empty() {
        return Ok(());
    }
    let mut extra: Vec<_> = names(ours)
        .into_iter()
        .filter(|name| !theirs.contains(name))
        .filter(comparable(ours, peers))
        .collect();
    extra.sort_unstable();
    ensure(extra.is_empty(), || format!("symbols that no peer keeps: {}", some(&extra)))
}
