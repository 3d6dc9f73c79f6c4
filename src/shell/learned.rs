//! What the rows of a store teach: fields below VARIANT columns, values of columns, alerts.
//!
//! It is asked while someone waits for a completion. So a question is bounded in rows and time, and asked once.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use duckdb::Connection;
use serde_json::Value;

use super::vocabulary::Column;
use crate::catalog::quote;
use crate::output::visible;

pub struct Learned {
    connection: Connection,
    /// How long a question may take.
    pub(super) patience: Duration,
    /// Questions that took longer, and when they were given up.
    given_up: HashMap<String, Instant>,
    shapes: HashMap<String, Vec<Shape>>,
    values: HashMap<(String, String), Values>,
    columns: HashMap<String, Option<Vec<Column>>>,
    alerts: Option<Vec<Alert>>,
}

/// A step of a path into a nested value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Field(String),
    /// `[1]`
    Item,
}

/// A field that some rows have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub name: String,
    /// Its type, and calls in which it was seen.
    pub description: String,
    rows: i64,
}

/// A value that some rows have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub value: String,
    pub rows: i64,
}

#[derive(Debug, Clone)]
pub struct Alert {
    pub event_id: String,
    /// When, and who.
    pub description: String,
}

/// What a nested value looks like, as json_structure() tells it.
struct Shape {
    event: Option<String>,
    rows: i64,
    structure: Value,
}

#[derive(Clone)]
struct Values {
    values: Vec<Counted>,
    /// Whether there are no others.
    all: bool,
}

/// Rows of each event name that are looked at, from the beginning and the end, and of a view as a whole.
const SAMPLE: usize = 10;
const ROWS: usize = 2000;
/// Values of a column that are remembered.
const VALUES: usize = 1000;
/// For so long a question that was given up is not asked again.
const PAUSE: Duration = Duration::from_secs(20);
/// Characters of a value that can still be told apart in a menu.
const LONG: usize = 200;

