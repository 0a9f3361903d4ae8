//! `--help` and the version.

use std::fmt::Write;

use super::table::{GROUPS, Group, KEYWORDS, Row, Value};

/// The column where help texts begin, and where they end.
const INDENT: usize = 30;
const WIDTH: usize = 90;

/// What `--version` and `-v` print.
///
/// Build systems decide by it: libtool looks for `GNU` or `with BFD` before it passes GNU ld's
/// options, Meson for `GNU`, and both take the first number for the version. GHC looks for a line that
/// begins with `GNU ld`, and prints an error at each link without it.
pub fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("gild {version} (compatible with GNU ld)\nGNU ld's options, static x86-64 executables")
}

/// What `-V` prints.
pub fn version_and_emulations() -> String {
    format!("{}\n  Supported emulations:\n   elf_x86_64", version())
}

/// What `--help` prints.
///
/// configure scripts search it for the options a linker knows, and libtool for a line with
/// `: supported targets:` and ` elf`.
pub fn help() -> String {
    let mut text = "Usage: gild [options] file...\n".to_string();
    for group in GROUPS {
        write_group(&mut text, group, "");
    }
    write_group(&mut text, KEYWORDS, "-z ");
    text.push('\n');
    write_row(&mut text, "@FILE".into(), "Read options from FILE");
    text.push_str(
        "\ngild: supported targets: elf64-x86-64\ngild: supported emulations: elf_x86_64",
    );
    text
}

fn write_group(text: &mut String, group: &Group, before_names: &str) {
    let _ = writeln!(text, "\n{}:", group.title);
    for row in group.rows {
        write_row(text, synopsis(row, before_names), row.help);
    }
}

/// All names of an option, the value after the last.
fn synopsis(row: &Row, before_names: &str) -> String {
    let names: Vec<String> = row.names.iter().map(|name| format!("{before_names}{name}")).collect();
    let mut synopsis = names.join(", ");
    let joint = if before_names.is_empty() && !synopsis.ends_with('=') { ' ' } else { '=' };
    match row.value {
        Value::None => {}
        Value::Required(value) => {
            synopsis.push(joint);
            synopsis.push_str(value);
        }
        Value::Optional(value) => {
            let _ = write!(synopsis, "[={value}]");
        }
        Value::Rest(value) => synopsis.push_str(value),
    }
    synopsis
}

fn write_row(text: &mut String, synopsis: String, help: &str) {
    let _ = write!(text, "  {synopsis}");
    let mut column = 2 + synopsis.chars().count();
    if column >= INDENT {
        text.push('\n');
        column = 0;
    }
    for word in help.split(' ') {
        let length = word.chars().count();
        if column > INDENT && column + 1 + length > WIDTH {
            text.push('\n');
            column = 0;
        }
        if column < INDENT {
            text.extend(std::iter::repeat_n(' ', INDENT - column));
            column = INDENT;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_systems_recognise_the_version() {
        let version = version();
        // libtool's test, and Meson's.
        assert!(version.contains("GNU"));
        // GHC's.
        assert!(version.lines().any(|line| line.starts_with("GNU ld")));
        // What would be taken for another linker.
        for other in ["GNU ld ", "GNU gold", "LLD", "mold", "Free Software"] {
            assert!(!version.starts_with(other) && !version.contains(" LLD"), "{other}");
        }
        assert!(version_and_emulations().starts_with(&version));
    }

    #[test]
    fn help_answers_what_configure_scripts_grep_for() {
        let help = help();
        for wanted in [
            ": supported targets: elf",
            "--as-needed",
            "--push-state",
            "--version-script",
            "--hash-style",
            "--eh-frame-hdr",
            "--gc-sections",
            "--build-id",
            "-z relro",
            "-z now",
            "-z stack-size=BYTES",
            "-static-pie",
        ] {
            assert!(help.contains(wanted), "{wanted}");
        }
        for line in help.lines() {
            assert!(line.chars().count() <= WIDTH || !line.starts_with("   "), "{line}");
            assert_eq!(line.trim_end(), line);
        }
    }
}
