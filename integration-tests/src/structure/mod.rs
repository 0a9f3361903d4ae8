//! Comparing executables by what must hold in each, and by what the peers agree on.
//!
//! Addresses, sizes and orders may differ between linkers; the laws here may not. gild-diff holds to many
//! of them too. This is a second reading on purpose: neither reader's mistake hides a linker's, and the
//! real programs are held to these laws alone.

mod dynamic;
mod segments;
mod symbols;
mod unwind;

use crate::Outcome;
use crate::image::Image;

/// A linker's name and its output.
pub type Named<'a> = (&'a str, &'a Image);

/// What must hold in any static executable, whoever linked it.
pub fn check_alone(image: &Image, pie: bool) -> Outcome {
    segments::check_kind(image, pie)?;
    segments::check_rights(image)?;
    segments::check_loads(image)?;
    segments::check_relro(image)?;
    dynamic::check(image, pie)?;
    unwind::check_header(image)
}

/// What the peers agree on must hold in `ours` too.
pub fn check_against(ours: &Image, peers: &[Named]) -> Outcome {
    segments::check_types(ours, peers)?;
    segments::check_tls(ours, peers)?;
    symbols::check_kept(ours, peers)?;
    symbols::check_dropped(ours, peers)?;
    unwind::check_functions(ours, peers)
}

/// Up to a dozen names for a message.
fn some(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().take(12).copied().collect();
    let more = if names.len() > shown.len() { " …" } else { "" };
    format!("{} in all: {}{more}", names.len(), shown.join(" "))
}
