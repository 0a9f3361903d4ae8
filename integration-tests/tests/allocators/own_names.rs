//! What a program has itself: functions of the family, names like the C library's private ones,
//! `operator new`, and threads that fork without ever allocating.

use integration_tests::allocator::{self, Bench, GLIBC, MUSL, MUSL_PIE, Target};
use integration_tests::suite::trial;
use integration_tests::{Outcome, ensure, process, tools};
use libtest_mimic::Trial;
use std::os::unix::ffi::OsStrExt;

pub fn trials() -> Vec<Trial> {
    type Check = fn(Target) -> Outcome;
    let checks: [(&str, Check, &[Target]); 17] = [
        ("fork-alone", fork_alone, &[MUSL, MUSL_PIE]),
        ("fork-hook-apart", fork_hook_apart, &[MUSL]),
        ("displaced", displaced, &[MUSL, GLIBC]),
        ("private-names", private_names, &[MUSL, GLIBC]),
        ("operators", operators, &[GLIBC]),
        ("interposer", interposer, &[MUSL, GLIBC]),
        ("prefix-alike", prefix_alike, &[MUSL, GLIBC]),
        ("kept", kept, &[MUSL]),
        ("new-in-c23", new_in_c23, &[MUSL, GLIBC]),
        ("aside", aside, &[MUSL, GLIBC]),
        ("on-malloc", on_malloc, &[MUSL, GLIBC]),
        ("other-heap", other_heap, &[MUSL, GLIBC]),
        ("other-names", other_names, &[MUSL, GLIBC]),
        ("heap-in-two", heap_in_two, &[MUSL, GLIBC]),
        ("weak-threads", weak_threads, &[MUSL, GLIBC]),
        ("not-utf-8", not_utf_8, &[MUSL]),
        ("common", common, &[MUSL, GLIBC]),
    ];
    let mut trials = Vec::new();
    for (name, check, targets) in checks {
        for &target in targets {
            let name = format!("own-names/{name}-{}", target.name());
            trials.push(trial(name, move || check(target)));
        }
    }
    trials
}

/// `provider.o`: an allocator that says what is its own.
fn provider(bench: &Bench, more: &str) -> Outcome<String> {
    let path = allocator::source("partial.c");
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let calloc = "#include <stdlib.h>\nvoid *calloc(size_t n, size_t size) {\n\
        void *p = malloc(n * size); return p ? memset(p, 0, n * size) : p; }\n";
    bench.compile("provider.c", &format!("{text}{calloc}{more}"), &["-fno-builtin", "-w"])?;
    bench.archive("libown.a", &["provider.o"])
}

fn prints(bench: &Bench, inputs: &[&str], wanted: &str) -> Outcome {
    let link = bench.links(inputs)?;
    let ran = bench.runs("out", &[])?;
    ensure(ran.text() == wanted, || format!("{}\n{}", link.describe(), ran.describe()))
}

/// A child of two threads, without any heap. musl's fork calls the allocator's hook where there is one.
const FORK: &str = "#include <unistd.h>\n#include <pthread.h>\n#include <sys/wait.h>\n\
    static void *wait_here(void *p) { pause(); return p; }\n\
    int main(void) {\n    pthread_t thread;\n    pthread_create(&thread, 0, wait_here, 0);\n\
    \x20   pid_t child = fork();\n    if (child == 0) _exit(3);\n    int status;\n\
    \x20   waitpid(child, &status, 0);\n    _exit(WEXITSTATUS(status) != 3);\n}\n";

fn fork_alone(target: Target) -> Outcome {
    let bench = Bench::new("own-names/fork-alone", target)?;
    bench.compile("fork.c", FORK, &[])?;
    for more in [&[][..], &["--gc-sections"]] {
        bench.links(&[&["--allocator=mimalloc", "fork.o"], more].concat())?;
        bench.runs("out", &[])?;
    }
    Ok(())
}

