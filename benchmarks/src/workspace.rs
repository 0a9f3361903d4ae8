//! Where things lie: everything that is made goes below the workspace's `target`.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The folders the benchmark works in.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The root of the repository.
    pub root: PathBuf,
    /// `target` of the repository, whatever `CARGO_TARGET_DIR` says: jobs are found again by
    /// builds that use another one.
    pub target: PathBuf,
}

impl Workspace {
    /// The repository that this program was built from.
    ///
    /// # Errors
    /// If that folder is gone.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().with_context(|| format!("{}", root.display()))?;
        let target = root.join("target");
        Ok(Self { root, target })
    }

    /// One folder a job.
    pub fn jobs(&self) -> PathBuf {
        self.target.join("bench-jobs")
    }

    /// Linkers that `prepare` builds.
    pub fn tools(&self) -> PathBuf {
        self.target.join("bench-tools")
    }

    /// Builds of the programs whose links are captured.
    pub fn work(&self) -> PathBuf {
        self.target.join("bench-work")
    }

    /// Sources of the benchmark's own programs.
    pub fn programs(&self) -> PathBuf {
        self.root.join("benchmarks/programs")
    }
}
