//! `@FILE`: arguments read from a file, quoted as GNU tools quote them.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::error::ArgError;

/// Build systems name a few, and nest once or twice; beyond this it is a mistake.
const FILE_LIMIT: usize = 2000;

/// Replaces every `@FILE` by the arguments in it, recursively.
///
/// As with GNU tools, an `@FILE` that doesn't exist stays as it is: an option's value may begin
/// with an `@`. Paths are relative to the working directory, also in nested files.
pub fn expand(
    args: impl IntoIterator<Item = OsString>,
    errors: &mut Vec<ArgError>,
) -> Vec<OsString> {
    let mut expansion = Expansion { open: Vec::new(), files: 0, args: Vec::new(), errors };
    for arg in args {
        expansion.add(arg);
    }
    expansion.args
}

struct Expansion<'a> {
    /// The files that the current one stands in, and itself.
    open: Vec<PathBuf>,
    /// Files read so far.
    files: usize,
    args: Vec<OsString>,
    errors: &'a mut Vec<ArgError>,
}

impl Expansion<'_> {
    fn add(&mut self, arg: OsString) {
        let Some(path) = response_path(&arg) else { return self.args.push(arg) };
        // Files that each name the next one twice are no cycle, and forty of them a trillion files.
        if self.files == FILE_LIMIT {
            return;
        }
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return self.args.push(arg),
            Err(error) => {
                let reason = error.to_string();
                return self.errors.push(ArgError::ResponseFile { path: path.into(), reason });
            }
        };
        let identity = fs::canonicalize(path).unwrap_or_else(|_| path.into());
        if self.open.contains(&identity) {
            return self.errors.push(ArgError::ResponseCycle { path: path.into() });
        }
        self.files += 1;
        if self.files == FILE_LIMIT {
            let path = path.into();
            return self.errors.push(ArgError::ResponseFiles { path, limit: FILE_LIMIT });
        }
        self.open.push(identity);
        for nested in split(&bytes) {
            self.add(nested);
        }
        self.open.pop();
    }
}

/// The path of an `@FILE` argument. A lone `@` is an ordinary argument.
pub fn response_path(arg: &OsString) -> Option<&Path> {
    let path = arg.as_bytes().strip_prefix(b"@")?;
    (!path.is_empty()).then(|| Path::new(std::ffi::OsStr::from_bytes(path)))
}

/// Splits at white space outside quotes. GCC manual, "Overall Options", `@FILE`: single or double
/// quotes hold an argument together, and a backslash takes the next character as it is. That holds
/// inside both kinds of quotes too, which is where GNU differs from a shell.
pub fn split(bytes: &[u8]) -> Vec<OsString> {
    let mut args = Vec::new();
    let mut current: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            // A backslash that ends the file stands for nothing.
            b'\\' => current.get_or_insert_default().extend(rest.next()),
            _ if quote == Some(byte) => quote = None,
            _ if quote.is_some() => current.get_or_insert_default().push(byte),
            b'\'' | b'"' => {
                quote = Some(byte);
                // `''` is an argument: the empty one.
                current.get_or_insert_default();
            }
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' => args.extend(current.take()),
            _ => current.get_or_insert_default().push(byte),
        }
    }
    args.extend(current);
    args.into_iter().map(OsString::from_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn quoting_follows_gnu() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" \n\t ", &[]),
            ("a b\nc\r\nd", &["a", "b", "c", "d"]),
            ("'a b' \"c d\"", &["a b", "c d"]),
            ("a' 'b", &["a b"]),
            ("'' x \"\"", &["", "x", ""]),
            (r"a\ b \'c\' \\", &["a b", "'c'", r"\"]),
            (r#""a\"b" 'c\'d' 'e"f' "g'h""#, &["a\"b", "c'd", "e\"f", "g'h"]),
            (r"'\n' \n", &["n", "n"]),
            ("\"open end", &["open end"]),
            ("a\\", &["a"]),
            ("# no comments", &["#", "no", "comments"]),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text.as_bytes()), *expected, "{text:?}");
        }
    }

    /// A directory that goes when the test ends.
    struct Scratch(TempDir);

    impl Scratch {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.path(name), text).unwrap();
        }

        fn at(&self, name: &str) -> String {
            format!("@{}", self.path(name).display())
        }

        fn expand(&self, args: &[&str]) -> (Vec<OsString>, Vec<ArgError>) {
            let mut errors = Vec::new();
            (expand(args.iter().map(OsString::from), &mut errors), errors)
        }
    }

    #[test]
    fn nested_files_expand_in_place_and_may_repeat() {
        let scratch = Scratch::new();
        scratch.write("inner", "b c");
        scratch.write("outer", &format!("a {} d", scratch.at("inner")));
        let (args, errors) = scratch.expand(&["0", &scratch.at("outer"), &scratch.at("inner")]);
        assert_eq!(args, ["0", "a", "b", "c", "d", "b", "c"]);
        assert_eq!(errors, []);
    }

    #[test]
    fn a_cycle_is_an_error_and_the_rest_still_expands() {
        let scratch = Scratch::new();
        scratch.write("a", &format!("x {} y", scratch.at("b")));
        scratch.write("b", &scratch.at("a"));
        let (args, errors) = scratch.expand(&[&scratch.at("a")]);
        assert_eq!(args, ["x", "y"]);
        assert_eq!(errors, [ArgError::ResponseCycle { path: scratch.path("a") }]);
    }

    #[test]
    fn the_number_of_files_has_a_limit() {
        let scratch = Scratch::new();
        for times in [1, 2] {
            for file in 0..FILE_LIMIT {
                let next = format!("{} ", scratch.at(&(file + 1).to_string()));
                scratch.write(&file.to_string(), &next.repeat(times));
            }
            scratch.write(&FILE_LIMIT.to_string(), "x");
            let (_, errors) = scratch.expand(&[&scratch.at("0")]);
            assert!(matches!(errors[..], [ArgError::ResponseFiles { limit: FILE_LIMIT, .. }]));
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_unless_it_does_not_exist() {
        let scratch = Scratch::new();
        let (args, errors) = scratch.expand(&["@", "@/no/such/file", &scratch.at("")]);
        assert_eq!(args, ["@", "@/no/such/file"]);
        assert!(matches!(errors[..], [ArgError::ResponseFile { .. }]));
    }
}
