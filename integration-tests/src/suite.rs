//! One cell of the matrix, from sources to verdict.

use crate::faults::{self, Seen};
use crate::image::Image;
use crate::process::Finished;
use crate::program::{self, Case, Language};
use crate::structure::{self, Named};
use crate::tools::{self, Linker};
use crate::{Outcome, build, ensure, expect, link, meaning, process, rust, workdir};
use libtest_mimic::{Failed, Trial};
use std::path::Path;
use std::process::Command;

/// A test per cell of every program's matrix.
pub fn trials() -> Outcome<Vec<Trial>> {
    let programs = program::discover()?;
    let cases = programs.iter().flat_map(program::cases);
    Ok(cases.map(|case| trial(case.name(), move || check(&case))).collect())
}

/// Wraps a check as a test with a name.
pub fn trial(name: String, check: impl FnOnce() -> Outcome + Send + 'static) -> Trial {
    Trial::test(name, move || check().map_err(Failed::from))
}

/// Builds once, links with gild and its peers, runs and compares.
fn check(case: &Case) -> Outcome {
    workdir::within(&format!("programs/{}", case.name()), |dir| check_in(case, dir))
}

fn check_in(case: &Case, dir: &Path) -> Outcome {
    let linked = Linked::new(case, dir)?;
    let ours = linked.with(tools::gild()?)?;
    let directives = &case.program.directives;
    check_messages(case, &ours)?;
    if !directives.fails.is_empty() {
        return Ok(());
    }
    let image = Image::open(&dir.join("gild.out"))?;
    structure::check_alone(&image, case.pie)?;
    for claim in &directives.claims {
        expect::check(claim, &image)?;
    }
    check_behaviour(case, dir)?;
    compare(case, dir, &linked, &image)
}

/// A built program that any linker can link.
enum Linked<'a> {
    Driver { case: &'a Case, dir: &'a Path, inputs: Vec<String> },
    Rust { dir: &'a Path, capture: crate::capture::Capture },
}

impl<'a> Linked<'a> {
    fn new(case: &'a Case, dir: &'a Path) -> Outcome<Self> {
        if case.program.language == Language::Rust {
            return Ok(Self::Rust { dir, capture: rust::build(case, dir)? });
        }
        Ok(Self::Driver { case, dir, inputs: build::build(case, dir)? })
    }

    /// Links with `linker` into `dir/NAME.out`.
    fn with(&self, linker: &Linker) -> Outcome<Finished> {
        let output = format!("{}.out", linker.name);
        match self {
            Self::Driver { case, dir, inputs } => link::link(case, linker, dir, inputs, &output),
            Self::Rust { dir, capture } => {
                process::run(&mut capture.replay(linker, &dir.join(output)))
            }
        }
    }
}

/// The link succeeds or fails as stated, and says what is stated.
fn check_messages(case: &Case, link: &Finished) -> Outcome {
    let directives = &case.program.directives;
    let fails = !directives.fails.is_empty();
    ensure(link.status.success() != fails, || link.describe())?;
    for text in directives.fails.iter().chain(&directives.warns) {
        ensure(link.stderr.contains(text), || format!("no `{text}` in\n{}", link.describe()))?;
    }
    Ok(())
}

/// Runs gild's output against the stated expectations.
fn check_behaviour(case: &Case, dir: &Path) -> Outcome {
    let directives = &case.program.directives;
    if !directives.run {
        return Ok(());
    }
    let ran = execute(dir, "gild")?;
    ensure(ran.code() == directives.exit, || ran.describe())?;
    if directives.stdout.is_empty() {
        return Ok(());
    }
    let wanted = directives.stdout.join("\n") + "\n";
    ensure(ran.text() == wanted, || format!("expected\n{wanted}but\n{}", ran.describe()))
}

/// Compares with what each peer made of the same objects.
fn compare(case: &Case, dir: &Path, linked: &Linked, image: &Image) -> Outcome {
    let directives = &case.program.directives;
    let mut images = Vec::new();
    let (judges, others): (Vec<_>, Vec<_>) = tools::swept()?
        .iter()
        .filter(|peer| case.has_peer(peer.name))
        .partition(|peer| peer.is_judge());
    for peer in judges {
        let said = linked.with(peer)?;
        ensure(said.status.success(), || format!("a peer fails: {}", said.describe()))?;
        images.push((peer.name, Image::open(&dir.join(format!("{}.out", peer.name)))?));
    }
    for (name, peer) in &images {
        // A claim that a peer's output refutes was derived wrongly.
        for claim in &directives.claims {
            expect::check(claim, peer).map_err(|error| format!("with {name}: {error}"))?;
        }
        same_behaviour(case, dir, name)?;
    }
    let named: Vec<Named> = images.iter().map(|(name, image)| (*name, image)).collect();
    if directives.compare {
        structure::check_against(image, &named)?;
    }
    let linkers = ["gild"].into_iter().chain(named.iter().map(|(name, _)| *name));
    let programs: Vec<_> = linkers.map(|name| dir.join(format!("{name}.out"))).collect();
    meaning::check(&programs)?;
    let wrong = others.into_iter().filter_map(|peer| {
        see(case, dir, linked, peer).and_then(|seen| faults::check(case, peer.name, &seen)).err()
    });
    let wrong: Vec<_> = wrong.collect();
    ensure(wrong.is_empty(), || wrong.join("\n"))
}

/// What a linker that is no judge makes of the cell.
fn see(case: &Case, dir: &Path, linked: &Linked, peer: &Linker) -> Outcome<Seen> {
    let said = linked.with(peer)?;
    if !said.status.success() {
        return Ok(Seen { refusal: Some(said.describe()), ..Seen::default() });
    }
    let misbehaviour = same_behaviour(case, dir, peer.name).err();
    let program = |name: &str| dir.join(format!("{name}.out"));
    let (kinds, report) = meaning::unexplained(program("gild"), program(peer.name))?;
    Ok(Seen { refusal: None, misbehaviour, kinds, report })
}

fn same_behaviour(case: &Case, dir: &Path, peer: &str) -> Outcome {
    if !case.program.directives.run {
        return Ok(());
    }
    let (ours, theirs) = (execute(dir, "gild")?, execute(dir, peer)?);
    let same = ours.code() == theirs.code() && ours.stdout == theirs.stdout;
    ensure(same, || format!("{}\nbut with {peer}\n{}", ours.describe(), theirs.describe()))
}

fn execute(dir: &Path, linker: &str) -> Outcome<Finished> {
    let mut command = Command::new(dir.join(format!("{linker}.out")));
    // A fixed environment: no locale or backtrace setting of the user's may change an output.
    command.current_dir(dir).env("LC_ALL", "C").env("RUST_BACKTRACE", "0");
    process::run(&mut command)
}
