//! Colours of what is typed, and when it is ready to run. Of the sixteen colours of a terminal, those that can be read on
//! light and dark.

use std::sync::Arc;

use nu_ansi_term::{Color, Style};
use reedline::{Highlighter, StyledText, ValidationResult, Validator};

use super::commands::COMMANDS;
use super::complete::dot;
use super::statement::{Statement, unquoted};
use super::vocabulary::{Names, Vocabulary, query};
use crate::store::{Kind, Token, is_complete, tokens};

/// Colours SQL and dot commands.
pub struct SqlHighlighter {
    vocabulary: Arc<Vocabulary>,
    color: bool,
}

impl SqlHighlighter {
    pub fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary, color: true }
    }

    /// One that leaves everything as it is.
    pub fn plain(vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary, color: false }
    }
}

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    Plain,
    Keyword,
    Function,
    Relation,
    Column,
    String,
    Number,
    Comment,
    Command,
    /// Known to no one, where a relation or command must stand.
    Unknown,
    /// A quote or comment without its end.
    Open,
}

impl Looks {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Keyword | Self::Command => Style::new().bold(),
            Self::Function => Color::Purple.normal(),
            Self::Relation => Color::Cyan.bold(),
            Self::Column => Color::Cyan.normal(),
            Self::String => Color::Green.normal(),
            Self::Number => Color::Purple.normal(),
            Self::Comment => Style::new().dimmed().italic(),
            Self::Unknown => Color::Red.normal(),
            Self::Open => Color::Red.underline(),
        }
    }
}

impl Highlighter for SqlHighlighter {
    fn highlight(&self, line: &str, cursor: usize) -> StyledText {
        let mut text = StyledText::new();
        if !self.color {
            text.push((Style::new(), line.to_owned()));
            return text;
        }
        let names = self.vocabulary.names();
        if dot::is_command(line) {
            for (looks, piece) in command(line) {
                text.push((looks.style(), piece.to_owned()));
            }
            return text;
        }
        let brackets = brackets(line, cursor);
        for (token, looks) in looks(&names, line, cursor) {
            let style = looks.style();
            let is_bracket = brackets.is_some_and(|pair| pair.contains(&token.range.start));
            text.push((if is_bracket { style.bold().underline() } else { style }, token.text(line).to_owned()));
        }
        text
    }
}

/// A dot command: its name, and the rest.
fn command(line: &str) -> [(Looks, &str); 3] {
    let begin = line.len() - line.trim_start().len();
    let end = line[begin..].find(char::is_whitespace).map_or(line.len(), |at| begin + at);
    let name = &line[begin..end];
    let is_known = COMMANDS.iter().any(|command| command.name == name);
    // a name that is still being typed is not wrong yet
    let may_be = end == line.len() && COMMANDS.iter().any(|command| command.name.starts_with(name));
    let looks = match (is_known, may_be) {
        (true, _) => Looks::Command,
        (_, true) => Looks::Plain,
        _ => Looks::Unknown,
    };
    [(Looks::Plain, &line[..begin]), (looks, name), (Looks::Plain, &line[end..])]
}

/// The tokens of a line, with what each is.
fn looks(names: &Names, line: &str, cursor: usize) -> Vec<(Token, Looks)> {
    let tokens = tokens(line);
    let says: Vec<usize> = (0..tokens.len()).filter(|&index| !tokens[index].is_blank()).collect();
    let mut looks: Vec<Looks> = tokens.iter().map(|token| of_kind(names, line, token)).collect();
    for (place, &index) in says.iter().enumerate() {
        let token = &tokens[index];
        if !matches!(token.kind, Kind::Word | Kind::QuotedName) || !token.closed {
            continue;
        }
        let near =
            |place: Option<usize>| place.and_then(|place| says.get(place)).map(|&index| tokens[index].text(line));
        let name = unquoted(token.text(line));
        let is_called = near(Some(place + 1)) == Some("(");
        let is_part = near(place.checked_sub(1)) == Some(".");
        let is_quoted = token.kind == Kind::QuotedName;
        if is_called && (names.function(&name).is_some() || query(&name).is_some()) && !names.is_reserved(&name) {
            looks[index] = Looks::Function;
        } else if is_part || is_quoted || looks[index] != Looks::Keyword {
            looks[index] = match name.as_str() {
                name if !is_part && names.is_relation(name) => Looks::Relation,
                name if names.is_column(name) => Looks::Column,
                _ => Looks::Plain,
            };
        } else if !names.is_reserved(&name) && !is_called && names.is_column(&name) {
            // `type`, `name` and their like are words of SQL, but seldom meant as such
            looks[index] = Looks::Column;
        }
    }
    for (range, is_known) in sources(names, line) {
        // a name that is still being typed is not wrong yet
        if is_known || range.end != cursor {
            let of_name = tokens.iter().zip(&mut looks).find(|(token, _)| token.range == range);
            if let Some((_, looks)) = of_name {
                *looks = if is_known { Looks::Relation } else { Looks::Unknown };
            }
        }
    }
    tokens.into_iter().zip(looks).collect()
}

