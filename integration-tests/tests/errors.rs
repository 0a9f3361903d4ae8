//! What gild says when a link cannot be, and that nothing is left behind.

use integration_tests::image::Image;
use integration_tests::scene::Scene;
use integration_tests::{Outcome, ensure, tools, workdir};

/// Undefined symbols.
mod undefined {
    use super::*;

    #[test]
    fn names_file_line_and_object() -> Outcome {
        let scene = Scene::new("errors/undefined-line")?;
        let source = "int missing(int);\n\nint user(void) {\n    return missing(3);\n}\n";
        scene.compile("user.c", source, &["-g"])?;
        let texts = ["undefined symbol: missing", ">>> referenced by user.c:4", "user.o:(.text+0x"];
        scene.fails(&["start.o", "user.o"], &texts)
    }

    #[test]
    fn names_section_and_offset_without_debug_information() -> Outcome {
        let scene = Scene::new("errors/undefined-plain")?;
        scene.compile("user.s", ".section .text.user,\"ax\"\nnop\ncall missing\n", &[])?;
        let texts = ["undefined symbol: missing", ">>> referenced by", "user.o:(.text.user+0x2)"];
        scene.fails(&["start.o", "user.o"], &texts)?;
        scene.compile(
            "user.c",
            "int missing(void);\nint user(void) { return missing(); }\n",
            &[],
        )?;
        scene.fails(&["start.o", "user.o"], &[">>> referenced by user.c (user.o:(.text+0x"])
    }

    #[test]
    fn lists_up_to_three_places() -> Outcome {
        let scene = Scene::new("errors/undefined-places")?;
        scene.compile("user.s", &"call missing\n".repeat(5), &[])?;
        let link = scene.link(&["start.o", "user.o"])?;
        let places = link.stderr.matches(">>> referenced by user").count();
        let places = places.max(link.stderr.matches("user.o:(.text+").count());
        ensure(places == 3, || link.describe())?;
        let named = link.stderr.matches("undefined symbol: missing").count();
        ensure(named == 1, || format!("one error for one symbol: {}", link.describe()))
    }

    #[test]
    fn is_demangled() -> Outcome {
        let scene = Scene::new("errors/undefined-demangled")?;
        scene.compile("user.s", "call _ZN5space4funcEi\n", &[])?;
        scene.compile("rust.s", "call _ZN4core3fmt5write17h0123456789abcdefE\n", &[])?;
        let texts = ["undefined symbol: space::func(int)", "undefined symbol: core::fmt::write"];
        scene.fails(&["start.o", "user.o", "rust.o"], &texts)?;
        let raw = ["undefined symbol: _ZN5space4funcEi"];
        scene.fails(&["--no-demangle", "start.o", "user.o"], &raw)
    }

    #[test]
    fn suggests_a_close_name() -> Outcome {
        let scene = Scene::new("errors/undefined-suggestion")?;
        scene.compile("user.s", "call calculate_chekcsum\n", &[])?;
        scene.compile("lib.s", ".globl calculate_checksum\ncalculate_checksum: ret\n", &[])?;
        let texts = ["undefined symbol: calculate_chekcsum", "did you mean", "calculate_checksum"];
        scene.fails(&["start.o", "user.o", "lib.o"], &texts)
    }

    #[test]
    fn name_the_library_that_is_missing() -> Outcome {
        let scene = Scene::new("errors/undefined-library")?;
        let source = "#include <cmath>\n#include <iostream>\n\
            void user(double x) { std::cout << std::pow(x, x); throw 1; }\n";
        scene.compile("user.cc", source, &[])?;
        for library in ["libc.a", "libm.a", "libstdc++.a"] {
            scene.tool("ar", &["rcs", library, "start.o"])?;
        }
        for (libraries, cxx, mathematical) in [
            (&[][..], 0, 0),
            (&["-lc"], 1, 1),
            (&["-lc", "-lm"], 1, 0),
            (&["-lstdc++", "-lc"], 0, 1),
        ] {
            let link = scene.link(&[&["start.o", "user.o", "-L."], libraries].concat())?;
            let told = |text| link.stderr.matches(text).count();
            let found = (told(">>> the C++ runtime isn't among the inputs"), told(": add -lm"));
            ensure(link.code() == 1 && found == (cxx, mathematical), || link.describe())?;
        }
        Ok(())
    }

