//! The comparison of two programs, one file an aspect.

pub mod anonymous;
pub mod bases;
pub mod code;
pub mod data;
pub mod debug;
pub mod dynamic;
pub mod header;
pub mod ifuncs;
pub mod init;
pub mod kept;
pub mod lsda;
pub mod notes;
pub mod resolve;
pub mod sections;
pub mod segments;
pub mod sink;
pub mod symbols;
pub mod tls;
pub mod unwind;
pub mod variants;
pub mod words;

use rayon::prelude::*;

use crate::model::Image;
use crate::model::atoms::{AtomId, Class};
use crate::options::CompareOptions;
use crate::pairing::{self, Pairing};
use crate::report::Report;
use sink::Sink;

/// The two programs and what is what in them.
#[derive(Debug)]
pub struct Pair<'i, 'a> {
    /// The first program.
    pub a: &'i Image<'a>,
    /// The program it is compared with.
    pub b: &'i Image<'a>,
    /// Which atom is which.
    pub pairing: Pairing,
}

/// Compares two loaded programs.
pub fn run<'a>(a: &Image<'a>, b: &Image<'a>, options: &CompareOptions) -> Report {
    let tick = |what: &str| options.progress.as_ref().inspect(|p| p.phase(what));
    tick("matching functions and objects");
    let pair = Pair { a, b, pairing: pairing::build(a, b) };
    let mut sink = Sink::default();
    header::compare(&pair, &mut sink);
    segments::compare(&pair, &mut sink);
    sections::compare(&pair, &mut sink);
    tick("comparing code and data");
    let mut content = content(&pair);
    let anonymous = std::mem::take(&mut content.anonymous);
    sink.merge(content);
    init::compare(&pair, &mut sink);
    dynamic::compare(&pair, &mut sink);
    ifuncs::compare(&pair, &mut sink);
    tick("comparing unwind information");
    unwind::compare(&pair, &mut sink);
    tls::compare(&pair, &mut sink);
    tick("comparing constants");
    let more = std::mem::take(&mut sink.anonymous);
    anonymous::compare(&pair, [anonymous, more].concat(), &mut sink);
    kept::compare(&pair, &mut sink);
    symbols::compare(&pair, &mut sink);
    notes::compare(&pair, &mut sink);
    tick("comparing debug information");
    debug::compare(&pair, &mut sink);
    Report::new(a, b, sink, options)
}

/// Compares all paired atoms on all cores.
fn content(pair: &Pair) -> Sink {
    let pairs = pair.pairing.pairs();
    pairs
        .par_chunks(64)
        .map(|chunk| {
            let mut sink = Sink::default();
            for &(x, y) in chunk {
                atom(pair, x, y, &mut sink);
            }
            sink
        })
        .reduce(Sink::default, |mut all, part| {
            all.merge(part);
            all
        })
}

fn atom(pair: &Pair, x: AtomId, y: AtomId, sink: &mut Sink) {
    if variants::are(pair, x, y) {
        return variants::count(pair, x, y, sink);
    }
    if words::same(pair, x, y) {
        sink.compared += 1;
        return;
    }
    match pair.a.atoms.get(x).class {
        Class::Code => code::compare(pair, x, y, sink),
        Class::Data | Class::Zeros => data::compare(pair, x, y, sink),
        Class::Tls => tls::variable(pair, x, y, sink),
    }
}
