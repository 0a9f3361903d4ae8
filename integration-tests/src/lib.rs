//! The harness: compiles the sources in `test-programs/`, links each of them with gild and with its
//! peers, runs what came out and compares.
//!
//! | module | concern |
//! | --- | --- |
//! | [`tools`] | which linkers and compilers there are |
//! | [`process`] | running a command with a deadline |
//! | [`workdir`] | a fresh folder per test, below `target/` |
//! | [`directives`] | the `gild-test:` lines at the head of a test program |
//! | [`program`] | finding the programs and expanding the matrix |
//! | [`allocator`] | programs with a chosen heap, for any linker |
//! | [`build`] | sources to objects and archives |
//! | [`link`] | objects to executables, the way users call a linker |
//! | [`capture`] | recording a link once and replaying it with any linker |
//! | [`cargo`] | real Rust programs, built once with their link recorded |
//! | [`rust`] | test programs in Rust, and the musl target's sysroot |
//! | [`mutate`] | damaging inputs systematically |
//! | [`image`] | what a finished executable says about itself |
//! | [`structure`] | comparing executables: segments, symbols, unwind tables |
//! | [`meaning`] | comparing executables by meaning, with gild-diff |
//! | [`faults`] | what mold and wild are known to get wrong |
//! | [`expect`] | byte patterns and values that a program's directives state |
//! | [`scene`] | a few objects and a link line, for tests of messages and files |
//! | [`suite`] | one cell of the matrix from sources to verdict |

pub mod allocator;
pub mod build;
pub mod capture;
pub mod cargo;
pub mod directives;
pub mod expect;
pub mod faults;
pub mod image;
pub mod link;
pub mod meaning;
pub mod mutate;
pub mod process;
pub mod program;
pub mod rust;
pub mod scene;
pub mod structure;
pub mod suite;
pub mod tools;
pub mod workdir;

/// What a step of a test gives: its value, or the text that the failed test prints.
pub type Outcome<T = ()> = Result<T, String>;

/// Turns a false condition into a failed test; the message is only made when it is needed.
pub fn ensure(condition: bool, message: impl FnOnce() -> String) -> Outcome {
    if condition { Ok(()) } else { Err(message()) }
}
