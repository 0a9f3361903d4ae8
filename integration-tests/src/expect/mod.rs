//! Byte patterns and values that a program's directives state about the output.
//!
//! A pattern is a row of hexadecimal bytes, `??` for any byte, and fields in braces:
//!
//! | field | holds if |
//! | --- | --- |
//! | `{4: EXPRESSION}` | the 4-byte little-endian number (also 1, 2, 8) is the expression's value |
//! | `{got SYMBOL}` | the 4-byte displacement leads to a GOT slot with the symbol's address |
//! | `{got SYMBOL ADJUST}` | as above, for a field that stands `ADJUST` bytes before the next instruction |
//! | `{gottp SYMBOL}` | … to a slot with the symbol's offset from the thread pointer |
//!
//! See [`expression`] for what an expression may be. Nothing is disassembled here: the expected
//! bytes are those that the psABI prints.

pub mod expression;
mod pattern;

use crate::directives::Claim;
use crate::image::Image;
use crate::{Outcome, ensure};
use expression::evaluate;

/// Checks one claim.
pub fn check(claim: &Claim, image: &Image) -> Outcome {
    match claim {
        Claim::Bytes { at, patterns } => bytes(image, at, patterns),
        Claim::Value { left, right } => {
            let (is, wanted) = (evaluate(left, 0, image)?, evaluate(right, 0, image)?);
            ensure(is == wanted, || format!("{left} is {is:#x}, {right} is {wanted:#x}"))
        }
        Claim::Relative { place, addend } => relative(image, place, addend),
        Claim::Present(names) => {
            each(names, |name| image.symbol(name).is_some(), "a symbol is missing")
        }
        Claim::Absent(names) => each(names, |name| image.symbol(name).is_none(), "still there"),
        Claim::Contains(text) => {
            ensure(has_text(image, text), || format!("`{text}` is nowhere in the file"))
        }
        Claim::Lacks(text) => {
            ensure(!has_text(image, text), || format!("`{text}` is still in the file"))
        }
    }
}

fn bytes(image: &Image, at: &str, patterns: &[String]) -> Outcome {
    let address = evaluate(at, 0, image)?;
    let mut failures = Vec::new();
    for pattern in patterns {
        match pattern::matches(pattern, address, image) {
            Ok(()) => return Ok(()),
            Err(error) => failures.push(format!("  {pattern}: {error}")),
        }
    }
    let found = image.at(address, 16)?;
    let found: Vec<_> = found.iter().map(|byte| format!("{byte:02x}")).collect();
    Err(format!("{at} ({address:#x}) holds {}\n{}", found.join(" "), failures.join("\n")))
}

fn relative(image: &Image, place: &str, addend: &str) -> Outcome {
    let (place_at, wanted) = (evaluate(place, 0, image)?, evaluate(addend, 0, image)?);
    let all = image.relocations()?;
    let found = all.iter().find(|relocation| relocation.0 == place_at);
    let found = found.ok_or_else(|| format!("no dynamic relocation at {place}"))?;
    let right = (object::elf::R_X86_64_RELATIVE.0, wanted as i64) == (found.1, found.2);
    ensure(right, || format!("at {place}: {found:x?}, expected RELATIVE {wanted:#x}"))
}

fn each(names: &[String], holds: impl Fn(&str) -> bool, complaint: &str) -> Outcome {
    let wrong: Vec<_> = names.iter().filter(|name| !holds(name)).cloned().collect();
    ensure(wrong.is_empty(), || format!("{complaint}: {}", wrong.join(" ")))
}

fn has_text(image: &Image, text: &str) -> bool {
    image.data().windows(text.len()).any(|window| window == text.as_bytes())
}
