//! Ways to name the allocator, and options of a link that it must get along with.

use integration_tests::allocator::{
    Bench, FAMILY, GLIBC, GLIBC_PIE, MUSL, MUSL_PIE, Target, archive, archives, source,
};
use integration_tests::suite::trial;
use integration_tests::{Outcome, ensure, process, tools};
use libtest_mimic::Trial;

/// Small: the provider is the one expected, and owns what malloc and the C library give.
pub const SMALL: &str = r#"
#include "provider.h"
static void nothing(void) {}
int main(int argc, char **argv) {
    provider_begin(argc, argv);
    char *p = seen(realloc(seen(malloc(10)), 5000));
    CHECK_OWNED(p);
    free(p);
    p = seen(strdup("text"));
    CHECK_OWNED(p);
    free(p);
    for (int i = 0; i < 64; i++) CHECK(atexit(nothing) == 0);
    ok("small");
    return 0;
}
"#;

/// Options in front of and behind the program; `{a}` is the archive of jemalloc, `{m}` of mimalloc.
struct Case {
    name: &'static str,
    targets: &'static [Target],
    inputs: &'static str,
    provider: &'static str,
}

const BOTH: &[Target] = &[MUSL, GLIBC_PIE];

const fn case(
    name: &'static str,
    targets: &'static [Target],
    inputs: &'static str,
    provider: &'static str,
) -> Case {
    Case { name, targets, inputs, provider }
}

const CASES: [Case; 24] = [
    case("gc", &Target::ALL, "--gc-sections --allocator=jemalloc small.o", "jemalloc"),
    case("no-gc", &Target::ALL, "--no-gc-sections --allocator=jemalloc small.o", "jemalloc"),
    case(
        "redirect",
        &[MUSL_PIE],
        "--allocator-internal=redirect --allocator={a} small.o",
        "jemalloc",
    ),
    case(
        "keep",
        &[MUSL, MUSL_PIE],
        "--allocator-internal=keep --allocator={a} small.o",
        "jemalloc",
    ),
    case(
        "keep-mimalloc",
        &[MUSL],
        "--allocator-internal=keep --allocator=mimalloc small.o",
        "mimalloc",
    ),
    case("muldefs", BOTH, "-z muldefs --allocator={a} small.o", "jemalloc"),
    case("muldefs-named", BOTH, "-z muldefs small.o -lc --allocator={a} {a}", "jemalloc"),
    case("last", BOTH, "small.o -lc --allocator=snmalloc", "snmalloc"),
    case("named-first", BOTH, "{m} --allocator={m} small.o", "mimalloc"),
    case("named-after-libc", BOTH, "--allocator={m} small.o -lc {m}", "mimalloc"),
    case("named-only-after-libc", BOTH, "--allocator=mimalloc small.o -lc {m}", "mimalloc"),
    case(
        "whole",
        BOTH,
        "--allocator={m} small.o --whole-archive {m} --no-whole-archive",
        "mimalloc",
    ),
    case("object", BOTH, "--allocator=./allocator.o small.o", "mimalloc"),
    case("thin", BOTH, "--allocator=./libthin.a small.o", "mimalloc"),
    case("no-index", BOTH, "--allocator=./libbare.a small.o", "mimalloc"),
    case("start-lib", BOTH, "--allocator=mimalloc --start-lib small.o --end-lib", "mimalloc"),
    case(
        "prefix-in-lib",
        BOTH,
        "--allocator-prefix=mi_ small.o --start-lib prefixed.o --end-lib",
        "mimalloc",
    ),
    case(
        "prefix-on-command-line",
        BOTH,
        "--allocator=./libprefixed.a --require-defined=malloc --defsym=own=free -u calloc small.o",
        "mimalloc",
    ),
    case(
        "prefix-of-object-behind",
        BOTH,
        "--allocator-prefix=mi_ small.o libprefixed.a prefixed.o",
        "mimalloc",
    ),
    case("prefix-of-archive", BOTH, "--allocator-prefix=mi_ small.o libprefixed.a", "mimalloc"),
    case("prefix-after-libc", BOTH, "--allocator-prefix=mi_ small.o -lc libprefixed.a", "mimalloc"),
    case("prefix-found", BOTH, "--allocator=./libprefixed.a small.o", "mimalloc"),
    case("in-search-path", BOTH, "-L. --allocator=thin small.o", "mimalloc"),
    case("off", BOTH, "--allocator=mimalloc --allocator=libc small.o", "libc"),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in &CASES {
        for &target in case.targets {
            let name = format!("options/{}-{}", case.name, target.name());
            trials.push(trial(name, move || check(case, target)));
        }
    }
    type Check = fn(Target) -> Outcome;
    let more: [(&str, Check); 5] = [
        ("wrap", wrap),
        ("environment", environment),
        ("directories", directories),
        ("own-malloc", own_malloc),
        ("operators", operators),
    ];
    for (name, check) in more {
        for target in [MUSL, GLIBC] {
            let name = format!("options/{name}-{}", target.name());
            trials.push(trial(name, move || check(target)));
        }
    }
    trials
}

