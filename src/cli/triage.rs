use std::io::{self, Write};

use anyhow::bail;
use clap::{ArgGroup, Args};

use super::page::{Layout, Pages, Part, remembered};
use super::print::note;
use super::time::Between;
use super::{Context, detect, exit};
use crate::catalog::{CATALOG, Kind, Query, quote};
use crate::output::Format;
use crate::store::{Cell, Mode, Store};

/// Investigate an alert to its end: one page
///
/// Who made the call and how that identity came about, where it came from and with what, what was asked, what else was
/// done around it, the launches that followed, the images at risk, what speaks for and against it, and what to do next.
/// Each part is a query of its own (`trailduck query`): triage_identity, triage_source, ...
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").args(["event_id", "latest", "all"]).required(true)))]
#[command(after_help = "\
Examples:
  trailduck triage a1e27003-e65c-4408-968f-ecee9c645d75
  trailduck triage --latest
  trailduck triage --all --since 24h --format markdown > tickets.md
  trailduck triage --latest --format json | jq '.signals[] | select(.present)'")]
pub struct Triage {
    /// The alert's event_id; any other event may be looked at too
    #[arg(value_name = "EVENT_ID", value_parser = |id: &str| Kind::Uuid.literal(id))]
    event_id: Option<String>,

    /// The latest alert
    #[arg(long)]
    latest: bool,

    /// Every alert, newest first
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    between: Between,

    /// How the page is written; csv has a line for each value
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Views that several parts ask, and what of them is asked. The large columns of launches are not.
const VIEWS: &[(&str, &str)] = &[
    ("ami_queries", "*"),
    ("rule_matches", "*"),
    ("ami_launches", "* REPLACE (NULL AS request_parameters, NULL AS response_elements)"),
    ("role_sessions", "*"),
    ("clients", "*"),
    ("image_launches", "*"),
    ("instances", "*"),
    ("ami_inventory", "*"),
];

/// A part of the page: its name for programs, the query it shows, its title, whether its one row is shown field by field,
/// and what is said if there is none.
type Shown = (&'static str, &'static str, &'static str, bool, &'static str);

/// The parts in the order of the rule's guide; what it all adds up to comes first.
const PARTS: &[Shown] = &[
    ("alert", "triage_alert", "Alert", true, ""),
    ("identity", "triage_identity", "Who", true, ""),
    (
        "session_chain",
        "session_chain",
        "Who: how the session came about",
        false,
        "no call in the logs handed out its credentials",
    ),
    ("baseline", "triage_baseline", "Who: what this user or role normally does", false, ""),
    ("source", "triage_source", "From where, with what", true, ""),
    (
        "source_users",
        "triage_source_users",
        "From where: who else used the address",
        false,
        "an AWS service's: not looked at",
    ),
    (
        "travel",
        "triage_travel",
        "From where: from place to place within a day",
        false,
        "from one place, as far as is known",
    ),
    ("request", "triage_request", "What was asked", true, "the event is no DescribeImages call to EC2"),
    (
        "similar_queries",
        "triage_similar_queries",
        "What was asked: who asks for deprecated images in the account",
        false,
        "no one",
    ),
    ("activity", "triage_activity", "What else: an hour to either side", false, "nothing"),
    ("launches", "triage_launches", "What followed: launches within 24 hours", false, "none"),
    ("images", "triage_images", "Risk: images asked for or launched", false, "none was named, and none launched"),
    (
        "instances",
        "triage_instances",
        "Risk: instances launched, by the caller since the day before too",
        false,
        "none",
    ),
];

impl Triage {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Read)?;
        let events = match &self.event_id {
            Some(event) => vec![event.clone()],
            None => alerts(&store, &self.between, if self.latest { "LIMIT 1" } else { "" })?,
        };
        if events.is_empty() && self.format == Format::Table {
            let rules = CATALOG.enabled_detections();
            note(&match detect::suppressed(&store, &rules, &self.between)? {
                0 => "no alerts".to_owned(),
                count => format!(
                    "no alerts; {count} suppressed by exceptions: `trailduck detect --include-suppressed` shows them"
                ),
            });
        }
        let mut to = io::stdout().lock();
        pages(context, &store, &events, self.format, self.all, &mut to)?;
        Ok(exit::DONE)
    }
}

/// Writes a page for each event. What is asked several times is kept in temporary tables, which hide the views of their
/// names as long as the connection is there.
pub fn pages(
    context: &Context,
    store: &Store,
    events: &[String],
    format: Format,
    several: bool,
    to: &mut dyn Write,
) -> anyhow::Result<()> {
    for (view, columns) in VIEWS {
        store.connection.execute_batch(&format!("CREATE TEMP TABLE {view} AS SELECT {columns} FROM {view}"))?;
    }
    let mut pages = Pages::new(&context.printer, format, several);
    for event in events {
        let parts = parts(context, store, event, format)?;
        let id = event.trim_matches('\'').to_owned();
        pages.write(store, &parts, &[("alert_event_id", id)], to)?;
    }
    pages.end(to)
}