    #[test]
    fn virtual_tables_are_where_a_function_is() -> Outcome {
        let scene = Scene::new("errors/undefined-vtable")?;
        scene.compile(
            "user.cc",
            "struct A { virtual void f(); };\nvoid user() { A a; }\n",
            &["-O0"],
        )?;
        let texts = ["undefined symbol: vtable for A", "the first of its virtual functions"];
        scene.fails(&["start.o", "user.o"], &texts)
    }

    #[test]
    fn all_are_reported_together_and_limited() -> Outcome {
        let scene = Scene::new("errors/undefined-limit")?;
        let calls: String = (10..40).map(|n| format!("call missing_{n}\n")).collect();
        scene.compile("user.s", &calls, &[])?;
        let count = |arguments: &[&str]| -> Outcome<usize> {
            let link = scene.link(&[&["start.o", "user.o"], arguments].concat())?;
            Ok(link.stderr.matches("undefined symbol: missing_").count())
        };
        let (few, all, normal) =
            (count(&["--error-limit=5"])?, count(&["--error-limit=0"])?, count(&[])?);
        ensure((few, all, normal) == (5, 30, 20), || format!("{few}, {all}, {normal}"))
    }

    #[test]
    fn come_in_the_order_of_the_input() -> Outcome {
        let scene = Scene::new("errors/undefined-order")?;
        scene.compile("b.s", "call zebra\ncall apple\n", &[])?;
        scene.compile("a.s", "call middle\n", &[])?;
        for _ in 0..5 {
            let link = scene.link(&["start.o", "b.o", "a.o", "--threads=8"])?;
            let at = |name: &str| link.stderr.find(&format!("undefined symbol: {name}"));
            let order = at("zebra") < at("apple") && at("apple") < at("middle");
            ensure(order && at("zebra").is_some(), || link.describe())?;
        }
        Ok(())
    }

    #[test]
    fn may_be_tolerated_on_request() -> Outcome {
        let scene = Scene::new("errors/undefined-tolerated")?;
        scene.compile("user.s", ".data\n.quad missing\n", &[])?;
        let warned = scene.links(&["--warn-unresolved-symbols", "start.o", "user.o"])?;
        let said = warned.stderr.contains("warning: ") && warned.stderr.contains("missing");
        ensure(said, || warned.describe())?;
        let silent = scene.links(&["--unresolved-symbols=ignore-all", "start.o", "user.o"])?;
        ensure(!silent.stderr.contains("missing"), || silent.describe())
    }

    #[test]
    fn required_symbol_must_be_defined() -> Outcome {
        let scene = Scene::new("errors/require-defined")?;
        scene.fails(&["--require-defined=needed", "start.o"], &["needed"])
    }

    #[test]
    fn hidden_reference_needs_a_definition() -> Outcome {
        let scene = Scene::new("errors/undefined-hidden")?;
        scene.compile("user.s", ".hidden secret\ncall secret\n", &[])?;
        scene.fails(&["start.o", "user.o"], &["secret"])
    }
}

/// Symbols defined twice.
mod duplicate {
    use super::*;

    #[test]
    fn names_both_places() -> Outcome {
        let scene = Scene::new("errors/duplicate")?;
        for name in ["one", "two"] {
            scene.compile(&format!("{name}.s"), ".globl twice\ntwice: ret\n", &[])?;
        }
        let texts = ["duplicate symbol: twice", ">>> defined in", "one.o", "two.o"];
        scene.fails(&["start.o", "one.o", "two.o"], &texts)?;
        scene.links(&["-z", "muldefs", "start.o", "one.o", "two.o"])?;
        scene.links(&["--allow-multiple-definition", "start.o", "one.o", "two.o"]).map(drop)
    }