fn of_kind(names: &Names, line: &str, token: &Token) -> Looks {
    match token.kind {
        _ if !token.closed => Looks::Open,
        Kind::Word if names.is_keyword(token.text(line)) => Looks::Keyword,
        Kind::String => Looks::String,
        Kind::Number => Looks::Number,
        Kind::Comment => Looks::Comment,
        _ => Looks::Plain,
    }
}

/// Where names stand after FROM, and whether there is such a thing. Left out are those that cannot be told: qualified
/// ones, and what is called.
fn sources(names: &Names, line: &str) -> Vec<(std::ops::Range<usize>, bool)> {
    let ends = tokens(line).into_iter().filter(|token| token.kind == Kind::Semicolon).map(|token| token.range.start);
    let mut found = Vec::new();
    for end in ends.chain([line.len()]) {
        let statement = Statement::whole(line, end);
        let ctes = statement.ctes();
        let is_cte = |name: &str| ctes.iter().any(|cte| cte.name.eq_ignore_ascii_case(name));
        for (_, source) in statement.all_sources() {
            let name = source.name.as_str();
            let is_told = !name.is_empty() && !name.contains('.') && source.arguments.is_none();
            if is_told && !names.is_keyword(name) {
                found.push((source.range.clone(), names.is_relation(name) || is_cte(name)));
            }
        }
    }
    found
}

/// Where the bracket at the cursor and its partner stand.
fn brackets(line: &str, cursor: usize) -> Option<[usize; 2]> {
    const OPEN: [&str; 3] = ["(", "[", "{"];
    const CLOSE: [&str; 3] = [")", "]", "}"];
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for token in tokens(line).iter().filter(|token| token.kind == Kind::Operator) {
        let text = token.text(line);
        if OPEN.contains(&text) {
            open.push((text, token.range.start));
        } else if let Some(kind) = CLOSE.iter().position(|close| *close == text)
            && let Some((_, begin)) = open.pop_if(|(text, _)| *text == OPEN[kind])
        {
            pairs.push([begin, token.range.start]);
        }
    }
    // behind a bracket, as one is when it was just typed; else on one
    let at = |place: usize| pairs.iter().copied().find(|pair| pair.contains(&place));
    cursor.checked_sub(1).and_then(at).or_else(|| at(cursor))
}

/// Says when Enter runs what is typed: SQL at its semicolon, a dot command at the end of its line.
pub struct SqlValidator;

