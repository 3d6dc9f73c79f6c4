//! Printing rows: the arguments that say how, and what they come down to.

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::{Args, ValueEnum};

use crate::output::{self, Fields, Format, Select, Style};
use crate::store::{Cell, Rows, Statement, Store};

// Arguments of every command that prints rows. (A doc comment would become the help of those commands.)
#[derive(Debug, Clone, Args)]
pub struct PrintArgs {
    /// How rows are written
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,

    /// Columns to print, separated by commas; `all` for all
    #[arg(long, value_delimiter = ',', value_name = "NAME,...")]
    pub columns: Vec<String>,

    /// Print at most this many rows
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

impl PrintArgs {
    /// All columns of all rows.
    pub fn all(format: Format) -> Self {
        Self { format, columns: Vec::new(), limit: None }
    }
}

/// Whether to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

/// Says something beside the output. Who has closed standard error does not want to hear it.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Knows what the output is connected to.
pub struct Printer {
    style: Style,
}

impl Printer {
    pub fn new(color: ColorChoice) -> Self {
        let terminal = io::stdout().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match color {
            ColorChoice::Auto => terminal && !no_color,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        // a terminal may say that it has no columns, which means that it does not know
        let width = columns.or_else(|| comfy_table::Table::new().width()).filter(|&width| width > 0);
        let width = terminal.then(|| width.unwrap_or(80));
        Self { style: Style { width, color } }
    }

    /// As if the output looked like that.
    pub fn with(style: Style) -> Self {
        Self { style }
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// A title over a part of a page.
    pub fn title(&self, title: &str) -> String {
        if self.style.color { format!("\x1b[1m{title}\x1b[0m") } else { title.to_owned() }
    }

    /// How many columns of a chart fit the output.
    pub fn chart_columns(&self) -> usize {
        output::fit(self.style.width)
    }

    /// Runs one statement and prints what it returns: all columns, but in a table for people those of `display`, if
    /// there are any. Returns how many rows there were.
    pub fn print<'a>(
        &self,
        store: &Store,
        statement: impl Into<Statement<'a>>,
        args: &PrintArgs,
        display: &[String],
    ) -> anyhow::Result<usize> {
        let mut to = BufWriter::new(io::stdout().lock());
        let rows = self.print_to(&mut to, store, statement, args, display)?;
        to.flush()?;
        Ok(rows)
    }

    /// As [`Self::print`], into `to`.
    pub fn print_to<'a>(
        &self,
        to: &mut dyn Write,
        store: &Store,
        statement: impl Into<Statement<'a>>,
        args: &PrintArgs,
        display: &[String],
    ) -> anyhow::Result<usize> {
        let all = args.columns.iter().any(|column| column == "all");
        let wanted = match () {
            () if all => &[],
            () if !args.columns.is_empty() => args.columns.as_slice(),
            () if args.format == Format::Table => display,
            () => &[],
        };
        let mut output = output::output(args.format, self.style, to);
        let mut select = Select::new(&mut *output as &mut dyn Rows, wanted.to_vec(), args.limit);
        store.rows(statement, &mut select)?;
        let (rows, begun) = (select.rows, select.begun);
        if begun {
            output.end()?;
        }
        Ok(rows)
    }

    /// Prints each row as a list of its fields, those that are not null: of `wanted`, or all if there are none.
    pub fn print_fields(
        &self,
        to: &mut dyn Write,
        store: &Store,
        sql: &str,
        format: Format,
        wanted: &[String],
    ) -> anyhow::Result<()> {
        let mut output = output::output(format, self.style, to);
        let mut fields = Fields::new(&mut *output as &mut dyn Rows);
        store.rows(sql, &mut Select::new(&mut fields, wanted.to_vec(), None))?;
        output.end()
    }

    /// Prints each value of each row as a row of CSV, behind the cells that say whose it is; the header too, if it is the
    /// first of several results.
    pub fn print_values(
        &self,
        to: &mut dyn Write,
        store: &Store,
        sql: &str,
        before: Vec<(&'static str, Cell)>,
        first: bool,
    ) -> anyhow::Result<()> {
        let mut output = output::output(Format::Csv, self.style, to);
        store.rows(sql, &mut Fields::among_others(&mut *output as &mut dyn Rows, before, first))?;
        output.end()
    }
}
