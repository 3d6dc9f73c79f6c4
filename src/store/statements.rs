//! A script, taken apart into statements.

/// The statements of `script`, without the semicolons between them. Semicolons in strings, quoted names, dollar quotes
/// and comments separate nothing (DuckDB's lexical rules, which are PostgreSQL's).
pub fn statements(script: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let (mut begin, mut at) = (0, 0);
    let mut blank = true;
    while let Some(token) = script[at..].chars().next() {
        let rest = &script[at..];
        let len = match token {
            ';' => {
                if !blank {
                    statements.push(script[begin..at].trim());
                }
                begin = at + 1;
                blank = true;
                at += 1;
                continue;
            }
            '-' if rest.starts_with("--") => until(rest, 2, "\n"),
            '/' if rest.starts_with("/*") => until(rest, 2, "*/"),
            '\'' | '"' => until(rest, 1, &rest[..1]),
            '$' => dollar_quote(rest).unwrap_or(1),
            token => token.len_utf8(),
        };
        blank &= token.is_whitespace() || rest.starts_with("--") || rest.starts_with("/*");
        at += len;
    }
    if !blank {
        statements.push(script[begin..].trim());
    }
    statements
}

/// Length up to the end of the first `end` behind `from`, or of all.
fn until(rest: &str, from: usize, end: &str) -> usize {
    rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
}

/// Length of `$tag$ ... $tag$`.
fn dollar_quote(rest: &str) -> Option<usize> {
    let tag = &rest[..=1 + rest[1..].find('$')?];
    let name = &tag[1..tag.len() - 1];
    let is_name = name.chars().all(|char| char.is_alphanumeric() || char == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    is_name.then(|| until(rest, tag.len(), tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_separate_statements_but_not_inside_quotes_and_comments() {
        for (script, expected) in [
            ("", vec![]),
            (" ; ;-- nothing\n", vec![]),
            ("SELECT 1", vec!["SELECT 1"]),
            ("SELECT 1; SELECT 2;", vec!["SELECT 1", "SELECT 2"]),
            ("SELECT 'a;''b'; SELECT \";\"", vec!["SELECT 'a;''b'", "SELECT \";\""]),
            ("SELECT 1 -- a;b\n; /* ; */ SELECT 2", vec!["SELECT 1 -- a;b", "/* ; */ SELECT 2"]),
            ("SELECT $$a;b$$; SELECT $x$;$$;$x$", vec!["SELECT $$a;b$$", "SELECT $x$;$$;$x$"]),
            ("SELECT $1, 5$; SELECT 'é;'", vec!["SELECT $1, 5$", "SELECT 'é;'"]),
            ("SELECT 'open; end", vec!["SELECT 'open; end"]),
        ] {
            assert_eq!(statements(script), expected, "{script}");
        }
    }
}