impl Validator for SqlValidator {
    fn validate(&self, line: &str) -> ValidationResult {
        if dot::is_command(line) || is_complete(line) {
            ValidationResult::Complete
        } else {
            ValidationResult::Incomplete
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::tests::store;

    #[test]
    fn each_token_looks_like_what_it_is() {
        use Looks::*;
        let (_folder, store) = store();
        let vocabulary = Vocabulary::read(&store).expect("names");
        let names = vocabulary.names();
        for (line, expected) in [
            ("SELECT 1", &[("SELECT", Keyword), ("1", Number)][..]),
            ("from events", &[("from", Keyword), ("events", Relation)]),
            ("FROM evnets", &[("FROM", Keyword), ("evnets", Unknown)]),
            ("FROM \"evnets\"", &[("FROM", Keyword), ("\"evnets\"", Unknown)]),
            ("FROM duckdb_tables", &[("FROM", Keyword), ("duckdb_tables", Relation)]),
            ("FROM a.b", &[("FROM", Keyword), ("a", Plain), (".", Plain), ("b", Plain)]),
            (
                "WITH x AS (FROM events) FROM x",
                &[
                    ("WITH", Keyword),
                    ("x", Plain),
                    ("AS", Keyword),
                    ("(", Plain),
                    ("FROM", Keyword),
                    ("events", Relation),
                    (")", Plain),
                    ("FROM", Keyword),
                    ("x", Relation),
                ],
            ),
            (
                "e.event_name = 'a'",
                &[("e", Plain), (".", Plain), ("event_name", Column), ("=", Plain), ("'a'", String)],
            ),
            (
                "count(source_kind(x))",
                &[
                    ("count", Function),
                    ("(", Plain),
                    ("source_kind", Function),
                    ("(", Plain),
                    ("x", Plain),
                    (")", Plain),
                    (")", Plain),
                ],
            ),
            (
                "FROM launches_after_deprecated_query()",
                &[("FROM", Keyword), ("launches_after_deprecated_query", Function), ("(", Plain), (")", Plain)],
            ),
            ("user_identity.type", &[("user_identity", Column), (".", Plain), ("type", Plain)]),
            (
                "SELECT extract(year FROM event_time)",
                &[
                    ("SELECT", Keyword),
                    ("extract", Keyword),
                    ("(", Plain),
                    ("year", Keyword),
                    ("FROM", Keyword),
                    ("event_time", Column),
                    (")", Plain),
                ],
            ),
            ("SELECT 'open", &[("SELECT", Keyword), ("'open", Open)]),
            ("-- a", &[("-- a", Comment)]),
            ("/* a", &[("/* a", Open)]),
        ] {
            let found = looks(&names, line, 0);
            let found = found.iter().filter(|(token, _)| token.kind != Kind::Space);
            let found: Vec<_> = found.map(|(token, looks)| (token.text(line), *looks)).collect();
            assert_eq!(found, expected, "{line}");
        }
        for (line, expected) in [(".mode json", Command), (".mo", Plain), (".mo x", Unknown), (".x", Unknown)] {
            assert_eq!(command(line)[1].0, expected, "{line}");
        }
    }

    #[test]
    fn the_text_stays_the_same_with_colours_and_without() {
        let (_folder, store) = store();
        let vocabulary = Arc::new(Vocabulary::read(&store).expect("names"));
        let colored = SqlHighlighter::new(vocabulary.clone());
        let plain = SqlHighlighter::plain(vocabulary);
        for line in ["", "SELECT 'é', (\n1) FROM events; -- x\nFROM nothing", "  .mode  json ", "SELECT 'open", "FROM"]
        {
            for cursor in line.char_indices().map(|(at, _)| at).chain([line.len()]) {
                assert_eq!(colored.highlight(line, cursor).raw_string(), line);
            }
            let plain = plain.highlight(line, 0);
            assert!(plain.raw_string() == line && plain.buffer.iter().all(|(style, _)| style.is_plain()));
        }
        assert!(colored.highlight("SELECT", 0).buffer.iter().any(|(style, _)| !style.is_plain()));
    }

    #[test]
    fn a_bracket_shows_its_partner() {
        for (line, pair) in [
            ("f(a[1|])", Some([3, 5])),
            ("f(a[1]|)", Some([3, 5])),
            ("f(a[1])|", Some([1, 6])),
            ("f|(a)", Some([1, 3])),
            ("f(')'|", None),
            ("f(a]|", None),
        ] {
            let cursor = line.find('|').expect("a cursor");
            assert_eq!(brackets(&line.replacen('|', "", 1), cursor), pair, "{line}");
        }
    }

    #[test]
    fn enter_runs_what_is_complete() {
        let complete = |line| matches!(SqlValidator.validate(line), ValidationResult::Complete);
        for line in ["", ".mode json", "  .run x", "SELECT 1;", "SELECT ';';"] {
            assert!(complete(line), "{line}");
        }
        for line in ["SELECT 1", "SELECT ';", "SELECT\n1 -- ;"] {
            assert!(!complete(line), "{line}");
        }
    }
}
