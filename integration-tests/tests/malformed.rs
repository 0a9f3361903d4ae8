//! Damaged inputs: gild links them or fails with an error, but never panics, hangs or leaves rubbish.

use integration_tests::mutate;
use integration_tests::scene::Scene;
use integration_tests::{Outcome, ensure, process, suite, workdir};
use libtest_mimic::Arguments;
use std::time::Duration;

/// Inputs with something of every part that a linker reads.
const SAMPLES: [&str; 9] =
    ["unwind", "comdat", "merge", "tls", "undefined", "compressed", "archive", "thin", "script"];

/// Two kinds of output, with what each needs of the rest.
const OPTIONS: [&[&str]; 2] = [
    &["--gc-sections", "--eh-frame-hdr", "-O2", "--build-id"],
    &["-pie", "--no-dynamic-linker", "-z", "notext", "-z", "pack-relative-relocs", "-Map=map"],
];

fn main() {
    let cells =
        SAMPLES.iter().flat_map(|sample| kinds(sample).iter().map(move |kind| (sample, kind)));
    let trials = cells.map(|(sample, kind)| {
        suite::trial(format!("{sample}/{kind}"), move || check(sample, kind))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn kinds(sample: &str) -> &'static [&'static str] {
    match sample {
        "archive" | "thin" => mutate::ARCHIVE,
        "script" => mutate::SCRIPT,
        _ => mutate::OBJECT,
    }
}

/// Links every mutant of one sample; the first bad ones are kept for a closer look.
fn check(sample: &str, kind: &str) -> Outcome {
    let scene = Scene::new(&format!("malformed/{sample}-{kind}"))?;
    let input = make(&scene, sample)?;
    let healthy = scene.bytes(&input)?;
    let mut failures = Vec::new();
    for (number, mutant) in mutate::mutants(&healthy, kind)?.iter().enumerate() {
        workdir::write(&scene.dir, &input, &mutant.bytes)?;
        if let Err(error) = OPTIONS.iter().try_for_each(|options| link(&scene, &input, options)) {
            workdir::write(&scene.dir, &format!("kept-{number}-{input}"), &mutant.bytes)?;
            failures.push(format!("{} (kept-{number}-{input}): {error}", mutant.what));
        }
    }
    let shown = failures.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    ensure(failures.is_empty(), || format!("{} bad ends\n{shown}", failures.len()))
}

fn link(scene: &Scene, input: &str, options: &[&str]) -> Outcome {
    let _ = std::fs::remove_file(scene.path("a.out"));
    let mut command = scene.command(&[options, &["start.o", input]].concat());
    let link = process::run_within(&mut command, Duration::from_secs(20))?;
    let panicked = link.stderr.contains("panicked") || ![0, 1].contains(&link.code());
    ensure(!panicked, || link.describe())?;
    if link.code() == 1 {
        ensure(link.stderr.contains("error: "), || format!("no error: {}", link.describe()))?;
        ensure(!scene.path("a.out").exists(), || format!("output left: {}", link.describe()))?;
    }
    Ok(())
}

/// Makes the sample and gives its file name. `_start` refers to nothing, so `-u` would be needed for
/// garbage collection to keep the code: it is kept by `.init_array` and retained sections instead.
fn make(scene: &Scene, sample: &str) -> Outcome<String> {
    let (name, source, flags): (&str, &str, &[&str]) = match sample {
        "unwind" => ("unwind.s", UNWIND, &["-g"]),
        "comdat" => ("comdat.s", COMDAT, &[]),
        "merge" => ("merge.s", MERGE, &[]),
        "tls" => ("tls.s", TLS, &[]),
        "undefined" => ("undefined.c", UNDEFINED, &["-g"]),
        "compressed" => ("compressed.c", COMPRESSED, &["-g", "-gz=zlib"]),
        // Too long for a member's header.
        _ => ("member-of-an-archive.c", COMPRESSED, &[]),
    };
    scene.compile(name, source, flags)?;
    let object = name.replace(".s", ".o").replace(".c", ".o");
    let flags = match sample {
        "archive" | "script" => "rcs",
        "thin" => "rcsT",
        _ => return Ok(object),
    };
    scene.compile("start.s", "call kept\n.globl _start\n_start: ret\n", &[])?;
    scene.tool("ar", &[flags, "liball.a", &object])?;
    if sample != "script" {
        return Ok("liball.a".into());
    }
    let script = "/* stub */ OUTPUT_FORMAT(elf64-x86-64) SEARCH_DIR(.)\n\
                  GROUP ( liball.a AS_NEEDED ( -lall script.ld ) )\n";
    workdir::write(&scene.dir, "script.ld", script)?;
    Ok("script.ld".into())
}

const UNWIND: &str = r#"
    .section .text.f, "axR"
f:  .cfi_startproc
    .cfi_personality 0x3, personality
    .cfi_lsda 0x3, .Llsda
    push %rbp
    .cfi_def_cfa_offset 16
    call f
    pop %rbp
    ret
    .cfi_endproc
    .globl personality
personality: ret
    .section .gcc_except_table, "a"
.Llsda: .byte 0xff, 0xff, 1, 0
    .section .text.g, "ax"
g:  .cfi_startproc
    jmp f
    .cfi_endproc
    .section .init_array, "aw", @init_array
    .quad f
"#;

const COMDAT: &str = r#"
    .section .text.one, "axG", @progbits, one, comdat
    .weak one
one: call two
    .section .text.two, "axG", @progbits, one, comdat
two: ret
    .section .linked, "ao", @progbits, .text.one
    .quad one
    .section .data.retained, "awR"
    .quad one
    .comm common, 64, 32
    .section .note.test, "a", @note
    .long 4, 4, 1
    .asciz "ABC"
    .long 9
"#;

const MERGE: &str = r#"
    .section .rodata.str1.1, "aMS", @progbits, 1
.La: .asciz "first"
.Lb: .asciz "second"
    .section .rodata.str4.4, "aMS", @progbits, 4
.Lc: .long 65, 66, 0
    .section .rodata.cst8, "aM", @progbits, 8
.Ld: .quad 1, 2
    .section .data.retained, "awR"
    .quad .La, .Lb+2, .Lc, .Ld+8
"#;

const TLS: &str = r#"
    .section .text.retained, "axR"
    .byte 0x66
    lea x@tlsgd(%rip), %rdi
    .word 0x6666
    rex64
    call __tls_get_addr@PLT
    lea x@tlsld(%rip), %rdi
    call __tls_get_addr@PLT
    lea x@dtpoff(%rax), %rcx
    mov x@gottpoff(%rip), %rax
    lea x@tlsdesc(%rip), %rax
    call *x@tlscall(%rax)
    mov data@GOTPCREL(%rip), %rax
    call *code@GOTPCREL(%rip)
    call ifunc
    .globl x, data, code, ifunc
code: ret
    .type ifunc, @gnu_indirect_function
ifunc: ret
    .section .tdata, "awT", @progbits
x:  .long 1
    .data
data: .quad code
"#;

const UNDEFINED: &str = "int missing(int);\n\
    __attribute__((constructor)) static void user(void) { missing(1); }\n";

const COMPRESSED: &str = "#include <stdio.h>\n\
    static int counter;\n\
    __attribute__((constructor)) void kept(void) { counter++; }\n";
