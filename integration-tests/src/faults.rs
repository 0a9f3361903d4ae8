//! What mold and wild are known to get wrong in test programs.
//!
//! A sweep over them (`GILD_TEST_PEERS`) expects exactly this: a fault that is gone fails like one
//! that is new, so that the table stays true.

use crate::program::Case;
use crate::{Outcome, ensure};
use gild_diff::Kind::{self, *};
use std::collections::BTreeSet;

/// What a linker made of a cell, beside gild.
#[derive(Debug, Default)]
pub struct Seen {
    /// Why there is no program.
    pub refusal: Option<String>,
    /// How it behaves where gild's behaves otherwise.
    pub misbehaviour: Option<String>,
    /// What differs in meaning without an explanation.
    pub kinds: BTreeSet<Kind>,
    /// gild-diff's report of that.
    pub report: String,
}

/// What a fault leads to.
#[derive(Debug)]
enum Effect {
    /// The link fails and says this.
    Refuses(&'static str),
    /// The program does the same; gild-diff finds these kinds of difference.
    Differs(&'static [Kind]),
    /// The program does something else; gild-diff finds these kinds of difference.
    Misbehaves(&'static [Kind]),
}

use Effect::{Differs, Misbehaves, Refuses};

/// One row of the table.
#[derive(Debug)]
struct Fault {
    peer: &'static str,
    program: &'static str,
    /// As in `gild-test: except`; those of two rows for one program do not overlap.
    cells: &'static [&'static str],
    effect: Effect,
}

const fn fault(
    peer: &'static str,
    program: &'static str,
    cells: &'static [&'static str],
    effect: Effect,
) -> Fault {
    Fault { peer, program, cells, effect }
}

/// All of them, of mold 1.10 and wild 0.10.
#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // A weak definition wins over a common one.
    fault("mold", "c/common", &["*"], Misbehaves(&[ObjectSize, SymbolSize])),
    // Crashes over --defsym.
    fault("mold", "c/defsym", &["*"], Refuses("Segmentation fault")),
    fault("mold", "c/wrap-defsym", &["*"], Refuses("Segmentation fault")),
    // An entry for an empty function hides the one behind it.
    fault("mold", "cxx/empty-function", &["*/pie"], Misbehaves(&[])),
    // .ctors and .dtors are left out.
    fault("mold", "c/ctors-sections", &["*"], Misbehaves(&[InitMissing])),
    // -z stack-size is ignored.
    fault("mold", "c/separate-code", &["*/*/*/stack"], Differs(&[StackRights])),
    // Debug information as binutils compressed it before 2.26 is not unpacked.
    fault("mold", "c/debug-compressed", &["*/*/*/old"], Refuses("not null terminated")),
    // One ifunc has two addresses; with clang's constants, read-only data is relocated as well.
    fault("mold", "c/ifunc", &["*/*/gcc", "*/pie/clang", "*/*/*/pic", "*/*/*/noplt"], Misbehaves(&[Ifunc])),
    fault("mold", "c/ifunc", &["*/exec/clang/plain", "*/exec/clang/gc"], Misbehaves(&[Ifunc, DynamicFault])),
    fault("mold", "asm/ifunc", &["none/exec"], Misbehaves(&[Ifunc])),
    // PT_GNU_RELRO begins behind .data.rel.ro where the thread-local block is zeros only.
    fault("mold", "c/tls-only-bss", &["musl"], Differs(&[Relro])),
    // Older than APX.
    fault("mold", "asm/code4", &["*"], Refuses("unknown relocation")),
    // .note.gnu.property without PT_GNU_PROPERTY: the kernel sees no IBT.
    fault("mold", "asm/property-and", &["*"], Differs(&[SegmentMissing])),
    // -z start-stop-gc is ignored.
    fault("mold", "asm/start-stop-gc", &["*"], Misbehaves(&[Instruction])),
    // What is out of reach is not loaded from the GOT.
    fault("mold", "asm/got-far", &["*"], Refuses("R_X86_64_REX_GOTPCRELX against far out of range")),
    fault("mold", "c/far-common", &["*"], Refuses("R_X86_64_REX_GOTPCRELX against last out of range")),
    // __start_X and __stop_X bound one of two sections X.
    fault("mold", "asm/start-stop-large", &["*"], Misbehaves(&[])),
    // An FDE of another object's function.
    fault("mold", "asm/eh-frame-foreign", &["*"], Refuses("SIGSEGV")),
    // An undefined weak symbol has no address for a static-PIE's code.
    fault("mold", "asm/weak-undefined", &["none/pie"], Refuses("recompile with -fno-PIC")),
    // Behind -Bdynamic, as rustc ends its command line, __rela_iplt_start and _end are 0.
    fault("mold", "rust/backtrace", &["glibc/exec"], Misbehaves(&[DynamicFault])),
    fault("mold", "rust/hello", &["glibc/exec"], Misbehaves(&[DynamicFault])),
    fault("mold", "rust/panics", &["glibc/exec"], Misbehaves(&[DynamicFault])),
    fault("mold", "rust/std-sweep", &["glibc/exec"], Misbehaves(&[DynamicFault])),
    fault("mold", "rust/threads", &["glibc/exec"], Misbehaves(&[DynamicFault])),

