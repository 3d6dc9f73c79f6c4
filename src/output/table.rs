//! Aligned columns, as wide as the terminal.

use std::io::Write;

use comfy_table::{
    Attribute, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width, presets,
};

use super::look::{Expanded, Look};
use super::{Output, Style, escape, plain, pretty};
use crate::store::{Cell, Column, Rows};

/// Rows are laid out this many at a time, so that memory is bounded; columns may differ in width from one lot to the next.
const LOT: usize = 1000;

pub struct Table<'w> {
    to: &'w mut dyn Write,
    style: Style,
    look: Look,
    names: Vec<String>,
    rows: Vec<Vec<Cell>>,
    written: bool,
    /// Rows written upright so far.
    upright: usize,
}

impl<'w> Table<'w> {
    pub fn new(to: &'w mut dyn Write, style: Style, look: &Look) -> Self {
        Self { to, style, look: look.clone(), names: Vec::new(), rows: Vec::new(), written: false, upright: 0 }
    }

    fn write(&mut self) -> anyhow::Result<()> {
        if self.names == ["explain_key", "explain_value"] {
            return self.write_plan();
        }
        let upright = match (self.look.expanded, self.style.width) {
            (Expanded::On, _) => true,
            (Expanded::Auto, Some(width)) => self.is_too_wide(width),
            _ => false,
        };
        if upright { self.write_upright() } else { self.write_table() }
    }

    /// What EXPLAIN returns: a drawing, made of lines.
    fn write_plan(&mut self) -> anyhow::Result<()> {
        self.written = true;
        for row in self.rows.drain(..) {
            writeln!(self.to, "{}", escape::visible_lines(&plain(&row[1])))?;
        }
        Ok(())
    }

    /// Whether columns could not even have what they need at least.
    fn is_too_wide(&self, width: u16) -> bool {
        let needed = |(index, name): (usize, &String)| {
            let cells = self.rows.iter().map(|row| text(&row[index]).chars().count());
            let most = self.bound(index).map_or(WIDE, |bound| bound.min(WIDE));
            cells.chain([name.len()]).max().unwrap_or(0).min(most.into()) + usize::from(PADDING)
        };
        self.names.iter().enumerate().map(needed).sum::<usize>() > width.into()
    }

    /// What a column may be wide at most, if that was said.
    fn bound(&self, column: usize) -> Option<u16> {
        self.look.widths.get(column).copied().filter(|&width| width > 0)
    }

    /// What is shown for NULL.
    fn null(&self) -> comfy_table::Cell {
        let cell = comfy_table::Cell::new(escape::visible(self.look.null.as_deref().unwrap_or_default()));
        if self.style.color { cell.add_attribute(Attribute::Dim) } else { cell }
    }

