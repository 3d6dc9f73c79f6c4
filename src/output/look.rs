//! How results may look where one can choose: at the prompt.

use std::io::Write;

use super::{Format, Output, Style, csv, json, line, markdown, table};

/// What is chosen beside the format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// What stands for NULL; nothing unless told. JSON has its own.
    pub null: Option<String>,
    pub expanded: Expanded,
    /// What the columns may be wide at most, in turn; 0 where a column may be as wide as it comes.
    pub widths: Vec<u16>,
    /// Whether every row is written as lines of `name = value`, instead of a table.
    pub lines: bool,
}

/// Whether rows of a table are turned on their side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expanded {
    On,
    Off,
    /// Where the columns would not fit.
    #[default]
    Auto,
}

/// A writer of rows in `format`, looking like that.
pub fn output_with<'w>(format: Format, style: Style, look: &Look, to: &'w mut dyn Write) -> Box<dyn Output + 'w> {
    match format {
        Format::Table if look.lines => Box::new(line::Lines::new(to, style, look.null.clone())),
        Format::Table => Box::new(table::Table::new(to, style, look)),
        Format::Json => Box::new(json::Json::array(to)),
        Format::Ndjson => Box::new(json::Json::lines(to)),
        Format::Csv => Box::new(csv::Csv::new(to, look.null.clone())),
        Format::Markdown => Box::new(markdown::Markdown::new(to, look.null.clone())),
    }
}
