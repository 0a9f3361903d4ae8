//! Allocators that are none for this program: one clear error each, and nothing written.

use integration_tests::allocator::{self, Bench, GLIBC, MUSL, MUSL_PIE, Target, source};
use integration_tests::suite::trial;
use integration_tests::{Outcome, ensure, tools, workdir};
use libtest_mimic::Trial;

/// Enough of an allocator to be looked at; `PREFIX` goes before each name.
const FAMILY: &str = "#include <stddef.h>\n\
    void *PREFIXmalloc(size_t n) { return 0; }\n\
    void PREFIXfree(void *p) {}\n\
    void *PREFIXrealloc(void *p, size_t n) { return 0; }\n";

/// What `--allocator` gets, and what gild says.
const CASES: [(&str, &[&str]); 21] = [
    ("./notes.txt", &["notes.txt", "is no archive or object"]),
    ("./lib32.a", &["lib32.a(32.o)", "i386", "x86-64"]),
    ("./arm.o", &["arm.o", "AArch64", "x86-64"]),
    ("./libshared.so", &["libshared.so", "is a shared library", "static archive"]),
    ("./bitcode.o", &["bitcode.o", "LLVM bitcode", "-flto"]),
    ("./libbitcode.a", &["libbitcode.a(bitcode.o)", "LLVM bitcode", "-flto"]),
    ("./slim.o", &["slim.o", "GCC LTO object", "-ffat-lto-objects"]),
    ("./folder.a", &["folder.a", "is a directory"]),
    ("./missing.a", &["missing.a", "No such file"]),
    ("./cut.a", &["cut.a"]),
    ("./empty.a", &["empty.a", "no malloc", "it defines no symbol"]),
    ("./user.o", &["user.o", "no malloc, so this is no allocator", "it defines main"]),
    ("./xy.o", &["xy.o", "no malloc", "xy_malloc", "--allocator-prefix=xy_"]),
    ("./part.o", &["part.o", "only a part of the family", "it lacks free, realloc"]),
    ("./threads.o", &["threads.o", "replaces pthread_create", "allocators/README.md"]),
    ("./upstream.o", &["upstream.o", "rpmalloc_thread_initialize", "allocators/README.md"]),
    ("./needs.o", &["undefined symbol: helper", "the allocator needs needs it", "add the library"]),
    ("minalloc", &["unknown allocator minalloc", "libminalloc.a", "searched /", "mimalloc2"]),
    ("MiMaloc", &["unknown allocator MiMaloc", "did you mean mimalloc?"]),
    ("SnMalloc", &["unknown allocator SnMalloc", "gild-allocators -- DIR"]),
    ("notes.txt", &["unknown allocator notes.txt", "--allocator=./notes.txt"]),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for target in [MUSL, GLIBC] {
        let name = format!("errors/providers-{}", target.name());
        trials.push(trial(name, move || providers(target)));
        let name = format!("errors/wrapper-{}", target.name());
        trials.push(trial(name, move || wrapper(target)));
        let name = format!("errors/needless-member-{}", target.name());
        trials.push(trial(name, move || needless_member(target)));
    }
    trials.push(trial("errors/prefixes".into(), prefixes));
    trials.push(trial("errors/other-libc".into(), other_libc));
    trials.push(trial("errors/position-dependent".into(), position_dependent));
    trials
}

fn family(bench: &Bench, name: &str, prefix: &str, more: &str, flags: &[&str]) -> Outcome<String> {
    let text = FAMILY.replace("PREFIX", prefix) + more;
    bench.compile(name, &text, &[&["-w"], flags].concat())
}

