//! What went wrong with a statement, and where in it.

use super::{Explained, Stopped};
use crate::output::{Style, visible, visible_lines};
use crate::store::StatementError;

/// Characters of a statement's line that are shown, where there is no window that says how many fit.
const LINE: usize = 100;

/// An error of a statement or dot command, for people. The line of the statement that it is about is shown, with a mark
/// under the place.
pub fn explain(error: &anyhow::Error, statement: &str, style: Style) -> String {
    if let Some(Explained(text)) = error.downcast_ref() {
        return text.clone();
    }
    if error.is::<Stopped>() {
        return "interrupted".to_owned();
    }
    let causes = error.chain().filter(|cause| !cause.is::<duckdb::ffi::Error>());
    let told = |cause: &(dyn std::error::Error + 'static)| {
        let text = cause.to_string();
        // errors of statements that are not the user's come as DuckDB wrote them
        match cause.is::<duckdb::Error>().then(|| StatementError::parse(&text, 0)).flatten() {
            Some(error) => error.to_string(),
            None => text,
        }
    };
    let mut text = causes.map(told).collect::<Vec<_>>().join(": ");
    if text.contains("attached in read-only mode") {
        text.push_str("\nThe store is open for reading only: `trailduck shell --write` opens it for changes.");
    }
    if text.contains("extension") && text.contains("icu") {
        text.push_str("\nThere is no extension for time zones in here: `.timezone Europe/Berlin` shows times in one.");
    }
    let mut text = visible_lines(text.trim_end().replace('\t', "  ").as_str());
    if style.color {
        // what is wrong, not what might be meant
        let end = text.find('\n').unwrap_or(text.len());
        text = format!("\x1b[1;31m{}\x1b[0m{}", &text[..end], &text[end..]);
    }
    let located = error.chain().find_map(|cause| cause.downcast_ref::<StatementError>());
    if let Some(at) = located.and_then(|error| error.at.as_ref())
        && let Some(excerpt) = excerpt(statement, at.start, at.len(), style)
    {
        text.push('\n');
        text.push_str(&excerpt);
    }
    text
}

/// The line of the statement in which the bytes are, and a mark under them. Where there are several lines, it is numbered.
fn excerpt(statement: &str, begin: usize, length: usize, style: Style) -> Option<String> {
    // an error at the end of the statement is behind its last byte
    let before = statement.get(..begin)?;
    let line_begin = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = statement[begin..].find('\n').map_or(statement.len(), |at| begin + at);
    let end = (begin + length).min(line_end);
    let shown = |from: usize, to: usize| statement.get(from..to).map(visible);
    let before = shown(line_begin, begin)?;
    let about = shown(begin, end)?;
    let after = shown(end, line_end)?;
    let number = match statement.trim_end().contains('\n') {
        true => format!("{} | ", statement[..line_begin].matches('\n').count() + 1),
        false => String::new(),
    };
    // of a line that is too long, what is around the place
    let room = style.width.map_or(LINE, usize::from).saturating_sub(number.len() + 8).max(30);
    let before: Vec<_> = before.chars().collect();
    let (before, cut) = match before.len() {
        many if many > room / 2 => (&before[many - room / 2..], "... "),
        _ => (&before[..], ""),
    };
    let about: String = about.chars().take(room / 2).collect();
    let marks = about.chars().count().max(1);
    let rest = room.saturating_sub(before.len() + marks);
    let more = if after.chars().count() > rest { " ..." } else { "" };
    let after: String = after.chars().take(rest).collect();
    let blanks = " ".repeat(number.chars().count() + cut.len() + before.len());
    let marks = "^".repeat(marks);
    let marks = if style.color { format!("\x1b[31m{marks}\x1b[0m") } else { marks };
    Some(format!("{number}{cut}{}{about}{after}{more}\n{blanks}{marks}", before.iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { width: None, color: false };

    #[test]
    fn the_place_is_marked() {
        for (statement, begin, length, expected) in [
            ("SELECT foo", 7, 3, "SELECT foo\n       ^^^"),
            ("SELECT", 6, 0, "SELECT\n      ^"),
            ("SELECT\n\u{1b}é foo\nFROM x", 11, 3, "2 | \\u{1b}é foo\n            ^^^"),
            ("SELECT (\n1", 7, 3, "1 | SELECT (\n           ^"),
        ] {
            assert_eq!(excerpt(statement, begin, length, PLAIN).as_deref(), Some(expected), "{statement}");
        }
        // places that are none
        assert_eq!(excerpt("é", 1, 1, PLAIN), None);
        assert_eq!(excerpt("x", 5, 1, PLAIN), None);
    }

    #[test]
    fn of_a_long_line_the_surroundings_are_shown() {
        let statement = format!("SELECT '{}', foo, '{}'", "x".repeat(500), "y".repeat(500));
        let begin = statement.find("foo").expect("it is there");
        let excerpt = excerpt(&statement, begin, 3, Style { width: Some(60), color: false }).expect("an excerpt");
        let lines: Vec<_> = excerpt.lines().collect();
        assert!(lines[0].starts_with("... x") && lines[0].ends_with("y ...") && lines[0].len() <= 60, "{excerpt}");
        assert_eq!(lines[0].find("foo"), lines[1].find("^^^"), "{excerpt}");
    }
}
