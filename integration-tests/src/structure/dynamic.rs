//! Laws about the dynamic section of a static-PIE, which its start-up code reads.

use crate::image::Image;
use crate::{Outcome, ensure};
use object::elf;

/// A static-PIE says that it is one, needs nobody, and can relocate itself.
pub fn check(image: &Image, pie: bool) -> Outcome {
    if !pie {
        let none = image.segment(elf::PT_DYNAMIC.0).is_none();
        return ensure(none, || "PT_DYNAMIC in a fixed-address program".into());
    }
    let has = |tag| image.dynamic_value(tag).is_some();
    let flags = image.dynamic_value(elf::DT_FLAGS_1).unwrap_or(0);
    ensure(flags & elf::DF_1_PIE.0 != 0, || format!("DT_FLAGS_1 is {flags:#x}, without DF_1_PIE"))?;
    ensure(!has(elf::DT_NEEDED), || "DT_NEEDED in a static program".into())?;
    ensure(!has(elf::DT_TEXTREL), || "text relocations".into())?;
    check_relocations(image)
}

/// Only RELATIVE and IRELATIVE are left; the former stand first, sorted, and are counted right.
fn check_relocations(image: &Image) -> Outcome {
    let relocations = image.relocations()?;
    let relative = elf::R_X86_64_RELATIVE.0;
    for (place, kind, _) in &relocations {
        let known = [relative, elf::R_X86_64_IRELATIVE.0].contains(kind);
        ensure(known, || format!("relocation of type {kind} at {place:#x} in a static program"))?;
        image.at(*place, 8)?;
    }
    let mut places: Vec<_> = relocations.iter().map(|relocation| relocation.0).collect();
    places.sort_unstable();
    let distinct = places.windows(2).all(|pair| pair[0] != pair[1]);
    ensure(distinct, || "two dynamic relocations at one place".into())?;
    let Some(count) = image.dynamic_value(elf::DT_RELACOUNT) else { return Ok(()) };
    if image.dynamic_value(elf::DT_RELR).is_some() {
        return Ok(());
    }
    let counted = relocations.iter().take_while(|relocation| relocation.1 == relative).count();
    ensure(counted as u64 == count, || format!("DT_RELACOUNT {count}, but {counted} come first"))
}
