//! What gild checks after garbage collection, what it reports, and what it leaves in the program.

use integration_tests::allocator::{self, Bench, GLIBC, MUSL, MUSL_PIE, Target, archive, source};
use integration_tests::image::Image;
use integration_tests::suite::trial;
use integration_tests::{Outcome, ensure, workdir};
use libtest_mimic::Trial;
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    type Check = fn(Target) -> Outcome;
    let checks: [(&str, Check, &[Target]); 10] = [
        ("second-heap", second_heap, &[MUSL, MUSL_PIE]),
        ("glibcs-heap", glibcs_heap, &[GLIBC]),
        ("keep", keep, &[MUSL]),
        ("report", report, &[MUSL, GLIBC]),
        ("fork-warning", fork_warning, &[MUSL, GLIBC]),
        ("note", note, &Target::ALL),
        ("no-heap", no_heap, &[MUSL]),
        ("no-report", no_report, &[MUSL]),
        ("report-in-place", report_in_place, &[MUSL]),
        ("rust-without-rdl", rust_without_rdl, &[MUSL]),
    ];
    let mut trials = Vec::new();
    for (name, check, targets) in checks {
        for &target in targets {
            let name = format!("proof/{name}-{}", target.name());
            trials.push(trial(name, move || check(target)));
        }
    }
    trials
}

/// Calls into musl's own heap by names that nothing is bound to: what is called, and which member
/// of the library comes with it.
const PRIVATE: [(&str, &str); 2] = [
    (
        "int __malloc_allzerop(void *); int call(void) { return __malloc_allzerop(area); }",
        "calloc.lo",
    ),
    (
        "void __malloc_donate(char *, char *);\n\
         int call(void) { __malloc_donate(area, area + sizeof area); return 0; }",
        "donate.lo",
    ),
];

fn private_user(bench: &Bench, call: &str) -> Outcome {
    let text = format!(
        "#include \"provider.h\"\nstatic char area[65536];\n{call}\n\
         int main(int argc, char **argv) {{\n    provider_begin(argc, argv);\n    call();\n\
         \x20   void *p = seen(malloc(100));\n    CHECK_OWNED(p);\n    return 0;\n}}\n"
    );
    bench.compile("user.c", &text, &[]).map(drop)
}

/// With redirect a live part of libc's heap fails the link; with keep it may be.
fn second_heap(target: Target) -> Outcome {
    let bench = Bench::new("proof/second-heap", target)?;
    let redirect = ["--allocator-internal=redirect", "--allocator=mimalloc"];
    let keep = ["--allocator-internal=keep", "--allocator=mimalloc"];
    // Where the line names the provider too, it moves to the front, and all behind it changes its place.
    let provider = archive("mimalloc", target.libc)?;
    for on_line in [&[][..], &[&*provider]] {
        for (call, member) in PRIVATE {
            private_user(&bench, call)?;
            let inputs = [&redirect[..], &["--gc-sections", "user.o"], on_line].concat();
            let link = bench.link(&inputs)?;
            let texts = ["error: a second heap", member, "user.o:(", "--allocator-internal=keep"];
            allocator::says(&link, &texts)?;
            ensure(link.code() == 1 && !bench.path("out").exists(), || link.describe())?;
        }
        private_user(&bench, PRIVATE[1].0)?;
        bench.works(&[&keep[..], &["user.o"], on_line].concat(), "mimalloc")?;
        std::fs::remove_file(bench.path("out")).map_err(|error| error.to_string())?;
    }
    let required = ["-u", "__libc_malloc_impl"];
    bench.compile(
        "plain.c",
        "#include <stdlib.h>\nint main(void) { return !malloc(1); }\n",
        &[],
    )?;
    let link = bench.link(&[&redirect[..], &required, &["plain.o"]].concat())?;
    allocator::says(&link, &["error: a second heap", "libc.a("])?;
    ensure(!bench.path("out").exists(), || link.describe())?;
    bench.links(&[&keep[..], &required, &["plain.o"]].concat())?;
    bench.runs("out", &[]).map(drop)
}

