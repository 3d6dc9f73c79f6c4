//! An investigation: the queries of triage, all answered for one event.

use std::collections::BTreeSet;

use anyhow::bail;

use crate::alerts;
use crate::catalog::{CATALOG, Kind, Query, quote};
use crate::store::{Cell, Store};

/// Views that several parts ask, and what of them is asked. The large columns of launches are not.
const VIEWS: &[(&str, &str)] = &[
    ("ami_queries", "*"),
    ("all_rule_matches", "*"),
    ("ami_launches", "* REPLACE (NULL AS request_parameters, NULL AS response_elements)"),
    ("role_sessions", "*"),
    ("clients", "*"),
    ("image_launches", "*"),
    ("instances", "*"),
];

/// A query that an investigation shows the answer of.
pub struct Part {
    /// Its name for programs.
    pub key: &'static str,
    pub query: &'static str,
    /// Its title for people.
    pub title: &'static str,
    /// Whether its one row is shown field by field.
    pub upright: bool,
    /// What people read where there are no rows.
    pub empty: &'static str,
}

const fn part(key: &'static str, query: &'static str, title: &'static str, upright: bool, empty: &'static str) -> Part {
    Part { key, query, title, upright, empty }
}

/// The parts in the order of the rule's guide; what it all adds up to, triage_signals, comes after them.
pub const PARTS: &[Part] = &[
    part("alert", "triage_alert", "Alert", true, ""),
    part("identity", "triage_identity", "Who", true, ""),
    part(
        "session_chain",
        "session_chain",
        "Who: how the session came about",
        false,
        "no call in the logs handed out its credentials",
    ),
    part("baseline", "triage_baseline", "Who: what this user or role normally does", false, ""),
    part("source", "triage_source", "From where, with what", true, ""),
    part(
        "source_users",
        "triage_source_users",
        "From where: who else used the address",
        false,
        "an AWS service's: not looked at",
    ),
    part(
        "travel",
        "triage_travel",
        "From where: from place to place within a day",
        false,
        "from one place, as far as is known",
    ),
    part("request", "triage_request", "What was asked", true, "the event is no DescribeImages call to EC2"),
    part(
        "similar_queries",
        "triage_similar_queries",
        "What was asked: who asks for deprecated images in the account",
        false,
        "no one",
    ),
    part("activity", "triage_activity", "What else: an hour to either side", false, "nothing"),
    part("launches", "triage_launches", "What followed: launches within 24 hours", false, "none"),
    part("images", "triage_images", "Risk: images asked for or launched", false, "none was named, and none launched"),
    part(
        "instances",
        "triage_instances",
        "Risk: instances launched, by the caller since the day before too",
        false,
        "none",
    ),
];

/// The commands that follow from it, by their kind in triage_next.
pub const NEXT: &[(&str, &str)] =
    &[("look", "Next: look further"), ("respond", "Next: respond"), ("except", "Next: or make an exception")];

/// Reads what all investigations ask once, as long as the store is open. Images are judged at a moment (a SQL literal).
pub fn prepare(store: &Store, moment: &str) -> anyhow::Result<()> {
    for (view, columns) in VIEWS {
        // hides the view of this name
        store.remember(view, &format!("SELECT {columns} FROM {view}"))?;
    }
    answer(store, &["ami_inventory_at"], |_| format!("moment := {moment}"))
}

/// Takes what may be the id of an event or an alert, or its beginning.
pub fn id(text: &str) -> Result<String, String> {
    Kind::Uuid.value(text.trim()).or_else(|error| alerts::id_begin(text).ok_or(error))
}

/// The event (a SQL literal) that is meant by its [id] or by that of its alert, or by the first characters of either.
///
/// # Errors
/// Where there is none, several begin so, or the event of the alert was not loaded.
pub fn event(store: &Store, id: &str) -> anyhow::Result<String> {
    let is_loaded =
        |event: &str| Ok::<_, anyhow::Error>(store.count(&format!("FROM events WHERE event_id = {event}"))? > 0);
    if let Ok(event) = Kind::Uuid.literal(id)
        && is_loaded(&event)?
    {
        return Ok(event);
    }
    let mut meant: BTreeSet<_> = alerts::beginning(store, id)?.into_iter().map(|alert| alert.event_id).collect();
    if meant.is_empty() {
        let matched =
            format!("SELECT event_id FROM all_rule_matches WHERE starts_with(event_id::VARCHAR, {})", quote(id));
        meant.extend(texts(store, &matched)?);
    }
    let path = store.path().display();
    let event = match meant.len() {
        1 => meant.iter().map(|event| quote(event)).collect::<String>(),
        0 => bail!("no event or alert {id} in {path}: `trailduck detect` and `trailduck alerts` list them"),
        several => {
            let list: Vec<_> = meant.into_iter().collect();
            bail!("{several} events are meant by {id}: say which\n  {}", list.join("\n  "))
        }
    };
    if is_loaded(&event)? {
        return Ok(event);
    }
    let narrow = texts(
        store,
        &format!(
            "SELECT concat_ws(' ', '--account ' || account_id, '--region ' || aws_region,
                strftime(event_time, '--since %Y-%m-%dT%H:%M:%SZ --until %Y-%m-%dT%H:%M:%SZ'))
            FROM alerts WHERE event_id = {event} LIMIT 1"
        ),
    )?;
    bail!(
        "the event of this alert, {event}, is not in {path}: load the log that it is in first, `trailduck load PATH {}`",
        narrow.concat()
    )
}

/// The texts of a query's first column.
pub fn texts(store: &Store, sql: &str) -> anyhow::Result<Vec<String>> {
    let (_, rows) = store.collect(sql)?;
    let text = |row: Vec<Cell>| match row.into_iter().next() {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(text).collect())
}

/// Answers all queries of an investigation for an event (a SQL literal). Returns its score.
pub fn investigate(store: &Store, event: &str) -> anyhow::Result<i64> {
    let shown: Vec<_> = PARTS.iter().map(|part| part.query).chain(["related_calls", "triage_signals"]).collect();
    answer(store, &shown, |_| format!("event_id := {event}"))?;
    let (_, score) = store.collect("SELECT sum(score)::BIGINT FROM triage_signals_answer")?;
    Ok(match score.first().map(Vec::as_slice) {
        Some([Cell::Integer(score)]) => *score,
        _ => 0,
    })
}

/// Answers queries, each before another asks it, which it must do with the same arguments. Whoever asks it from then on, another query too,
/// gets the answer: a temporary macro hides the query of its name.
pub fn answer(store: &Store, names: &[&str], arguments: impl Fn(&Query) -> String) -> anyhow::Result<()> {
    let queries = CATALOG.queries_by_need().into_iter().filter(|query| names.contains(&query.name.as_str()));
    let queries: Vec<_> = queries.collect();
    for query in &queries {
        store.connection.execute_batch(&format!("DROP MACRO TABLE IF EXISTS temp.{}", query.name))?;
    }
    for query in queries {
        let name = &query.name;
        let answer = store.remember(&format!("{name}_answer"), &format!("FROM {name}({})", arguments(query)))?;
        store
            .connection
            .execute_batch(&format!("CREATE TEMP MACRO {name}({}) AS TABLE {answer}", query.signature()))?;
    }
    Ok(())
}

/// The query for the answer of a query.
pub fn answered(query: &str) -> String {
    format!("FROM {query}_answer")
}
