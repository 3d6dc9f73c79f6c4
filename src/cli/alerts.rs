use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use chrono::{DateTime, SubsecRound, Utc};
use clap::{Args, Subcommand, ValueEnum};

use super::page::{Layout, Pages, Part};
use super::print::{PrintArgs, note};
use super::time::Between;
use super::{Context, exceptions, exit};
use crate::alerts::{self, Found, Imported, Step, Verdict};
use crate::catalog::{CATALOG, Severity, quote};
use crate::exceptions::check_text;
use crate::output::{Format, visible};
use crate::source::{self, Source};
use crate::store::Mode;

/// List the alerts that were raised, and say what became of them
///
/// `trailduck watch` raises an alert once for each rule and event, and keeps it; what the rules match at present, raised or
/// not, `trailduck detect` shows. --since and --until are about when alerts were raised (first_seen), which may be long
/// after the event. Each line of --format ndjson is the object that is also told by --exec, --webhook and on standard
/// output; `trailduck query alert_list --help` explains it.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  trailduck alerts
  trailduck alerts --status open --since 24h
  trailduck alerts --severity medium --principal '*:assumed-role/ops-admin/*' --format csv
  trailduck alerts --suppressed                            what exceptions kept from being told
  trailduck alerts show aa379329
  trailduck alerts ack aa379329 --note 'asking the owner of the key'
  trailduck alerts close aa379329 --as benign --note 'CHG-1042'
  trailduck query alert_waiting                            what is yet to be told, and why"
)]
pub struct Alerts {
    #[command(subcommand)]
    command: Option<Command>,

    /// Only those of this status
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATUS,...")]
    status: Vec<Status>,

    /// Only those of this rule
    #[arg(long)]
    rule: Option<String>,

    /// Only those of this severity or above
    #[arg(long, value_enum)]
    severity: Option<Severity>,

    #[command(flatten)]
    between: Between,

    /// Only those of this principal, by ARN; * stands for anything
    #[arg(long, value_name = "PATTERN")]
    principal: Option<String>,

    /// Only those of this account, which received the call; * stands for anything
    #[arg(long, value_name = "PATTERN")]
    account: Option<String>,

    /// Those that an exception suppressed, instead of the others
    #[arg(long)]
    suppressed: bool,

    /// Wait until no other program has the store open, instead of failing
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    print: PrintArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    Open,
    Acknowledged,
    Closed,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Ack(Ack),
    Close(Close),
    Reopen(Reopen),
    Import(Import),
}

/// Show one alert: what it is about, its history, by what it was told
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck alerts show aa379329-278a-8b95-a0de-2a8a8ffe2c08
  trailduck alerts show a1e27003                 the id of the event will do, and eight characters
  trailduck alerts show aa379329 --format json | jq .history")]
struct Show {
    /// The id of the alert or of its event, or how one of them begins
    id: String,

    /// Wait until no other program has the store open, instead of failing
    #[arg(long)]
    wait: bool,

    /// How the page is written; csv has a line for each value
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Acknowledge alerts: someone looks at them
///
/// All of them or, where one is closed or not there, none. One that is acknowledged stays so; a note is added all the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck alerts ack aa379329
  trailduck alerts ack a1e27003 a1e27002 --note 'asking the owner of the key' --author alice")]
struct Ack {
    #[command(flatten)]
    change: Change,
}

/// Close alerts
///
/// All of them or, where one is closed in another way or not there, none. One that is closed so stays so; a note is added
/// all the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck alerts close aa379329 --as benign --note 'CHG-1042'
  trailduck alerts close a1e27003 a1e27002 --as true-positive --note 'key disabled'
  trailduck alerts --principal '*/session-1791253040' --format ndjson | jq -r .alert_id \\
      | xargs trailduck alerts close --as benign")]
struct Close {
    /// What they turned out to be
    #[arg(long = "as", value_enum, value_name = "VERDICT")]
    verdict: Option<Verdict>,

    #[command(flatten)]
    change: Change,
}

/// Open alerts again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck alerts reopen aa379329 --note 'it was not the scanner'")]
struct Reopen {
    #[command(flatten)]
    change: Change,
}

// What every change has. (No doc comment: see PrintArgs.)
#[derive(Debug, Args)]
struct Change {
    /// Ids of alerts or of their events, or how they begin
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    /// Why
    #[arg(long, value_name = "TEXT", value_parser = check_text)]
    note: Option<String>,

