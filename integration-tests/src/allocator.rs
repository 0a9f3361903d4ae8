//! Programs with a chosen heap: archives of allocators, and complete link lines that any linker
//! takes, for musl and glibc, at a fixed address and position-independent.

use crate::process::{self, Finished};
use crate::tools::{self, Linker};
use crate::{Outcome, build, ensure, workdir};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

/// What a program is linked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// `musl` or `glibc`.
    pub libc: &'static str,
    /// Static-PIE instead of a fixed address.
    pub pie: bool,
}

impl Target {
    /// All four.
    pub const ALL: [Target; 4] = [MUSL, MUSL_PIE, GLIBC, GLIBC_PIE];

    /// For the names of tests.
    pub fn name(self) -> String {
        format!("{}-{}", self.libc, if self.pie { "pie" } else { "exec" })
    }
}

/// What every archive of an allocator defines.
pub const FAMILY: [&str; 11] = [
    "malloc",
    "free",
    "calloc",
    "realloc",
    "aligned_alloc",
    "posix_memalign",
    "memalign",
    "valloc",
    "pvalloc",
    "reallocarray",
    "malloc_usable_size",
];

/// musl at a fixed address.
pub const MUSL: Target = Target { libc: "musl", pie: false };
/// musl anywhere.
pub const MUSL_PIE: Target = Target { libc: "musl", pie: true };
/// glibc at a fixed address.
pub const GLIBC: Target = Target { libc: "glibc", pie: false };
/// glibc anywhere.
pub const GLIBC_PIE: Target = Target { libc: "glibc", pie: true };

/// Makes what `key` names once in this process; others that ask wait for it.
pub fn once(key: String, make: impl FnOnce() -> Outcome<PathBuf>) -> Outcome<PathBuf> {
    type Made = Arc<OnceLock<Outcome<PathBuf>>>;
    static MADE: OnceLock<Mutex<HashMap<String, Made>>> = OnceLock::new();
    let mut all = MADE.get_or_init(Mutex::default).lock().map_err(|error| error.to_string())?;
    let made = all.entry(key).or_default().clone();
    drop(all);
    made.get_or_init(make).clone()
}

/// A file in `test-programs/allocator/`.
pub fn source(name: &str) -> PathBuf {
    workdir::source_root().join("test-programs/allocator").join(name)
}

/// `musl/lib….a` and `glibc/lib….a` of every allocator: for `GILD_ALLOCATOR_PATH`. Built when the
/// sources of `allocators/` are newer.
pub fn archives() -> Outcome<PathBuf> {
    once("archives".into(), || {
        let dir = workdir::cached("allocators")?;
        let lock = File::create(dir.join("lock")).map_err(|error| error.to_string())?;
        lock.lock().map_err(|error| error.to_string())?;
        let built = dir.join("built");
        let age = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
        let sources = workdir::source_root().join("allocators");
        let changed = newest(&sources.join("glue")).max(newest(&sources.join("src")));
        if age(&built) < changed {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.current_dir(workdir::source_root());
            cargo.args(["run", "--quiet", "-p", "gild-allocators", "--target-dir"]);
            cargo.arg(workdir::target_dir()).arg("--").arg(&dir);
            process::run_within(&mut cargo, Duration::from_secs(1200))?.success()?;
            workdir::write(&dir, "built", "")?;
        }
        Ok(dir)
    })
}

fn newest(dir: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(dir).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let times = entries.filter_map(|path| match path.is_dir() {
        true => newest(&path),
        false => path.metadata().ok()?.modified().ok(),
    });
    times.max()
}

/// The archive of one allocator.
pub fn archive(name: &str, libc: &str) -> Outcome<String> {
    Ok(archives()?.join(libc).join(format!("lib{name}.a")).display().to_string())
}

/// C++ for musl, by `scripts/musl-cxx.sh`; `None` where the network didn't give it.
pub fn musl_cxx() -> Option<PathBuf> {
    let dir = workdir::cached("musl-cxx").ok()?;
    dir.join("bin/c++").exists().then_some(dir)
}

