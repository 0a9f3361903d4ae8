//! The ways in which users reach a linker, and the probes of build systems.

use integration_tests::image::Image;
use integration_tests::scene::Scene;
use integration_tests::{Outcome, ensure, process, rust, tools};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n";

/// The linker writes its name into `.comment`; a driver that took another linker is found out.
fn made_by_gild(scene: &Scene, output: &str) -> Outcome {
    ensure(scene.runs(output)?.text() == "hello\n", || "it does not say hello".into())?;
    let bytes = scene.bytes(output)?;
    let named = bytes.windows(13).any(|window| window == b"Linker: gild ");
    ensure(named, || format!("{output}: not linked by gild"))
}

#[test]
fn clang_by_path_and_by_name() -> Outcome {
    let scene = Scene::new("drivers/clang")?;
    scene.compile("main.c", HELLO, &["-fPIE"])?;
    let gild = tools::gild()?;
    let clang = tools::clang()?.display().to_string();
    let (path, folder) = (gild.path.display().to_string(), gild.drivers.display().to_string());
    for kind in ["-static", "-static-pie"] {
        let by_path = format!("--ld-path={path}");
        scene.tool(&clang, &[kind, &by_path, "main.o", "-o", "by-path"])?;
        made_by_gild(&scene, "by-path")?;
        scene.tool(&clang, &[kind, "-B", &folder, "-fuse-ld=gild", "main.o", "-o", "by-name"])?;
        made_by_gild(&scene, "by-name")?;
    }
    Ok(())
}

#[test]
fn gcc_by_folder() -> Outcome {
    let scene = Scene::new("drivers/gcc")?;
    scene.compile("main.c", HELLO, &["-fPIE"])?;
    let folder = tools::gild()?.drivers.display().to_string();
    for kind in ["-static", "-static-pie"] {
        scene.tool("gcc", &["-B", &folder, kind, "main.o", "-o", "out"])?;
        made_by_gild(&scene, "out")?;
    }
    Ok(())
}

#[test]
fn musl_gcc_by_folder() -> Outcome {
    let scene = Scene::new("drivers/musl-gcc")?;
    integration_tests::workdir::write(&scene.dir, "main.c", HELLO)?;
    let folder = tools::gild()?.drivers.display().to_string();
    scene.tool("musl-gcc", &["-B", &folder, "-static", "main.c", "-o", "out"])?;
    made_by_gild(&scene, "out")
}

/// rustc through clang, through gcc, and calling the linker itself.
#[test]
fn rustc_in_three_ways() -> Outcome {
    let scene = Scene::new("drivers/rustc")?;
    let source = "fn main() { println!(\"hello\"); }\n";
    integration_tests::workdir::write(&scene.dir, "main.rs", source)?;
    let gild = tools::gild()?;
    let clang = tools::clang()?;
    let folder = gild.drivers.display();
    let through_clang =
        vec![format!("-Clinker={}", clang.display()), format!("-Clink-arg=-B{folder}")];
    let ways = [
        ("clang", [through_clang, vec!["-Clink-arg=-fuse-ld=gild".into()]].concat()),
        ("gcc", vec!["-Clinker=gcc".into(), format!("-Clink-arg=-B{folder}")]),
        ("itself", vec![format!("-Clinker={}", gild.path.display()), "-Clinker-flavor=ld".into()]),
    ];
    for libc in ["glibc", "musl"] {
        for (name, flags) in &ways {
            // Called directly, the linker finds musl's files in rustc's own folder; glibc's start
            // files and folders are known to C compilers only.
            if libc == "glibc" && *name == "itself" {
                continue;
            }
            let output = format!("{libc}-{name}");
            let mut rustc = rust::rustc(libc)?;
            rustc.current_dir(&scene.dir).args(["main.rs", "-o", &output]);
            rustc.args(["--target", rust::target(libc), "-Ctarget-feature=+crt-static"]);
            rustc.args(flags).args((*name != "itself").then(|| rust::no_lld(libc)).flatten());
            process::run(&mut rustc)?.success()?;
            made_by_gild(&scene, &output).map_err(|error| format!("{output}: {error}"))?;
        }
    }
    Ok(())
}

