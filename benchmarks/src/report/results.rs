//! What was measured, and the ratios drawn from it.

use super::machine::Machine;
use crate::job::{Job, LeftOut};
use crate::linkers::{Contestant, Role};
use crate::measure::Sample;
use crate::run::Options;
use crate::run::setting::Setting;
use crate::stats::Summary;
use serde::Serialize;

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Results {
    /// What it was measured on.
    pub machine: Machine,
    /// Who took part.
    pub contestants: Vec<Contestant>,
    /// What `--build-id` every linker got.
    pub build_id: String,
    /// Job by job.
    pub jobs: Vec<Outcome>,
}

impl Results {
    /// Results without any job yet.
    pub fn new(machine: Machine, contestants: Vec<Contestant>, options: &Options) -> Self {
        Self { machine, contestants, build_id: options.build_id.clone(), jobs: Vec::new() }
    }

    /// Whether the linker under test failed at a job: the figures then say nothing about it.
    pub fn subject_failed(&self) -> bool {
        let settings = self.jobs.iter().flat_map(|job| &job.settings);
        let mut entries = settings.flat_map(|measured| &measured.entries);
        entries.any(|entry| entry.role == Some(Role::Subject) && entry.failure.is_some())
    }
}

/// A job in all settings.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The job.
    pub name: String,
    /// The job in words.
    pub title: String,
    /// Bytes of all inputs.
    pub input_bytes: u64,
    /// Bytes of them that a linker has to read.
    pub needed_bytes: u64,
    /// The job's place among multiples of a synthetic job.
    pub scale: Option<f64>,
    /// Arguments of the driver that no linker got.
    pub left_out: Vec<LeftOut>,
    /// Setting by setting.
    pub settings: Vec<Measured>,
}

impl Outcome {
    /// An outcome without any setting yet.
    pub fn new(job: &Job) -> Self {
        Self {
            name: job.about.name.clone(),
            title: job.about.title.clone(),
            input_bytes: job.about.input_bytes,
            needed_bytes: job.needed_bytes(),
            scale: job.about.scale,
            left_out: job.about.left_out.clone(),
            settings: Vec::new(),
        }
    }
}

/// One contestant's row.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The contestant's name, or `floor`.
    pub name: String,
    /// What it counts for; nothing for the floor.
    pub role: Option<Role>,
    /// How the floor reads and writes.
    pub way: Option<String>,
    /// Bytes of the output.
    pub output_bytes: u64,
    /// Seconds until the linker's first process exited.
    pub wall: Summary,
    /// Seconds until its last process exited.
    pub settled: Summary,
    /// User + system seconds of all its processes.
    pub cpu: Summary,
    /// System seconds alone.
    pub system: Summary,
    /// Bytes: the greatest of its processes' peaks of resident memory.
    pub memory: Summary,
    /// Page faults without reading.
    pub minor_faults: Summary,
    /// Wall time over that of the fastest peer.
    pub to_fastest_peer: Option<f64>,
    /// CPU time over that of the leanest peer.
    pub to_leanest_cpu: Option<f64>,
    /// Memory over that of the leanest peer.
    pub to_leanest_memory: Option<f64>,
    /// Wall time over the floor's.
    pub to_floor: Option<f64>,
    /// Why there are no figures.
    pub failure: Option<String>,
}

impl Entry {
    /// A row without figures.
    pub fn new(name: &str, role: Role) -> Self {
        Self { role: Some(role), ..Self::floor_named(name) }
    }

    /// The floor's row, which says in which `way` it reads and writes.
    pub fn floor(way: &str) -> Self {
        Self { way: Some(way.to_owned()), ..Self::floor_named("floor") }
    }

