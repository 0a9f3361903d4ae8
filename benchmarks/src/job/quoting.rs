//! Response files, quoted as GNU tools read them.

use anyhow::{Result, bail};
use libgild::args::response;
use std::ffi::OsString;

/// One argument a line; what would end an argument early or be taken for a quote is escaped.
pub fn join(arguments: &[String]) -> String {
    let mut text = String::new();
    for argument in arguments {
        quote(argument, &mut text);
        text.push('\n');
    }
    text
}

fn quote(argument: &str, text: &mut String) {
    if argument.is_empty() {
        return text.push_str("\"\"");
    }
    for character in argument.chars() {
        if character.is_whitespace() || matches!(character, '\\' | '"' | '\'') {
            text.push('\\');
        }
        text.push(character);
    }
}

/// The arguments in a response file.
pub fn split(text: &str) -> Vec<String> {
    response::split(text.as_bytes()).into_iter().map(text_of).collect()
}

/// `given` with each `@FILE` replaced by the arguments in it: drivers use it for long command lines.
///
/// # Errors
/// If a file can't be read.
pub fn expand(given: &[String]) -> Result<Vec<String>> {
    let mut errors = Vec::new();
    let expanded = response::expand(given.iter().map(OsString::from), &mut errors);
    if let Some(error) = errors.first() {
        bail!("{error}");
    }
    Ok(expanded.into_iter().map(text_of).collect())
}

fn text_of(argument: OsString) -> String {
    argument.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_joined_splits_into_the_same_arguments() {
        let arguments =
            ["-o", "a b", "", "c\\d", "\"e\"", "it's", "--start-group"].map(String::from);
        assert_eq!(split(&join(&arguments)), arguments);
    }
}