impl Learned {
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            patience: Duration::from_secs(1),
            given_up: HashMap::new(),
            shapes: HashMap::new(),
            values: HashMap::new(),
            columns: HashMap::new(),
            alerts: None,
        }
    }

    /// The fields seen at `path` below a VARIANT column of a relation, the most frequent first; of some events only, if
    /// there are any.
    pub fn fields(&mut self, relation: &str, column: &str, path: &[Step], events: &[String]) -> Vec<Seen> {
        if !events.is_empty() {
            let names: Vec<_> = events.iter().map(|event| quote(event)).collect();
            let condition = format!("WHERE event_name IN ({})", names.join(", "));
            let fields = self.fields_of(relation, column, path, &condition);
            if !fields.is_empty() {
                return fields;
            }
        }
        self.fields_of(relation, column, path, "")
    }

    fn fields_of(&mut self, relation: &str, column: &str, path: &[Step], condition: &str) -> Vec<Seen> {
        let key = format!("{relation}.{column} {condition}");
        if !self.shapes.contains_key(&key) {
            let Ok(shapes) = self.read_shapes(relation, column, condition) else { return Vec::new() };
            self.shapes.insert(key.clone(), shapes);
        }
        let mut seen = BTreeMap::<&str, (i64, &Value, Vec<&str>)>::new();
        for shape in &self.shapes[&key] {
            let Some(Value::Object(fields)) = descend(&shape.structure, path) else { continue };
            for (name, structure) in fields {
                let (rows, known, events) = seen.entry(name).or_insert((0, structure, Vec::new()));
                *rows += shape.rows;
                // an empty object is just "JSON", and null says nothing
                if matches!(known, Value::String(name) if name == "JSON" || name == "NULL") {
                    *known = structure;
                }
                if let Some(event) = shape.event.as_deref().filter(|event| !events.contains(event)) {
                    events.push(event);
                }
            }
        }
        let field = |(name, (rows, structure, events)): (&str, (i64, &Value, Vec<&str>))| {
            let of = match events[..] {
                [] => String::new(),
                [ref few @ .., last] if few.len() < 3 => {
                    let names = few.iter().chain([&last]).copied().collect::<Vec<_>>();
                    format!(", in {}", names.join(", "))
                }
                _ => format!(", in {}, {} and {} calls more", events[0], events[1], events.len() - 2),
            };
            Seen { name: name.to_owned(), description: visible(&format!("{}{of}", type_name(structure))), rows }
        };
        // names are an attacker's too
        let mut fields: Vec<_> = seen.into_iter().filter(|(name, _)| is_harmless(name)).map(field).collect();
        fields.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(&b.name)));
        fields
    }

    fn read_shapes(&mut self, relation: &str, column: &str, condition: &str) -> anyhow::Result<Vec<Shape>> {
        // the view hands the columns of the table on as they are
        let relation = if relation == "api_calls" { "events" } else { relation };
        let has_event_name = format!("SELECT event_name FROM {relation} LIMIT 0");
        let event = if self.connection.prepare(&has_event_name).is_ok() { "event_name" } else { "NULL" };
        let rows = if relation == "events" && condition.is_empty() {
            format!(
                "WHERE rowid IN (
                    SELECT unnest(first || last)
                    FROM (
                        SELECT min(rowid, {SAMPLE}) AS first, max(rowid, {SAMPLE}) AS last
                        FROM events
                        GROUP BY event_name
                    )
                )"
            )
        } else {
            format!("{condition} LIMIT {ROWS}")
        };
        let sql = format!(
            "SELECT event, count(*), json_structure(value::JSON)::VARCHAR
            FROM (SELECT {event}::VARCHAR AS event, {column} AS value FROM {relation} {rows})
            WHERE value IS NOT NULL
            GROUP BY ALL"
        );
        let shape = |row: &duckdb::Row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<String>>(2)?));
        let shapes = self.ask(&sql, shape)?.into_iter().filter_map(|(event, rows, structure)| {
            Some(Shape { event, rows, structure: serde_json::from_str(&structure?).ok()? })
        });
        Ok(shapes.collect())
    }

    /// Values of an expression over a relation that contain `typed`, the most frequent first.
    pub fn values(&mut self, relation: &str, expression: &str, typed: &str) -> Vec<Counted> {
        let typed = typed.to_lowercase();
        let column = format!("({expression})::VARCHAR AS value FROM {relation}");
        let ends = typed.char_indices().map(|(end, _)| end).chain([typed.len()]);
        let known = ends.filter_map(|end| self.values.get(&(column.clone(), typed[..end].to_owned())));
        let known = known.into_iter().find(|values| values.all).cloned();
        let values = match known.or_else(|| self.values.get(&(column.clone(), typed.clone())).cloned()) {
            Some(values) => values,
            None => {
                let Ok(values) = self.read_values(&column, &typed) else { return Vec::new() };
                let values = Values { all: values.len() < VALUES, values };
                self.values.insert((column, typed.clone()), values.clone());
                values
            }
        };
        values.values.into_iter().filter(|counted| counted.value.to_lowercase().contains(&typed)).collect()
    }

    fn read_values(&mut self, column: &str, typed: &str) -> anyhow::Result<Vec<Counted>> {
        let condition = match typed {
            "" => String::new(),
            typed => format!("AND contains(lower(value), {})", quote(typed)),
        };
        let sql = format!(
            "SELECT value, count(*) AS rows
            FROM (SELECT {column})
            WHERE value <> '' AND length(value) <= {LONG} {condition}
            GROUP BY value
            ORDER BY rows DESC, value
            LIMIT {VALUES}"
        );
        let mut values = self.ask(&sql, |row| Ok(Counted { value: row.get(0)?, rows: row.get(1)? }))?;
        values.retain(|counted| is_harmless(&counted.value));
        Ok(values)
    }

    /// Alerts, newest first.
    pub fn alerts(&mut self) -> Vec<Alert> {
        if self.alerts.is_none() {
            let sql = format!(
                "SELECT
                    event_id::VARCHAR,
                    strftime(any_value(event_time), '%Y-%m-%d %H:%M:%SZ ') || coalesce(any_value(principal_name), '')
                FROM all_rule_matches
                WHERE suppressed_by IS NULL
                GROUP BY event_id
                ORDER BY any_value(event_time) DESC, event_id
                LIMIT {VALUES}"
            );
            let alert = |row: &duckdb::Row| {
                Ok(Alert { event_id: row.get(0)?, description: visible(&row.get::<_, String>(1)?) })
            };
            self.alerts = self.ask(&sql, alert).ok();
        }
        self.alerts.clone().unwrap_or_default()
    }

    /// The columns of a query; none if it is no query, or not a whole one.
    pub fn columns(&mut self, sql: &str) -> Option<Vec<Column>> {
        if let Some(columns) = self.columns.get(sql) {
            return columns.clone();
        }
        let column =
            |row: &duckdb::Row| Ok(Column { name: row.get(0)?, data_type: row.get(1)?, comment: String::new() });
        let columns = self.ask(&format!("DESCRIBE FROM (\n{sql}\n)"), column).ok();
        self.columns.insert(sql.to_owned(), columns.clone());
        columns
    }

    /// Runs a query, and stops it when it takes too long.
    fn ask<T>(&mut self, sql: &str, row: impl FnMut(&duckdb::Row) -> duckdb::Result<T>) -> anyhow::Result<Vec<T>> {
        // a menu that is open asks again at each key
        if self.given_up.get(sql).is_some_and(|since| since.elapsed() < PAUSE) {
            bail!("given up before");
        }
        let (done, wait) = mpsc::channel::<()>();
        let interrupt = self.connection.interrupt_handle();
        let patience = self.patience;
        let begin = Instant::now();
        let rows = thread::scope(|scope| {
            scope.spawn(move || {
                if wait.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
                    interrupt.interrupt();
                }
            });
            let rows = self.connection.prepare(sql).and_then(|mut statement| statement.query_map([], row)?.collect());
            drop(done);
            rows
        });
        if rows.is_err() && begin.elapsed() >= patience {
            self.given_up.insert(sql.to_owned(), begin);
        }
        Ok(rows?)
    }
}

