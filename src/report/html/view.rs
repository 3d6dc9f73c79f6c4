//! The document as the templates want it: cells, labels and charts.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use super::cell::{Cell, label};
use super::columns::Columns;
use super::lanes::Lanes;
use super::overview::Overview;
use super::places::Places;
use super::scale::short;
use super::spans::Spans;

#[derive(Serialize)]
pub struct View<'a> {
    title: &'a str,
    generator: &'a str,
    /// What the report is limited to, in words.
    scope: Vec<(&'static str, Cell)>,
    overview: Overview,
    sections: Vec<Section<'a>>,
    alerts: Vec<Alert<'a>>,
    alerts_note: Option<&'a str>,
}

#[derive(Serialize)]
struct Section<'a> {
    key: &'a str,
    title: &'a str,
    /// At most one of these is there.
    columns: Option<Columns>,
    lanes: Option<Lanes>,
    places: Option<Places>,
    spans: Option<Spans>,
    tables: Vec<Table<'a>>,
}

#[derive(Serialize)]
struct Alert<'a> {
    event_id: &'a str,
    time: Cell,
    severity: &'a str,
    tone: &'static str,
    principal: String,
    score: Cell,
    rules: Cell,
    signals: Cell,
    /// What became of the alert that was raised.
    status: Cell,
    verdict: Cell,
    first_seen: Cell,
    note: Cell,
    open: bool,
    parts: Vec<Table<'a>>,
}

#[derive(Serialize)]
struct Table<'a> {
    title: &'a str,
    note: Option<&'a str>,
    layout: &'a str,
    columns: Vec<Column<'a>>,
    rows: Vec<Vec<Cell>>,
    shown: Cell,
    total: Cell,
    left_out: bool,
    all: Option<&'a str>,
    statement: Option<&'a str>,
    /// Whether a chart shows it already.
    folded: bool,
}

#[derive(Serialize)]
struct Column<'a> {
    label: String,
    meaning: Option<&'a str>,
    /// How its cells are set: `number`, `time`, `long` or nothing.
    set: &'static str,
}

/// Alerts whose page is open from the beginning.
const OPEN: usize = 2;

impl<'a> View<'a> {
    pub fn of(document: &'a Value) -> Self {
        let alerts = list(&document["alerts"]);
        let ids: HashSet<_> = alerts.iter().filter_map(|alert| alert["event_id"].as_str()).collect();
        let has_page = |id: &str| ids.contains(id);
        let alert = |(index, alert)| Alert::of(alert, index < OPEN, &has_page);
        Self {
            title: text(document, "title"),
            generator: text(document, "generator"),
            scope: scope(&document["scope"]),
            overview: Overview::of(&document["overview"]),
            sections: list(&document["sections"]).iter().map(|section| Section::of(section, &has_page)).collect(),
            alerts: alerts.iter().enumerate().map(alert).collect(),
            alerts_note: document["alerts_note"].as_str(),
        }
    }
}

impl<'a> Section<'a> {
    fn of(section: &'a Value, has_page: &dyn Fn(&str) -> bool) -> Self {
        let key = text(section, "key");
        let tables = list(&section["tables"]);
        let rows = |key: &str| {
            let table = tables.iter().find(|table| table["key"] == key);
            table.map_or(&[][..], |table| list(&table["rows"]))
        };
        let drawn = |name: &str| key == name;
        Self {
            key,
            title: text(section, "title"),
            columns: drawn("activity").then(|| Columns::of(rows("activity"))).flatten(),
            lanes: drawn("incident").then(|| Lanes::of(rows("timeline"))).flatten(),
            places: drawn("geography").then(|| Places::of(rows("places"))).flatten(),
            spans: drawn("coverage").then(|| Spans::of(rows("accounts"), rows("gaps"))).flatten(),
            tables: tables
                .iter()
                .map(|table| Table { folded: is_drawn(table), ..Table::of(table, has_page) })
                .collect(),
        }
    }
}

