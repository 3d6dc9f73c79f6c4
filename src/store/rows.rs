//! Rows of any SQL, in the few types that can be shown.
//!
//! The duckdb crate cannot decode VARIANT. So a query is prepared first to learn its column types, then run inside
//! another that turns whatever is nested, VARIANT too, into JSON, and whatever is exotic into text.

use anyhow::bail;
use duckdb::ToSql;
use duckdb::arrow::array::{Array, AsArray, RecordBatch};
use duckdb::arrow::datatypes::{DataType, Float64Type, Int64Type};
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{StatementError, Store};

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    shape: Shape,
}

impl Column {
    /// A column that comes from no query.
    pub fn text(name: &str) -> Self {
        Self { name: name.to_owned(), shape: Shape::Text }
    }

    /// Whether its values are moments, written as RFC 3339 has it: in UTC, with a Z.
    pub fn is_time(&self) -> bool {
        self.shape == Shape::Time
    }
}

/// How a column's values travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Bool,
    Integer,
    Float,
    /// A number beyond 64 bits or a decimal, as text.
    Number,
    /// A TIMESTAMP as text; UTC, as all of CloudTrail is.
    Time,
    /// Anything nested, as JSON text.
    Json,
    Text,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// A number that only text holds exactly.
    Number(String),
    /// Anything nested: JSON text.
    Json(String),
    Text(String),
}

/// One statement, with the values of the parameters (`$name`) that it may have: bound, never part of its text.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    pub sql: &'a str,
    /// Name, without the `$`, and value; a value is a VARCHAR until SQL casts it. Others than those the statement has are
    /// ignored.
    pub parameters: &'a [(String, String)],
}

impl<'a> From<&'a str> for Statement<'a> {
    fn from(sql: &'a str) -> Self {
        Self { sql, parameters: &[] }
    }
}

impl<'a> From<&'a String> for Statement<'a> {
    fn from(sql: &'a String) -> Self {
        Self::from(sql.as_str())
    }
}

impl<'a> Statement<'a> {
    /// The values of the parameters that a prepared statement has.
    fn bound(self, prepared: &duckdb::Statement) -> anyhow::Result<Vec<(&'a str, &'a dyn ToSql)>> {
        let bound = |index| {
            let name = prepared.parameter_name(index)?;
            let known = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
            let (name, value) = known.ok_or(Unbound { name })?;
            Ok((name.as_str(), value as &dyn ToSql))
        };
        (1..=prepared.parameter_count()).map(bound).collect()
    }
}

/// A statement has a parameter of which the value was not given.
#[derive(Debug, thiserror::Error)]
#[error("the statement has a parameter ${name}, but no value is given for it")]
pub struct Unbound {
    name: String,
}

/// Takes the rows of a result as they come.
pub trait Rows {
    /// Called once, before the rows.
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()>;
    /// Returns whether the row was taken: if it was not, no more are wanted.
    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool>;
    /// Called with how many rows more there are, once no more are wanted. Returns whether to go on counting.
    fn uncounted(&mut self, _rows: usize) -> anyhow::Result<bool> {
        Ok(false)
    }
    /// Called with how many rows a statement changed.
    fn changed(&mut self, _rows: i64) {}
}

