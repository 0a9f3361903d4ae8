//! gild-inspect on real programs: which heap, how sure, and what `--expect` answers.

#[path = "inspect/notes.rs"]
mod notes;
#[path = "inspect/programs.rs"]
mod programs;
mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output};

use gild_diff::Error;
use gild_diff::inspect::{Certainty, Heap, Inspection, inspect};
use programs::{Program, altered, stripped, without_headers};
use support::Flavour;

fn read(path: &Path) -> Inspection {
    inspect(path).unwrap_or_else(|e| panic!("{e}"))
}

/// The only heap of a program.
fn only(program: &Inspection) -> &Heap {
    match &*program.heaps {
        [heap] => heap,
        other => panic!("{}: {other:#?}", program.file.display()),
    }
}

#[test]
fn what_gild_linked_is_certain_also_when_stripped() {
    for bundled in gild_allocators::BUNDLED {
        let program = Program::by_gild(bundled.libc, bundled.name).build();
        for path in [&program, &stripped(&program), &without_headers(&program)] {
            let found = read(path);
            let heap = only(&found);
            assert_eq!(heap.allocator, "mimalloc");
            assert_eq!(heap.certainty, Certainty::Certain, "{}", path.display());
            assert_eq!(heap.version.as_deref(), Some(bundled.version));
            assert_eq!(heap.serves, ["malloc"]);
            let note = found.note.expect("a note");
            assert_eq!(note.name, bundled.name);
            assert_eq!(note.version, format!("mimalloc {}", bundled.version));
            assert_eq!(note.file, format!("lib{}.a", bundled.name));
            assert_eq!(note.hash.len(), 32);
            assert_eq!((&*note.prefix, note.redirect), ("", true));
            assert_eq!(found.symbols, *path == program);
        }
    }
}

#[test]
fn what_another_linker_linked_is_told_by_symbols_or_by_texts() {
    for bundled in gild_allocators::BUNDLED {
        for linker in ["ld", "lld"] {
            let program = Program::by_peer(linker, bundled).build();
            let found = read(&program);
            let heap = found.heaps.first().expect("a heap");
            assert_eq!((&*heap.allocator, heap.certainty), ("mimalloc", Certainty::Likely));
            assert_eq!(heap.version.as_deref(), Some(bundled.version));
            assert_eq!(heap.serves, ["malloc"]);
            assert!(heap.evidence[0].text.contains("mi_malloc"), "{heap:?}");

            for path in [stripped(&program), without_headers(&program)] {
                let found = read(&path);
                let heap = only(&found);
                assert_eq!((&*heap.allocator, heap.certainty), ("mimalloc", Certainty::Probable));
                assert_eq!(heap.version.as_deref(), Some(bundled.version));
                assert!(heap.serves.is_empty() && found.entries.is_empty(), "{found:?}");
            }
        }
    }
}

#[test]
fn the_heaps_of_the_c_libraries_are_told_apart() {
    let fixed = ["-static"];
    let independent = ["-static-pie", "-fPIE"];
    let table = [
        ("gcc", "glibc", &fixed[..]),
        ("gcc", "glibc", &independent),
        ("musl-gcc", "mallocng", &fixed),
    ];
    for (compiler, allocator, flags) in table {
        let program = Program::plain(compiler, flags).build();
        let found = read(&program);
        let heap = only(&found);
        assert_eq!((&*heap.allocator, heap.certainty), (allocator, Certainty::Likely));
        assert_eq!(heap.serves, ["malloc"], "{flags:?}");
        let found = read(&stripped(&program));
        let heap = only(&found);
        assert_eq!((&*heap.allocator, heap.certainty), (allocator, Certainty::Probable));
    }
}

#[test]
fn languages_have_their_own_ways_to_the_heap() {
    for (flavour, way) in [(Flavour::Cxx, "operator new"), (Flavour::Rust, "__rust_alloc")] {
        let found = read(&support::program(flavour, "lld"));
        let heap = only(&found);
        assert_eq!((&*heap.allocator, &heap.serves[..]), ("glibc", &["malloc", way][..]));
    }
}