/// glibc called directly: a build script would name start files and folders as here.
#[test]
fn rustc_calls_the_linker_for_glibc() -> Outcome {
    let scene = Scene::new("drivers/rustc-direct")?;
    let source = "fn main() { println!(\"hello\"); }\n";
    integration_tests::workdir::write(&scene.dir, "main.rs", source)?;
    let glibc = "/usr/lib/x86_64-linux-gnu";
    let gcc = tools::gcc_file("libgcc.a")?;
    let gcc = gcc.parent().ok_or("libgcc.a lies in a folder")?.display();
    let mut rustc = rust::rustc("glibc")?;
    rustc.current_dir(&scene.dir).args(["main.rs", "-o", "out", "-Clinker-flavor=ld"]);
    rustc.arg(format!("-Clinker={}", tools::gild()?.path.display()));
    rustc.args(["-Ctarget-feature=+crt-static", "-Crelocation-model=static"]);
    rustc.args(["--target", rust::GLIBC, "-Clink-self-contained=no"]);
    rustc.arg(format!("-Lnative={glibc}")).arg(format!("-Lnative={gcc}"));
    for file in ["crt1.o", "crti.o", "crtn.o"] {
        rustc.arg(format!("-Clink-arg={glibc}/{file}"));
    }
    process::run(&mut rustc)?.success()?;
    made_by_gild(&scene, "out")
}

/// What configure, libtool, CMake, Meson and cargo look for in a linker's answer.
#[test]
fn version_probes_are_satisfied() -> Outcome {
    let scene = Scene::new("drivers/probes")?;
    for arguments in [&["--version"][..], &["-v"], &["-V"]] {
        let answer = scene.links(arguments)?;
        let said = answer.text();
        ensure(said.contains("gild"), || answer.describe())?;
        // Meson takes it for LLD by that word, for GNU's by the other, for gold or mold by the
        // start, and gives each flags of its own.
        let first = said.lines().next().unwrap_or_default();
        let as_gnu = first.contains("GNU") && !first.contains("LLD") && first.starts_with("gild");
        ensure(as_gnu, || format!("Meson would not see a GNU linker: {first}"))?;
        ensure(said.contains("GNU ld") || said.contains("compatible with GNU linkers"), || {
            format!("configure would not see a GNU linker: {}", said)
        })?;
        ensure(answer.stderr.is_empty(), || answer.describe())?;
    }
    // libtool.m4, LT_PATH_LD_GNU.
    let libtool = "case `$0 -v 2>&1 </dev/null` in *GNU* | *'with BFD'*) ;; *) exit 1 ;; esac";
    scene.tool("sh", &["-c", libtool, &tools::gild()?.path.display().to_string()])?;
    let version = scene.links(&["--version", "start.o", "-o", "never"])?;
    ensure(!scene.path("never").exists(), || version.describe())?;
    let help = scene.links(&["--help"])?;
    // libtool reads the supported targets from there, ffmpeg and others grep for options.
    for word in ["--gc-sections", "--build-id", "elf", ": supported targets:"] {
        ensure(help.text().contains(word), || format!("no `{word}` in {}", help.describe()))?;
    }
    Ok(())
}

/// `-v` beside inputs prints the version and links all the same.
#[test]
fn verbose_links_too() -> Outcome {
    let scene = Scene::new("drivers/verbose")?;
    let link = scene.links(&["-v", "start.o"])?;
    ensure(link.text().contains("gild"), || link.describe())?;
    scene.runs("a.out")?;
    let link = scene.links(&["--verbose", "start.o"])?;
    let said = link.text();
    ensure(said.contains("gild") && said.contains("opened start.o"), || link.describe())
}

/// clang asks gild for what a driver of another target's file would: response files with quoting.
#[test]
fn response_files_are_read() -> Outcome {
    let scene = Scene::new("drivers/response")?;
    scene.compile("a b.s", ".globl spaced\nspaced: ret\n", &[])?;
    scene.compile("user.s", "call spaced\n", &[])?;
    let nested = "'a b.o' \"user.o\"\n";
    integration_tests::workdir::write(&scene.dir, "nested.rsp", nested)?;
    integration_tests::workdir::write(&scene.dir, "all.rsp", "start.o\n@nested.rsp -o out")?;
    scene.links(&["@all.rsp"])?;
    scene.runs("out").map(drop)
}

/// A jobserver's token pipe in MAKEFLAGS limits threads, and is never broken by a bad value.
#[test]
fn jobserver_is_respected() -> Outcome {
    let scene = Scene::new("drivers/jobserver")?;
    integration_tests::workdir::write(
        &scene.dir,
        "Makefile",
        "all:\n\t+$(LINKER) start.o -o out\n",
    )?;
    let mut make = Command::new("make");
    make.current_dir(&scene.dir).arg("-j2");
    make.arg(format!("LINKER={}", tools::gild()?.path.display()));
    process::run(&mut make)?.success()?;
    scene.runs("out")?;
    let mut link = scene.command(&["start.o", "-o", "broken"]);
    process::run(link.env("MAKEFLAGS", " -j8 --jobserver-auth=98,99"))?.success()?;
    scene.runs("broken").map(drop)
}

