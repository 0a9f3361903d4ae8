//! Allocators × C libraries × kinds of output × languages.

use integration_tests::allocator::{self, Bench, Target, archives, musl_cxx, once, source};
use integration_tests::capture::{self, Capture};
use integration_tests::process::Finished;
use integration_tests::suite::trial;
use integration_tests::tools::Linker;
use integration_tests::{Outcome, ensure, process, rust, tools};
use libtest_mimic::Trial;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const ALLOCATORS: [&str; 5] = ["mimalloc", "mimalloc2", "jemalloc", "snmalloc", "rpmalloc"];

/// Programs, and what they get beside the provider's name.
pub const PROGRAMS: [(&str, &[&str]); 8] = [
    ("family.c", &[]),
    ("threads.c", &[]),
    // Forks: hangs that are to be seen were seen within fifty.
    ("fork_locks.c", &["50"]),
    ("libc_paths.c", &[]),
    ("errno.c", &[]),
    ("cxx.cc", &[]),
    ("rust.rs", &[]),
    ("mixed.rs", &[]),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let without_cxx = musl_cxx().is_none();
    if without_cxx {
        eprintln!("C++ for musl is skipped: scripts/musl-cxx.sh TARGET/gild-tests-cache/musl-cxx");
    }
    for (program, arguments) in PROGRAMS {
        for target in Target::ALL {
            for allocator in ALLOCATORS {
                let name = format!("matrix/{program}/{}-{allocator}", target.name());
                let skipped = without_cxx && program == "cxx.cc" && target.libc == "musl";
                let check = move || cell(program, arguments, target, allocator);
                trials.push(trial(name, check).with_ignored_flag(skipped));
            }
        }
    }
    trials
}

fn cell(program: &str, arguments: &[&str], target: Target, allocator: &str) -> Outcome {
    let bench = Bench::new(&format!("matrix/{program}/{allocator}"), target)?;
    let option = format!("--allocator={allocator}");
    match Path::new(program).extension().and_then(|extension| extension.to_str()) {
        Some("rs") => _ = link_rust_by(&bench, tools::gild()?, program, &[&option])?,
        Some("cc") => {
            let library = allocator::cxx_library(target.libc)?;
            let mut inputs = vec![option, bench.program(program)?];
            inputs.extend(library);
            bench.links(&inputs.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        _ => _ = bench.links(&[&option, &bench.program(program)?])?,
    }
    let all = [&[allocator], arguments].concat();
    let ran = bench.runs("out", &all)?;
    let topic = program.split('.').next().unwrap_or(program).replace('_', " ");
    let last = format!("ok {topic}");
    ensure(ran.text().lines().any(|line| line == last), || ran.describe())
}

/// Links a Rust program with these options.
pub fn link_rust_by(
    bench: &Bench,
    linker: &Linker,
    program: &str,
    options: &[&str],
) -> Outcome<Finished> {
    let capture = recorded(program, bench.target)?;
    let mut command = capture.replay(linker, &bench.path("out"));
    command.args(options).env("GILD_ALLOCATOR_PATH", archives()?);
    process::run(&mut command)?.success()
}

/// mimalloc without malloc, with `mi_malloc` alone, as its Rust crate has it.
fn prefixed_mimalloc(libc: &str) -> Outcome<PathBuf> {
    once(format!("{libc}/libprefixed.a"), || {
        let folder = allocator::shared()?.join(format!("prefixed-{libc}"));
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let output = folder.join("libprefixed.a");
        let mut objcopy = Command::new("objcopy");
        objcopy.args(["--wildcard", "--keep-global-symbol=mi_*"]);
        process::run(objcopy.arg(allocator::archive("mimalloc", libc)?).arg(&output))?.success()?;
        Ok(output)
    })
}

/// How rustc links the program; compiled once a target.
fn recorded(program: &str, target: Target) -> Outcome<Capture> {
    let dir = once(format!("{program}/{}", target.name()), || {
        let dir = allocator::shared()?.join(program).join(target.name());
        std::fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
        let half = provider_archive(target.libc)?;
        let mut rustc = rust::rustc(target.libc)?;
        rustc.current_dir(&dir).args(["--edition=2024", "-O", "-o", "ld-first"]);
        rustc.arg(source(program)).args(["--target", rust::target(target.libc)]);
        rustc.arg("-L").arg(half.parent().unwrap_or(&half));
        if program == "global.rs" {
            let mimalloc = prefixed_mimalloc(target.libc)?;
            rustc.arg("-L").arg(mimalloc.parent().unwrap_or(&mimalloc));
            rustc.args(["-l", "static:-bundle=prefixed"]);
        }
        rustc.args(rust::flags(target.pie));
        rustc.args(rust::gcc_with(&capture::recorder(&dir)?, target.libc));
        process::run_within(&mut rustc, Duration::from_secs(300))?.success()?;
        Ok(dir)
    })?;
    Capture::load(&dir)
}

/// `libprovider.a`: the C half of the Rust programs.
fn provider_archive(libc: &str) -> Outcome<PathBuf> {
    once(format!("{libc}/libprovider.a"), || {
        let object = allocator::program("provider.c", libc)?;
        let archive = Path::new(&object).with_file_name("libprovider.a");
        let mut ar = Command::new("ar");
        process::run(ar.arg("rcs").arg(&archive).arg(&object))?.success()?;
        Ok(archive)
    })
}
