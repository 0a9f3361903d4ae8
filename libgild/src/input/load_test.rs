//! Finding inputs: search paths, linker-script stubs, thin archives and what is said when one is missing.

use super::testing::{Builder, archive};
use super::{Contents, Inputs, MANY, load};
use crate::args::{Input, InputName, Options};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory that goes when the test ends.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }
}

fn library(name: &str) -> Vec<u8> {
    archive(&[("m.o", Builder::new().strong(name).bytes())], Some(&[(name, 0)]))
}

fn options(names: Vec<InputName>, directories: &[&Path]) -> Options {
    Options {
        inputs: names.into_iter().map(Input::new).collect(),
        library_paths: directories.iter().map(|path| path.to_path_buf()).collect(),
        ..Options::default()
    }
}

fn loaded(options: &Options) -> Result<Inputs, String> {
    load(options).map_err(|errors| errors.iter().map(|error| format!("{error}\n")).collect())
}

fn paths(inputs: &Inputs) -> Vec<&Path> {
    inputs.entries.iter().map(|entry| inputs.path(entry)).collect()
}

#[test]
fn libraries_come_from_the_first_directory_that_has_them() {
    let scratch = Scratch::new();
    let first = scratch.file("one/libx.a", library("x"));
    scratch.file("two/libx.a", library("x"));
    let named = scratch.file("two/other.o", Builder::new().bytes());
    let directories = [&scratch.path("none"), &scratch.path("one"), &scratch.path("two")];
    let names = vec![
        InputName::Library("x".into()),
        InputName::LibraryFile("other.o".into()),
        InputName::Library("x".into()),
    ];
    let inputs = loaded(&options(names, &directories.map(PathBuf::as_path))).unwrap();
    // The second -lx offers nothing new.
    assert_eq!(paths(&inputs), [first, named]);
    assert!(inputs.entries[0].lazy && !inputs.entries[1].lazy);
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let scratch = Scratch::new();
    scratch.file("libs.so", b"\x7fELF");
    scratch.file("empty.o", b"");
    let path = |name: &str| InputName::Path(scratch.path(name));
    let names = vec![
        path("none.o"),
        path("empty.o"),
        path(""),
        InputName::Library("s".into()),
        InputName::Library("t".into()),
        InputName::LibraryFile("u.a".into()),
    ];
    let text = loaded(&options(names, &[scratch.0.path()])).unwrap_err();
    let dir = scratch.0.path().display();
    for expected in [
        format!("cannot open {dir}/none.o: No such file or directory\n"),
        format!("{dir}/empty.o: the file is empty\n"),
        format!("cannot open {dir}/: is a directory\n"),
        format!("unable to find library -ls: there is {dir}/libs.so but no libs.a"),
        format!("unable to find library -lt\n>>> searched {dir}\n"),
        format!("unable to find library -l:u.a\n>>> searched {dir}\n"),
    ] {
        assert!(text.contains(&expected), "{expected:?} not in {text}");
    }
}

#[test]
fn many_inputs_are_opened_ahead_with_the_same_result() {
    let scratch = Scratch::new();
    let path = |number: usize| InputName::Path(scratch.path(format!("{number}.o")));
    let count = MANY;
    let files: Vec<PathBuf> = (0..count)
        .map(|number| scratch.file(format!("{number}.o"), Builder::new().bytes()))
        .collect();
    // Every tenth is named twice: both entries stand for one file.
    let twice =
        |number: usize| [number].into_iter().chain((number.is_multiple_of(10)).then_some(number));
    let mut names: Vec<InputName> = (0..count).flat_map(twice).map(path).collect();
    assert!(names.len() > MANY);
    let inputs = loaded(&options(names.clone(), &[])).unwrap();
    assert_eq!(inputs.file_count(), count);
    let expected: Vec<&Path> = (0..count).flat_map(twice).map(|n| files[n].as_path()).collect();
    assert_eq!(paths(&inputs), expected);
    names.push(path(count));
    let text = loaded(&options(names, &[])).unwrap_err();
    assert!(text.starts_with("cannot open ") && text.lines().count() == 1, "{text}");
}

