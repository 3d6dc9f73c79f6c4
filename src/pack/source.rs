//! Where Spark finds events and tables: in what `trailduck export` wrote, or in CloudTrail's own files.

use crate::catalog::CATALOG;
use crate::record::schema::{FIELDS, Field, Kind};
use crate::store::Store;

/// The view `events` over CloudTrail's files as they lie in the bucket: `{"Records": [...]}`, compressed or not.
///
/// A trail may deliver an event twice, and two trails do: of equal ones one is taken. What tells events apart is what
/// filters are made of, so that these are applied before. Which file a record is from is not asked: Spark takes that for
/// something that may change, and plans what stands on it differently.
pub fn events_json() -> Vec<String> {
    let column = |field: &Field| format!("        {} AS {}", converted(field, "r"), field.column);
    let columns: Vec<_> = FIELDS.iter().map(column).collect();
    vec![
        format!(
            "CREATE OR REPLACE TEMPORARY VIEW cloudtrail_files (Records ARRAY<{}>, damaged STRING)\n\
             USING json\n\
             OPTIONS (path '${{cloudtrail}}', recursiveFileLookup 'true', multiLine 'true', pathGlobFilter '*.json*', \
             columnNameOfCorruptRecord 'damaged')",
            json_struct(FIELDS)
        ),
        // what is no JSON, Spark passes over and says nothing
        "CREATE OR REPLACE TEMPORARY VIEW damaged_files AS\n\
         SELECT input_file_name() AS path, substr(damaged, 1, 200) AS excerpt\n\
         FROM cloudtrail_files\n\
         WHERE damaged IS NOT NULL\n  \
           AND Records IS NULL"
            .to_owned(),
        format!(
            "CREATE OR REPLACE TEMPORARY VIEW events AS\n\
             WITH records AS (\n    \
                 SELECT explode(Records) AS r\n    \
                 FROM cloudtrail_files\n\
             ),\n\n\
             typed AS (\n    SELECT\n{}\n    FROM records\n),\n\n\
             numbered AS (\n    \
                 SELECT\n        *,\n        \
                     row_number() OVER (\n            \
                         PARTITION BY event_id, event_time, event_source, event_name, aws_region, recipient_account_id\n            \
                         ORDER BY request_id, shared_event_id\n        ) AS copy\n    \
                 FROM typed\n    \
                 WHERE event_id IS NOT NULL\n      \
                   AND event_time IS NOT NULL\n\
             )\n\n\
             SELECT * EXCEPT (copy), CAST(NULL AS INT) AS file_id\n\
             FROM numbered\n\
             WHERE copy = 1",
            columns.join(",\n")
        ),
    ]
}

/// A field as it stands in CloudTrail's JSON. What is no text may be written as one, and is read as one first: a record
/// with one odd value is a record all the same.
fn json_type(kind: &Kind) -> String {
    match kind {
        Kind::Json => "VARIANT".to_owned(),
        Kind::Struct(fields) => json_struct(fields),
        Kind::List(fields) => format!("ARRAY<{}>", json_struct(fields)),
        Kind::Text | Kind::Bool | Kind::Time | Kind::Uuid => "STRING".to_owned(),
    }
}

fn json_struct(fields: &[Field]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| format!("`{}`: {}", field.json, json_type(&field.kind))).collect();
    format!("STRUCT<{}>", fields.join(", "))
}

/// An expression for a field's column.
fn converted(field: &Field, within: &str) -> String {
    let value = format!("{within}.{}", field.json);
    let fields_of = |fields: &[Field], within: &str| {
        let field = |field: &Field| format!("'{}', {}", field.column, converted(field, within));
        format!("named_struct({})", fields.iter().map(field).collect::<Vec<_>>().join(", "))
    };
    match field.kind {
        Kind::Text => value,
        // one that is none has another name in the store, which is made of the record's bytes
        Kind::Uuid => format!(
            "CASE WHEN lower({value}) RLIKE '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' THEN lower({value}) END"
        ),
        Kind::Bool => format!("try_cast({value} AS BOOLEAN)"),
        Kind::Time => format!("try_cast({value} AS TIMESTAMP)"),
        // some exports have what is nested as a text
        Kind::Json => format!(
            "CASE WHEN schema_of_variant({value}) = 'STRING' THEN coalesce(try_parse_json(CAST({value} AS STRING)), {value}) ELSE {value} END"
        ),
        Kind::Struct(fields) => format!("CASE WHEN {value} IS NOT NULL THEN {} END", fields_of(fields, &value)),
        Kind::List(fields) => format!("transform({value}, item -> {})", fields_of(fields, "item")),
    }
}

/// The view `events` over what `trailduck export --format parquet` wrote.
pub fn events_parquet() -> Vec<String> {
    vec![
        // with its schema and its files found out once, and not at each mention
        "CREATE OR REPLACE TEMPORARY VIEW events\n\
         USING parquet\n\
         OPTIONS (path '${export}/events')"
            .to_owned(),
    ]
}

/// The other tables, as exported with the events.
pub fn tables_parquet() -> anyhow::Result<Vec<String>> {
    let view = |Table { name, .. }| {
        format!(
            "CREATE OR REPLACE TEMPORARY VIEW {name}\nUSING parquet\nOPTIONS (path '${{export}}/tables/{name}.parquet')"
        )
    };
    Ok(tables()?.into_iter().map(view).collect())
}

/// The other tables, with nothing in them.
pub fn tables_empty() -> anyhow::Result<Vec<String>> {
    let view = |Table { name, columns }| {
        let column = |(column, kind): &(String, String)| format!("CAST(NULL AS {}) AS `{column}`", spark_type(kind));
        let columns: Vec<_> = columns.iter().map(column).collect();
        format!("CREATE OR REPLACE TEMPORARY VIEW {name} AS\nSELECT {}\nWHERE false", columns.join(", "))
    };
    Ok(tables()?.into_iter().map(view).collect())
}

/// A table of the store.
struct Table {
    name: String,
    /// Names, and types as DuckDB names them.
    columns: Vec<(String, String)>,
}

/// The tables that are exported.
fn tables() -> anyhow::Result<Vec<Table>> {
    // a store that nobody filled knows its tables
    let store = Store::in_memory()?;
    for migration in &CATALOG.migrations {
        store.connection.execute_batch(migration)?;
    }
    let mut tables = Vec::new();
    for (name, _) in crate::parquet::tables(&store)? {
        let mut statement = store.connection.prepare(&format!("DESCRIBE \"{name}\""))?;
        let column = |row: &duckdb::Row| Ok((row.get(0)?, row.get(1)?));
        let columns = statement.query_map([], column)?.collect::<Result<_, _>>()?;
        tables.push(Table { name, columns });
    }
    Ok(tables)
}

/// A type of DuckDB's as Spark names it, for those that tables have.
fn spark_type(kind: &str) -> String {
    match kind {
        list if list.ends_with("[]") => format!("ARRAY<{}>", spark_type(&list[..list.len() - 2])),
        "VARCHAR" | "UUID" | "JSON" => "STRING".to_owned(),
        "INTEGER" => "INT".to_owned(),
        other => other.to_owned(),
    }
}