    #[test]
    fn names_archive_and_member() -> Outcome {
        let scene = Scene::new("errors/duplicate-member")?;
        scene.compile("user.s", "call wanted\n.globl twice\ntwice: ret\n", &[])?;
        scene.compile("lib.s", ".globl wanted, twice\nwanted: ret\ntwice: ret\n", &[])?;
        scene.tool("ar", &["rcs", "liblib.a", "lib.o"])?;
        let texts = ["duplicate symbol: twice", "user.o", "liblib.a", "lib.o"];
        scene.fails(&["start.o", "user.o", "-L.", "-llib"], &texts)
    }

    /// GNU ld and lld link this: when they come to `baz`, which asks for `foo`, that is there already.
    #[test]
    fn of_two_archives_says_how_to_order_them() -> Outcome {
        let scene = Scene::new("errors/duplicate-archives")?;
        let members = [
            ("foo", ".globl foo\nfoo: ret\n"),
            ("both", ".globl foo, bar\nfoo: ret\nbar: call baz\nret\n"),
            ("baz", ".globl baz\nbaz: call foo\nret\n"),
        ];
        for (name, source) in members {
            scene.compile(&format!("{name}.s"), source, &[])?;
            scene.tool("ar", &["rcs", &format!("lib{name}.a"), &format!("{name}.o")])?;
        }
        let line = ["-u", "bar", "start.o", "libfoo.a", "libboth.a", "libbaz.a"];
        let texts = ["duplicate symbol: foo", "try libboth.a in front of libfoo.a"];
        scene.fails(&line, &texts)?;
        scene.links(&["-u", "bar", "start.o", "libboth.a", "libfoo.a", "libbaz.a"]).map(drop)
    }

    /// Both kinds in one report, in the order of the input.
    #[test]
    fn come_together_with_undefined_symbols() -> Outcome {
        let scene = Scene::new("errors/together")?;
        scene.compile("one.s", "call missing_1\n.globl twice\ntwice: ret\n", &[])?;
        scene.compile("two.s", ".globl twice\ntwice: ret\ncall missing_2\n", &[])?;
        scene.compile("three.s", "call missing_3\n.globl twice\ntwice: ret\n", &[])?;
        let objects = ["start.o", "one.o", "two.o", "three.o", "--defsym=late=missing_0"];
        let wanted =
            ["missing_0", "missing_1", "twice", "missing_2", "missing_3", "twice"].map(Some);
        for limit in [0, 4] {
            let limited = format!("--error-limit={limit}");
            let link = scene.link(&[&objects[..], &[&limited]].concat())?;
            let named = link.stderr.lines().filter(|line| line.contains(" symbol: "));
            let named: Vec<_> = named.map(|line| line.split(' ').next_back()).collect();
            let count = if limit == 0 { wanted.len() } else { limit };
            ensure(named == wanted[..count], || link.describe())?;
        }
        Ok(())
    }

    #[test]
    fn the_first_definition_wins_under_muldefs() -> Outcome {
        let scene = Scene::new("errors/muldefs-first")?;
        let body = |status: i32| format!(".globl twice\ntwice: mov ${status}, %edi\nret\n");
        let start = ".globl begin\nbegin: call twice\nmov $60, %eax\nsyscall\n";
        scene.compile("begin.s", start, &[])?;
        scene.compile("one.s", &body(0), &[])?;
        scene.compile("two.s", &body(1), &[])?;
        scene.links(&["-z", "muldefs", "-e", "begin", "begin.o", "one.o", "two.o"])?;
        scene.runs("a.out").map(drop)
    }
}