    fn floor_named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            role: None,
            way: None,
            output_bytes: 0,
            wall: Summary::default(),
            settled: Summary::default(),
            cpu: Summary::default(),
            system: Summary::default(),
            memory: Summary::default(),
            minor_faults: Summary::default(),
            to_fastest_peer: None,
            to_leanest_cpu: None,
            to_leanest_memory: None,
            to_floor: None,
            failure: None,
        }
    }

    /// The row with the figures of its runs.
    pub fn with_samples(mut self, samples: &[Sample]) -> Self {
        let summary = |get: fn(&Sample) -> f64| Summary::of(samples.iter().map(get));
        self.wall = summary(|sample| sample.wall);
        self.settled = summary(|sample| sample.settled);
        self.cpu = summary(|sample| sample.user + sample.system);
        self.system = summary(|sample| sample.system);
        self.memory = summary(|sample| sample.memory as f64);
        self.minor_faults = summary(|sample| sample.minor_faults as f64);
        self
    }

    fn counts(&self) -> bool {
        self.failure.is_none() && self.wall.count > 0
    }
}

/// All contestants on one job in one setting.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The setting.
    pub setting: Setting,
    /// The peer with the smallest median.
    pub fastest_peer: Option<String>,
    /// Rows, with ratios.
    pub entries: Vec<Entry>,
}

impl Measured {
    /// Draws the ratios between `entries`. The leanest peer is looked for among the linkers that
    /// don't fork as well, and needn't be the fastest.
    pub fn new(setting: Setting, mut entries: Vec<Entry>) -> Self {
        let counting = entries.iter().filter(|entry| entry.counts()).cloned().collect::<Vec<_>>();
        let peers = |entry: &&Entry| entry.role == Some(Role::Peer);
        let lean = |entry: &&Entry| peers(entry) || entry.name.ends_with("-no-fork");
        let fastest = counting
            .iter()
            .filter(peers)
            .min_by(|a, b| a.wall.median.total_cmp(&b.wall.median))
            .cloned();
        let least =
            |get: fn(&Entry) -> f64| counting.iter().filter(lean).map(get).min_by(f64::total_cmp);
        let (cpu, memory) = (least(|e| e.cpu.median), least(|e| e.memory.median));
        let floor = counting.iter().find(|entry| entry.role.is_none()).map(|e| e.wall.median);
        for entry in entries.iter_mut().filter(|entry| entry.counts()) {
            let wall = entry.wall.median;
            entry.to_fastest_peer = fastest.as_ref().map(|peer| wall / peer.wall.median);
            entry.to_leanest_cpu = cpu.map(|least| entry.cpu.median / least);
            entry.to_leanest_memory = memory.map(|least| entry.memory.median / least);
            entry.to_floor = floor.map(|floor| wall / floor);
        }
        Self { setting, fastest_peer: fastest.map(|peer| peer.name), entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, role: Role, wall: f64, cpu: f64, memory: u64) -> Entry {
        let sample = Sample { wall, user: cpu, memory, ..Sample::default() };
        Entry::new(name, role).with_samples(&[sample])
    }

    #[test]
    fn ratios_refer_to_the_fastest_and_to_the_leanest_peer() {
        let floor = Sample { wall: 0.5, ..Sample::default() };
        let entries = vec![
            entry("gild", Role::Subject, 1.0, 1.0, 50),
            entry("mold", Role::Peer, 2.0, 8.0, 200),
            entry("wild", Role::Peer, 4.0, 4.0, 100),
            entry("mold-no-fork", Role::Listed, 1.5, 2.0, 150),
            Entry::floor("pread").with_samples(&[floor]),
        ];
        let measured = Measured::new(Setting::DiskFresh, entries);
        assert_eq!(measured.fastest_peer.as_deref(), Some("mold"));
        let gild = &measured.entries[0];
        assert_eq!(gild.to_fastest_peer, Some(0.5));
        assert_eq!(gild.to_leanest_cpu, Some(0.5));
        assert_eq!(gild.to_leanest_memory, Some(0.5));
        assert_eq!(gild.to_floor, Some(2.0));
    }

    #[test]
    fn a_failed_peer_is_no_reference() {
        let mut failed = entry("wild", Role::Peer, 0.1, 0.1, 1);
        failed.failure = Some("the output fails".to_owned());
        let entries = vec![entry("mold", Role::Peer, 2.0, 8.0, 200), failed];
        let measured = Measured::new(Setting::DiskFresh, entries);
        assert_eq!(measured.fastest_peer.as_deref(), Some("mold"));
        assert_eq!(measured.entries[1].to_fastest_peer, None);
    }
}
