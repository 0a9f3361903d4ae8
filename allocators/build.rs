//! Builds mimalloc for every libc that there is a compiler for, and writes `bundled.rs`, the table
//! that `src/lib.rs` includes. A libc without a compiler is no error: the table says why.

#[allow(dead_code, reason = "the command uses the rest")]
#[path = "src/recipe/mod.rs"]
mod recipe;

use recipe::{Allocator, Libc, Places, Toolchain};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=glue");
    println!("cargo::rerun-if-changed=src/recipe");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let sources = mimalloc_sources();

    let (mut bundled, mut missing) = (String::new(), String::new());
    for libc in Libc::ALL {
        println!("cargo::rerun-if-env-changed={}", libc.compilers().0);
        for allocator in [Allocator::Mimalloc, Allocator::Mimalloc2] {
            let places = Places {
                sources: &sources,
                glue: &package.join("glue"),
                work: &out.join(format!("{}-objects", libc.name())),
                out: &out.join(libc.name()),
            };
            let built = Toolchain::find(libc)
                .and_then(|toolchain| recipe::build(allocator, &toolchain, &places));
            let written = match built {
                Ok(built) => writeln!(
                    bundled,
                    "Bundled {{ name: {:?}, libc: Libc::{libc:?}, version: {:?}, \
                     bytes: include_bytes!({:?}), hash: {:#x} }},",
                    allocator.name(),
                    built.version,
                    built.archive,
                    hash(&built.archive),
                ),
                Err(error) => {
                    println!("cargo::warning=no {} for {}: {error}", allocator.name(), libc.name());
                    writeln!(
                        missing,
                        "Missing {{ name: {:?}, libc: Libc::{libc:?}, reason: {:?} }},",
                        allocator.name(),
                        error.to_string(),
                    )
                }
            };
            written.expect("writing to a string doesn't fail");
        }
    }
    let table = format!(
        "/// The archives in this build.\n\
         pub static BUNDLED: &[Bundled] = &[{bundled}];\n\
         /// The archives that this build lacks, with the reason.\n\
         pub static MISSING: &[Missing] = &[{missing}];\n"
    );
    fs::write(out.join("bundled.rs"), table).expect("OUT_DIR can be written to");
}

fn hash(archive: &Path) -> u128 {
    let bytes = fs::read(archive).expect("what has just been built can be read");
    xxhash_rust::xxh3::xxh3_128(&bytes)
}

/// The crate's root. Its build script publishes `<root>/c_src/mimalloc/<version>/include`.
fn mimalloc_sources() -> PathBuf {
    let include = env::var_os("DEP_MIMALLOC_INCLUDE_DIR")
        .expect("libmimalloc-sys publishes INCLUDE_DIR to its dependents");
    let root = Path::new(&include).ancestors().nth(4);
    root.expect("INCLUDE_DIR lies four levels below the crate's root").to_path_buf()
}
