//! Options whose effect is text or file content rather than a program's behaviour.

use integration_tests::image::Image;
use integration_tests::scene::Scene;
use integration_tests::{Outcome, ensure, tools, workdir};

#[test]
fn the_comment_names_the_linker_and_is_merged() -> Outcome {
    let scene = Scene::new("options/comment")?;
    for name in ["a.c", "b.c"] {
        let function = name.replace('.', "_");
        scene.compile(name, &format!("int {function}(void) {{ return 1; }}\n"), &[])?;
    }
    scene.links(&["start.o", "a.o", "b.o"])?;
    let image = Image::open(&scene.path("a.out"))?;
    let comment = image.section(".comment").ok_or("no .comment")?;
    let bytes = &image.data()[comment.offset as usize..(comment.offset + comment.size) as usize];
    let text = String::from_utf8_lossy(bytes);
    ensure(text.contains("Linker: gild "), || format!("{text:?}"))?;
    let compilers = text.matches("GCC:").count();
    ensure(compilers == 1, || format!("gcc is named {compilers} times: {text:?}"))
}

#[test]
fn collected_sections_are_listed_on_request() -> Outcome {
    let scene = Scene::new("options/print-gc")?;
    let source = ".section .text.unused,\"ax\"\nret\n.section .data.unused,\"aw\"\n.quad 1\n";
    scene.compile("dead.s", source, &[])?;
    let link = scene.links(&["--gc-sections", "--print-gc-sections", "start.o", "dead.o"])?;
    let said = format!("{}{}", link.text(), link.stderr);
    for name in [".text.unused", ".data.unused"] {
        let listed = said.lines().any(|line| line.contains(name) && line.contains("dead.o"));
        ensure(listed, || format!("{name} is not listed: {}", link.describe()))?;
    }
    let living = said.lines().any(|line| line.contains("start.o") && line.contains(".text"));
    ensure(!living, || format!("living code is listed: {}", link.describe()))
}

#[test]
fn libraries_are_found_as_asked() -> Outcome {
    let scene = Scene::new("options/search")?;
    let marker = |value: u32| format!(".globl marker\nmarker = {value}\n");
    for (folder, value) in [("first", 1), ("second", 2), ("root/lib", 3)] {
        scene.compile(&format!("{folder}/m.s"), &marker(value), &[])?;
        scene.tool("ar", &["rcs", &format!("{folder}/libm.a"), &format!("{folder}/m.o")])?;
    }
    scene.compile("i386/m.s", &marker(4), &["-m32"])?;
    scene.tool("ar", &["rcs", "i386/libm.a", "i386/m.o"])?;
    scene.compile("user.s", ".data\n.quad marker\n", &[])?;
    let cases: &[(&[&str], u64)] = &[
        (&["-Lfirst", "-Lsecond", "-lm"], 1),
        (&["-L", "second", "-L", "first", "-l", "m"], 2),
        (&["--library-path=second", "--library=m"], 2),
        (&["-Lsecond", "-l:libm.a"], 2),
        (&["-Li386", "-Lsecond", "-lm"], 2),
        (&["--sysroot=root", "-L=/lib", "-lm"], 3),
        (&["--sysroot=root", "=/lib/libm.a"], 3),
    ];
    for (arguments, wanted) in cases {
        scene.links(&[&["start.o", "user.o"], *arguments].concat())?;
        let found = Image::open(&scene.path("a.out"))?.symbol("marker").map(|symbol| symbol.value);
        ensure(found == Some(*wanted), || format!("{arguments:?}: {found:?}"))?;
    }
    Ok(())
}

