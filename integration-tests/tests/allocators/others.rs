//! Allocators that gild doesn't build: Debian's archives for glibc, and those in Rust's crates.

use crate::matrix::PROGRAMS;
use integration_tests::allocator::{Bench, GLIBC, GLIBC_PIE, Target, archives, says};
use integration_tests::capture::Capture;
use integration_tests::cargo::{self, Recipe};
use integration_tests::image::Image;
use integration_tests::suite::trial;
use integration_tests::tools::{self, Linker};
use integration_tests::{Outcome, ensure, process};
use libtest_mimic::Trial;
use std::path::Path;
use std::process::Command;

/// An archive of Debian's.
struct Foreign {
    name: &'static str,
    path: &'static str,
    /// Programs that work.
    programs: &'static [&'static str],
    /// What of the family it lacks.
    lacks: &'static str,
    /// Only it has this symbol.
    symbol: &'static str,
}

const FOREIGN: [Foreign; 2] = [
    // Its fork handlers leave a lock held: a child hangs, whichever linker it was.
    Foreign {
        name: "tcmalloc",
        path: "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.a",
        programs: &["libc_paths.c", "cxx.cc"],
        lacks: "malloc_info",
        symbol: "tc_malloc",
    },
    Foreign {
        name: "scudo",
        path: "/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.scudo_standalone-x86_64.a",
        programs: &["libc_paths.c", "threads.c", "fork_locks.c", "cxx.cc"],
        lacks: "malloc_stats",
        symbol: "__scudo_print_stats",
    },
];

const MIMALLOC: &[&str] = &[
    "build",
    "--release",
    "--locked",
    "--manifest-path",
    "integration-tests/real/global-allocator/Cargo.toml",
];
/// The crate's program for both libcs.
const CRATES: [Recipe; 2] = [
    Recipe { name: "global-mimalloc-musl", libc: "musl", pie: true, cargo: MIMALLOC },
    Recipe { name: "global-mimalloc-glibc", libc: "glibc", pie: false, cargo: MIMALLOC },
];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for foreign in &FOREIGN {
        for target in [GLIBC, GLIBC_PIE] {
            let name = format!("others/{}-{}", foreign.name, target.name());
            trials.push(trial(name, move || debian(foreign, target)));
        }
    }
    for recipe in &CRATES {
        let name = format!("others/{}", recipe.name);
        trials.push(trial(name, move || crate_of_rust(recipe)));
    }
    trials
}

fn debian(foreign: &Foreign, target: Target) -> Outcome {
    let bench = Bench::new(&format!("others/{}", foreign.name), target)?;
    let option = format!("--allocator={}", foreign.path);
    for (program, arguments) in PROGRAMS {
        if !foreign.programs.contains(&program) {
            continue;
        }
        bench.links(&[&option, &bench.program(program)?, "-lstdc++"])?;
        // The programs know only the allocators that gild builds.
        bench.runs("out", &[&["libc"], arguments].concat())?;
        let image = Image::open(&bench.path("out"))?;
        ensure(image.symbol(foreign.symbol).is_some(), || format!("no {}", foreign.symbol))?;
        ensure(image.symbol("_int_malloc").is_none(), || "glibc's malloc is there".into())?;
    }
    let family = bench.link(&[&option, &bench.program("family.c")?, "-lstdc++"])?;
    ensure(family.code() == 1, || family.describe())?;
    says(&family, &[&format!("undefined symbol: {}", foreign.lacks), "family.c:"])
}

fn link(capture: &Capture, linker: &Linker, options: &[&str], output: &Path) -> Outcome<String> {
    process::run(capture.replay(linker, output).args(options))?.success()?;
    Ok(process::run(&mut Command::new(output))?.success()?.text())
}

/// The crate gives Rust its heap; `--allocator-prefix` gives it to C, too.
fn crate_of_rust(recipe: &Recipe) -> Outcome {
    let capture = cargo::recorded(recipe)?;
    let dir = integration_tests::workdir::fresh(&format!("allocators/others/{}", recipe.name))?;
    let by_ld = link(&capture, tools::peer("ld")?, &[], &dir.join("ld"))?;
    ensure(by_ld == "C is on another heap\n", || by_ld)?;
    let one = link(&capture, tools::gild()?, &["--allocator-prefix=mi_"], &dir.join("one"))?;
    ensure(one == "C is on Rust's heap\n", || one)?;
    // Another build of the same allocator serves the crate's calls as well.
    let mut whole = capture.replay(tools::gild()?, &dir.join("whole"));
    let said = process::run(whole.arg("--allocator=mimalloc2"))?.success()?;
    ensure(!said.stderr.contains("heaps"), || said.describe())?;
    let ran = process::run(&mut Command::new(dir.join("whole")))?.success()?.text();
    ensure(ran == "C is on Rust's heap\n", || ran)?;
    let mut two = capture.replay(tools::gild()?, &dir.join("two"));
    two.env("GILD_ALLOCATOR_PATH", archives()?);
    let said = process::run(two.arg("--allocator=jemalloc"))?.success()?;
    says(&said, &["two heaps: mi_malloc", "--allocator-prefix=mi_, without --allocator"])
}
