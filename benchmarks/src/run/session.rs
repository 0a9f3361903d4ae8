//! One job in one setting: warm-up, check, floor, and rounds in which the contestants take turns.

use super::Options;
use super::floor;
use super::setting::Setting;
use crate::job::Job;
use crate::linkers::{self, Contestant};
use crate::measure::{self, Invocation, Sample, room};
use crate::process;
use crate::report::results::{Entry, Measured};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// Less than this many rounds say nothing about the spread.
const LEAST_ROUNDS: usize = 5;

/// More rounds than this no longer move the median.
const MOST_ROUNDS: usize = 101;

/// Someone who takes part: a linker, or the floor.
pub struct Runner {
    /// The row that the samples end up in.
    pub entry: Entry,
    /// How it is started.
    pub invocation: Invocation,
    /// Its own output file.
    pub output: PathBuf,
    /// Bytes that a run takes of free memory at most, page cache of the output included.
    pub room: u64,
    samples: Vec<Sample>,
}

/// A job in a setting.
pub struct Session<'a> {
    job: &'a Job,
    setting: Setting,
    options: &'a Options,
    /// A folder of this session alone, removed with it.
    folder: PathBuf,
    runners: Vec<Runner>,
    failures: Vec<Entry>,
}

impl<'a> Session<'a> {
    /// Makes the folder for the outputs.
    ///
    /// # Errors
    /// Those of making it.
    pub fn new(job: &'a Job, setting: Setting, options: &'a Options) -> Result<Self> {
        let base = if setting.on_disk() { &options.disk } else { &options.memory };
        let folder = base.join(format!("gild-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
        Ok(Self { job, setting, options, folder, runners: Vec::new(), failures: Vec::new() })
    }

    /// Lets `contestant` take part if its output works.
    ///
    /// # Errors
    /// If it can't be started at all.
    pub fn admit(&mut self, contestant: &Contestant) -> Result<()> {
        let output = self.output();
        let arguments = self.arguments(contestant, &output);
        let invocation = Invocation {
            dir: self.job.inputs_dir(),
            program: contestant.program.clone(),
            arguments: arguments.into_iter().map(Into::into).collect(),
        };
        let entry = Entry::new(&contestant.name, contestant.role);
        let mut runner = Runner { entry, invocation, output, room: 0, samples: Vec::new() };
        match self.try_out(&mut runner) {
            Ok(()) => self.runners.push(runner),
            Err(error) => {
                eprintln!("{}: {}: {error:#}", self.job.about.name, contestant.name);
                runner.entry.failure = Some(format!("{error:#}"));
                self.failures.push(runner.entry);
            }
        }
        Ok(())
    }

    fn output(&self) -> PathBuf {
        self.folder.join(format!("out-{}", self.runners.len()))
    }

    fn arguments(&self, contestant: &Contestant, output: &std::path::Path) -> Vec<String> {
        let about = &self.job.about;
        let mut arguments = contestant.leading().iter().map(|&a| a.to_owned()).collect::<Vec<_>>();
        arguments.push(format!("@{}", self.job.response().display()));
        arguments.extend(linkers::evened(about.gc_sections, &self.options.build_id));
        arguments.extend(contestant.flags.iter().cloned());
        arguments.extend(["-o".to_owned(), output.display().to_string()]);
        arguments
    }

    /// The first, discarded run; its output is run.
    fn try_out(&self, runner: &mut Runner) -> Result<()> {
        let sample = self.once(runner)?;
        runner.entry.output_bytes = fs::metadata(&runner.output).context("no output")?.len();
        runner.room = sample.memory + runner.entry.output_bytes;
        let Some(check) = &self.job.about.check else { return Ok(()) };
        let mut program = Command::new(&runner.output);
        let printed = process::run(program.args(&check.arguments)).context("the output fails")?;
        if !printed.contains(&check.prints) {
            bail!("the output prints {:?}, without {:?}", printed.trim_end(), check.prints);
        }
        Ok(())
    }

    fn once(&self, runner: &Runner) -> Result<Sample> {
        self.setting.prepare(&runner.output)?;
        if !self.options.cold {
            room::make(runner.room)?;
        }
        measure::run(&runner.invocation, &self.folder.join("log"))
    }

    /// Measures everyone who was admitted, and the floor.
    ///
    /// # Errors
    /// If the floor can't be measured.
    pub fn measure(mut self) -> Result<Measured> {
        let smallest = self.runners.iter().map(|runner| runner.entry.output_bytes).min();
        if let Some(size) = smallest {
            let output = self.output();
            let (entry, invocation) =
                floor::choose(self.job, self.setting, &self.folder, &output, size)?;
            let room = size;
            self.runners.push(Runner { entry, invocation, output, room, samples: Vec::new() });
        }
        let start = Instant::now();
        self.round(0, false);
        let rounds = self.rounds(start.elapsed().as_secs_f64());
        for round in 0..rounds {
            self.round(round, true);
        }
        Ok(self.finish())
    }

    fn rounds(&self, one: f64) -> usize {
        let fitting = (self.options.seconds / one.max(1e-6)) as usize;
        self.options.rounds.unwrap_or(fitting.clamp(LEAST_ROUNDS, MOST_ROUNDS))
    }

    /// Everyone once, each round in another order: who runs after whom evens out.
    fn round(&mut self, number: usize, keep: bool) {
        for place in order(self.runners.len(), number) {
            let result = self.once(&self.runners[place]);
            let runner = &mut self.runners[place];
            match result {
                Ok(sample) if keep => runner.samples.push(sample),
                Ok(_) => {}
                Err(error) => runner.entry.failure = Some(format!("{error:#}")),
            }
        }
    }

    fn finish(mut self) -> Measured {
        let runners = std::mem::take(&mut self.runners);
        let mut entries = runners
            .into_iter()
            .map(|runner| runner.entry.with_samples(&runner.samples))
            .collect::<Vec<_>>();
        entries.append(&mut self.failures);
        Measured::new(self.setting, entries)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// The order of `count` contestants in round `number`: rotated, and every other round reversed.
pub fn order(count: usize, number: usize) -> Vec<usize> {
    let mut order = (0..count).map(|place| (place + number / 2) % count).collect::<Vec<_>>();
    if number % 2 == 1 {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_runs_once_a_round_and_first_equally_often() {
        let mut first = [0; 5];
        for number in 0..10 {
            let mut order = order(5, number);
            first[order[0]] += 1;
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4]);
        }
        assert_eq!(first, [2; 5]);
    }
}
