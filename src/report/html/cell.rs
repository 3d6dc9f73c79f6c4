//! A cell: one value of a table, and how it is shown.

use serde::Serialize;
use serde_json::Value;

use super::scale::{grouped, seconds};

#[derive(Debug, Serialize, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cell {
    /// NULL.
    Null,
    /// A list or an object without anything in it.
    Nothing,
    EmptyText,
    Number {
        text: String,
    },
    Truth {
        yes: bool,
    },
    Time {
        at: String,
        text: String,
    },
    /// A short text without spaces, which stays whole.
    Word {
        text: String,
    },
    Text {
        text: String,
    },
    /// A text that is folded behind its beginning.
    Long {
        begin: String,
        characters: String,
        text: String,
    },
    /// The event of an alert that the page has more of.
    Alert {
        text: String,
    },
    List {
        items: Vec<Cell>,
        /// Whether there are only words in it, which stand behind each other.
        words: bool,
    },
    /// Nested values, as indented JSON.
    Json {
        lines: usize,
        text: String,
    },
}

/// Longer texts are folded.
const LONG: usize = 400;
/// So much of them is seen.
const BEGIN: usize = 200;
/// The longest word that stays whole: as long as an error code.
const WORD: usize = 28;

impl Cell {
    /// The value of a column. `has_page` tells of an event whether it is an alert with a page.
    pub fn of(column: &str, value: &Value, has_page: &dyn Fn(&str) -> bool) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(yes) => Self::Truth { yes: *yes },
            Value::Number(number) => Self::Number { text: self::number(column, number) },
            Value::String(text) if text.is_empty() => Self::EmptyText,
            Value::String(text) if column.ends_with("event_id") && has_page(text) => Self::Alert { text: text.clone() },
            Value::String(text) => Self::text(text),
            Value::Array(items) if items.is_empty() => Self::Nothing,
            Value::Object(fields) if fields.is_empty() => Self::Nothing,
            Value::Array(items) if !items.iter().any(|item| item.is_array() || item.is_object()) => {
                let items: Vec<_> = items.iter().map(|item| Self::of(column, item, has_page)).collect();
                let words = items.iter().all(|item| matches!(item, Self::Word { text } if !text.contains(',')));
                Self::List { items, words }
            }
            nested => {
                let text = serde_json::to_string_pretty(nested).unwrap_or_default();
                Self::Json { lines: text.lines().count(), text }
            }
        }
    }

    fn text(text: &str) -> Self {
        if text.ends_with('Z') && text.len() >= 20 && seconds(text).is_some() {
            let seconds = text.split(['.', 'Z']).next().unwrap_or(text);
            return Self::Time { at: text.to_owned(), text: seconds.replace('T', " ") };
        }
        if text.chars().nth(WORD).is_none() && !text.contains(char::is_whitespace) {
            return Self::Word { text: text.to_owned() };
        }
        if text.chars().nth(LONG).is_none() {
            return Self::Text { text: text.to_owned() };
        }
        let begin = text.chars().take(BEGIN).collect();
        Self::Long { begin, characters: grouped(text.chars().count() as i64), text: text.to_owned() }
    }

    /// Whether some part of it is so long that it must be broken to fit into a column.
    pub fn breaks(&self) -> bool {
        match self {
            Self::Text { text } => text.split_whitespace().any(|word| word.chars().nth(WORD).is_some()),
            Self::Long { .. } | Self::Alert { .. } | Self::Json { .. } => true,
            Self::List { items, .. } => items.iter().any(Self::breaks),
            _ => false,
        }
    }

    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Null | Self::Nothing)
    }
}

fn number(column: &str, number: &serde_json::Number) -> String {
    let whole =
        number.as_i64().or_else(|| number.as_f64().filter(|float| float.fract() == 0.0).map(|float| float as i64));
    match whole {
        Some(seconds) if column.ends_with("_seconds") => duration(seconds),
        // a name made of digits
        Some(name) if column.ends_with("_number") => name.to_string(),
        Some(count) => grouped(count),
        None => number.to_string(),
    }
}

fn duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "\u{2212}" } else { "" };
    let seconds = seconds.abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{seconds} s"),
        (0, 0, _) => format!("{sign}{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{sign}{hours} h {minutes} min"),
        _ => format!("{sign}{days} d {hours} h"),
    }
}

