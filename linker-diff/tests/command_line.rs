//! What the command line's options do, and where its output goes.

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use gild_diff::{Kind, Reason};
use support::elf::Elf;
use support::{Flavour, folder, program};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gild-diff"));
    command.args(arguments).output().expect("gild-diff runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A sound program, and one whose `choose` is weak and whose file header has another flag: two
/// kinds of findings.
fn pair() -> (String, String) {
    let sound = program(Flavour::CMusl, "lld");
    let mut elf = Elf::new(std::fs::read(&sound).expect("the program"));
    let entry = elf.symbol("choose").entry;
    elf.bytes[entry + 4] = (2 << 4) | 2;
    elf.bytes[48] = 1;
    let broken = folder().join(format!("two-kinds-{:?}", std::thread::current().id()));
    std::fs::write(&broken, &elf.bytes).expect("the broken program");
    let name = |path: PathBuf| path.display().to_string();
    (name(sound), name(broken))
}

#[test]
fn only_and_ignore_choose_kinds() {
    let (sound, broken) = pair();
    let said = |options: &[&str]| {
        let output = run(&[options, &[&sound, &broken]].concat());
        let text = text(&output);
        let has = |kind: &str| text.contains(&format!("unexplained {kind}"));
        (output.status.code(), has("symbol-binding"), has("file-header"))
    };
    assert_eq!(said(&[]), (Some(1), true, true));
    assert_eq!(said(&["--only", "symbol-binding"]), (Some(1), true, false));
    assert_eq!(said(&["--ignore", "symbol-binding"]), (Some(1), false, true));
    assert_eq!(said(&["--ignore", "symbol-binding,file-header"]), (Some(0), false, false));
    assert_eq!(said(&["--only", "entry"]), (Some(0), false, false));
    assert_eq!(said(&["--only", "no-such-kind"]).0, Some(2));
}

#[test]
fn explain_alone_lists_every_kind_and_reason() {
    let output = run(&["--explain"]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0));
    for name in Kind::ALL.iter().map(|k| k.name()).chain(Reason::ALL.iter().map(|r| r.name())) {
        assert!(text.contains(&format!("  {name} ")), "{name} is not explained");
    }
}

#[test]
fn explain_gives_the_reason_of_each_difference() {
    let (ld, lld) = (program(Flavour::CGlibc, "ld"), program(Flavour::CGlibc, "lld"));
    let paths = [ld.display().to_string(), lld.display().to_string()];
    let plain = text(&run(&[&paths[0], &paths[1]]));
    let explained = text(&run(&["--explain", &paths[0], &paths[1]]));
    assert!(!plain.contains("explained comment") && explained.contains("explained comment"));
    assert!(explained.contains(Reason::LinkerName.help()));
}

