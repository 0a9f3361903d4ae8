//! Where a function leads: its direct calls and jumps, followed by symbol.

use std::collections::{HashMap, HashSet};

use super::known::{KNOWN, Known, by_name, plain};
use crate::code;
use crate::model::memory::Memory;
use crate::model::symbols::{STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, Symbol};

/// From `__rust_alloc` to the heart of musl's mallocng it takes four calls.
const DEPTH: usize = 5;
/// Allocators' fast paths call little; more than this many functions means that the search has
/// strayed.
const FUNCTIONS: usize = 300;
/// Bytes of a function whose symbol has no size.
const UNSIZED: usize = 256;

/// Functions by address.
pub struct Calls<'a> {
    functions: HashMap<u64, Function>,
    memory: &'a Memory<'a>,
}

#[derive(Default)]
struct Function {
    size: usize,
    owners: Vec<&'static Known>,
}

impl<'a> Calls<'a> {
    /// Collects the functions and, for each, the allocator among `present` that it is part of.
    pub fn new(symbols: &[Symbol<'_>], present: &[&'static Known], memory: &'a Memory<'a>) -> Self {
        let mut functions: HashMap<u64, Function> = HashMap::new();
        let is_code = |s: &&Symbol| matches!(s.kind, STT_FUNC | STT_GNU_IFUNC | STT_NOTYPE);
        for symbol in symbols.iter().filter(is_code).filter(|s| s.is_place()) {
            let function = functions.entry(symbol.value).or_default();
            function.size = function.size.max(symbol.size as usize);
            let owner = KNOWN.iter().find(|known| known.owns(plain(symbol.name)));
            let owner = owner.filter(|owner| present.iter().any(|p| p.name == owner.name));
            function.owners.extend(owner);
        }
        Self { functions, memory }
    }

    /// The allocator whose functions are nearest to `start`, counted in calls; `None` where there
    /// is none, or two are equally near.
    pub fn lead_to(&self, start: u64) -> Option<&'static Known> {
        let mut seen = HashSet::from([start]);
        let mut level = vec![start];
        for _ in 0..=DEPTH {
            let owners = level.iter().filter_map(|addr| self.functions.get(addr));
            let mut owners: Vec<_> =
                owners.flat_map(|f| &f.owners).map(|owner| owner.name).collect();
            owners.sort_unstable();
            owners.dedup();
            match *owners {
                [] => {}
                [only] => return by_name(only),
                _ => return None,
            }
            let targets = level.iter().flat_map(|&addr| self.targets(addr));
            level = targets.filter(|&target| seen.insert(target)).collect();
            if seen.len() > FUNCTIONS {
                return None;
            }
        }
        None
    }

    /// What the function calls or jumps to outside itself.
    fn targets(&self, addr: u64) -> Vec<u64> {
        let size = match self.functions.get(&addr) {
            Some(function) if function.size > 0 => function.size,
            _ => UNSIZED,
        };
        let bytes = self.memory.from(addr).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(size)];
        let branches = code::decoder(bytes, addr).into_iter().map(|i| i.near_branch64());
        branches.filter(|target| target.wrapping_sub(addr) >= size as u64 && *target != 0).collect()
    }
}
