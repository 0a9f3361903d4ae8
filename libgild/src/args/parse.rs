//! From arguments to options.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::error::{ArgError, did_you_mean};
use super::nearest::nearest;
use super::options::{InputName, Options};
use super::response;
use super::state::State;
use super::table::{self, Action, Row, Value};
use super::values::{Given, after};

/// What a command line asks for.
#[derive(Debug)]
pub enum Command {
    /// To link, after printing these warnings (unless [`Options::no_warnings`]).
    Link(Box<Options>, Vec<String>),
    /// To print this text, without a final newline, on standard output and exit successfully.
    Print(String),
}

/// Reads a command line in GNU ld's syntax.
///
/// `args` are the arguments alone, without the program's name. `@FILE`s are read; nothing else is
/// opened.
///
/// `--help` and `--version` win over everything else on the line, because build systems ask for
/// them amid the options of a full link.
///
/// # Errors
///
/// Everything wrong with the line, in its order; what only the whole line can tell comes last.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Vec<ArgError>> {
    let mut errors = Vec::new();
    let args = response::expand(args, &mut errors);
    let mut parser =
        Parser { rest: args.into(), state: State::default(), errors, only_inputs: false };
    while let Some(arg) = parser.rest.pop_front() {
        parser.argument(&arg);
        if let Some(text) = parser.state.print {
            return Ok(Command::Print(text));
        }
    }
    parser.finish()
}

struct Parser {
    rest: VecDeque<OsString>,
    state: State,
    errors: Vec<ArgError>,
    /// `--` was seen.
    only_inputs: bool,
}

impl Parser {
    fn argument(&mut self, arg: &OsString) {
        match arg.as_bytes() {
            b"--" if !self.only_inputs => self.only_inputs = true,
            [b'-', _, ..] if !self.only_inputs => {
                if let Err(error) = self.option(arg) {
                    self.errors.push(error);
                }
            }
            _ => match response::response_path(arg) {
                Some(path) => self.errors.push(ArgError::NoResponseFile { path: path.into() }),
                None => self.state.input(InputName::Path(arg.into())),
            },
        }
    }

    /// A long option if there is one of that name, else a letter and its value: the order of
    /// `getopt_long_only`, which GNU ld uses.
    fn option(&mut self, arg: &OsStr) -> Result<(), ArgError> {
        let bytes = arg.as_bytes();
        let dashes = if bytes.starts_with(b"--") { 2 } else { 1 };
        let equals = bytes.iter().position(|&byte| byte == b'=');
        let end = equals.unwrap_or(bytes.len());
        let Ok(written) = std::str::from_utf8(&bytes[..end]) else {
            return self.letter(arg).unwrap_or_else(|| Err(unknown(arg)));
        };
        let name = &written[dashes..];
        if let Some(row) = table::find_long(name, dashes) {
            return self.long(row, written, equals.map(|equals| after(arg, equals + 1)));
        }
        if dashes == 2 {
            return match table::find_beginning(name) {
                Some(row) => self.act(row, &Given { option: written, value: None }),
                None => Err(unknown(arg)),
            };
        }
        self.letter(arg).unwrap_or_else(|| Err(unknown(arg)))
    }

    fn long(&mut self, row: &Row, option: &str, attached: Option<&OsStr>) -> Result<(), ArgError> {
        match (row.value, attached) {
            (Value::None, Some(value)) => Err(ArgError::UnexpectedValue {
                option: option.into(),
                value: value.to_string_lossy().into_owned(),
            }),
            (Value::Required(_), None) => self.act_with_next(row, option),
            _ => self.act(row, &Given { option, value: attached }),
        }
    }