/// The files that the cases name.
fn make_providers(bench: &Bench) -> Outcome {
    bench.compile("user.c", "#include <stdlib.h>\nint main(void) { return !malloc(1); }\n", &[])?;
    workdir::write(&bench.dir, "notes.txt", "not an archive\n")?;
    workdir::write(&bench.dir, "empty.a", "!<arch>\n")?;
    workdir::write(&bench.dir, "cut.a", "!<arch>\nfamily.o/       0     ")?;
    workdir::write(&bench.dir, "folder.a/inside", "")?;
    let plain = family(bench, "plain.c", "", "", &[])?;
    let mut arm = workdir::read(&bench.path(&plain))?;
    arm[18] = 183; // gABI: e_machine, EM_AARCH64
    workdir::write(&bench.dir, "arm.o", arm)?;
    workdir::write(&bench.dir, "32.c", FAMILY.replace("PREFIX", ""))?;
    bench.tool("gcc", &["-m32", "-w", "-c", "32.c", "-ffreestanding"])?;
    bench.archive("lib32.a", &["32.o"])?;
    bench.tool("gcc", &["-shared", "-nostdlib", "plain.o", "-o", "libshared.so"])?;
    let clang = tools::clang()?.display().to_string();
    bench.tool(&clang, &["-flto", "-w", "-c", "plain.c", "-o", "bitcode.o"])?;
    bench.tool("ar", &["rcS", "libbitcode.a", "bitcode.o"])?;
    family(bench, "slim.c", "", "", &["-flto", "-fno-fat-lto-objects"])?;
    family(bench, "xy.c", "xy_", "", &[])?;
    family(bench, "threads.c", "", "int pthread_create() { return 0; }\n", &[])?;
    family(bench, "upstream.c", "", "void rpmalloc_thread_initialize(void) {}\n", &[])?;
    let needs = "void helper(void);\nvoid *calloc(size_t n, size_t m) { helper(); return 0; }\n\
                 __attribute__((constructor)) void start(void) { helper(); }\n";
    family(bench, "needs.c", "", needs, &[])?;
    let part = "#include <stddef.h>\nvoid *malloc(size_t n) { return 0; }\n";
    bench.compile("part.c", part, &["-w"]).map(drop)
}

fn providers(target: Target) -> Outcome {
    let bench = Bench::new("errors/providers", target)?;
    make_providers(&bench)?;
    let check = |(choice, texts): &(&str, &[&str])| {
        bench.refuses(&[&format!("--allocator={choice}"), "user.o"], texts).err()
    };
    let failures: Vec<String> = CASES.iter().filter_map(check).collect();
    ensure(failures.is_empty(), || failures.join("\n---\n"))
}

/// `--allocator-prefix` with nothing behind it, or with half of it.
fn prefixes() -> Outcome {
    let bench = Bench::new("errors/prefixes", MUSL)?;
    make_providers(&bench)?;
    let part = "#include <stddef.h>\nvoid *zz_malloc(size_t n) { return 0; }\n";
    bench.compile("half.c", part, &["-w"])?;
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--allocator-prefix=mi_"], &["no input defines mi_malloc", "--allocator=ARCHIVE"]),
        (&["--allocator-prefix=mi_", "--allocator=./xy.o"], &["xy.o", "no mi_malloc", "xy_"]),
        (&["--allocator-prefix=zz_", "--allocator=./half.o"], &["it lacks zz_free, zz_realloc"]),
        (&["--allocator-prefix=zz_", "half.o"], &["it lacks zz_free, zz_realloc"]),
    ];
    for (options, texts) in cases {
        bench.refuses(&[options, &["user.o"]].concat(), texts)?;
    }
    Ok(())
}

