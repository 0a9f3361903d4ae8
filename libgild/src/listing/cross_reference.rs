//! `--cref`: for every global name the file that defines it, then those that refer to it.

use crate::ids::SymbolId;
use crate::synth::Context;
use std::collections::BTreeMap;

/// The table, by name.
pub fn table(context: Context) -> String {
    let resolved = context.resolved;
    let mut users: BTreeMap<&[u8], (SymbolId, Vec<u32>)> = BTreeMap::new();
    for object in &resolved.objects {
        for (index, _) in object.global_symbols() {
            let Some(id) = object.global(index) else { continue };
            let files = &mut users.entry(resolved.names.name(id)).or_insert((id, vec![])).1;
            files.push(object.file.0);
        }
    }
    let mut text =
        String::from("\nCross reference table\n\nSymbol                            File\n");
    for (name, (id, files)) in users {
        let owner = resolved.symbol(id).owner.0;
        let others = files.into_iter().filter(|&file| file != owner);
        let owner = (owner as usize) < resolved.objects.len();
        let owner = owner.then_some(resolved.symbol(id).owner.0);
        let mut name = String::from_utf8_lossy(name).into_owned();
        for file in owner.into_iter().chain(others) {
            text += &format!("{name:<33} {}\n", resolved.objects[file as usize].name);
            name.clear();
        }
    }
    text
}
