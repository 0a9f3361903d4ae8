//! Where an output goes, and what is there before.

use anyhow::{Context, Result};
use serde::Serialize;
use std::fs::{self, File};
use std::path::Path;

/// Where an output goes, and what is there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// A new file on disk: a first build, or after a clean.
    DiskFresh,
    /// An older output of the same linker lies on disk: the daily rebuild.
    DiskOverwrite,
    /// A new file in memory.
    MemoryFresh,
    /// An older output of the same linker lies in memory.
    MemoryOverwrite,
}

/// All settings.
pub const ALL: [Setting; 4] =
    [Setting::DiskFresh, Setting::DiskOverwrite, Setting::MemoryFresh, Setting::MemoryOverwrite];

impl Setting {
    /// Whether the output lies on disk.
    pub fn on_disk(self) -> bool {
        matches!(self, Self::DiskFresh | Self::DiskOverwrite)
    }

    /// Words for the tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::DiskFresh => "disk, fresh file",
            Self::DiskOverwrite => "disk, overwriting",
            Self::MemoryFresh => "tmpfs, fresh file",
            Self::MemoryOverwrite => "tmpfs, overwriting",
        }
    }

    /// Brings `output` into the state that a run starts from; not part of the measured time.
    ///
    /// # Errors
    /// Those of removing and syncing.
    pub fn prepare(self, output: &Path) -> Result<()> {
        if !output.exists() {
            return Ok(());
        }
        match self {
            Self::DiskFresh | Self::MemoryFresh => fs::remove_file(output),
            // An output of minutes ago has long reached the disk. Pages still dirty from the run
            // before would be cheaper to write to again, or be written back in the middle of it.
            Self::DiskOverwrite => File::open(output).and_then(|file| file.sync_data()),
            Self::MemoryOverwrite => Ok(()),
        }
        .with_context(|| format!("{}", output.display()))
    }
}
