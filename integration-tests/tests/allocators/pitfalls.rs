//! How people miss the allocator that they wanted: what other linkers make of it, and what gild does.

use crate::matrix;
use integration_tests::allocator::{self, Bench, MUSL, Target, archive};
use integration_tests::image::Image;
use integration_tests::suite::trial;
use integration_tests::{Outcome, ensure, process, tools};
use libtest_mimic::Trial;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    type Check = fn() -> Outcome;
    let checks: [(&str, Check); 5] = [
        ("never-linked", never_linked),
        ("after-libc", after_libc),
        ("two-heaps", two_heaps),
        ("preload", preload),
        ("global-allocator", global_allocator),
    ];
    let mut trials: Vec<Trial> =
        checks.map(|(name, check)| trial(format!("pitfalls/{name}"), check)).into();
    for allocator in ["mimalloc", "snmalloc"] {
        trials.push(trial(format!("pitfalls/edited-libc-{allocator}"), move || {
            edited_libc(allocator)
        }));
    }
    trials
}

/// A program that says who provides malloc; exit status 3 if it isn't the one expected.
fn small(bench: &Bench) -> Outcome {
    bench.compile("small.c", crate::options::SMALL, &[]).map(drop)
}

/// A missing `-lmimalloc`: other linkers say nothing, and neither does the program.
fn never_linked() -> Outcome {
    let bench = Bench::new("pitfalls/never-linked", MUSL)?;
    small(&bench)?;
    for peer in ["ld", "lld"] {
        let link = bench.peer(peer, &["small.o"], peer)?.success()?;
        ensure(link.stderr.is_empty(), || link.describe())?;
        let ran = bench.run(peer, &["mimalloc"])?;
        ensure(ran.code() == 3 && ran.text().contains("provider=libc"), || ran.describe())?;
    }
    let link =
        bench.works(&["--allocator=mimalloc", "small.o", "--allocator-report"], "mimalloc")?;
    ensure(link.text().starts_with("allocator: mimalloc"), || link.describe())
}

/// The archive after libc.a: not looked at, or defined twice, or, with muldefs, a crash.
fn after_libc() -> Outcome {
    let bench = Bench::new("pitfalls/after-libc", MUSL)?;
    small(&bench)?;
    let mimalloc = archive("mimalloc", "musl")?;
    let late = ["small.o", "-lc", &mimalloc];
    bench.peer("lld", &late, "unused")?.success()?;
    let ran = bench.run("unused", &["mimalloc"])?;
    ensure(ran.code() == 3, || ran.describe())?;
    // A reference to the archive's own names brings it in.
    let named = [&late[..], &["-u", "mi_version"]].concat();
    let twice = bench.peer("lld", &named, "twice")?;
    ensure(!twice.status.success(), || twice.describe())?;
    allocator::says(&twice, &["duplicate symbol: free"])?;
    let twice = bench.peer("ld", &named, "twice")?;
    ensure(!twice.status.success(), || twice.describe())?;
    allocator::says(&twice, &["multiple definition of `free'"])?;
    bench.peer("lld", &[&named[..], &["-z", "muldefs"]].concat(), "crashes")?.success()?;
    let ran = bench.run("crashes", &["mimalloc"])?;
    ensure(ran.code() > 128, || ran.describe())?;
    let option = format!("--allocator={mimalloc}");
    bench.works(&[&[&*option], &named[..]].concat(), "mimalloc")?;
    bench.works(&[&[&*option, "-z", "muldefs"], &named[..]].concat(), "mimalloc").map(drop)
}

/// The archive before libc.a: libc's private callers bring its own heap along.
fn two_heaps() -> Outcome {
    let bench = Bench::new("pitfalls/two-heaps", MUSL)?;
    let program = bench.program("libc_paths.c")?;
    let mallocng = "__malloc_alloc_meta";
    for peer in ["ld", "lld"] {
        bench
            .peer(peer, &[&archive("mimalloc", "musl")?, "-u", "malloc", &program], peer)?
            .success()?;
        let image = Image::open(&bench.path(peer))?;
        ensure(image.symbol(mallocng).is_some(), || format!("{peer} makes one heap"))?;
    }
    bench.works(&["--allocator=mimalloc", &program], "mimalloc")?;
    let image = Image::open(&bench.path("out"))?;
    ensure(image.symbol(mallocng).is_none(), || "two heaps".into())
}