/// Compiles a C or C++ file for a libc. The code fits both kinds of output.
pub fn compile(libc: &str, source: &Path, object: &Path, flags: &[&str]) -> Outcome {
    let cxx = source.extension().is_some_and(|extension| extension == "cc");
    let mut compiler = match (cxx, libc) {
        (true, "musl") => Command::new(musl_cxx().ok_or("no C++ for musl")?.join("bin/c++")),
        (true, _) => Command::new("g++"),
        (false, _) => Command::new("gcc"),
    };
    compiler.args(["-O2", "-g1", "-fPIE", "-pthread", "-fno-builtin-malloc", "-Wall", "-c"]);
    if !cxx {
        compiler.args(build::libc_flags(libc, "gcc")?);
    }
    compiler.args(flags).arg("-I").arg(self::source("")).arg(source).arg("-o").arg(object);
    // Two cores may be busy with the C++ compiler's own start.
    process::run_within(&mut compiler, Duration::from_secs(300))?.success().map(drop)
}

/// The object of a program in `test-programs/allocator/`, compiled once a libc.
pub fn program(name: &str, libc: &str) -> Outcome<String> {
    let object = once(format!("{libc}/{name}"), || {
        let dir = shared()?;
        let object = dir.join(libc).join(name).with_extension("o");
        let parent = object.parent().unwrap_or(&dir);
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        compile(libc, &source(name), &object, &[])?;
        Ok(object)
    })?;
    Ok(object.display().to_string())
}

/// What several tests of this process use.
pub fn shared() -> Outcome<PathBuf> {
    once("shared".into(), || workdir::fresh("allocators/shared"))
}

/// A folder in which programs are compiled and linked for one target.
pub struct Bench {
    /// The folder.
    pub dir: PathBuf,
    /// What is linked here.
    pub target: Target,
}

impl Bench {
    /// A fresh folder.
    pub fn new(name: &str, target: Target) -> Outcome<Self> {
        let dir = workdir::fresh(&format!("allocators/{name}-{}", target.name()))?;
        Ok(Self { dir, target })
    }

    /// The object of one of the programs in `test-programs/allocator/`.
    pub fn program(&self, name: &str) -> Outcome<String> {
        program(name, self.target.libc)
    }

    /// Compiles `text` in this folder.
    pub fn compile(&self, name: &str, text: &str, flags: &[&str]) -> Outcome<String> {
        let source = workdir::write(&self.dir, name, text)?;
        let object = build::object_name(name);
        compile(self.target.libc, &source, &self.dir.join(&object), flags)?;
        Ok(object)
    }

    /// An archive of objects of this folder.
    pub fn archive(&self, name: &str, objects: &[&str]) -> Outcome<String> {
        self.tool("ar", &[&["rcs", name], objects].concat())?;
        Ok(name.into())
    }