    // A build id is of one length, whichever is asked for.
    fault("wild", "c/build-id", &["*/*/*/sha1", "*/*/*/md5"], Misbehaves(&[])),
    // -z noexecstack does not overrule an object.
    fault("wild", "c/execstack", &["*"], Refuses("requires executable stack")),
    // A static-PIE's ifunc has two addresses.
    fault("wild", "c/ifunc", &["glibc/pie"], Misbehaves(&[Ifunc])),
    // A GOT load of a --defsym alias becomes its link-time address.
    fault("wild", "c/defsym", &["*/pie/clang"], Misbehaves(&[Instruction])),
    // As mold.
    fault("wild", "c/debug-compressed", &["*/*/*/old"], Refuses("not null-terminated")),
    fault("wild", "asm/start-stop-gc", &["none/exec"], Misbehaves(&[Immediate])),
    fault("wild", "asm/start-stop-gc", &["none/pie"], Misbehaves(&[Instruction])),
    // Fat objects need a plugin, although their code is there.
    fault("wild", "c/fat-lto", &["*/*/gcc"], Refuses("linker plugin was not supplied")),
    // A hidden definition in a member that is not extracted hides the one that is taken.
    fault("wild", "c/init-fini", &["musl"], Differs(&[SymbolBinding])),
    fault("wild", "c/resolver", &["musl"], Differs(&[SymbolBinding])),
    fault("wild", "c/stdio", &["musl"], Differs(&[SymbolBinding])),
    fault("wild", "c/wrap", &["musl"], Differs(&[SymbolBinding])),
    // STV_PROTECTED and STV_INTERNAL are dropped from the symbol table.
    fault("wild", "c/visibility", &["*/*/gcc"], Differs(&[SymbolBinding, SymbolVisibility])),
    fault("wild", "c/visibility", &["*/*/clang"], Differs(&[SymbolVisibility])),
    // The thread-local block begins unaligned; glibc, other than musl, then reads other variables.
    fault("wild", "c/tls-align", &["glibc/*/*/bss4096"], Misbehaves(&[SegmentFault])),
    fault("wild", "c/tls-align", &["musl/*/*/bss4096"], Differs(&[SegmentFault])),
    fault("wild", "c/tls-models", &["musl/*/clang/gd", "musl/*/clang/ld", "musl/*/clang/ie", "musl/*/clang/le"], Differs(&[SegmentFault])),
    // And TLSDESC offsets count from its unaligned end, others from the aligned one.
    fault("wild", "c/tls-models", &["musl/*/clang/desc", "musl/*/clang/desc-ld"], Misbehaves(&[Immediate, SegmentFault])),
    // Both copies of a COMDAT group are kept.
    fault("wild", "asm/group-debug", &["*/*/clang"], Differs(&[Instruction])),
    fault("wild", "asm/link-order-discarded", &["*/*/clang"], Differs(&[Instruction])),
    // An address that doesn't fit its instruction is cut off.
    fault("wild", "asm/got-far", &["*"], Misbehaves(&[Instruction])),
    fault("wild", "asm/got-far-zeros", &["*"], Misbehaves(&[Instruction])),
    // What it lacks.
    fault("wild", "asm/eh-frame-foreign", &["*"], Refuses("pc-begin refers to symbol that's not defined")),
    fault("wild", "asm/init-gc", &["*"], Refuses("unrecognized option")),
    fault("wild", "asm/linker-symbols", &["*"], Refuses("__GNU_EH_FRAME_HDR")),
    fault("wild", "asm/size", &["*"], Refuses("R_X86_64_SIZE32")),
    fault("wild", "asm/tls-le", &["*"], Refuses("R_X86_64_TPOFF64")),
    fault("wild", "asm/got-large", &["none/exec"], Refuses("R_X86_64_GOTPCREL64")),
    // Common symbols stand in front of libc.a's variables.
    fault("wild", "c/far-common", &["*"], Refuses("outside of bounds")),
    // A lea of an undefined weak symbol gives the load address.
    fault("wild", "asm/weak-undefined", &["none/pie"], Misbehaves(&[])),
    // An entry for an empty function hides the one behind it.
    fault("wild", "cxx/empty-function", &["*/pie"], Misbehaves(&[])),
];

