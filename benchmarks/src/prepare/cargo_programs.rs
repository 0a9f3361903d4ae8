//! Rust programs as their authors publish them: ripgrep, and wasmtime for a large one.

use super::hello::linker_flags;
use super::tools::{self, GLIBC, MUSL};
use super::{Kitchen, Recipe, derived};
use crate::process;
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package, and how it is built.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// Its name.
    pub package: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The platform, such as [`MUSL`].
    pub target: &'static str,
    /// `release` or `dev`.
    pub profile: &'static str,
    /// As in Cargo's profiles: 0 none, 2 full. The std's own debug information comes on top.
    pub debug: &'static str,
    /// These features instead of the default ones.
    pub features: Option<&'static str>,
}

const RIPGREP: Build = Build {
    package: "ripgrep",
    version: "15.2.0",
    target: MUSL,
    profile: "release",
    debug: "0",
    features: None,
};

const WASMTIME: Build = Build {
    package: "wasmtime-cli",
    version: "36.0.2",
    target: MUSL,
    profile: "release",
    debug: "2",
    features: None,
};

/// The recipes.
pub fn recipes() -> Vec<Recipe> {
    let ripgrep = |name: &str, title: &str, build: Build| {
        Recipe::new(name, title, move |kitchen| cargo_install(kitchen, build))
            .checked(&["--version"], "ripgrep 15")
    };
    let stripped = "ripgrep release, musl static-PIE, --strip-debug";
    let stripped =
        derived::recipe("ripgrep-musl-stripped", stripped, "ripgrep-musl", |about, arguments| {
            _ = about;
            arguments.push("--strip-debug".to_owned());
        });
    let mut wasmtime = Recipe::new(
        "wasmtime-musl",
        "wasmtime-cli release with full debug information, musl static-PIE",
        |kitchen| cargo_install(kitchen, WASMTIME),
    );
    wasmtime.large = true;
    vec![
        ripgrep("ripgrep-musl", "ripgrep release, musl static-PIE, std's debug info", RIPGREP),
        stripped.checked(&["--version"], "ripgrep 15"),
        ripgrep(
            "ripgrep-musl-full-debug",
            "ripgrep release, musl static-PIE, full debug info",
            Build { debug: "2", ..RIPGREP },
        ),
        ripgrep(
            "ripgrep-musl-dev",
            "ripgrep unoptimised, musl static-PIE, full debug info",
            Build { profile: "dev", debug: "2", ..RIPGREP },
        ),
        ripgrep(
            "ripgrep-glibc",
            "ripgrep release, glibc static-PIE, std's debug info",
            Build { target: GLIBC, ..RIPGREP },
        ),
        ripgrep(
            "ripgrep-glibc-dev",
            "ripgrep unoptimised, glibc static-PIE, full debug info",
            Build { target: GLIBC, profile: "dev", debug: "2", ..RIPGREP },
        ),
        wasmtime.checked(&["--version"], "wasmtime"),
    ]
}

/// Builds a published package; the recorder makes the job of its link.
///
/// # Errors
/// If it can't be built.
pub fn cargo_install(kitchen: &Kitchen, build: Build) -> Result<()> {
    let rustc = match build.target {
        MUSL => tools::musl_rustc(&kitchen.workspace)?,
        _ => PathBuf::from("rustc"),
    };
    forget_link(&kitchen.work.join(build.package), build)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["install", build.package, "--version", build.version, "--locked", "--force"]);
    cargo.args(["--quiet", "--target", build.target, "--profile", build.profile]);
    if let Some(features) = build.features {
        cargo.args(["--no-default-features", "--features", features]);
    }
    cargo.arg("--root").arg(kitchen.work.join("root"));
    cargo.env("CARGO_TARGET_DIR", kitchen.work.join(build.package)).env("RUSTC", rustc);
    // With --target these reach the program alone, not build scripts and procedural macros. A
    // changed flag would build every dependency again, so the recorder's folder is always the same.
    let mut flags = linker_flags(&kitchen.recorder, build.target);
    flags.push("-Ctarget-feature=+crt-static".to_owned());
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    let profile = if build.profile == "dev" { "DEV" } else { "RELEASE" };
    cargo.env(format!("CARGO_PROFILE_{profile}_DEBUG"), build.debug);
    // Cargo strips what has no debug information, and with it that of the std.
    cargo.env(format!("CARGO_PROFILE_{profile}_STRIP"), "none");
    // C code in dependencies.
    cargo.env("CC_x86_64_unknown_linux_musl", "musl-gcc");
    process::run(&mut cargo).map(drop)
}

/// Makes Cargo link again what it may have linked before: without its fingerprint it has to.
fn forget_link(target_dir: &Path, build: Build) -> Result<()> {
    let folder = if build.profile == "dev" { "debug" } else { build.profile };
    let prints = target_dir.join(build.target).join(folder).join(".fingerprint");
    let Ok(entries) = fs::read_dir(prints) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What follows the package's name is a dash and a hash.
        let package = name.rsplit_once('-').map_or("", |(package, _)| package);
        if package == build.package {
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}
