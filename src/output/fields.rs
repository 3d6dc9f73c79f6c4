//! Rows turned on their side: each value is a row of its own.

use super::plain;
use crate::store::{Cell, Column, Rows};

/// Turns rows into rows of `field` and `value`, behind the cells that say whose they are.
pub struct Fields<'o> {
    output: &'o mut dyn Rows,
    /// Name and value of what stands before each field.
    before: Vec<(&'static str, Cell)>,
    /// Whether the number of the row, from 1, stands there too.
    numbered: bool,
    /// Whether the output was told its columns: several results may become one.
    begun: bool,
    names: Vec<String>,
    rows: i64,
}

impl<'o> Fields<'o> {
    /// Each row as a list of its fields, without those that hold nothing.
    pub fn new(output: &'o mut dyn Rows) -> Self {
        Self { output, before: Vec::new(), numbered: false, begun: false, names: Vec::new(), rows: 0 }
    }

    /// Fields of several results under one header: whose they are, and in which row they stand. The first result has them
    /// written the header.
    pub fn among_others(output: &'o mut dyn Rows, before: Vec<(&'static str, Cell)>, first: bool) -> Self {
        Self { before, numbered: true, begun: !first, ..Self::new(output) }
    }
}

impl Rows for Fields<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.names = columns.iter().map(|column| column.name.clone()).collect();
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        let before = self.before.iter().map(|(name, _)| *name);
        let names = before.chain(self.numbered.then_some("row")).chain(["field", "value"]);
        self.output.columns(&names.map(Column::text).collect::<Vec<_>>())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        self.rows += 1;
        for (name, cell) in self.names.iter().zip(cells) {
            let nothing = cell == Cell::Null || cell == Cell::Json("[]".to_owned());
            if nothing && !self.numbered {
                continue;
            }
            let before = self.before.iter().map(|(_, cell)| cell.clone());
            let number = self.numbered.then_some(Cell::Integer(self.rows));
            // numbers among texts are no column of numbers
            let cell = if self.numbered || matches!(cell, Cell::Json(_)) { cell } else { Cell::Text(plain(&cell)) };
            let row = before.chain(number).chain([Cell::Text(name.clone()), cell]);
            self.output.row(row.collect())?;
        }
        Ok(true)
    }
}