    /// Who says so [default: the user who runs this]
    #[arg(long, value_name = "NAME", value_parser = check_text)]
    author: Option<String>,

    /// Wait until no other program has the store open, instead of failing
    #[arg(long)]
    wait: bool,
}

/// Import alerts that were raised elsewhere: on a cluster, or in another store
///
/// NDJSON as `trailduck alerts --format ndjson` writes it, or Parquet with the same columns; of these rule, event_id,
/// event_time, severity and risk_score are needed. An alert whose rule and event are known is the same alert, and stays as
/// it is. An alert of which the event is not in this store is kept all the same. All of a file is imported, or nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck alerts import alerts.ndjson
  trailduck alerts import 'alerts/*.parquet'")]
struct Import {
    /// Files, folders or patterns; .parquet is Parquet, all else NDJSON
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,

    /// Wait until no other program has the store open, instead of failing
    #[arg(long)]
    wait: bool,

    /// How the summary is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl Alerts {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self.command {
            None => self.list(context),
            Some(Command::Show(command)) => command.run(context),
            Some(Command::Ack(command)) => command.change.run(context, Step::Acknowledge),
            Some(Command::Close(command)) => command.change.run(context, Step::Close(command.verdict)),
            Some(Command::Reopen(command)) => command.change.run(context, Step::Reopen),
            Some(Command::Import(command)) => command.run(context),
        }
    }

    fn list(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open_when_free(Mode::Read, self.wait)?;
        let wanted = self.condition();
        let suppressed = if self.suppressed { "IS NOT NULL" } else { "IS NULL" };
        let sql = format!("FROM alert_list() WHERE {wanted} AND exception {suppressed}");
        let mut display = display("alert_list").to_vec();
        if self.suppressed {
            display.insert(0, "exception".to_owned());
        }
        let rows = context.printer.print(&store, &sql, &self.print, &display)?;
        if self.print.format == Format::Table {
            if rows == 0 && self.print.limit != Some(0) {
                note(match store.count("FROM alerts")? {
                    0 => "no alerts: `trailduck watch` raises them; what the rules match, `trailduck detect` shows",
                    _ => "no alerts",
                });
            }
            if !self.suppressed {
                match store.count(&format!("FROM alert_list() WHERE {wanted} AND exception IS NOT NULL"))? {
                    0 => {}
                    count => note(&format!("{count} suppressed by exceptions: --suppressed shows them")),
                }
            }
        }
        Ok(exit::DONE)
    }

    /// What was asked for, as a condition on rows of alert_list.
    fn condition(&self) -> String {
        let matches = |column: &str, pattern: &String| {
            format!("coalesce({column}, '') LIKE glob_to_like({}) ESCAPE '!'", quote(pattern))
        };
        let mut conditions = vec![self.between.condition("first_seen")];
        if !self.status.is_empty() {
            let names = self.status.iter().filter_map(|status| status.to_possible_value());
            let names: Vec<_> = names.map(|name| quote(name.get_name())).collect();
            conditions.push(format!("status IN ({})", names.join(", ")));
        }
        conditions.extend(self.rule.iter().map(|rule| format!("rule = {}", quote(rule))));
        if let Some(least) = self.severity {
            let severities = Severity::value_variants().iter().filter(|severity| **severity >= least);
            let names: Vec<_> = severities.map(|severity| quote(severity.name())).collect();
            conditions.push(format!("severity IN ({})", names.join(", ")));
        }
        conditions.extend(self.principal.iter().map(|pattern| matches("principal", pattern)));
        conditions.extend(self.account.iter().map(|pattern| matches("account_id", pattern)));
        conditions.join(" AND ")
    }
}

