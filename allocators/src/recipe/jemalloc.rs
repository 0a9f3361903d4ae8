//! jemalloc: configure and make in a copy of the sources, then one object with the glue.

use super::toolchain::run;
use super::{Error, Places, Toolchain};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io, thread};

/// Builds `jemalloc.o`; takes about a minute, half of it `configure`.
pub fn object(toolchain: &Toolchain, places: &Places, identity: &str) -> Result<PathBuf, Error> {
    let tree = places.work.join("jemalloc");
    let copied = copy_tree(&places.sources.join("jemalloc"), &tree).and_then(|()| {
        // The crate ships the generated script beside the tree.
        fs::copy(places.sources.join("configure/configure"), tree.join("configure"))
    });
    copied.map_err(|e| Error::at(&tree, &e))?;
    configure(toolchain, &tree, identity)?;
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    run(Command::new("make").current_dir(&tree).arg(format!("-j{jobs}")).arg("lib/libjemalloc.a"))?;

    let glue = places.work.join("jemalloc-glue.o");
    let identity = OsString::from(format!("-DGILD_IDENTITY=\"{identity}\""));
    toolchain.compile(&places.glue.join("jemalloc.c"), &glue, places.sources, &[identity])?;
    // One object: fork()'s references to the glue are weak and would extract no member.
    let object = places.work.join("jemalloc.o");
    toolchain.merge(&tree.join("lib/libjemalloc.a"), &[glue], &object)?;
    Ok(object)
}

fn configure(toolchain: &Toolchain, tree: &Path, identity: &str) -> Result<(), Error> {
    let mut flags = toolchain.flags(tree);
    // Upstream's choice; configure only makes it when CFLAGS is empty.
    flags.push("-funroll-loops".into());
    let version = identity.rsplit(' ').next().unwrap_or_default();
    let mut command = Command::new("sh");
    command.current_dir(tree).arg("configure");
    command.env("CC", toolchain.compiler()).env("CFLAGS", flags.join(" ".as_ref()));
    // The glue calls the fork handlers, later than pthread_atfork() would (glue/fork.h).
    command.env("je_cv_pthread_atfork", "no");
    command.arg(format!("--with-version={version}-0-g0"));
    command.args([
        "--with-private-namespace=gild_",
        // Plain names: also MALLOC_CONF and the symbol malloc_conf stay as documented.
        "--with-jemalloc-prefix=",
        // `operator new` is left to the C++ library.
        "--disable-cxx",
        // dlsym() means nothing in a static program.
        "--disable-libdl",
        "--disable-stats",
        "--disable-shared",
        "--disable-doc",
        "--prefix=/nonexistent",
    ]);
    run(&mut command)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
