//! Rows for people and for programs. Every value was typed by someone, who may be an attacker.

mod chart;
mod csv;
mod escape;
mod fields;
mod json;
mod line;
mod look;
mod markdown;
mod table;

pub use chart::{Chart, Column as ChartColumn, chart, fit};
pub use escape::{json as harmless_json, visible, visible_lines};
pub use fields::Fields;
pub use look::{Expanded, Look, output_with};
pub use markdown::{inert, value as markdown_value};

use std::io::{self, Write};

use crate::store::{Cell, Column, Rows};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns, for people
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
    /// RFC 4180, with a header
    Csv,
    /// A Markdown table
    Markdown,
}

/// How a table may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; none when the output is no terminal.
    pub width: Option<u16>,
    pub color: bool,
}

/// Writes one result. Rows are written as they come, where the format allows it.
pub trait Output: Rows {
    /// Called once, after the rows.
    fn end(&mut self) -> anyhow::Result<()>;
}

/// A writer of rows in `format`.
pub fn output<'w>(format: Format, style: Style, to: &'w mut dyn Write) -> Box<dyn Output + 'w> {
    output_with(format, style, &Look::default(), to)
}

/// A column was asked for that the rows do not have.
#[derive(Debug, thiserror::Error)]
#[error("no column {name}: there are {there}")]
pub struct NoSuchColumn {
    name: String,
    there: String,
}

/// Lets through some columns only, in the order they are named, and so many rows; counts them.
pub struct Select<'o> {
    output: &'o mut dyn Rows,
    /// Names of the columns wanted; all if empty.
    wanted: Vec<String>,
    limit: Option<usize>,
    indexes: Vec<usize>,
    pub rows: usize,
    /// Whether there was a result at all.
    pub begun: bool,
}

impl<'o> Select<'o> {
    pub fn new(output: &'o mut dyn Rows, wanted: Vec<String>, limit: Option<usize>) -> Self {
        Self { output, wanted, limit, indexes: Vec::new(), rows: 0, begun: false }
    }
}

impl Rows for Select<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.begun = true;
        if self.wanted.is_empty() {
            self.indexes = (0..columns.len()).collect();
        } else {
            self.indexes.clear();
            for name in &self.wanted {
                let Some(index) = columns.iter().position(|column| column.name == *name) else {
                    let there = columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>().join(", ");
                    return Err(NoSuchColumn { name: name.clone(), there }.into());
                };
                self.indexes.push(index);
            }
        }
        let columns: Vec<_> = self.indexes.iter().map(|&index| columns[index].clone()).collect();
        self.output.columns(&columns)
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        if self.limit.is_some_and(|limit| self.rows >= limit) {
            return Ok(false);
        }
        self.rows += 1;
        self.output.row(self.indexes.iter().map(|&index| cells[index].clone()).collect())
    }
}

/// Whether whoever read our output has seen enough, which is no error.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        let csv = cause.downcast_ref::<::csv::Error>().and_then(|error| match error.kind() {
            ::csv::ErrorKind::Io(error) => Some(error),
            _ => None,
        });
        io.or(csv).is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// JSON indented, and harmless; its numbers keep their digits, which they would not if they were read. What is no JSON after all stays as it is.
fn pretty(json: &str) -> String {
    match serde_json::from_str::<serde::de::IgnoredAny>(json) {
        Ok(_) => indent(&escape::json(json)),
        Err(_) => escape::visible(json),
    }
}

/// JSON with each member and each item on a line of its own.
fn indent(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    let mut chars = json.chars().peekable();
    while let Some(char) = chars.next() {
        if in_string {
            text.push(char);
            in_string = char != '"' || escaped;
            escaped = char == '\\' && !escaped;
            continue;
        }
        match char {
            '{' | '[' => {
                text.push(char);
                if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    text.push('\n');
                    text.push_str(&"  ".repeat(depth));
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                text.push('\n');
                text.push_str(&"  ".repeat(depth));
                text.push(char);
            }
            ',' => {
                text.push_str(",\n");
                text.push_str(&"  ".repeat(depth));
            }
            ':' => text.push_str(": "),
            char if char.is_whitespace() => {}
            char => {
                in_string = char == '"';
                text.push(char);
            }
        }
    }
    text
}

/// A cell as plain text, for the formats that have no types.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Float(value) if value.is_finite() => serde_json::Value::from(*value).to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Number(text) | Cell::Json(text) | Cell::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_as_it_is() {
        let json = r#"{"a":[1.10,{}],"b":"x\"{,:\\","c":[]}"#;
        let indented = "{\n  \"a\": [\n    1.10,\n    {}\n  ],\n  \"b\": \"x\\\"{,:\\\\\",\n  \"c\": []\n}";
        assert_eq!(pretty(json), indented);
        assert_eq!(pretty("{\"a\":NaN}\x1b"), "{\"a\":NaN}\\u{1b}");
    }
}
