//! The same inputs give the same bytes: with any number of threads, from any folder, every time.

use integration_tests::scene::Scene;
use integration_tests::{Outcome, ensure, tools};
use libgild::args::{self, Command};
use std::ffi::OsString;
use std::path::Path;

/// A program of several megabytes, which many threads write, with a function that has an FDE and no
/// code.
const SOURCE: &str = r#"
    #include <math.h>
    #include <stdio.h>
    __asm__(".section .rodata; .globl table; table: .fill 5 << 20, 1, 7; .text");
    extern const char table[];
    void empty(void) { __builtin_unreachable(); }
    void (*volatile kept)(void) = empty;
    int main(int n, char **v) {
        (void)v;
        return printf("%f %d %d\n", sin(n), table[n], kept == 0) < 0;
    }
"#;

/// Its link, as gcc would ask for it.
fn program(scene: &Scene) -> Outcome<Vec<String>> {
    scene.compile("main.c", SOURCE, &["-g", "-ffunction-sections"])?;
    let dir = "/usr/lib/x86_64-linux-gnu";
    let mut line: Vec<String> = ["-static", "--build-id", "--gc-sections", "-O2", "--eh-frame-hdr"]
        .iter()
        .map(|word| (*word).to_owned())
        .collect();
    line.extend(["crt1.o", "crti.o"].map(|file| format!("{dir}/{file}")));
    line.push(scene.path("main.o").display().to_string());
    line.extend(["-L".to_owned(), dir.to_owned(), "--start-group".into(), "-lm".into()]);
    line.push("-lc".into());
    for name in ["libgcc.a", "libgcc_eh.a"] {
        line.push(tools::gcc_file(name)?.display().to_string());
    }
    line.extend(["--end-group".to_owned(), format!("{dir}/crtn.o")]);
    Ok(line)
}

fn link(scene: &Scene, dir: &Path, line: &[String], extra: &[&str], output: &str) -> Outcome {
    let line: Vec<_> = line.iter().map(String::as_str).chain(extra.iter().copied()).collect();
    let mut command = scene.command(&line);
    command.current_dir(dir).arg("-o").arg(scene.path(output));
    integration_tests::process::run(&mut command)?.success().map(drop)
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() -> Outcome {
    let scene = Scene::new("determinism/threads")?;
    let line = program(&scene)?;
    link(&scene, &scene.dir, &line, &["--threads=1"], "one")?;
    let one = scene.bytes("one")?;
    for threads in [1, 2, 8, 64] {
        for round in 0..3 {
            link_here(&scene, &line, threads, "other")?;
            let same = scene.bytes("other")? == one;
            ensure(same, || format!("{threads} threads, round {round}: other bytes"))?;
        }
    }
    ensure(one.len() > 5 << 20, || "the table isn't in the program".into())?;
    scene.runs("one").map(drop)
}

/// Links in this process. The program `gild` takes no more threads than there are cores.
fn link_here(scene: &Scene, line: &[String], threads: usize, output: &str) -> Outcome {
    let output = format!("--output={}", scene.path(output).display());
    let parsed = args::parse(line.iter().chain([&output]).map(OsString::from))
        .map_err(|errors| format!("{errors:?}"))?;
    let Command::Link(mut options, _) = parsed else { return Err("no link".into()) };
    options.threads = Some(threads);
    libgild::link(&options).map(drop).map_err(|errors| format!("{errors:?}"))
}

#[test]
fn any_folder_gives_the_same_bytes() -> Outcome {
    let scene = Scene::new("determinism/folders")?;
    let line = program(&scene)?;
    link(&scene, &scene.dir, &line, &[], "here")?;
    link(&scene, Path::new("/"), &line, &[], "there")?;
    ensure(scene.bytes("here")? == scene.bytes("there")?, || "the folder shows".into())
}

#[test]
fn the_outputs_name_does_not_show() -> Outcome {
    let scene = Scene::new("determinism/names")?;
    let line = program(&scene)?;
    link(&scene, &scene.dir, &line, &[], "short")?;
    link(&scene, &scene.dir, &line, &[], "a-rather-longer-name")?;
    let same = scene.bytes("short")? == scene.bytes("a-rather-longer-name")?;
    ensure(same, || "the name of the output shows in its bytes".into())
}

#[test]
fn a_uuid_differs_and_a_hash_does_not() -> Outcome {
    let scene = Scene::new("determinism/build-id")?;
    scene.links(&["--build-id=uuid", "start.o", "-o", "one"])?;
    scene.links(&["--build-id=uuid", "start.o", "-o", "two"])?;
    ensure(scene.bytes("one")? != scene.bytes("two")?, || "a UUID came twice".into())?;
    scene.links(&["--build-id=sha1", "start.o", "-o", "one"])?;
    scene.links(&["--build-id=sha1", "start.o", "-o", "two"])?;
    ensure(scene.bytes("one")? == scene.bytes("two")?, || "a hash differs".into())?;
    scene.compile("more.s", ".data\n.byte 1\n", &[])?;
    scene.links(&["--build-id=sha1", "start.o", "more.o", "-o", "two"])?;
    let id = |name: &str| -> Outcome<Vec<u8>> {
        let image = integration_tests::image::Image::open(&scene.path(name))?;
        let note = image.section(".note.gnu.build-id").ok_or("no build-id")?;
        image.at(note.address + 16, 20)
    };
    ensure(id("one")? != id("two")?, || "different programs, one build-id".into())
}