impl<'a> Alert<'a> {
    fn of(alert: &'a Value, open: bool, has_page: &dyn Fn(&str) -> bool) -> Self {
        let cell = |name: &str| Cell::of("", &alert[name], has_page);
        let severity = text(alert, "severity");
        let tone = match severity {
            "critical" | "high" => "high",
            "medium" => "medium",
            _ => "low",
        };
        Self {
            event_id: text(alert, "event_id"),
            time: cell("event_time"),
            severity,
            tone,
            principal: short(text(alert, "principal"), 160),
            score: cell("score"),
            rules: cell("rules"),
            signals: cell("signals"),
            status: cell("status"),
            verdict: cell("verdict"),
            first_seen: cell("first_seen"),
            note: cell("note"),
            open,
            // its own event needs no way to itself
            parts: list(&alert["parts"]).iter().map(|part| Table::of(part, &|_| false)).collect(),
        }
    }
}

impl<'a> Table<'a> {
    fn of(table: &'a Value, has_page: &dyn Fn(&str) -> bool) -> Self {
        let layout = match text(table, "layout") {
            known @ ("fields" | "steps") => known,
            _ => "table",
        };
        let all: Vec<_> = list(&table["columns"]).iter().map(|column| text(column, "name")).collect();
        let display: Vec<_> = list(&table["display"]).iter().filter_map(Value::as_str).collect();
        let names = match layout {
            "steps" => vec!["step", "command"],
            _ if display.is_empty() => all,
            _ => display,
        };
        let row = |row: &Value| names.iter().map(|name| Cell::of(name, &row[*name], has_page)).collect();
        let rows: Vec<Vec<Cell>> = list(&table["rows"]).iter().map(row).collect();
        let column = |(index, name): (usize, &&'a str)| Column {
            label: label(name),
            meaning: list(&table["columns"])
                .iter()
                .find(|column| column["name"] == **name)
                .and_then(|column| column["meaning"].as_str()),
            set: set(rows.iter().map(|row| &row[index])),
        };
        let count = |count: u64| Cell::of("", &count.into(), has_page);
        let total = table["rows_total"].as_u64().unwrap_or(rows.len() as u64);
        Self {
            title: text(table, "title"),
            note: table["note"].as_str().filter(|note| !note.is_empty()),
            layout,
            columns: names.iter().enumerate().map(column).collect(),
            shown: count(rows.len() as u64),
            total: count(total),
            left_out: total > rows.len() as u64,
            all: table["all"].as_str(),
            statement: table["statement"].as_str().filter(|statement| !statement.is_empty()),
            folded: false,
            rows,
        }
    }
}

/// Whether a chart shows all of a section's table.
fn is_drawn(table: &Value) -> bool {
    matches!(text(table, "key"), "activity" | "gaps")
}

/// How the cells of a column are set.
fn set<'c>(cells: impl Iterator<Item = &'c Cell> + Clone) -> &'static str {
    if cells.clone().any(Cell::breaks) {
        return "long";
    }
    let mut found = None;
    for cell in cells {
        let kind = match cell {
            Cell::Null | Cell::Nothing => continue,
            Cell::Number { .. } => "number",
            Cell::Time { .. } => "time",
            _ => "",
        };
        if *found.get_or_insert(kind) != kind {
            return "";
        }
    }
    found.unwrap_or("")
}

fn scope(scope: &Value) -> Vec<(&'static str, Cell)> {
    let names = [
        ("since", "From"),
        ("until", "Until"),
        ("account_id", "Account"),
        ("principal", "Principal"),
        ("as_of", "Images and exceptions as of"),
    ];
    let part = |(name, label): (&str, _)| (label, Cell::of(name, &scope[name], &|_| false));
    names.into_iter().map(part).filter(|(_, cell)| !cell.is_nothing()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}
