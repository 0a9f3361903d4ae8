//! Initialisers and finalisers, in the order they run.

use super::Pair;
use super::resolve::{self, Verdict};
use super::sink::Sink;
use crate::code::text;
use crate::finding::{Finding, Kind};
use crate::model::Image;
use crate::model::target::{Target, pointer_at};
use crate::reason::Reason;

/// Section, DT_ tag of its address, DT_ tag of its size.
const ARRAYS: [(&str, u64, u64); 3] =
    [(".preinit_array", 32, 33), (".init_array", 25, 27), (".fini_array", 26, 28)];

/// Compares the three arrays.
pub fn compare(pair: &Pair, sink: &mut Sink) {
    for (name, addr, size) in ARRAYS {
        let ours = entries(pair.a, name, addr, size);
        let theirs = entries(pair.b, name, addr, size);
        sink.compared += ours.len() as u64;
        let same = |l: Target, r: Target| resolve::targets(pair, l, r) == Verdict::Same;
        if ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(&l, &r)| same(l, r)) {
            continue;
        }
        let permuted = ours.len() == theirs.len()
            && ours.iter().all(|&l| theirs.iter().any(|&r| same(l, r)))
            && theirs.iter().all(|&r| ours.iter().any(|&l| same(l, r)));
        let show = |image: &Image, list: &[Target]| {
            list.iter().map(|&t| text::target(image, t)).collect::<Vec<_>>().join("\n")
        };
        let place = |l: &Target| theirs.iter().position(|&r| same(*l, r)).unwrap_or(0);
        let order: Vec<usize> = ours.iter().map(place).collect();
        if permuted && follows_code(&ours, &theirs, &order) {
            let finding = Finding::new(Kind::InitOrder, name, "the order of archive members")
                .showing(show(pair.a, &ours), show(pair.b, &theirs));
            sink.count(Reason::ArchiveOrder, name, finding);
            continue;
        }
        let (kind, detail) = if permuted {
            (Kind::InitOrder, "the same functions run in another order".to_owned())
        } else {
            (Kind::InitMissing, format!("{} functions here and {} there", ours.len(), theirs.len()))
        };
        let finding = Finding::new(kind, name, detail);
        sink.push(finding.showing(show(pair.a, &ours), show(pair.b, &theirs)));
    }
}

/// Whether entries that changed places run on either side in the order of their addresses, which is
/// the order in which their files were linked; `order` holds the place on the right for each on the
/// left.
fn follows_code(ours: &[Target], theirs: &[Target], order: &[usize]) -> bool {
    let addr = |t: Target| if let Target::Addr(a) | Target::Ifunc(a) = t { a } else { 0 };
    let pairs = (0..order.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
    pairs.filter(|&(i, j)| order[i] > order[j]).all(|(i, j)| {
        addr(ours[i]) < addr(ours[j]) && addr(theirs[order[j]]) < addr(theirs[order[i]])
    })
}

/// The functions of all three arrays, for pairing what has no name.
pub fn functions(image: &Image) -> Vec<Vec<Target>> {
    ARRAYS.iter().map(|&(name, addr, size)| entries(image, name, addr, size)).collect()
}

fn entries(image: &Image, name: &str, addr: u64, size: u64) -> Vec<Target> {
    let range = match image.section(name) {
        Some(s) => Some((s.addr, s.size)),
        None => image.dynamic.tag(addr).zip(image.dynamic.tag(size)),
    };
    let Some((start, size)) = range else { return Vec::new() };
    let slots = (0..size / 8).map(|i| pointer_at(image, start.wrapping_add(i * 8)));
    // gABI: 0 and -1 are no functions.
    slots.take(1 << 20).flatten().filter(|t| !matches!(t, Target::Number(0 | u64::MAX))).collect()
}
