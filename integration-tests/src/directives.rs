//! The `gild-test:` lines of a test program's main file.
//!
//! A directive is a comment line `gild-test: KEY [NAME] = VALUE`. All keys are listed in the README
//! of this package; an unknown one is an error, so that a typing mistake never weakens a test.

use crate::Outcome;

/// A named set of extra flags: one more axis of the matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Appended to the case's name.
    pub name: String,
    /// Extra compiler flags.
    pub cflags: Vec<String>,
    /// Extra flags of the link command.
    pub link: Vec<String>,
}

/// How an archive is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveKind {
    /// `ar rcs`-like, with an index.
    Indexed,
    /// A thin archive: names of files instead of their contents.
    Thin,
    /// Without a symbol index.
    Bare,
}

/// An archive that the test links against.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Its file name.
    pub name: String,
    /// How it is made.
    pub kind: ArchiveKind,
    /// The sources of its members, in order.
    pub sources: Vec<String>,
}

/// Gives relocations of an assembled object another type.
#[derive(Clone, Debug)]
pub struct Retype {
    /// The object's file name.
    pub object: String,
    /// The relocation section.
    pub section: String,
    /// The type that the assembler wrote.
    pub old: u32,
    /// The type to test.
    pub new: u32,
}

/// A statement about the output that is checked after the link.
#[derive(Clone, Debug)]
pub enum Claim {
    /// `bytes SYMBOL = PATTERN [| PATTERN]`: what lies at a symbol.
    Bytes {
        /// The symbol, or an expression for an address.
        at: String,
        /// Any of these patterns may match.
        patterns: Vec<String>,
    },
    /// `value EXPRESSION = EXPRESSION`.
    Value {
        /// Left side.
        left: String,
        /// Right side.
        right: String,
    },
    /// `relative EXPRESSION = EXPRESSION`: a RELATIVE relocation at an address, and its addend.
    Relative {
        /// Where the relocation applies.
        place: String,
        /// What it adds to the load address.
        addend: String,
    },
    /// `present = SYMBOL…`.
    Present(Vec<String>),
    /// `absent = SYMBOL…`.
    Absent(Vec<String>),
    /// `contains = TEXT`: the text occurs somewhere in the file.
    Contains(String),
    /// `lacks = TEXT`: it occurs nowhere.
    Lacks(String),
}

/// Everything that a program's head says.
#[derive(Clone, Debug)]
pub struct Directives {
    /// `libc`: `musl`, `glibc`, or `none` for a program without one.
    pub libc: Vec<String>,
    /// `output`: `exec`, `pie`.
    pub output: Vec<String>,
    /// `compiler`: `gcc`, `clang`; for Rust `rustc` alone.
    pub compiler: Vec<String>,
    /// `peers`: which of `ld`, `lld` the result is compared with.
    pub peers: Vec<String>,
    /// `cflags`: for every source; `cflags FILE`: for one.
    pub cflags: Vec<(Option<String>, Vec<String>)>,
    /// `link`: flags at the end of the link command.
    pub link: Vec<String>,
    /// `inputs`: objects and archives in the order of the link command, instead of the usual order.
    pub inputs: Option<Vec<String>>,
    /// `archive`, `thin`, `bare`.
    pub archives: Vec<Archive>,
    /// `retype OBJECT SECTION = OLD NEW`: relocation types that no assembler emits yet.
    pub retyped: Vec<Retype>,
    /// `variant`.
    pub variants: Vec<Variant>,
    /// `except`: cells that the matrix leaves out, as `libc/output/compiler` with `*` for any.
    pub except: Vec<String>,
    /// `skip PEER = CELL…`: cells in which that peer gets the program wrong.
    pub skipped: Vec<(String, Vec<String>)>,
    /// `stdout`: what the program prints, line by line; empty when only peers are compared.
    pub stdout: Vec<String>,
    /// `exit`: the exit status of the program.
    pub exit: i32,
    /// `run = no`: the output is looked at, not executed.
    pub run: bool,
    /// `fails`: the link must fail, and say each of these texts.
    pub fails: Vec<String>,
    /// `warns`: the link must succeed with each of these texts among its warnings.
    pub warns: Vec<String>,
    /// `compare = no`: symbols and unwind tables differ from the peers' for the stated reason.
    pub compare: bool,
    /// `bytes`, `value`, `relative`, `present`, `absent`, `contains`, `lacks`.
    pub claims: Vec<Claim>,
}

impl Default for Directives {
    fn default() -> Self {
        Self {
            libc: words("musl glibc"),
            output: words("exec pie"),
            compiler: words("gcc clang"),
            peers: words("ld lld"),
            cflags: Vec::new(),
            link: Vec::new(),
            inputs: None,
            archives: Vec::new(),
            retyped: Vec::new(),
            variants: Vec::new(),
            except: Vec::new(),
            skipped: Vec::new(),
            stdout: Vec::new(),
            exit: 0,
            run: true,
            fails: Vec::new(),
            warns: Vec::new(),
            compare: true,
            claims: Vec::new(),
        }
    }
}

