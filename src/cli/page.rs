//! Several results on one page, in any format.

use std::io::Write;

use super::print::{PrintArgs, Printer};
use crate::catalog::quote;
use crate::output::{Format, inert, visible};
use crate::store::{Cell, Store};

/// A part of a page: the rows of one query.
pub struct Part<'a> {
    /// Its name for programs.
    pub key: &'static str,
    /// Its title for people.
    pub title: String,
    pub sql: String,
    pub layout: Layout<'a>,
    /// What people read where there are no rows; nothing at all if the title says it.
    pub empty: &'static str,
    /// The command that shows all rows to people, of whom the page shows only [`MANY`]; none if it shows all.
    pub all: Option<String>,
}

/// Rows of a table that a page shows to people, if there is a command that shows all.
const MANY: usize = 40;

/// How a part is laid out for people.
#[derive(Clone, Copy)]
pub enum Layout<'a> {
    /// A table of these columns; of all if there are none.
    Table(&'a [String]),
    /// A line a field.
    Fields(&'a [String]),
    /// A line a command, and what it is for: the columns `command` and `step`.
    Steps,
}

impl Part<'_> {
    fn limit(&self) -> Option<usize> {
        self.all.as_ref().map(|_| MANY)
    }

    /// What is said where there are more rows than are shown.
    fn more(&self, store: &Store) -> anyhow::Result<Option<String>> {
        let Some(all) = &self.all else { return Ok(None) };
        let rows = store.count(&self.sql)? as usize;
        Ok((rows > MANY).then(|| format!("... and {} more: {all}", rows - MANY)))
    }
}

/// Writes pages one after the other: in JSON one object, or a list of them; else under each other.
pub struct Pages<'p> {
    printer: &'p Printer,
    format: Format,
    /// Whether there may be several.
    several: bool,
    written: usize,
}

impl<'p> Pages<'p> {
    pub fn new(printer: &'p Printer, format: Format, several: bool) -> Self {
        Self { printer, format, several, written: 0 }
    }