    /// Each row as a small table of its own: a line a column.
    fn write_upright(&mut self) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.written = true;
        let widest = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let room = self.style.width.map(|width| usize::from(width).saturating_sub(widest + 2 * usize::from(PADDING)));
        for row in rows {
            self.upright += 1;
            writeln!(self.to, "── {} ──", self.upright)?;
            let mut table = comfy_table::Table::new();
            table.load_style(presets::NOTHING);
            match self.style.width {
                Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
                None => table.set_content_arrangement(ContentArrangement::Disabled),
            };
            self.set_colors(&mut table);
            for (name, cell) in self.names.iter().zip(&row) {
                // columns stand under each other from row to row
                let name = comfy_table::Cell::new(format!("{name:widest$}"));
                match cell {
                    // nothing would be said
                    Cell::Null if self.look.null.is_none() => continue,
                    Cell::Null => table.add_row([name, self.null()]),
                    cell => table.add_row([name, comfy_table::Cell::new(spread(cell, room))]),
                };
            }
            if let Some(column) = table.column_mut(0) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            for line in table.lines() {
                writeln!(self.to, "{}", trimmed(&line))?;
            }
        }
        Ok(())
    }

    fn set_colors(&self, table: &mut comfy_table::Table) {
        if self.style.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
    }

    fn write_table(&mut self) -> anyhow::Result<()> {
        let mut table = comfy_table::Table::new();
        let header = |name: &String| {
            let cell = comfy_table::Cell::new(name);
            if self.style.color { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        table.set_header(self.names.iter().map(header));
        for row in std::mem::take(&mut self.rows) {
            let shown = |cell: &Cell| if *cell == Cell::Null { self.null() } else { shown(cell) };
            table.add_row(row.iter().map(shown).collect::<Vec<_>>());
        }
        match self.style.width {
            Some(width) => {
                let rule = LineStyle::none().fill('─').junction('─');
                table.load_style(TableStyle::new().header_separator(rule));
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
                keep_narrow_columns_whole(&mut table, width);
            }
            None => {
                table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        for index in 0..self.names.len() {
            if let (Some(bound), Some(column)) = (self.bound(index), table.column_mut(index)) {
                column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(bound.saturating_add(PADDING))));
                // without a terminal there would be no wrapping
                if self.style.width.is_none() {
                    table.set_content_arrangement(ContentArrangement::Dynamic);
                }
            }
        }
        self.set_colors(&mut table);
        self.written = true;
        for line in table.lines() {
            writeln!(self.to, "{}", trimmed(&line))?;
        }
        Ok(())
    }
}

/// A line without the blanks that fill its last column, which may stand within what is coloured.
fn trimmed(line: &str) -> String {
    match line.trim_end().strip_suffix(RESET) {
        Some(colored) => format!("{}{RESET}", colored.trim_end()),
        None => line.trim_end().to_owned(),
    }
}

/// What ends a colour.
const RESET: &str = "\x1b[0m";

/// What a wide column is left at least, in characters, before narrow ones are wrapped too.
const WIDE: u16 = 16;

/// Blanks that comfy-table puts around a cell.
const PADDING: u16 = 2;

/// Times, ids and counts are hard to read when they are broken: where there is room, only the widest columns wrap.
fn keep_narrow_columns_whole(table: &mut comfy_table::Table, width: u16) {
    let widths: Vec<_> = table.column_max_content_widths().iter().map(|width| width.saturating_add(PADDING)).collect();
    let mut narrowest: Vec<_> = (0..widths.len()).collect();
    narrowest.sort_by_key(|&column| widths[column]);
    let mut room = width;
    for (place, &column) in narrowest.iter().enumerate() {
        let wide = (widths.len() - place - 1) as u16 * WIDE.min(widths[column]);
        if widths[column].saturating_add(wide) > room {
            break;
        }
        room -= widths[column];
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

fn shown(cell: &Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(text(cell));
    match cell {
        Cell::Integer(_) | Cell::Float(_) | Cell::Number(_) => shown.set_alignment(CellAlignment::Right),
        _ => shown,
    }
}

/// Characters that are shown of a value: one huge value must not bury all others. The other formats have it whole.
const LONG: usize = 1000;

/// As [`LONG`], where a value has the window for itself.
const LONG_UPRIGHT: usize = 20_000;

fn text(cell: &Cell) -> String {
    cut(whole(cell), LONG)
}

/// A value where there is room: what is nested is indented, and its lines are broken so that one sees where they belong.
fn spread(cell: &Cell, room: Option<usize>) -> String {
    match cell {
        Cell::Json(json) if serde_json::from_str::<Vec<String>>(json).is_err() => {
            let text = cut(pretty(json), LONG_UPRIGHT);
            let lines = text.lines().map(|line| room.map_or_else(|| line.to_owned(), |room| broken(line, room)));
            lines.collect::<Vec<_>>().join("\n")
        }
        cell => cut(whole(cell), LONG_UPRIGHT),
    }
}

/// A line as several, of which all but the first are indented more.
fn broken(line: &str, room: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len() + 4;
    // where there is no room for that, the table breaks lines as it can
    if line.chars().count() <= room || indent + 8 > room {
        return line.to_owned();
    }
    let chars: Vec<_> = line.chars().collect();
    let (first, rest) = chars.split_at(room);
    let rest = rest.chunks(room - indent).map(|chunk| format!("\n{:indent$}{}", "", chunk.iter().collect::<String>()));
    first.iter().collect::<String>() + &rest.collect::<String>()
}

fn cut(text: String, long: usize) -> String {
    match text.char_indices().nth(long) {
        None => text,
        Some((end, _)) => format!("{}... and {} characters more", &text[..end], text[end..].chars().count()),
    }
}

fn whole(cell: &Cell) -> String {
    escape::visible(&match cell {
        // a list of names reads better without its quotes
        Cell::Json(json) => compact(json),
        cell => plain(cell),
    })
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
        looking(style, Look::default(), rows)
    }

    fn looking(style: Style, look: Look, rows: Vec<Vec<Cell>>) -> String {
        let mut text = Vec::new();
        let mut table = Table::new(&mut text, style, &look);
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
    fn a_huge_value_is_cut_short() {
        let text = table(Style { width: None, color: false }, vec![vec![Cell::Text("é".repeat(1500)), Cell::Null]]);
        assert!(text.contains(&format!(" {}... and 500 characters more", "é".repeat(1000))), "{text}");
    }

    #[test]
    fn on_a_terminal_it_fits() {
        let rows = vec![vec![Cell::Text("x".repeat(300)), Cell::Integer(5)]];
        for (width, upright) in [(40, false), (20, true)] {
            let text = table(Style { width: Some(width), color: false }, rows.clone());
            assert!(text.lines().all(|line| line.chars().count() <= width.into()), "{text}");
            assert_eq!(text.starts_with("── 1 ──"), upright, "{text}");
        }
    }

    #[test]
    fn null_is_told_from_an_empty_string() {
        let rows = vec![vec![Cell::Null, Cell::Text(String::new())]];
        let look = Look { null: Some("NULL".to_owned()), ..Look::default() };
        let plain = Style { width: Some(80), color: false };
        assert_eq!(looking(plain, look.clone(), rows.clone()).matches("NULL").count(), 1);
        let upright = looking(plain, Look { expanded: Expanded::On, ..look.clone() }, rows.clone());
        assert_eq!(upright, "── 1 ──\n name   NULL\n count\n");
        assert!(looking(Style { color: true, ..plain }, look, rows).contains("\x1b[2m"));
    }

    #[test]
    fn nested_values_are_indented_when_rows_are_expanded() {
        let rows = vec![vec![Cell::Json(r#"{"a":{"b":1}}"#.to_owned()), Cell::Integer(1)]];
        let look = Look { expanded: Expanded::On, ..Look::default() };
        for width in [None, Some(60)] {
            let text = looking(Style { width, color: false }, look.clone(), rows.clone());
            assert_eq!(text.matches("\n          \"a\": {\n            \"b\": 1\n").count(), 1, "{text}");
        }
    }

    #[test]
    fn a_long_line_keeps_its_place_when_it_is_broken() {
        assert_eq!(broken("  \"key\": \"aaaaaaaaaaaaaaaa\"", 20), "  \"key\": \"aaaaaaaaaa\n      aaaaaa\"");
        assert_eq!(broken("  short", 20), "  short");
    }

    #[test]
    fn a_column_is_no_wider_than_it_may_be() {
        let rows = vec![vec![Cell::Text("x".repeat(30)), Cell::Text("y".repeat(30))]];
        let look = Look { widths: vec![10, 0], ..Look::default() };
        for width in [None, Some(80)] {
            let text = looking(Style { width, color: false }, look.clone(), rows.clone());
            assert_eq!(
                (text.matches(&"x".repeat(10)).count(), text.matches(&"x".repeat(11)).count()),
                (3, 0),
                "{text}"
            );
            assert!(text.contains(&"y".repeat(30)), "{text}");
        }
    }
}
