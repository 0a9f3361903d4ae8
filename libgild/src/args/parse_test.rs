//! The syntax, option by option and in combination.

use std::path::{Path, PathBuf};

use super::{
    ArgError, Command, DefsymValue, Entry, Input, InputName, Options, SeparateSegments, Unresolved,
    parse,
};

fn command(line: &str) -> Result<Command, Vec<ArgError>> {
    parse(line.split_whitespace().map(Into::into))
}

/// The options and warnings of a line, with `a.o` as its last input.
fn with_warnings(line: &str) -> (Options, Vec<String>) {
    match command(&format!("{line} a.o")) {
        Ok(Command::Link(options, warnings)) => (*options, warnings),
        other => panic!("{line}: {other:?}"),
    }
}

pub fn link(line: &str) -> Options {
    let (options, warnings) = with_warnings(line);
    assert_eq!(warnings, [""; 0], "{line}");
    options
}

fn symbol(name: &str) -> Entry {
    Entry::Symbol(name.into())
}

fn inputs(line: &str) -> Vec<Input> {
    let mut inputs = link(line).inputs;
    inputs.pop();
    inputs
}

fn errors(line: &str) -> Vec<String> {
    let errors = command(&format!("{line} a.o")).unwrap_err();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_line_changes_nothing() {
    let expected = Options { inputs: vec![path("a.o")], ..Options::default() };
    assert_eq!(format!("{:?}", link("")), format!("{expected:?}"));
    assert_eq!(expected.entry, symbol("_start"));
    assert_eq!(expected.output, Path::new("a.out"));
    assert_eq!(expected.error_limit, 20);
    assert!(expected.relax && expected.relro && expected.demangle && expected.fork);
}

#[test]
fn the_last_of_a_pair_wins() {
    type Get = fn(&Options) -> bool;
    let pairs: &[(&str, &str, Get)] = &[
        ("--gc-sections", "--no-gc-sections", |o| o.gc_sections),
        ("--print-gc-sections", "--no-print-gc-sections", |o| o.print_gc_sections),
        ("--relax", "--no-relax", |o| o.relax),
        ("--eh-frame-hdr", "--no-eh-frame-hdr", |o| o.eh_frame_hdr),
        ("--demangle", "--no-demangle", |o| o.demangle),
        ("--fatal-warnings", "--no-fatal-warnings", |o| o.fatal_warnings),
        ("--warn-common", "--no-warn-common", |o| o.warn_common),
        ("--warn-execstack", "--no-warn-execstack", |o| o.warn_execstack),
        ("--warn-rwx-segments", "--no-warn-rwx-segments", |o| o.warn_rwx_segments),
        ("--error-rwx-segments", "--no-error-rwx-segments", |o| o.error_rwx_segments),
        ("--allow-multiple-definition", "--no-allow-multiple-definition", |o| {
            o.allow_multiple_definition
        }),
        ("--fork", "--no-fork", |o| o.fork),
        ("--stats", "--no-stats", |o| o.stats),
        ("-pie", "-no-pie", |o| o.pie),
        ("-z relro", "-z norelro", |o| o.relro),
        ("-z now", "-z lazy", |o| o.bind_now),
        ("-z notext", "-z text", |o| o.text_relocations),
        ("-z execstack", "-z noexecstack", |o| o.execstack == Some(true)),
        ("-z start-stop-gc", "-z nostart-stop-gc", |o| o.start_stop_gc),
        ("-z keep-text-section-prefix", "-z nokeep-text-section-prefix", |o| {
            o.keep_text_section_prefix
        }),
        ("-z pack-relative-relocs", "-z nopack-relative-relocs", |o| o.pack_relative_relocs),
        ("-z separate-code", "-z noseparate-code", |o| o.separate == SeparateSegments::Code),
        ("-z undefs", "-z defs", |o| o.unresolved == Unresolved::Ignore),
    ];
    for &(on, off, get) in pairs {
        assert!(get(&link(on)), "{on}");
        assert!(!get(&link(off)), "{off}");
        assert!(get(&link(&format!("{off} {on}"))), "{off} {on}");
        assert!(!get(&link(&format!("{on} {off}"))), "{on} {off}");
    }
}

#[test]
fn one_dash_traps() {
    // A long name wins over a letter with a value.
    assert!(link("-as-needed -lx").inputs.len() == 2);
    assert_eq!(link("-entry=x").entry, symbol("x"));
    // No long name begins like this, so it is -e.
    assert_eq!(link("-entrypoint").entry, symbol("ntrypoint"));
    // GNU ld manual: a long option that begins with `o` needs two dashes.
    assert_eq!(link("-omagic").output, Path::new("magic"));
    assert_eq!(link("-output=x").output, Path::new("utput=x"));
    assert_eq!(link("-oformat=binary").output, Path::new("format=binary"));
    // These are no GNU ld options with one dash.
    assert_eq!(inputs("-lto")[0].name, InputName::Library("to".into()));
    assert_eq!(inputs("-lto-O2")[0].name, InputName::Library("to-O2".into()));
    // An `=` is part of a letter's value.
    assert_eq!(link("-L=/x").library_paths, [Path::new("/x")]);
    // Two dashes never introduce a letter.
    assert_eq!(errors("--o x")[0], "unknown option '--o'");
    // A lone dash is a file, and so is everything after two.
    assert_eq!(inputs("-")[0], path("-"));
    assert_eq!(inputs("-- -s --help"), [path("-s"), path("--help")]);
}

fn path(name: &str) -> Input {
    Input::new(InputName::Path(name.into()))
}

#[test]
fn positional_options_mark_the_inputs_after_them() {
    let marks = |line| -> String {
        let mark = |input: Input| {
            let InputName::Path(name) = &input.name else { panic!("{input:?}") };
            let mut mark = name.display().to_string();
            for (on, letter) in
                [(input.whole_archive, 'W'), (input.in_lib, 'L'), (input.static_only, 'S')]
            {
                mark.extend(on.then_some(letter));
            }
            mark
        };
        inputs(line).into_iter().map(mark).collect::<Vec<_>>().join(" ")
    };
    for (line, expected) in [
        ("a --whole-archive b --no-whole-archive c", "a bW c"),
        ("a --start-lib b c --end-lib d", "a bL cL d"),
        ("a -Bstatic b -Bdynamic c", "a bS c"),
        ("a -dn b -dy c -static d -call_shared e -non_shared f", "a bS c dS e fS"),
        ("--whole-archive a --push-state --no-whole-archive b --pop-state c", "aW b cW"),
        (
            "--push-state -Bstatic --push-state --whole-archive a --pop-state b --pop-state c",
            "aWS bS c",
        ),
        ("--start-lib --push-state a --end-lib --pop-state b", "aL b"),
        ("--start-group a --end-group -( b -)", "a b"),
    ] {
        assert_eq!(marks(line), expected, "{line}");
    }
}

#[test]
fn misplaced_positional_options() {
    for (line, expected) in [
        ("--pop-state", "option '--pop-state' has no --push-state before it"),
        ("--end-lib", "option '--end-lib' has no --start-lib before it"),
        ("--end-group", "option '--end-group' has no --start-group before it"),
        ("--start-lib --start-lib", "option '--start-lib' stands inside another --start-lib"),
        ("-( --start-group", "option '--start-group' stands inside another --start-group"),
    ] {
        assert_eq!(errors(line), [expected], "{line}");
    }
    let (_, warnings) = with_warnings("--start-group --start-lib");
    assert_eq!(
        warnings,
        [
            "option '--start-group' has no --end-group after it",
            "option '--start-lib' has no --end-lib after it"
        ]
    );
}

#[test]
fn output_kind_and_interpreter() {
    for (line, pie, interpreter) in [
        ("", false, None),
        ("-static", false, None),
        ("-no-pie", false, None),
        ("-pie", true, None),
        ("-static-pie", true, None),
        ("-static -pie", true, None),
        ("-static-pie -no-pie", false, None),
        ("-pie --no-dynamic-linker", true, None),
        ("-pie -dynamic-linker /i -static", true, None),
        ("-pie -dynamic-linker /i --no-dynamic-linker", true, None),
        ("-pie -dynamic-linker /i -Bstatic", true, None),
        ("-dynamic-linker /i -static-pie", true, None),
        ("-dynamic-linker /i", false, Some("/i")),
        ("-I/i", false, Some("/i")),
        ("--no-dynamic-linker --dynamic-linker=/i", false, Some("/i")),
        ("-dynamic-linker /i -static", false, None),
        ("-dynamic-linker /i -dn", false, None),
        ("-dynamic-linker /i b.o -Bstatic", false, Some("/i")),
        ("-dynamic-linker /i -Bstatic -Bdynamic", false, Some("/i")),
        ("-pie -dynamic-linker /i /lib/rcrt1.o", true, None),
    ] {
        let options = link(line);
        assert_eq!(options.pie, pie, "{line}");
        assert_eq!(options.dynamic_linker, interpreter.map(PathBuf::from), "{line}");
    }
    for line in ["-pie -dynamic-linker /i", "-dynamic-linker=/i -pie b.o -Bstatic"] {
        assert!(errors(line)[0].contains("'-dynamic-linker /i'"), "{line}");
    }
}

#[test]
fn undefined_symbols() {
    for (line, expected) in [
        ("", Unresolved::Error),
        ("--no-undefined", Unresolved::Error),
        ("--warn-unresolved-symbols", Unresolved::Warn),
        ("--noinhibit-exec", Unresolved::Warn),
        ("--warn-unresolved-symbols --error-unresolved-symbols", Unresolved::Error),
        ("--unresolved-symbols=ignore-all", Unresolved::Ignore),
        ("--unresolved-symbols=ignore-in-object-files", Unresolved::Ignore),
        ("--unresolved-symbols=ignore-in-shared-libs", Unresolved::Error),
        ("--unresolved-symbols=ignore-all --warn-unresolved-symbols", Unresolved::Ignore),
        ("-z undefs --unresolved-symbols=report-all", Unresolved::Error),
        ("--warn-unresolved-symbols -z defs", Unresolved::Warn),
    ] {
        assert_eq!(link(line).unresolved, expected, "{line}");
    }
}

#[test]
fn sysroot_applies_wherever_it_stands() {
    let options = link("-L=/l -L/m =/b.o -lc $SYSROOT/c.o --sysroot=/r -Y P,/y:=/z");
    assert_eq!(options.library_paths, ["/r/l", "/m", "/y", "/r/z"].map(Path::new));
    assert_eq!(options.inputs[0], path("/r/b.o"));
    assert_eq!(options.inputs[2], path("/r/c.o"));
    assert_eq!(options.sysroot.as_deref(), Some(Path::new("/r")));
}

#[test]
fn wrap_goes_for_what_defsym_refers_to() {
    let line = "--defsym=a=f+1 --defsym=b=__real_f --wrap=f --defsym=c=__real_g --defsym=f=g a.o";
    let defsyms = link(line).defsyms;
    let targets = defsyms.iter().map(|(_, value)| match value {
        DefsymValue::Symbol { name, .. } => name.as_str(),
        DefsymValue::Absolute(_) => "",
    });
    assert_eq!(targets.collect::<Vec<_>>(), ["__wrap_f", "f", "__real_g", "g"]);
}

#[test]
fn the_next_argument_belongs_to_an_option_with_a_value() {
    for option in [
        "-rpath",
        "-rpath-link",
        "-soname",
        "-h",
        "-plugin",
        "-plugin-opt",
        "-mllvm",
        "-z",
        "-G",
        "--version-script",
        "--dynamic-list",
        "--hash-style",
        "--sort-section",
        "--audit",
        "-A",
        "--export-dynamic-symbol",
        "-assert",
        "-flavor",
    ] {
        assert_eq!(inputs(&format!("{option} now")), [], "{option}");
    }
    // Even if it looks like an option.
    assert_eq!(link("-e --gc-sections").entry, symbol("--gc-sections"));
}

#[test]
fn options_without_effect() {
    for line in [
        "-m elf_x86_64",
        "-melf_x86_64",
        "-EL",
        "-nostdlib",
        "--export-dynamic",
        "-E",
        "-g",
        "-plugin-opt=-pass-through=-lgcc",
        "--lto-O2",
        "--lto-sample-profile=x",
        "--lto=thin",
        "-flto",
        "-flto=auto",
        "--thinlto-jobs=2",
        "--no-undefined-version",
        "--warn-once",
        "--sort-common",
        "--sort-common=descending",
        "--icf=none",
        "--oformat=elf64-x86-64",
        "-b elf64-x86-64",
        "--format=default",
        "--orphan-handling=place",
        "-fuse-ld=gild",
        "--compress-debug-sections=none",
        "--build-id=none",
        "-z origin",
        "-z nodefaultlib",
        "--pack-dyn-relocs=none",
        "-a archive",
        "--color-diagnostics=auto",
        "-z cet-report=none",
    ] {
        assert_eq!(inputs(line), [], "{line}");
    }
}

#[test]
fn doubtful_options_are_warnings() {
    for (line, expected) in [
        ("--icf=all", "option '--icf all' has no effect: gild folds no identical code"),
        ("--gdb-index", "option '--gdb-index' has no effect: gild makes no .gdb_index"),
        ("-z foobar", "unknown option '-z foobar' is ignored"),
        ("-z relr0", "unknown option '-z relr0' is ignored; did you mean '-z relro'?"),
        (
            "-z cet-report=error",
            "option '-z cet-report error' has no effect: gild makes no such report",
        ),
    ] {
        assert_eq!(with_warnings(line).1, [expected], "{line}");
    }
}

#[test]
fn unknown_options_are_named_with_the_nearest() {
    for (line, expected) in [
        ("--gc-sectons", "unknown option '--gc-sectons'; did you mean '--gc-sections'?"),
        ("-gc-sectons", "unknown option '-gc-sectons'; did you mean '--gc-sections'?"),
        ("--biuld-id=sha1", "unknown option '--biuld-id'; did you mean '--build-id'?"),
        ("-build-idd", "unknown option '-build-idd'; did you mean '--build-id'?"),
        ("-as-neded", "unknown option '-as-neded'; did you mean '--as-needed'?"),
        ("-satic", "unknown option '-satic'; did you mean '-static'?"),
        ("-static-pi", "unknown option '-static-pi'; did you mean '-static-pie'?"),
        ("--gc-sect", "unknown option '--gc-sect'; did you mean '--gc-sections'?"),
        ("--no-warn", "unknown option '--no-warn'"),
        ("--frobnicate=1", "unknown option '--frobnicate'"),
        ("-j4", "unknown option '-j4'"),
        ("-sx", "unknown option '-sx'"),
    ] {
        assert_eq!(errors(line), [expected], "{line}");
    }
}

#[test]
fn refusals_say_what_gild_does_and_what_to_use() {
    for line in [
        "-shared",
        "-Bshareable",
        "-r",
        "--relocatable",
        "-i",
        "-Ur",
        "-q",
        "--emit-relocs",
        "-T x.ld",
        "-Tx.ld",
        "--script=x.ld",
        "-dT x.ld",
        "--oformat binary",
        "--oformat=srec",
        "-m elf_i386",
        "-maarch64linux",
        "-b binary",
        "--format=binary",
        "--no-rosegment",
        "-n",
        "-N",
        "--omagic",
        "--retain-symbols-file=x",
        "-EB",
        "-R Cargo.toml",
        "--just-symbols=x",
        "--orphan-handling=discard",
    ] {
        let [error] = &errors(line)[..] else { panic!("{line}") };
        assert!(error.contains("gild links static x86-64 executables and "), "{error}");
        assert!(error.contains("GNU ld") || error.contains("lld"), "{error}");
    }
}

/// Folders that the program would look for when it runs, if it looked for any.
#[test]
fn run_paths_are_passed_over() {
    for line in ["-R /no/such/folder", "-R /usr", "-R $ORIGIN/../lib:/x", "-rpath /no/such/folder"]
    {
        assert_eq!(inputs(line), [], "{line}");
    }
}

#[test]
fn wrong_values_are_errors() {
    for (line, expected) in [
        ("--image-base=x", "option '--image-base': 'x' is not a number"),
        ("-Ttext=xyz", "option '-Ttext': 'xyz' is not a hexadecimal number"),
        ("-z max-page-size=3", "option '-z max-page-size': '3' is not a power of two"),
        (
            "-z max-page-size=0x800",
            "option '-z max-page-size': '0x800' is not 0x1000, the size of a page, or more",
        ),
        (
            "-z stack-size=0x10000000000000000",
            "option '-z stack-size': 0x10000000000000000 does not fit in 64 bits",
        ),
        ("-z stack-size", "option '-z stack-size' needs a value"),
        ("-z relro=1", "option '-z relro' takes no value, but '1' was given"),
        ("--strip-all=yes", "option '--strip-all' takes no value, but 'yes' was given"),
        ("--threads=0", "option '--threads': '0' is not a number of threads"),
        ("--demangle --icf=some", "option '--icf': 'some' is not none, safe or all"),
        ("--defsym=a", "option '--defsym': 'a' is not of the form SYMBOL=EXPRESSION"),
        ("--allocator=", "option '--allocator' needs a value"),
        ("@/no/such/file", "response file '/no/such/file' does not exist"),
    ] {
        assert_eq!(errors(line), [expected], "{line}");
    }
    let missing = command("a.o --entry").unwrap_err();
    assert_eq!(missing, [ArgError::MissingValue { option: "--entry".into() }]);
}

#[test]
fn all_errors_come_together_in_order() {
    let all = errors("--nonsense -shared --threads=x -T y");
    assert_eq!(all.len(), 4);
    for (error, option) in all.iter().zip(["--nonsense", "-shared", "--threads", "-T y"]) {
        assert!(error.contains(&format!("'{option}'")), "{error}");
    }
}

#[test]
fn no_inputs() {
    assert_eq!(command("").unwrap_err(), [ArgError::NoInputs]);
    assert_eq!(command("-o x -L/l").unwrap_err(), [ArgError::NoInputs]);
    // As Free Pascal links.
    let errors = command("-T link.res -o x").unwrap_err();
    assert!(matches!(errors[..], [ArgError::Refused { .. }]), "{errors:?}");
    assert_eq!(ArgError::NoInputs.to_string(), "no input files");
}

#[test]
fn version_and_help() {
    let version = super::version();
    let printed = |line| match command(line) {
        Ok(Command::Print(text)) => text,
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(printed("--version"), version);
    assert_eq!(printed("-v"), version);
    assert!(printed("-V").starts_with(&version));
    assert!(printed("--verbose").starts_with(&version));
    assert!(printed("--help").starts_with("Usage: gild "));
    assert_eq!(printed("--print-output-format"), "elf64-x86-64");
    // As Meson and CMake ask: through a compiler, for a dynamic executable.
    let amid = "-pie -dynamic-linker /i Scrt1.o -L/l --version -lc crtn.o";
    assert_eq!(printed(amid), version);
    assert_eq!(printed("-shared --nonsense --version"), version);
    // With inputs, -v prints and links.
    assert_eq!(link("-v").banner, Some(version));
    assert_eq!(link("").banner, None);
}

#[test]
fn bytes_that_are_not_utf8_are_paths_but_not_names() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let parsed = parse([bytes(b"-o\xff"), bytes(b"-L\xfe"), bytes(b"\xfd.o")]).unwrap();
    let Command::Link(options, _) = parsed else { panic!() };
    assert_eq!(options.output.as_os_str(), bytes(b"\xff"));
    assert_eq!(options.library_paths[0].as_os_str(), bytes(b"\xfe"));
    let errors = parse([bytes(b"-l\xff"), bytes(b"--\xff"), bytes(b"a.o")]).unwrap_err();
    assert!(matches!(errors[..], [ArgError::NotUtf8 { .. }, ArgError::UnknownOption { .. }]));
}