#[test]
fn a_program_without_a_heap_is_unknown_to_have_one() {
    let program = Program::without_heap().build();
    assert!(read(&program).heaps.is_empty());
    assert!(report(&program).contains(": none by its symbols\n"));
    assert!(report(&stripped(&program)).contains(": unknown\n"));
}

#[test]
fn a_shared_c_library_is_no_heap_of_the_program() {
    let program = Program::plain("gcc", &[]).build();
    let found = report(&program);
    assert!(found.contains(": none of its own\n  malloc leads to a shared library\n"), "{found}");
}

#[test]
fn of_two_heaps_the_one_that_malloc_leads_to_is_known() {
    let Some(bundled) = gild_allocators::find("mimalloc", gild_allocators::Libc::Musl) else {
        panic!("{:?}", gild_allocators::why_missing("mimalloc", gild_allocators::Libc::Musl));
    };
    let program = Program::by_peer("ld", bundled).flag("-DDLERROR").build();
    let found = read(&program);
    let names: Vec<_> = found.heaps.iter().map(|h| &*h.allocator).collect();
    assert_eq!(names, ["mimalloc", "mallocng"]);
    assert_eq!(found.heaps[0].serves, ["malloc"]);
    assert!(found.heaps[1].serves.is_empty());
    let refused = run(&[Path::new("--expect"), Path::new("musl"), &program]);
    let said = line(&refused);
    assert!(said.ends_with("musl is there, but malloc leads to mimalloc"), "{said}");
}

#[test]
fn texts_that_symbols_contradict_prove_nothing() {
    let program = Program::plain("gcc", &["-static"]).flag("-DTEXTS").build();
    let found = read(&program);
    let heaps: Vec<_> = found.heaps.iter().map(|h| (&*h.allocator, h.certainty)).collect();
    assert_eq!(heaps, [("glibc", Certainty::Likely), ("mimalloc", Certainty::Possible)]);
    let refused = run(&[Path::new("--expect"), Path::new("mimalloc"), &program]);
    assert!(line(&refused).ends_with("mimalloc is possible, but not probable"));
}

fn run(args: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gild-inspect")).args(args).output().expect("gild-inspect runs")
}

fn report(path: &Path) -> String {
    let out = run(&[path]);
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout).expect("text")
}

/// The one line that is said on standard error.
fn line(out: &Output) -> String {
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(said.lines().count(), 1, "{out:?}");
    said.trim_end().to_owned()
}

#[test]
fn expect_answers_by_exit_status_and_one_line() {
    let libc = gild_allocators::Libc::Musl;
    let bundled = gild_allocators::find("mimalloc", libc).expect("mimalloc for musl");
    let certain = Program::by_gild(libc, "mimalloc").build();
    let likely = Program::by_peer("lld", bundled).build();
    let musl = Program::plain("musl-gcc", &["-static"]).build();
    let none = Program::without_heap().build();
    let major = format!("mimalloc{}", &bundled.version[..1]);
    let table: [(&Path, &str, &str, i32); 17] = [
        (&certain, "mimalloc", "certain", 0),
        (&certain, &major, "certain", 0),
        (&certain, "mimalloc1", "possible", 1),
        (&certain, "jemalloc", "possible", 1),
        (&certain, "musl", "possible", 1),
        (&stripped(&certain), "mimalloc", "certain", 0),
        (&likely, "mimalloc", "likely", 0),
        (&likely, "mimalloc", "certain", 1),
        (&stripped(&likely), "mimalloc", "probable", 0),
        (&stripped(&likely), "mimalloc", "likely", 1),
        (&musl, "musl", "likely", 0),
        (&musl, "mallocng", "likely", 0),
        (&musl, "oldmalloc", "possible", 1),
        (&musl, "mimalloc", "possible", 1),
        (&stripped(&musl), "musl", "probable", 0),
        (&none, "musl", "possible", 1),
        (&none, "", "possible", 1),
    ];
    for (program, name, at_least, status) in table {
        let args = ["--expect", name, "--at-least", at_least].map(Path::new);
        let out = run(&[&args[..], &[program]].concat());
        let case = format!("{} {name} {at_least}: {out:?}", program.display());
        assert_eq!(out.status.code(), Some(status), "{case}");
        assert!(out.stdout.is_empty(), "{case}");
        match status {
            0 => assert!(out.stderr.is_empty(), "{case}"),
            _ => assert!(line(&out).contains(name), "{case}"),
        }
    }
}