#[test]
fn an_executable_stack_is_only_given_on_request_and_noticed() -> Outcome {
    let scene = Scene::new("options/stack")?;
    scene.compile("wants.s", ".section .note.GNU-stack,\"x\",@progbits\n", &["-Wa,--execstack"])?;
    let executable = |name: &str| -> Outcome<bool> {
        let image = Image::open(&scene.path(name))?;
        let stack = image.segment(object::elf::PT_GNU_STACK.0).ok_or("no PT_GNU_STACK")?;
        Ok(stack.flags & object::elf::PF_X.0 != 0)
    };
    scene.links(&["start.o", "-o", "plain"])?;
    ensure(!executable("plain")?, || "executable for no reason".into())?;
    let asked = scene.links(&["-z", "execstack", "start.o", "-o", "asked"])?;
    ensure(executable("asked")?, || asked.describe())?;
    let input = scene.links(&["start.o", "wants.o", "-o", "input"])?;
    let warned = input.stderr.contains("warning: ") && input.stderr.contains("wants.o");
    ensure(executable("input")? && warned, || input.describe())?;
    let refused = scene.links(&["-z", "noexecstack", "start.o", "wants.o", "-o", "refused"])?;
    ensure(!executable("refused")?, || refused.describe())?;
    // The name alone makes it what it is.
    for (number, shape) in [r#""",@note"#, r#""a",@progbits"#].iter().enumerate() {
        let (source, object) = (format!("shape{number}.s"), format!("shape{number}.o"));
        let text = format!("nop\n.section .note.GNU-stack,{shape}\n");
        scene.compile(&source, &text, &["-Wa,--execstack"])?;
        let link = scene.links(&["start.o", &object, "-o", "shaped"])?;
        ensure(!executable("shaped")? && link.stderr.is_empty(), || link.describe())?;
    }
    Ok(())
}

#[test]
fn addresses_and_page_sizes_are_taken_as_given() -> Outcome {
    let scene = Scene::new("options/addresses")?;
    let data = ".data\n.globl word, zero\nword: .quad 1\n\
        .section .data.zero,\"aw\",@nobits\nzero: .quad 0\n.section .rodata\n.fill 5000\n";
    scene.compile("data.s", data, &[])?;
    for (option, symbol, wanted) in [
        ("-Ttext=0x400000", "_start", 0x40_0000),
        ("-Ttext=0x401000", "_start", 0x40_1000),
        ("-Tdata=0x600000", "word", 0x60_0000),
        ("-zmax-page-size=0x1000000", "__executable_start", 0x100_0000),
    ] {
        let link = scene.links(&[option, "-u", symbol, "start.o", "data.o"])?;
        let found = Image::open(&scene.path("a.out"))?.symbol(symbol).map(|symbol| symbol.value);
        ensure(found == Some(wanted), || format!("{found:x?}: {}", link.describe()))?;
        scene.runs("a.out")?;
    }
    Ok(())
}

/// The program header table stands in the first segment, whatever alignment a section there wants.
#[test]
fn segments_stand_in_the_file_as_in_memory() -> Outcome {
    let scene = Scene::new("options/congruence")?;
    let source = ".globl begin\nbegin: lea aligned(%rip), %rdi\nand $0x7fffff, %edi\n\
        or aligned(%rip), %edi\nmov $60, %eax\nsyscall\n\
        .section .rodata\n.balign 0x800000\naligned: .quad 0\n";
    scene.compile("begin.s", source, &[])?;
    let pie = ["-static", "-pie", "--no-dynamic-linker"];
    for options in [&[][..], &["--image-base=0x10000"], &pie] {
        let link = scene.links(&[options, &["-e", "begin", "begin.o"]].concat())?;
        for load in Image::open(&scene.path("a.out"))?.segments_of(object::elf::PT_LOAD.0) {
            let fits = load.offset % load.align == load.address % load.align;
            ensure(fits, || format!("{load:x?}: {}", link.describe()))?;
        }
        // Older kernels align no static-PIE.
        if options != pie {
            scene.runs("a.out")?;
        }
    }
    Ok(())
}

#[test]
fn ends_of_data_may_be_far_from_code() -> Outcome {
    let scene = Scene::new("options/far-ends")?;
    let source = ".globl begin\nbegin: mov _edata@GOTPCREL(%rip), %rdi\n\
        sub __bss_start@GOTPCREL(%rip), %rdi\nmov $60, %eax\nsyscall\n\
        .data\n.quad 1\n.section .lbss,\"awl\",@nobits\n.quad 0\n";
    scene.compile("begin.s", source, &[])?;
    scene.links(&["-e", "begin", "--section-start=.data=0x300000000", "begin.o"])?;
    scene.runs("a.out").map(drop)
}