#[test]
fn stubs_lead_to_their_files() {
    let scratch = Scratch::new();
    let beside = scratch.file("usr/lib/beside.a", library("b"));
    let found = scratch.file("usr/lib/libfound.a", library("f"));
    let absolute = scratch.file("lib/absolute.a", library("a"));
    let stub = "/* GNU ld script */ GROUP ( beside.a AS_NEEDED ( -lfound ) /lib/absolute.a )";
    scratch.file("usr/lib/libm.a", stub);
    let directory = scratch.path("usr/lib");
    let mut options = options(vec![InputName::Library("m".into())], &[&directory]);
    // An absolute path in a stub of the sysroot lies in the sysroot.
    options.sysroot = Some(scratch.0.path().into());
    // The second -lm brings nothing new.
    options.inputs.push(Input::new(InputName::Library("m".into())));
    let inputs = loaded(&options).unwrap();
    assert_eq!(paths(&inputs), [&beside, &found, &absolute]);
    let stub = directory.join("libm.a");
    assert_eq!(inputs.paths().collect::<Vec<_>>(), [&stub, &beside, &found, &absolute]);
    options.inputs.pop();
    options.sysroot = None;
    let text = loaded(&options).unwrap_err();
    let missing = "cannot open /lib/absolute.a: No such file or directory";
    assert_eq!(text, format!("{missing}\n>>> named by {}\n", stub.display()));
}

#[test]
fn a_source_file_is_told_from_a_stub() {
    let scratch = Scratch::new();
    for (name, contents, source) in [
        ("main.c", &b"int main(void) { return 0; }\n"[..], true),
        ("latin.cc", b"// \xe9\n", true),
        ("main.o", b"int main(void) { return 0; }\n", false),
    ] {
        let path = scratch.file(name, contents);
        let text = loaded(&options(vec![InputName::Path(path)], &[])).unwrap_err();
        assert_eq!(text.contains("is a source file: compile it first"), source, "{text}");
    }
    // What a stub says counts, not what it is called.
    scratch.file("a.o", Builder::new().bytes());
    let path = scratch.file("stub.c", "INPUT(a.o)");
    assert!(loaded(&options(vec![InputName::Path(path)], &[])).is_ok());
}

#[test]
fn a_stub_that_names_itself_ends() {
    let scratch = Scratch::new();
    for stub in ["INPUT(loop.a)", "INPUT(loop.a loop.a loop.a)"] {
        let path = scratch.file("loop.a", stub);
        let text = loaded(&options(vec![InputName::Path(path)], &[])).unwrap_err();
        assert!(text.lines().count() == 1 && text.contains("without end"), "{text}");
    }
}

#[test]
fn members_of_thin_archives_are_files_beside_them() {
    let scratch = Scratch::new();
    let bytes = Builder::new().strong("x").bytes();
    // A name is bytes, here Latin-1.
    let name = Path::new(OsStr::from_bytes(b"m\xe9.o"));
    let member = scratch.file(name, &bytes);
    let names = [format!("{:<48}{:<10}`\n", "//", 6).as_bytes(), b"m\xe9.o/\n"].concat();
    let header = format!("{:<48}{:<10}`\n", "/0", bytes.len());
    let thin = [&b"!<thin>\n"[..], &names, header.as_bytes()].concat();
    let path = scratch.file("l.a", thin);
    let options = options(vec![InputName::Path(path.clone())], &[]);
    let inputs = loaded(&options).unwrap();
    let Contents::Archive(archive) = inputs.contents(0).unwrap() else { panic!("no archive") };
    let found = archive.members().next().unwrap().unwrap();
    assert_eq!(inputs.paths().collect::<Vec<_>>(), [&path]);
    assert_eq!(inputs.thin_member(0, found.header).unwrap(), bytes);
    assert_eq!(inputs.paths().collect::<Vec<_>>(), [&path, &member]);
    fs::remove_file(member).unwrap();
    let again = loaded(&options).unwrap();
    let text = again.thin_member(0, found.header).unwrap_err().to_string();
    assert!(text.contains(".o: No such file or directory"), "{text}");
}

#[test]
fn members_of_thin_archives_may_be_members_of_other_archives() {
    let scratch = Scratch::new();
    let members = ["x", "y"].map(|name| (name, Builder::new().strong(name).bytes()));
    scratch.file("i.a", archive(&members, None));
    let second = 8 + 60 + members[0].1.len().next_multiple_of(2);
    let thin = |inner: usize| {
        let names = format!("{:<48}{:<10}`\ni.a/\n\n", "//", 6);
        format!("!<thin>\n{names}{:<48}{:<10}`\n", format!("/0:{inner}"), members[1].1.len())
    };
    for (inner, fine) in [(second, true), (second + 1, false), (usize::MAX, false)] {
        let path = scratch.file("l.a", thin(inner));
        let inputs = loaded(&options(vec![InputName::Path(path)], &[])).unwrap();
        let Contents::Archive(archive) = inputs.contents(0).unwrap() else { panic!("no archive") };
        let found = archive.members().next().unwrap().unwrap();
        match inputs.thin_member(0, found.header) {
            Ok(data) => assert!(fine && data == members[1].1),
            Err(error) => assert!(!fine && error.to_string().contains("i.a"), "{error}"),
        }
    }
}
