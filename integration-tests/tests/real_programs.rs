//! Real programs, each built once and linked by gild and its peers: ripgrep, a user of LLVM's static
//! archives, and gild itself.

use integration_tests::capture::Capture;
use integration_tests::cargo::{self, Recipe};
use integration_tests::image::Image;
use integration_tests::process::{self, Finished};
use integration_tests::tools::{self, Linker};
use integration_tests::{Outcome, ensure, structure, suite, workdir};
use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// cargo's arguments for ripgrep with the versions that its authors tested.
const RIPGREP: &[&str] =
    &["install", "ripgrep", "--version", "15.2.0", "--locked", "--no-track", "--force"];
/// The same, unoptimised.
const RIPGREP_DEBUG: &[&str] =
    &["install", "ripgrep", "--version", "15.2.0", "--locked", "--no-track", "--force", "--debug"];
/// This workspace's own linker.
const GILD: &[&str] = &["build", "-p", "gild-linker"];

const RIPGREPS: [Recipe; 4] = [
    Recipe { name: "ripgrep-musl-release", libc: "musl", pie: true, cargo: RIPGREP },
    Recipe { name: "ripgrep-musl-debug", libc: "musl", pie: false, cargo: RIPGREP_DEBUG },
    Recipe { name: "ripgrep-glibc-release", libc: "glibc", pie: true, cargo: RIPGREP },
    Recipe { name: "ripgrep-glibc-debug", libc: "glibc", pie: false, cargo: RIPGREP_DEBUG },
];

