//! gild links static x86-64 ELF executables. This file is the pipeline, phase by phase:
//!
//! | phase | modules | what it gives |
//! | --- | --- | --- |
//! | load | `input`, `substitute` | mapped files; a chosen allocator in front of them |
//! | resolve | `symbols` | the objects that take part, the definition of each name |
//! | gather | `sections` | input sections, and the output sections that they go to |
//! | mark | `live` | what is reached, and what each symbol needs |
//! | merge | `merge` | pieces of mergeable sections, each once, as sections of their own |
//! | layout | `layout`, `synth` | linker-made sections, the order of all, segments, addresses |
//! | write | `write` | the output |
//!
//! `args` reads the command line, `arch` knows relocations and instructions, `diagnostics`, `faults`
//! and `demangle` make messages, `listing` makes maps and lists. What all phases use: `elf`, `ids`,
//! `tasks` (parallel loops), `parts`, `prefetch` and `zeros` (memory).

mod arch;
pub mod args;
pub mod demangle;
pub mod diagnostics;
mod edit_distance;
mod elf;
mod faults;
mod ids;
mod input;
mod layout;
mod listing;
mod live;
mod merge;
mod object_file;
mod parts;
mod prefetch;
mod sections;
pub mod stats;
mod substitute;
mod symbols;
mod synth;
mod tasks;
pub mod times;
mod write;
mod zeros;

pub use input::script;
pub use substitute::note;

use args::Options;
use diagnostics::{Error, Errors, Result};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use stats::Stats;
use std::fs::File;
use synth::Context;
use times::Times;

/// What a link has to say beside its output file.
#[derive(Debug)]
pub struct Outcome {
    /// One message each, without a prefix.
    pub warnings: Vec<String>,
    /// The same for what is worth knowing and no fault, even with `--fatal-warnings`.
    pub notes: Vec<String>,
    /// Lines for standard output: maps, lists and reports that were asked for without a file.
    pub lines: Vec<String>,
    /// Time by phase.
    pub times: Times,
    /// What was read, extracted, kept and written, with `--stats`.
    pub stats: Option<Stats>,
    /// The file that the output has replaced. Its blocks and pages are freed when this is dropped,
    /// which takes some 10 ms for 100 MB.
    pub replaced: Option<File>,
}

/// Links `options.inputs` into `options.output`. Keeps no state: any number of links may run in one process.
///
/// Errors come all together, in input order; an older program at the output path is then gone, as with
/// GNU ld. With `--fatal-warnings`, warnings come as errors before anything is written.
pub fn link(options: &Options) -> Result<Outcome> {
    struct Library;
    impl Host for Library {
        type End = Outcome;
        fn threads(
            &mut self,
            useful: usize,
        ) -> std::result::Result<ThreadPool, ThreadPoolBuildError> {
            ThreadPoolBuilder::new().num_threads(useful).build()
        }
        fn linked(self, outcome: Outcome) -> Outcome {
            outcome
        }
    }
    link_for(options, Library)
}

/// The process around a link.
pub trait Host: Send {
    /// What comes of a link that succeeds.
    type End: Send;

    /// Called once, with the number of threads that are useful for the input, or that
    /// `Options::threads` asks for. Starts as many, or fewer.
    fn threads(&mut self, useful: usize) -> std::result::Result<ThreadPool, ThreadPoolBuildError>;

    /// Called when the output is complete. It may end the process, which is faster than giving back
    /// what the link has allocated.
    fn linked(self, outcome: Outcome) -> Self::End;
}

/// As [`link`], for a process that shares its machine with others.
pub fn link_for<H: Host>(options: &Options, host: H) -> Result<H::End> {
    let linked = try_link(options, host);
    if linked.is_err() {
        write::remove_output(options);
    }
    linked
}

fn try_link<H: Host>(options: &Options, mut host: H) -> Result<H::End> {
    let mut times = Times::start(options.time);
    let mut warnings = Vec::new();
    if options.inputs.len() >= input::MANY {
        let pool = thread_pool(options, input::sizes(options), &mut host)?;
        return pool.install(|| {
            let inputs = load(options, &mut warnings, &mut times)?;
            link_inputs(&inputs, options, warnings, times, host)
        });
    }
    let inputs = load(options, &mut warnings, &mut times)?;
    let pool = thread_pool(options, [inputs.bytes()].into_iter(), &mut host)?;
    pool.install(|| link_inputs(&inputs, options, warnings, times, host))
}

fn load(options: &Options, warnings: &mut Vec<String>, times: &mut Times) -> Result<input::Inputs> {
    let mut inputs = input::load(options)?;
    substitute::plan(&mut inputs, options, warnings)?;
    times.end("load");
    Ok(inputs)
}

