//! SQL taken apart into tokens, as DuckDB reads it. Together they are the whole text: nothing is left out.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// `"name"`, or `` `name` ``.
    QuotedName,
    /// `'text'`, `E'text'`, `$$text$$`.
    String,
    Number,
    /// `-- to the end of the line`, `/* with /* others */ in it */`.
    Comment,
    /// One character, but for those that belong together: `::`, `:=`, `=>`, `<=`, ...
    Operator,
    Semicolon,
    Space,
}

/// A piece of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// Whether it has its end; a string, quoted name or comment may lack it.
    pub closed: bool,
}

impl Token {
    pub fn text<'s>(&self, sql: &'s str) -> &'s str {
        &sql[self.range.clone()]
    }

    /// Whether it says nothing: space or a comment.
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Space | Kind::Comment)
    }
}

/// All tokens of a text.
pub fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < sql.len() {
        let (kind, len, closed) = first(&sql[at..]);
        tokens.push(Token { kind, range: at..at + len, closed });
        at += len;
    }
    tokens
}

/// Whether a text is ready to be run: it ends with a semicolon outside of quotes and comments, or says nothing at all.
pub fn is_complete(sql: &str) -> bool {
    let tokens = tokens(sql);
    let open = tokens.last().is_some_and(|token| !token.closed);
    let last = tokens.iter().rev().find(|token| !token.is_blank());
    !open && last.is_none_or(|token| token.kind == Kind::Semicolon)
}

/// Operators of more than one character.
const LONG: &[&str] =
    &["!~~*", "!~~", "->>", "~~*", "::", ":=", "=>", "->", "<=", ">=", "<>", "!=", "==", "||", "**", "~~"];

/// Kind and length of the first token, and whether it is closed.
fn first(rest: &str) -> (Kind, usize, bool) {
    let mut chars = rest.chars();
    let Some(char) = chars.next() else { return (Kind::Space, 0, true) };
    let next = chars.next();
    let found = |kind, end: Option<usize>| (kind, end.unwrap_or(rest.len()), end.is_some());
    let run = |of: fn(char) -> bool| rest.find(|char| !of(char)).unwrap_or(rest.len());
    match char {
        char if char.is_whitespace() => (Kind::Space, run(char::is_whitespace), true),
        ';' => (Kind::Semicolon, 1, true),
        '-' if next == Some('-') => (Kind::Comment, rest.find('\n').unwrap_or(rest.len()), true),
        '/' if next == Some('*') => found(Kind::Comment, block_comment(rest)),
        '\'' => found(Kind::String, quoted(rest, '\'')),
        'e' | 'E' if next == Some('\'') => found(Kind::String, escape_string(&rest[1..]).map(|len| len + 1)),
        '"' | '`' => found(Kind::QuotedName, quoted(rest, char)),
        '$' => match dollar_tag(rest) {
            Some(tag) => found(Kind::String, rest[tag.len()..].find(tag).map(|at| at + 2 * tag.len())),
            None => (Kind::Operator, 1, true),
        },
        '0'..='9' => (Kind::Number, number(rest), true),
        '.' if next.is_some_and(|next| next.is_ascii_digit()) => (Kind::Number, number(rest), true),
        char if is_name(char) => (Kind::Word, run(is_name), true),
        char => {
            let long = LONG.iter().find(|operator| rest.starts_with(**operator));
            (Kind::Operator, long.map_or(char.len_utf8(), |operator| operator.len()), true)
        }
    }
}

/// Whether a character may be part of a name without quotes.
fn is_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || (!char.is_ascii() && !char.is_whitespace())
}

/// Length of what stands between quotes, in which a doubled one is a character.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += rest[at..].find(quote)? + 1;
        if !rest[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// Length of '...' in which a backslash escapes what follows.
fn escape_string(rest: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += rest[at..].find(['\'', '\\'])? + 1;
        if rest[..at].ends_with('\'') {
            if !rest[at..].starts_with('\'') {
                return Some(at);
            }
            at += 1;
        } else {
            at += rest[at..].chars().next()?.len_utf8();
        }
    }
}