/// Whether what was seen is what is known, and no more.
pub fn check(case: &Case, peer: &str, seen: &Seen) -> Outcome {
    let is_meant = |fault: &&Fault| {
        fault.peer == peer
            && fault.program == case.program.name
            && fault.cells.iter().any(|pattern| case.matches(pattern))
    };
    let known = FAULTS.iter().find(is_meant).map(|fault| &fault.effect);
    ensure(is_as_known(known, seen), || match known {
        Some(effect) => format!("{peer} is known for {effect:?}, but {}", seen.describe()),
        None => format!("{peer} {}", seen.describe()),
    })
}

fn is_as_known(known: Option<&Effect>, seen: &Seen) -> bool {
    let (misbehaves, kinds) = match known {
        Some(Refuses(text)) => {
            return seen.refusal.as_ref().is_some_and(|said| said.contains(text));
        }
        Some(Differs(kinds)) => (false, *kinds),
        Some(Misbehaves(kinds)) => (true, *kinds),
        None => (false, [].as_slice()),
    };
    seen.refusal.is_none()
        && seen.misbehaviour.is_some() == misbehaves
        && seen.kinds.iter().eq(&kinds.iter().copied().collect::<BTreeSet<_>>())
}

impl Seen {
    fn describe(&self) -> String {
        if let Some(refusal) = &self.refusal {
            return format!("fails: {refusal}");
        }
        let behaviour = self.misbehaviour.as_deref().unwrap_or("the programs do the same");
        format!("differs by {:?}\n{behaviour}\n{}", self.kinds, self.report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(kinds: &[Kind]) -> Seen {
        Seen { kinds: kinds.iter().copied().collect(), ..Seen::default() }
    }

    #[test]
    fn a_fault_that_is_gone_is_no_less_wrong_than_a_new_one() {
        let known = Differs(&[Relro]);
        assert!(is_as_known(Some(&known), &seen(&[Relro])));
        assert!(!is_as_known(Some(&known), &seen(&[])));
        assert!(!is_as_known(Some(&known), &seen(&[Relro, Ifunc])));
        assert!(is_as_known(None, &seen(&[])));
        assert!(!is_as_known(None, &seen(&[Relro])));
    }

    #[test]
    fn a_known_difference_excuses_no_other_behaviour() {
        let crashes = Seen { misbehaviour: Some("SIGSEGV".into()), ..seen(&[Relro]) };
        assert!(!is_as_known(Some(&Differs(&[Relro])), &crashes));
        assert!(is_as_known(Some(&Misbehaves(&[Relro])), &crashes));
        assert!(!is_as_known(Some(&Misbehaves(&[Relro])), &seen(&[Relro])));
    }

    #[test]
    fn a_link_fails_for_the_known_reason_or_not_at_all() {
        let fails = |said: &str| Seen { refusal: Some(said.into()), ..Seen::default() };
        assert!(is_as_known(Some(&Refuses("SIZE32")), &fails("unsupported R_X86_64_SIZE32")));
        assert!(!is_as_known(Some(&Refuses("SIZE32")), &fails("out of memory")));
        assert!(!is_as_known(Some(&Differs(&[])), &fails("SIZE32")));
        assert!(!is_as_known(None, &fails("SIZE32")));
    }

    #[test]
    fn every_row_is_about_a_program_and_a_cell() {
        let programs = crate::program::discover().expect("test-programs/ can be read");
        let cases: Vec<_> = programs.iter().flat_map(crate::program::cases).collect();
        for fault in FAULTS {
            for pattern in fault.cells {
                let is_meant =
                    |case: &Case| case.program.name == fault.program && case.matches(pattern);
                assert!(cases.iter().any(is_meant), "{fault:?}: {pattern}");
            }
        }
    }
}
