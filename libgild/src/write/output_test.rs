//! The rules of output paths, in a folder of the test's own.

use super::output::{Output, remove_output};
use crate::args::{Input, InputName, Options};
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that goes with the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let mut output = Output::open(path).unwrap();
    output.write_all(bytes).unwrap();
    output.finish().unwrap();
}

#[test]
fn a_file_appears_when_it_is_complete() {
    let folder = Folder::new();
    let path = folder.path("out");
    let mut output = Output::open(&path).unwrap();
    output.write_all(b"new").unwrap();
    assert!(!path.exists());
    output.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(folder.names(), ["out"]);
    assert_ne!(fs::metadata(&path).unwrap().permissions().mode() & 0o100, 0);
}

#[test]
fn a_shorter_file_replaces_a_longer_one_whole() {
    let folder = Folder::new();
    let path = folder.path("out");
    fs::write(&path, vec![7; 10_000]).unwrap();
    fs::hard_link(&path, folder.path("other")).unwrap();
    write(&path, b"short");
    assert_eq!(fs::read(&path).unwrap(), b"short");
    assert_eq!(fs::read(folder.path("other")).unwrap().len(), 10_000);
    assert_eq!(folder.names(), ["other", "out"]);
}

#[test]
fn what_is_dropped_leaves_the_old_file_and_nothing_else() {
    let folder = Folder::new();
    let path = folder.path("out");
    fs::write(&path, b"old").unwrap();
    let mut output = Output::open(&path).unwrap();
    output.write_all(b"half").unwrap();
    drop(output);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(folder.names(), ["out"]);
}

#[test]
fn symbolic_links_are_followed_to_their_end() {
    let folder = Folder::new();
    fs::create_dir(folder.path("real")).unwrap();
    symlink("real/out", folder.path("middle")).unwrap();
    symlink(folder.path("middle"), folder.path("link")).unwrap();
    // At first the end doesn't exist.
    for bytes in [&b"one"[..], b"two"] {
        write(&folder.path("link"), bytes);
        assert!(folder.path("link").is_symlink() && folder.path("middle").is_symlink());
        assert_eq!(fs::read(folder.path("real/out")).unwrap(), bytes);
    }
    symlink("loop", folder.path("loop")).unwrap();
    assert!(Output::open(&folder.path("loop")).is_err());
}

#[test]
fn devices_are_written_to_and_stay() {
    write(Path::new("/dev/null"), b"gone");
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn folders_are_no_outputs() {
    let folder = Folder::new();
    for path in [folder.0.path().into(), folder.path("."), folder.path("missing/out"), "/".into()] {
        assert!(Output::open(&path).is_err(), "{}", path.display());
    }
    assert!(folder.names().is_empty());
}

#[test]
fn the_longest_name_is_possible() {
    let folder = Folder::new();
    let path = folder.path(&"n".repeat(255));
    write(&path, b"one");
    write(&path, b"two");
    assert_eq!(fs::read(&path).unwrap(), b"two");
}

#[test]
fn a_failed_link_takes_its_old_output_along_but_no_input() {
    let folder = Folder::new();
    let options = |output: &str, input: &str| Options {
        output: folder.path(output),
        inputs: vec![Input::new(InputName::Path(folder.path(input)))],
        ..Options::default()
    };
    let elf = |kind| [&b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"[..], &[kind, 0]].concat();
    for (name, bytes) in [
        ("out", elf(2)),
        ("a.o", elf(3)),
        ("b.o", elf(3)),
        ("object", elf(1)),
        ("text", b"old".to_vec()),
    ] {
        fs::write(folder.path(name), bytes).unwrap();
    }
    symlink("b.o", folder.path("link")).unwrap();
    fs::create_dir(folder.path("folder")).unwrap();
    remove_output(&options("out", "a.o"));
    assert_eq!(folder.names(), ["a.o", "b.o", "folder", "link", "object", "text"]);
    remove_output(&options("object", "a.o"));
    remove_output(&options("text", "a.o"));
    remove_output(&options("a.o", "a.o"));
    remove_output(&options("link", "b.o"));
    remove_output(&options("folder", "a.o"));
    remove_output(&options("missing", "a.o"));
    assert_eq!(folder.names(), ["a.o", "b.o", "folder", "link", "object", "text"]);
    remove_output(&options("link", "a.o"));
    assert_eq!(folder.names(), ["a.o", "folder", "link", "object", "text"]);
    remove_output(&Options { output: "/dev/null".into(), ..Options::default() });
    assert!(Path::new("/dev/null").exists());
}
