//! `-Map`: output sections, the input sections in them, and the global symbols of those.

use crate::elf::SHF_ALLOC;
use crate::ids::{OutputId, SectionId};
use crate::symbols::Definition;
use crate::synth::Context;
use std::collections::HashMap;

/// The map, in file order. Addresses, sizes and alignments are hexadecimal, in bytes.
pub fn table(context: Context) -> String {
    let symbols = symbols(context);
    let mut text = format!("{:>16} {:>8} {:>5} Section\n", "Address", "Size", "Align");
    for &id in &context.layout.order {
        let output = &context.sections.outputs[id.index()];
        let place = context.layout.place(id);
        let name = String::from_utf8_lossy(&output.name);
        text += &row(place.address, output.size, output.align, &name);
        for &member in &output.members {
            text += &rows(context, id, member, &symbols);
        }
    }
    text
}

fn row(address: u64, size: u64, align: u64, name: &str) -> String {
    format!("{address:>16x} {size:>8x} {align:>5x} {name}\n")
}

fn rows(
    context: Context,
    output: OutputId,
    member: SectionId,
    symbols: &HashMap<SectionId, Vec<(u64, String)>>,
) -> String {
    let input = &context.sections.inputs[member.index()];
    let loaded = context.sections.outputs[output.index()].flags & SHF_ALLOC != 0;
    let base = if loaded { context.layout.place(output).address } else { 0 };
    let name = match context.sections.locate(context.resolved, member) {
        Some((object, shndx)) => format!("        {}", object.section_label(shndx)),
        None => "        <common or merged>".to_string(),
    };
    let mut text = row(base + input.offset, input.size, input.align(), &name);
    for (address, name) in symbols.get(&member).into_iter().flatten() {
        text += &row(*address, 0, 1, &format!("                {name}"));
    }
    text
}

/// Global symbols by section, in order of address and name.
fn symbols(context: Context) -> HashMap<SectionId, Vec<(u64, String)>> {
    let mut found: HashMap<SectionId, Vec<(u64, String)>> = HashMap::new();
    for object in &context.resolved.objects {
        for (index, _) in object.global_symbols() {
            let Some(id) = object.global(index) else { continue };
            let symbol = context.resolved.symbol(id);
            if let Definition::Section(section) = symbol.definition
                && (symbol.owner, symbol.owner_symbol) == (object.file, index)
            {
                let name = String::from_utf8_lossy(context.resolved.names.name(id)).into_owned();
                let address = context.layout.symbol_addresses[id.index()];
                found.entry(section).or_default().push((address, name));
            }
        }
    }
    found.values_mut().for_each(|symbols| symbols.sort_unstable());
    found
}
