//! Matching a byte pattern against the output.

use super::expression::{evaluate, thread_offset};
use crate::image::Image;
use crate::{Outcome, ensure};

/// Whether `pattern` describes the bytes at `address`.
pub fn matches(pattern: &str, address: u64, image: &Image) -> Outcome {
    let mut rest = pattern.trim();
    let mut at = address;
    while !rest.is_empty() {
        let (item, after) = next_item(rest)?;
        at += match item.strip_prefix('{') {
            Some(field) => match_field(field, at, image)?,
            None => match_byte(item, at, address, image)?,
        };
        rest = after.trim_start();
    }
    Ok(())
}

/// Splits off a byte, or a field without its closing brace.
fn next_item(text: &str) -> Outcome<(&str, &str)> {
    if text.starts_with('{') {
        return text.split_once('}').ok_or("a brace is not closed".into());
    }
    Ok(text.split_once(' ').unwrap_or((text, "")))
}

fn match_byte(item: &str, at: u64, start: u64, image: &Image) -> Outcome<u64> {
    if item == "??" {
        return Ok(1);
    }
    let wanted = u64::from_str_radix(item, 16).map_err(|_| format!("`{item}` is no byte"))?;
    let found = image.number(at, 1)?;
    ensure(found == wanted, || {
        format!("byte {} is {found:02x} instead of {wanted:02x}", at - start)
    })?;
    Ok(1)
}

/// Checks one field and gives its length in bytes.
fn match_field(field: &str, at: u64, image: &Image) -> Outcome<u64> {
    if let Some((size, expression)) = field.split_once(':') {
        let size: u64 = size.trim().parse().map_err(|_| format!("`{size}` is no size"))?;
        let found = image.number(at, size as usize)?;
        let value = evaluate(expression, at, image)?;
        let wanted = if size >= 8 { value } else { value & ((1 << (size * 8)) - 1) };
        ensure(found == wanted, || {
            format!("{expression} is {wanted:#x}, the field holds {found:#x}")
        })?;
        return Ok(size);
    }
    let mut words = field.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let symbol = words.next().ok_or("a GOT field names a symbol")?;
    let adjust = words.next().map_or(Ok(4), str::parse).map_err(|_| "adjustment is no number")?;
    let displacement = image.number(at, 4)? as u32 as i32 as i64 as u64;
    let slot = at.wrapping_add(adjust).wrapping_add(displacement);
    match kind {
        "got" => slot_holds(slot, evaluate(symbol, 0, image)?, image)?,
        "gottp" => {
            let wanted = thread_offset(evaluate(symbol, 0, image)?, image)?;
            let found = image.number(slot, 8)?;
            ensure(found == wanted, || format!("slot {slot:#x}: {found:#x}, not {wanted:#x}"))?;
        }
        _ => return Err(format!("no field {kind}")),
    }
    Ok(4)
}

/// In a static-PIE the slot's relocation tells, and the file's bytes may be anything.
fn slot_holds(slot: u64, wanted: u64, image: &Image) -> Outcome {
    let all = image.relocations()?;
    let found = match all.iter().find(|relocation| relocation.0 == slot) {
        Some(relocation) => relocation.2 as u64,
        None => image.number(slot, 8)?,
    };
    ensure(found == wanted, || format!("slot {slot:#x} holds {found:#x}, not {wanted:#x}"))
}