#[test]
fn stripping_takes_what_it_says() -> Outcome {
    let scene = Scene::new("options/strip")?;
    let source = "static int local(void) { return 1; }\nint (*pointer)(void) = local;\n\
        int global(void) { return local(); }\n";
    scene.compile("code.c", source, &["-g"])?;
    let look = |option: Option<&str>| -> Outcome<(bool, bool, bool)> {
        let arguments: Vec<_> = ["start.o", "code.o"].into_iter().chain(option).collect();
        scene.links(&arguments)?;
        let image = Image::open(&scene.path("a.out"))?;
        let debug = image.section(".debug_info").is_some();
        Ok((image.symbol("global").is_some(), image.symbol("local").is_some(), debug))
    };
    for (option, wanted) in [
        (None, (true, true, true)),
        (Some("-S"), (true, true, false)),
        (Some("--strip-debug"), (true, true, false)),
        (Some("-x"), (true, false, true)),
        (Some("-s"), (false, false, false)),
        (Some("--strip-all"), (false, false, false)),
    ] {
        let found = look(option)?;
        ensure(found == wanted, || {
            format!("{option:?}: global, local, debug {found:?} instead of {wanted:?}")
        })?;
    }
    Ok(())
}

#[test]
fn time_and_statistics_are_tables() -> Outcome {
    let scene = Scene::new("options/tables")?;
    let time = scene.links(&["--time", "start.o"])?;
    let said = format!("{}{}", time.text(), time.stderr);
    ensure(said.lines().count() >= 5, || format!("a table of phases: {}", time.describe()))?;
    let stats = scene.links(&["--stats", "start.o"])?;
    let said = format!("{}{}", stats.text(), stats.stderr);
    ensure(said.lines().count() >= 3, || format!("a table of counts: {}", stats.describe()))?;
    let silent = scene.links(&["start.o"])?;
    let quiet = silent.stdout.is_empty() && silent.stderr.is_empty();
    ensure(quiet, || format!("a plain link says nothing: {}", silent.describe()))
}

#[test]
fn relocations_of_a_static_pie_are_sorted_or_packed() -> Outcome {
    let scene = Scene::new("options/relr")?;
    let pointers = ".data\n.balign 8\n".to_owned() + &".quad _start\n".repeat(500);
    scene.compile("pointers.s", &pointers, &[])?;
    let pie: &[&str] = &["-static", "-pie", "--no-dynamic-linker", "start.o", "pointers.o"];
    let places = |extra: &[&str]| -> Outcome<Vec<u64>> {
        scene.links(&[pie, extra].concat())?;
        let image = Image::open(&scene.path("a.out"))?;
        Ok(image.relocations()?.iter().map(|relocation| relocation.0).collect())
    };
    let plain = places(&[])?;
    ensure(plain.len() == 500 && plain.is_sorted(), || format!("{} relocations", plain.len()))?;
    let plain_size = scene.bytes("a.out")?.len();
    let packed = places(&["-z", "pack-relative-relocs"])?;
    ensure(packed.len() == 500, || format!("{} packed relocations", packed.len()))?;
    let packed_size = scene.bytes("a.out")?.len();
    ensure(packed_size + 8000 < plain_size, || format!("{plain_size} to {packed_size} bytes"))
}