/// Where pthread_key_create is, as it is with the allocator, GCC's libobjc takes the functions of threads
/// to be there that it refers to weakly.
fn weak_threads(target: Target) -> Outcome {
    let bench = Bench::new("own-names/weak-threads", target)?;
    let text = "#include <pthread.h>\n#include <stdlib.h>\n\
        #pragma weak __pthread_key_create\n#pragma weak pthread_attr_init\n\
        int __pthread_key_create(pthread_key_t *, void (*)(void *));\n\
        int main(void) {\n    pthread_attr_t attributes;\n    free(malloc(1));\n\
        \x20   return __pthread_key_create ? pthread_attr_init(&attributes) : 0;\n}\n";
    bench.compile("user.c", text, &[])?;
    bench.links(&["--allocator=mimalloc", "user.o"])?;
    bench.runs("out", &[]).map(drop)
}

/// The hook comes with the allocator from whichever member.
fn fork_hook_apart(target: Target) -> Outcome {
    let bench = Bench::new("own-names/fork-hook-apart", target)?;
    provider(&bench, "int called;\n")?;
    let hook =
        "extern int called;\nvoid gild_allocator_atfork(int who) { called |= who < 0 ? 1 : 2; }\n";
    bench.compile("hook.c", hook, &[])?;
    bench.archive("libown.a", &["hook.o"])?;
    let user = "#include <stdlib.h>\nextern int called;\nint forks(void);\nint main(void) {\n\
        free(malloc(1));\n return forks() || called != 3; }\n";
    bench.compile("user.c", user, &["-fno-builtin"])?;
    let forks = FORK.replace("int main", "int forks").replace("_exit(W", "return (W");
    bench.compile("fork.c", &forks, &[])?;
    bench.links(&["--allocator=./libown.a", "user.o", "fork.o"])?;
    bench.runs("out", &[]).map(drop)
}

/// A definition that gives way to the provider's asks for it as much as a call does.
fn displaced(target: Target) -> Outcome {
    let bench = Bench::new("own-names/displaced", target)?;
    provider(&bench, "")?;
    for attribute in ["", "__attribute__((weak))"] {
        let text = format!(
            "#include <stddef.h>\nint puts(const char *); int partial_owns(const void *);\n\
             {attribute} void *malloc(size_t n) {{ return NULL; }}\n\
             {attribute} void free(void *p) {{ }}\n\
             {attribute} void *realloc(void *p, size_t n) {{ return NULL; }}\n\
             int main(void) {{ return puts(partial_owns(malloc(5)) ? \"provider\" : \"own\") < 0; }}\n"
        );
        bench.compile("user.c", &text, &["-O0", "-fno-builtin", "-w"])?;
        let inputs = ["--allocator=./libown.a", "--allocator-override=provider", "user.o"];
        prints(&bench, &inputs, "provider\n")?;
    }
    Ok(())
}

/// `__free` and its like are the C library's where it calls them, elsewhere whoever defines them.
fn private_names(target: Target) -> Outcome {
    let bench = Bench::new("own-names/private-names", target)?;
    let names = ["__malloc", "__free", "__aligned_alloc"];
    let (mut own, mut calls) = (String::new(), String::new());
    for name in names {
        own += &format!("const char *{name}(void) {{ return \"{name}\"; }}\n");
        calls += &format!("const char *{name}(void);\n");
    }
    bench.compile("own.c", &own, &["-fno-builtin"])?;
    let puts = names.map(|name| format!("puts({name}());")).concat();
    let main = format!("#include <stdio.h>\n{calls}int main(void) {{ {puts} return 0; }}\n");
    bench.compile("user.c", &main, &["-fno-builtin"])?;
    let wanted = names.map(|name| format!("{name}\n")).concat();
    prints(&bench, &["--allocator=mimalloc", "user.o", "own.o"], &wanted)
}

