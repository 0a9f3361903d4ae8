//! Linker scripts that stand in for a library, such as glibc's `libm.a`.

/// The libraries that a script's `GROUP` or `INPUT` names, or nothing if `content` is an object, an
/// archive or a script of another kind.
pub fn libraries(content: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(content).ok()?;
    if text.starts_with("!<arch>") || text.starts_with('\x7f') {
        return None;
    }
    let text = without_comments(text);
    let (_, list) = text.split_once("GROUP").or_else(|| text.split_once("INPUT"))?;
    let list = list.trim_start().strip_prefix('(')?;
    let names = list
        .split(|character: char| character.is_whitespace() || matches!(character, '(' | ')' | ','))
        .filter(|word| !word.is_empty() && *word != "AS_NEEDED")
        .map(str::to_owned);
    Some(names.collect())
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("*/").map_or("", |(_, after)| after));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_names_its_libraries() {
        let script = b"/* GNU ld script\n*/\nOUTPUT_FORMAT(elf64-x86-64)\nGROUP ( /a/libm-2.36.a AS_NEEDED ( -lmvec ) )";
        assert_eq!(libraries(script).unwrap(), ["/a/libm-2.36.a", "-lmvec"]);
    }

    #[test]
    fn archives_and_objects_are_not_scripts() {
        assert_eq!(libraries(b"!<arch>\nGROUP ( a )"), None);
        assert_eq!(libraries(b"\x7fELF GROUP ( a )"), None);
    }
}