    /// Writes a page. `about` stands before each of its rows where rows of several pages get mixed.
    pub fn write(
        &mut self,
        store: &Store,
        parts: &[Part],
        about: &[(&'static str, String)],
        to: &mut dyn Write,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Table => self.text(store, parts, to)?,
            Format::Markdown => self.markdown(store, parts, to)?,
            Format::Json => self.object(store, parts, to)?,
            Format::Ndjson => self.lines(store, parts, about, to)?,
            Format::Csv => self.values(store, parts, about, to)?,
        }
        self.written += 1;
        Ok(())
    }

    /// Called once, after the last page.
    pub fn end(self, to: &mut dyn Write) -> anyhow::Result<()> {
        if self.format == Format::Json && self.several {
            writeln!(to, "{}", if self.written == 0 { "[]" } else { "]" })?;
        }
        Ok(to.flush()?)
    }

    fn text(&self, store: &Store, parts: &[Part], to: &mut dyn Write) -> anyhow::Result<()> {
        for (index, part) in parts.iter().enumerate() {
            if index + self.written > 0 {
                writeln!(to)?;
            }
            writeln!(to, "{}", self.printer.title(&part.title))?;
            match part.layout {
                _ if store.count(&part.sql)? == 0 => {
                    if !part.empty.is_empty() {
                        writeln!(to, " {}", part.empty)?;
                    }
                }
                Layout::Table(display) => {
                    let args = PrintArgs { limit: part.limit(), ..PrintArgs::all(Format::Table) };
                    self.printer.print_to(to, store, &part.sql, &args, display)?;
                    if let Some(more) = part.more(store)? {
                        writeln!(to, " {more}")?;
                    }
                }
                Layout::Fields(display) => self.printer.print_fields(to, store, &part.sql, Format::Table, display)?,
                Layout::Steps => self.steps(store, part, to)?,
            }
        }
        Ok(())
    }

    fn steps(&self, store: &Store, part: &Part, to: &mut dyn Write) -> anyhow::Result<()> {
        for (command, step) in steps(store, part)? {
            match command {
                Some(command) => writeln!(to, "  {command}\n      {step}")?,
                None => writeln!(to, "  {step}")?,
            }
        }
        Ok(())
    }

    fn markdown(&self, store: &Store, parts: &[Part], to: &mut dyn Write) -> anyhow::Result<()> {
        for part in parts {
            writeln!(to, "## {}\n", part.title)?;
            match part.layout {
                _ if !part.empty.is_empty() && store.count(&part.sql)? == 0 => writeln!(to, "{}", part.empty)?,
                Layout::Fields(display) => {
                    self.printer.print_fields(to, store, &part.sql, Format::Markdown, display)?;
                }
                Layout::Table(display) => {
                    let args = PrintArgs { limit: part.limit(), ..PrintArgs::all(Format::Markdown) };
                    let args = PrintArgs { columns: display.to_vec(), ..args };
                    self.printer.print_to(to, store, &part.sql, &args, &[])?;
                    if let Some(more) = part.more(store)? {
                        writeln!(to, "\n{more}")?;
                    }
                }
                Layout::Steps => {
                    for (command, step) in steps(store, part)? {
                        writeln!(to, "- {}", inert(&step))?;
                        if let Some(command) = command {
                            // longer than any run of backticks in it
                            let fence = "`".repeat(command.matches('`').count() + 3);
                            writeln!(to, "\n  {fence}sh\n  {command}\n  {fence}\n")?;
                        }
                    }
                }
            }
            writeln!(to)?;
        }
        Ok(())
    }

    /// One object, with a list of rows for each part.
    fn object(&self, store: &Store, parts: &[Part], to: &mut dyn Write) -> anyhow::Result<()> {
        if self.several {
            write!(to, "{}", if self.written == 0 { "[" } else { "," })?;
        }
        for (index, part) in parts.iter().enumerate() {
            write!(to, "{}\"{}\":", if index == 0 { "{" } else { "," }, part.key)?;
            self.printer.print_to(to, store, &part.sql, &PrintArgs::all(Format::Json), &[])?;
        }
        writeln!(to, "}}")?;
        Ok(())
    }

    /// Each row of each part on a line, with the part it belongs to.
    fn lines(&self, store: &Store, parts: &[Part], about: &[(&str, String)], to: &mut dyn Write) -> anyhow::Result<()> {
        let about: String = about.iter().map(|(name, value)| format!("{} AS {name}, ", quote(value))).collect();
        for part in parts {
            let sql = format!("SELECT {about}'{}' AS part, * FROM (\n{}\n)", part.key, part.sql);
            self.printer.print_to(to, store, &sql, &PrintArgs::all(Format::Ndjson), &[])?;
        }
        Ok(())
    }

    /// Each value of each row of each part on a line: tables of different columns have no other CSV in common.
    fn values(
        &self,
        store: &Store,
        parts: &[Part],
        about: &[(&'static str, String)],
        to: &mut dyn Write,
    ) -> anyhow::Result<()> {
        for (index, part) in parts.iter().enumerate() {
            let about = about.iter().map(|(name, value)| (*name, Cell::Text(value.clone())));
            let before = about.chain([("part", Cell::Text(part.key.to_owned()))]).collect();
            self.printer.print_values(to, store, &part.sql, before, self.written == 0 && index == 0)?;
        }
        Ok(())
    }
}

/// The commands of a part, if they have any, and what they are for.
fn steps(store: &Store, part: &Part) -> anyhow::Result<Vec<(Option<String>, String)>> {
    let (_, rows) = store.collect(&format!("SELECT command, step FROM (\n{}\n)", part.sql))?;
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => Some(visible(text)),
        _ => None,
    };
    Ok(rows.iter().map(|row| (text(&row[0]), text(&row[1]).unwrap_or_default())).collect())
}