/// The tokens of a FIFO, as GNU make has it since 4.4, are all there again after a link that is
/// large enough to take some, in a process of its own or not, and however it ends.
#[test]
fn jobserver_gets_its_tokens_back() -> Outcome {
    const O_NONBLOCK: i32 = 0o4000;
    let text = |error: std::io::Error| error.to_string();
    let scene = Scene::new("drivers/jobserver-fifo")?;
    for (name, size) in [("large", 16), ("huge", 40)] {
        let source = format!(".data\n.fill {size} << 20, 1, 1\n");
        scene.compile(&format!("{name}.s"), &source, &[])?;
    }
    scene.compile("user.s", "call missing\n", &[])?;
    scene.tool("mkfifo", &["fifo"])?;
    let mut fifo = std::fs::OpenOptions::new();
    let fifo = fifo.read(true).write(true).custom_flags(O_NONBLOCK).open(scene.path("fifo"));
    let mut fifo = fifo.map_err(text)?;
    fifo.write_all(b"abc").map_err(text)?;
    let flags = format!(" -j4 --jobserver-auth=fifo:{}", scene.path("fifo").display());
    for (objects, code) in [
        (&["large.o"][..], 0),
        (&["huge.o"], 0),
        (&["large.o", "user.o"], 1),
        (&["huge.o", "user.o"], 1),
    ] {
        let mut link = scene.command(&[&["start.o"], objects].concat());
        let link = process::run(link.env("MAKEFLAGS", &flags))?;
        ensure(link.code() == code, || link.describe())?;
        let mut tokens = [0; 8];
        let count = fifo.read(&mut tokens).map_err(text)?;
        tokens[..count].sort_unstable();
        let left = &tokens[..count];
        ensure(left == b"abc", || format!("{left:?} of the tokens are left: {}", link.describe()))?;
        fifo.write_all(left).map_err(text)?;
    }
    Ok(())
}

/// Numbers that make left in the environment, and a wrapper's files behind them.
#[test]
fn files_are_no_jobserver() -> Outcome {
    let scene = Scene::new("drivers/jobserver-stale")?;
    scene.compile("large.s", ".data\n.fill 16 << 20, 1, 1\n", &[])?;
    integration_tests::workdir::write(&scene.dir, "in", "tokens")?;
    integration_tests::workdir::write(&scene.dir, "log", "kept")?;
    let linker = scene.command(&[]).get_program().display().to_string();
    let link = format!("MAKEFLAGS=' -j4 --jobserver-auth=3,4' '{linker}' start.o large.o");
    scene.tool("sh", &["-c", &format!("exec 3<in 4>>log; {link}")])?;
    let log = scene.bytes("log")?;
    ensure(log == b"kept", || format!("a token went to the log: {log:?}"))?;
    scene.runs("a.out").map(drop)
}

/// Linker scripts that stand for libraries, as Debian's glibc has for libm.a.
#[test]
fn script_stubs_are_followed() -> Outcome {
    let scene = Scene::new("drivers/scripts")?;
    scene.compile("lib.s", ".globl deep\ndeep: ret\n", &[])?;
    scene.compile("user.s", "call deep\n", &[])?;
    scene.tool("ar", &["rcs", "libreal.a", "lib.o"])?;
    let script = "/* comment */\n# another\nOUTPUT_FORMAT(elf64-x86-64)\nGROUP ( libreal.a AS_NEEDED ( -lreal ) )\n";
    integration_tests::workdir::write(&scene.dir, "libstub.a", script)?;
    integration_tests::workdir::write(&scene.dir, "input.ld", "INPUT(user.o, -lstub)\n")?;
    scene.links(&["start.o", "-L.", "input.ld"])?;
    scene.runs("a.out").map(drop)
}

/// Finding and binding libraries takes longer than a small link.
#[test]
fn gild_is_a_static_program_itself() -> Outcome {
    const PT_INTERP: u32 = 3;
    let image = Image::open(&tools::gild()?.path)?;
    ensure(image.segment(PT_INTERP).is_none(), || "a dynamic linker has to load gild".into())
}