/// mimalloc in the forms that the cases name: `allocator.o`, `libthin.a`, `libbare.a`, and
/// `prefixed.o` and `libprefixed.a`, which have `mi_malloc` and no malloc.
fn forms(bench: &Bench) -> Outcome {
    let mimalloc = archive("mimalloc", bench.target.libc)?;
    bench.tool("ar", &["x", &mimalloc, "mimalloc.o"])?;
    std::fs::rename(bench.path("mimalloc.o"), bench.path("allocator.o"))
        .map_err(|error| error.to_string())?;
    bench.tool("ar", &["rcsT", "libthin.a", "allocator.o"])?;
    bench.tool("ar", &["rcS", "libbare.a", "allocator.o"])?;
    let hidden = FAMILY.map(|name| format!("--localize-symbol={name}"));
    let mut arguments: Vec<&str> = hidden.iter().map(String::as_str).collect();
    arguments.extend(["allocator.o", "prefixed.o"]);
    bench.tool("objcopy", &arguments)?;
    bench.archive("libprefixed.a", &["prefixed.o"]).map(drop)
}

fn check(case: &Case, target: Target) -> Outcome {
    let bench = Bench::new(&format!("options/{}", case.name), target)?;
    bench.compile("small.c", SMALL, &["-ffunction-sections"])?;
    forms(&bench)?;
    let (a, m) = (archive("jemalloc", target.libc)?, archive("mimalloc", target.libc)?);
    let inputs = case.inputs.replace("{a}", &a).replace("{m}", &m);
    let inputs: Vec<&str> = inputs.split(' ').collect();
    bench.works(&inputs, case.provider).map(drop)
}

/// First the wrapper, then the heap: the wrapper counts, and what it calls is the provider.
fn wrap(target: Target) -> Outcome {
    const WRAPPER: &str = r#"
#include "provider.h"
static int count;
void *__real_malloc(size_t);
void *__wrap_malloc(size_t size) {
    count++;
    return __real_malloc(size);
}
int main(int argc, char **argv) {
    provider_begin(argc, argv);
    const int before = count;
    void *p = seen(malloc(100));
    CHECK_OWNED(p);
    free(p);
    p = seen(strdup("text"));
    CHECK_OWNED(p);
    CHECK(count >= before + 1);
    return 0;
}
"#;
    let bench = Bench::new("options/wrap", target)?;
    bench.compile("wrapper.c", WRAPPER, &[])?;
    for allocator in ["mimalloc", "rpmalloc"] {
        let option = format!("--allocator={allocator}");
        bench.works(&["--wrap=malloc", &option, "wrapper.o"], allocator)?;
    }
    forms(&bench)?;
    bench
        .works(&["--wrap=malloc", "--allocator=./libprefixed.a", "wrapper.o"], "mimalloc")
        .map(drop)
}

/// `GILD_ALLOCATOR`: a note says that it was used; the option wins.
fn environment(target: Target) -> Outcome {
    let bench = Bench::new("options/environment", target)?;
    bench.compile("small.c", SMALL, &[])?;
    let cases: [(&str, &[&str], &str, bool); 4] = [
        ("mimalloc2", &[], "mimalloc2", true),
        ("mimalloc2", &["--allocator=mimalloc"], "mimalloc", false),
        ("mimalloc2", &["--allocator=libc"], "libc", false),
        ("", &[], "libc", false),
    ];
    for (variable, options, provider, noted) in cases {
        let inputs = [options, &["small.o"]].concat();
        let mut command = bench.command(tools::gild()?, &inputs, "out")?;
        let link = process::run(command.env("GILD_ALLOCATOR", variable))?.success()?;
        let note = link.stderr.contains("by the environment variable GILD_ALLOCATOR");
        ensure(note == noted, || link.describe())?;
        bench.runs("out", &[provider])?;
    }
    Ok(())
}

/// A name is looked up in the `-L` folders, then in `GILD_ALLOCATOR_PATH`, then among the bundled.
fn directories(target: Target) -> Outcome {
    let bench = Bench::new("options/directories", target)?;
    bench.compile("small.c", SMALL, &[])?;
    for (folder, contents) in [("own", "jemalloc"), ("path", "snmalloc")] {
        let from = archive(contents, target.libc)?;
        std::fs::create_dir(bench.path(folder)).map_err(|error| error.to_string())?;
        std::fs::copy(from, bench.path(folder).join("libmimalloc.a"))
            .map_err(|error| error.to_string())?;
    }
    let with_folders = archives()?.display().to_string();
    let cases: [(&[&str], &str, &str); 4] = [
        (&["-L", "own"], "path", "jemalloc"),
        (&[], "nowhere:path", "snmalloc"),
        (&[], "nowhere", "mimalloc"),
        (&[], &with_folders, "mimalloc"),
    ];
    for (options, path, provider) in cases {
        let inputs = [options, &["--allocator=mimalloc", "small.o"]].concat();
        let mut command = bench.command(tools::gild()?, &inputs, "out")?;
        process::run(command.env("GILD_ALLOCATOR_PATH", path))?.success()?;
        bench.runs("out", &[provider])?;
    }
    Ok(())
}

