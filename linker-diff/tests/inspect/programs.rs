//! Programs with one heap or another, each built once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use gild_allocators::{Bundled, Libc};

use crate::support::{elf::Elf, folder, linker_folder};

/// How to build a program.
pub struct Program {
    name: String,
    compiler: &'static str,
    source: &'static str,
    flags: Vec<String>,
}

fn driver(libc: Libc) -> &'static str {
    match libc {
        Libc::Glibc => "gcc",
        Libc::Musl => "musl-gcc",
    }
}

impl Program {
    /// With the C library's own heap, by the system's linker.
    pub fn plain(compiler: &'static str, flags: &[&str]) -> Self {
        let name = format!("{compiler}{}", flags.concat());
        let flags = flags.iter().map(ToString::to_string).collect();
        Self { name, compiler, source: "heap.c", flags }
    }

    /// Without any.
    pub fn without_heap() -> Self {
        let program = Self::plain("gcc", &["-static", "-nostdlib"]);
        Self { source: "no_heap.c", ..program }
    }

    /// By gild with `--allocator`.
    pub fn by_gild(libc: Libc, allocator: &str) -> Self {
        Self::plain(driver(libc), &["-static"])
            .flag(&format!("-B{}", linker_folder("gild").display()))
            .flag(&format!("-Wl,--allocator={allocator}"))
            .named(format!("gild-{libc:?}-{allocator}"))
    }

    /// By another linker, the archive before the C library's.
    pub fn by_peer(linker: &str, bundled: &Bundled) -> Self {
        let name = format!("{linker}-{:?}-{}", bundled.libc, bundled.name);
        let archive = folder().join(format!("{name}.a"));
        std::fs::write(&archive, bundled.bytes).expect("the archive");
        Self::plain(driver(bundled.libc), &["-static"])
            .flag(&format!("-B{}", linker_folder(linker).display()))
            .flag(&archive.display().to_string())
            .named(name)
    }

    /// With one flag more.
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        if flag.starts_with("-D") {
            self.name += flag;
        }
        self
    }

    fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// Builds it, or finds it built.
    pub fn build(&self) -> PathBuf {
        static LOCK: Mutex<()> = Mutex::new(());
        let _one_at_a_time = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        let output = folder().join(format!("{}-{}", self.name, self.source));
        if !output.exists() {
            let mut command = Command::new(self.compiler);
            let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
            command.arg("-O2").arg(sources.join(self.source)).args(&self.flags);
            succeed(command.arg("-o").arg(&output));
        }
        output
    }
}

fn succeed(command: &mut Command) {
    let done = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} failed:\n{said}");
}

/// The program after `strip`.
pub fn stripped(program: &Path) -> PathBuf {
    let output = beside(program, "stripped");
    succeed(Command::new("strip").arg("-o").arg(&output).arg(program));
    output
}

/// What `sstrip` leaves: no section headers, and nothing behind the last segment.
pub fn without_headers(program: &Path) -> PathBuf {
    let mut elf = Elf::new(std::fs::read(program).expect("the program"));
    let ends = elf.segments(1).into_iter().map(|at| elf.word(at + 8) + elf.word(at + 32));
    let end = ends.max().expect("a segment") as usize;
    elf.set_word(40, 0);
    elf.bytes[60..64].fill(0);
    altered(program, "without-headers", &elf.bytes[..end])
}

/// A file of these bytes, named after the program.
pub fn altered(program: &Path, how: &str, bytes: &[u8]) -> PathBuf {
    let path = beside(program, how);
    std::fs::write(&path, bytes).expect("the altered file");
    path
}

/// A name that is the calling thread's own, since tests run at the same time.
fn beside(program: &Path, how: &str) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "-");
    let name = program.file_name().expect("a name").to_string_lossy();
    folder().join(format!("{name}-{how}-{thread}"))
}
