//! Gathers a document from a store: each table is the answer of a companion query.

use anyhow::Context as _;
use chrono::NaiveDateTime;
use serde_json::Value;

use super::{Alert, Column, Document, Layout, Row, Scope, Section, Table};
use crate::catalog::{CATALOG, Query, one_line, quote};
use crate::store::{Cell, Store};
use crate::triage;

/// Rows of the tables that tell the incident.
const MANY: usize = 200;
/// Rows of the other tables.
const SOME: usize = 100;
/// Rows of the parts of an investigation.
const FEW: usize = 40;

/// What a report is to be about.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub title: Option<String>,
    pub since: Option<NaiveDateTime>,
    pub until: Option<NaiveDateTime>,
    /// Patterns, in which * stands for anything.
    pub account: Option<String>,
    pub principal: Option<String>,
    /// How many alerts are investigated.
    pub triage: usize,
}

/// The companion queries of which a report consists; report_links is what others stand on.
const QUERIES: &[&str] = &[
    "report_overview",
    "report_accounts",
    "report_gaps",
    "report_loads",
    "events_over_time",
    "report_links",
    "report_launches",
    "report_alerts",
    "report_principals",
    "report_sources",
    "report_clients",
    "report_timeline",
    "report_places",
    "report_images",
    "report_exceptions",
    "report_rejects",
];

/// Reads all that a report says.
pub fn gather(store: &Store, request: &Request) -> anyhow::Result<Document> {
    let as_of = as_of(store, request)?;
    let scope = Arguments::of(request, as_of.as_deref());
    // each is read once, however many tables and investigations look at it
    triage::prepare(store, &quote(scope.moment()))?;
    store.remember("rule_matches", "FROM rule_matches")?;
    triage::answer(store, QUERIES, |query| scope.sql(query))?;
    let overview = Rows::read(store, &triage::answered("report_overview"), 1)?;
    let overview = Overview(overview.rows.into_iter().next().unwrap_or_default());
    let sections = sections(store, request, &scope, &overview)?;
    let alerts = investigate(store, &scope, request.triage)?;
    Ok(document(request, as_of, overview, sections, alerts))
}

fn document(
    request: &Request,
    as_of: Option<String>,
    overview: Overview,
    sections: Vec<Section>,
    alerts: Vec<Alert>,
) -> Document {
    let left_out = overview.count("alerts") - alerts.len();
    Document {
        format: "trailduck-report",
        version: 2,
        generator: concat!("trailduck ", env!("CARGO_PKG_VERSION")).to_owned(),
        title: request.title.clone().unwrap_or_else(|| title(&overview.0)),
        scope: Scope {
            since: request.since.map(rfc3339),
            until: request.until.map(rfc3339),
            account_id: request.account.clone(),
            principal: request.principal.clone(),
            as_of,
        },
        overview: overview.0,
        sections,
        alerts,
        alerts_left_out: left_out,
        alerts_note: (left_out > 0).then(|| {
            format!(
                "{left_out} alerts are in the table of alerts only: those that launches followed come first, then the \
                 newest. `trailduck triage EVENT_ID` investigates one, `trailduck report --triage N` more of them."
            )
        }),
        longest_value: usize::MAX,
    }
}

/// The moment at which images and exceptions are judged: the end of the scope, else when the store last changed or its last
/// event was. (The present would make each report another.)
fn as_of(store: &Store, request: &Request) -> anyhow::Result<Option<String>> {
    if let Some(until) = request.until {
        return Ok(Some(rfc3339(until)));
    }
    let (_, rows) = store.collect(
        "SELECT max(moment) FROM (
            SELECT max(event_time) AS moment FROM events
            UNION ALL SELECT max(coalesce(finished_at, started_at)) FROM loads
            UNION ALL SELECT max(created_at) FROM exceptions
            UNION ALL SELECT max(imported_at) FROM amis
            UNION ALL SELECT max(changed_at) FROM alert_history
        )",
    )?;
    Ok(match rows.into_iter().next().and_then(|row| row.into_iter().next()) {
        Some(Cell::Text(moment)) => Some(moment),
        _ => None,
    })
}