/// Reads the directives of a program's main file.
pub fn parse(source: &str) -> Outcome<Directives> {
    let mut all = Directives::default();
    for line in source.lines() {
        if let Some((_, directive)) = line.split_once("gild-test: ") {
            all.add(directive.trim()).map_err(|error| format!("`{}`: {error}", line.trim()))?;
        }
    }
    Ok(all)
}

impl Directives {
    fn add(&mut self, directive: &str) -> Outcome {
        let (head, value) = directive.split_once('=').ok_or("a directive is KEY = VALUE")?;
        let (key, name) = head.trim().split_once(' ').unwrap_or((head.trim(), ""));
        let (name, value) = (name.trim(), value.trim());
        match key {
            "libc" => self.libc = words(value),
            "output" => self.output = words(value),
            "compiler" => self.compiler = words(value),
            "peers" => self.peers = words(value),
            "cflags" => {
                let file = (!name.is_empty()).then(|| name.to_owned());
                self.cflags.push((file, words(value)));
            }
            "link" => self.link.extend(words(value)),
            "inputs" => self.inputs = Some(words(value)),
            "archive" => self.add_archive(name, ArchiveKind::Indexed, value),
            "thin" => self.add_archive(name, ArchiveKind::Thin, value),
            "bare" => self.add_archive(name, ArchiveKind::Bare, value),
            "retype" => self.retyped.push(retype(name, value)?),
            "variant" => self.variants.push(variant(name, value)),
            "except" => self.except.extend(words(value)),
            "skip" => self.skipped.push((name.to_owned(), words(value))),
            "stdout" => self.stdout.push(value.to_owned()),
            "exit" => self.exit = value.parse().map_err(|_| "not a number")?,
            "run" => self.run = value != "no",
            "fails" => self.fails.push(value.to_owned()),
            "warns" => self.warns.push(value.to_owned()),
            "compare" => self.compare = !value.starts_with("no"),
            _ => self.claims.push(claim(key, name, value)?),
        }
        Ok(())
    }

    fn add_archive(&mut self, name: &str, kind: ArchiveKind, sources: &str) {
        self.archives.push(Archive { name: name.to_owned(), kind, sources: words(sources) });
    }
}

fn claim(key: &str, name: &str, value: &str) -> Outcome<Claim> {
    Ok(match key {
        "bytes" => Claim::Bytes {
            at: name.to_owned(),
            patterns: value.split('|').map(|pattern| pattern.trim().to_owned()).collect(),
        },
        "value" => Claim::Value { left: name.to_owned(), right: value.to_owned() },
        "relative" => Claim::Relative { place: name.to_owned(), addend: value.to_owned() },
        "present" => Claim::Present(words(value)),
        "absent" => Claim::Absent(words(value)),
        "contains" => Claim::Contains(value.to_owned()),
        "lacks" => Claim::Lacks(value.to_owned()),
        _ => return Err("unknown key".into()),
    })
}

fn retype(name: &str, value: &str) -> Outcome<Retype> {
    let (object, section) = name.split_once(' ').ok_or("retype names an object and a section")?;
    let (old, new) = value.split_once(' ').ok_or("retype has two types")?;
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no relocation type"));
    let (old, new) = (number(old)?, number(new)?);
    Ok(Retype { object: object.to_owned(), section: section.to_owned(), old, new })
}

/// `variant NAME = CFLAGS | LINKFLAGS`.
fn variant(name: &str, value: &str) -> Variant {
    let (cflags, link) = value.split_once('|').unwrap_or((value, ""));
    Variant { name: name.to_owned(), cflags: words(cflags), link: words(link) }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_an_error() {
        assert!(parse("// gild-test: lybc = musl\n").is_err());
    }

    #[test]
    fn flags_of_one_file_stay_apart_from_flags_of_all() {
        let all = parse("# gild-test: cflags = -O0\n# gild-test: cflags b.c = -fcommon\n").unwrap();
        assert_eq!(all.cflags[0].0, None);
        assert_eq!(all.cflags[1].0.as_deref(), Some("b.c"));
    }

    #[test]
    fn a_variant_has_flags_on_both_sides_of_the_bar() {
        let all = parse("// gild-test: variant gc = -ffunction-sections | -Wl,--gc-sections\n");
        let variant = &all.unwrap().variants[0];
        assert_eq!(variant.cflags, ["-ffunction-sections"]);
        assert_eq!(variant.link, ["-Wl,--gc-sections"]);
    }
}
