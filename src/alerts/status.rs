//! What people make of alerts: acknowledged, closed, opened again, each step with its author and a note.

use anyhow::bail;
use chrono::{DateTime, Utc};

use super::timestamp;
use crate::catalog::quote;
use crate::store::{Cell, Store};

/// What an alert turned out to be, as OCSF's `verdict` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Verdict {
    /// What the rule looks for, and not legitimate
    TruePositive,
    /// Not what the rule looks for
    FalsePositive,
    /// What the rule looks for, and legitimate
    Benign,
}

impl Verdict {
    /// As the table alerts has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TruePositive => "true-positive",
            Self::FalsePositive => "false-positive",
            Self::Benign => "benign",
        }
    }
}

/// A step in the life of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Acknowledge,
    Close(Option<Verdict>),
    Reopen,
}

impl Step {
    /// The status it leads to.
    pub fn status(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledged",
            Self::Close(_) => "closed",
            Self::Reopen => "open",
        }
    }

    fn verdict(self) -> Option<&'static str> {
        match self {
            Self::Close(verdict) => verdict.map(Verdict::name),
            Self::Acknowledge | Self::Reopen => None,
        }
    }
}

/// An alert that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub alert_id: String,
    pub event_id: String,
    pub rule: String,
    pub principal: Option<String>,
    pub status: String,
    pub verdict: Option<String>,
}

/// How few characters of an id may stand for it.
const SHORTEST: usize = 8;

/// What an id begins with, if a text is that: in lower case.
pub fn id_begin(text: &str) -> Option<String> {
    let begin = text.trim().to_ascii_lowercase();
    let is_id = begin.len() >= SHORTEST && begin.chars().all(|char| char.is_ascii_hexdigit() || char == '-');
    is_id.then_some(begin)
}

/// The alerts whose ids, or those of their events, [begin](id_begin) so.
pub fn beginning(store: &Store, begin: &str) -> anyhow::Result<Vec<Found>> {
    let (_, rows) = store.collect(&format!(
        "SELECT alert_id, event_id, rule, principal, status, verdict FROM alerts
        WHERE starts_with(alert_id::VARCHAR, '{begin}') OR starts_with(event_id::VARCHAR, '{begin}')
        ORDER BY alert_id"
    ))?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// Looks an alert up by its id, by that of its event, or by the first characters of either.
///
/// # Errors
/// Where there is none, or several begin so.
pub fn find(store: &Store, id: &str) -> anyhow::Result<Found> {
    let Some(id) = id_begin(id) else {
        bail!("{id}: expected the id of an alert or of its event, or the first {SHORTEST} characters of it or more");
    };
    let mut found = beginning(store, &id)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            bail!("no alert {id}: `trailduck alerts` lists those that were raised, `trailduck detect` what rules match")
        }
        several => {
            let list = found.iter().take(5).map(|alert| format!("\n  {} ({})", alert.alert_id, alert.rule));
            let more = if several > 5 { "\n  ..." } else { "" };
            bail!(
                "{several} alerts have ids that begin with {id}: say which\n{}{more}",
                list.collect::<String>().trim_start_matches('\n')
            )
        }
    }
}

fn from_row(row: Vec<Cell>) -> Found {
    let mut cells = row.into_iter().map(|cell| match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    });
    let mut next = || cells.next().flatten();
    let [alert_id, event_id, rule] = [next(), next(), next()].map(Option::unwrap_or_default);
    Found { alert_id, event_id, rule, principal: next(), status: next().unwrap_or_default(), verdict: next() }
}

/// Takes a step with some alerts, all of them or none. Returns each with whether it changed: one that is in that status
/// already stays as it is, but for a note that is added to its history.
///
/// # Errors
/// Where there is no such alert, or one is closed in another way, or closed and to be acknowledged.
pub fn change(
    store: &Store,
    ids: &[String],
    step: Step,
    author: &str,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(Found, bool)>> {
    let mut changed: Vec<(Found, bool)> = Vec::new();
    for id in ids {
        let alert = find(store, id)?;
        // named twice, by its own id and its event's
        if changed.iter().all(|(other, _)| other.alert_id != alert.alert_id) {
            let changes = check(&alert, step)?;
            changed.push((alert, changes));
        }
    }
    let transaction = store.connection.unchecked_transaction()?;
    for (alert, changes) in &changed {
        if !changes && note.is_none() {
            continue;
        }
        let text = |text: Option<&str>| text.map_or("NULL".to_owned(), quote);
        let id = quote(&alert.alert_id);
        let verdict = text(if *changes { step.verdict() } else { alert.verdict.as_deref() });
        let status = step.status();
        transaction.execute_batch(&format!(
            "UPDATE alerts SET status = '{status}', verdict = {verdict} WHERE alert_id = {id};
            INSERT INTO alert_history
            SELECT {id}, coalesce(max(change), 0) + 1, {}, '{status}', {verdict}, {}, {}
            FROM alert_history WHERE alert_id = {id};",
            timestamp(now),
            quote(author),
            text(note)
        ))?;
    }
    transaction.commit()?;
    Ok(changed)
}

/// Whether a step changes an alert.
fn check(alert: &Found, step: Step) -> anyhow::Result<bool> {
    let Found { alert_id, status, verdict, .. } = alert;
    match step {
        Step::Acknowledge if status == "closed" => {
            bail!("alert {alert_id} is closed: `trailduck alerts reopen {alert_id}` first")
        }
        Step::Close(Some(new)) if status == "closed" && verdict.as_deref() != Some(new.name()) => {
            let how = verdict.as_ref().map(|verdict| format!(" as {verdict}")).unwrap_or_default();
            bail!("alert {alert_id} is closed{how} already: `trailduck alerts reopen {alert_id}` first")
        }
        step => Ok(status != step.status()),
    }
}