fn thread_pool<H: Host>(
    options: &Options,
    input_sizes: impl Iterator<Item = u64>,
    host: &mut H,
) -> Result<ThreadPool> {
    let useful = options.threads.unwrap_or_else(|| threads_for(input_sizes));
    let pool = host.threads(useful.max(1));
    pool.map_err(|error| Error::Message(format!("cannot start threads: {error}")).into())
}

fn link_inputs<H: Host>(
    inputs: &input::Inputs,
    options: &Options,
    mut warnings: Vec<String>,
    mut times: Times,
    host: H,
) -> Result<H::End> {
    let read = inputs.binding.as_deref().and_then(|binding| binding.read_options(options));
    let options = read.as_ref().unwrap_or(options);
    let mut resolved = symbols::resolve(inputs, options, &mut warnings)?;
    times.end("resolve");
    // Duplicate definitions come in one report with the undefined symbols of live code.
    let early = std::mem::take(&mut resolved.errors);
    let binding = inputs.binding.as_deref();
    let reached = reach(&resolved, binding, options, &mut times);
    let ((), (mut sections, mut live)) = Errors::both(Errors::check(early), reached)?;
    let mut report = None;
    let mut notes = Vec::new();
    if let Some(binding) = binding {
        substitute::verify(&resolved, &mut live, binding, options, &mut warnings, &mut notes)?;
        report = substitute::report(&resolved, &live, binding, options, &mut warnings)?;
    }
    // The source line of a warning takes as long to find as half of a small link's merging.
    let (merged, warned) = rayon::join(
        || merge::merge(&resolved, &mut sections, &live, options),
        || live.warning_symbols.iter().map(|found| found.text(&resolved)).collect::<Vec<_>>(),
    );
    let merged = merged?;
    warnings.extend(live.warnings.iter().cloned().chain(warned));
    times.end("merge");
    let mut layout =
        layout::layout(&resolved, &mut sections, &live, &merged, options, &mut warnings)?;
    times.end("layout");
    if options.fatal_warnings && !options.no_warnings {
        Errors::check(warnings.drain(..).map(Error::Message).collect())?;
    }
    write::spare_inputs(inputs, options)?;
    let (resolved, sections, live, merged) = (&resolved, &sections, &live, &merged);
    if let Some(format) = options.compress_debug {
        let context = Context { resolved, sections, live, merged, layout: &layout, options };
        let compressed = write::compress_debug_sections(context, format)?;
        layout.replace(sections, compressed)?;
        times.end("compress");
    }
    let context = Context { resolved, sections, live, merged, layout: &layout, options };
    let written = write::write(context)?;
    times.end("write");
    let count = || Stats::new(inputs, resolved, sections, live, written.bytes);
    let stats = options.stats.then(count);
    let lines = listing::list(inputs, context, report)?;
    let replaced = written.replaced;
    Ok(host.linked(Outcome { warnings, notes, lines, times, stats, replaced }))
}

/// Which sections there are, and which of them are live.
fn reach(
    resolved: &symbols::Resolved,
    binding: Option<&substitute::Binding>,
    options: &Options,
    times: &mut Times,
) -> Result<(sections::Sections, live::Live)> {
    layout::start_files::check(resolved, options)?;
    let sections = sections::gather(resolved, options)?;
    times.end("gather");
    let live = live::mark(resolved, &sections, options);
    let live = live.map_err(|errors| match binding {
        Some(binding) => substitute::explain(errors, binding, resolved),
        None => errors,
    })?;
    times.end("mark");
    Ok((sections, live))
}

/// Threads in proportion to the work: a megabyte of input is about 500 µs of it. Counting the cores and
/// starting a thread takes 300 µs, a sixth of the smallest C program's link, whose libraries have 6 MB.
/// Asks for no more sizes than are needed to tell.
fn threads_for(mut input_sizes: impl Iterator<Item = u64>) -> usize {
    const LEAST: u64 = 8 << 20;
    const PER_THREAD: u64 = 4 << 20;
    let mut bytes = 0;
    let mut bytes_up_to = |enough: u64| {
        while bytes < enough
            && let Some(size) = input_sizes.next()
        {
            bytes += size;
        }
        bytes
    };
    if bytes_up_to(LEAST) < LEAST {
        return 1;
    }
    let cores = cores();
    let useful = 1 + bytes_up_to(PER_THREAD * cores as u64) / PER_THREAD;
    cores.min(usize::try_from(useful).unwrap_or(usize::MAX))
}

/// How many threads this process may run at a time; asking takes 50 µs.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
