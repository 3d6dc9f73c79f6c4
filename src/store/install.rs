//! Puts the catalog's views and macros into a store.
//!
//! DuckDB binds a view or table macro when it is created, with all that it asks, and all that these ask: more than a second
//! for the whole catalog. So what was created is hidden behind an empty temporary object with the same columns; what asks
//! it is bound to that. Temporary objects are gone with the connection.

use anyhow::Context;
use duckdb::Connection;

use super::Store;
use crate::catalog::{CATALOG, Query};

impl Store {
    /// Creates views and macros, if they are not those of this version of trailduck.
    pub(super) fn install(&self) -> anyhow::Result<()> {
        if self.is_current()? {
            return Ok(());
        }
        let connection = self.connection.try_clone()?;
        connection.execute_batch("BEGIN")?;
        let run = |statements: &str| {
            let first = || format!("cannot install: {}", statements.lines().next().unwrap_or_default());
            connection.execute_batch(statements).with_context(first)
        };
        for statements in CATALOG.install() {
            run(&statements)?;
            for view in statements.split("CREATE OR REPLACE VIEW ").skip(1) {
                hide_view(&connection, view.split_whitespace().next().unwrap_or_default())?;
            }
        }
        for query in CATALOG.queries_by_need() {
            run(&query.install())?;
            if CATALOG.queries.iter().any(|other| other.asks(query)) {
                hide_query(&connection, query)?;
            }
        }
        connection.execute("UPDATE store_info SET catalog_hash = ?", [CATALOG.hash()])?;
        connection.execute_batch("COMMIT")?;
        Ok(())
    }
}

fn hide_view(connection: &Connection, view: &str) -> anyhow::Result<()> {
    let columns: String = connection.query_row(
        "SELECT string_agg('\"' || name || '\" ' || type, ', ' ORDER BY cid) FROM pragma_table_info(?)",
        [view],
        |row| row.get(0),
    )?;
    Ok(connection.execute_batch(&format!("CREATE TEMP TABLE {view} ({columns})"))?)
}

fn hide_query(connection: &Connection, query: &Query) -> anyhow::Result<()> {
    let nothing: Vec<_> = query.parameters.iter().map(|parameter| format!("{} := NULL", parameter.name)).collect();
    let columns: String = connection.query_row(
        &format!(
            "SELECT string_agg('NULL::' || column_type || ' AS \"' || column_name || '\"', ', ')
            FROM (DESCRIBE FROM {}({}))",
            query.name,
            nothing.join(", ")
        ),
        [],
        |row| row.get(0),
    )?;
    let hidden = format!("CREATE TEMP MACRO {}({}) AS TABLE SELECT {columns}", query.name, query.signature());
    Ok(connection.execute_batch(&hidden)?)
}