/// Where the program replaces some operators, the others are the C++ library's, which call those.
fn operators(target: Target) -> Outcome {
    let bench = Bench::new("own-names/operators", target)?;
    let new = ["_Znwm", "_Znam"].map(|name| format!("void *{name}(size_t n) {{ abort(); }}\n"));
    let nothrow = ["_ZnwmRKSt9nothrow_t", "_ZnamRKSt9nothrow_t"]
        .map(|name| format!("void *{name}(size_t n, void *t) {{ abort(); }}\n"));
    let delete = ["_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm"]
        .map(|name| format!("void {name}(void *p) {{ abort(); }}\n"));
    let more = ["_ZdlPvRKSt9nothrow_t", "_ZdaPvRKSt9nothrow_t"]
        .map(|name| format!("void {name}(void *p, void *t) {{ abort(); }}\n"));
    let all = [new.concat(), nothrow.concat(), delete.concat(), more.concat()].concat();
    provider(&bench, &all)?;
    let source = "#include <cstdio>\n#include <new>\n#include <cstdlib>\nstatic int news, deletes;\n\
        void *operator new(std::size_t n) { news++; return std::malloc(n); }\n\
        void operator delete(void *p) noexcept { deletes++; std::free(p); }\n\
        int main() {\n    delete new int(1);\n    delete[] new int[3];\n\
        \x20   std::printf(\"%d %d\\n\", news, deletes);\n}\n";
    integration_tests::workdir::write(&bench.dir, "user.cc", source)?;
    bench.tool("g++", &["-c", "-O0", "-Wno-sized-deallocation", "user.cc"])?;
    let library = allocator::cxx_library(target.libc)?;
    let library: Vec<&str> = library.iter().map(String::as_str).collect();
    let inputs = [&["--allocator=./libown.a", "user.o"], &library[..]].concat();
    prints(&bench, &inputs, "2 2\n")
}

/// A malloc over glibc's `__libc_malloc` that stands would call itself through it.
fn interposer(target: Target) -> Outcome {
    let bench = Bench::new("own-names/interposer", target)?;
    provider(&bench, "")?;
    let text = "#include <stddef.h>\nint puts(const char *);\n\
        void *__libc_malloc(size_t); void __libc_free(void *);\n\
        void *__libc_calloc(size_t, size_t); void *__libc_realloc(void *, size_t);\nstatic int n;\n\
        void *malloc(size_t s) { n++; return __libc_malloc(s); }\n\
        void free(void *p) { __libc_free(p); }\n\
        void *calloc(size_t a, size_t b) { return __libc_calloc(a, b); }\n\
        void *realloc(void *p, size_t s) { return __libc_realloc(p, s); }\n\
        int main(void) { free(malloc(5)); return puts(n ? \"own\" : \"none\") < 0; }\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    let inputs = ["--allocator=./libown.a", "--allocator-override=object", "user.o"];
    let link = bench.link(&inputs)?;
    allocator::says(&link, &["error: a second heap", "--allocator-internal=keep"])?;
    ensure(link.code() == 1 && !bench.path("out").exists(), || link.describe())?;
    let keep = [&inputs[..], &["--allocator-internal=keep", "--allocator-report=r.json"]].concat();
    let link = bench.links(&keep)?;
    allocator::says(
        &link,
        &["warning: malloc is user.o's, so that the allocator own is not in it"],
    )?;
    ensure(bench.runs("out", &[])?.text() == "own\n", || link.describe())?;
    let report = integration_tests::workdir::read(&bench.path("r.json"))?;
    let report: serde_json::Value =
        serde_json::from_slice(&report).map_err(|error| error.to_string())?;
    let kinds: Vec<_> = report["heaps"].as_array().into_iter().flatten().collect();
    let own =
        kinds.first().is_some_and(|heap| heap["kind"] == "object" && heap["name"] == "user.o");
    ensure(own, || report.to_string())
}

/// `tc_free` is tcmalloc's only beside `tc_malloc`.
fn prefix_alike(target: Target) -> Outcome {
    let bench = Bench::new("own-names/prefix-alike", target)?;
    let text = "#include <stdlib.h>\n\
        __attribute__((noinline)) void tc_free(void *it) { free(it); }\n\
        int main(void) { tc_free(malloc(9)); return 0; }\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    let link = bench.links(&["--allocator=mimalloc", "--fatal-warnings", "user.o"])?;
    bench.runs("out", &[])?;
    ensure(link.stderr.is_empty(), || link.describe())
}

