//! The arguments of a dot command, quoted as a shell would have it.

use anyhow::bail;

/// Takes a line apart at its spaces. What stands in '...' is as it is; in "..." and outside of quotes a backslash makes
/// the character behind it a plain one.
pub fn arguments(line: &str) -> anyhow::Result<Vec<String>> {
    let mut arguments = Vec::new();
    let mut argument: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (None, char) if char.is_whitespace() => arguments.extend(argument.take()),
            (None, '\'' | '"') => {
                quote = Some(char);
                argument.get_or_insert_default();
            }
            (Some(open), char) if char == open => quote = None,
            // between double quotes, as in a shell, a backslash before any other character is itself
            (Some('"'), '\\') => {
                let argument = argument.get_or_insert_default();
                match chars.next() {
                    Some(char @ ('"' | '\\')) => argument.push(char),
                    Some(char) => argument.extend(['\\', char]),
                    None => argument.push('\\'),
                }
            }
            (None, '\\') => argument.get_or_insert_default().extend(chars.next()),
            (_, char) => argument.get_or_insert_default().push(char),
        }
    }
    if let Some(quote) = quote {
        bail!("the quote {quote} has no end");
    }
    arguments.extend(argument);
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_those_of_a_shell() {
        for (line, expected) in [
            ("", vec![]),
            ("  a  b ", vec!["a", "b"]),
            ("arn='arn:aws:iam::*:user/a b' hours=24", vec!["arn=arn:aws:iam::*:user/a b", "hours=24"]),
            (r#""a \"b\" \n" '\n' c\ d"#, vec![r#"a "b" \n"#, r"\n", "c d"]),
            ("'' \"\"", vec!["", ""]),
            ("it\\'s", vec!["it's"]),
        ] {
            assert_eq!(arguments(line).expect("arguments"), expected, "{line}");
        }
        assert!(arguments("it's").is_err_and(|error| error.to_string().contains('\'')));
    }
}
