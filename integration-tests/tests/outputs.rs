//! Where the output goes: files, links, pipes, devices, and what stood there before.

use integration_tests::scene::Scene;
use integration_tests::{Outcome, ensure, process};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

fn text(error: std::io::Error) -> String {
    error.to_string()
}

#[test]
fn a_device_is_written_to_and_stays_a_device() -> Outcome {
    let scene = Scene::new("outputs/device")?;
    scene.links(&["start.o", "-o", "/dev/null"])?;
    let null = fs::metadata("/dev/null").map_err(text)?;
    ensure(null.file_type().is_char_device(), || "/dev/null is no device any more".into())
}

#[test]
fn standard_output_gets_the_program() -> Outcome {
    let scene = Scene::new("outputs/stdout")?;
    scene.links(&["start.o"])?;
    let piped = scene.links(&["start.o", "-o", "/dev/stdout"])?;
    ensure(piped.stdout == scene.bytes("a.out")?, || {
        format!("{} bytes came through the pipe", piped.stdout.len())
    })
}

#[test]
fn a_fifo_gets_the_program() -> Outcome {
    let scene = Scene::new("outputs/fifo")?;
    scene.links(&["start.o"])?;
    scene.tool("mkfifo", &["pipe"])?;
    let path = scene.path("pipe");
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let opened = fs::File::open(path);
        opened.and_then(|mut pipe| pipe.read_to_end(&mut bytes)).map(|_| bytes)
    });
    let linked = scene.links(&["start.o", "-o", "pipe"]);
    if linked.is_err() {
        // Lets the reader go when the linker never opened the pipe.
        let _ = fs::OpenOptions::new().write(true).open(scene.path("pipe"));
    }
    linked?;
    let bytes = reader.join().map_err(|_| "the reader panicked")?.map_err(text)?;
    ensure(bytes == scene.bytes("a.out")?, || format!("{} bytes came through", bytes.len()))?;
    let kind = fs::symlink_metadata(scene.path("pipe")).map_err(text)?.file_type();
    ensure(kind.is_fifo(), || "the FIFO was replaced".into())
}

#[test]
fn a_symbolic_link_is_followed() -> Outcome {
    let scene = Scene::new("outputs/symlink")?;
    fs::create_dir(scene.path("real")).map_err(text)?;
    for target in ["real/existing", "real/dangling"] {
        if target.ends_with("existing") {
            fs::write(scene.path(target), "old").map_err(text)?;
        }
        let name = format!("link-{}", Path::new(target).file_name().unwrap_or_default().display());
        symlink(target, scene.path(&name)).map_err(text)?;
        scene.links(&["start.o", "-o", &name])?;
        let kind = fs::symlink_metadata(scene.path(&name)).map_err(text)?.file_type();
        ensure(kind.is_symlink(), || format!("{name} was replaced"))?;
        scene.runs(target)?;
    }
    Ok(())
}

#[test]
fn a_folder_or_missing_folder_is_an_error() -> Outcome {
    let scene = Scene::new("outputs/folder")?;
    fs::create_dir(scene.path("folder")).map_err(text)?;
    scene.fails(&["start.o", "-o", "folder"], &["folder"])?;
    scene.fails(
        &["start.o", "-o", "nowhere/a.out"],
        &["nowhere/a.out: No such file or directory\n"],
    )?;
    let left = fs::read_dir(scene.path("folder")).map_err(text)?.count();
    ensure(left == 0, || "something was written into the folder".into())
}

#[test]
fn the_executable_bit_follows_the_umask() -> Outcome {
    for (umask, mode) in [("022", 0o755), ("077", 0o700), ("027", 0o750)] {
        let scene = Scene::new(&format!("outputs/umask-{umask}"))?;
        let linker = scene.command(&[]).get_program().display().to_string();
        scene.tool("sh", &["-c", &format!("umask {umask}; '{linker}' start.o -o out")])?;
        let found = fs::metadata(scene.path("out")).map_err(text)?.permissions().mode() & 0o777;
        ensure(found == mode, || format!("umask {umask} gives {found:o}"))?;
    }
    Ok(())
}

#[test]
fn a_running_program_is_replaced() -> Outcome {
    let scene = Scene::new("outputs/running")?;
    let pause = ".globl _start\n_start: mov $34, %eax\nsyscall\njmp _start\n";
    scene.compile("pause.s", pause, &[])?;
    scene.links(&["pause.o", "-o", "program"])?;
    let mut running = Command::new(scene.path("program")).spawn().map_err(text)?;
    let again = scene.links(&["start.o", "-o", "program"]);
    let still_running = running.try_wait().map_err(text)?.is_none();
    running.kill().and_then(|()| running.wait()).map_err(text)?;
    again?;
    ensure(still_running, || "the running program was disturbed".into())?;
    scene.runs("program").map(drop)
}

