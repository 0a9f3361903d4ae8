//! What the figures were measured on.

use serde::Serialize;
use std::fs;
use std::path::Path;

/// The machine, and how busy it was.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Machine {
    /// As the processor calls itself.
    pub processor: String,
    /// Hardware threads that this process may use.
    pub cores: usize,
    /// Bytes of memory.
    pub memory: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The file system of outputs on disk.
    pub disk: String,
    /// The file system of outputs in memory.
    pub tmpfs: String,
    /// Processes that wanted to run in the minute before.
    pub load_before: f64,
    /// The same when the last job was done; the benchmark itself counts.
    pub load_after: f64,
}

impl Machine {
    /// Looks around; what can't be found out is left empty.
    pub fn look(disk: &Path, memory: &Path) -> Self {
        Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
                .unwrap_or_default()
                * 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            disk: file_system(disk),
            tmpfs: file_system(memory),
            load_before: load(),
            load_after: 0.0,
        }
    }
}

/// Processes that wanted to run, on average over the last minute.
pub fn load() -> f64 {
    read("/proc/loadavg").split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The type of the file system that holds `path`: that of the longest mount point above it.
fn file_system(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mounts = read("/proc/mounts");
    let holding = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (words.next()?, words.next()?);
        path.starts_with(point).then_some((point.len(), kind))
    });
    holding.max_by_key(|(length, _)| *length).map_or_else(String::new, |(_, kind)| kind.to_owned())
}
