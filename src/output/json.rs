//! JSON and NDJSON (RFC 8259). Values keep their types; nested values are nested.

use std::io::Write;

use super::{Output, escape};
use crate::store::{Cell, Column, Rows};

/// Rows as objects: in one array, or one a line.
pub struct Json<'w> {
    to: &'w mut dyn Write,
    array: bool,
    keys: Vec<String>,
    rows: usize,
}

impl<'w> Json<'w> {
    pub fn array(to: &'w mut dyn Write) -> Self {
        Self { to, array: true, keys: Vec::new(), rows: 0 }
    }

    pub fn lines(to: &'w mut dyn Write) -> Self {
        Self { array: false, ..Self::array(to) }
    }
}

impl Rows for Json<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.keys = columns.iter().map(|column| quote(&column.name)).collect();
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        if self.array {
            self.to.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
        }
        let members: Vec<_> =
            self.keys.iter().zip(&cells).map(|(key, cell)| format!("{key}:{}", value(cell))).collect();
        write!(self.to, "{{{}}}", members.join(","))?;
        if !self.array {
            self.to.write_all(b"\n")?;
        }
        self.rows += 1;
        Ok(true)
    }
}

impl Output for Json<'_> {
    fn end(&mut self) -> anyhow::Result<()> {
        if self.array {
            self.to.write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        Ok(())
    }
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Bool(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Float(value) if value.is_finite() => serde_json::Value::from(*value).to_string(),
        // JSON has no infinity
        Cell::Float(value) => quote(&value.to_string()),
        Cell::Number(text) => text.clone(),
        // DuckDB writes NaN and Infinity inside nested values, which are no JSON
        Cell::Json(json) if (json.contains("NaN") || json.contains("Infinity")) && !is_json(json) => quote(json),
        Cell::Json(json) => escape::json(json),
        Cell::Text(text) => quote(text),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn quote(text: &str) -> String {
    escape::json(&serde_json::Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types() {
        for (cell, json) in [
            (Cell::Null, "null"),
            (Cell::Bool(true), "true"),
            (Cell::Integer(-5), "-5"),
            (Cell::Float(0.5), "0.5"),
            (Cell::Float(f64::INFINITY), "\"inf\""),
            (Cell::Number("123456789012345678901234567890".into()), "123456789012345678901234567890"),
            (Cell::Json("{\"a\":[1]}".into()), "{\"a\":[1]}"),
            (Cell::Json("{\"a\":NaN}".into()), r#""{\"a\":NaN}""#),
            (Cell::Json("[\"NaN\"]".into()), r#"["NaN"]"#),
            (Cell::Text("a\"b\x1b\u{202e}".into()), r#""a\"b\u001b\u202e""#),
        ] {
            assert_eq!(value(&cell), json);
        }
    }
}