    /// `-lfoo`, `-l foo` or `-s`; `None` if no option has that letter.
    fn letter(&mut self, arg: &OsStr) -> Option<Result<(), ArgError>> {
        let option = std::str::from_utf8(arg.as_bytes().get(..2)?).ok()?;
        let row = table::find_short(&option[1..])?;
        let attached = after(arg, 2);
        match row.value {
            Value::Required(_) if attached.is_empty() => Some(self.act_with_next(row, option)),
            Value::Required(_) => {
                let result = self.act(row, &Given { option, value: Some(attached) });
                // -as-neded is no keyword of -a.
                Some(result.map_err(|error| match unknown(arg) {
                    unknown @ ArgError::UnknownOption { nearest: Some(_), .. } => unknown,
                    _ => error,
                }))
            }
            _ if attached.is_empty() => Some(self.act(row, &Given { option, value: None })),
            _ => None,
        }
    }

    fn act_with_next(&mut self, row: &Row, option: &str) -> Result<(), ArgError> {
        match self.rest.pop_front() {
            Some(value) => self.act(row, &Given { option, value: Some(&value) }),
            None => Err(ArgError::MissingValue { option: option.into() }),
        }
    }

    fn act(&mut self, row: &Row, given: &Given) -> Result<(), ArgError> {
        self.state.act(row, given)
    }

    fn finish(mut self) -> Result<Command, Vec<ArgError>> {
        let print = self.state.print_without_inputs.take();
        if let (Some(text), true, true) =
            (print, self.state.options.inputs.is_empty(), self.errors.is_empty())
        {
            return Ok(Command::Print(text));
        }
        let (options, warnings) = self.state.finish(&mut self.errors);
        if self.errors.is_empty() {
            Ok(Command::Link(Box::new(options), warnings))
        } else {
            Err(self.errors)
        }
    }
}

impl State {
    fn act(&mut self, row: &Row, given: &Given) -> Result<(), ArgError> {
        match row.action {
            Action::Set(set) => set(self),
            Action::Apply(apply) => return apply(self, given),
            Action::Ignore => {}
            Action::Warn(reason) => self.warn(given, reason),
            Action::Refuse(reason) => return Err(given.refuse(reason)),
        }
        Ok(())
    }

    /// Records that an option has no effect.
    pub fn warn(&mut self, given: &Given, reason: &str) {
        self.warnings.push(format!("option '{}' has no effect: {reason}", given.written()));
    }

    /// `-z KEYWORD` or `-z KEYWORD=VALUE`. As with GNU ld, a keyword that isn't known is no error.
    pub fn keyword(&mut self, text: &str) -> Result<(), ArgError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(OsStr::new(value))),
            None => (text, None),
        };
        let option = format!("-z {name}");
        let Some(row) = table::find_keyword(name) else {
            let known = table::KEYWORDS.rows.iter().flat_map(|row| row.names.iter().copied());
            let meant = nearest(name, known).map(|keyword| format!("-z {keyword}"));
            let hint = did_you_mean(meant.as_deref());
            self.warnings.push(format!("unknown option '{option}' is ignored{hint}"));
            return Ok(());
        };
        match (row.value, value) {
            (Value::None, Some(value)) => Err(ArgError::UnexpectedValue {
                option,
                value: value.to_string_lossy().into_owned(),
            }),
            (Value::Required(_), None) => Err(ArgError::MissingValue { option }),
            _ => self.act(row, &Given { option: &option, value }),
        }
    }
}

/// An option that no row has, with the name that comes closest, whatever the dashes.
///
/// GNU ld takes the beginning of a name for the name. gild doesn't, since what is unambiguous
/// today may not be tomorrow; but it knows what was meant.
fn unknown(arg: &OsStr) -> ArgError {
    let written = arg.to_string_lossy();
    let option = written.split('=').next().unwrap_or_default();
    let name = table::undashed(option);
    let known = || table::long_names().map(table::undashed);
    let continues = |known: &&str| name.len() >= 3 && known.starts_with(name);
    let meant = nearest(name, known()).or_else(|| {
        let mut continuations = known().filter(continues);
        continuations.next().filter(|_| continuations.next().is_none())
    });
    let nearest =
        meant.and_then(|meant| table::long_names().find(|known| table::undashed(known) == meant));
    ArgError::UnknownOption { option: option.into(), nearest }
}
