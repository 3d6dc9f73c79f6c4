//! Raising: the rules look at what was loaded since they last did, and what they match becomes alerts.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use duckdb::Connection;

use super::{Channel, timestamp};
use crate::catalog::{CATALOG, Detection, duration, quote};
use crate::store::{Store, number};

/// How rules are run.
#[derive(Debug, Clone, Default)]
pub struct RaiseOptions {
    /// How often a rule runs; none: as it says itself.
    pub every: Option<Duration>,
    /// How far back a run looks, by when events were loaded; none: as the rule says itself. What was loaded since its last
    /// run is looked at in any case.
    pub lookback: Option<Duration>,
    /// By what an alert is to be told.
    pub channels: Vec<Channel>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Raised {
    /// New alerts that are to be told.
    pub alerts: u64,
    /// New alerts that an exception suppresses.
    pub suppressed: u64,
    /// Deliveries that wait, those of earlier alerts too.
    pub waiting: u64,
}

/// A rule that is due this much too early runs: a watch that ticks as often as a rule should run is never a whole interval
/// late.
const EARLY: TimeDelta = TimeDelta::seconds(1);

/// Columns of a rule's view that have a column of their own in the table alerts, or are too large for it.
const NO_FACTS: &[&str] = &[
    "rule",
    "severity",
    "risk_score",
    "suppressed_by",
    "event_id",
    "event_time",
    "account_id",
    "aws_region",
    "principal",
    "principal_name",
    "session_issuer_arn",
    "access_key_id",
    "source_ip_address",
    "user_agent",
];

/// Runs each enabled detection that is due, and writes what is new as alerts, with their history and a delivery for each
/// channel: all of it or nothing. An event of which a rule has raised an alert raises no other, however often it is seen.
///
/// # Errors
/// Where the store cannot be written, or a rule's statement fails on what it reads.
pub fn raise(store: &Store, now: DateTime<Utc>, options: &RaiseOptions) -> anyhow::Result<Raised> {
    let now = now.trunc_subsecs(0);
    let transaction = store.connection.unchecked_transaction()?;
    let newest = number(&transaction, "SELECT coalesce(max(file_id), 0) FROM files")?;
    let mut raised = Raised::default();
    for rule in CATALOG.enabled_detections() {
        let run = last_run(&transaction, rule)?;
        if run.as_ref().is_some_and(|run| !run.is_over(rule, options.every, now)) {
            continue;
        }
        let looked_at = run.map_or(0, |run| run.file_id);
        let from = match looked_at {
            0 => 1,
            looked_at => recent_file(&transaction, rule, options.lookback, now)?.min(looked_at + 1),
        };
        if from <= newest {
            let new = run_rule(&transaction, rule, from, now, &options.channels)
                .with_context(|| format!("the rule {}", rule.name))?;
            raised.alerts += new.alerts;
            raised.suppressed += new.suppressed;
        }
        transaction.execute_batch(&format!(
            "INSERT INTO rule_runs VALUES ({}, {}, {newest})
            ON CONFLICT (rule) DO UPDATE SET last_run_at = excluded.last_run_at, file_id = excluded.file_id",
            quote(&rule.name),
            timestamp(now)
        ))?;
    }
    raised.waiting = number(&transaction, "SELECT count(*) FROM alert_deliveries WHERE delivered_at IS NULL")? as u64;
    transaction.commit()?;
    Ok(raised)
}

/// When a rule ran last, and the last file it looked at.
struct Run {
    at: DateTime<Utc>,
    file_id: i64,
}

impl Run {
    /// Whether it is time for the next.
    fn is_over(&self, rule: &Detection, every: Option<Duration>, now: DateTime<Utc>) -> bool {
        let every = delta(every.unwrap_or_else(|| duration(&rule.schedule).unwrap_or_default()));
        // a clock that was put back stops no rule
        now < self.at || now - self.at >= every - EARLY
    }
}

fn last_run(connection: &Connection, rule: &Detection) -> anyhow::Result<Option<Run>> {
    let sql = format!("SELECT epoch_us(last_run_at), file_id FROM rule_runs WHERE rule = {}", quote(&rule.name));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let Some(row) = rows.next().transpose()? else { return Ok(None) };
    let at = DateTime::from_timestamp_micros(row.0).context("a time beyond the calendar in the table rule_runs")?;
    Ok(Some(Run { at, file_id: row.1 }))
}

/// The first file that was loaded within the lookback; beyond all files if there is none. The beginning of its load will
/// do: what a long load adds later is new to the rule.
fn recent_file(
    connection: &Connection,
    rule: &Detection,
    lookback: Option<Duration>,
    now: DateTime<Utc>,
) -> anyhow::Result<i64> {
    let lookback = delta(lookback.unwrap_or_else(|| duration(&rule.lookback).unwrap_or_default()));
    let since = now.checked_sub_signed(lookback).unwrap_or(DateTime::UNIX_EPOCH);
    number(
        connection,
        &format!(
            "SELECT coalesce(min(f.file_id), {}) FROM files AS f INNER JOIN loads AS l ON l.load_id = f.load_id
            WHERE l.started_at >= {}",
            i64::MAX,
            timestamp(since)
        ),
    )
}

/// Writes what a rule matches among the events of all files from one on.
fn run_rule(
    connection: &Connection,
    rule: &Detection,
    from: i64,
    now: DateTime<Utc>,
    channels: &[Channel],
) -> anyhow::Result<Raised> {
    // bounds of time that are not needed, but spare the rule most of a large store
    let sql = format!("SELECT min(event_time)::VARCHAR, max(event_time)::VARCHAR FROM events WHERE file_id >= {from}");
    let bounds: (Option<String>, Option<String>) =
        connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(first), Some(last)) = bounds else { return Ok(Raised::default()) };
    let no_facts: Vec<_> = NO_FACTS.iter().map(|column| format!("\"{column}\":null")).collect();
    let now = timestamp(now);
    let channels: Vec<_> = channels.iter().map(|channel| quote(channel.name())).collect();
    connection.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE raised AS
        SELECT
            alert_uuid(m.rule, m.event_id) AS alert_id,
            m.rule,
            m.event_id,
            {now} AS first_seen,
            m.severity,
            m.risk_score,
            'open' AS status,
            m.suppressed_by AS exception,
            m.event_time,
            e.event_source,
            e.event_name,
            m.account_id,
            m.aws_region,
            m.principal,
            m.session_issuer_arn,
            m.access_key_id,
            m.source_ip_address,
            m.user_agent,
            json_merge_patch(to_json(m), '{{{}}}') AS facts
        FROM (SELECT * EXCLUDE (request_parameters) FROM {}_with_suppressed) AS m
        INNER JOIN events AS e ON e.event_id = m.event_id
        ANTI JOIN alerts AS a ON a.rule = m.rule AND a.event_id = m.event_id
        WHERE e.file_id >= {from}
            AND m.event_time BETWEEN TIMESTAMP {} AND TIMESTAMP {}
            AND e.event_time BETWEEN TIMESTAMP {} AND TIMESTAMP {};
        INSERT INTO alerts BY NAME FROM raised;
        INSERT INTO alert_history SELECT alert_id, 1, first_seen, status, NULL, 'trailduck', NULL FROM raised;
        INSERT INTO alert_deliveries
        SELECT alert_id, channel, first_seen, 0, first_seen, NULL, NULL
        FROM raised, (SELECT unnest([{}]::VARCHAR[]) AS channel)
        WHERE exception IS NULL;",
        no_facts.join(","),
        rule.name,
        quote(&first),
        quote(&last),
        quote(&first),
        quote(&last),
        channels.join(", ")
    ))?;
    let (alerts, suppressed) = connection.query_row(
        "SELECT count(*) FILTER (exception IS NULL), count(exception) FROM raised",
        [],
        |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)),
    )?;
    connection.execute_batch("DROP TABLE temp.raised")?;
    Ok(Raised { alerts, suppressed, waiting: 0 })
}

/// A span that is longer than the calendar is as long as it.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