/// A program's own malloc beside `--allocator`: nobody guesses which is meant.
fn own_malloc(target: Target) -> Outcome {
    const OWN: &str = r#"
#include <string.h>
static char area[1 << 20], *top = area;
void *malloc(size_t size) {
    char *p = top + 16;
    memcpy(top, &size, sizeof size);
    top += 16 + (size + 15) / 16 * 16;
    return p;
}
void free(void *p) { (void)p; }
void *realloc(void *p, size_t size) {
    char *q = malloc(size);
    size_t old = 0;
    if (p) memcpy(&old, (char *)p - 16, sizeof old);
    return memcpy(q, p ? p : q, old < size ? old : size);
}
void *calloc(size_t n, size_t size) { return malloc(n * size); }
int own_is(void *p) { return (char *)p >= area && (char *)p < area + sizeof area; }
"#;
    const USER: &str = r#"
#include <stdio.h>
#include <stdlib.h>
int own_is(void *);
int main(void) { return puts(own_is(malloc(1)) ? "own" : "provider") < 0; }
"#;
    let bench = Bench::new("options/own-malloc", target)?;
    bench.compile("own.c", OWN, &["-fno-builtin"])?;
    bench.compile("user.c", USER, &[])?;
    let inputs = ["--allocator=mimalloc", "user.o", "own.o"];
    let texts = ["own.o", "mimalloc", "--allocator-override=object", "=provider"];
    bench.refuses(&inputs, &texts)?;
    for (winner, said) in [("provider", "provider\n"), ("object", "own\n")] {
        let option = format!("--allocator-override={winner}");
        bench.links(&[&[&*option], &inputs[..]].concat())?;
        let ran = bench.runs("out", &[])?;
        ensure(ran.text() == said, || ran.describe())?;
    }
    Ok(())
}

/// `operator new` comes from a provider that has all of them, else from the C++ library; functions
/// such as strdup are the C library's.
fn operators(target: Target) -> Outcome {
    const PARTS: [(&str, &str); 2] = [
        ("some", "void *_Znwm(size_t n) { marked = 1; return malloc(n); }\n"),
        (
            "all",
            "void *_Znwm(size_t n) { marked = 1; return malloc(n); }\n\
             void *_Znam(size_t n) { return malloc(n); }\n\
             void *_ZnwmRKSt9nothrow_t(size_t n, void *t) { return malloc(n); }\n\
             void *_ZnamRKSt9nothrow_t(size_t n, void *t) { return malloc(n); }\n\
             void _ZdlPv(void *p) { free(p); }\nvoid _ZdaPv(void *p) { free(p); }\n\
             void _ZdlPvm(void *p, size_t n) { free(p); }\n\
             void _ZdaPvm(void *p, size_t n) { free(p); }\n\
             void _ZdlPvRKSt9nothrow_t(void *p, void *t) { free(p); }\n\
             void _ZdaPvRKSt9nothrow_t(void *p, void *t) { free(p); }\n",
        ),
    ];
    const HEAD: &str = "#include <stdlib.h>\nint marked;\n\
                        char *strdup(const char *s) { abort(); }\n";
    // Only names matter here, so that the C++ library is one of three functions.
    const LIBRARY: &str = "#include <stdlib.h>\nvoid *_Znwm(size_t n) { return malloc(n); }\n\
                           void _ZdlPv(void *p) { free(p); }\n\
                           void *_ZSt15set_new_handlerPFvvE(void *p) { return p; }\n";
    const USER: &str = "#include <string.h>\n#include <stdlib.h>\nextern int marked;\n\
                        void *_Znwm(size_t); void _ZdlPv(void *); int main(void) {\n\
                        _ZdlPv(_Znwm(5)); free(strdup(\"x\")); return marked; }\n";
    let bench = Bench::new("options/operators", target)?;
    let provider =
        std::fs::read_to_string(source("partial.c")).map_err(|error| error.to_string())?;
    bench.compile("library.c", LIBRARY, &[])?;
    bench.compile("user.c", USER, &["-fno-builtin"])?;
    for (name, part) in PARTS {
        let text = format!("{HEAD}{provider}{part}");
        bench.compile("provider.c", &text, &["-fno-builtin", "-w"])?;
        bench.archive("libxx.a", &["library.o"])?;
        let link = bench.links(&["--allocator=./provider.o", "user.o", "libxx.a"])?;
        let marked = bench.run("out", &[])?.code();
        let wanted = i32::from(name == "all");
        ensure(marked == wanted, || format!("{name}: {marked} {}", link.describe()))?;
    }
    Ok(())
}
