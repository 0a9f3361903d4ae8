//! `--verbose`, `--trace`, `-y`, `--print-gc-sections`: a line for each thing, in input order.

use crate::elf::SymExt;
use crate::input::Inputs;
use crate::input::object::Object;
use crate::synth::Context;

/// All lines that the options ask for.
pub fn lines(inputs: &Inputs, context: Context) -> Vec<String> {
    let mut lines = Vec::new();
    if context.options.verbose {
        lines.extend(inputs.paths().map(|path| format!("opened {}", path.display())));
    }
    for object in &context.resolved.objects {
        if context.options.trace {
            lines.push(object.name.to_string());
        }
        symbol_lines(object, &context.options.trace_symbols, &mut lines);
    }
    let removed = context.live.removed.iter();
    lines.extend(removed.map(|section| format!("removing unused section {section}")));
    lines
}

fn symbol_lines(object: &Object, names: &[String], lines: &mut Vec<String>) {
    if names.is_empty() {
        return;
    }
    for (index, symbol) in object.global_symbols() {
        let name = object.symbol_name(index);
        if let Some(name) = names.iter().find(|wanted| wanted.as_bytes() == name) {
            let what = if symbol.shndx() == 0 { "reference to" } else { "definition of" };
            lines.push(format!("{}: {what} {name}", object.name));
        }
    }
}
