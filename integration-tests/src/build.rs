//! Sources to objects and archives.

use crate::directives::{Archive, ArchiveKind, Retype};
use crate::image::Image;
use crate::program::{Case, Language};
use crate::{Outcome, ensure, process, tools};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Compiles every source of the case into `dir` and makes its archives there.
///
/// Gives the names of objects and archives, relative to `dir`, in the order of the link command.
pub fn build(case: &Case, dir: &Path) -> Outcome<Vec<String>> {
    let program = &case.program;
    for source in &program.sources {
        compile(case, source, dir)?;
    }
    for retype in &program.directives.retyped {
        change_types(retype, dir)?;
    }
    for archive in &program.directives.archives {
        make_archive(archive, dir)?;
    }
    if let Some(inputs) = &program.directives.inputs {
        return Ok(inputs.clone());
    }
    let archived = |source: &String| {
        program.directives.archives.iter().any(|archive| archive.sources.contains(source))
    };
    let loose = program.sources.iter().filter(|source| !archived(source));
    let mut inputs: Vec<String> = loose.map(|source| object_name(source)).collect();
    inputs.extend(program.directives.archives.iter().map(|archive| archive.name.clone()));
    Ok(inputs)
}

/// `sub/a.c` becomes `sub/a.o`.
pub fn object_name(source: &str) -> String {
    Path::new(source).with_extension("o").display().to_string()
}

fn compile(case: &Case, source: &str, dir: &Path) -> Outcome {
    let object = dir.join(object_name(source));
    let parent = object.parent().unwrap_or(dir);
    fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    let mut command = compiler(&case.compiler, source)?;
    command.current_dir(&case.program.dir);
    command.args(["-O2", "-g", "-Wall", "-c", source, "-o"]).arg(&object);
    command.args(position_flags(case.pie));
    if Language::of(source) == Some(Language::Assembly) {
        // An object that says nothing asks GNU ld for an executable stack.
        command.arg("-Wa,--noexecstack");
    }
    command.args(libc_flags(&case.libc, &case.compiler)?);
    for (file, flags) in &case.program.directives.cflags {
        if file.as_deref().is_none_or(|file| file == source) {
            command.args(flags);
        }
    }
    command.args(&case.variant.cflags);
    process::run(&mut command)?.success().map(drop)
}

fn compiler(name: &str, source: &str) -> Outcome<Command> {
    let cxx = Language::of(source) == Some(Language::Cxx);
    Ok(match (name, cxx) {
        ("gcc", false) => Command::new("gcc"),
        ("gcc", true) => Command::new("g++"),
        (_, false) => Command::new(tools::clang()?),
        (_, true) => Command::new(tools::clangxx()?),
    })
}

fn position_flags(pie: bool) -> &'static [&'static str] {
    if pie { &["-fPIE"] } else { &["-fno-pie"] }
}

/// What makes a compiler that targets glibc use musl's headers instead.
pub fn libc_flags(libc: &str, compiler: &str) -> Outcome<Vec<OsString>> {
    if libc != "musl" {
        return Ok(Vec::new());
    }
    let own_headers = if compiler == "clang" {
        let mut clang = Command::new(tools::clang()?);
        let found = process::run(clang.arg("-print-resource-dir"))?.success()?;
        Path::new(found.text().trim()).join("include")
    } else {
        tools::gcc_file("include")?
    };
    let mut flags: Vec<OsString> = vec!["-nostdinc".into(), "-isystem".into()];
    flags.push("/usr/include/x86_64-linux-musl".into());
    flags.extend(["-isystem".into(), own_headers.into_os_string()]);
    Ok(flags)
}

/// Elf64_Rela: 24 bytes, the type in the low half of `r_info`, eight bytes in.
fn change_types(retype: &Retype, dir: &Path) -> Outcome {
    let path = dir.join(&retype.object);
    let image = Image::open(&path)?;
    let section = image.section(&retype.section).ok_or(format!("no {}", retype.section))?;
    let mut data = image.data().to_vec();
    let end = section.offset + section.size;
    let mut changed = 0;
    for info in (section.offset + 8..end).step_by(24).map(|at| at as usize) {
        if data[info..info + 4] == retype.old.to_le_bytes() {
            data[info..info + 4].copy_from_slice(&retype.new.to_le_bytes());
            changed += 1;
        }
    }
    ensure(changed > 0, || format!("no relocation of type {} to change", retype.old))?;
    fs::write(&path, data).map_err(|error| format!("{}: {error}", path.display()))
}

fn make_archive(archive: &Archive, dir: &Path) -> Outcome {
    // `q` appends without looking: members of the same name stay apart.
    let operation = match archive.kind {
        ArchiveKind::Indexed => "qcs",
        ArchiveKind::Thin => "qcsT",
        ArchiveKind::Bare => "qcS",
    };
    let mut ar = Command::new("ar");
    ar.current_dir(dir).arg(operation).arg(&archive.name);
    ar.args(archive.sources.iter().map(|source| object_name(source)));
    process::run(&mut ar)?.success().map(drop)
}