/// With keep, musl's callers of `__libc_calloc` get musl's although the provider has one as well.
fn kept(target: Target) -> Outcome {
    let bench = Bench::new("own-names/kept", target)?;
    let private = "int used;\nvoid *__libc_malloc(size_t n) { used = 1; return malloc(n); }\n\
        void *__libc_calloc(size_t a, size_t b) { used = 1; return calloc(a, b); }\n\
        void *__libc_realloc(void *p, size_t n) { used = 1; return realloc(p, n); }\n\
        void __libc_free(void *p) { used = 1; free(p); }\n";
    provider(&bench, private)?;
    let text = "#include <stdio.h>\n#include <stdlib.h>\nextern int used;\n\
        static void nothing(void) {}\nint main(void) {\n    free(malloc(5));\n\
        \x20   for (int i = 0; i < 64; i++) atexit(nothing);\n    return printf(\"%d\\n\", used) < 0;\n}\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    for (internal, wanted) in [("keep", "0\n"), ("redirect", "1\n")] {
        let internal = format!("--allocator-internal={internal}");
        prints(&bench, &["--allocator=./libown.a", &internal, "user.o"], wanted)?;
    }
    Ok(())
}

/// A program from before C23 may have its own `free_sized`.
fn new_in_c23(target: Target) -> Outcome {
    let bench = Bench::new("own-names/new-in-c23", target)?;
    provider(&bench, "")?;
    let own = "const char *free_sized(int n) { return n == 7 ? \"own\" : \"?\"; }\n";
    bench.compile("own.c", own, &["-fno-builtin"])?;
    let text = "#include <stdio.h>\n#include <stdlib.h>\nconst char *free_sized(int);\n\
        int main(void) { free(malloc(5)); return puts(free_sized(7)) < 0; }\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    for more in [&[][..], &["--allocator-override=provider"], &["--allocator-override=object"]] {
        let report = "--allocator-report=r.txt";
        let inputs = [&["--allocator=./libown.a", "user.o", "own.o", report], more].concat();
        prints(&bench, &inputs, "own\n")?;
        let report = integration_tests::workdir::read(&bench.path("r.txt"))?;
        let heaps = String::from_utf8_lossy(&report).matches("heap: ").count();
        ensure(heaps == 1, || format!("{heaps} heaps"))?;
    }
    Ok(())
}

/// A program's own heap gives way; what it calls by other names stays, and is named.
fn other_names(target: Target) -> Outcome {
    let bench = Bench::new("own-names/other-names", target)?;
    provider(&bench, "")?;
    let own = "#include <stddef.h>\nstatic char all[9999]; static size_t used;\n\
        void *own_alloc(size_t n) { return all + (used += n + 16); }\nint freeze;\n\
        void *malloc(size_t n) { return own_alloc(n); }\n\
        void free(void *p) {}\nvoid *realloc(void *p, size_t n) { return own_alloc(n); }\n";
    bench.compile("own.c", own, &["-fno-builtin", "-w"])?;
    bench.archive("libheap.a", &["own.o"])?;
    let text = "#include <stdlib.h>\nvoid *own_alloc(size_t); extern int freeze;\n\
        int main(void) { free(malloc(5)); return freeze || !own_alloc(1); }\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    for own in ["own.o", "libheap.a"] {
        let inputs = ["--allocator=./libown.a", "--allocator-override=provider", "user.o", own];
        let link = bench.links(&inputs)?;
        allocator::says(&link, &["warning", "own.o", "gave way", "but for own_alloc:", "user.o"])?;
    }
    // A function of the family alone is no allocator.
    let one = "#include <stddef.h>\nvoid *reallocarray(void *p, size_t n, size_t m) { return 0; }\n\
        void *xmalloc(size_t n) { return malloc(n); }\n";
    bench.compile("one.c", one, &["-fno-builtin", "-w"])?;
    let text = "int main(void) { void *xmalloc(); return !xmalloc(1L); }\n";
    bench.compile("calls.c", text, &["-w"])?;
    let inputs = ["--allocator=./libown.a", "--allocator-override=provider", "calls.o", "one.o"];
    bench.links(&[&inputs[..], &["--fatal-warnings"]].concat())?;
    // No object wins where the heap is an archive's.
    let inputs = ["--allocator=./libown.a", "--allocator-override=object", "user.o", "libheap.a"];
    bench.refuses(&inputs, &["a second heap", "own_alloc", "without a malloc of its own"])
}

