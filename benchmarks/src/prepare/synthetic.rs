//! Jobs that grow.

use super::Recipe;

/// The recipes.
pub fn recipes() -> Vec<Recipe> {
    Vec::new()
}
