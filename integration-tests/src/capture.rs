//! Recording a link once and replaying it with any linker.
//!
//! A driver is pointed (`gcc -B`) at a shell script called `ld`. It keeps a copy of the inputs that
//! the driver deletes afterwards, writes the arguments down, and then calls a real linker.

use crate::tools::{self, Linker};
use crate::{Outcome, workdir};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A recorded link.
#[derive(Debug)]
pub struct Capture {
    dir: PathBuf,
    arguments: Vec<String>,
}

/// `$keep` and `$ld` are filled in. What gcc (`/tmp/cc*.o`) and rustc (code units, symbol lists) make
/// for the link alone is copied; a number in front keeps files of the same name apart.
const SCRIPT: &str = r#"#!/bin/bash
set -eu
keep=KEEP ld=LD
rm -rf "$keep/inputs"; mkdir -p "$keep/inputs"
pwd > "$keep/cwd"
: > "$keep/arguments.new"
n=0
for argument in "$@"; do
  case $argument in
    @*) echo "capture: response file $argument" >&2; exit 1 ;;
    /tmp/cc*.o|*.rcgu.o|*/rustc??????/*.o)
      if [ -f "$argument" ]; then
        n=$((n + 1)); copy=$keep/inputs/$n-$(basename "$argument")
        cp "$argument" "$copy"; argument=$copy
      fi ;;
  esac
  printf '%s\0' "$argument" >> "$keep/arguments.new"
done
"$ld" "$@"
mv "$keep/arguments.new" "$keep/arguments"
"#;

/// Makes a folder for `gcc -B` whose `ld` records into `dir`, and links with GNU ld.
pub fn recorder(dir: &Path) -> Outcome<PathBuf> {
    let ld = tools::peer("ld")?.path.display().to_string();
    let script = SCRIPT.replace("KEEP", &format!("'{}'", dir.display())).replace("LD", &ld);
    let path = workdir::write(dir, "recorder/ld", script)?;
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&path, executable).map_err(|error| error.to_string())?;
    Ok(dir.join("recorder"))
}

impl Capture {
    /// The link that [`recorder`] recorded into `dir`.
    pub fn load(dir: &Path) -> Outcome<Self> {
        let recorded = workdir::read(&dir.join("arguments"))?;
        let recorded = String::from_utf8_lossy(&recorded);
        let arguments = recorded.split_terminator('\0').map(str::to_owned).collect();
        Ok(Self { dir: dir.to_owned(), arguments })
    }

    /// The arguments, without `-o`, the plugin and their values.
    pub fn arguments(&self) -> Vec<&str> {
        let mut arguments = self.arguments.iter();
        let mut kept = Vec::new();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // GNU ld alone loads gcc's plugin.
                "-o" | "-plugin" => _ = arguments.next(),
                plugin if plugin.starts_with("-plugin-opt") => {}
                other => kept.push(other),
            }
        }
        kept
    }

    /// The same link by `linker`, to `output`.
    pub fn replay(&self, linker: &Linker, output: &Path) -> Command {
        let cwd = fs::read_to_string(self.dir.join("cwd")).unwrap_or_default();
        let mut command = linker.command(Path::new(cwd.trim_end()));
        command.args(self.arguments()).arg("-o").arg(output);
        command
    }
}
