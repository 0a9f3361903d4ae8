//! Sums of symbols and numbers, as claims about outputs are written.
//!
//! A term is a decimal or `0x` number, a symbol, `.` (the address of the field in question),
//! or one of
//!
//! - `tpoff(SYMBOL)`: offset of a thread-local symbol from the thread pointer (psABI, variant II),
//! - `dtpoff(SYMBOL)`: its offset in the module's TLS block,
//! - `size(SYMBOL)`, `section(NAME)`, `section_size(NAME)`,
//! - `at8(SYMBOL)`, `at4(SYMBOL)`: the number that the output holds at a symbol,
//! - `irelative(SYMBOL)`: the resolver that the IRELATIVE relocation at a symbol calls.
//!
//! All arithmetic is modulo 2^64.

use crate::Outcome;
use crate::image::{Image, Symbol};
use object::elf;

/// The value of `text` where `.` is `here`.
pub fn evaluate(text: &str, here: u64, image: &Image) -> Outcome<u64> {
    let mut sum = 0u64;
    let mut negative = false;
    for token in tokens(text) {
        match token {
            "+" => {}
            "-" => negative = !negative,
            token => {
                let value = term(token, here, image).map_err(|error| format!("{text}: {error}"))?;
                sum = if negative { sum.wrapping_sub(value) } else { sum.wrapping_add(value) };
                negative = false;
            }
        }
    }
    Ok(sum)
}

/// Signs stand between blanks, so that names may contain `-`, `.` and `$`.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

fn term(token: &str, here: u64, image: &Image) -> Outcome<u64> {
    if token == "." {
        return Ok(here);
    }
    if token.starts_with(|c: char| c.is_ascii_digit()) {
        return number(token);
    }
    match token.strip_suffix(')').and_then(|token| token.split_once('(')) {
        Some((function, argument)) => call(function, argument, image),
        None => Ok(symbol(token, image)?.value),
    }
}

fn number(token: &str) -> Outcome<u64> {
    let parsed = match token.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => token.parse(),
    };
    parsed.map_err(|_| format!("`{token}` is no number"))
}

fn call(function: &str, argument: &str, image: &Image) -> Outcome<u64> {
    let section = |name: &str| image.section(name).ok_or(format!("no section {name}"));
    match function {
        "tpoff" => Ok(thread_offset(symbol(argument, image)?.value, image)?),
        "dtpoff" => Ok(symbol(argument, image)?.value),
        "size" => Ok(symbol(argument, image)?.size),
        "section" => Ok(section(argument)?.address),
        "section_size" => Ok(section(argument)?.size),
        "at8" => image.number(symbol(argument, image)?.value, 8),
        "at4" => image.number(symbol(argument, image)?.value, 4),
        "irelative" => irelative(symbol(argument, image)?.value, image),
        _ => Err(format!("no function {function}")),
    }
}

fn symbol<'a>(name: &str, image: &'a Image) -> Outcome<&'a Symbol> {
    image.symbol(name).ok_or_else(|| format!("no symbol {name}"))
}

/// psABI, TLS variant II: the block ends at the thread pointer, rounded up to its alignment.
pub fn thread_offset(in_block: u64, image: &Image) -> Outcome<u64> {
    let tls = image.segment(elf::PT_TLS.0).ok_or("no PT_TLS")?;
    let align = tls.align.max(1);
    Ok(in_block.wrapping_sub(tls.size.next_multiple_of(align)))
}

fn irelative(place: u64, image: &Image) -> Outcome<u64> {
    let all = image.relocations()?;
    let kind = elf::R_X86_64_IRELATIVE.0;
    let found = all.iter().find(|relocation| relocation.0 == place && relocation.1 == kind);
    found.map(|relocation| relocation.2 as u64).ok_or(format!("no IRELATIVE at {place:#x}"))
}
