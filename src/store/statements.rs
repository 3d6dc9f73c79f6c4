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
            '/' if rest.starts_with("/*") => block_comment(rest),
            '\'' if escapes(&script[..at]) => escape_string(rest),
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

/// Length of a comment, with those nested in it.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let opens = rest.as_bytes()[at..].starts_with(b"/*");
        let closes = rest.as_bytes()[at..].starts_with(b"*/");
        at += if opens || closes { 2 } else { 1 };
        depth += usize::from(opens);
        depth -= usize::from(closes);
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// Whether a quote behind this begins a string with backslash escapes: E'...'.
fn escapes(before: &str) -> bool {
    let mut chars = before.chars().rev();
    matches!(chars.next(), Some('e' | 'E')) && !chars.next().is_some_and(|char| char.is_alphanumeric() || char == '_')
}

/// Length of '...' in which a backslash escapes what follows.
fn escape_string(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest[1..].bytes().position(|byte| {
        let ends = byte == b'\'' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |at| at + 2)
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
            ("SELECT E'a\\';b'; SELECT 'a\\'; SELECT 3", vec!["SELECT E'a\\';b'", "SELECT 'a\\'", "SELECT 3"]),
            ("SELECT /* a /* ; */ ; */ 1; SELECT 2", vec!["SELECT /* a /* ; */ ; */ 1", "SELECT 2"]),
            ("SELECT 'open; end", vec!["SELECT 'open; end"]),
        ] {
            assert_eq!(statements(script), expected, "{script}");
        }
    }
}
