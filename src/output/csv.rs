//! CSV (RFC 4180), safe to open in a spreadsheet.

use std::io::Write;

use super::{Output, escape, plain};
use crate::store::{Cell, Column, Rows};

pub struct Csv<'w> {
    to: csv::Writer<&'w mut dyn Write>,
    null: String,
}

impl<'w> Csv<'w> {
    pub fn new(to: &'w mut dyn Write, null: Option<String>) -> Self {
        Self { to: csv::Writer::from_writer(to), null: null.unwrap_or_default() }
    }
}

impl Rows for Csv<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.to.write_record(columns.iter().map(|column| harmless(&column.name)))?;
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        self.to.write_record(cells.iter().map(|cell| match cell {
            Cell::Text(text) | Cell::Json(text) => harmless(text),
            Cell::Null => self.null.clone(),
            // numbers may begin with a minus
            typed => plain(typed),
        }))?;
        Ok(true)
    }
}

impl Output for Csv<'_> {
    fn end(&mut self) -> anyhow::Result<()> {
        Ok(self.to.flush()?)
    }
}

/// Text that no spreadsheet takes for a formula (OWASP, "CSV Injection") and no terminal for a command. Line breaks and
/// tabs stay: a quoted cell may hold them.
fn harmless(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    if text.starts_with(['\t', '\r', '\n'])
        || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    {
        cell.push('\'');
    }
    for part in text.split_inclusive(['\n', '\t']) {
        let (part, end) = part.split_at(part.trim_end_matches(['\n', '\t']).len());
        cell.push_str(&escape::visible(part));
        cell.push_str(end);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for (text, cell) in [
            ("", ""),
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-5", "'-5"),
            ("\t=1", "'\t=1"),
            (" =1", "' =1"),
            ("a\nb\x1b[2J", "a\nb\\u{1b}[2J"),
        ] {
            assert_eq!(harmless(text), cell);
        }
    }
}
