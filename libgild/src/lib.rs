//! gild links static x86-64 ELF executables. This file is the pipeline and the map of the house:
//! each phase borrows what earlier phases froze and returns a new value.

pub mod arch;
pub mod args;
pub mod diagnostics;
mod edit_distance;
pub mod elf;
pub mod ids;
pub mod input;
pub mod layout;
pub mod listing;
pub mod live;
pub mod merge;
pub mod sections;
pub mod stats;
pub mod substitute;
pub mod symbols;
pub mod synth;
pub mod times;
pub mod write;

use args::Options;
use diagnostics::{Error, Errors, Result};
use stats::Stats;
use times::Times;

/// What a link has to say beside its output file.
#[derive(Debug)]
pub struct Outcome {
    /// One message each, without a prefix.
    pub warnings: Vec<String>,
    /// Lines for standard output, `--print-gc-sections` and `--trace`.
    pub lines: Vec<String>,
    /// Time by phase.
    pub times: Times,
    /// What was read, extracted, kept and written.
    pub stats: Stats,
}

/// Links `options.inputs` into `options.output`. Keeps no state: any number of links may run in one process.
///
/// Errors come all together, in input order; an older output is then gone, as with GNU ld. With
/// `--fatal-warnings`, warnings come as errors before anything is written.
pub fn link(options: &Options) -> Result<Outcome> {
    link_then(options, |_| {}, |outcome| outcome)
}

/// As [`link`], for a process that has nothing else to do. `loaded` learns how many bytes of input
/// there are, before the first thread starts; `linked` is called with the output complete and may
/// end the process, which is faster than giving back what the link has allocated.
pub fn link_then<T: Send>(
    options: &Options,
    loaded: impl FnOnce(u64),
    linked: impl FnOnce(Outcome) -> T + Send,
) -> Result<T> {
    let linked = try_link(options, loaded, linked);
    if linked.is_err() {
        write::remove_output(options);
    }
    linked
}

fn try_link<T: Send>(
    options: &Options,
    loaded: impl FnOnce(u64),
    linked: impl FnOnce(Outcome) -> T + Send,
) -> Result<T> {
    let mut times = Times::start();
    let mut warnings = Vec::new();
    let mut inputs = input::load(options, &mut warnings)?;
    loaded(inputs.bytes());
    substitute::plan(&mut inputs, options, &mut warnings)?;
    times.end("load");
    let threads = options.threads.unwrap_or_else(|| threads_for(inputs.bytes()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::Message(format!("cannot start threads: {error}")))?;
    pool.install(|| link_inputs(&inputs, options, warnings, times, linked))
}

fn link_inputs<T>(
    inputs: &input::Inputs,
    options: &Options,
    mut warnings: Vec<String>,
    mut times: Times,
    linked: impl FnOnce(Outcome) -> T,
) -> Result<T> {
    let resolved = symbols::resolve(inputs, options, &mut warnings)?;
    times.end("resolve");
    layout::start_files::check(&resolved, options)?;
    let mut sections = sections::gather(&resolved, options)?;
    times.end("gather");
    let live = live::mark(&resolved, &sections, options);
    let binding = inputs.binding.as_deref();
    let live = live.map_err(|errors| match binding {
        Some(binding) => substitute::explain(errors, binding, &resolved),
        None => errors,
    })?;
    let mut report = Vec::new();
    if let Some(binding) = binding {
        substitute::verify(&resolved, &live, binding)?;
        report = substitute::report(&resolved, &live, binding, options, &mut warnings)?;
    }
    warnings.extend(live.warnings.iter().cloned());
    times.end("mark");
    let merged = merge::merge(&resolved, &mut sections, &live, options)?;
    times.end("merge");
    let layout = layout::layout(&resolved, &mut sections, &live, &merged, options, &mut warnings)?;
    times.end("layout");
    if options.fatal_warnings && !options.no_warnings {
        Errors::check(warnings.drain(..).map(Error::Message).collect())?;
    }
    let context = synth::Context {
        resolved: &resolved,
        sections: &sections,
        live: &live,
        merged: &merged,
        layout: &layout,
        options,
    };
    let written = write::write(context)?;
    times.end("write");
    let stats = Stats::new(inputs, &resolved, &sections, &live, written.bytes);
    report.extend(listing::list(inputs, context)?);
    Ok(linked(Outcome { warnings, lines: report, times, stats }))
}

/// Threads in proportion to the work: starting one costs about 15 µs, and a megabyte of input about
/// 500 µs of work, so a small link runs on one.
fn threads_for(input_bytes: u64) -> usize {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    let useful = 1 + input_bytes / (4 << 20);
    available.min(usize::try_from(useful).unwrap_or(usize::MAX))
}