    /// Runs another tool in the folder.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Outcome<Finished> {
        process::run(Command::new(program).current_dir(&self.dir).args(arguments))?.success()
    }

    /// The link command: `inputs` between the start files and the C library.
    pub fn command(&self, linker: &Linker, inputs: &[&str], output: &str) -> Outcome<Command> {
        let mut command = linker.command(&self.dir);
        for name in ["GILD_ALLOCATOR", "GILD_ALLOCATOR_PATH"] {
            command.env_remove(name);
        }
        command.env("RUST_BACKTRACE", "0").args(["-o", output]);
        line(&mut command, self.target, inputs)?;
        Ok(command)
    }

    /// Links with gild, whatever comes of it. The other allocators' archives can be found by name.
    pub fn link(&self, inputs: &[&str]) -> Outcome<Finished> {
        let mut command = self.command(tools::gild()?, inputs, "out")?;
        process::run(command.env("GILD_ALLOCATOR_PATH", archives()?))
    }

    /// Links with gild successfully.
    pub fn links(&self, inputs: &[&str]) -> Outcome<Finished> {
        self.link(inputs)?.success()
    }

    /// Links with gild; the program says `provider`, and all is well with it.
    pub fn works(&self, inputs: &[&str], provider: &str) -> Outcome<Finished> {
        let link = self.links(inputs)?;
        self.runs("out", &[provider])?;
        Ok(link)
    }

    /// gild refuses the link: one error with these texts, and no output.
    pub fn refuses(&self, inputs: &[&str], texts: &[&str]) -> Outcome {
        let link = self.link(inputs)?;
        ensure(link.code() == 1, || format!("not a plain failure: {}", link.describe()))?;
        let errors = link.stderr.lines().filter(|line| line.contains("error: ")).count();
        ensure(errors == 1, || format!("{errors} errors: {}", link.describe()))?;
        says(&link, texts)?;
        ensure(!self.path("out").exists(), || format!("an output is left: {}", link.describe()))
    }

    /// Links with another linker, whatever comes of it.
    pub fn peer(&self, linker: &str, inputs: &[&str], output: &str) -> Outcome<Finished> {
        process::run(&mut self.command(tools::peer(linker)?, inputs, output)?)
    }

    /// Runs a linked program, however it ends.
    pub fn run(&self, name: &str, arguments: &[&str]) -> Outcome<Finished> {
        let mut command = Command::new(self.path(name));
        process::run(command.current_dir(&self.dir).args(arguments).env("LC_ALL", "C"))
    }

    /// Runs a linked program successfully.
    pub fn runs(&self, name: &str, arguments: &[&str]) -> Outcome<Finished> {
        self.run(name, arguments)?.success()
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Each text is somewhere in what a link said.
pub fn says(link: &Finished, texts: &[&str]) -> Outcome {
    let missing = texts.iter().find(|text| !link.stderr.contains(**text));
    ensure(missing.is_none(), || format!("no `{}` in {}", missing.unwrap_or(&""), link.describe()))
}

/// What a compiler driver would pass for a static program.
fn line(command: &mut Command, target: Target, inputs: &[&str]) -> Outcome {
    let (start, begin, end) = match target.pie {
        true => ("rcrt1.o", "crtbeginS.o", "crtendS.o"),
        false => ("crt1.o", "crtbeginT.o", "crtend.o"),
    };
    let file = |name: &str| match target.libc {
        "musl" => Ok(tools::musl_dir()?.join(name)),
        _ => tools::gcc_file(name),
    };
    let folder = |path: PathBuf| path.parent().map(PathBuf::from).unwrap_or_default();
    command.args(["-m", "elf_x86_64", "-static", "--eh-frame-hdr"]);
    if target.pie {
        command.args(["-pie", "--no-dynamic-linker", "-z", "text"]);
    }
    command.arg(file(start)?).arg(file("crti.o")?).arg(tools::gcc_file(begin)?);
    command.arg("-L").arg(folder(file("libc.a")?));
    command.arg("-L").arg(folder(tools::gcc_file("libgcc.a")?));
    command.args(inputs);
    // gcc 12's libgcc_eh.a needs a function of glibc's.
    let unwinder = (target.libc == "glibc").then_some("-lgcc_eh");
    command.args(["--start-group", "-lm", "-lc", "-lgcc"]).args(unwinder).arg("--end-group");
    command.arg(tools::gcc_file(end)?).arg(file("crtn.o")?);
    Ok(())
}

/// The C++ library for a libc, as inputs.
pub fn cxx_library(libc: &str) -> Outcome<Vec<String>> {
    if libc == "glibc" {
        return Ok(vec!["-lstdc++".into()]);
    }
    let lib = musl_cxx().ok_or("no C++ for musl")?.join("lib");
    let names = ["libc++.a", "libc++abi.a", "libunwind.a"];
    Ok(names.iter().map(|name| lib.join(name).display().to_string()).collect())
}
