//! What a comparison says, and how it is written.

pub mod html;
pub mod json;
pub mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::compare::sink::Sink;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::options::CompareOptions;

/// Two programs compared.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The first program.
    #[serde(serialize_with = "lossily")]
    pub left: PathBuf,
    /// The one it is compared with.
    #[serde(serialize_with = "lossily")]
    pub right: PathBuf,
    /// Functions, objects, symbols and entries that were compared.
    pub compared: u64,
    /// Unexplained ones first, in the order of [`Kind::ALL`].
    pub findings: Vec<Finding>,
}

/// JSON is UTF-8; a path need not be.
pub(crate) fn lossily<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

impl Report {
    /// Sorts what was found and leaves out what the options don't ask for.
    pub fn new(a: &Image, b: &Image, sink: Sink, options: &CompareOptions) -> Self {
        let compared = sink.compared;
        let mut findings = sink.into_findings();
        findings.retain(|f| options.wants(f.kind));
        findings.sort_by(|x, y| {
            let key = |f: &Finding| (!f.is_unexplained(), f.kind, f.place.clone());
            key(x).cmp(&key(y))
        });
        findings.dedup();
        findings.iter_mut().for_each(|f| f.items.sort_unstable());
        Self { left: a.path.to_owned(), right: b.path.to_owned(), compared, findings }
    }

    /// Differences without an explanation.
    pub fn unexplained(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.is_unexplained())
    }

    /// Differences that an explanation covers.
    pub fn explained(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| !f.is_unexplained())
    }

    /// Known faults of other linkers, which are explained and shown nevertheless.
    pub fn faults(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.is_fault())
    }

    /// How many differences of each kind, unexplained and explained.
    pub fn counts(&self) -> BTreeMap<Kind, (u64, u64)> {
        let mut counts: BTreeMap<Kind, (u64, u64)> = BTreeMap::new();
        for f in &self.findings {
            let entry = counts.entry(f.kind).or_default();
            if f.is_unexplained() {
                entry.0 += f.count;
            } else {
                entry.1 += f.count;
            }
        }
        counts
    }
}

/// The first program compared with each of the others.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// One report for each program after the first.
    pub reports: Vec<Report>,
}

impl Comparison {
    /// All unexplained differences.
    pub fn unexplained(&self) -> impl Iterator<Item = &Finding> {
        self.reports.iter().flat_map(Report::unexplained)
    }

    /// Whether every difference is explained.
    pub fn is_equal(&self) -> bool {
        self.unexplained().next().is_none()
    }
}