/// glibc's malloc has the answers to fork in the same member as gild's archives have.
fn glibcs_heap(target: Target) -> Outcome {
    let bench = Bench::new("proof/glibcs-heap", target)?;
    let text = "#include <stdlib.h>\nvoid *__libc_malloc(size_t);\n\
                int main(void) { return !malloc(1) || !__libc_malloc(1); }\n";
    bench.compile("user.c", text, &[])?;
    for allocator in ["--allocator=mimalloc", "--allocator=jemalloc"] {
        bench.refuses(
            &[allocator, "-u", "__libc_malloc", "user.o"],
            &["error: a second heap", "malloc.o", "--allocator-internal=keep"],
        )?;
        let kept = json(&bench, &[allocator, "--allocator-internal=keep", "user.o"])?;
        let kinds: Vec<_> = heaps(&kept).collect();
        ensure(kinds == ["chosen", "libc"], || kept.to_string())?;
        bench.runs("out", &[])?;
        std::fs::remove_file(bench.path("out")).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn json(bench: &Bench, inputs: &[&str]) -> Outcome<Value> {
    bench.links(&[inputs, &["--allocator-report=report.json"]].concat())?;
    let text = workdir::read(&bench.path("report.json"))?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Who uses libc's heap is listed with keep, and nobody with redirect.
fn keep(target: Target) -> Outcome {
    let bench = Bench::new("proof/keep", target)?;
    let program = bench.program("libc_paths.c")?;
    let kept = json(&bench, &["--allocator=mimalloc", "--allocator-internal=keep", &program])?;
    bench.runs("out", &["mimalloc"])?;
    let callers = strings(&kept["private_callers"]);
    for member in ["dlerror.lo", "newlocale.lo", "freelocale.lo", "aio.lo"] {
        let named = callers.iter().any(|caller| caller.ends_with(&format!("({member})")));
        ensure(named, || format!("no {member} among {callers:?}"))?;
    }
    let kinds: Vec<_> = heaps(&kept).collect();
    ensure(kinds == ["chosen", "libc"] && kept["internal"] == "keep", || kept.to_string())?;
    let one = json(&bench, &["--allocator=mimalloc", &program])?;
    bench.runs("out", &["mimalloc"])?;
    let kinds: Vec<_> = heaps(&one).collect();
    ensure(kinds == ["chosen"] && one["internal"] == "redirect", || one.to_string())?;
    ensure(strings(&one["private_callers"]).is_empty(), || one.to_string())
}

fn heaps(report: &Value) -> impl Iterator<Item = &str> {
    let heaps = report["heaps"].as_array().into_iter().flatten();
    heaps.filter_map(|heap| heap["kind"].as_str())
}

/// The report as JSON and as text says what is known here otherwise.
fn report(target: Target) -> Outcome {
    let bench = Bench::new("proof/report", target)?;
    let text = "#include <stdlib.h>\nvoid *keep[3];\nvoid cfree(void *);\nint main(void) {\n\
                keep[0] = malloc(1); keep[1] = malloc(2); keep[2] = calloc(1, 1);\n\
                cfree(keep[2]); return 0; }\n";
    bench.compile("user.c", text, &["-fno-builtin"])?;
    let path = archive("jemalloc", target.libc)?;
    let option = format!("--allocator={path}");
    let report = json(&bench, &[&option, "user.o", "--gc-sections"])?;
    let fields = [
        ("allocator", Value::from("jemalloc")),
        ("path", Value::from(path.as_str())),
        ("prefix", Value::from("")),
        ("internal", Value::from("redirect")),
    ];
    for (field, wanted) in fields {
        ensure(report[field] == wanted, || format!("{field}: {report}"))?;
    }
    let version = report["version"].as_str().unwrap_or_default();
    ensure(version.starts_with("jemalloc 5."), || version.into())?;
    let hash = report["xxh3_128"].as_str().unwrap_or_default();
    ensure(hash.len() == 32 && hash != "0".repeat(32), || hash.into())?;
    let symbol = |name: &str| {
        let mut symbols = report["symbols"].as_array().into_iter().flatten();
        symbols.find(|symbol| symbol["name"] == name).cloned().unwrap_or_default()
    };
    for (name, count) in [("malloc", 2), ("calloc", 1), ("cfree", 1)] {
        ensure(symbol(name)["from"]["user.o"] == count, || symbol(name).to_string())?;
    }
    let provider = symbol("malloc")["provider"].as_str().unwrap_or_default().to_owned();
    ensure(provider.starts_with(&path), || provider)?;
    ensure(report["completed"]["cfree"] == "free", || report["completed"].to_string())?;
    let displaced = report["displaced"].to_string();
    let member = if target.libc == "musl" { "lite_malloc.lo" } else { "malloc.o" };
    ensure(displaced.contains(member), || displaced)?;
    let text = bench.links(&[&option, "user.o", "--gc-sections", "--allocator-report"])?;
    let lines = ["allocator: jemalloc (jemalloc 5.", hash, "2 from user.o", member, "redirect"];
    for line in lines {
        ensure(text.text().contains(line), || format!("no `{line}` in {}", text.describe()))?;
    }
    let formatted = ["--allocator-report=out.txt", "--allocator-report-format=json"];
    bench.links(&[&[&*option, "user.o"], &formatted[..]].concat())?;
    let bytes = workdir::read(&bench.path("out.txt"))?;
    serde_json::from_slice::<Value>(&bytes).map(drop).map_err(|error| error.to_string())
}

/// A warning where it is true: threads, fork, and an allocator that doesn't know of fork.
fn fork_warning(target: Target) -> Outcome {
    let bench = Bench::new("proof/fork-warning", target)?;
    let provider = bench.path("provider.o");
    allocator::compile(target.libc, &source("partial.c"), &provider, &["-DMEMALIGN"])?;
    let small = "#include <stdlib.h>\nint main(void) { return !malloc(1); }\n";
    bench.compile("small.c", small, &[])?;
    let threads = bench.program("threads.c")?;
    for (allocator, program, warned) in [
        ("./provider.o", &*threads, true),
        ("./provider.o", "small.o", false),
        ("mimalloc", &threads, false),
    ] {
        let report = json(&bench, &[&format!("--allocator={allocator}"), program])?;
        let warnings = strings(&report["warnings"]);
        let said = warnings.iter().any(|warning| warning.contains("registers no fork handler"));
        ensure(said == warned, || format!("{allocator} {program}: {warnings:?}"))?;
    }
    Ok(())
}

/// `.note.gild.allocator`, as `libgild/src/substitute/note.rs` lays it out; strip keeps it.
fn note(target: Target) -> Outcome {
    let bench = Bench::new("proof/note", target)?;
    let text = "#include <stdlib.h>\nint main(void) { return !malloc(1); }\n";
    bench.compile("user.c", text, &[])?;
    let report = json(&bench, &["--allocator=snmalloc", "user.o", "--gc-sections"])?;
    let hash = report["xxh3_128"].as_str().unwrap_or_default();
    let hash = u128::from_str_radix(hash, 16).map_err(|error| error.to_string())?;
    let version = report["version"].as_str().unwrap_or_default();
    let texts = format!("snmalloc\0{version}\0libsnmalloc.a\0\0");
    let mut wanted = [&1u32.to_le_bytes()[..], &1u32.to_le_bytes(), &hash.to_le_bytes()].concat();
    wanted.extend(texts.as_bytes());
    wanted.resize(wanted.len().next_multiple_of(4), 0);
    let header = [5, wanted.len() as u32, 1].map(u32::to_le_bytes).concat();
    let wanted = [&header[..], b"gild\0\0\0\0", &wanted].concat();
    bench.tool("strip", &["out", "-o", "stripped"])?;
    for file in ["out", "stripped"] {
        let image = Image::open(&bench.path(file))?;
        let section = image.section(".note.gild.allocator").ok_or("no note")?;
        let start = section.offset as usize;
        let bytes = &image.data()[start..start + section.size as usize];
        ensure(bytes == wanted, || format!("{file}: {bytes:x?}\nnot {wanted:x?}"))?;
        bench.runs(file, &[])?;
    }
    Ok(())
}

/// A program that never allocates has no heap to speak of, and its note claims none.
fn no_heap(target: Target) -> Outcome {
    let bench = Bench::new("proof/no-heap", target)?;
    bench.compile("user.c", "int main(void) { return 0; }\n", &[])?;
    let inputs = ["--allocator=mimalloc", "user.o", "--gc-sections"];
    let silent = bench.links(&[&inputs[..], &["-w"]].concat())?;
    ensure(silent.stderr.is_empty(), || silent.describe())?;
    // Meson asks so what options a linker knows.
    let link = bench.links(&[&inputs[..], &["--fatal-warnings"]].concat())?;
    allocator::says(&link, &["note: nothing in the program needs malloc"])?;
    let image = Image::open(&bench.path("out"))?;
    ensure(image.section(".note.gild.allocator").is_none(), || "a note is left".into())
}

/// A report that was asked for and can't be made.
fn no_report(target: Target) -> Outcome {
    let bench = Bench::new("proof/no-report", target)?;
    bench.compile("user.c", "int main(void) { return 0; }\n", &[])?;
    for more in [&[][..], &["--allocator=libc"]] {
        let link = bench.links(&[more, &["--allocator-report=r.txt", "user.o"]].concat())?;
        allocator::says(&link, &["warning: no allocator is chosen", "--allocator-report"])?;
    }
    Ok(())
}

/// A report that would take an input's place, or the output's, is refused, and leaves the input alone.
fn report_in_place(target: Target) -> Outcome {
    let bench = Bench::new("proof/report-in-place", target)?;
    let text = "#include <stdlib.h>\nint main(void) { return !malloc(1); }\n";
    bench.compile("user.c", text, &[])?;
    let before = workdir::read(&bench.path("user.o"))?;
    for (path, said) in
        [("user.o", "user.o: the input file is"), ("out", "out: the output, the map")]
    {
        let option = format!("--allocator-report={path}");
        bench.refuses(&["--allocator=mimalloc", "user.o", &option], &[said])?;
        ensure(workdir::read(&bench.path("user.o"))? == before, || "user.o has changed".into())?;
    }
    Ok(())
}

/// After LTO `__rust_alloc` may call malloc itself, in the place of `__rdl_alloc`.
fn rust_without_rdl(target: Target) -> Outcome {
    let bench = Bench::new("proof/rust-without-rdl", target)?;
    for (body, warned) in [("malloc(n)", false), ("area", true)] {
        let text = format!(
            "#include <stdlib.h>\nchar area[9];\n\
             __attribute__((noinline)) void *__rust_alloc(size_t n) {{ return {body}; }}\n\
             int main(void) {{ free(malloc(1)); return !__rust_alloc(5); }}\n"
        );
        bench.compile("user.c", &text, &["-fno-builtin"])?;
        let link = bench.links(&["--allocator=mimalloc", "user.o"])?;
        let said = link.stderr.contains("maybe two heaps");
        ensure(said == warned, || link.describe())?;
    }
    Ok(())
}
