//! Where the program starts.

use super::Layout;
use crate::args::{Entry, Options};
use crate::sections::Sections;
use crate::symbols::Resolved;

/// The entry symbol's address, or the number in its place; `.text` with a warning if there is
/// neither, as in GNU ld.
pub fn address(
    layout: &Layout,
    resolved: &Resolved,
    sections: &Sections,
    options: &Options,
    warnings: &mut Vec<String>,
) -> u64 {
    let entry = match &options.entry {
        Entry::Address(address) => return *address,
        Entry::Symbol(name) => name,
    };
    let defined =
        resolved.names.get(entry.as_bytes()).filter(|&id| resolved.symbol(id).is_defined());
    if let Some(id) = defined {
        return layout.symbol_addresses[id.index()];
    }
    match layout.find(sections, b".text") {
        Some(text) => {
            let address = layout.place(text).address;
            warnings
                .push(format!("cannot find entry symbol {entry}; defaulting to {address:016x}"));
            address
        }
        None => {
            warnings.push(format!("cannot find entry symbol {entry}; not setting start address"));
            0
        }
    }
}
