//! Where findings are gathered, and references whose content is yet to be compared.

use std::collections::BTreeMap;

use crate::finding::{Finding, Kind, Side};
use crate::model::atoms::AtomId;
use crate::reason::Reason;

/// Two places without a common name that should hold the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Anonymous {
    /// The left-hand address, or offset in the thread-local block.
    pub left: u64,
    /// The right-hand one.
    pub right: u64,
    /// Whether they are offsets in the thread-local block.
    pub tls: bool,
    /// Whether at least one of them has a name of its own, so that only read-only content that is
    /// equal can excuse the difference.
    pub named: bool,
    /// The left-hand atom that refers to it.
    pub from: AtomId,
    /// Where in that atom.
    pub offset: u32,
    /// What stands behind a pointer, which may be the length of what it points to; 0 if unknown.
    pub stated: u32,
}

/// Findings of one kind and reason are counted, with the first kept as the example.
type Tally = BTreeMap<(Kind, Reason, Side, String), Finding>;

/// What one aspect, or one thread, has found.
#[derive(Default, Debug)]
pub struct Sink {
    /// Findings worth a line each.
    pub findings: Vec<Finding>,
    /// References to be followed.
    pub anonymous: Vec<Anonymous>,
    /// Functions, objects, symbols and entries that were compared.
    pub compared: u64,
    tally: Tally,
}

impl Sink {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Counts an explained difference among others of its kind, reason and topic.
    pub fn count(&mut self, reason: Reason, topic: &str, mut finding: Finding) {
        let key = (finding.kind, reason, finding.side, topic.to_owned());
        if let Some(seen) = self.tally.get_mut(&key) {
            seen.count += finding.count;
            seen.items.append(&mut finding.items);
        } else {
            self.tally.insert(key, finding.because(reason));
        }
    }

    /// Counts a difference that has a reason, as [`Sink::count`] does; takes one without as it is.
    pub fn take(&mut self, reason: Option<Reason>, topic: &str, finding: Finding) {
        match reason {
            Some(reason) => self.count(reason, topic, finding),
            None => self.push(finding),
        }
    }

    /// Takes over what another has found.
    pub fn merge(&mut self, other: Sink) {
        self.findings.extend(other.findings);
        self.anonymous.extend(other.anonymous);
        self.compared += other.compared;
        for ((_, reason, _, topic), finding) in other.tally {
            self.count(reason, &topic, finding);
        }
    }

    /// All findings, counted ones last.
    pub fn into_findings(self) -> Vec<Finding> {
        let mut all = self.findings;
        all.extend(self.tally.into_values());
        all
    }
}
