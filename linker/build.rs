//! Makes gild a static program itself where the C library has an archive: finding, loading and binding
//! `libc.so.6` and `libgcc_s.so.1` takes 0.6 ms, a third of a link of hello world.
//!
//! `-C target-feature=+crt-static` is the usual way, but without `--target` cargo passes it to procedural
//! macros as well, which then can't be built. So whatever library rustc asks for is a linker script here
//! that names the archives.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What rustc links (the crates `libc` and `unwind` of its standard library).
const LIBRARIES: [&str; 7] = ["gcc_s", "util", "rt", "pthread", "m", "dl", "c"];
/// Where that is. From glibc 2.34 on, the last four are empty.
const ARCHIVES: [&str; 8] = [
    "libgcc.a",
    "libgcc_eh.a",
    "libc.a",
    "libm.a",
    "libutil.a",
    "librt.a",
    "libpthread.a",
    "libdl.a",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let of_target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let native = env::var("HOST") == env::var("TARGET");
    if !native || of_target("ENV") != "gnu" || of_target("FEATURE").contains("crt-static") {
        return;
    }
    let Some(archives) = ARCHIVES.into_iter().map(archive).collect::<Option<Vec<_>>>() else {
        return;
    };
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    write_libraries(&folder, &archives).expect("OUT_DIR is writable");
    println!("cargo::rustc-link-arg-bin=gild=-L{}", folder.display());
    println!("cargo::rustc-link-arg-bin=gild=-static-pie");
}

/// Where the compiler driver finds an archive; `None` if there is none, and without a driver.
fn archive(name: &str) -> Option<PathBuf> {
    let driver = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let found = Command::new(driver).arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(found.stdout).ok()?.trim_end());
    // Of what it doesn't find, a driver prints the name alone.
    (path.is_absolute() && path.is_file()).then_some(path)
}

/// rustc asks for dynamic libraries; a linker that has heard of `-static` may look for archives still.
fn write_libraries(folder: &Path, archives: &[PathBuf]) -> io::Result<()> {
    let names: Vec<String> = archives.iter().map(|path| format!("{path:?}")).collect();
    let script = format!("GROUP({})\n", names.join(" "));
    for name in LIBRARIES {
        fs::write(folder.join(format!("lib{name}.so")), &script)?;
        fs::write(folder.join(format!("lib{name}.a")), &script)?;
    }
    Ok(())
}