/// The event of the latest alert, if there is one.
pub fn latest(store: &Store) -> anyhow::Result<Vec<String>> {
    alerts(store, &Between::default(), "LIMIT 1")
}

/// Events of alerts, newest first, as SQL literals.
fn alerts(store: &Store, between: &Between, limit: &str) -> anyhow::Result<Vec<String>> {
    let rules = CATALOG.enabled_detections();
    // an event that two rules match is looked at once
    let sql = format!(
        "SELECT event_id FROM ({}) GROUP BY event_id ORDER BY max(event_time) DESC, event_id {limit}",
        detect::alerts(&rules, between)
    );
    let (_, rows) = store.collect(&sql)?;
    let id = |row: Vec<Cell>| match row.into_iter().next() {
        Some(Cell::Text(id)) => Some(quote(&id)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(id).collect())
}

/// The parts of an event's page.
fn parts<'a>(context: &Context, store: &Store, event: &str, format: Format) -> anyhow::Result<Vec<Part<'a>>> {
    let (_, found) = store.collect(&format!("SELECT event_id FROM events WHERE event_id = {event}"))?;
    if found.is_empty() {
        bail!("no event {event} in {}: `trailduck detect` lists the alerts", store.path().display());
    }
    let shown = PARTS.iter().map(|part| part.1).chain(["related_calls", "triage_signals"]).collect::<Vec<_>>();
    // each is answered before another asks it
    let queries = CATALOG.queries_by_need().into_iter().filter(|query| shown.contains(&query.name.as_str()));
    let queries: Vec<_> = queries.collect();
    for query in &queries {
        store.connection.execute_batch(&format!("DROP MACRO TABLE IF EXISTS temp.{}", query.name))?;
    }
    for query in &queries {
        answer(store, query, event)?;
    }
    let display = |query| CATALOG.query(query).map_or(&[][..], |query| &query.display);
    let (_, score) = store.collect("SELECT sum(score)::BIGINT FROM triage_signals_answer")?;
    let score = match score.first().map(Vec::as_slice) {
        Some([Cell::Integer(score)]) => *score,
        _ => 0,
    };
    let mut parts = Vec::new();
    for &(key, query, title, upright, empty) in PARTS {
        let layout = if upright { Layout::Fields(display(query)) } else { Layout::Table(display(query)) };
        let all =
            Some(format!("trailduck{} query {query} --event_id {}", context.db_argument(), event.trim_matches('\'')));
        parts.push(Part { key, title: title.to_owned(), sql: answered(query), layout, empty, all });
    }
    parts[0].sql = format!(
        "SELECT *, {score} AS score,
            (SELECT list(signal ORDER BY score DESC, signal) FROM triage_signals_answer WHERE present) AS signals
        FROM triage_alert_answer"
    );
    if store.count("FROM triage_alert_answer WHERE rules IS NOT NULL")? == 0 {
        parts[0].title = "No alert: no rule matches this event".to_owned();
    }
    // people read of what is there, programs of what is not there too
    let present = if matches!(format, Format::Table | Format::Markdown) { "WHERE present" } else { "" };
    parts.push(Part {
        key: "signals",
        title: format!("Signals: a score of {score}"),
        sql: format!("{} {present}", answered("triage_signals")),
        layout: Layout::Table(display("triage_signals")),
        empty: "none",
        all: None,
    });
    let program = quote(&format!("trailduck{}", context.db_argument()));
    let next = remembered(store, "next", &format!("FROM triage_next(event_id := {event}, program := {program})"))?;
    for (key, title) in
        [("look", "Next: look further"), ("respond", "Next: respond"), ("except", "Next: or make an exception")]
    {
        let sql = format!("SELECT position, step, command {next} WHERE kind = '{key}' ORDER BY position");
        parts.push(Part { key, title: title.to_owned(), sql, layout: Layout::Steps, empty: "", all: None });
    }
    Ok(parts)
}

/// Answers a query for an event. Whoever asks it from then on, another query too, gets the answer: a temporary macro hides
/// the query of its name.
fn answer(store: &Store, query: &Query, event: &str) -> anyhow::Result<()> {
    let name = &query.name;
    let answer = remembered(store, &format!("{name}_answer"), &format!("FROM {name}(event_id := {event})"))?;
    store.connection.execute_batch(&format!("CREATE TEMP MACRO {name}({}) AS TABLE {answer}", query.signature()))?;
    Ok(())
}

fn answered(query: &str) -> String {
    format!("FROM {query}_answer")
}
