//! Where a function leads: its calls and jumps, direct or through the GOT, followed by symbol.

use std::collections::{HashMap, HashSet};

use iced_x86::FlowControl;

use super::known::{KNOWN, Known, by_name, plain};
use crate::code::{Decoder, Insn};
use crate::model::dynamic::{Dynamic, R_GLOB_DAT, R_JUMP_SLOT, R_RELATIVE};
use crate::model::elf::Parsed;
use crate::model::memory::Memory;
use crate::model::symbols::{STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, Symbol};

/// From `__rust_alloc` to the heart of musl's mallocng it takes four calls.
const DEPTH: usize = 5;
/// Allocators' fast paths call little; more than this many functions means that the search has
/// strayed.
const FUNCTIONS: usize = 300;
/// Most bytes of a function without a size: it is read to the first jump or return, as PLT entries
/// end.
const UNSIZED: usize = 64;

/// Functions by address.
pub struct Calls<'a> {
    functions: HashMap<u64, Function>,
    dynamic_symbols: &'a [Symbol<'a>],
    memory: &'a Memory<'a>,
    dynamic: Dynamic,
}

#[derive(Default)]
struct Function {
    size: usize,
    owners: Vec<&'static Known>,
}

impl<'a> Calls<'a> {
    /// Collects the functions and, for each, the allocator among `present` that it is part of.
    pub fn new(
        program: &'a Parsed<'a>,
        symbols: &[Symbol<'_>],
        present: &[&'static Known],
        memory: &'a Memory<'a>,
        dynamic: Dynamic,
    ) -> Self {
        let mut functions: HashMap<u64, Function> = HashMap::new();
        let is_code = |s: &&Symbol| matches!(s.kind, STT_FUNC | STT_GNU_IFUNC | STT_NOTYPE);
        for symbol in symbols.iter().filter(is_code).filter(|s| s.is_place()) {
            let function = functions.entry(symbol.value).or_default();
            function.size = function.size.max(symbol.size as usize);
            let owner = KNOWN.iter().find(|known| known.owns(plain(symbol.name)));
            let owner = owner.filter(|owner| present.iter().any(|p| p.name == owner.name));
            function.owners.extend(owner);
        }
        let dynamic_symbols = &program.dynamic_symbols;
        Self { functions, dynamic_symbols, memory, dynamic }
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
        let sized = self.functions.get(&addr).map(|f| f.size).filter(|&size| size > 0);
        let size = sized.unwrap_or(UNSIZED);
        let bytes = self.memory.from(addr).unwrap_or_default();
        let mut targets = Vec::new();
        for insn in Decoder::new(&bytes[..bytes.len().min(size)], addr) {
            let target = self.target(&insn);
            targets.extend(target.filter(|target| target.wrapping_sub(addr) >= size as u64));
            let ends = matches!(
                insn.flow_control(),
                FlowControl::UnconditionalBranch
                    | FlowControl::IndirectBranch
                    | FlowControl::Return
            );
            if ends && sized.is_none() {
                break;
            }
        }
        targets
    }

    fn target(&self, insn: &Insn) -> Option<u64> {
        let indirect = insn.is_call_near_indirect() || insn.is_jmp_near_indirect();
        if indirect && insn.is_ip_rel_memory_operand() {
            return self.slot(insn.ip_rel_memory_address());
        }
        Some(insn.near_branch64()).filter(|&target| target != 0)
    }

    /// The function whose address the slot of the GOT will hold.
    fn slot(&self, addr: u64) -> Option<u64> {
        let Some(reloc) = self.dynamic.at(addr) else { return self.memory.word(addr) };
        match reloc.kind {
            R_RELATIVE => Some(reloc.addend as u64),
            // The table is kept without its null entry.
            R_GLOB_DAT | R_JUMP_SLOT => {
                let symbol = self.dynamic_symbols.get((reloc.symbol as usize).checked_sub(1)?)?;
                symbol.is_place().then_some(symbol.value)
            }
            _ => None,
        }
    }
}
