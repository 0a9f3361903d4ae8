//! Free memory in the same state for everyone.
//!
//! A virtual machine may hand memory that has been free for two seconds back to its host (free page
//! reporting). The first touch of such a page leaves the machine, 5 µs for 4 KiB, and who pays
//! depends on who ran before and when. A real link follows compilations that have just freed more
//! than it needs; so a process of its own touches and frees as much before each run, in small pages
//! as compilers do: where huge pages come from is left as it is.

use anyhow::{Context, Result};
use memmap2::MmapMut;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// The first argument that makes `gild-bench` such a process.
pub const NAME: &str = "touch";

const PAGE: usize = 4096;

/// Touches and frees `bytes`, in another process, whose memory none of the measured ones inherits.
///
/// # Errors
/// If there is not so much.
pub fn make(bytes: u64) -> Result<()> {
    let mut toucher = Command::new(std::env::current_exe()?);
    crate::process::run(toucher.args([NAME, &bytes.to_string()])).map(drop)
}

/// `gild-bench touch BYTES`
///
/// # Errors
/// If the number is none, or there is not so much memory.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let bytes = arguments.next().and_then(|bytes| bytes.to_str()?.parse().ok());
    let mut map = MmapMut::map_anon(bytes.context("touch: how many bytes?")?)?;
    map.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
    Ok(ExitCode::SUCCESS)
}