/// Whether a text shows as what it is, and can be typed.
pub(super) fn is_harmless(text: &str) -> bool {
    visible(text) == text
}

/// The part of a structure that a path leads to.
fn descend<'v>(structure: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(structure, |structure, step| match (step, structure) {
        // DuckDB tells upper from lower case here
        (Step::Field(name), Value::Object(fields)) => fields.get(name),
        (Step::Item, Value::Array(items)) => items.first(),
        _ => None,
    })
}

fn type_name(structure: &Value) -> &str {
    match structure {
        Value::Object(_) => "object",
        Value::Array(_) => "list",
        Value::String(name) if name == "NULL" => "null",
        Value::String(name) => name,
        _ => "value",
    }
}

/// The fields of a STRUCT type, with their types.
pub(super) fn struct_fields(data_type: &str) -> Vec<(String, String)> {
    let inner = data_type.strip_prefix("STRUCT(").and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
    let (mut depth, mut in_quotes, mut begin) = (0, false, 0);
    let mut fields = Vec::new();
    for (at, char) in inner.char_indices().chain([(inner.len(), ',')]) {
        match char {
            '"' => in_quotes = !in_quotes,
            '(' if !in_quotes => depth += 1,
            ')' if !in_quotes => depth -= 1,
            ',' if !in_quotes && depth == 0 => {
                fields.extend(field(inner[begin..at].trim()));
                begin = at + 1;
            }
            _ => {}
        }
    }
    fields
}

/// `"a ""name""" VARCHAR` as name and type.
fn field(text: &str) -> Option<(String, String)> {
    let (name, data_type) = match text.strip_prefix('"') {
        Some(rest) => {
            let end = rest.replace("\"\"", "__").find('"')?;
            (rest[..end].replace("\"\"", "\""), &rest[end + 1..])
        }
        None => text.split_once(' ').map(|(name, data_type)| (name.to_owned(), data_type))?,
    };
    Some((name, data_type.trim().to_owned()))
}

/// The type that a path into a type leads to.
pub(super) fn descend_type(data_type: &str, path: &[Step]) -> Option<String> {
    path.iter().try_fold(data_type.to_owned(), |data_type, step| match step {
        Step::Field(name) => {
            let fields = struct_fields(&data_type);
            fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, data_type)| data_type)
        }
        Step::Item => Some(data_type.strip_suffix(']')?.rsplit_once('[')?.0.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_takes_too_long_is_given_up_for_a_while() {
        let connection = Connection::open_in_memory().expect("a database");
        let mut learned = Learned::new(connection);
        learned.patience = Duration::from_millis(50);
        let endless = "SELECT count(*) FROM range(10000000000) a, range(10000000000) b WHERE hash(a, b) = 1";
        let count = |row: &duckdb::Row| row.get::<_, i64>(0);
        assert!(learned.ask(endless, count).is_err());
        assert_eq!(learned.ask(endless, count).expect_err("not again").to_string(), "given up before");
        learned.patience = Duration::from_secs(60);
        assert_eq!(learned.ask("SELECT 1", count).expect("others are answered"), [1]);
    }

    #[test]
    fn the_fields_of_a_struct_are_those_of_its_type() {
        let fields =
            struct_fields("STRUCT(\"type\" VARCHAR, a DECIMAL(4,2), \"x \"\", y\" STRUCT(b VARCHAR, c INTEGER)[])");
        let names: Vec<_> = fields.iter().map(|(name, data_type)| (name.as_str(), data_type.as_str())).collect();
        assert_eq!(names, [("type", "VARCHAR"), ("a", "DECIMAL(4,2)"), ("x \", y", "STRUCT(b VARCHAR, c INTEGER)[]")]);
        assert!(struct_fields("VARCHAR").is_empty() && struct_fields("STRUCT(a VARCHAR)[]").is_empty());
        let path = [Step::Field("resources".into()), Step::Item, Step::Field("ARN".into())];
        let data_type = "STRUCT(resources STRUCT(arn VARCHAR)[])";
        assert_eq!(descend_type(data_type, &path).as_deref(), Some("VARCHAR"));
        assert_eq!(descend_type(data_type, &path[..1]).as_deref(), Some("STRUCT(arn VARCHAR)[]"));
        assert_eq!(descend_type(data_type, &[path[0].clone(), path[2].clone()]), None);
    }
}