/// The last relocation of a place counts; RELR would add to the place twice.
#[test]
fn a_place_with_two_relocations_is_packed_once() -> Outcome {
    let scene = Scene::new("options/relr-twice")?;
    let places = [("words", "words"), ("words+8", "_start"), ("words", "_start")];
    let places =
        places.map(|(place, target)| format!(".reloc {place}, R_X86_64_64, {target}\n")).concat();
    let data = format!(".data\n.balign 8\n.globl words\nwords: .quad 0, 0\n{places}");
    scene.compile("twice.s", &data, &[])?;
    let pie: &[&str] = &["-static", "-pie", "--no-dynamic-linker", "start.o", "twice.o"];
    for extra in [&[][..], &["-z", "pack-relative-relocs"]] {
        let link = scene.links(&[pie, extra].concat())?;
        let image = Image::open(&scene.path("a.out"))?;
        let [words, start] =
            ["words", "_start"].map(|name| image.symbol(name).map_or(0, |symbol| symbol.value));
        let relocations = image.relocations()?;
        let at = |place| relocations.iter().filter(move |relocation| relocation.0 == place);
        let last = at(words).next_back().map(|relocation| relocation.2 as u64);
        ensure(last == Some(start), || format!("{last:x?}: {}", link.describe()))?;
        ensure(at(words + 8).count() == 1, || link.describe())?;
        ensure(extra.is_empty() || at(words).count() == 1, || link.describe())?;
    }
    Ok(())
}

/// Unwind tables alone may refer to a discarded copy of a function, and nothing moves with that.
#[test]
fn a_discarded_function_has_no_relocation() -> Outcome {
    let scene = Scene::new("options/discarded")?;
    let copy = ".section .text.f, \"axG\", @progbits, f, comdat\n.weak f\nf: .Lf: ret\n";
    let table = ".section .gcc_except_table, \"a\"\n.balign 8\n.quad .Lf + 1, _start\n";
    scene.compile("first.s", copy, &[])?;
    scene.compile("second.s", &format!("{copy}{table}"), &[])?;
    let pie = ["-static", "-pie", "--no-dynamic-linker", "-z", "notext"];
    for extra in [&[][..], &["-z", "pack-relative-relocs"]] {
        scene.links(&[&pie, extra, &["start.o", "first.o", "second.o"]].concat())?;
        let image = Image::open(&scene.path("a.out"))?;
        let start = image.symbol("_start").map(|symbol| symbol.value as i64);
        let values: Vec<_> = image.relocations()?.iter().map(|it| Some(it.2)).collect();
        ensure(values == [start], || format!("{start:x?}: {values:x?}"))?;
    }
    // Where nothing else is in the table, it may be read-only.
    let excluded = ".section .gone, \"ae\"\n.globl gone\ngone: ret\n";
    for (definition, target) in [(copy, ".Lf + 1"), (excluded, "gone")] {
        let table = format!(".section .gcc_except_table, \"a\"\n.balign 8\n.quad {target}\n");
        scene.compile("table.s", &format!("{definition}{table}"), &[])?;
        scene.links(&[&pie[..3], &["start.o", "first.o", "table.o"]].concat())?;
        let count = Image::open(&scene.path("a.out"))?.relocations()?.len();
        ensure(count == 0, || format!("{count} relocations for {target}"))?;
    }
    Ok(())
}

#[test]
fn options_that_change_nothing_here_are_accepted() -> Outcome {
    let scene = Scene::new("options/accepted")?;
    workdir::write(&scene.dir, "empty.version", "{ };\n")?;
    for option in [
        "--hash-style=gnu",
        "--as-needed",
        "--no-as-needed",
        "-Bstatic",
        "-Bdynamic",
        "--no-undefined",
        "--no-fatal-warnings",
        "--demangle",
        "-O0",
        "-O1",
        "-O2",
        "--sort-section=name",
        "--no-gc-sections",
        "--export-dynamic",
        "-E",
        "--nostdlib",
        "--enable-new-dtags",
        "-zrelro",
        "-znow",
        "-zlazy",
        "-zdefs",
        "-znoexecstack",
        "-ztext",
        "--color-diagnostics",
        "--no-color-diagnostics",
        "--exclude-libs=ALL",
        "-EL",
        "--eh-frame-hdr",
        "--no-eh-frame-hdr",
        "--no-ld-generated-unwind-info",
        "-plugin-opt=x",
        "--no-error-execstack",
        "--no-error-rwx-segments",
        "--error-rwx-segments",
    ] {
        scene.links(&["start.o", option])?;
        scene.runs("a.out").map_err(|error| format!("{option}: {error}"))?;
    }
    for pair in [
        ["-dynamic-linker", "/lib/ld-musl-x86_64.so.1"],
        ["-rpath", "/lib"],
        ["-soname", "x"],
        ["-z", "max-page-size=4096"],
        ["-z", "stack-size=65536"],
        ["-plugin", "/nowhere.so"],
        ["-Map", "/dev/null"],
        ["--start-group", "--end-group"],
    ] {
        scene.links(&["-static", "start.o", pair[0], pair[1]])?;
        scene.runs("a.out").map_err(|error| format!("{pair:?}: {error}"))?;
    }
    Ok(())
}

