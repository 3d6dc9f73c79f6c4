//! A script, taken apart into statements.

use super::tokens::{Kind, tokens};

/// The statements of `script`, without the semicolons between them. Semicolons in strings, quoted names, dollar quotes
/// and comments separate nothing.
pub fn statements(script: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let mut begin = 0;
    let mut blank = true;
    let tokens = tokens(script);
    for token in &tokens {
        if token.kind == Kind::Semicolon {
            if !blank {
                statements.push(script[begin..token.range.start].trim());
            }
            begin = token.range.end;
            blank = true;
        } else {
            blank &= token.is_blank();
        }
    }
    if !blank {
        statements.push(script[begin..].trim());
    }
    statements
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
