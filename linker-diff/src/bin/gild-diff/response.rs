//! Response files, expanded so that what only one linker can do is taken out of them as well.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// Files that name each other in a circle end here.
const DEEPEST: usize = 8;

/// The words with every `@FILE` replaced by what the file says; FILE is relative to `folder`.
/// A file that cannot be read stays as it is, for the linker to complain.
pub fn expand(words: Vec<OsString>, folder: &Path) -> Vec<OsString> {
    let mut out = Vec::new();
    words.into_iter().for_each(|word| one(word, folder, 0, &mut out));
    out
}

fn one(word: OsString, folder: &Path, depth: usize, out: &mut Vec<OsString>) {
    let contents = match word.as_bytes().strip_prefix(b"@") {
        Some(file) if depth < DEEPEST => {
            std::fs::read(folder.join(PathBuf::from(OsString::from_vec(file.to_vec())))).ok()
        }
        _ => None,
    };
    match contents {
        Some(bytes) => split(&bytes).into_iter().for_each(|w| one(w, folder, depth + 1, out)),
        None => out.push(word),
    }
}

/// GNU's rules: blanks part words, quotes of either kind hold them together, a backslash takes the
/// next character as it is.
pub fn split(bytes: &[u8]) -> Vec<OsString> {
    let mut words: Vec<Option<Vec<u8>>> = vec![None];
    let mut quote = 0;
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        let word = words.last_mut().map(|w| (w.is_some(), w));
        let Some((begun, word)) = word else { break };
        if byte == b'\\' {
            word.get_or_insert_default().extend(rest.next());
        } else if quote != 0 {
            match byte == quote {
                true => quote = 0,
                false => word.get_or_insert_default().push(byte),
            }
        } else if matches!(byte, b'"' | b'\'') {
            quote = byte;
            word.get_or_insert_default();
        } else if !byte.is_ascii_whitespace() {
            word.get_or_insert_default().push(byte);
        } else if begun {
            words.push(None);
        }
    }
    words.into_iter().flatten().map(OsString::from_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_hold_words_together() {
        let words = split(b"-o \"a b\" 'c'd \\\"e \n\n ''\tf");
        assert_eq!(words, ["-o", "a b", "cd", "\"e", "", "f"]);
    }
}