fn main() {
    let mut trials: Vec<Trial> = RIPGREPS
        .iter()
        .map(|recipe| suite::trial(recipe.name.to_owned(), || ripgrep(recipe)))
        .collect();
    trials.push(suite::trial("gild-links-itself".into(), gild_links_itself));
    for (name, flags) in LLVM_LINKS {
        trials.push(suite::trial(format!("llvm-{name}"), move || llvm(name, flags)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Replays a recorded link into `dir/NAME`.
fn link(capture: &Capture, linker: &Linker, dir: &Path, name: &str) -> Outcome<PathBuf> {
    let output = dir.join(name);
    process::run_within(&mut capture.replay(linker, &output), Duration::from_secs(120))?
        .success()?;
    Ok(output)
}

/// Everything that ripgrep says about a real tree is the same, whoever linked it.
fn ripgrep(recipe: &Recipe) -> Outcome {
    workdir::within(&format!("real/{}", recipe.name), |dir| ripgrep_in(recipe, dir))
}

fn ripgrep_in(recipe: &Recipe, dir: &Path) -> Outcome {
    let capture = cargo::recorded(recipe)?;
    let ours = link(&capture, tools::gild()?, dir, "gild")?;
    let image = Image::open(&ours)?;
    structure::check_alone(&image, recipe.pie)?;
    let mut peers = Vec::new();
    for peer in tools::peers()? {
        let output = link(&capture, peer, dir, peer.name)?;
        same_answers(&ours, &output, tree(recipe))?;
        peers.push((peer.name, Image::open(&output)?));
    }
    let named: Vec<_> = peers.iter().map(|(name, image)| (*name, image)).collect();
    structure::check_against(&image, &named)
}

/// Regular expressions of each engine, Unicode, threads, an error, and its own version. The tree to
/// search comes last.
const QUERIES: [&[&str]; 7] = [
    &["--sort=path", "-n", "define"],
    &["--sort=path", "-c", r"\b[A-Z]{3,}_\w+\b"],
    &["--sort=path", "-U", r"struct \w+ \{\n.*\n"],
    &["--sort=path", "-i", "-w", "straße|größe|linux"],
    &["--sort=path", "--json", "EINVAL|0x"],
    &["["],
    &["--version"],
];

/// Real trees of text that every machine with a compiler has; the unoptimised one is slow.
fn tree(recipe: &Recipe) -> &'static str {
    if recipe.cargo == RIPGREP { "/usr/include/linux" } else { "/usr/include/asm-generic" }
}

fn same_answers(ours: &Path, theirs: &Path, tree: &str) -> Outcome {
    let ask = |program: &Path, query: &[&str]| -> Outcome<Finished> {
        process::run(Command::new(program).args(query).arg(tree))
    };
    for query in QUERIES {
        let (one, two) = (ask(ours, query)?, ask(theirs, query)?);
        // A search's statistics tell the time.
        let stable = |finished: &Finished| {
            let text = finished.text();
            let lines = text.lines().filter(|line| !line.contains("\"elapsed"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let same = one.code() == two.code() && stable(&one) == stable(&two);
        ensure(same, || format!("{}\nbut\n{}", one.describe(), two.describe()))?;
        let useful = !one.stdout.is_empty() || one.code() == 2;
        ensure(useful, || format!("a query that finds nothing: {}", one.describe()))?;
    }
    Ok(())
}

/// gild, as a static musl program that gild linked, links gild again to the same bytes.
fn gild_links_itself() -> Outcome {
    let recipe = Recipe { name: "gild-musl", libc: "musl", pie: true, cargo: GILD };
    // Sources may have changed since the last run; cargo knows best what is stale.
    let cached = workdir::cached(recipe.name)?;
    let _ = std::fs::remove_file(cached.join("arguments"));
    let capture = cargo::recorded(&recipe)?;
    workdir::within("real/gild", |dir| three_generations(&capture, dir))
}

fn three_generations(capture: &Capture, dir: &Path) -> Outcome {
    let first = link(capture, tools::gild()?, dir, "first")?;
    let by = |path: &Path| Linker { name: "gild", path: path.to_owned(), drivers: PathBuf::new() };
    let second = link(capture, &by(&first), dir, "second")?;
    let third = link(capture, &by(&second), dir, "third")?;
    let bytes = |path: &Path| workdir::read(path);
    ensure(bytes(&first)? == bytes(&second)?, || "gild linked by gild links differently".into())?;
    ensure(bytes(&second)? == bytes(&third)?, || "the third generation differs".into())?;
    let version = process::run(Command::new(&third).arg("--version"))?.success()?;
    ensure(version.text().contains("gild"), || version.describe())
}

/// Flags for one link of the LLVM program each.
const LLVM_LINKS: [(&str, &[&str]); 3] = [
    ("exec", &["-static"]),
    ("gc", &["-static", "-Wl,--gc-sections"]),
    ("strings", &["-static", "-Wl,-O2", "-Wl,--build-id"]),
];

/// A compiler for six machines out of hundreds of megabytes of archives.
fn llvm(name: &str, flags: &[&str]) -> Outcome {
    workdir::within(&format!("real/llvm-{name}"), |dir| llvm_in(dir, flags))
}

fn llvm_in(dir: &Path, flags: &[&str]) -> Outcome {
    let object = llvm_object()?;
    let libraries =
        llvm_config(&["--link-static", "--libs", "all-targets", "passes", "asmparser"])?;
    let mut answers = Vec::new();
    let mut images = Vec::new();
    for linker in [tools::gild()?, tools::peer("lld")?] {
        let output = dir.join(linker.name);
        let mut clang = Command::new(tools::clangxx()?);
        clang.args(flags).arg(&object).args(&libraries).args(["-lz", "-lzstd", "-lm"]);
        clang.arg("-L").arg(llvm_config(&["--libdir"])?.concat());
        clang.arg(format!("--ld-path={}", linker.path.display())).arg("-o").arg(&output);
        process::run_within(&mut clang, Duration::from_secs(300))?.success()?;
        answers.push(process::run(&mut Command::new(&output))?.success()?);
        images.push(Image::open(&output)?);
    }
    let same = answers[0].stdout == answers[1].stdout;
    ensure(same, || format!("{}\nbut\n{}", answers[0].describe(), answers[1].describe()))?;
    let whole = answers[0].text().ends_with("6 targets\n");
    ensure(whole, || answers[0].describe())?;
    structure::check_alone(&images[0], false)?;
    structure::check_against(&images[0], &[("lld", &images[1])])
}

fn llvm_config(arguments: &[&str]) -> Outcome<Vec<String>> {
    let config = tools::which(&["llvm-config-19"])?;
    let said = process::run(Command::new(config).args(arguments))?.success()?.text();
    Ok(said.split_whitespace().map(str::to_owned).collect())
}

fn llvm_object() -> Outcome<PathBuf> {
    static OBJECT: std::sync::OnceLock<Outcome<PathBuf>> = std::sync::OnceLock::new();
    let compile = || {
        let object = workdir::cached("llvm")?.join("llvm.o");
        let mut clang = Command::new(tools::clangxx()?);
        clang.args(llvm_config(&["--cxxflags"])?).args(["-O1", "-g", "-ffunction-sections", "-c"]);
        clang.arg(workdir::source_root().join("integration-tests/real/llvm.cc"));
        process::run_within(clang.arg("-o").arg(&object), Duration::from_secs(300))?.success()?;
        Ok(object)
    };
    OBJECT.get_or_init(compile).clone()
}
