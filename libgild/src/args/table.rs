//! The one table of options. The parser acts on it, `--help` prints it, and a misspelt option is
//! compared with it.

mod allocator;
mod ignored;
mod inputs;
mod keywords;
mod messages;
mod output;
mod process;
mod refused;
mod sections;
mod symbols;

use super::error::ArgError;
use super::state::State;
use super::values::Given;

/// Every option, in the order of `--help`.
pub static GROUPS: [&Group; 9] = [
    &inputs::GROUP,
    &output::GROUP,
    &symbols::GROUP,
    &allocator::GROUP,
    &sections::GROUP,
    &messages::GROUP,
    &process::GROUP,
    &ignored::GROUP,
    &refused::GROUP,
];

/// What may follow `-z`. The names have no dashes.
pub static KEYWORDS: &Group = &keywords::GROUP;

/// Options that belong together.
pub struct Group {
    /// The heading in `--help`.
    pub title: &'static str,
    /// In the order of `--help`.
    pub rows: &'static [Row],
}

/// One option.
pub struct Row {
    /// As documented, dashes included. A name of one letter takes exactly one dash; a longer one
    /// takes one or two, however it is documented (but see [`needs_two_dashes`]).
    pub names: &'static [&'static str],
    /// Whether a value follows.
    pub value: Value,
    /// What the option is for, or why it does nothing, or why it is refused.
    pub help: &'static str,
    /// What the parser does about it.
    pub action: Action,
}

/// The value of an option. The word is what `--help` calls it.
#[derive(Clone, Copy)]
pub enum Value {
    /// None.
    None,
    /// `--name=VALUE`, `--name VALUE`, `-nVALUE` or `-n VALUE`.
    Required(&'static str),
    /// `--name` or `--name=VALUE`.
    Optional(&'static str),
    /// The name is only the beginning of the option; whatever follows is part of it.
    Rest(&'static str),
}

/// The effect of an option.
pub enum Action {
    /// A setting that can't fail.
    Set(fn(&mut State)),
    /// A setting that depends on the value or the place.
    Apply(fn(&mut State, &Given) -> Result<(), ArgError>),
    /// Nothing, because it makes no difference to a static executable, or was made for other
    /// linkers' inner workings.
    Ignore,
    /// Nothing, though the user may have expected something.
    Warn(&'static str),
    /// An error: the output would not be what was asked for. The text goes on from "gild links
    /// static x86-64 executables and".
    Refuse(&'static str),
}

type Names = &'static [&'static str];

/// A row for an option without a value.
const fn flag(names: Names, help: &'static str, set: fn(&mut State)) -> Row {
    Row { names, value: Value::None, help, action: Action::Set(set) }
}

/// A row for an option that is checked or has a value.
const fn apply(
    names: Names,
    value: Value,
    help: &'static str,
    apply: fn(&mut State, &Given) -> Result<(), ArgError>,
) -> Row {
    Row { names, value, help, action: Action::Apply(apply) }
}

/// A row for an option without effect.
const fn ignored(names: Names, value: Value, help: &'static str) -> Row {
    Row { names, value, help, action: Action::Ignore }
}

/// A row for an option without effect that deserves a warning; the help is the warning.
const fn warned(names: Names, value: Value, help: &'static str) -> Row {
    Row { names, value, help, action: Action::Warn(help) }
}

/// A row for an option that can't be honoured.
const fn refused(names: Names, value: Value, help: &'static str, reason: &'static str) -> Row {
    Row { names, value, help, action: Action::Refuse(reason) }
}

/// Every row with each of its names.
pub fn names() -> impl Iterator<Item = (&'static Row, &'static str)> {
    GROUPS
        .iter()
        .flat_map(|group| group.rows)
        .flat_map(|row| row.names.iter().map(move |name| (row, *name)))
}

/// The option of this name, given without its dashes and without a value.
pub fn find_long(name: &str, dashes: usize) -> Option<&'static Row> {
    if name.len() < 2 || (dashes == 1 && needs_two_dashes(name)) {
        return None;
    }
    names()
        .find(|&(row, known)| {
            known.ends_with(name) && undashed(known) == name && !is_beginning(row)
        })
        .map(|(row, _)| row)
}

/// The option of which `name` is a continuation.
pub fn find_beginning(name: &str) -> Option<&'static Row> {
    names()
        .find(|&(row, known)| is_beginning(row) && name.starts_with(undashed(known)))
        .map(|(row, _)| row)
}

/// The option of this letter.
pub fn find_short(letter: &str) -> Option<&'static Row> {
    names().find(|&(_, known)| !is_long(known) && undashed(known) == letter).map(|(row, _)| row)
}

/// The `-z` keyword of this name.
pub fn find_keyword(name: &str) -> Option<&'static Row> {
    KEYWORDS.rows.iter().find(|row| row.names.contains(&name))
}

/// Names of more than one letter, as documented.
pub fn long_names() -> impl Iterator<Item = &'static str> {
    names().filter(|&(row, known)| is_long(known) && !is_beginning(row)).map(|(_, known)| known)
}

/// The name without leading dashes.
pub fn undashed(name: &str) -> &str {
    name.trim_start_matches('-')
}

/// GNU ld manual, "Command-line Options": a long option that begins with `o` needs two dashes,
/// since `-omagic` writes to the file `magic`. Likewise `-lto` is the library `to`, whereas GNU ld
/// has `-library` and `-library-path` itself.
fn needs_two_dashes(name: &str) -> bool {
    name.starts_with('o') || name.starts_with("lto")
}

fn is_long(name: &str) -> bool {
    undashed(name).len() > 1
}

fn is_beginning(row: &Row) -> bool {
    matches!(row.value, Value::Rest(_))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_leads_to_its_own_row() {
        let mut seen = HashSet::new();
        for (row, name) in names() {
            let bare = undashed(name);
            let found = match row.value {
                Value::Rest(_) => find_beginning(bare),
                _ if bare.len() == 1 => find_short(bare),
                _ => find_long(bare, 2),
            };
            assert!(found.is_some_and(|found| std::ptr::eq(found, row)), "{name}");
            assert!(seen.insert(bare), "{name} occurs twice");
        }
        for row in KEYWORDS.rows {
            for name in row.names {
                assert!(std::ptr::eq(find_keyword(name).unwrap(), row), "-z {name}");
                assert!(!name.starts_with('-'), "-z {name}");
            }
        }
    }

    #[test]
    fn every_row_is_documented() {
        for row in GROUPS.iter().flat_map(|group| group.rows).chain(KEYWORDS.rows) {
            let name = row.names[0];
            assert!(!row.help.is_empty() && !row.help.ends_with('.'), "{name}");
            assert_eq!(name.starts_with('-'), find_keyword(name).is_none(), "{name}");
        }
    }
}
