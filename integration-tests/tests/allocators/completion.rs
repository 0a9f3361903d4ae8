//! Families with gaps: gild fills those that a standard or a manual tells how to fill.

use integration_tests::allocator::{self, Bench, MUSL, Target, source};
use integration_tests::suite::trial;
use integration_tests::{Outcome, ensure};
use libtest_mimic::Trial;

/// What the provider has to align with, and the program's switches.
const PROVIDERS: [(&str, &[&str], &[&str]); 5] = [
    ("none", &[], &[]),
    ("memalign", &["-DMEMALIGN"], &["-DALIGNED"]),
    ("aligned_alloc", &["-DALIGNED_ALLOC"], &["-DALIGNED"]),
    ("posix_memalign", &["-DPOSIX_MEMALIGN"], &["-DALIGNED"]),
    ("all", &["-DMEMALIGN", "-DALIGNED_ALLOC", "-DPOSIX_MEMALIGN"], &["-DALIGNED"]),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, provider, program) in PROVIDERS {
        for target in Target::ALL {
            let check = move || completed(name, provider, program, target);
            trials.push(trial(format!("completion/{name}-{}", target.name()), check));
        }
    }
    trials.push(trial("completion/impossible".into(), impossible));
    trials.push(trial("completion/is-reported".into(), is_reported));
    trials
}

fn compile(bench: &Bench, file: &str, flags: &[&str]) -> Outcome {
    let source = source(file);
    let object = bench.path(file).with_extension("o");
    allocator::compile(bench.target.libc, &source, &object, flags)
}

fn completed(name: &str, provider: &[&str], program: &[&str], target: Target) -> Outcome {
    let bench = Bench::new(&format!("completion/{name}"), target)?;
    compile(&bench, "partial.c", provider)?;
    compile(&bench, "completed.c", program)?;
    bench.archive("libpartial.a", &["partial.o"])?;
    bench.links(&["-L.", "--allocator=partial", "completed.o"])?;
    bench.runs("out", &[]).map(drop)
}

/// What can't be made of malloc: an error that names symbol, referrer and remedy.
fn impossible() -> Outcome {
    let bench = Bench::new("completion/impossible", MUSL)?;
    compile(&bench, "partial.c", &[])?;
    for (name, call) in [
        ("aligned_alloc", "aligned_alloc(64, 64) != 0"),
        ("memalign", "memalign(64, 64) != 0"),
        ("posix_memalign", "posix_memalign(&block, 64, 64)"),
        ("valloc", "valloc(64) != 0"),
        ("malloc_usable_size", "malloc_usable_size(block) != 0"),
    ] {
        let text = format!(
            "#define _GNU_SOURCE\n#include <malloc.h>\n#include <stdlib.h>\nvoid *block;\n\
             int main(void) {{ return {call}; }}\n"
        );
        bench.compile("user.c", &text, &[])?;
        let symbol = format!("undefined symbol: {name}");
        let texts = [&*symbol, "the allocator partial has no", "user.c:5", "build the allocator"];
        bench.refuses(&["--allocator=./partial.o", "user.o"], &texts)?;
    }
    Ok(())
}

fn is_reported() -> Outcome {
    let bench = Bench::new("completion/is-reported", MUSL)?;
    compile(&bench, "partial.c", &["-DMEMALIGN"])?;
    compile(&bench, "completed.c", &["-DALIGNED"])?;
    let inputs = ["--allocator=./partial.o", "completed.o", "--allocator-report"];
    let said = bench.links(&inputs)?;
    for line in ["if needed: calloc, by malloc", "if needed: aligned_alloc, by memalign"] {
        ensure(said.text().contains(line), || said.describe())?;
    }
    Ok(())
}