#[test]
fn json_holds_what_the_text_says() {
    let (sound, broken) = pair();
    let output = run(&["--json", &sound, &broken]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = value["reports"][0]["findings"].as_array().expect("findings");
    let binding = findings.iter().find(|f| f["kind"] == "symbol-binding").expect("the finding");
    assert_eq!((&binding["place"], &binding["left"]), (&"choose".into(), &"global".into()));
    assert!(binding["reason"].is_null());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_html_page_needs_nothing_else() {
    let (sound, broken) = pair();
    let page = folder().join("page.html");
    let path = page.display().to_string();
    assert_eq!(run(&["--html", &path, &sound, &broken]).status.code(), Some(1));
    let html = std::fs::read_to_string(page).expect("the page");
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    assert!(html.contains("symbol-binding") && html.contains("<code>choose</code>"));
    for outside in ["http://", "https://", "<script", "<link", "src="] {
        assert!(!html.contains(outside), "the page asks for {outside}");
    }
    let nowhere = run(&["--html", "/no/such/folder/page.html", &sound, &broken]);
    assert_eq!(nowhere.status.code(), Some(2));
    let said = String::from_utf8_lossy(&nowhere.stderr);
    assert!(said.contains("/no/such/folder/page.html: No such file"), "{said}");
}

#[test]
fn json_is_whole_where_a_path_is_not_utf_8() {
    let (sound, _) = pair();
    let path = folder().join(OsStr::from_bytes(b"not-\xff-utf-8"));
    std::fs::copy(&sound, &path).expect("a copy");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gild-diff"));
    let output = command.args(["--json", &sound]).arg(&path).output().expect("gild-diff runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["reports"][0]["right"], *path.to_string_lossy());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_only_one_side_keeps_is_listed_whole() {
    let source = folder().join("kept.c");
    let code: String =
        (0..14).map(|i| format!("int idle{i}(int x) {{ return x + {i}; }}\n")).collect();
    std::fs::write(&source, code + "int main(void) { return 0; }\n").expect("a source");
    let build = |name: &str, flags: &[&str]| {
        let output = folder().join(name);
        let mut gcc = Command::new("musl-gcc");
        gcc.args(["-static", "-ffunction-sections"]).args(flags).arg(&source);
        let done = gcc.arg("-o").arg(&output).output().expect("musl-gcc");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        output.display().to_string()
    };
    let (whole, lean) = (build("whole", &[]), build("lean", &["-Wl,--gc-sections"]));
    let items = |output: &Output| -> Vec<String> {
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let findings = value["reports"][0]["findings"].as_array().expect("findings").clone();
        let kept = findings.into_iter().filter(|f| f["kind"] == "garbage-collection");
        let items = kept.flat_map(|f| f["items"].as_array().cloned().unwrap_or_default());
        items.map(|i| i.as_str().unwrap_or_default().to_owned()).collect()
    };
    let json = items(&run(&["--json", &whole, &lean]));
    for i in 0..14 {
        let name = format!("idle{i} (");
        assert!(json.iter().any(|item| item.starts_with(&name)), "{name}) in {json:?}");
    }
    let short = text(&run(&[&whole, &lean]));
    assert!(short.contains("whole alone, unreached") && short.contains("more; --all shows them"));
    assert!(text(&run(&["--all", &whole, &lean])).contains("idle9 ("));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_want_it() {
    let (sound, broken) = pair();
    assert!(!text(&run(&[&sound, &broken])).contains('\x1b'));
    let on_a_terminal = |environment: &str| {
        let tool = env!("CARGO_BIN_EXE_gild-diff");
        let line = format!("{environment} '{tool}' '{sound}' '{broken}'");
        let mut script = Command::new("script");
        let output = script.args(["-q", "-c", &line, "/dev/null"]).env_remove("NO_COLOR").output();
        text(&output.expect("script (bsdutils)"))
    };
    assert!(on_a_terminal("").contains("\x1b[31;1munexplained symbol-binding"));
    assert!(!on_a_terminal("NO_COLOR=1").contains("\x1b[31"));
}

#[test]
fn exit_statuses_tell_equal_different_and_failed_apart() {
    let (sound, broken) = pair();
    assert_eq!(run(&[&sound, &sound]).status.code(), Some(0));
    assert_eq!(run(&[&sound, &broken]).status.code(), Some(1));
    // The first of three is compared with each of the others.
    assert_eq!(run(&[&sound, &sound, &broken]).status.code(), Some(1));
    for arguments in [&[&sound[..]][..], &[], &[&sound, "/no/such/file"], &["--no-such-option"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?} fail without a word");
    }
}

#[test]
fn messages_that_cannot_be_written_change_no_status() {
    for tool in [env!("CARGO_BIN_EXE_gild-diff"), env!("CARGO_BIN_EXE_gild-inspect")] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let mut command = Command::new(tool);
        let status = command.args(["/no/such/file"; 2]).stderr(full).status().expect("it runs");
        assert_eq!(status.code(), Some(2), "{tool}");
    }
}
