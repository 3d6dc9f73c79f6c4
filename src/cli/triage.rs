use std::io::{self, Write};

use clap::{ArgGroup, Args};

use super::page::{Layout, Pages, Part};
use super::print::note;
use super::time::Between;
use super::{Context, detect, exit};
use crate::catalog::{CATALOG, quote};
use crate::output::Format;
use crate::store::{Mode, Store};
use crate::triage::{self, answered};

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
  trailduck triage a1e27003
  trailduck triage --latest
  trailduck triage --all --since 24h --format markdown > tickets.md
  trailduck triage --latest --format json | jq '.signals[] | select(.present)'")]
pub struct Triage {
    /// Id of the alert or of its event, or how it begins; any other event may be looked at too, by its whole id
    #[arg(value_name = "ID", value_parser = triage::id)]
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

impl Triage {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        self.between.check()?;
        let store = context.open(Mode::Read)?;
        let events = match &self.event_id {
            Some(id) => vec![triage::event(&store, id)?],
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
    triage::prepare(store, "'now'")?;
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
    Ok(triage::texts(store, &sql)?.iter().map(|id| quote(id)).collect())
}

/// The parts of an event's page.
fn parts<'a>(context: &Context, store: &Store, event: &str, format: Format) -> anyhow::Result<Vec<Part<'a>>> {
    let score = triage::investigate(store, event)?;
    let display = |query| CATALOG.query(query).map_or(&[][..], |query| &query.display);
    let mut parts = Vec::new();
    for &triage::Part { key, query, title, upright, empty } in triage::PARTS {
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
    let next = store.remember("next", &format!("FROM triage_next(event_id := {event}, program := {program})"))?;
    for &(key, title) in triage::NEXT {
        let sql = format!("SELECT position, step, command {next} WHERE kind = '{key}' ORDER BY position");
        parts.push(Part { key, title: title.to_owned(), sql, layout: Layout::Steps, empty: "", all: None });
    }
    Ok(parts)
}
