//! How instructions and targets are shown.

use iced_x86::{
    Formatter as _, FormatterOutput, FormatterTextKind, Instruction, IntelFormatter, OpKind,
    Register,
};

use super::Insn;
use super::fields::{self, Memory};
use crate::model::Image;
use crate::model::atoms::AtomId;
use crate::model::symbols::readable;
use crate::model::target::{Target, canonical, pointer_at};

/// One instruction, with what it refers to behind it.
pub fn instruction(image: &Image, insn: &Insn) -> String {
    let mut text = plain(insn);
    if let Some(target) = operand_target(image, insn) {
        text.push_str(&format!("  ; {target}"));
    }
    text
}

/// One instruction.
pub fn plain(insn: &Insn) -> String {
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_uppercase_hex(false);
    formatter.options_mut().set_hex_prefix("0x");
    formatter.options_mut().set_hex_suffix("");
    let mut output = Output { insn, text: String::new(), base_written: false };
    formatter.format(insn, &mut output);
    output.text
}

/// Collects an instruction's text and names registers beyond r15.
struct Output<'a> {
    insn: &'a Insn,
    text: String,
    base_written: bool,
}

impl FormatterOutput for Output<'_> {
    fn write(&mut self, text: &str, _: FormatterTextKind) {
        self.text.push_str(text);
    }

    fn write_register(
        &mut self,
        _: &Instruction,
        _: u32,
        operand: Option<u32>,
        text: &str,
        register: Register,
    ) {
        let is_memory = |op: u32| self.insn.op_kind(op) == OpKind::Memory;
        let meant = match operand {
            Some(op) if !is_memory(op) => self.insn.reg(op),
            _ if register == self.insn.memory_base() && !self.base_written => {
                self.base_written = true;
                self.insn.base()
            }
            _ => self.insn.index(),
        };
        if meant.is_upper() {
            let part = ["b", "w", "d", ""][register.size().ilog2() as usize];
            self.text.push_str(&format!("r{}{part}", register.number() + 16));
        } else {
            self.text.push_str(text);
        }
    }
}

fn operand_target(image: &Image, insn: &Insn) -> Option<String> {
    let f = fields::of(insn);
    if let Some(to) = f.branch {
        return Some(target(image, canonical(image, to)));
    }
    match f.memory {
        Some(Memory::Relative(at)) if image.is_got(at) => {
            return Some(format!("GOT: {}", target(image, pointer_at(image, at)?)));
        }
        Some(Memory::Relative(at)) => return Some(target(image, canonical(image, at))),
        Some(Memory::ThreadPointer(disp)) => {
            return fields::thread_local(image, disp).map(|t| target(image, t));
        }
        Some(Memory::Displacement(disp)) => {
            if let Some(t) = fields::absolute(image, disp) {
                return Some(target(image, t));
            }
        }
        None => {}
    }
    fields::absolute(image, f.immediate?).map(|t| target(image, t))
}

/// What a target is called.
pub fn target(image: &Image, target: Target) -> String {
    match target {
        Target::Addr(addr) => address(image, addr),
        Target::Ifunc(resolver) => format!("ifunc resolved by {}", address(image, resolver)),
        Target::Tls(offset) => thread_local(image, offset),
        Target::Number(number) => format!("{number:#x}"),
        Target::Foreign(kind) => format!("dynamic relocation of type {kind}"),
    }
}

/// An atom's name.
pub fn atom(image: &Image, id: AtomId) -> String {
    let a = image.atoms.get(id);
    match image.atoms.labels(id).iter().find(|l| l.offset == 0) {
        Some(label) => readable(image.symbols[label.symbol as usize].name),
        None => {
            let section = &image.sections[a.section as usize];
            format!("{}+{:#x}", section.title(), a.start.wrapping_sub(section.addr))
        }
    }
}

/// An address as symbol and distance, string, or section and distance.
pub fn address(image: &Image, addr: u64) -> String {
    if let Some(id) = image.atoms.find(addr) {
        let distance = addr - image.atoms.get(id).start;
        if !image.atoms.labels(id).is_empty() {
            return with_distance(atom(image, id), distance as i64);
        }
    }
    if let Some(name) = image.linker_defined.names_at(addr).first() {
        return readable(name);
    }
    if let Some(text) = string(image, addr) {
        return text;
    }
    match image.section_at(addr) {
        Some(s) => format!("{}+{:#x}", s.title(), addr - s.addr),
        None => format!("{addr:#x}"),
    }
}

fn thread_local(image: &Image, offset: i64) -> String {
    match image.atoms.last_tls_before(offset as u64) {
        Some(id) if !image.atoms.labels(id).is_empty() => {
            with_distance(atom(image, id), offset - image.atoms.get(id).start as i64)
        }
        _ => format!("thread-local block+{offset:#x}"),
    }
}

fn with_distance(name: String, distance: i64) -> String {
    if distance == 0 { name } else { format!("{name}+{distance:#x}") }
}

/// The text at `addr` in quotes, if it looks like text.
fn string(image: &Image, addr: u64) -> Option<String> {
    let section = image.section_at(addr)?;
    if section.is_code() {
        return None;
    }
    let bytes = image.memory.from(addr)?;
    let bytes = &bytes[..bytes.len().min(60)];
    let text = &bytes[..bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len())];
    let printable = text.iter().all(|b| (0x20..0x7f).contains(b) || b"\n\t\r".contains(b));
    (text.len() > 2 && printable).then(|| format!("{:?}", String::from_utf8_lossy(text)))
}

/// Bytes in hexadecimal with their characters, 16 a line, at most 4 lines.
pub fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).take(4).map(|line| {
        let hex: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
        let text: String = line
            .iter()
            .map(|&b| if (0x20..0x7f).contains(&b) { char::from(b) } else { '.' })
            .collect();
        format!("{:<47}  {text}", hex.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}