/// What a program calls `cfree` or `malloc_stats` is no heap, in an object or in an archive.
fn aside(target: Target) -> Outcome {
    let bench = Bench::new("own-names/aside", target)?;
    let own = "#include <stdio.h>\nint mallopt = 7;\n\
        void cfree(int n) { printf(\"own %d\\n\", n); }\n\
        void malloc_stats(int n) { printf(\"stats %d\\n\", n); }\n";
    bench.compile("own.c", own, &["-fno-builtin"])?;
    bench.archive("libaside.a", &["own.o"])?;
    let text = "#include <stdlib.h>\nextern int mallopt; void cfree(int); void malloc_stats(int);\n\
        int main(void) { free(malloc(5)); cfree(mallopt); malloc_stats(8); return 0; }\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    for allocator in ["--allocator=mimalloc", "--allocator=jemalloc"] {
        for own in ["own.o", "libaside.a"] {
            for more in [&[][..], &["--allocator-override=object"]] {
                let inputs = [allocator, "user.o", own, "--allocator-report=r.txt"];
                prints(&bench, &[&inputs[..], more].concat(), "own 7\nstats 8\n")?;
                let report = integration_tests::workdir::read(&bench.path("r.txt"))?;
                let heaps = String::from_utf8_lossy(&report).matches("heap: ").count();
                ensure(heaps == 1, || format!("{heaps} heaps"))?;
            }
        }
    }
    Ok(())
}

