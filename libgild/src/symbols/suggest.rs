//! The name that somebody probably meant in place of an undefined one.

use super::{Definition, LinkerSymbol, Names, Resolved};
use crate::args::Options;
use crate::diagnostics::demangle;
use crate::edit_distance::edit_distance;

/// For each undefined name a defined one that is close, if any: the same but for case or
/// underscores, the same function with or without `extern "C"`, or a slip of the keyboard away.
pub fn close_names(
    resolved: &Resolved,
    undefined: &[&[u8]],
    options: &Options,
) -> Vec<Option<String>> {
    let mut searches: Vec<Search> = undefined.iter().map(|name| Search::new(name)).collect();
    if searches.is_empty() {
        return Vec::new();
    }
    for name in defined(resolved).chain(resolved.lazy.names()) {
        let letters = letters(name);
        let plain = plain_function(name);
        for search in &mut searches {
            search.consider(name, letters, plain);
        }
    }
    searches.iter().map(|search| search.answer(options)).collect()
}

fn defined<'a, 'data>(resolved: &'a Resolved<'data>) -> impl Iterator<Item = &'data [u8]> + 'a {
    let names: &'a Names<'data> = &resolved.names;
    let defined = names.ids().filter(|&id| match resolved.symbol(id).definition {
        Definition::Undefined => false,
        // The other end of what is missing.
        Definition::Linker(LinkerSymbol::SectionStart(_) | LinkerSymbol::SectionStop(_)) => false,
        _ => true,
    });
    defined.map(|id| names.name(id))
}

struct Search<'a> {
    name: &'a [u8],
    folded: Vec<u8>,
    letters: u64,
    /// The function's name if `name` is a mangled C++ function outside namespaces and classes.
    plain: Option<&'a [u8]>,
    /// Slips that are allowed: one for each five letters, at most three.
    limit: usize,
    /// Distance and name; ties go to the smaller name, so that the answer has no order.
    best: Option<(usize, &'a [u8])>,
}

impl<'a> Search<'a> {
    fn new(name: &'a [u8]) -> Search<'a> {
        let (folded, plain) = (fold(name), plain_function(name));
        let limit = (name.len() / 5 + usize::from(name.len() >= 3)).min(3);
        Search { name, folded, letters: letters(name), plain, limit, best: None }
    }

    fn consider(&mut self, candidate: &'a [u8], letters: u64, plain: Option<&'a [u8]>) {
        // Nothing but letters can differ in a few slips, and each slip changes two at most.
        let differing = (self.letters ^ letters).count_ones() as usize;
        let near = candidate.len().abs_diff(self.name.len()) <= self.limit.max(2);
        let mangled = self.plain.is_some() || plain.is_some();
        if !mangled && (!near || differing > 2 * self.limit.max(3)) || candidate == self.name {
            return;
        }
        let same_function = mangled
            && match (self.plain, plain) {
                (Some(mine), None) => mine == candidate,
                (None, Some(theirs)) => theirs == self.name,
                (Some(mine), Some(theirs)) => mine == theirs,
                (None, None) => false,
            };
        let distance = if same_function || fold(candidate) == self.folded {
            0
        } else if near && differing <= 2 * self.limit {
            edit_distance(self.name, candidate, self.limit)
        } else {
            return;
        };
        let found = (distance, candidate);
        if distance <= self.limit && self.best.is_none_or(|best| found < best) {
            self.best = Some(found);
        }
    }

    fn answer(&self, options: &Options) -> Option<String> {
        let (_, found) = self.best?;
        let text = demangle(found, options.demangle);
        let is_c = |name: &[u8]| !name.starts_with(b"_Z") && !name.starts_with(b"_R");
        Some(match (is_c(self.name), is_c(found)) {
            (false, true) => format!("extern \"C\" {text}"),
            (true, false) => format!("{text} (C++; a C name needs extern \"C\")"),
            _ => text,
        })
    }
}

/// A set of the letters in a name.
fn letters(name: &[u8]) -> u64 {
    name.iter().fold(0, |set, &c| set | 1 << (c.to_ascii_lowercase() & 63))
}

/// Without case and underscores.
fn fold(name: &[u8]) -> Vec<u8> {
    name.iter().filter(|&&c| c != b'_').map(u8::to_ascii_lowercase).collect()
}

/// `foo` of `_Z3fooi` (Itanium C++ ABI, 5.1.2: `_Z <length> <name> <parameters>`).
fn plain_function(name: &[u8]) -> Option<&[u8]> {
    let rest = name.strip_prefix(b"_Z")?;
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    rest[digits..].get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(name: &str, candidates: &[&str]) -> Option<String> {
        let mut search = Search::new(name.as_bytes());
        for candidate in candidates {
            let candidate = candidate.as_bytes();
            search.consider(candidate, letters(candidate), plain_function(candidate));
        }
        search.answer(&Options::default())
    }

    #[test]
    fn a_close_name_is_proposed_and_a_far_one_is_not() {
        for (name, candidates, expected) in [
            ("crc23", &["crc32", "strlen"][..], Some("crc32")),
            ("FooBar", &["foo_bar"], Some("foo_bar")),
            ("frobnicate", &["strlen", "malloc"], None),
            ("ab", &["cd"], None),
            ("foo", &["_Z3fooi"], Some("foo(int) (C++; a C name needs extern \"C\")")),
            ("_Z3fooi", &["foo"], Some("extern \"C\" foo")),
            ("_Z3fooi", &["_Z3fool"], Some("foo(long)")),
        ] {
            assert_eq!(best(name, candidates).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn the_proposal_has_no_order() {
        let (one, two) =
            (best("abcdef", &["abcdeg", "abcdeh"]), best("abcdef", &["abcdeh", "abcdeg"]));
        assert_eq!(one, two);
    }
}