#[test]
fn no_process_is_left_behind() -> Outcome {
    let scene = Scene::new("outputs/processes")?;
    scene.links(&["start.o", "-o", "out"])?;
    let folder = fs::canonicalize(scene.path(".")).map_err(text)?;
    let runs_here = |process: &fs::DirEntry| {
        fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder)
    };
    let end = Instant::now() + Duration::from_secs(60);
    while fs::read_dir("/proc").map_err(text)?.flatten().any(|process| runs_here(&process)) {
        ensure(Instant::now() < end, || "a process is still there after a minute".into())?;
        sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[test]
fn other_hard_links_keep_their_content() -> Outcome {
    let scene = Scene::new("outputs/hard-link")?;
    fs::write(scene.path("out"), "precious").map_err(text)?;
    fs::hard_link(scene.path("out"), scene.path("copy")).map_err(text)?;
    scene.links(&["start.o", "-o", "out"])?;
    ensure(scene.bytes("copy")? == b"precious", || "the other name's content changed".into())?;
    scene.runs("out").map(drop)
}

#[test]
fn an_input_is_never_overwritten() -> Outcome {
    let scene = Scene::new("outputs/input")?;
    scene.compile("member.s", "nop\n", &[])?;
    scene.tool("ar", &["rc", "libplain.a", "member.o"])?;
    scene.tool("ar", &["rcT", "libthin.a", "member.o"])?;
    std::os::unix::fs::symlink("start.o", scene.path("link")).map_err(text)?;
    fs::write(scene.path("stub"), "INPUT(start.o)\n").map_err(text)?;
    for (output, input) in [
        ("start.o", "start.o"),
        ("link", "start.o"),
        ("start.o", "link"),
        ("libplain.a", "-lplain"),
        ("libthin.a", "libthin.a"),
        ("member.o", "libthin.a"),
        ("stub", "stub"),
    ] {
        let before = scene.bytes(output)?;
        let arguments = [
            "start.o",
            "-L.",
            "--whole-archive",
            input,
            "-o",
            output,
            "--allow-multiple-definition",
        ];
        let failure = scene.fails(&arguments, &["the input file is an output file as well"]);
        failure.map_err(|failure| format!("{output} of {input}: {failure}"))?;
        ensure(scene.bytes(output)? == before, || format!("{output} of {input} has changed"))?;
    }
    Ok(())
}

#[test]
fn what_is_written_about_a_link_never_replaces_the_program() -> Outcome {
    let scene = Scene::new("outputs/listings")?;
    std::os::unix::fs::symlink("out", scene.path("link")).map_err(text)?;
    for listings in [
        &["-Map=out"][..],
        &["-Map=./out"],
        &["-Map=link"],
        &["--dependency-file=../listings/out"],
        &["-Map=same", "--dependency-file=./same"],
    ] {
        let arguments = [&["start.o", "-o", "out"], listings].concat();
        let refused = scene.fails(&arguments, &["need a file each"]);
        refused.map_err(|failure| format!("{listings:?}: {failure}"))?;
    }
    scene.links(&["start.o", "-o", "out", "-Map=/dev/null", "--dependency-file=/dev/null"])?;
    scene.runs("out").map(drop)
}

#[test]
fn an_old_output_is_replaced_whole_whatever_its_size() -> Outcome {
    let scene = Scene::new("outputs/sizes")?;
    scene.links(&["start.o", "-o", "expected"])?;
    for size in [0, 100, 1 << 20] {
        fs::write(scene.path("out"), vec![0xaa; size]).map_err(text)?;
        scene.links(&["start.o", "-o", "out"])?;
        let same = scene.bytes("out")? == scene.bytes("expected")?;
        ensure(same, || format!("an old output of {size} bytes shows through"))?;
    }
    Ok(())
}

/// Root may write anywhere, so the test becomes nobody first, where it can.
#[test]
fn a_folder_without_write_permission_is_an_error() -> Outcome {
    const NOBODY: u32 = 65534;
    let folder = std::env::temp_dir().join(format!("gild-readonly-{}", std::process::id()));
    fs::create_dir(&folder).map_err(text)?;
    let scene = Scene::new("outputs/permission")?;
    let outcome = (|| {
        let linker = folder.join("linker");
        // In another process: a file that this one writes is busy in the children that other tests
        // start meanwhile.
        let program = scene.command(&[]).get_program().display().to_string();
        scene.tool("cp", &[&program, &linker.display().to_string()])?;
        fs::copy(scene.path("start.o"), folder.join("start.o")).map_err(text)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).map_err(text)?;
        let mut link = Command::new(&linker);
        link.current_dir(&folder).args(["start.o", "-o", "out"]);
        if fs::metadata(&folder).map_err(text)?.uid() == 0 {
            link.uid(NOBODY).gid(NOBODY);
        }
        let link = process::run(&mut link)?;
        let clear =
            link.code() == 1 && link.stderr.contains("error: ") && link.stderr.contains("out");
        ensure(clear, || link.describe())?;
        let left = fs::read_dir(&folder).map_err(text)?.count();
        ensure(left == 2, || "something was left behind".into())
    })();
    let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o755));
    let _ = fs::remove_dir_all(&folder);
    outcome
}

#[test]
fn nothing_but_the_output_is_left_in_the_folder() -> Outcome {
    let scene = Scene::new("outputs/litter")?;
    let names = || -> Outcome<Vec<String>> {
        let entries = fs::read_dir(&scene.dir).map_err(text)?;
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().display().to_string()).collect();
        names.sort();
        Ok(names)
    };
    scene.compile("user.s", "call missing\n", &[])?;
    let before = names()?;
    scene.fails(&["start.o", "user.o"], &[])?;
    ensure(names()? == before, || "a failed link leaves files".into())?;
    scene.links(&["start.o"])?;
    let after: Vec<_> = names()?.into_iter().filter(|name| name != "a.out").collect();
    ensure(after == before, || format!("{after:?}"))
}