/// A static program doesn't look at LD_PRELOAD.
fn preload() -> Outcome {
    let bench = Bench::new("pitfalls/preload", MUSL)?;
    small(&bench)?;
    let library = "#include <unistd.h>\n__attribute__((constructor)) void f(void) { _exit(42); }\n";
    integration_tests::workdir::write(&bench.dir, "library.c", library)?;
    bench.tool("gcc", &["-shared", "-fPIC", "library.c", "-o", "library.so"])?;
    let with = |program: &std::path::Path| {
        let mut command = Command::new(program);
        process::run(command.arg("mimalloc").env("LD_PRELOAD", bench.path("library.so")))
    };
    let dynamic = with(std::path::Path::new("/bin/true"))?;
    ensure(dynamic.code() == 42, || format!("the library does nothing: {}", dynamic.describe()))?;
    bench.peer("lld", &["small.o"], "static")?.success()?;
    let ran = with(&bench.path("static"))?;
    ensure(ran.code() == 3, || ran.describe())?;
    bench.works(&["--allocator=mimalloc", "small.o"], "mimalloc").map(drop)
}

/// `#[global_allocator]` covers Rust alone; the prefix gives C's parts the same heap.
fn global_allocator() -> Outcome {
    for target in Target::ALL {
        let bench = Bench::new("pitfalls/global-allocator", target)?;
        let said = |whose: &str| -> Outcome {
            let ran = bench.runs("out", &[])?;
            let line = format!("C is on {whose} heap\n");
            ensure(ran.text() == line, || ran.describe())
        };
        matrix::link_rust_by(&bench, tools::peer("ld")?, "global.rs", &[])?;
        said("another")?;
        let gild = tools::gild()?;
        matrix::link_rust_by(&bench, gild, "global.rs", &["--allocator-prefix=mi_"])?;
        said("Rust's")?;
        let link = matrix::link_rust_by(&bench, gild, "global.rs", &["--allocator=jemalloc"])?;
        allocator::says(&link, &["two heaps: mi_malloc", "--allocator-prefix=mi_"])?;
        said("another")?;
    }
    Ok(())
}

/// The published recipe: a copy of libc.a without its malloc, the allocator in its place.
fn edited_libc(allocator: &str) -> Outcome {
    const MEMBERS: [&str; 13] = [
        "aligned_alloc.lo",
        "calloc.lo",
        "donate.lo",
        "free.lo",
        "libc_calloc.lo",
        "lite_malloc.lo",
        "malloc.lo",
        "malloc_usable_size.lo",
        "memalign.lo",
        "posix_memalign.lo",
        "realloc.lo",
        "reallocarray.lo",
        "valloc.lo",
    ];
    const PRIVATE: &str = "#include <stdlib.h>\n\
        void *__libc_malloc(size_t n) { return malloc(n); }\n\
        void *__libc_calloc(size_t n, size_t m) { return calloc(n, m); }\n\
        void *__libc_realloc(void *p, size_t n) { return realloc(p, n); }\n\
        void __libc_free(void *p) { free(p); }\n";
    let bench = Bench::new(&format!("pitfalls/edited-libc-{allocator}"), MUSL)?;
    let libc = tools::musl_dir()?.join("libc.a").display().to_string();
    bench.tool("cp", &[&libc, "libc.a"])?;
    bench.tool("chmod", &["u+w", "libc.a"])?;
    // free.lo and realloc.lo are there twice, and `ar d` takes the first.
    for members in [&MEMBERS[..], &["free.lo", "realloc.lo"]] {
        bench.tool("ar", &[&["d", "libc.a"], members].concat())?;
    }
    bench.compile("private.c", PRIVATE, &[])?;
    bench.tool("ar", &["x", &archive(allocator, "musl")?])?;
    bench.tool("ar", &["r", "libc.a", &format!("{allocator}.o"), "private.o"])?;
    // Not fork_locks.c: the recipe gives musl's private callers the allocator, too, but leaves its fork
    // handlers in front of musl's own locks, and now and then a fork deadlocks (allocators/README.md).
    let compared = |name: &str| name.ends_with(".c") && name != "fork_locks.c";
    for (program, arguments) in matrix::PROGRAMS.iter().filter(|(name, _)| compared(name)) {
        let object = bench.program(program)?;
        bench.peer("lld", &[&object, "./libc.a"], "edited")?.success()?;
        bench.links(&[&format!("--allocator={allocator}"), &object])?;
        let all = [&[allocator], *arguments].concat();
        let (ours, theirs) = (bench.runs("out", &all)?, bench.runs("edited", &all)?);
        let same = ours.stdout == theirs.stdout;
        ensure(same, || format!("{}\nbut\n{}", ours.describe(), theirs.describe()))?;
    }
    Ok(())
}