impl Store {
    /// Runs one statement and hands over what it returns. A statement that returns nothing calls nothing.
    pub fn rows<'a>(&self, statement: impl Into<Statement<'a>>, rows: &mut dyn Rows) -> anyhow::Result<()> {
        let statement = statement.into();
        let columns = match self.columns(statement)? {
            Some(columns) => columns,
            None => return self.rows_as_they_are(statement, rows),
        };
        let names: Vec<_> = (0..columns.len()).map(|index| format!("c{index}")).collect();
        let exprs: Vec<_> = columns.iter().zip(&names).map(|(column, name)| column.shape.convert(name)).collect();
        let before = format!("SELECT {} FROM (\n", exprs.join(", "));
        let located = |error| StatementError::locate(error, before.len());
        let wrapped = format!("{before}{}\n) AS t({})", statement.sql, names.join(", "));
        let mut prepared = self.connection.prepare(&wrapped).map_err(located)?;
        let parameters = statement.bound(&prepared)?;
        rows.columns(&columns)?;
        let mut wanted = true;
        for batch in prepared.stream_arrow(&*parameters).map_err(located)? {
            let batch = batch.map_err(located)?;
            if !hand_over(&batch, rows, &mut wanted, |array, row, index| columns[index].shape.cell(array, row))? {
                break;
            }
        }
        Ok(())
    }

    /// All rows of a query of our own, which are few.
    pub fn collect(&self, sql: &str) -> anyhow::Result<(Vec<Column>, Vec<Vec<Cell>>)> {
        let mut collected = Collected::default();
        self.rows(sql, &mut collected)?;
        Ok((collected.columns, collected.rows))
    }

    /// How many rows a query has.
    pub fn count(&self, sql: &str) -> anyhow::Result<i64> {
        Ok(self.connection.query_row(&format!("SELECT count(*) FROM (\n{sql}\n)"), [], |row| row.get(0))?)
    }

    /// Keeps what a query returns, as long as the store is open, so that it is asked once however often it is looked at.
    /// Returns the query for it. What is asked by the table's name from then on, a view's too, is answered with it.
    pub fn remember(&self, table: &str, sql: &str) -> anyhow::Result<String> {
        self.connection.execute_batch(&format!("CREATE OR REPLACE TEMP TABLE {table} AS\n{sql}"))?;
        Ok(format!("FROM {table}"))
    }

    /// Columns of a query; none if it is a statement of another kind.
    fn columns(&self, statement: Statement) -> anyhow::Result<Option<Vec<Column>>> {
        // the database tells queries from other statements: only a query can stand in parentheses
        let Ok(mut prepared) = self.connection.prepare(&format!("DESCRIBE FROM (\n{}\n) AS t", statement.sql)) else {
            return Ok(None);
        };
        let parameters = statement.bound(&prepared)?;
        let column = |row: &duckdb::Row| Ok(Column { name: row.get(0)?, shape: Shape::of(row.get_ref(1)?.as_str()?) });
        let columns = prepared.query_map(&*parameters, column)?.collect::<Result<_, _>>()?;
        Ok(Some(columns))
    }

    /// A statement that is no query: EXPLAIN, PRAGMA, CREATE ...
    fn rows_as_they_are(&self, statement: Statement, rows: &mut dyn Rows) -> anyhow::Result<()> {
        let located = |error| StatementError::locate(error, 0);
        let mut prepared = self.connection.prepare(statement.sql).map_err(located)?;
        let parameters = statement.bound(&prepared)?;
        let (mut begun, mut wanted) = (false, true);
        let result = prepared.stream_arrow(&*parameters).map_err(|error| {
            let variant = error.to_string().contains("decoding Variant");
            let error = located(error);
            if variant {
                error.context("return VARIANT columns of such a statement as JSON: column::JSON")
            } else {
                error
            }
        })?;
        for batch in result {
            let batch = batch.map_err(located)?;
            let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            // how many rows were changed is no result
            if names == ["Count"] || names == ["Success"] {
                if let DataType::Int64 = batch.column(0).data_type() {
                    let counts = batch.column(0).as_primitive::<Int64Type>();
                    rows.changed(counts.iter().flatten().sum());
                }
                continue;
            }
            if !begun {
                let columns = names.into_iter().map(|name| Column { name, shape: Shape::Text });
                rows.columns(&columns.collect::<Vec<_>>())?;
                begun = true;
            }
            let more = hand_over(&batch, rows, &mut wanted, |array, row, _| {
                let formatter = ArrayFormatter::try_new(array, &FormatOptions::default())?;
                Ok(if array.is_null(row) { Cell::Null } else { Cell::Text(formatter.value(row).to_string()) })
            })?;
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// Hands over the rows of a batch, as long as they are wanted; counts the others, if that is wanted. Returns whether there
/// is a use for further batches.
fn hand_over(
    batch: &RecordBatch,
    rows: &mut dyn Rows,
    wanted: &mut bool,
    cell: impl Fn(&dyn Array, usize, usize) -> anyhow::Result<Cell>,
) -> anyhow::Result<bool> {
    let mut taken = 0;
    while *wanted && taken < batch.num_rows() {
        let cells = batch.columns().iter().enumerate().map(|(index, array)| cell(array, taken, index));
        *wanted = rows.row(cells.collect::<Result<_, _>>()?)?;
        taken += usize::from(*wanted);
    }
    if *wanted { Ok(true) } else { rows.uncounted(batch.num_rows() - taken) }
}

#[derive(Default)]
struct Collected {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Rows for Collected {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        self.rows.push(cells);
        Ok(true)
    }
}

impl Shape {
    /// The shape for a SQL type, as DESCRIBE names it.
    fn of(sql_type: &str) -> Self {
        match sql_type {
            "BOOLEAN" => Self::Bool,
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "UTINYINT" | "USMALLINT" | "UINTEGER" => Self::Integer,
            "FLOAT" | "DOUBLE" => Self::Float,
            "UBIGINT" | "HUGEINT" | "UHUGEINT" => Self::Number,
            "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" => Self::Time,
            "VARIANT" | "JSON" => Self::Json,
            nested if nested.ends_with(']') => Self::Json,
            nested if ["STRUCT(", "MAP(", "UNION("].iter().any(|begin| nested.starts_with(begin)) => Self::Json,
            decimal if decimal.starts_with("DECIMAL(") => Self::Number,
            _ => Self::Text,
        }
    }

    /// An expression that makes a column travel in this shape.
    fn convert(self, column: &str) -> String {
        match self {
            Self::Bool => column.to_owned(),
            Self::Integer => format!("{column}::BIGINT"),
            Self::Float => format!("{column}::DOUBLE"),
            Self::Json => format!("to_json({column})::VARCHAR"),
            Self::Number | Self::Time | Self::Text => format!("{column}::VARCHAR"),
        }
    }

    fn cell(self, array: &dyn Array, row: usize) -> anyhow::Result<Cell> {
        if array.is_null(row) {
            return Ok(Cell::Null);
        }
        let text = || array.as_string::<i32>().value(row);
        Ok(match (self, array.data_type()) {
            (Self::Bool, DataType::Boolean) => Cell::Bool(array.as_boolean().value(row)),
            (Self::Integer, DataType::Int64) => Cell::Integer(array.as_primitive::<Int64Type>().value(row)),
            (Self::Float, DataType::Float64) => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
            (Self::Number, DataType::Utf8) => Cell::Number(text().to_owned()),
            (Self::Time, DataType::Utf8) => Cell::Text(iso_time(text())),
            (Self::Json, DataType::Utf8) => Cell::Json(text().to_owned()),
            (Self::Text, DataType::Utf8) => Cell::Text(text().to_owned()),
            (shape, data_type) => bail!("a column meant to be {shape:?} came as {data_type}"),
        })
    }
}

/// SQL's `2026-10-06 02:14:00` as CloudTrail and RFC 3339 write it.
fn iso_time(sql: &str) -> String {
    if sql.contains("infinity") { sql.to_owned() } else { format!("{}Z", sql.replacen(' ', "T", 1)) }
}
