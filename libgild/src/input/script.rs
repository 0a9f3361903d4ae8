//! Linker-script stubs: the few commands that libraries install in place of an archive.

/// What a stub asks for, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A file of `INPUT` or `GROUP`: a path, a bare name or `-lNAME`.
    Input(String),
    /// `SEARCH_DIR(PATH)`.
    SearchDir(String),
    /// `OUTPUT_FORMAT(NAME …)`: the first name.
    OutputFormat(String),
}

/// Parses a stub. `AS_NEEDED` is transparent: it matters for shared libraries alone.
///
/// Errors name the first thing that is no stub command (GNU ld manual, "Commands Dealing with Files").
pub fn parse(text: &str) -> Result<Vec<Command>, String> {
    let tokens = tokens(text)?;
    let mut commands = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let keyword = tokens[at].as_str();
        at += 1;
        match keyword {
            ";" => {}
            "INPUT" | "GROUP" => at = inputs(&tokens, at, &mut commands)?,
            "SEARCH_DIR" | "OUTPUT_FORMAT" | "OUTPUT_ARCH" | "TARGET" | "EXTERN" => {
                let (first, next) = arguments(&tokens, at)?;
                at = next;
                match keyword {
                    "SEARCH_DIR" => commands.push(Command::SearchDir(first)),
                    "OUTPUT_FORMAT" => commands.push(Command::OutputFormat(first)),
                    "EXTERN" => return Err("EXTERN in a linker script is not supported".into()),
                    _ => {}
                }
            }
            other => return Err(format!("unsupported linker script command '{other}'")),
        }
    }
    Ok(commands)
}

fn inputs(tokens: &[String], mut at: usize, commands: &mut Vec<Command>) -> Result<usize, String> {
    expect_open(tokens, at)?;
    at += 1;
    let mut depth = 1;
    while depth > 0 {
        match tokens.get(at).map(String::as_str) {
            None => return Err("unclosed '(' in linker script".into()),
            Some("(") => depth += 1,
            Some(")") => depth -= 1,
            Some("AS_NEEDED" | ",") => {}
            Some(name) => commands.push(Command::Input(name.to_string())),
        }
        at += 1;
    }
    Ok(at)
}

fn arguments(tokens: &[String], at: usize) -> Result<(String, usize), String> {
    expect_open(tokens, at)?;
    let first = tokens.get(at + 1).cloned().ok_or("unclosed '(' in linker script")?;
    let close = tokens[at..].iter().position(|token| token == ")");
    close.map(|close| (first, at + close + 1)).ok_or("unclosed '(' in linker script".into())
}

fn expect_open(tokens: &[String], at: usize) -> Result<(), String> {
    match tokens.get(at).map(String::as_str) {
        Some("(") => Ok(()),
        _ => Err("expected '(' in linker script".into()),
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if let Some(comment) = rest.strip_prefix("/*") {
            let (_, after) = comment.split_once("*/").ok_or("unclosed comment in linker script")?;
            rest = after.trim_start();
            continue;
        } else if first == '#' {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
            continue;
        } else if first == '"' {
            let end = rest[1..].find('"').ok_or("unclosed quote in linker script")?;
            tokens.push(rest[1..=end].to_string());
            end + 2
        } else if "(),;".contains(first) {
            tokens.push(first.to_string());
            1
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "(),;\"".contains(c));
            let end = end.unwrap_or(rest.len());
            tokens.push(rest[..end].to_string());
            end
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_list_their_files_in_order() {
        let text = "/* GNU ld script */\n/*/ INPUT(x) */\n# for all\nOUTPUT_FORMAT(elf64-x86-64)\nTARGET(elf64-x86-64)\nGROUP ( /lib/libm-2.36.a AS_NEEDED(\"/lib/libmvec.a\" -lfoo) )";
        let input = |name: &str| Command::Input(name.into());
        assert_eq!(
            parse(text).unwrap(),
            [
                Command::OutputFormat("elf64-x86-64".into()),
                input("/lib/libm-2.36.a"),
                input("/lib/libmvec.a"),
                input("-lfoo")
            ]
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["SECTIONS { }", "GROUP ( a", "INPUT a", "/* open", "/*/", "\"open", "garbage"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