/// What companion queries are asked with, by the names of their parameters.
struct Arguments(Vec<(&'static str, String)>);

impl Arguments {
    fn of(request: &Request, as_of: Option<&str>) -> Self {
        let given = [
            ("since", request.since.map(sql_time)),
            ("until", request.until.map(sql_time)),
            ("account", request.account.clone()),
            ("arn", request.principal.clone()),
            // where nothing was loaded, any moment does
            ("moment", Some(as_of.unwrap_or("1970-01-01T00:00:00Z").to_owned())),
        ];
        Self(given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }

    /// The same, about an event.
    fn about(&self, event_id: &str) -> Self {
        Self([("event_id", event_id.to_owned())].into_iter().chain(self.0.iter().cloned()).collect())
    }

    fn moment(&self) -> &str {
        self.0.iter().find(|(name, _)| *name == "moment").map_or("now", |(_, moment)| moment)
    }

    /// Those that a query has parameters for.
    fn given<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = &'a (&'static str, String)> {
        self.0.iter().filter(|(name, _)| query.parameters.iter().any(|parameter| parameter.name == *name))
    }

    fn sql(&self, query: &Query) -> String {
        let given = self.given(query).map(|(name, value)| format!("{name} := {}", quote(value)));
        given.collect::<Vec<_>>().join(", ")
    }

    /// The statement that gives the rows of a query.
    fn statement(&self, query: &Query) -> String {
        format!("FROM {}({})", query.name, self.sql(query))
    }

    /// The command that shows them.
    fn command(&self, query: &Query) -> String {
        let given = self.given(query).map(|(name, value)| format!(" --{name} {}", shell_quote(value)));
        format!("trailduck query {}{}", query.name, given.collect::<String>())
    }
}

/// The report in numbers.
struct Overview(Row);

impl Overview {
    fn count(&self, name: &str) -> usize {
        self.0.get(name).as_u64().unwrap_or_default() as usize
    }
}

fn title(overview: &Row) -> String {
    let day = |name| overview.get(name).as_str().and_then(|moment| moment.get(..10)).map(str::to_owned);
    match (day("first_event_time"), day("last_event_time")) {
        (Some(first), Some(last)) if first == last => format!("CloudTrail report, {first}"),
        (Some(first), Some(last)) => format!("CloudTrail report, {first} to {last}"),
        _ => "CloudTrail report".to_owned(),
    }
}

fn sections(store: &Store, request: &Request, scope: &Arguments, overview: &Overview) -> anyhow::Result<Vec<Section>> {
    let table = |key, name: &str, title: &str, most, note: Option<String>| -> anyhow::Result<Table> {
        let query = query(name)?;
        let mut table = read(store, key, query, &triage::answered(name), scope.statement(query), most)?;
        table.title = title.to_owned();
        table.note = note;
        table.all = Some(scope.command(query));
        Ok(table)
    };
    let none = |count: &str, text: &str| (overview.count(count) == 0).then(|| text.to_owned());
    let no_events = || none("events", "No event is in scope.");
    let no_alerts = || none("alerts", "No alerts.");
    let whole = |text: &str| {
        let narrowed = [request.since, request.until].iter().any(Option::is_some)
            || request.account.is_some()
            || request.principal.is_some();
        narrowed.then(|| format!("{text}, whatever the report is narrowed to."))
    };
    let coverage_note = no_events().or_else(|| {
        request.principal.as_ref().map(|_| "Of all principals: what files cover does not depend on them.".to_owned())
    });
    let gaps_note = match overview.count("hours_without_files") {
        _ if overview.count("events") == 0 => no_events(),
        0 => Some("None: each account has events in every hour of the log's span.".to_owned()),
        _ => Some(
            "Hours in which no file delivered an event of the account. An account in which nothing happened looks like \
             one whose files are missing."
                .to_owned(),
        ),
    };
    let alerts_note = match (overview.count("alerts"), overview.count("suppressed_alerts")) {
        (0, 0) => Some("No alerts.".to_owned()),
        (0, count) => Some(format!(
            "No alerts; {count} suppressed by exceptions: `trailduck detect --include-suppressed` shows them."
        )),
        (_, 0) => None,
        (_, count) => Some(format!(
            "Without {count} suppressed by exceptions: `trailduck detect --include-suppressed` shows them."
        )),
    };
    let launches_note = match (overview.count("launches") + overview.count("attempted_launches"), overview.count("alerts")) {
        (0, 0) => no_alerts(),
        (0, _) => Some("No launch followed an alert within 24 hours.".to_owned()),
        _ => Some(
            "Within 24 hours, and linked to an alert. The report's bounds are those of the alerts: launches may be later."
                .to_owned(),
        ),
    };
    let places_note = if store.count("FROM geoip_databases")? == 0 {
        Some(
            "No GeoIP database was given, so no place is known: `trailduck geoip FILE.mmdb` looks all addresses up."
                .to_owned(),
        )
    } else {
        let (known, all) = (overview.count("located_addresses"), overview.count("source_addresses"));
        no_events().or_else(|| {
            Some(format!(
                "{known} of {all} addresses are in a GeoIP database; AWS services and private addresses never are."
            ))
        })
    };
    let mut alerts = table("alerts", "report_alerts", "Alerts, newest first", MANY, alerts_note)?;
    // where none was raised, a column of nothing is left out
    if alerts.rows.iter().all(|row| row.get("status").is_null()) {
        alerts.display.retain(|name| name != "status");
    }
    let mut images = table(
        "images",
        "report_images",
        "Images in use, deprecated ones first",
        SOME,
        Some("Of all principals and times until then; what is counted is counted over all accounts.".to_owned()),
    )?;
    if images.rows.is_empty() {
        images.note = Some("No launch of an image is in the log.".to_owned());
    }
    let mut exceptions =
        table("exceptions", "report_exceptions", "Exceptions in force", SOME, whole("All exceptions"))?;
    if exceptions.rows.is_empty() {
        exceptions.note = Some("No exceptions.".to_owned());
    }
    let mut rejects = table("rejects", "report_rejects", "Rejected at loading", SOME, whole("Of all loads"))?;
    if rejects.rows.is_empty() {
        rejects.note = Some("Nothing was rejected.".to_owned());
    }
    let mut loads = table("loads", "report_loads", "Loads", SOME, whole("All loads"))?;
    if loads.rows.is_empty() {
        loads.note = Some("Nothing was loaded.".to_owned());
    }
    Ok(vec![
        Section {
            key: "coverage",
            title: "What the log covers",
            tables: vec![
                table("accounts", "report_accounts", "Accounts", SOME, coverage_note)?,
                table("gaps", "report_gaps", "Hours without files", SOME, gaps_note)?,
                loads,
            ],
        },
        Section {
            key: "activity",
            title: "Activity over time",
            tables: vec![table(
                "activity",
                "events_over_time",
                "Events, alerts and launches over time",
                SOME,
                no_events().or_else(|| Some("Launches are all that succeeded, whoever made them.".to_owned())),
            )?],
        },
        Section {
            key: "alerts",
            title: "Alerts",
            tables: vec![
                alerts,
                table("who", "report_principals", "Who raised them", SOME, no_alerts())?,
                table("from_where", "report_sources", "From where", SOME, no_alerts())?,
                table("with_what", "report_clients", "With what", SOME, no_alerts())?,
            ],
        },
        Section {
            key: "incident",
            title: "The incident",
            tables: vec![
                table("timeline", "report_timeline", "Queries and launches in time order", MANY, no_alerts())?,
                table("launches", "report_launches", "Launches that followed", MANY, launches_note)?,
            ],
        },
        Section {
            key: "geography",
            title: "Geography",
            tables: vec![table("places", "report_places", "Places that calls came from", SOME, places_note)?],
        },
        Section { key: "images", title: "Images in use", tables: vec![images] },
        Section { key: "exceptions", title: "Exceptions", tables: vec![exceptions] },
        Section { key: "rejects", title: "Rejected at loading", tables: vec![rejects] },
    ])
}

/// Investigates so many alerts: those that launches followed first, then those that attempts followed, then the newest.
fn investigate(store: &Store, scope: &Arguments, count: usize) -> anyhow::Result<Vec<Alert>> {
    let chosen = Rows::read(
        store,
        "SELECT event_id, event_time, rules, severity, principal, status, verdict, first_seen, note
        FROM report_alerts_answer
        ORDER BY launches > 0 DESC, attempts > 0 DESC, event_time DESC, event_id",
        count,
    )?;
    chosen.rows.iter().map(|row| alert(store, scope, row)).collect()
}

fn alert(store: &Store, scope: &Arguments, row: &Row) -> anyhow::Result<Alert> {
    let event_id = row.get("event_id").as_str().unwrap_or_default().to_owned();
    let score = triage::investigate(store, &quote(&event_id))?;
    let arguments = scope.about(&event_id);
    let mut parts = Vec::new();
    for part in triage::PARTS {
        let query = query(part.query)?;
        let statement = arguments.statement(query);
        let mut table = read(store, part.key, query, &triage::answered(part.query), statement, FEW)?;
        table.title = part.title.to_owned();
        if part.upright {
            table.layout = Layout::Fields;
        }
        table.note = (table.rows.is_empty() && !part.empty.is_empty()).then(|| part.empty.to_owned());
        table.all = Some(arguments.command(query));
        parts.push(table);
    }
    let signals = query("triage_signals")?;
    let present = |from: &str| format!("SELECT * {from} WHERE present");
    let answered = present(&triage::answered("triage_signals"));
    let mut table = read(store, "signals", signals, &answered, present(&arguments.statement(signals)), FEW)?;
    table.title = format!("Signals: a score of {score}");
    parts.push(table);
    let next = query("triage_next")?;
    let answered = store.remember("next", &arguments.statement(next))?;
    for &(key, title) in triage::NEXT {
        let steps =
            |from: &str| format!("SELECT position, step, command {from} WHERE kind = '{key}' ORDER BY position");
        let mut table = read(store, key, next, &steps(&answered), steps(&arguments.statement(next)), FEW)?;
        table.title = title.to_owned();
        table.layout = Layout::Steps;
        parts.push(table);
    }
    let signals = Rows::read(
        store,
        "SELECT list(signal ORDER BY score DESC, signal) AS signals FROM triage_signals_answer WHERE present",
        1,
    )?;
    let signals = signals.rows.first().map_or(Value::Null, |row| row.get("signals").clone());
    Ok(Alert {
        event_id,
        event_time: row.get("event_time").clone(),
        rules: row.get("rules").clone(),
        severity: row.get("severity").clone(),
        principal: row.get("principal").clone(),
        status: row.get("status").clone(),
        verdict: row.get("verdict").clone(),
        first_seen: row.get("first_seen").clone(),
        note: row.get("note").clone(),
        score,
        signals: if signals.is_null() { Value::Array(Vec::new()) } else { signals },
        parts,
    })
}

/// A table of at most so many rows of `sql`, which has the columns of a companion query, or some of them.
fn read(
    store: &Store,
    key: &'static str,
    query: &Query,
    sql: &str,
    statement: String,
    most: usize,
) -> anyhow::Result<Table> {
    let rows = Rows::read(store, sql, most)?;
    let column = |name: &String| Column {
        name: name.clone(),
        meaning: query.columns.get(name).and_then(|meaning| meaning.as_str()).map(one_line),
    };
    let display = if query.display.is_empty() { rows.names.clone() } else { query.display.clone() };
    Ok(Table {
        key,
        title: String::new(),
        note: None,
        layout: Layout::Table,
        columns: rows.names.iter().map(column).collect(),
        display,
        rows_left_out: rows.total - rows.rows.len(),
        rows_total: rows.total,
        rows: rows.rows,
        all: None,
        statement,
    })
}

fn query(name: &str) -> anyhow::Result<&'static Query> {
    CATALOG.query(name).with_context(|| format!("no companion query {name}"))
}

/// The first rows of a query, and how many it has.
#[derive(Default)]
struct Rows {
    most: usize,
    names: Vec<String>,
    rows: Vec<Row>,
    total: usize,
}

impl Rows {
    fn read(store: &Store, sql: &str, most: usize) -> anyhow::Result<Self> {
        let mut rows = Self { most, ..Self::default() };
        store.rows(sql, &mut rows)?;
        Ok(rows)
    }
}

impl crate::store::Rows for Rows {
    fn columns(&mut self, columns: &[crate::store::Column]) -> anyhow::Result<()> {
        self.names = columns.iter().map(|column| column.name.clone()).collect();
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        self.total += 1;
        if self.rows.len() < self.most {
            self.rows.push(Row(self.names.iter().cloned().zip(cells.into_iter().map(value)).collect()));
        }
        Ok(true)
    }
}

/// A cell as JSON, as `--format json` has it.
fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(value) => value.into(),
        Cell::Integer(value) => value.into(),
        Cell::Float(value) if value.is_finite() => value.into(),
        // JSON has no infinity
        Cell::Float(value) => value.to_string().into(),
        Cell::Number(text) | Cell::Json(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Cell::Text(text) => text.into(),
    }
}

fn rfc3339(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()
}

fn sql_time(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%d %H:%M:%S%.f").to_string()
}

/// As one word of a shell's command line.
fn shell_quote(text: &str) -> String {
    let bare = !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || "/._-+:=@%,".contains(char));
    if bare { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
