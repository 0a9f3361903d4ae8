//! Builds mimalloc for every libc that there is a compiler for, and writes `bundled.rs`, the table
//! that `src/lib.rs` includes. A libc without a compiler is no error: the table says why.

#[path = "src/libc.rs"]
mod libc;
#[allow(dead_code, reason = "the command uses the rest")]
#[path = "src/recipe/mod.rs"]
mod recipe;

use libc::Libc;
use recipe::{Allocator, Built, Error, Places, Toolchain};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What every gild brings along.
const BROUGHT: [Allocator; 2] = [Allocator::Mimalloc, Allocator::Mimalloc2];

fn main() {
    println!("cargo::rerun-if-changed=glue");
    println!("cargo::rerun-if-changed=src/libc.rs");
    println!("cargo::rerun-if-changed=src/recipe");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let (mut bundled, mut missing) = (String::new(), String::new());
    for libc in Libc::ALL {
        println!("cargo::rerun-if-env-changed={}", libc.compilers().0);
        for allocator in BROUGHT {
            let name = allocator.name();
            match build(allocator, libc, &package, &out) {
                Ok(built) => bundled += &bundled_row(name, libc, &built),
                Err(error) => {
                    println!("cargo::warning=no {name} for {}: {error}", libc.name());
                    let reason = error.to_string();
                    missing += &format!(
                        "Missing {{ name: {name:?}, libc: Libc::{libc:?}, reason: {reason:?} }},\n"
                    );
                }
            }
        }
    }
    let on_demand = Allocator::ALL.into_iter().filter(|allocator| !BROUGHT.contains(allocator));
    let on_demand: Vec<&str> = on_demand.map(Allocator::name).collect();
    let table = format!(
        "/// The archives in this build.\n\
         pub static BUNDLED: &[Bundled] = &[{bundled}];\n\
         /// The archives that this build lacks, with the reason.\n\
         pub static MISSING: &[Missing] = &[{missing}];\n\
         /// Allocators that `gild-allocators` builds on demand.\n\
         pub static ON_DEMAND: &[&str] = &{on_demand:?};\n"
    );
    fs::write(out.join("bundled.rs"), table).expect("OUT_DIR can be written to");
}

fn build(allocator: Allocator, libc: Libc, package: &Path, out: &Path) -> Result<Built, Error> {
    let places = Places {
        sources: &mimalloc_sources(),
        glue: &package.join("glue"),
        work: &out.join(format!("{}-objects", libc.name())),
        out: &out.join(libc.name()),
    };
    recipe::build(allocator, &Toolchain::find(libc)?, &places)
}

fn bundled_row(name: &str, libc: Libc, built: &Built) -> String {
    let Built { archive, version } = built;
    let bytes = fs::read(archive).expect("what has just been built can be read");
    let hash = xxhash_rust::xxh3::xxh3_128(&bytes);
    format!(
        "Bundled {{ name: {name:?}, libc: Libc::{libc:?}, version: {version:?}, \
         bytes: include_bytes!({archive:?}), hash: {hash:#x} }},\n"
    )
}

/// The crate's root. Its build script publishes `<root>/c_src/mimalloc/<version>/include`.
fn mimalloc_sources() -> PathBuf {
    let include = env::var_os("DEP_MIMALLOC_INCLUDE_DIR")
        .expect("libmimalloc-sys publishes INCLUDE_DIR to its dependents");
    let root = Path::new(&include).ancestors().nth(4);
    root.expect("INCLUDE_DIR lies four levels below the crate's root").to_path_buf()
}
