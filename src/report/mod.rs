//! A report: what the store holds about an incident, in one document that other people and programs can read.
//!
//! JSON is the document itself, described by `schema.json`; Markdown and HTML are renderings of it. Each table carries the
//! statement that gives its rows in any DuckDB client.

mod gather;
mod html;
mod json;
mod markdown;

pub use gather::{Request, gather};
pub use html::html;
pub use markdown::markdown;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

/// The document's JSON Schema.
pub const SCHEMA: &str = include_str!("schema.json");

/// Bytes of JSON that a document should not exceed: values are cut until it does not.
const MOST_BYTES: usize = 2_000_000;

/// Characters of a value, tried in turn.
const LONGEST_VALUES: &[usize] = &[20_000, 2_000, 200];

/// The document, version 2.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    pub format: &'static str,
    pub version: u32,
    pub generator: String,
    pub title: String,
    pub scope: Scope,
    pub overview: Row,
    /// In reading order.
    pub sections: Vec<Section>,
    /// Alerts, each investigated to its end.
    pub alerts: Vec<Alert>,
    /// Alerts that are not among these.
    pub alerts_left_out: usize,
    /// Which these are, and how to see them.
    pub alerts_note: Option<String>,
    /// Characters after which a value is cut.
    pub longest_value: usize,
}

/// What the report is about; what is null bounds nothing.
#[derive(Debug, Clone, Serialize)]
pub struct Scope {
    pub since: Option<String>,
    pub until: Option<String>,
    pub account_id: Option<String>,
    pub principal: Option<String>,
    /// The moment at which images and exceptions are judged.
    pub as_of: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Section {
    pub key: &'static str,
    pub title: &'static str,
    pub tables: Vec<Table>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Alert {
    pub event_id: String,
    pub event_time: Value,
    pub rules: Value,
    pub severity: Value,
    pub principal: Value,
    /// What became of the alert that was raised; null, as all of these, where none was.
    pub status: Value,
    pub verdict: Value,
    /// When it was raised.
    pub first_seen: Value,
    /// The last note on it.
    pub note: Value,
    pub score: i64,
    /// Names of the signals that are there, the weightiest first.
    pub signals: Value,
    pub parts: Vec<Table>,
}

/// The rows of one statement.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    pub key: &'static str,
    pub title: String,
    /// What is special, or what is said where there are no rows.
    pub note: Option<String>,
    pub layout: Layout,
    pub columns: Vec<Column>,
    /// Names of the columns that are shown to people.
    pub display: Vec<String>,
    pub rows: Vec<Row>,
    pub rows_total: usize,
    pub rows_left_out: usize,
    /// The command that shows all rows.
    pub all: Option<String>,
    /// The SQL that gives these rows, and those left out, in any DuckDB client.
    pub statement: String,
}

/// How a table is laid out for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    Table,
    /// One row, a line a field.
    Fields,
    /// A line a command (column `command`), and what it is for (column `step`).
    Steps,
}

#[derive(Debug, Clone, Serialize)]
pub struct Column {
    pub name: String,
    pub meaning: Option<String>,
}

/// Values by the names of their columns, in the order of the columns.
#[derive(Debug, Clone, Default)]
pub struct Row(pub Vec<(String, Value)>);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Row {
    pub fn get(&self, name: &str) -> &Value {
        self.0.iter().find(|(column, _)| column == name).map_or(&Value::Null, |(_, value)| value)
    }
}

impl Document {
    /// As JSON, with values cut so far that it stays small.
    pub fn json(mut self) -> anyhow::Result<String> {
        let mut json = String::new();
        for &longest in LONGEST_VALUES {
            self.shorten(longest);
            json = self.to_json()?;
            if json.len() <= MOST_BYTES {
                break;
            }
        }
        Ok(json)
    }

    /// Cuts values to so many characters.
    fn shorten(&mut self, longest: usize) {
        self.longest_value = longest;
        let sections = self.sections.iter_mut().flat_map(|section| &mut section.tables);
        self.alerts.iter_mut().for_each(|alert| cut(&mut alert.note, longest));
        let parts = self.alerts.iter_mut().flat_map(|alert| &mut alert.parts);
        for row in sections.chain(parts).flat_map(|table| &mut table.rows) {
            for (_, value) in &mut row.0 {
                cut(value, longest);
            }
        }
    }
}

/// Cuts the texts in a value to so many characters, and its lists to a tenth as many values; says how much is missing.
fn cut(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) => {
            if let Some(short) = shortened(text, longest) {
                *text = short;
            }
        }
        Value::Array(values) => {
            let most = longest / 10;
            if values.len() > most {
                let missing = values.len() - most;
                values.truncate(most);
                values.push(Value::from(format!("... ({missing} more)")));
            }
            values.iter_mut().for_each(|value| cut(value, longest));
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| cut(value, longest)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text's beginning and how much is missing, if it is longer than so many characters.
fn shortened(text: &str, longest: usize) -> Option<String> {
    // most are far shorter, and need not be counted
    if text.len() <= longest {
        return None;
    }
    let (end, _) = text.char_indices().nth(longest)?;
    let missing = text[end..].chars().count();
    Some(format!("{}... ({missing} more characters)", &text[..end]))
}
