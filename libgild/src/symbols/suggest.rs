//! The name that somebody probably meant in place of an undefined one.

use super::{Definition, LinkerSymbol, Names, Resolved};
use crate::args::Options;
use crate::demangle::demangle;
use crate::edit_distance::edit_distance;

/// For each undefined name a defined one that is close, if any: the same but for case or
/// underscores, the same function with or without `extern "C"` or with other parameters, or a slip of
/// the keyboard away.
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
    /// As in the source.
    readable: String,
    folded: Vec<u8>,
    letters: u64,
    /// What [`plain_function`] says of `name`.
    plain: Option<&'a [u8]>,
    limit: usize,
    /// Distance, difference in length and name, the least, so that the answer has no order.
    best: Option<(usize, usize, &'a [u8])>,
}

impl<'a> Search<'a> {
    fn new(name: &'a [u8]) -> Search<'a> {
        let (folded, plain) = (fold(name), plain_function(name));
        let limit = slips(name.len());
        let readable = demangle(name, true);
        Search { name, readable, folded, letters: letters(name), plain, limit, best: None }
    }

    fn consider(&mut self, candidate: &'a [u8], letters: u64, plain: Option<&'a [u8]>) {
        // Nothing but letters can differ in a few slips, and each slip changes two at most.
        let differing = (self.letters ^ letters).count_ones() as usize;
        let near = candidate.len().abs_diff(self.name.len()) <= self.limit.max(2);
        let mangled = self.plain.is_some() || plain.is_some();
        if !mangled && (!near || differing > 2 * self.limit.max(3)) || candidate == self.name {
            return;
        }
        let same_function =
            mangled && self.plain.unwrap_or(self.name) == plain.unwrap_or(candidate);
        let distance = if same_function || fold(candidate) == self.folded {
            0
        } else if near && differing <= 2 * self.limit {
            edit_distance(self.name, candidate, self.limit)
        } else {
            return;
        };
        let found = (distance, candidate.len().abs_diff(self.name.len()), candidate);
        if distance <= self.limit
            && self.best.is_none_or(|best| found < best)
            && (same_function || self.is_slip_for(candidate))
        {
            self.best = Some(found);
        }
    }

    /// Whether a person may have typed the name for `theirs`. People don't type mangled names, in which
    /// a destructor is a letter away from a constructor.
    fn is_slip_for(&self, theirs: &[u8]) -> bool {
        if !is_mangled(self.name) || !is_mangled(theirs) {
            return is_mangled(self.name) == is_mangled(theirs);
        }
        let (mine, theirs) = (self.readable.as_str(), demangle(theirs, true));
        let differ_in_parameters = match (mine.split_once('('), theirs.split_once('(')) {
            (Some((mine, _)), Some((theirs, _))) => mine == theirs,
            _ => false,
        };
        mine != theirs && (differ_in_parameters || are_near(&words(mine), &words(&theirs)))
    }

    fn answer(&self, options: &Options) -> Option<String> {
        let (.., found) = self.best?;
        let text = demangle(found, options.demangle);
        Some(match (is_mangled(self.name), is_mangled(found)) {
            (true, false) => format!("extern \"C\" {text}"),
            (false, true) => format!("{text} (C++; a C name needs extern \"C\")"),
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

/// Slips that are allowed in so many letters: one for each five, at most three.
fn slips(letters: usize) -> usize {
    (letters / 5 + usize::from(letters >= 3)).min(3)
}

fn is_mangled(name: &[u8]) -> bool {
    name.starts_with(b"_Z") || name.starts_with(b"_R")
}

/// Whether names are the same but for slips in their words.
fn are_near(mine: &[&str], theirs: &[&str]) -> bool {
    let is_near = |(mine, theirs): (&&str, &&str)| {
        let limit = slips(mine.len());
        edit_distance(mine.as_bytes(), theirs.as_bytes(), limit) <= limit
    };
    mine.len() == theirs.len() && mine.iter().zip(theirs).all(is_near)
}

/// The words of a name and what is between them.
fn words(name: &str) -> Vec<&str> {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    name.split_inclusive(|c| !is_of_word(c))
        .flat_map(|part| {
            let end = part.trim_end_matches(|c| !is_of_word(c)).len();
            [&part[..end], &part[end..]]
        })
        .collect()
}

/// What a mangled C++ function's name is made of if that is nothing but names: `foo` of `_Z3fooi`,
/// `1A3get` of `_ZNK1A3getEv` (Itanium C++ ABI, 5.1.2 and 5.1.3).
fn plain_function(name: &[u8]) -> Option<&[u8]> {
    let rest = name.strip_prefix(b"_Z")?;
    let Some(nested) = rest.strip_prefix(b"N") else { return Some(source_name(rest)?.0) };
    let nested = nested.strip_prefix(b"K").unwrap_or(nested);
    let mut left = nested;
    while let Some((_, behind)) = source_name(left) {
        left = behind;
    }
    left.starts_with(b"E").then(|| &nested[..nested.len() - left.len()])
}

/// `<length> <name>` at the start of a mangled name: the name, and what comes behind it.
fn source_name(mangled: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = mangled.iter().take_while(|c| c.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&mangled[..digits]).ok()?.parse().ok()?;
    mangled[digits..].split_at_checked(length)
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
            ("_Z3fooi", &["_Z3foo3BarIcE"], Some("foo(Bar<char>)")),
            ("_ZN1A3getEv", &["_ZN1A3getERKSt6vectorIiE", "_ZNK1A3getEv"], Some("A::get() const")),
            ("_ZN1A5printEv", &["_ZN1A5pritnEv"], Some("A::pritn()")),
            ("_ZN1A1fEv", &["_ZN1AC1Ev", "_ZN1A1gEv"], None),
            ("_ZN1BD1Ev", &["_ZN1BC1Ev"], None),
            // Two constructors of one name.
            ("_ZN1AC1Ei", &["_ZN1AC2Ei"], None),
            ("_Z1gi", &["_ZTIi"], None),
            ("_ZTV6Shapes", &["_ZTS6Shapes", "_ZTV5Shape"], Some("vtable for Shape")),
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
