//! What each argument of a link means for its capture.

/// An argument, together with its value where that is the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// As given; a separate value follows after a space.
    pub text: String,
    /// What to do with it.
    pub kind: Kind,
}

/// What to do with an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Kept as it is. A value that is an argument of its own is kept as a second flag.
    Flag,
    /// An input file by path.
    Input(String),
    /// An input file by `-l` name.
    Library(String),
    /// `-L`: of no use once the libraries are found.
    SearchPath(String),
    /// `-o`: each run has its own.
    Output(String),
    /// Said explicitly to every linker by the runner.
    GcSections(bool),
    /// Dropped, for this reason.
    LeftOut(&'static str),
}

const PLUGIN: &str = "GNU ld alone loads gcc's plugin";
const DYNAMIC: &str = "no effect on a static executable";
const BUILD_ID: &str = "linkers hash with different algorithms; the runner sets it for all";
const THREADS: &str = "the runner sets it";

/// Options that take the next argument as their value and are kept.
const WITH_VALUE: &[&str] = &[
    "-m",
    "-z",
    "-e",
    "-u",
    "-T",
    "-O",
    "--entry",
    "--undefined",
    "--defsym",
    "--wrap",
    "--sysroot",
    "--image-base",
    "-Ttext",
    "--retain-symbols-file",
];

/// Says what each of `given` is.
pub fn parse(given: &[String]) -> Vec<Argument> {
    let mut parsed = Vec::new();
    let mut given = given.iter().map(String::as_str);
    while let Some(argument) = given.next() {
        if WITH_VALUE.contains(&argument) {
            parsed.push(Argument { text: argument.to_owned(), kind: Kind::Flag });
            parsed.extend(
                given.next().map(|value| Argument { text: value.to_owned(), kind: Kind::Flag }),
            );
            continue;
        }
        let mut text = argument.to_owned();
        let mut value = || {
            let value = given.next().unwrap_or_default();
            text = format!("{argument} {value}");
            value.to_owned()
        };
        let kind = kind(argument, &mut value);
        parsed.push(Argument { text, kind });
    }
    parsed
}

fn kind(argument: &str, value: &mut dyn FnMut() -> String) -> Kind {
    // `-plugin-opt=…` before `-p…`; a single dash serves long options as well.
    let long = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'));
    let Some(long) = long.filter(|name| !name.is_empty()) else {
        return Kind::Input(argument.to_owned());
    };
    let (name, attached) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
    match name {
        "o" => return Kind::Output(value()),
        "L" => return Kind::SearchPath(value()),
        "l" => return Kind::Library(value()),
        "output" if attached.is_none() => return Kind::Output(value()),
        "plugin" | "dynamic-linker" if attached.is_none() => _ = value(),
        _ => {}
    }
    match name {
        "plugin" | "plugin-opt" => Kind::LeftOut(PLUGIN),
        "dynamic-linker"
        | "hash-style"
        | "as-needed"
        | "no-as-needed"
        | "no-dynamic-linker-path" => Kind::LeftOut(DYNAMIC),
        "build-id" => Kind::LeftOut(BUILD_ID),
        "threads" | "no-threads" | "fork" | "no-fork" => Kind::LeftOut(THREADS),
        "gc-sections" => Kind::GcSections(true),
        "no-gc-sections" => Kind::GcSections(false),
        "output" => Kind::Output(attached.unwrap_or_default().to_owned()),
        _ => match argument.split_at_checked(2) {
            Some(("-L", path)) => Kind::SearchPath(path.to_owned()),
            Some(("-l", name)) => Kind::Library(name.to_owned()),
            Some(("-o", path)) if !path.is_empty() => Kind::Output(path.to_owned()),
            _ => Kind::Flag,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(given: &[&str]) -> Vec<Kind> {
        let given = given.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        parse(&given).into_iter().map(|argument| argument.kind).collect()
    }

    #[test]
    fn values_of_options_are_not_taken_for_inputs() {
        let given = ["-z", "now", "-m", "elf_x86_64", "-e", "start", "main.o"];
        let mut expected = vec![Kind::Flag; 6];
        expected.push(Kind::Input("main.o".to_owned()));
        assert_eq!(kinds(&given), expected);
    }

    #[test]
    fn attached_and_separate_values_mean_the_same() {
        assert_eq!(kinds(&["-lc"]), kinds(&["-l", "c"]));
        assert_eq!(kinds(&["-L/lib"]), kinds(&["-L", "/lib"]));
        assert_eq!(kinds(&["-oa.out"]), kinds(&["--output=a.out"]));
    }
}
