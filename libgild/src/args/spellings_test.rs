//! Every way to write an option means the same.

use std::path::Path;

use super::parse_test::link;
use super::{
    BuildId, Color, DefsymValue, Discard, InputName, MapOutput, Options, SeparateSegments, Strip,
};

#[test]
fn one_option_many_spellings() {
    type Spellings = &'static [&'static str];
    type Check = fn(&Options) -> bool;
    let cases: &[(Spellings, Check)] = &[
        (&["-o x", "-ox", "--output x", "--output=x"], |options| options.output == Path::new("x")),
        (
            &["-L/l", "-L /l", "--library-path=/l", "--library-path /l", "-library-path=/l"],
            |options| options.library_paths == [Path::new("/l")],
        ),
        (&["-lx", "-l x", "--library=x", "--library x", "-library=x"], |options| {
            options.inputs[0].name == InputName::Library("x".into())
        }),
        (&["-l:x.a", "-l :x.a", "--library=:x.a"], |options| {
            options.inputs[0].name == InputName::LibraryFile("x.a".into())
        }),
        (&["-e x", "-ex", "--entry x", "--entry=x", "-entry=x", "-entry x"], |options| {
            options.entry.symbol().is_some_and(|name| name == "x")
        }),
        (&["-z norelro", "-znorelro", "-z relro -z norelro"], |options| !options.relro),
        (&["-u x", "-ux", "--undefined=x", "--undefined x", "-undefined=x"], |options| {
            options.undefined == ["x"]
        }),
        (&["-y x", "-yx", "--trace-symbol=x"], |options| options.trace_symbols == ["x"]),
        (&["--wrap=x", "--wrap x", "-wrap=x"], |options| options.wrap == ["x"]),
        (&["-init=x", "-init x", "--init=x"], |options| options.init == "x"),
        (&["-fini=x", "-fini x", "--fini=x"], |options| options.fini == "x"),
        (&["--require-defined=x"], |options| options.require_defined == ["x"]),
        (&["--build-id", "-build-id", "--build-id=sha1", "-build-id=tree"], |options| {
            options.build_id == Some(BuildId::Hashed(20))
        }),
        (&["--build-id=none", "--build-id --no-build-id"], |options| options.build_id.is_none()),
        (&["-s", "--strip-all", "-strip-all"], |options| options.strip == Strip::All),
        (&["-S", "--strip-debug", "-s -S"], |options| options.strip == Strip::Debug),
        (&["-x", "--discard-all"], |options| options.discard == Discard::Locals),
        (&["-X", "--discard-locals"], |options| options.discard == Discard::Temporaries),
        (&["--discard-none"], |options| options.discard == Discard::None),
        (&["-M", "--print-map", "-Map=-"], |options| options.map == Some(MapOutput::Stdout)),
        (&["-Map=x", "-Map x", "--Map=x"], |options| {
            options.map == Some(MapOutput::File("x".into()))
        }),
        (&["-O2", "-O 2", "-O3", "-O2 -Os"], |options| options.optimize == 2),
        (&["-O0"], |options| options.optimize == 0),
        (&["--threads=4", "--thread-count=4", "-threads=4"], |options| options.threads == Some(4)),
        (&["--no-threads"], |options| options.threads == Some(1)),
        (&["--threads", "--threads=4 --threads"], |options| options.threads.is_none()),
        (&["--error-limit=0"], |options| options.error_limit == usize::MAX),
        (&["--color-diagnostics", "--color-diagnostics=always"], |options| {
            options.color == Color::Always
        }),
        (&["--no-color-diagnostics", "--color-diagnostics=never"], |options| {
            options.color == Color::Never
        }),
        (&["-w", "--no-warnings"], |options| options.no_warnings),
        (&["-t", "--trace"], |options| options.trace),
        (&["--no-demangle"], |options| !options.demangle),
        (&["--no-demangle --demangle=gnu-v3", "--demangle"], |options| options.demangle),
        (&["--image-base=0x10000"], |options| options.image_base == Some(0x10000)),
        (&["-Ttext-segment=10000", "-Ttext-segment 0x10000"], |options| {
            options.image_base == Some(0x10000)
        }),
        (&["-Ttext=10", "-Ttext 0x10", "--section-start=.text=10"], |options| {
            options.section_starts == [(".text".into(), 0x10)]
        }),
        (&["-Tdata=10"], |options| options.section_starts == [(".data".into(), 0x10)]),
        (&["-Tbss=10"], |options| options.section_starts == [(".bss".into(), 0x10)]),
        (&["--defsym=a=b+0x10", "--defsym a=b+0x10"], |options| {
            let value = DefsymValue::Symbol { name: "b".into(), addend: 16 };
            options.defsyms == [("a".into(), value)]
        }),
        (&["--exclude-libs a:b,c", "--exclude-libs=a --exclude-libs=b,c"], |options| {
            options.exclude_libs == ["a", "b", "c"]
        }),
        (&["--dependency-file=x", "--dependency-file x"], |options| {
            options.dependency_file.as_deref() == Some(Path::new("x"))
        }),
        (&["-z muldefs", "--allow-multiple-definition"], |options| {
            options.allow_multiple_definition
        }),
        (&["-z pack-relative-relocs", "--pack-dyn-relocs=relr"], |options| {
            options.pack_relative_relocs
        }),
        (&["-z separate-code"], |options| options.separate == SeparateSegments::Code),
        (&["-z separate-loadable-segments"], |options| options.separate == SeparateSegments::All),
        (&["-z max-page-size=0x200000"], |options| options.max_page_size == 0x20_0000),
        (&["-z stack-size=0x100000"], |options| options.stack_size == 0x10_0000),
        (&["-z ibt -z shstk"], |options| options.force_x86_features == 3),
        (&["-z execstack"], |options| options.execstack == Some(true)),
        (&["-z notext", "-z textoff"], |options| options.text_relocations),
        (&["-z start-stop-gc"], |options| options.start_stop_gc),
        (&["--no-fork"], |options| !options.fork),
        (&["--verbose", "--verbose=2"], |options| options.verbose),
        (&["--package-metadata={}"], |options| options.package_metadata.as_deref() == Some("{}")),
        (&["--ignore-unresolved-symbol=x"], |options| options.ignore_unresolved == ["x"]),
    ];
    for (spellings, holds) in cases {
        for line in *spellings {
            assert!(holds(&link(line)), "{line}");
        }
    }
}