/// One word among zeros of the same output section, and a linker that can't tell them apart writes
/// 100 MB of zeros.
#[test]
fn zeros_take_no_room_in_the_file() -> Outcome {
    let scene = Scene::new("options/zeros")?;
    for (name, zeros, word) in [
        ("own", ".own,\"aw\",@nobits", ".own,\"aw\",@progbits"),
        ("bss", ".bss,\"aw\",@nobits", ".bss.word,\"aw\",@progbits"),
        ("large", ".far,\"awl\",@nobits", ".far,\"awl\",@progbits"),
    ] {
        let zeros = format!(".section {zeros}\n.globl zeros\nzeros: .zero 100000000\n");
        let word = format!(".section {word}\n.globl word\nword: .quad 7\n");
        let start = ".globl begin\nbegin: movabs $zeros, %rax\nmov 99999999(%rax), %dil\n\
            movabs $word, %rax\nadd (%rax), %dil\nsub $7, %dil\nmovzx %dil, %edi\n\
            mov $60, %eax\nsyscall\n";
        scene.compile("zeros.s", &zeros, &["-Wa,--noexecstack"])?;
        scene.compile("word.s", &word, &["-Wa,--no-warn"])?;
        scene.compile("begin.s", start, &[])?;
        scene.links(&["-e", "begin", "begin.o", "zeros.o", "word.o"])?;
        let size = scene.bytes("a.out")?.len();
        ensure(size < 100_000, || format!("{name}: {size} bytes"))?;
        scene.runs("a.out").map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// GNU ld and lld put what is not loaded at address 0.
#[test]
fn bounds_of_a_section_that_is_not_loaded_give_its_size() -> Outcome {
    let scene = Scene::new("options/bounds")?;
    let source = ".section facts,\"\"\n.quad 1, 2\n.data\n.quad __start_facts, __stop_facts\n";
    scene.compile("facts.s", source, &[])?;
    scene.links(&["start.o", "facts.o"])?;
    let image = Image::open(&scene.path("a.out"))?;
    let value = |name| image.symbol(name).map(|symbol| symbol.value);
    let bounds = (value("__start_facts"), value("__stop_facts"));
    ensure(bounds == (Some(0), Some(16)), || format!("{bounds:?}"))
}

/// One without contents isn't in the output, and so isn't its name.
#[test]
fn a_section_may_be_called_as_the_linkers_own() -> Outcome {
    let scene = Scene::new("options/own-names")?;
    for contents in ["", ".quad 1\n"] {
        for name in [".shstrtab", ".strtab", ".symtab", ".got"] {
            scene.compile("own.s", &format!(".section {name},\"\",@progbits\n{contents}"), &[])?;
            scene.links(&["start.o", "own.o"])?;
            scene.runs("a.out").map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}

/// What gild adds, its note and what completes the family, is fit for IBT and shadow stacks.
#[test]
fn an_allocator_leaves_a_program_its_protection() -> Outcome {
    let scene = Scene::new("options/protection")?;
    let begin = "void *calloc(unsigned long, unsigned long);\nint error;\n\
        int *__errno_location(void) { return &error; }\nvoid begin(void) {\n\
        char *p = calloc(2, 3);\n\
        __asm__ volatile(\"syscall\" : : \"a\"(60L), \"D\"(p == 0 || p[5] != 0));\n}\n";
    let own = "char area[64];\nvoid *malloc(unsigned long n) { return area; }\n\
        void free(void *p) { }\nvoid *realloc(void *p, unsigned long n) { return p; }\n";
    scene.compile("begin.c", begin, &["-fno-builtin", "-fcf-protection=full"])?;
    for (protection, wanted) in [("full", 3), ("branch", 1), ("none", 0)] {
        let protection = format!("-fcf-protection={protection}");
        scene.compile("own.c", own, &["-fno-builtin", &protection])?;
        let link = scene.links(&["--allocator=./own.o", "-e", "begin", "begin.o"])?;
        scene.runs("a.out")?;
        let image = Image::open(&scene.path("a.out"))?;
        // Note header, name, type and size of the only property.
        let bits = match image.section(".note.gnu.property") {
            Some(note) => image.number(note.address + 24, 4)?,
            None => 0,
        };
        ensure(bits == wanted, || format!("{protection}: {bits}: {}", link.describe()))?;
        let calloc = image.symbol("calloc").ok_or("no calloc")?;
        let endbr64 = image.at(calloc.value, 4)? == [0xf3, 0x0f, 0x1e, 0xfa];
        ensure(endbr64, || format!("calloc: {}", link.describe()))?;
    }
    Ok(())
}

/// `_etext` is behind `.text`, be that writable: profilers count up to there.
#[test]
fn etext_is_behind_code_that_can_be_written() -> Outcome {
    let scene = Scene::new("options/etext")?;
    let code = ".section .text.w, \"awx\", @progbits\n.globl _start\n_start: xor %edi, %edi\n\
        lea etext(%rip), %rax\nlea _start(%rip), %rcx\ncmp %rcx, %rax\nsetbe %dil\n\
        mov $60, %eax\nsyscall\n";
    scene.compile("code.s", code, &[])?;
    scene.links(&["code.o"])?;
    scene.runs("a.out").map(drop)
}

/// A static-PIE without a C library relocates itself as its author likes, and GNU's symbol types have
/// their meaning by EI_OSABI (gABI) even if nothing refers to the symbol.
#[test]
fn ifuncs_need_no_c_library_in_a_static_pie() -> Outcome {
    let scene = Scene::new("options/ifunc")?;
    let code = ".globl _start\n_start: lea __ehdr_start(%rip), %rbx\nlea _DYNAMIC(%rip), %rdx\n\
        0: cmpq $7, (%rdx)\nje 1f\nadd $16, %rdx\njmp 0b\n\
        1: mov 8(%rdx), %rsi\nadd %rbx, %rsi\nmov 16(%rsi), %rax\nadd %rbx, %rax\n\
        call *%rax\nmov (%rsi), %rdx\nmov %rax, (%rdx, %rbx)\n\
        call f\nmov %eax, %edi\nmov $60, %eax\nsyscall\n\
        .globl f\n.hidden f\n.type f, @gnu_indirect_function\nf: lea zero(%rip), %rax\nret\n\
        zero: xor %eax, %eax\nret\n";
    scene.compile("code.s", code, &[])?;
    scene.links(&["-static", "-pie", "code.o"])?;
    scene.runs("a.out")?;
    for binding in ["globl", "local"] {
        let unused = format!(".{binding} f\n.type f, @gnu_indirect_function\nf: ret\n");
        scene.compile("unused.s", &unused, &[])?;
        for (strip, wanted) in [("-x", binding == "globl"), ("-X", true), ("-s", false)] {
            scene.links(&[strip, "start.o", "unused.o"])?;
            let is_gnu = scene.bytes("a.out")?[7] == object::elf::ELFOSABI_GNU.0;
            ensure(is_gnu == wanted, || format!("{binding} {strip}: EI_OSABI of GNU: {is_gnu}"))?;
        }
    }
    Ok(())
}

/// Where a record's function is said is no reference: no GOT slot is made for it, and 0 is none.
#[test]
fn unwind_records_are_relocated_as_sections_are() -> Outcome {
    let scene = Scene::new("options/unwind")?;
    scene.compile("object.s", ".data\n.globl object\nobject: .zero 24\n.size object, 24\n", &[])?;
    for (function, works) in [("f - .", true), ("f@GOTPCREL", false)] {
        let frames = format!(
            "f: ret\n.section .eh_frame,\"a\",@progbits\n\
             cie: .long 16, 0\n.byte 1\n.asciz \"zR\"\n.byte 1, 0x78, 16, 1, 0x1b, 12, 7, 8\n\
             .long 20\n.long . - cie\n.long {function}\n.long 1, 0\n\
             .reloc ., R_X86_64_SIZE32, object\n.long 0\n"
        );
        scene.compile("frames.s", &frames, &[])?;
        let line = ["start.o", "frames.o", "object.o"];
        if !works {
            scene.fails(&line, &["R_X86_64_GOTPCREL", "no GOT slot", "frames.o:(.eh_frame"])?;
            continue;
        }
        let link = scene.links(&line)?;
        let image = Image::open(&scene.path("a.out"))?;
        let section = image.section(".eh_frame").ok_or("no .eh_frame")?;
        // The last word of the only FDE, in front of the terminator.
        let size = image.number(section.address + section.size - 8, 4)?;
        ensure(size == 24, || format!("{size}: {}", link.describe()))?;
    }
    Ok(())
}

/// As in lld; GNU ld and mold refuse such a program, which nothing is wrong with when it runs.
#[test]
fn debug_information_may_mention_what_is_undefined() -> Outcome {
    let scene = Scene::new("options/debug-undefined")?;
    scene.compile("debug.s", ".section .debug_own,\"\"\n.quad missing\n", &[])?;
    scene.links(&["start.o", "debug.o"])?;
    scene.runs("a.out").map(drop)
}

#[test]
fn compressed_debug_sections_hold_what_the_others_do() -> Outcome {
    let scene = Scene::new("options/compress")?;
    // Several megabytes in .debug_info, all relocated; nothing to gain in .debug_tiny.
    let source = ".section .debug_info,\"\",@progbits\n.set i, 0\n.rept 300000\n.quad _start + i\n\
        .set i, i + 3\n.endr\n.section .debug_str,\"MS\",@progbits,1\n.rept 5000\n\
        .asciz \"a string\"\n.endr\n.irp n,1,2,3,4,5\n.asciz \"another \\n\"\n.endr\n\
        .section .debug_tiny,\"\",@progbits\n.byte 1, 2, 3\n.section .debug_zeros,\"\",@progbits\n\
        .zero 1500000\n.section .note.other,\"\",@progbits\n.zero 10000\n";
    scene.compile("debug.s", source, &[])?;
    let sections = |image: &Image| -> Outcome<Vec<(String, Vec<u8>)>> {
        let names = [".debug_info", ".debug_str", ".debug_tiny", ".debug_zeros", ".note.other"];
        let read = |name: &str| {
            let section = image.section(name).ok_or_else(|| format!("no {name}"))?;
            let range = section.offset as usize..(section.offset + section.size) as usize;
            Ok((name.to_owned(), image.data()[range].to_vec()))
        };
        names.into_iter().map(read).collect()
    };
    let inputs = ["start.o", "debug.o", "--build-id"];
    for options in [&["zlib"][..], &["zlib", "-O2"], &["zstd"], &["zlib-gnu"]] {
        scene.links(&[&inputs[..], &options[1..]].concat())?;
        let plain = sections(&Image::open(&scene.path("a.out"))?)?;
        let option = format!("--compress-debug-sections={}", options[0]);
        let arguments = [&inputs[..], &[&option], &options[1..]].concat();
        scene.links(&[&arguments[..], &["--threads=1"]].concat())?;
        let alone = scene.bytes("a.out")?;
        scene.links(&arguments)?;
        ensure(scene.bytes("a.out")? == alone, || format!("{options:?}: threads"))?;
        ensure(alone.len() < 2_000_000, || format!("{options:?}: {} bytes", alone.len()))?;
        scene.runs("a.out")?;
        let flagged = |name: &str| -> Outcome<bool> {
            let section = Image::open(&scene.path("a.out"))?;
            let section = section.section(name).ok_or_else(|| format!("no {name}"))?;
            Ok(section.flags & object::elf::SHF_COMPRESSED.0 != 0)
        };
        for (name, expected) in [
            (".debug_info", true),
            (".debug_str", false),
            (".debug_tiny", false),
            (".debug_zeros", true),
            (".note.other", false),
        ] {
            ensure(flagged(name)? == expected, || format!("{options:?}: {name}"))?;
        }
        scene.tool("objcopy", &["--decompress-debug-sections", "a.out", "decompressed"])?;
        let read = sections(&Image::open(&scene.path("decompressed"))?)?;
        for ((name, plain), (_, read)) in plain.iter().zip(&read) {
            ensure(plain == read, || format!("{options:?}: {name} differs"))?;
        }
    }
    Ok(())
}

#[test]
fn errors_in_compressed_debug_sections_are_told_once() -> Outcome {
    let scene = Scene::new("options/compress-errors")?;
    let source = ".section .debug_info,\"\",@progbits\n.zero 1000\n.byte _start\n";
    scene.compile("debug.s", source, &[])?;
    let arguments = ["start.o", "debug.o", "--compress-debug-sections=zlib"];
    let failed = scene.link(&arguments)?;
    let told = failed.stderr.matches("out of range").count();
    ensure(told == 1, || format!("told {told} times: {}", failed.describe()))
}

#[test]
fn code_that_can_be_written_is_told_as_asked() -> Outcome {
    let scene = Scene::new("options/rwx")?;
    scene.compile("both.s", ".section .both,\"awx\"\nret\n", &[])?;
    for (options, code, warns) in [
        (&[][..], 0, true),
        (&["--no-warn-rwx-segments"], 0, false),
        (&["--error-rwx-segments"], 1, false),
        (&["--error-rwx-segments", "--no-warn-rwx-segments"], 0, false),
        (&["--error-rwx-segments", "--no-error-rwx-segments"], 0, true),
    ] {
        let link = scene.link(&[&["start.o", "both.o"], options].concat())?;
        ensure(link.code() == code, || link.describe())?;
        let said = link.stderr.contains("warning: section .both");
        ensure(said == warns && (code == 0 || link.stderr.contains(".both")), || link.describe())?;
    }
    Ok(())
}

/// glibc 2.36 crashes where musl runs.
#[test]
fn a_base_that_start_up_code_cannot_take_is_warned_of() -> Outcome {
    let scene = Scene::new("options/pie-base")?;
    scene.compile("main.c", "int main(void) { return 0; }\n", &["-fPIE"])?;
    let musl = tools::musl_dir()?.display().to_string();
    let gcc = tools::gcc_file("libgcc.a")?.display().to_string();
    let eh = tools::gcc_file("libgcc_eh.a")?.display().to_string();
    for (dir, crashes) in [("/usr/lib/x86_64-linux-gnu", true), (&musl, false)] {
        let [start, init, end, libc] =
            ["rcrt1.o", "crti.o", "crtn.o", "libc.a"].map(|file| format!("{dir}/{file}"));
        let group = ["--start-group", &libc, &gcc, &eh, "--end-group"];
        let inputs = [&[start.as_str(), &init, "main.o"], &group[..], &[&end]].concat();
        for base in ["0", "0x10000000"] {
            let base_option = format!("--image-base={base}");
            let options = ["-static", "-pie", "--no-dynamic-linker", &base_option];
            let link = scene.links(&[&options[..], &inputs].concat())?;
            let warned = link.stderr.contains("--image-base");
            ensure(warned == (crashes && base != "0"), || link.describe())?;
            if !warned {
                scene.runs("a.out")?;
            }
        }
    }
    Ok(())
}
