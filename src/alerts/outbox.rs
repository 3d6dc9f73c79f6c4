//! The outbox: the table alert_deliveries, in which each alert waits for each channel until it is delivered.

use std::collections::HashMap;

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::deliver::{Channel, Delivery, Ended, Outcome};
use super::timestamp;
use crate::catalog::quote;
use crate::output::{Format, Style, output};
use crate::store::Store;

/// Deliveries that are due by some channels, oldest first, at most `limit` a channel. They need the store no longer.
pub fn due(store: &Store, now: DateTime<Utc>, channels: &[Channel], limit: u64) -> anyhow::Result<Vec<Delivery>> {
    let now = timestamp(now);
    let mut waiting: Vec<(String, Channel, u32)> = Vec::new();
    for &channel in channels {
        let sql = format!(
            "SELECT alert_id::VARCHAR, attempts FROM alert_waiting()
            WHERE channel = {} AND next_attempt_at <= {now}
            ORDER BY queued_at, event_time, alert_id
            LIMIT {limit}",
            quote(channel.name())
        );
        let mut statement = store.connection.prepare(&sql)?;
        for row in statement.query_map([], |row| Ok((row.get(0)?, channel, row.get(1)?)))? {
            waiting.push(row?);
        }
    }
    let alerts = documents(store, waiting.iter().map(|(alert_id, _, _)| alert_id))?;
    let delivery = |(alert_id, channel, attempts): (String, Channel, u32)| {
        let alert = alerts.get(&alert_id).with_context(|| format!("alert {alert_id} is not in the store"))?;
        Ok(Delivery { alert_id: alert_id.parse()?, channel, attempts, alert: alert.clone() })
    };
    waiting.into_iter().map(delivery).collect()
}

/// Alerts as they are told, by their ids: rows of the query alert_list, as `--format ndjson` has them.
fn documents<'i>(store: &Store, ids: impl Iterator<Item = &'i String>) -> anyhow::Result<HashMap<String, String>> {
    let mut ids: Vec<_> = ids.cloned().collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let list: Vec<_> = ids.iter().map(|id| quote(id)).collect();
    let sql = format!(
        "FROM alert_list() WHERE alert_id IN ({}) ORDER BY alert_id::VARCHAR",
        list.iter().map(|id| format!("{id}::UUID")).collect::<Vec<_>>().join(", ")
    );
    let mut text = Vec::new();
    let mut lines = output(Format::Ndjson, Style { width: None, color: false }, &mut text);
    store.rows(&sql, &mut *lines)?;
    lines.end()?;
    drop(lines);
    // an object has no line break in it
    let lines = String::from_utf8(text)?;
    Ok(ids.into_iter().zip(lines.lines().map(str::to_owned)).collect())
}

/// Marks what was delivered, and when to try again what was not: all of it or nothing.
pub fn settle(store: &Store, outcomes: &[Outcome], now: DateTime<Utc>) -> anyhow::Result<()> {
    let rows: Vec<_> = outcomes.iter().filter_map(|outcome| row(outcome, now)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    // what is delivered stays so
    store.connection.execute_batch(&format!(
        "UPDATE alert_deliveries AS d
        SET
            delivered_at = o.delivered_at::TIMESTAMP,
            next_attempt_at = o.next_attempt_at::TIMESTAMP,
            attempts = d.attempts + o.tried,
            last_error = CASE WHEN o.tried = 1 THEN o.error ELSE d.last_error END
        FROM (VALUES {}) AS o(alert_id, channel, delivered_at, next_attempt_at, tried, error)
        WHERE d.alert_id = o.alert_id::UUID AND d.channel = o.channel AND d.delivered_at IS NULL",
        rows.join(", ")
    ))?;
    Ok(())
}

/// What an outcome changes, as a row of SQL; none if it changes nothing.
fn row(outcome: &Outcome, now: DateTime<Utc>) -> Option<String> {
    let (delivered_at, next_attempt_at, tried, error) = match &outcome.ended {
        Ended::Delivered => (Some(now), None, 1, None),
        Ended::Failed { error, next_attempt_at } => (None, Some(*next_attempt_at), 1, Some(error)),
        Ended::PutOff { next_attempt_at } => (None, Some(*next_attempt_at), 0, None),
        Ended::NotTried => return None,
    };
    let moment = |moment: Option<DateTime<Utc>>| moment.map_or("NULL".to_owned(), timestamp);
    Some(format!(
        "({}, {}, {}, {}, {tried}, {})",
        quote(&outcome.alert_id.to_string()),
        quote(outcome.channel.name()),
        moment(delivered_at),
        moment(next_attempt_at),
        error.map_or("NULL".to_owned(), |error| quote(error))
    ))
}