/// A wrapper of the C library's malloc would call itself, unless it calls that by its private name.
fn wrapper(target: Target) -> Outcome {
    let bench = Bench::new("errors/wrapper", target)?;
    let text = "#include <stddef.h>\n\
        void *REALmalloc(size_t); void *REALrealloc(void *, size_t); void REALfree(void *);\n\
        void *my_malloc(size_t n) { return REALmalloc(n); }\n\
        void *my_realloc(void *p, size_t n) { return REALrealloc(p, n); }\n\
        void my_free(void *p) { REALfree(p); }\n";
    bench.compile("plain.c", &text.replace("REAL", ""), &["-fno-builtin"])?;
    bench.compile("private.c", &text.replace("REAL", "__libc_"), &["-fno-builtin"])?;
    let user = "#include <stdlib.h>\nint main(void) { free(malloc(1)); return 0; }\n";
    bench.compile("user.c", user, &["-fno-builtin"])?;
    let texts = ["plain.o: my_", "call itself", "__libc_", "--allocator-internal=keep"];
    bench.refuses(&["--allocator-prefix=my_", "plain.o", "user.o"], &texts)?;
    bench.refuses(&["--allocator-prefix=my_", "--allocator=./plain.o", "user.o"], &texts)?;
    let keep = ["--allocator-prefix=my_", "--allocator-internal=keep"];
    bench.links(&[&keep[..], &["private.o", "user.o"]].concat())?;
    bench.runs("out", &[]).map(drop)
}

/// Only what the program needs of an archive has to be machine code for x86-64.
fn needless_member(target: Target) -> Outcome {
    let bench = Bench::new("errors/needless-member", target)?;
    let provider = bench.path("provider.o");
    allocator::compile(target.libc, &source("partial.c"), &provider, &[])?;
    let text = "int needless(void) { return 1; }\n";
    bench.compile("slim.c", text, &["-flto", "-fno-fat-lto-objects"])?;
    bench.tool("gcc", &["-m32", "-c", "slim.c", "-o", "32.o", "-ffreestanding"])?;
    let user = "#include <stdlib.h>\nint main(void) { free(malloc(1)); return 0; }\n";
    bench.compile("user.c", user, &["-fno-builtin"])?;
    bench.archive("libown.a", &["slim.o", "32.o", "provider.o"])?;
    bench.links(&["--allocator=./libown.a", "user.o", "--fatal-warnings"])?;
    bench.runs("out", &[]).map(drop)
}

/// Names that only the other C library has give away what an archive was compiled against.
fn other_libc() -> Outcome {
    let more = "#include <stdio.h>\n#include <string.h>\n\
        void *calloc(size_t n, size_t m) {\n\
        char text[20];\n\
        sprintf(text, \"%zd\", n);\n\
        return malloc(n * m + strlen(text)); }\n";
    let bench = Bench::new("errors/other-libc", MUSL)?;
    let text = FAMILY.replace("PREFIX", "") + more;
    let source = workdir::write(&bench.dir, "foreign.c", text)?;
    let flags = ["-w", "-D_FORTIFY_SOURCE=2"];
    allocator::compile("glibc", &source, &bench.path("foreign.o"), &flags)?;
    let user = "#include <stdlib.h>\nint main(void) { return !calloc(1, 1); }\n";
    bench.compile("user.c", user, &[])?;
    let link = bench.link(&["--allocator=./foreign.o", "user.o"])?;
    let texts = ["__sprintf_chk", "foreign", "compiled against glibc", "C compiler"];
    allocator::says(&link, &texts)?;
    ensure(!bench.path("out").exists(), || link.describe())?;
    // musl never calls what releases its locks in a child.
    let glibcs = format!("--allocator={}", allocator::archive("snmalloc", "glibc")?);
    bench.refuses(&[&glibcs, "user.o"], &["libsnmalloc.a", "built for glibc", "for musl"])
}

/// An archive that isn't position-independent can't be in a static-PIE.
fn position_dependent() -> Outcome {
    let bench = Bench::new("errors/position-dependent", MUSL_PIE)?;
    let object = bench.path("provider.o");
    allocator::compile("musl", &source("partial.c"), &object, &["-fno-pie"])?;
    bench.compile("user.c", "#include <stdlib.h>\nint main(void) { return !malloc(1); }\n", &[])?;
    let link = bench.link(&["--allocator=./provider.o", "user.o"])?;
    allocator::says(&link, &["provider.o", "recompile with -fPIC"])?;
    ensure(!bench.path("out").exists(), || link.describe())
}