/// Arguments and files that do not fit.
#[test]
fn bad_inputs_are_named() -> Outcome {
    let scene = Scene::new("errors/inputs")?;
    workdir::write(&scene.dir, "text.o", "this is no object\n")?;
    workdir::write(&scene.dir, "empty.o", "")?;
    workdir::write(&scene.dir, "short.o", &scene.bytes("start.o")?[..40])?;
    let patched = |name: &str, at: usize, value: u8| -> Outcome {
        let mut bytes = scene.bytes("start.o")?;
        bytes[at] = value;
        workdir::write(&scene.dir, name, bytes).map(drop)
    };
    patched("class32.o", 4, 1)?;
    patched("bigendian.o", 5, 2)?;
    patched("aarch64.o", 18, 183)?;
    scene.compile("i386.s", "nop\n", &["-m32"])?;
    scene.compile("odd.s", ".section .odd,\"a\",@12\n.long 1\n", &[])?;
    std::fs::create_dir(scene.path("folder.o")).map_err(|error| error.to_string())?;
    let cases: &[(&[&str], &[&str])] = &[
        (&["start.o", "nowhere.o"], &["nowhere.o"]),
        (&["start.o", "-lnowhere"], &["nowhere"]),
        (&["start.o", "-l:exact.a"], &["exact.a"]),
        (&["start.o", "text.o"], &["text.o", "linker script"]),
        (&["start.s"], &["start.s: is a source file"]),
        (&["start.o", "empty.o"], &["empty.o"]),
        (&["start.o", "short.o"], &["short.o"]),
        (&["start.o", "class32.o"], &["class32.o"]),
        (&["start.o", "bigendian.o"], &["bigendian.o"]),
        (&["start.o", "aarch64.o"], &["aarch64.o", "AArch64"]),
        (&["start.o", "i386.o"], &["i386.o"]),
        (&["start.o", "odd.o"], &["odd.o", ".odd", "0xc"]),
        (&["start.o", "folder.o"], &["folder.o"]),
        (&["start.o", "@nowhere.rsp"], &["nowhere.rsp"]),
        (&[], &["no input"]),
    ];
    all(cases, |(arguments, texts)| scene.fails(arguments, texts))
}

#[test]
fn bad_inputs_come_in_their_order() -> Outcome {
    let scene = Scene::new("errors/input-order")?;
    workdir::write(&scene.dir, "bad.txt", "hello\n")?;
    let link = scene.link(&["bad.txt", "-lmissing", "missing.o", "start.o"])?;
    let at = |text| link.stderr.find(text);
    let places = [at("bad.txt"), at("-lmissing"), at("missing.o")];
    ensure(places.is_sorted() && places[0].is_some(), || link.describe())
}

#[test]
fn more_program_headers_than_elf_has_numbers_for_are_refused() -> Outcome {
    let scene = Scene::new("errors/program-headers")?;
    // Notes of another alignment have a program header of their own.
    let note =
        |n| format!(".section .note.n{n},\"a\",@note\n.balign {}\n.long 0, 0, 0\n", 4 + n % 2 * 4);
    scene.compile("notes.s", &(0..0xffff).map(note).collect::<String>(), &[])?;
    scene.fails(&["start.o", "notes.o"], &["program headers, and ELF has numbers for 65535"])
}

/// Those of relocations in .eh_frame as well as those of others.
#[test]
fn faults_of_relocations_name_symbol_and_place() -> Outcome {
    let scene = Scene::new("errors/relocations")?;
    scene.compile("code.s", ".globl _Z1fi\n_Z1fi: mov $_Z1fi, %eax\nret\n", &[])?;
    let frame = "f: ret\n.section .eh_frame,\"a\",@unwind\n.long 16\n.long 0\n.byte 1\n\
        .asciz \"zR\"\n.byte 1, 0x78, 16, 1, 0\n.balign 4\n.long 24\n.long . - .eh_frame\n\
        .quad f\n.quad 1\n.byte 0\n.balign 8\n";
    scene.compile("frame.s", frame, &[])?;
    for (option, name) in [("--demangle", "f(int)"), ("--no-demangle", "_Z1fi")] {
        let text = format!(
            "R_X86_64_32 cannot be used in a position-independent executable; recompile with -fPIC, \
             or link with -no-pie: {name}\n>>> referenced by code.o:(.text+0x1)"
        );
        scene.fails(&["-pie", option, "start.o", "code.o"], &[&text])?;
    }
    let texts = [
        "R_X86_64_64 in .eh_frame cannot move with a static-PIE; recompile with -fPIE: section .text\n",
        ">>> referenced by frame.o:(.eh_frame+0x1c)",
    ];
    scene.fails(&["-pie", "start.o", "frame.o"], &texts)
}