/// A column's name in words.
pub fn label(name: &str) -> String {
    let name = name.strip_suffix("_seconds").unwrap_or(name);
    let word = |word: &str| match word {
        "ami" | "api" | "arn" | "aws" | "cidr" | "id" | "ip" | "iso" | "mfa" | "os" | "sha256" | "sql" | "vpc" => {
            word.to_uppercase()
        }
        "ids" => "IDs".to_owned(),
        "as" if name.starts_with("as_") => "AS".to_owned(),
        _ => word.to_owned(),
    };
    let words = name.split('_').map(word).collect::<Vec<_>>().join(" ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cell(column: &str, value: Value) -> Cell {
        Cell::of(column, &value, &|id| id == "alert")
    }

    fn word(text: &str) -> Cell {
        Cell::Word { text: text.to_owned() }
    }

    #[test]
    fn null_nothing_and_empty_differ() {
        let cells = [json!(null), json!([]), json!({}), json!("")].map(|value| cell("x", value));
        assert_eq!(cells, [Cell::Null, Cell::Nothing, Cell::Nothing, Cell::EmptyText]);
    }

    #[test]
    fn numbers_are_written_by_what_they_are() {
        let number = |column, value| match cell(column, value) {
            Cell::Number { text } => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(number("events", json!(1_234_567)), "1,234,567");
        assert_eq!(number("as_number", json!(14_618)), "14618");
        assert_eq!(number("latitude", json!(47.25)), "47.25");
        assert_eq!(number("lag_seconds", json!(749.0)), "12 min 29 s");
        assert_eq!(number("lag_seconds", json!(-3_700)), "\u{2212}1 h 1 min");
        assert_eq!(number("lag_seconds", json!(100_000)), "1 d 3 h");
    }

    #[test]
    fn times_are_times_and_texts_texts() {
        let time = Cell::Time { at: "2026-10-06T02:21:09Z".to_owned(), text: "2026-10-06 02:21:09".to_owned() };
        assert_eq!(cell("x", json!("2026-10-06T02:21:09Z")), time);
        assert_eq!(cell("x", json!("2026-13-06T02:21:09Z")), word("2026-13-06T02:21:09Z"));
        assert_eq!(cell("query_event_id", json!("alert")), Cell::Alert { text: "alert".to_owned() });
        assert_eq!(cell("query_event_id", json!("other")), word("other"));
        let part = Cell::Time { at: "2026-10-06T02:21:09.25Z".to_owned(), text: "2026-10-06 02:21:09".to_owned() };
        assert_eq!(cell("x", json!("2026-10-06T02:21:09.25Z")), part);
        assert!(matches!(cell("x", json!({"a": [1]})), Cell::Json { lines: 5, .. }));
    }

    #[test]
    fn words_stay_whole_and_stand_behind_each_other() {
        let words = |value| match cell("x", value) {
            Cell::List { words, .. } => words,
            other => panic!("{other:?}"),
        };
        assert!(words(json!(["image", "access_key"])));
        // else one could not tell where an item ends
        assert!(!words(json!(["image", "a,b"])) && !words(json!(["image", "a b"])) && !words(json!(["a", null])));
        let id = "a1e27003-e65c-4408-968f-ecee9c645d75";
        assert!(cell("x", json!(id)).breaks() && cell("x", json!([id])).breaks());
        assert!(
            !cell("x", json!("ami-0ab16d2016e5f7c01")).breaks() && !cell("x", json!("many short words in it")).breaks()
        );
    }

    #[test]
    fn long_texts_are_folded_and_whole() {
        let long = "é".repeat(10_000);
        let Cell::Long { begin, characters, text } = cell("x", json!(long)) else { panic!("not folded") };
        assert_eq!((begin.chars().count(), characters.as_str(), text == long), (BEGIN, "10,000", true));
    }

    #[test]
    fn columns_are_named_in_words() {
        let labels = ["source_ip_address", "image_ids", "lag_seconds", "as_number", "seen_as"].map(label);
        assert_eq!(labels, ["Source IP address", "Image IDs", "Lag", "AS number", "Seen as"]);
    }
}
