//! Which atom of one program is which of the other.
//!
//! First by names that are unique on both sides, then by content that is unique, then by votes:
//! two paired functions that refer to something unpaired at the same place vote for that pair, so
//! that one wrong reference is outvoted by the right ones. What is left goes by order.

mod content;
pub mod names;
mod order;
mod votes;

use std::collections::HashSet;

use crate::compare::init;
use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::model::target::Target;

/// The counterpart of every atom that has one.
#[derive(Debug)]
pub struct Pairing {
    left: Vec<Option<AtomId>>,
    right: Vec<Option<AtomId>>,
    /// Left-hand and right-hand atoms that share their name with others of their program.
    ambiguous: (HashSet<AtomId>, HashSet<AtomId>),
    /// Pairs in the order they were found; [`votes`] works from them.
    log: Vec<(AtomId, AtomId)>,
}

impl Pairing {
    /// The right-hand counterpart of a left-hand atom.
    pub fn right_of(&self, left: AtomId) -> Option<AtomId> {
        self.left[left.index()]
    }

    /// The left-hand counterpart of a right-hand atom.
    pub fn left_of(&self, right: AtomId) -> Option<AtomId> {
        self.right[right.index()]
    }

    /// Whether a left-hand atom has one of several equal names, so that its pair is a guess.
    pub fn is_guess_left(&self, left: AtomId) -> bool {
        self.ambiguous.0.contains(&left)
    }

    /// The same for a right-hand atom.
    pub fn is_guess_right(&self, right: AtomId) -> bool {
        self.ambiguous.1.contains(&right)
    }

    /// All pairs.
    pub fn pairs(&self) -> &[(AtomId, AtomId)] {
        &self.log
    }

    fn is_free(&self, left: AtomId, right: AtomId) -> bool {
        self.right_of(left).is_none() && self.left_of(right).is_none()
    }

    fn join(&mut self, left: AtomId, right: AtomId) {
        debug_assert!(self.is_free(left, right));
        self.left[left.index()] = Some(right);
        self.right[right.index()] = Some(left);
        self.log.push((left, right));
    }
}

/// Whether two classes can hold the same thing.
fn compatible(a: Class, b: Class) -> bool {
    let plain = |c| matches!(c, Class::Data | Class::Zeros);
    a == b || (plain(a) && plain(b))
}

/// Whether an atom takes part: it begins at a symbol or an FDE, or is unnamed code.
fn takes_part(image: &Image, id: AtomId) -> bool {
    let atom = image.atoms.get(id);
    atom.known || atom.class == Class::Code
}

/// Pairs two programs.
pub fn build(a: &Image, b: &Image) -> Pairing {
    let mut pairing = Pairing {
        left: vec![None; a.atoms.len()],
        right: vec![None; b.atoms.len()],
        ambiguous: (HashSet::new(), HashSet::new()),
        log: Vec::new(),
    };
    let groups = names::unique(a, b, &mut pairing);
    for group in &groups {
        pairing.ambiguous.0.extend(&group.left);
        pairing.ambiguous.1.extend(&group.right);
    }
    entry(a, b, &mut pairing);
    content::unique(a, b, &groups, &mut pairing);
    let mut done = 0;
    votes::propagate(a, b, &mut pairing, &mut done);
    // Functions first: tables of pointers are told apart by the functions they hold.
    content::by_size(a, b, &groups, &mut pairing);
    content::in_order(a, b, &groups, true, &mut pairing);
    votes::propagate(a, b, &mut pairing, &mut done);
    content::in_order(a, b, &groups, false, &mut pairing);
    votes::propagate(a, b, &mut pairing, &mut done);
    initialisers(a, b, &mut pairing);
    votes::propagate(a, b, &mut pairing, &mut done);
    order::groups(a, b, &groups, &mut pairing);
    order::between_neighbours(a, b, &mut pairing);
    votes::propagate(a, b, &mut pairing, &mut done);
    pairing
}

/// The entry points are the same function by definition.
fn entry(a: &Image, b: &Image, pairing: &mut Pairing) {
    let (Some(left), Some(right)) = (a.atoms.find(a.header.entry), b.atoms.find(b.header.entry))
    else {
        return;
    };
    let unnamed = a.atoms.labels(left).is_empty() || b.atoms.labels(right).is_empty();
    if unnamed && pairing.is_free(left, right) {
        pairing.join(left, right);
    }
}

/// Unnamed initialisers that nothing else tells apart are paired by the order they run in.
fn initialisers(a: &Image, b: &Image, pairing: &mut Pairing) {
    for (ours, theirs) in init::functions(a).into_iter().zip(init::functions(b)) {
        if ours.len() != theirs.len() {
            continue;
        }
        for (l, r) in ours.into_iter().zip(theirs) {
            let (Target::Addr(l), Target::Addr(r)) = (l, r) else { continue };
            let (Some(x), Some(y)) = (a.atoms.find(l), b.atoms.find(r)) else { continue };
            let starts = l == a.atoms.get(x).start && r == b.atoms.get(y).start;
            if starts && pairing.is_free(x, y) && names::agree(a, b, x, y) {
                pairing.join(x, y);
            }
        }
    }
}