#[test]
fn bad_options_are_named() -> Outcome {
    let scene = Scene::new("errors/options")?;
    let cases: &[(&[&str], &[&str])] = &[
        (&["--gc-setcions"], &["--gc-setcions", "--gc-sections"]),
        (&["--biuld-id"], &["--biuld-id", "--build-id"]),
        (&["-m", "elf_i386"], &["elf_i386"]),
        (&["-m", "aarch64linux"], &["aarch64linux"]),
        (&["-o"], &["-o"]),
        (&["--threads=many"], &["many"]),
        (&["--error-limit=lots"], &["lots"]),
        (&["--build-id=0xzz"], &["zz"]),
        (&["--defsym=novalue"], &["novalue"]),
        (&["-Wl,--gc-sections"], &["-Wl,--gc-sections", "without", "linker-flavor=ld"]),
    ];
    all(cases, |(arguments, texts)| scene.fails(&[&["start.o"], *arguments].concat(), texts))
}

/// GNU ld and lld warn and put 0 or the start of .text into the header; an error is as good.
#[test]
fn a_missing_entry_is_a_warning_and_code_starts_at_its_beginning() -> Outcome {
    let scene = Scene::new("errors/entry")?;
    let link = scene.links(&["start.o", "-e", "no_such_entry"])?;
    let image = Image::open(&scene.path("a.out"))?;
    let text = image.section(".text").map_or(0, |section| section.address);
    let warning = format!("cannot find entry symbol no_such_entry; defaulting to {text:016x}");
    ensure(image.entry == text && link.stderr.contains(&warning), || link.describe())
}

