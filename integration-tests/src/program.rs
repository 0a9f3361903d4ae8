//! Finding the test programs and expanding the matrix of each.

use crate::directives::{self, Directives, Variant};
use crate::{Outcome, workdir};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The language of a program's main file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C.
    C,
    /// C++.
    Cxx,
    /// Assembly, preprocessed or not.
    Assembly,
    /// Rust.
    Rust,
}

impl Language {
    /// By a source file's extension.
    pub fn of(file: &str) -> Option<Self> {
        Some(match Path::new(file).extension()?.to_str()? {
            "c" => Self::C,
            "cc" => Self::Cxx,
            "s" | "S" => Self::Assembly,
            "rs" => Self::Rust,
            _ => return None,
        })
    }
}

/// A folder of `test-programs/`.
#[derive(Debug)]
pub struct Program {
    /// Its path below `test-programs/`.
    pub name: String,
    /// The folder.
    pub dir: PathBuf,
    /// The language of the main file.
    pub language: Language,
    /// Sources relative to the folder: the main file, then the others sorted.
    pub sources: Vec<String>,
    /// What the main file's head says.
    pub directives: Directives,
}

/// One cell of a program's matrix.
#[derive(Clone, Debug)]
pub struct Case {
    /// The program.
    pub program: Arc<Program>,
    /// `musl`, `glibc` or `none`.
    pub libc: String,
    /// Static-PIE instead of a fixed address.
    pub pie: bool,
    /// `gcc`, `clang` or `rustc`.
    pub compiler: String,
    /// Extra flags; without a name where the program has no variants.
    pub variant: Variant,
}

impl Case {
    /// `program/libc-output-compiler[-variant]`.
    pub fn name(&self) -> String {
        let mut name =
            format!("{}/{}-{}-{}", self.program.name, self.libc, self.output(), self.compiler);
        if !self.variant.name.is_empty() {
            name.push('-');
            name.push_str(&self.variant.name);
        }
        name
    }

    /// `exec` or `pie`.
    pub fn output(&self) -> &'static str {
        if self.pie { "pie" } else { "exec" }
    }

    /// Whether the output is compared with this peer's.
    pub fn has_peer(&self, peer: &str) -> bool {
        // musl-gcc names a dynamic linker beside -static; these believe it, and the program crashes.
        let deceived = matches!(peer, "lld" | "mold");
        if deceived && self.libc == "musl" && self.output() == "exec" && self.compiler == "gcc" {
            return false;
        }
        if !matches!(peer, "ld" | "lld") {
            return true;
        }
        let directives = &self.program.directives;
        let mut skipped = directives.skipped.iter().filter(|(name, _)| name == peer);
        directives.peers.iter().any(|name| name == peer)
            && !skipped.any(|(_, cells)| cells.iter().any(|pattern| self.matches(pattern)))
    }

    /// `pattern` is `libc/output/compiler[/variant]`, each part possibly `*`.
    pub fn matches(&self, pattern: &str) -> bool {
        let cell = [&self.libc, self.output(), &self.compiler, &self.variant.name];
        pattern.split('/').zip(cell).all(|(wanted, is)| wanted == "*" || wanted == is)
    }
}

/// All programs, sorted by name.
pub fn discover() -> Outcome<Vec<Arc<Program>>> {
    let root = workdir::source_root().join("test-programs");
    let mut programs = Vec::new();
    for group in sorted_entries(&root)?.into_iter().filter(|path| path.is_dir()) {
        for dir in sorted_entries(&group)?.into_iter().filter(|path| path.is_dir()) {
            programs.push(Arc::new(open(&root, &dir)?));
        }
    }
    Ok(programs)
}

fn open(root: &Path, dir: &Path) -> Outcome<Program> {
    let mut sources = Vec::new();
    collect_sources(dir, dir, &mut sources)?;
    let main = sources.iter().position(|name| name.starts_with("main."));
    let main = sources.remove(main.ok_or(format!("{}: no main file", dir.display()))?);
    let text = fs::read_to_string(dir.join(&main)).map_err(|error| format!("{main}: {error}"))?;
    let directives = directives::parse(&text).map_err(|e| format!("{}: {e}", dir.display()))?;
    let language = Language::of(&main).ok_or("a main file has a language")?;
    sources.insert(0, main);
    let name = dir.strip_prefix(root).unwrap_or(dir).display().to_string();
    Ok(Program { name, dir: dir.to_owned(), language, sources, directives })
}

fn collect_sources(root: &Path, dir: &Path, sources: &mut Vec<String>) -> Outcome {
    for path in sorted_entries(dir)? {
        if path.is_dir() {
            collect_sources(root, &path, sources)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if Language::of(&name).is_some() {
            sources.push(name);
        }
    }
    Ok(())
}

fn sorted_entries(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

/// The matrix of one program.
pub fn cases(program: &Arc<Program>) -> Vec<Case> {
    let all = &program.directives;
    let plain = [Variant::default()];
    let variants = if all.variants.is_empty() { &plain[..] } else { &all.variants[..] };
    let rustc = ["rustc".to_owned()];
    let is_rust = program.language == Language::Rust;
    let compilers = if is_rust { &rustc[..] } else { &all.compiler[..] };
    let mut cases = Vec::new();
    for libc in &all.libc {
        for output in &all.output {
            for compiler in compilers {
                for variant in variants {
                    cases.push(Case {
                        program: program.clone(),
                        libc: libc.clone(),
                        pie: output == "pie",
                        compiler: compiler.clone(),
                        variant: variant.clone(),
                    });
                }
            }
        }
    }
    cases.retain(|case| !all.except.iter().any(|pattern| case.matches(pattern)));
    cases
}