/// Length of a comment, with those nested in it.
fn block_comment(rest: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let opens = rest.as_bytes()[at..].starts_with(b"/*");
        let closes = rest.as_bytes()[at..].starts_with(b"*/");
        at += if opens || closes { 2 } else { 1 };
        depth += usize::from(opens);
        depth -= usize::from(closes);
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The `$tag$` at the beginning; `$1` and `$name` are parameters.
fn dollar_tag(rest: &str) -> Option<&str> {
    let tag = &rest[..=1 + rest[1..].find('$')?];
    let name = &tag[1..tag.len() - 1];
    (name.chars().all(is_name) && !name.starts_with(|char: char| char.is_ascii_digit())).then_some(tag)
}

/// Length of a number: `12`, `1_000.5`, `1e-9`, `0xff`.
fn number(rest: &str) -> usize {
    let mut before = ' ';
    let ends = |(_, char): &(usize, char)| {
        let sign = matches!(char, '+' | '-') && matches!(before, 'e' | 'E') && !rest.starts_with("0x");
        before = *char;
        !(char.is_ascii_alphanumeric() || matches!(char, '_' | '.') || sign)
    };
    rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kinds and texts, without the spaces; an open token has `...` behind it.
    fn read(sql: &str) -> Vec<String> {
        let shown = |token: &Token| {
            let open = if token.closed { "" } else { "..." };
            format!("{:?} {}{open}", token.kind, token.text(sql))
        };
        tokens(sql).iter().filter(|token| token.kind != Kind::Space).map(shown).collect()
    }

    #[test]
    fn each_token_is_what_duckdb_takes_it_for() {
        for (sql, expected) in [
            ("SELECT é_1", vec!["Word SELECT", "Word é_1"]),
            ("a.\"b\"\"c\".`d`", vec!["Word a", "Operator .", "QuotedName \"b\"\"c\"", "Operator .", "QuotedName `d`"]),
            ("'it''s' 'open", vec!["String 'it''s'", "String 'open..."]),
            (r"E'a\'b' e'a''\\' e'\", vec![r"String E'a\'b'", r"String e'a''\\'", r"String e'\..."]),
            ("like'a'", vec!["Word like", "String 'a'"]),
            ("$$a;b$$ $x$;$$;$x$ $x$y", vec!["String $$a;b$$", "String $x$;$$;$x$", "String $x$y..."]),
            ("$1, 5$", vec!["Operator $", "Number 1", "Operator ,", "Number 5", "Operator $"]),
            ("1_000.5e-3 .5 0xff-1", vec!["Number 1_000.5e-3", "Number .5", "Number 0xff", "Operator -", "Number 1"]),
            ("a--b\nc", vec!["Word a", "Comment --b", "Word c"]),
            ("/* a /* b */ ; */; /* open", vec!["Comment /* a /* b */ ; */", "Semicolon ;", "Comment /* open..."]),
            ("h:=1::INT", vec!["Word h", "Operator :=", "Number 1", "Operator ::", "Word INT"]),
            ("\"open", vec!["QuotedName \"open..."]),
        ] {
            assert_eq!(read(sql), expected, "{sql}");
        }
    }

    #[test]
    fn the_tokens_are_the_whole_text() {
        let text = "SELECT\u{a0}'é', \"ü\" /* ß */ FROM t; -- 😀\n€ $é$ x 'open ;";
        let whole: String = tokens(text).iter().map(|token| token.text(text)).collect();
        assert_eq!(whole, text);
        for end in text.char_indices().map(|(at, _)| at) {
            assert_eq!(tokens(&text[..end]).last().map_or(0, |token| token.range.end), end);
        }
    }

    #[test]
    fn complete_is_what_ends_with_a_semicolon() {
        for complete in ["", "  \n", "-- nothing", "SELECT 1;", "SELECT 1; -- done", "SELECT ';';\n /* */ "] {
            assert!(is_complete(complete), "{complete}");
        }
        for incomplete in ["SELECT 1", "SELECT ';", "SELECT 1; SELECT 2", "SELECT 1 -- ;", "SELECT 1; /* ;", "\"a;"] {
            assert!(!is_complete(incomplete), "{incomplete}");
        }
    }
}