/// Outputs that gild does not make are refused, and another linker is named.
#[test]
fn other_kinds_of_output_are_refused() -> Outcome {
    let scene = Scene::new("errors/kinds")?;
    scene.tool("gcc", &["-shared", "-nostdlib", "-o", "libshared.so", "start.o"])?;
    let cases: &[(&[&str], &[&str])] = &[
        (&["-shared", "start.o"], &["-shared", "static", "lld"]),
        (&["-r", "start.o"], &["-r", "lld"]),
        (&["start.o", "libshared.so"], &["libshared.so"]),
        (&["-pie", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2", "start.o"], &["static"]),
    ];
    all(cases, |(arguments, texts)| scene.fails(arguments, texts))
}

/// Addresses from the command line that would make a program that crashes.
#[test]
fn addresses_that_cannot_be_are_refused() -> Outcome {
    let scene = Scene::new("errors/addresses")?;
    let ifunc =
        ".globl f\n.type f, @gnu_indirect_function\nf: ret\n.quad __rela_iplt_start\ncall f\n";
    scene.compile("ifunc.s", ifunc, &[])?;
    let relro = ".section .data.rel.ro,\"aw\"\n.quad _start\n.data\n.quad 1\n";
    scene.compile("relro.s", relro, &[])?;
    scene.compile("aligned.s", ".section .rodata\n.balign 0x800000\n.quad 1\n", &[])?;
    let pie = ["-static", "-pie", "--no-dynamic-linker", "--image-base=0x10000", "aligned.o"];
    let last_page_of_relro = ["--section-start=.data.rel.ro=0x500000", "-Tdata=0x500080"];
    let cases: &[(&[&str], &[&str])] = &[
        (&["ifunc.o", "--section-start=.got=0x300000000"], &[".iplt", ".got"]),
        (&[&["relro.o"], &last_page_of_relro[..]].concat(), &["0x500080", "share a page"]),
        (&pie, &["0x10000", "0x800000, the alignment of .rodata"]),
    ];
    all(cases, |(arguments, texts)| scene.fails(&[&["start.o"], *arguments].concat(), texts))
}

/// Objects that hold no machine code or no relocations that gild reads: the file and the remedy are named.
#[test]
fn intermediate_code_is_refused() -> Outcome {
    let scene = Scene::new("errors/lto")?;
    workdir::write(&scene.dir, "f.c", "int f(void) { return 1; }\n")?;
    let clang = tools::clang()?.display().to_string();
    scene.tool(&clang, &["-c", "-flto", "f.c", "-o", "bitcode.o"])?;
    scene.tool("gcc", &["-c", "-flto", "-fno-fat-lto-objects", "f.c", "-o", "slim.o"])?;
    scene.tool("ar", &["qcS", "libbitcode.a", "bitcode.o"])?;
    let crel = "-Wa,--crel,--allow-experimental-crel";
    workdir::write(&scene.dir, "g.c", "int f(void); int g(void) { return f(); }\n")?;
    scene.tool(&clang, &["-c", crel, "g.c", "-o", "crel.o"])?;
    let cases: &[(&[&str], &[&str])] = &[
        (&["start.o", "bitcode.o"], &["bitcode.o", "-flto"]),
        (&["start.o", "slim.o"], &["slim.o", "-ffat-lto-objects"]),
        (&["start.o", "--whole-archive", "libbitcode.a"], &["libbitcode.a", "bitcode.o"]),
        (&["start.o", "crel.o"], &["crel.o", "CREL", "-Wa,--crel"]),
    ];
    all(cases, |(arguments, texts)| scene.fails(arguments, texts))
}

/// A start file that crashes with the kind of output is refused, with the remedy.
#[test]
fn start_files_must_fit_the_output() -> Outcome {
    let scene = Scene::new("errors/start-files")?;
    scene.compile("main.c", "int main(void) { return 0; }\n", &["-fPIE"])?;
    let musl = tools::musl_dir()?.display().to_string();
    let glibc = "/usr/lib/x86_64-linux-gnu";
    let gcc = tools::gcc_file("libgcc.a")?.display().to_string();
    let eh = tools::gcc_file("libgcc_eh.a")?.display().to_string();
    let line = |kind: &[&str], dir: &str, start: &str| {
        let mut line: Vec<String> = kind.iter().map(|word| (*word).to_owned()).collect();
        line.extend([format!("{dir}/{start}"), "main.o".into(), format!("{dir}/libc.a")]);
        line.extend([gcc.clone(), eh.clone()]);
        line
    };
    let pie: &[&str] = &["-static", "-pie", "--no-dynamic-linker"];
    for (kind, dir, start, remedy) in [
        (pie, musl.as_str(), "crt1.o", "rcrt1.o"),
        (pie, glibc, "crt1.o", "rcrt1.o"),
        (&["-static"], &musl, "rcrt1.o", "crt1.o"),
        (&["-static"], glibc, "rcrt1.o", "crt1.o"),
    ] {
        let line = line(kind, dir, start);
        let line: Vec<_> = line.iter().map(String::as_str).collect();
        scene.fails(&line, &[start, remedy])?;
    }
    let (start, libc) = (format!("{musl}/crt1.o"), format!("{glibc}/libc.a"));
    let mixed = ["-static", &start, "main.o", "--start-group", &libc, &gcc, &eh, "--end-group"];
    scene.fails(&mixed, &["crt1.o", "musl's", "glibc's", "-L"])
}

/// musl's start-up code applies no IRELATIVE relocations: an ifunc would be a crash.
#[test]
fn ifuncs_are_refused_on_musl() -> Outcome {
    let scene = Scene::new("errors/musl-ifunc")?;
    let ifunc = ".globl chosen\n.type chosen, @gnu_indirect_function\nchosen: ret\n";
    scene.compile("ifunc.s", ifunc, &[])?;
    scene.compile("main.c", "int chosen(void); int main(void) { return chosen(); }\n", &[])?;
    let musl = tools::musl_dir()?.display().to_string();
    let (crt1, libc) = (format!("{musl}/crt1.o"), format!("{musl}/libc.a"));
    scene.fails(&["-static", &crt1, "main.o", "ifunc.o", &libc], &["chosen", "IRELATIVE"])
}

#[test]
fn a_failed_link_removes_an_older_output() -> Outcome {
    let scene = Scene::new("errors/old-output")?;
    scene.links(&["start.o"])?;
    scene.compile("user.s", "call missing\n", &[])?;
    let link = scene.link(&["start.o", "user.o"])?;
    ensure(link.code() == 1, || link.describe())?;
    ensure(!scene.path("a.out").exists(), || "the old output is still there".into())
}

#[test]
fn warnings_can_be_fatal() -> Outcome {
    let scene = Scene::new("errors/fatal-warnings")?;
    let warning = ".section .gnu.warning.risky,\"\"\n.ascii \"risky is risky\"\n";
    let library = format!(".globl risky\nrisky: ret\n{warning}");
    scene.compile("lib.s", &library, &[])?;
    scene.compile("user.s", "call risky\n", &[])?;
    let link = scene.links(&["start.o", "user.o", "lib.o", "-o", "warned"])?;
    ensure(link.stderr.contains("warning: ") && link.stderr.contains("risky is risky"), || {
        link.describe()
    })?;
    let link = scene.link(&["--fatal-warnings", "start.o", "user.o", "lib.o"])?;
    ensure(link.code() == 1 && !scene.path("a.out").exists(), || link.describe())?;
    let quiet = scene.links(&["--no-warnings", "start.o", "user.o", "lib.o"])?;
    ensure(!quiet.stderr.contains("risky is"), || quiet.describe())
}

/// A log on a full disk is no reason to leave half a link behind.
#[test]
fn messages_that_cannot_be_written_change_nothing() -> Outcome {
    let scene = Scene::new("errors/full")?;
    scene.compile("user.s", ".data\n.quad missing\n", &[])?;
    let linker = scene.command(&[]).get_program().display().to_string();
    for (options, status) in [("--warn-unresolved-symbols --time --stats", 0), ("", 1)] {
        let line = format!("'{linker}' {options} start.o user.o 2>/dev/full; test $? = {status}");
        scene.tool("sh", &["-c", &line])?;
        ensure(scene.path("a.out").exists() == (status == 0), || line)?;
    }
    Ok(())
}

/// Threads that write in windows go on without the file, to the end of the link.
#[test]
fn a_file_that_may_not_grow_is_one_error() -> Outcome {
    let scene = Scene::new("errors/file-size")?;
    scene.compile("large.s", ".section .rodata\n.fill 16 << 20, 1, 7\n", &[])?;
    let linker = scene.command(&[]).get_program().display().to_string();
    let line =
        format!("ulimit -f 4096; trap '' XFSZ; '{linker}' start.o large.o 2>log; test $? = 1");
    scene.tool("sh", &["-c", &line])?;
    let log = String::from_utf8_lossy(&scene.bytes("log")?).into_owned();
    ensure(log.lines().count() == 1 && log.contains("File too large"), || log)
}

/// Runs every case before it fails, so that one run tells of all that is wrong.
fn all<T>(cases: &[T], check: impl Fn(&T) -> Outcome) -> Outcome {
    let failures: Vec<_> = cases.iter().filter_map(|case| check(case).err()).collect();
    ensure(failures.is_empty(), || failures.join("\n---\n"))
}
