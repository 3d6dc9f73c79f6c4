//! Alerts that were raised elsewhere, on a cluster or in another store, as files. DuckDB reads them.

use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use duckdb::Connection;

use super::timestamp;
use crate::catalog::quote;
use crate::store::{Store, number};

/// What an import did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Alerts in the files.
    pub alerts: u64,
    /// Of these: such as the store did not have. The others are known by their rule and event, and stay as they are.
    pub new: u64,
}

/// Imports a file of Parquet (`*.parquet`), else of NDJSON: all of it, or nothing. Alerts have the columns of the companion
/// query alert_list; rule, event_id, event_time, severity and risk_score are needed. They are told by no channel.
///
/// # Errors
/// Where the file cannot be read, or what is in it is no alert.
pub fn import(store: &Store, path: &Path, now: DateTime<Utc>) -> anyhow::Result<Imported> {
    let shown = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let transaction = store.connection.unchecked_transaction()?;
    let imported =
        import_file(&transaction, path, &shown, now).with_context(|| format!("{shown}: nothing of it was imported"))?;
    transaction.commit()?;
    Ok(imported)
}

fn import_file(connection: &Connection, path: &Path, shown: &str, now: DateTime<Utc>) -> anyhow::Result<Imported> {
    let Some(name) = (if path == Path::new("-") { Some("/dev/stdin") } else { path.to_str() }) else {
        bail!("its name is not UTF-8: import it under another");
    };
    // what DuckDB takes for a pattern means itself
    let name = quote(
        &name
            .chars()
            .map(|char| if "*?[".contains(char) { format!("[{char}]") } else { char.into() })
            .collect::<String>(),
    );
    let objects = match path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet")) {
        true => format!("SELECT to_json(o) AS alert FROM read_parquet({name}) AS o"),
        false => format!("SELECT json AS alert FROM read_ndjson_objects({name})"),
    };
    let text = |column: &str| format!("alert ->> '$.{column}' AS {column}");
    let texts = [
        "rule",
        "severity",
        "status",
        "verdict",
        "exception",
        "event_source",
        "event_name",
        "account_id",
        "aws_region",
        "principal",
        "session_issuer_arn",
        "access_key_id",
        "source_ip_address",
        "user_agent",
    ];
    let texts: Vec<_> = texts.into_iter().map(text).collect();
    connection.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE imported AS
        SELECT
            row_number() OVER () AS number,
            TRY_CAST(alert ->> '$.event_id' AS UUID) AS event_id,
            TRY(utc_timestamp(alert ->> '$.event_time')) AS event_time,
            coalesce(TRY(utc_timestamp(alert ->> '$.first_seen')), {}) AS first_seen,
            TRY_CAST(alert ->> '$.risk_score' AS INTEGER) AS risk_score,
            CASE json_type(alert, '$.facts')
                WHEN 'OBJECT' THEN alert -> '$.facts'
                WHEN 'VARCHAR' THEN TRY_CAST(alert ->> '$.facts' AS JSON)
            END AS facts,
            {}
        FROM ({objects})",
        timestamp(now),
        texts.join(", ")
    ))?;
    check(connection)?;
    let alerts = number(connection, "SELECT count(*) FROM imported")? as u64;
    connection.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE imported_new AS
        SELECT DISTINCT ON (i.rule, i.event_id)
            alert_uuid(i.rule, i.event_id) AS alert_id,
            i.* EXCLUDE (number) REPLACE (coalesce(i.status, 'open') AS status)
        FROM imported AS i
        ANTI JOIN alerts AS a ON a.rule = i.rule AND a.event_id = i.event_id
        ORDER BY i.rule, i.event_id, i.number;
        INSERT INTO alerts BY NAME FROM imported_new;
        INSERT INTO alert_history
        SELECT alert_id, 1, {}, status, verdict, 'trailduck', {} FROM imported_new;",
        timestamp(now),
        quote(&format!("imported from {shown}"))
    ))?;
    let new = number(connection, "SELECT count(*) FROM imported_new")? as u64;
    connection.execute_batch("DROP TABLE temp.imported; DROP TABLE temp.imported_new")?;
    Ok(Imported { alerts, new })
}

/// Refuses what is no alert: says of the first such what is wrong with it.
fn check(connection: &Connection) -> anyhow::Result<()> {
    let sql = "SELECT number, wrong
        FROM (
            SELECT number, CASE
                WHEN coalesce(rule, '') = '' THEN 'rule is missing'
                WHEN event_id IS NULL THEN 'event_id is missing, or no UUID'
                WHEN event_time IS NULL THEN 'event_time is missing, or no time such as 2026-10-06T02:14:00Z'
                WHEN severity IS NULL OR severity NOT IN ('low', 'medium', 'high', 'critical')
                    THEN 'severity is missing, or not low, medium, high or critical'
                WHEN risk_score IS NULL OR risk_score NOT BETWEEN 0 AND 100
                    THEN 'risk_score is missing, or no whole number from 0 to 100'
                WHEN status NOT IN ('open', 'acknowledged', 'closed') THEN 'status is not open, acknowledged or closed'
                WHEN verdict NOT IN ('true-positive', 'false-positive', 'benign')
                    THEN 'verdict is not true-positive, false-positive or benign'
            END AS wrong
            FROM imported
        )
        WHERE wrong IS NOT NULL
        ORDER BY number
        LIMIT 1";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    match rows.next().transpose()? {
        None => Ok(()),
        Some((number, wrong)) => bail!("alert {number}: {wrong}"),
    }
}
