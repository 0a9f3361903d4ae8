//! todo
use anyhow::Result;
/// Knobs.
#[derive(clap::Args, Clone, Debug)]
pub struct Knobs {}
/// Command
///
/// # Errors
/// None
pub fn command(_: &Knobs) -> Result<()> {
    Ok(())
}
