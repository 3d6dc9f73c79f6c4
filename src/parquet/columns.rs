//! Columns as every engine reads them: the types of DuckDB that others do not know, cast.

use crate::store::Store;

/// What is left out: how the store is kept, not what it holds.
const INTERNAL: [&str; 3] = ["events", "store_info", "unfinished_files"];

/// The fields of VARIANT columns that are written as columns of their own, so that a reader of one need not read the rest:
/// those that the views reach for. Without a bound DuckDB writes every field it meets: 2,040 columns for a million events,
/// in forty times the time.
pub const SHREDDING: &str = ", SHREDDING {
    request_parameters: 'STRUCT(
        includeDeprecated BOOLEAN,
        ownersSet STRUCT(items STRUCT(\"owner\" VARCHAR)[]),
        imagesSet STRUCT(items STRUCT(imageId VARCHAR)[]),
        roleArn VARCHAR,
        roleSessionName VARCHAR
    )',
    response_elements: 'STRUCT(
        ConsoleLogin VARCHAR,
        credentials STRUCT(accessKeyId VARCHAR),
        assumedRoleUser STRUCT(arn VARCHAR)
    )',
    additional_event_data: 'STRUCT(MFAUsed VARCHAR)',
    service_event_details: 'STRUCT(snapshotId VARCHAR)',
    insight_details: 'STRUCT(state VARCHAR)',
    addendum: 'STRUCT(reason VARCHAR)',
    edge_device_details: 'STRUCT(type VARCHAR)',
    event_context: 'STRUCT(requestContext VARCHAR)',
    extra: 'STRUCT(eventID VARCHAR)'
}";

/// The columns of a table, each in a type that Spark, Athena and others read, as a SELECT lists them.
pub fn select(store: &Store, table: &str) -> anyhow::Result<String> {
    let sql = "SELECT column_name, data_type FROM duckdb_columns()
        WHERE table_name = ? AND database_name = current_database() AND schema_name = 'main' ORDER BY column_index";
    let mut statement = store.connection.prepare(sql)?;
    let column = |row: &duckdb::Row| {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let known = known(&kind);
        Ok(if known == kind { format!("\"{name}\"") } else { format!("\"{name}\"::{known} AS \"{name}\"") })
    };
    let columns = statement.query_map([table], column)?.collect::<Result<Vec<_>, _>>()?;
    Ok(columns.join(", "))
}

/// The other tables, each with a query for its rows.
pub fn tables(store: &Store) -> anyhow::Result<Vec<(String, String)>> {
    let sql = "SELECT table_name FROM duckdb_tables()
        WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal ORDER BY table_name";
    let mut statement = store.connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let exported = names.into_iter().filter(|name| !INTERNAL.contains(&name.as_str()));
    exported.map(|name| Ok((name.clone(), format!("SELECT {} FROM \"{name}\"", select(store, &name)?)))).collect()
}

/// A type for another engine: moments that say they are UTC, text for UUID and JSON; within STRUCT and list, too.
fn known(kind: &str) -> String {
    let in_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut known = String::new();
    for piece in kind.split_inclusive(|char| !in_word(char)) {
        let word = piece.trim_end_matches(|char| !in_word(char));
        known.push_str(match word {
            "TIMESTAMP" => "TIMESTAMPTZ",
            "UUID" | "JSON" => "VARCHAR",
            word => word,
        });
        known.push_str(&piece[word.len()..]);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_others_do_not_know_are_cast_wherever_they_stand() {
        for (kind, expected) in [
            ("VARCHAR", "VARCHAR"),
            ("TIMESTAMP", "TIMESTAMPTZ"),
            ("UUID", "VARCHAR"),
            ("JSON[]", "VARCHAR[]"),
            (
                "STRUCT(attributes STRUCT(creation_date TIMESTAMP, mfa VARCHAR), id UUID)",
                "STRUCT(attributes STRUCT(creation_date TIMESTAMPTZ, mfa VARCHAR), id VARCHAR)",
            ),
            ("DECIMAL(18,3)", "DECIMAL(18,3)"),
        ] {
            assert_eq!(known(kind), expected);
        }
    }
}
