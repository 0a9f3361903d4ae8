//! A C++ program of LLVM's size, out of Debian's static archives.

use super::{Kitchen, Recipe, derived};
use crate::process;
use anyhow::Result;
use std::process::Command;

/// The recipes.
pub fn recipes() -> Vec<Recipe> {
    let check = |recipe: Recipe| recipe.checked(&[], "targets, verified");
    vec![
        check(Recipe::new("llvm-opt", "an LLVM optimiser with all targets, glibc", make)),
        check(derived::recipe(
            "llvm-opt-gc",
            "an LLVM optimiser with all targets, glibc, --gc-sections",
            "llvm-opt",
            |about, _| about.gc_sections = true,
        )),
    ]
}

fn make(kitchen: &Kitchen) -> Result<()> {
    let config = |option: &str| -> Result<Vec<String>> {
        let mut query = Command::new("llvm-config-19");
        let text = process::run(query.args(["--link-static", option]).args(component(option)))?;
        Ok(text.split_whitespace().map(str::to_owned).collect())
    };
    let includes = config("--includedir")?;
    let folders = config("--libdir")?;
    let mut command = Command::new("g++");
    command.args(["-static", "-O1", "-std=c++17", "-fno-rtti", "-ffunction-sections"]);
    command.arg(format!("-B{}", kitchen.recorder.display()));
    command.args(includes.iter().map(|folder| format!("-I{folder}")));
    command.arg(kitchen.workspace.programs().join("llvm-opt.cc"));
    command.args(folders.iter().map(|folder| format!("-L{folder}")));
    // What isn't needed isn't extracted. Z3 and libxml2, which llvm-config also names, have no
    // static archives that link, and nothing here calls them.
    // llvm-config names Polly as well, which is another package's and isn't called.
    let libraries = config("--libs")?.into_iter().filter(|library| !library.starts_with("-lPolly"));
    command.arg("-Wl,--start-group").args(libraries).arg("-Wl,--end-group");
    command.args(["-lz", "-lzstd", "-ltinfo", "-ldl", "-lm", "-lpthread"]);
    command.arg("-o").arg(kitchen.work.join("llvm-opt"));
    process::run(&mut command).map(drop)
}

fn component(option: &str) -> &'static [&'static str] {
    if option == "--libs" { &["all"] } else { &[] }
}
