//! A line a value: `name = value`.

use std::io::Write;

use super::{Output, Style, escape, plain, pretty};
use crate::store::{Cell, Column, Rows};

pub struct Lines<'w> {
    to: &'w mut dyn Write,
    style: Style,
    null: String,
    names: Vec<String>,
    rows: usize,
}

impl<'w> Lines<'w> {
    pub fn new(to: &'w mut dyn Write, style: Style, null: Option<String>) -> Self {
        Self { to, style, null: escape::visible(&null.unwrap_or_default()), names: Vec::new(), rows: 0 }
    }
}

impl Rows for Lines<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.names = columns.iter().map(|column| escape::visible(&column.name)).collect();
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        if self.rows > 0 {
            writeln!(self.to)?;
        }
        self.rows += 1;
        let widest = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, cell) in self.names.iter().zip(&cells) {
            let value = match cell {
                Cell::Null if self.style.color => format!("\x1b[2m{}\x1b[0m", self.null),
                Cell::Null => self.null.clone(),
                Cell::Json(json) => pretty(json).replace('\n', &format!("\n{}", " ".repeat(widest + 3))),
                cell => escape::visible(&plain(cell)),
            };
            writeln!(self.to, "{name:>widest$} = {value}")?;
        }
        Ok(true)
    }
}

impl Output for Lines<'_> {
    fn end(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_are_indented_and_nothing_acts() {
        let mut text = Vec::new();
        let mut lines = Lines::new(&mut text, Style { width: None, color: false }, Some("NULL".to_owned()));
        lines.columns(&["a", "long"].map(Column::text)).expect("memory");
        lines.row(vec![Cell::Null, Cell::Json(r#"{"x":"\u001b\n"}"#.to_owned())]).expect("memory");
        lines.row(vec![Cell::Text(String::new()), Cell::Text("b\x1b".to_owned())]).expect("memory");
        let expected = "   a = NULL\nlong = {\n         \"x\": \"\\u001b\\n\"\n       }\n\n   a = \nlong = b\\u{1b}\n";
        assert_eq!(String::from_utf8(text).expect("text"), expected);
    }
}
