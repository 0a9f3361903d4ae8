//! In the making.

/// What lives together in an object.
#[derive(Debug, Default)]
pub struct Ties {}
