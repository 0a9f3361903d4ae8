//! Functions of no bytes, as compilers leave them where the body cannot be reached.
//!
//! Such a function shares its address with whatever the linker happened to put behind it, so the
//! address alone says nothing: the name does.

use std::collections::HashMap;

use super::Image;
use super::symbols::STT_FUNC;

/// Names of empty functions by address.
#[derive(Default, Debug)]
pub struct Empties<'a> {
    by_addr: HashMap<u64, Vec<&'a [u8]>>,
}

impl<'a> Empties<'a> {
    /// The empty functions at `addr`.
    pub fn at(&self, addr: u64) -> &[&'a [u8]] {
        self.by_addr.get(&addr).map_or(&[], Vec::as_slice)
    }
}

/// Takes them from the symbol table: functions without a size, which assembly may leave as well.
pub fn collect<'a>(image: &Image<'a>) -> Empties<'a> {
    let mut out = Empties::default();
    for s in image.symbols.iter().filter(|s| s.is_place() && s.kind == STT_FUNC && s.size == 0) {
        out.by_addr.entry(s.value).or_default().push(s.name);
    }
    out
}