impl Show {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open_when_free(Mode::Read, self.wait)?;
        let Found { alert_id, event_id, .. } = alerts::find(&store, &self.id)?;
        let (id, event) = (quote(&alert_id), quote(&event_id));
        let next = if store.count(&format!("FROM events WHERE event_id = {event}"))? > 0 {
            let command = format!("trailduck{} triage {event_id}", context.db_argument());
            format!("SELECT {} AS command, 'investigate it' AS step", quote(&command))
        } else {
            "SELECT NULL AS command, 'its event is not in this store: load the log it is in to investigate it' AS step"
                .to_owned()
        };
        // what people read without, or know
        let hidden = ["format", "version", "principal_name", "triage"];
        let columns = CATALOG.query("alert_list").map(|query| query.columns.keys().cloned()).into_iter().flatten();
        let columns: Vec<_> = columns.filter(|column| !hidden.contains(&column.as_str())).collect();
        let part =
            |key, title: &str, sql, layout, empty| Part { key, title: title.to_owned(), sql, layout, empty, all: None };
        let parts = [
            part("alert", "Alert", format!("FROM alert_list() WHERE alert_id = {id}"), Layout::Fields(&columns), ""),
            part(
                "history",
                "History",
                format!("FROM alert_changes(alert := {id})"),
                Layout::Table(display("alert_changes")),
                "",
            ),
            part(
                "deliveries",
                "Deliveries",
                format!(
                    "SELECT * EXCLUDE (alert_id) FROM alert_deliveries WHERE alert_id = {id} ORDER BY queued_at, channel"
                ),
                Layout::Table(&[]),
                "none: it was to be told to nobody",
            ),
            part("next", "Next", next, Layout::Steps, ""),
        ];
        let mut pages = Pages::new(&context.printer, self.format, false);
        let mut to = io::stdout().lock();
        pages.write(&store, &parts, &[("alert_id", alert_id)], &mut to)?;
        pages.end(&mut to)?;
        Ok(exit::DONE)
    }
}

impl Change {
    fn run(self, context: &Context, step: Step) -> anyhow::Result<u8> {
        let author = self.author.map_or_else(exceptions::user, Ok)?;
        let store = context.open_when_free(Mode::Write, self.wait)?;
        let changed = alerts::change(&store, &self.ids, step, &author, self.note.as_deref(), now())?;
        let mut to = io::stdout().lock();
        for (Found { alert_id, rule, principal, .. }, changed) in changed {
            let what = format!(
                "{alert_id} ({})",
                [Some(rule), principal].into_iter().flatten().collect::<Vec<_>>().join(", ")
            );
            let said = match (changed, step, &self.note) {
                (true, Step::Reopen, _) => format!("reopened {what}"),
                (true, step, _) => format!("{} {what}", step.status()),
                (false, step, Some(_)) => format!("{what} is {} already: added the note", step.status()),
                (false, step, None) => format!("{what} is {} already", step.status()),
            };
            writeln!(to, "{}", visible(&said))?;
        }
        to.flush()?;
        Ok(exit::DONE)
    }
}

impl Import {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let mut found = source::find(&self.paths)?;
        if let Some((_, reason)) = found.unreadable.first() {
            bail!("{reason}");
        }
        // alerts are worth having before anything was loaded
        let store = context.open_when_free(Mode::Create, self.wait)?;
        let mut sum = Imported::default();
        found.sources.retain(|source| !is_beside(source));
        for source in &found.sources {
            let path = match source {
                Source::Stdin => Path::new("-"),
                Source::File { path, .. } => path,
            };
            let Imported { alerts, new } = alerts::import(&store, path, now())?;
            sum.alerts += alerts;
            sum.new += new;
        }
        let (files, Imported { alerts, new }) = (found.sources.len(), sum);
        let known = alerts - new;
        let mut to = io::stdout().lock();
        match self.format {
            Format::Table => writeln!(to, "{files} files, {alerts} alerts: {new} new, {known} known")?,
            format => {
                let row = format!("SELECT {files} AS files, {alerts} AS alerts, {new} AS new, {known} AS known");
                context.printer.print_to(&mut to, &store, &row, &PrintArgs::all(format), &[])?;
            }
        }
        to.flush()?;
        Ok(exit::DONE)
    }
}

/// Whether a file in a folder is one of the marks and checksums that Spark puts beside what it writes.
fn is_beside(source: &Source) -> bool {
    let Source::File { path, named: false } = source else { return false };
    path.file_name().is_some_and(|name| matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_')))
}

/// This second.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

/// Columns of a query that people are shown.
fn display(query: &str) -> &'static [String] {
    CATALOG.query(query).map_or(&[], |query| &query.display)
}