/// An `aligned_alloc` over malloc, whose blocks only its own counterpart can free.
fn on_malloc(target: Target) -> Outcome {
    let bench = Bench::new("own-names/on-malloc", target)?;
    let own = "#include <stdint.h>\n#include <stdlib.h>\n\
        void *aligned_alloc(size_t to, size_t n) {\n    char *p = malloc(n + to + 8);\n\
        \x20   void **q = (void **)(((uintptr_t)p + 7 + to) / to * to);\n    q[-1] = p;\n\
        \x20   return q;\n}\n";
    bench.compile("own.c", own, &["-fno-builtin"])?;
    let counterpart = "#include <stdlib.h>\n\
        void aligned_free(void **p) { free(p[-1]); }\n";
    bench.compile("counterpart.c", counterpart, &["-fno-builtin"])?;
    bench.archive("libapart.a", &["own.o", "counterpart.o"])?;
    let text = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
        void aligned_free(void *);\nint main(void) {\n    void *all[100];\n\
        \x20   for (int i = 0; i < 100; i++) all[i] = memset(aligned_alloc(64, 128), 65, 128);\n\
        \x20   for (int i = 0; i < 100; i++) aligned_free(all[i]);\n\
        \x20   return puts(\"fine\") < 0;\n}\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    for own in [&["libapart.a"][..], &["own.o", "counterpart.o"]] {
        let inputs = [&["--allocator=mimalloc", "user.o", "--fatal-warnings"], own].concat();
        prints(&bench, &inputs, "fine\n")?;
        prints(&bench, &[&inputs[..], &["--allocator-override=object"]].concat(), "fine\n")?;
    }
    Ok(())
}

/// Another allocator's archive gives nothing, not even from a member apart from its malloc.
fn other_heap(target: Target) -> Outcome {
    let bench = Bench::new("own-names/other-heap", target)?;
    let apart = "#include <stddef.h>\nchar area[64];\nint used;\n\
        void *memalign(size_t to, size_t n) { used = 1; return area; }\n";
    bench.compile("apart.c", apart, &["-fno-builtin", "-w"])?;
    provider(&bench, "")?;
    bench.archive("libother.a", &["provider.o", "apart.o"])?;
    let text = "#include <malloc.h>\n#include <stdlib.h>\nextern int used;\n\
        int main(void) { free(memalign(64, 64)); return USED; }\n";
    bench.compile("user.c", &text.replace("USED", "0"), &["-fno-builtin"])?;
    bench.links(&["--allocator=mimalloc", "user.o", "libother.a"])?;
    bench.runs("out", &[])?;
    bench.compile("user.c", &text.replace("USED", "used"), &["-fno-builtin"])?;
    std::fs::remove_file(bench.path("out")).map_err(|error| error.to_string())?;
    let whole = ["--whole-archive", "libother.a", "--no-whole-archive"];
    for other in [&["libother.a"][..], &whole] {
        let link = bench.link(&[&["--allocator=mimalloc", "user.o"], other].concat())?;
        allocator::says(&link, &["error: a second heap", "apart.o"])?;
        ensure(!bench.path("out").exists(), || link.describe())?;
    }
    Ok(())
}

/// The `calloc` of an allocator whose malloc lies in another archive is no program's own.
fn heap_in_two(target: Target) -> Outcome {
    let bench = Bench::new("own-names/heap-in-two", target)?;
    let heap = "#include <stddef.h>\n#include <string.h>\nchar area[99999];\nstatic size_t used;\n\
        void *malloc(size_t n) { used += n + 64 & -64; return area + used - (n + 64 & -64); }\n\
        void free(void *p) {}\n\
        void *realloc(void *p, size_t n) { return p ? memcpy(malloc(n), p, n) : malloc(n); }\n";
    bench.compile("heap.c", heap, &["-fno-builtin", "-w"])?;
    let zeros = "#include <stddef.h>\nstatic char zeros[9999];\n\
        void *calloc(size_t n, size_t m) { return zeros; }\n";
    bench.compile("zeros.c", zeros, &["-fno-builtin"])?;
    bench.archive("libheap.a", &["heap.o"])?;
    bench.archive("libzeros.a", &["zeros.o"])?;
    let text = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
        int main(void) {\n    char *p = calloc(10, 10);\n    strcpy(p, \"kept\");\n\
        \x20   p = realloc(p, 4000);\n    return puts(p) < 0;\n}\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    prints(&bench, &["--allocator=mimalloc", "user.o", "libzeros.a", "libheap.a"], "kept\n")?;
    let link = bench.link(&["--allocator=mimalloc", "user.o", "zeros.o", "libheap.a"])?;
    allocator::says(&link, &["calloc", "zeros.o", "--allocator-override=object"])
}

fn not_utf_8(target: Target) -> Outcome {
    let bench = Bench::new("own-names/not-utf-8", target)?;
    bench.compile("user.c", "int main(void) { return 0; }\n", &[])?;
    let mut command = bench.command(tools::gild()?, &["user.o"], "out")?;
    let link = process::run(command.env("GILD_ALLOCATOR", std::ffi::OsStr::from_bytes(b"\xff.a")))?;
    allocator::says(&link, &["error: GILD_ALLOCATOR: "])?;
    ensure(link.code() == 1 && !bench.path("out").exists(), || link.describe())
}

/// A provider's common symbol, which a definition of the program's would replace, has a place of its own.
fn common(target: Target) -> Outcome {
    let bench = Bench::new("own-names/common", target)?;
    provider(&bench, "__attribute__((common)) int mallopt;\n")?;
    let user = "#include <stdlib.h>\nextern int mallopt;\n\
        int main(void) { free(malloc(1)); return mallopt++; }\n";
    bench.compile("user.c", user, &["-fno-builtin"])?;
    let inputs = ["--allocator=./libown.a", "user.o"];
    process::run(&mut bench.command(tools::gild()?, &inputs, "out")?)?.success()?;
    bench.runs("out", &[]).map(drop)
}
