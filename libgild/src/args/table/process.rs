//! How the linker does its work.

use super::{Group, Row, Value, apply, flag};
use crate::args::error::ArgError;
use crate::args::state::State;
use crate::args::values::Given;

pub static GROUP: Group = Group { title: "The linker's work", rows: ROWS };

const ROWS: &[Row] = &[
    apply(
        &["--threads"],
        Value::Optional("N"),
        "Use N threads, or one to a core if these are fewer (default: in proportion to the work)",
        |state, given| match given.value {
            Some(_) => threads(state, given),
            None => {
                state.options.threads = None;
                Ok(())
            }
        },
    ),
    apply(&["--thread-count"], Value::Required("N"), "Use N threads", threads),
    flag(&["--no-threads"], "Use one thread", |state| state.options.threads = Some(1)),
    flag(&["--fork"], "Return before the memory is unmapped (default)", |state| {
        state.options.fork = true;
    }),
    flag(&["--no-fork"], "Stay in one process", |state| state.options.fork = false),
    flag(&["--time"], "Print how long each phase took", |state| state.options.time = true),
    flag(&["--stats"], "Print what was read, extracted, kept and written", |state| {
        state.options.stats = true;
    }),
    flag(&["--no-stats"], "Undo --stats", |state| state.options.stats = false),
];

fn threads(state: &mut State, given: &Given) -> Result<(), ArgError> {
    match usize::try_from(given.number()?) {
        Ok(0) | Err(_) => Err(given.bad("a number of threads")),
        Ok(count) => {
            state.options.threads = Some(count);
            Ok(())
        }
    }
}
