//! Aligned columns, as wide as the terminal.

use std::io::Write;

use comfy_table::{Attribute, CellAlignment, ContentArrangement, presets};

use super::{Output, Style, escape, plain};
use crate::store::{Cell, Column, Rows};

/// Rows are laid out this many at a time, so that memory is bounded; columns may differ in width from one lot to the next.
const LOT: usize = 1000;

pub struct Table<'w> {
    to: &'w mut dyn Write,
    style: Style,
    names: Vec<String>,
    rows: Vec<Vec<Cell>>,
    written: bool,
}

impl<'w> Table<'w> {
    pub fn new(to: &'w mut dyn Write, style: Style) -> Self {
        Self { to, style, names: Vec::new(), rows: Vec::new(), written: false }
    }

    fn write(&mut self) -> anyhow::Result<()> {
        let mut table = comfy_table::Table::new();
        match self.style.width {
            Some(width) => {
                table.load_style(presets::UTF8_HORIZONTAL_ONLY);
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
            }
            None => {
                table.load_style(presets::NOTHING);
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        if self.style.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        let header = |name: &String| {
            let cell = comfy_table::Cell::new(name);
            if self.style.color { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        table.set_header(self.names.iter().map(header));
        for row in self.rows.drain(..) {
            table.add_row(row.iter().map(|cell| {
                let text = match cell {
                    // a list of names reads better without its quotes
                    Cell::Json(json) => compact(json),
                    cell => plain(cell),
                };
                let shown = comfy_table::Cell::new(escape::visible(&text));
                match cell {
                    Cell::Integer(_) | Cell::Float(_) | Cell::Number(_) => shown.set_alignment(CellAlignment::Right),
                    _ => shown,
                }
            }));
        }
        self.written = true;
        for line in table.lines() {
            writeln!(self.to, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Rows for Table<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.names = columns.iter().map(|column| escape::visible(&column.name)).collect();
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        self.rows.push(cells);
        if self.rows.len() == LOT {
            self.write()?;
        }
        Ok(true)
    }
}

impl Output for Table<'_> {
    fn end(&mut self) -> anyhow::Result<()> {
        if self.names.is_empty() || (self.written && self.rows.is_empty()) {
            return Ok(());
        }
        self.write()
    }
}

/// A list of strings as `a, b`; anything else as its JSON.
fn compact(json: &str) -> String {
    match serde_json::from_str::<Vec<String>>(json) {
        Ok(strings) => strings.join(", "),
        Err(_) => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(style: Style, rows: Vec<Vec<Cell>>) -> String {
        let mut text = Vec::new();
        let mut table = Table::new(&mut text, style);
        table.names = vec!["name".into(), "count".into()];
        for row in rows {
            table.row(row).expect("memory");
        }
        table.end().expect("memory");
        String::from_utf8(text).expect("text")
    }

    #[test]
    fn piped_it_is_plain_and_whole() {
        let long = "x".repeat(300);
        let text = table(
            Style { width: None, color: false },
            vec![
                vec![Cell::Text(long.clone()), Cell::Integer(5)],
                vec![Cell::Json(r#"["a\u001b","b"]"#.into()), Cell::Null],
            ],
        );
        assert!(text.contains(&long) && text.contains(r"a\u{1b}, b") && !text.contains('\x1b'), "{text}");
    }

    #[test]
    fn on_a_terminal_it_fits() {
        let text = table(Style { width: Some(40), color: false }, vec![vec![Cell::Text("x".repeat(300)), Cell::Integer(5)]]);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }
}
