//! Response files, quoted as GNU tools read them.

/// One argument a line; what would end an argument early or be taken for a quote is escaped.
pub fn join<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for argument in arguments {
        quote(argument, &mut text);
        text.push('\n');
    }
    text
}

fn quote(argument: &str, text: &mut String) {
    if argument.is_empty() {
        return text.push_str("\"\"");
    }
    for character in argument.chars() {
        if character.is_whitespace() || matches!(character, '\\' | '"' | '\'') {
            text.push('\\');
        }
        text.push(character);
    }
}

/// The arguments in a response file.
pub fn split(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut inside: Option<char> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, inside) {
            ('\\', _) => current.get_or_insert_default().extend(characters.next()),
            (quote, Some(open)) if quote == open => inside = None,
            ('"' | '\'', None) => {
                inside = Some(character);
                current.get_or_insert_default();
            }
            (space, None) if space.is_whitespace() => arguments.extend(current.take()),
            (other, _) => current.get_or_insert_default().push(other),
        }
    }
    arguments.extend(current);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_joined_splits_into_the_same_arguments() {
        let arguments = ["-o", "a b", "", "c\\d", "\"e\"", "it's", "--start-group"];
        assert_eq!(split(&join(arguments)), arguments);
    }

    #[test]
    fn quotes_hold_spaces_together() {
        assert_eq!(split("'a b' \"c d\"e  f"), ["a b", "c de", "f"]);
    }
}
