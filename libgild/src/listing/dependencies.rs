//! `--dependency-file`: a make rule that names every file the link read.

use crate::input::Inputs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The output's rule, and an empty rule for each input so that make survives its removal.
pub fn rule(inputs: &Inputs, output: &Path) -> Vec<u8> {
    let mut text = escape(output);
    text.push(b':');
    for path in inputs.paths() {
        text.extend(b" \\\n  ");
        text.extend(escape(path));
    }
    text.push(b'\n');
    for path in inputs.paths() {
        text.push(b'\n');
        text.extend(escape(path));
        text.extend(b":\n");
    }
    text
}

/// GNU make manual, "Rule Syntax": blanks and `#` take a backslash, `$` is doubled.
fn escape(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b' ' | b'\t' | b'#' => text.extend([b'\\', byte]),
            b'$' => text.extend(b"$$"),
            _ => text.push(byte),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn names_survive_make() {
        let name = OsStr::from_bytes(b"a b#c$d\xe9");
        assert_eq!(escape(Path::new(name)), b"a\\ b\\#c$$d\xe9");
    }
}
