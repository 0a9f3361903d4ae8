//! `gild-diff link`: one link by several linkers, however it was captured.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with `main.o` and `lib.a`, which need no C library.
fn inputs(name: &str) -> PathBuf {
    let dir = support::folder().join(name);
    std::fs::create_dir_all(&dir).expect("a folder");
    let write = |file: &str, text: &str| std::fs::write(dir.join(file), text).expect("a source");
    write("main.s", ".globl _start\n_start: call helper\nmov %eax, %edi\nmov $60, %eax\nsyscall\n");
    write("helper.s", ".globl helper\nhelper: xor %eax, %eax\nret\n");
    for (tool, arguments) in [
        ("gcc", &["-c", "-Wa,--noexecstack", "main.s", "helper.s"][..]),
        ("ar", &["rcs", "lib.a", "helper.o"]),
    ] {
        let done = Command::new(tool).args(arguments).current_dir(&dir).status();
        assert!(done.is_ok_and(|s| s.success()), "{tool}");
    }
    dir
}

fn link(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gild-diff"));
    command.current_dir(dir).args(["link", "--json"]).args(words);
    command.output().expect("gild-diff runs")
}

/// The link was run by each of `linkers`, the first compared with the others, and no difference is
/// unexplained.
#[track_caller]
fn compared(output: &Output, linkers: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stdout));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let reports = value["reports"].as_array().expect("reports");
    let name = |v: &serde_json::Value| {
        let path = PathBuf::from(v.as_str().unwrap_or_default());
        path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let mut found = vec![name(&reports[0]["left"])];
    found.extend(reports.iter().map(|r| name(&r["right"])));
    assert_eq!(found, linkers);
}

const WITH: [&str; 3] = ["--with", "lld,mold", "--"];

fn with<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&WITH[..], words].concat()
}

#[test]
fn a_link_command_is_run_by_each() {
    let dir = inputs("command");
    let words = ["ld", "-static", "main.o", "lib.a", "-o", "kept.out", "-Map=map"];
    compared(&link(&dir, &with(&words)), &["ld", "lld", "mold"]);
    assert!(!dir.join("kept.out").exists() && !dir.join("map").exists(), "the link's own outputs");
}

#[test]
fn a_response_file_is_expanded() {
    let dir = inputs("response");
    std::fs::write(dir.join("words"), "-static 'main.o'\nlib.a -o own.out -Map map").expect("it");
    compared(&link(&dir, &with(&["ld", "@words"])), &["ld", "lld", "mold"]);
    compared(&link(&dir, &with(&["ld", "words"])), &["ld", "lld", "mold"]);
    assert!(!dir.join("own.out").exists() && !dir.join("map").exists(), "the link's own outputs");
}

#[test]
fn a_folder_with_arguments_is_a_captured_link() {
    let dir = inputs("arguments");
    let captured = dir.join("captured");
    std::fs::create_dir_all(&captured).expect("a folder");
    std::fs::write(captured.join("arguments"), "main.o\0lib.a\0").expect("arguments");
    std::fs::write(captured.join("cwd"), dir.display().to_string()).expect("cwd");
    compared(&link(&dir, &with(&["ld", "captured"])), &["ld", "lld", "mold"]);
    // As a response file, beside the inputs.
    std::fs::write(dir.join("arguments"), "main.o\nlib.a\n").expect("arguments");
    compared(&link(support::folder(), &with(&["ld", "arguments"])), &["ld", "lld", "mold"]);
}

#[test]
fn what_lld_and_mold_reproduce_is_a_captured_link() {
    let dir = inputs("reproduce");
    let lld =
        if Command::new("ld.lld").arg("-v").output().is_ok() { "ld.lld" } else { "ld.lld-19" };
    for (linker, option) in [(lld, "--reproduce=lld.tar"), ("mold", "--repro")] {
        let mut command = Command::new(linker);
        command.current_dir(&dir).args(["main.o", "lib.a", "-o", "mold", option]);
        assert!(command.status().is_ok_and(|s| s.success()), "{linker}");
    }
    // The originals are gone: only what was captured is left.
    for file in ["main.o", "lib.a"] {
        std::fs::remove_file(dir.join(file)).expect("an input");
    }
    for archive in ["lld.tar", "mold.repro.tar"] {
        compared(&link(&dir, &with(&["ld", archive])), &["ld", "lld", "mold"]);
        let unpacked = Command::new("tar").args(["-xf", archive]).current_dir(&dir).status();
        assert!(unpacked.is_ok_and(|s| s.success()), "tar");
        let folder = archive.strip_suffix(".tar").expect("its name");
        compared(&link(&dir, &with(&["ld", folder])), &["ld", "lld", "mold"]);
    }
}

#[test]
fn a_run_with_script_is_a_captured_link() {
    let dir = inputs("script");
    let script = dir.join("run-with");
    std::fs::write(
        &script,
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\nexec \"$1\" main.o lib.a -o \"$OUT\"\n",
    )
    .expect("a script");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("rights");
    compared(&link(support::folder(), &with(&["ld", "script"])), &["ld", "lld", "mold"]);
}

#[test]
fn outputs_are_kept_where_asked() {
    let dir = inputs("keep");
    let words = ["--keep", "outputs", "--with", "lld", "--", "ld", "main.o", "lib.a"];
    compared(&link(&dir, &words), &["ld", "lld"]);
    assert!(dir.join("outputs/ld").is_file() && dir.join("outputs/lld").is_file());
}

#[test]
fn what_cannot_be_run_is_told() {
    let dir = inputs("fails");
    std::fs::write(dir.join("broken.tar"), "no archive").expect("a file");
    std::fs::create_dir_all(dir.join("empty")).expect("a folder");
    let cases: [(&[&str], &str); 5] = [
        (&["--with", "nolinker", "--", "ld", "main.o"], "`nolinker` was not found"),
        (&["--with", "lld", "--", "ld", "main.o"], "helper"),
        (&["--with", "lld", "--", "ld", "empty"], "holds no captured link"),
        (&["--with", "lld", "--", "ld", "broken.tar"], "cannot be unpacked"),
        (&["--with", "ld", "--", "ld", "main.o", "lib.a"], "no other linker"),
    ];
    for (words, expected) in cases {
        let output = link(&dir, words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}
