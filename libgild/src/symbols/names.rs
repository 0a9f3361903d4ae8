//! The interner.

use crate::ids::SymbolId;

/// Every distinct global name of the objects that take part.
#[derive(Debug, Default)]
pub struct Names<'data> {
    all: Vec<&'data [u8]>,
}

impl<'data> Names<'data> {
    /// The id of a name, if any object mentions it.
    pub fn get(&self, _name: &[u8]) -> Option<SymbolId> {
        todo!()
    }

    /// The name of an id.
    pub fn name(&self, id: SymbolId) -> &'data [u8] {
        self.all[id.index()]
    }
}
