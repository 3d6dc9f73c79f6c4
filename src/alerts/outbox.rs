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
    let transaction = store.connection.unchecked_transaction()?;
    for Outcome { alert_id, channel, ended } in outcomes {
        let change = match ended {
            Ended::Delivered => format!(
                "delivered_at = {}, next_attempt_at = NULL, last_error = NULL, attempts = attempts + 1",
                timestamp(now)
            ),
            Ended::Failed { error, next_attempt_at } => format!(
                "last_error = {}, next_attempt_at = {}, attempts = attempts + 1",
                quote(error),
                timestamp(*next_attempt_at)
            ),
            Ended::PutOff { next_attempt_at } => format!("next_attempt_at = {}", timestamp(*next_attempt_at)),
            Ended::NotTried => continue,
        };
        // what is delivered stays so
        transaction.execute_batch(&format!(
            "UPDATE alert_deliveries SET {change}
            WHERE alert_id = {} AND channel = {} AND delivered_at IS NULL",
            quote(&alert_id.to_string()),
            quote(channel.name())
        ))?;
    }
    transaction.commit()?;
    Ok(())
}