#[test]
fn expect_says_what_is_known_of_no_heap() {
    let none = Program::without_heap().build();
    let table = [
        (Program::plain("gcc", &[]).build(), "none of its own"),
        (none.clone(), "none by its symbols"),
        (stripped(&none), "unknown"),
    ];
    for (program, known) in table {
        let said = line(&run(&[Path::new("--expect"), Path::new("musl"), &program]));
        assert!(said.ends_with(&format!(": musl is not there; heap: {known}")), "{said}");
    }
}

/// GNU properties are padded to 8 bytes, other notes to 4; mold makes one segment of them.
#[test]
fn notes_of_different_padding_are_no_damage() {
    for linker in support::LINKERS {
        let found = read(&support::program(Flavour::CGlibc, linker));
        assert_eq!(found.damaged_note, None, "{linker}");
    }
}

#[test]
fn the_version_is_of_this_program() {
    let said = report(Path::new("--version"));
    assert!(said.starts_with("gild-inspect "), "{said}");
}

#[test]
fn json_is_whole_where_a_path_is_not_utf_8() {
    let folder = support::folder().join(OsStr::from_bytes(b"not-\xff-utf-8"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let program = folder.join("program");
    std::fs::copy(Program::without_heap().build(), &program).expect("a copy");
    let out = run(&[Path::new("--json"), &program]);
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(json[0]["file"], *program.to_string_lossy());
    assert_eq!(out.status.code(), Some(0));
}

#[test]
fn what_cannot_be_read_is_status_2_and_one_line() {
    let program = Program::without_heap().build();
    let bytes = std::fs::read(&program).expect("the program");
    let mut other_machine = bytes.clone();
    other_machine[18] = 183;
    let mut object = bytes.clone();
    object[16] = 1;
    let table = [
        (altered(&program, "cut", &bytes[..bytes.len() / 2]), "malformed"),
        (altered(&program, "header", &bytes[..40]), "malformed"),
        (altered(&program, "empty", &[]), "not an ELF file"),
        (altered(&program, "archive", b"!<arch>\n"), "not an ELF file"),
        (altered(&program, "machine", &other_machine), "an ELF file for machine 183"),
        (altered(&program, "object", &object), "a relocatable object"),
        (support::folder().to_owned(), "directory"),
        ("no such file".into(), "No such file"),
    ];
    for (path, reason) in &table {
        for args in [&[][..], &["--expect", "mimalloc"], &["--json"]] {
            let args: Vec<_> = args.iter().map(Path::new).chain([path.as_path()]).collect();
            let out = run(&args);
            assert_eq!(out.status.code(), Some(2), "{args:?}: {out:?}");
            assert!(line(&out).contains(reason), "{out:?}");
        }
    }
    let both = run(&[Path::new("--expect"), Path::new("musl"), &program, &table[0].0]);
    assert_eq!(both.status.code(), Some(2), "the worst of several counts");
}

#[test]
fn json_is_an_array_with_an_object_for_each_file() {
    let libc = gild_allocators::Libc::Glibc;
    let certain = Program::by_gild(libc, "mimalloc").build();
    let plain = Program::plain("gcc", &["-static"]).build();
    let out = run(&[Path::new("--json"), &certain, &plain]);
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(json[0]["note"]["name"], "mimalloc");
    assert_eq!(json[0]["heaps"][0]["certainty"], "certain");
    assert_eq!(json[0]["entries"][0]["allocator"], "mimalloc");
    assert_eq!(json[1]["note"], serde_json::Value::Null);
    assert_eq!(json[1]["heaps"][0]["allocator"], "glibc");
    assert_eq!(json[1]["heaps"][0]["serves"][0], "malloc");
}

#[test]
fn a_program_cut_off_anywhere_is_an_error() {
    let program = Program::plain("musl-gcc", &["-static"]).build();
    let bytes = std::fs::read(&program).expect("the program");
    for length in (1..bytes.len()).step_by(397) {
        let path = altered(&program, "cut-off", &bytes[..length]);
        let found = inspect(&path);
        assert!(matches!(found, Err(Error::Malformed { .. } | Error::NotElf { .. })), "{length}");
    }
}
