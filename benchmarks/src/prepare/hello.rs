//! Hello world in C, C++ and Rust: where a linker's fixed costs show.

use super::tools::{self, GLIBC, MUSL};
use super::{Kitchen, Recipe};
use crate::process;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// The recipes.
pub fn recipes() -> Vec<Recipe> {
    let greeting = "hello, world";
    let recipes = [
        Recipe::new("hello-c-musl", "hello world in C, musl", |kitchen| {
            compile(kitchen, "musl-gcc", &["-static"], "hello.c")
        }),
        Recipe::new("hello-c-glibc", "hello world in C, glibc", |kitchen| {
            compile(kitchen, "gcc", &["-static"], "hello.c")
        }),
        Recipe::new("hello-cpp-glibc", "hello world in C++ with iostream, glibc", |kitchen| {
            compile(kitchen, "g++", &["-static"], "hello.cc")
        }),
        Recipe::new("hello-rust-musl", "hello world in Rust, musl, static-PIE", |kitchen| {
            rust(kitchen, MUSL)
        }),
        Recipe::new("hello-rust-glibc", "hello world in Rust, glibc, static-PIE", |kitchen| {
            rust(kitchen, GLIBC)
        }),
    ];
    recipes.into_iter().map(|recipe| recipe.checked(&[], greeting)).collect()
}

fn compile(kitchen: &Kitchen, driver: &str, flags: &[&str], source: &str) -> Result<()> {
    let mut command = Command::new(driver);
    command.arg(prefix(&kitchen.recorder)).args(flags).args(["-O2", "-g", "-ffunction-sections"]);
    command.args(["-fdata-sections", "-Wl,--gc-sections"]);
    command.arg(kitchen.workspace.programs().join(source));
    command.arg("-o").arg(kitchen.work.join("hello"));
    process::run(&mut command).map(drop)
}

fn rust(kitchen: &Kitchen, target: &str) -> Result<()> {
    let rustc = match target {
        MUSL => tools::musl_rustc(&kitchen.workspace)?,
        _ => "rustc".into(),
    };
    let mut command = Command::new(rustc);
    command.args(["-O", "-C", "target-feature=+crt-static", "--target", target]);
    command.args(linker_flags(&kitchen.recorder, target));
    command.arg(kitchen.workspace.programs().join("hello.rs"));
    command.arg("-o").arg(kitchen.work.join("hello"));
    process::run(&mut command).map(drop)
}

fn prefix(recorder: &Path) -> String {
    format!("-B{}", recorder.display())
}

/// What makes rustc link through gcc and the recorder.
pub fn linker_flags(recorder: &Path, target: &str) -> Vec<String> {
    let mut flags = vec!["-Clinker=gcc".to_owned(), format!("-Clink-arg={}", prefix(recorder))];
    if target == GLIBC {
        // Newer toolchains bring their own LLD for this target, which would bypass the recorder.
        flags.push("-Clinker-features=-lld".to_owned());
    }
    flags
}
