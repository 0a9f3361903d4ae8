//! Programs to compare, built once, and a way to break them in one place.

#![allow(dead_code, reason = "each test program uses its part")]

pub mod elf;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use gild_diff::{CompareOptions, Comparison};

/// How a program is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// C, static glibc, fixed address.
    CGlibc,
    /// C, static glibc, position-independent.
    CPie,
    /// The same with packed relative relocations.
    CRelr,
    /// C, static musl.
    CMusl,
    /// C, static musl, split debug information, unwind rules in `.debug_frame` alone.
    CSplit,
    /// C, GOT accesses left as they are.
    CUnrelaxed,
    /// C++, static glibc.
    Cxx,
    /// Rust, static glibc, position-independent.
    Rust,
}

/// All of them.
pub const FLAVOURS: [Flavour; 8] = [
    Flavour::CGlibc,
    Flavour::CPie,
    Flavour::CRelr,
    Flavour::CMusl,
    Flavour::CSplit,
    Flavour::CUnrelaxed,
    Flavour::Cxx,
    Flavour::Rust,
];

/// A folder that this test run owns.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("gild-diff-{}-{}", env!("CARGO_CRATE_NAME"), std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder for the programs");
        path
    })
}

/// The linkers that are asked.
pub const LINKERS: [&str; 3] = ["ld", "lld", "mold"];

/// Builds a program with one linker, or finds it built.
pub fn program(flavour: Flavour, linker: &str) -> PathBuf {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let output = folder().join(format!("{flavour:?}-{linker}"));
    let _one_at_a_time = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !output.exists() {
        build(flavour, linker, &output);
    }
    output
}

fn build(flavour: Flavour, linker: &str, output: &Path) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let ld = format!("-B{}", linker_folder(linker).display());
    let c = |compiler: &str, flags: &[&str]| {
        let mut command = Command::new(compiler);
        command.args(["-O2", "-g", "-fno-pie", "-no-pie", "-ffunction-sections"]);
        command.arg(&ld).args(flags).arg(sources.join("kitchen.c"));
        command.arg("-o").arg(output);
        command
    };
    let mut command = match flavour {
        Flavour::CGlibc => c("gcc", &["-static"]),
        Flavour::CPie => c("gcc", &["-fPIE", "-static-pie"]),
        Flavour::CRelr => c("gcc", &["-fPIE", "-static-pie", "-Wl,-z,pack-relative-relocs"]),
        Flavour::CMusl => c("musl-gcc", &["-static"]),
        Flavour::CSplit => {
            let object = folder().join("split.o");
            let mut gcc = Command::new("musl-gcc");
            gcc.args(["-c", "-O2", "-fno-pie", "-g", "-gsplit-dwarf"]);
            gcc.arg("-fno-asynchronous-unwind-tables");
            gcc.arg(sources.join("kitchen.c")).arg("-o").arg(&object);
            assert!(gcc.status().is_ok_and(|s| s.success()), "{gcc:?}");
            let mut command = Command::new("musl-gcc");
            command.args(["-static", &ld]).arg(object).arg("-o").arg(output);
            command
        }
        Flavour::CUnrelaxed => c("gcc", &["-static", "-fPIC", "-fno-plt", "-Wl,--no-relax"]),
        Flavour::Cxx => {
            let mut command = Command::new("g++");
            command.args([
                "-O2",
                "-g",
                // The last with exception specifications.
                "-std=c++14",
                "-static",
                "-fno-pie",
                "-no-pie",
                "-Wl,--eh-frame-hdr",
                &ld,
            ]);
            command.arg(sources.join("shapes.cc")).arg("-o").arg(output);
            command
        }
        Flavour::Rust => {
            let mut command = Command::new("rustc");
            command.args(["-O", "-g", "--edition", "2024", "-Ctarget-feature=+crt-static"]);
            command.arg(format!("-Clink-arg={ld}")).arg("-Clink-self-contained=-linker");
            command.args(["-Zunstable-options"]).env("RUSTC_BOOTSTRAP", "1");
            command.arg(sources.join("words.rs")).arg("-o").arg(output);
            command
        }
    };
    let done = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} failed:\n{said}");
}

/// A folder for `-B` in which `ld` is the linker of that name.
pub fn linker_folder(linker: &str) -> PathBuf {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = folder().join(format!("with-{linker}"));
    if path.exists() {
        return path;
    }
    std::fs::create_dir_all(&path).expect("a folder for the linker");
    let variable = format!("GILD_DIFF_{}", linker.to_uppercase());
    let real = match std::env::var_os(variable) {
        Some(real) => PathBuf::from(real),
        None if linker == "gild" => built_gild(),
        None => {
            let names: &[&str] = match linker {
                "ld" => &["ld.bfd", "ld"],
                "lld" => &["ld.lld", "ld.lld-19"],
                other => &[other],
            };
            let mut found = names.iter().filter_map(|name| which::which(name).ok());
            found.next().unwrap_or_else(|| panic!("the linker {linker} is not installed"))
        }
    };
    // rustc asks gcc for `ld.lld` where it would take its own copy of lld.
    for name in ["ld", "ld.lld"] {
        std::os::unix::fs::symlink(&real, path.join(name)).expect("a link to the linker");
    }
    path
}

/// Builds this workspace's gild in the profile of this test, and names it.
fn built_gild() -> PathBuf {
    let this = std::env::current_exe().expect("the test's own file");
    // target/PROFILE/deps/TEST
    let profile = this.ancestors().nth(2).expect("the profile's folder");
    let target = profile.parent().expect("the target folder");
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    build.args(["build", "--quiet", "-p", "gild-linker", "--target-dir"]).arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo runs").success(), "gild was not built");
    profile.join("gild")
}

/// Compares two programs.
pub fn compare(a: &Path, b: &Path) -> Comparison {
    gild_diff::compare(&[a.to_owned(), b.to_owned()], &CompareOptions::default())
        .expect("both programs can be read")
}

/// What is unexplained, a line each.
pub fn unexplained(comparison: &Comparison) -> String {
    let line = |f: &gild_diff::Finding| {
        format!("{}: {}: {} [{} | {}]\n", f.kind.name(), f.place, f.detail, f.left, f.right)
    };
    comparison.unexplained().map(line).collect()
}
