//! Real Rust programs: built once by cargo with their link recorded, then linked at will.

use crate::capture::{self, Capture};
use crate::{Outcome, process, rust, workdir};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// On two loaded cores.
const BUILD: Duration = Duration::from_secs(1800);

/// What to build, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Names the cached build.
    pub name: &'static str,
    /// `musl` or `glibc`.
    pub libc: &'static str,
    /// Static-PIE instead of a fixed address.
    pub pie: bool,
    /// Arguments of cargo: which package, which profile.
    pub cargo: &'static [&'static str],
}

/// The recorded link of a recipe's program; built at the first call, found again later.
pub fn recorded(recipe: &Recipe) -> Outcome<Capture> {
    let dir = workdir::cached(recipe.name)?;
    let lock = File::create(dir.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if !dir.join("arguments").exists() {
        build(recipe, &dir)?;
    }
    Capture::load(&dir)
}

fn build(recipe: &Recipe, dir: &Path) -> Outcome {
    let recorder = capture::recorder(dir)?;
    let mut flags: Vec<String> = rust::flags(recipe.pie).map(str::to_owned).to_vec();
    flags.extend(rust::gcc_with(&recorder, recipe.libc));
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workdir::source_root()).args(recipe.cargo);
    cargo.args(["--target", rust::target(recipe.libc)]);
    cargo.env("CARGO_TARGET_DIR", dir.join("target"));
    // The unit separator lets flags contain blanks.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    // This test may itself run under a cargo that has set these for the workspace's own build.
    for inherited in
        ["RUSTC", "RUSTFLAGS", "CARGO", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        cargo.env_remove(inherited);
    }
    if recipe.libc == "musl" {
        cargo.env("RUSTC", rust::musl_rustc()?);
    }
    if recipe.cargo.first() == Some(&"install") {
        cargo.arg("--root").arg(dir.join("installed"));
    }
    process::run_within(&mut cargo, BUILD)?.success()?;
    // What lies beside the code units that were recorded is needed for the link; the rest is not.
    let _ = fs::remove_dir_all(dir.join("installed"));
    Ok(())
}
