//! `--dependency-file`: a make rule that names every file the link read.

use crate::input::Inputs;
use std::path::Path;

/// The output's rule, and an empty rule for each input so that make survives its removal.
pub fn rule(inputs: &Inputs, output: &Path) -> String {
    let mut text = format!("{}:", escape(output));
    for path in inputs.paths() {
        text += &format!(" \\\n  {}", escape(path));
    }
    text.push('\n');
    for path in inputs.paths() {
        text += &format!("\n{}:\n", escape(path));
    }
    text
}

/// GNU make manual, "Rule Syntax": blanks and `#` take a backslash, `$` is doubled.
fn escape(path: &Path) -> String {
    let mut text = String::new();
    for character in path.to_string_lossy().chars() {
        match character {
            ' ' | '\t' | '#' => text.extend(['\\', character]),
            '$' => text.push_str("$$"),
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_make() {
        assert_eq!(escape(Path::new("a b#c$d")), "a\\ b\\#c$$d");
    }
}
