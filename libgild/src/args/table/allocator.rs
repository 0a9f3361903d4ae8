//! The memory allocator of the program.

use super::{Group, Row, Value, apply};
use crate::args::allocator::{Internal, Override, ReportFormat};
use crate::args::error::ArgError;

pub static GROUP: Group = Group { title: "Memory allocator", rows: ROWS };

const ROWS: &[Row] = &[
    apply(
        &["--allocator"],
        Value::Required("ARCHIVE"),
        "Give the program this memory allocator: a path, or a NAME (libNAME.a in the -L paths, in \
         GILD_ALLOCATOR_PATH, or bundled: mimalloc, mimalloc2), or libc for none; the default is \
         GILD_ALLOCATOR",
        |state, given| {
            let choice = given.text()?;
            if choice.is_empty() {
                return Err(ArgError::MissingValue { option: given.option.into() });
            }
            state.options.allocator.choice = Some(choice.into());
            Ok(())
        },
    ),
    apply(
        &["--allocator-prefix"],
        Value::Required("PREFIX"),
        "The allocator's functions are called PREFIXmalloc and so on; without --allocator, of \
         symbols that are in the link already",
        |state, given| {
            state.options.allocator.prefix = Some(given.text()?.into());
            Ok(())
        },
    ),
    apply(
        &["--allocator-internal"],
        Value::Required("POLICY"),
        "redirect: the C library's private callers get the allocator too; keep: they keep a heap \
         of their own; the default is redirect, but keep on musl for an allocator that uses \
         pthread_atfork",
        |state, given| {
            state.options.allocator.internal = match given.text()? {
                "redirect" => Some(Internal::Redirect),
                "keep" => Some(Internal::Keep),
                _ => return Err(given.bad("redirect or keep")),
            };
            Ok(())
        },
    ),
    apply(
        &["--allocator-override"],
        Value::Required("WINNER"),
        "object or provider: which one wins if an object defines malloc and its family too",
        |state, given| {
            state.options.allocator.winner = Some(match given.text()? {
                "object" => Override::Object,
                "provider" => Override::Provider,
                _ => return Err(given.bad("object or provider")),
            });
            Ok(())
        },
    ),
    apply(
        &["--allocator-report"],
        Value::Optional("FILE"),
        "Tell who provides the heap, symbol by symbol",
        |state, given| {
            state.options.allocator.report = Some(given.value.map(Into::into));
            Ok(())
        },
    ),
    apply(
        &["--allocator-report-format"],
        Value::Required("FORMAT"),
        "text (default) or json (default for a FILE that is called so)",
        |state, given| {
            state.options.allocator.format = Some(match given.text()? {
                "text" => ReportFormat::Text,
                "json" => ReportFormat::Json,
                _ => return Err(given.bad("text or json")),
            });
            Ok(())
        },
    ),
];
