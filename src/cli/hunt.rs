use std::io::{self, Write};

use anyhow::bail;
use clap::Args;

use super::load::{What, as_row, in_words};
use super::print::PrintArgs;
use super::time::Between;
use super::{Context, Usage, detect};
use crate::catalog::{CATALOG, Detection};
use crate::output::Format;
use crate::store::{Cell, Store};

/// Load, detect and correlate in one go: one page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck hunt ~/aws/AWSLogs
  trailduck hunt --format json incident.json.gz | jq .alerts")]
pub struct Hunt {
    #[command(flatten)]
    what: What,

    /// How the page is written; csv has no place for several tables
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// A part of the page.
struct Part<'a> {
    key: &'static str,
    title: String,
    sql: String,
    display: &'a [String],
}

impl Hunt {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        if self.format == Format::Csv {
            bail!(Usage(
                "a page of several tables is no CSV: use `trailduck detect --format csv` and `trailduck correlate --format csv`"
            ));
        }
        let (store, summary) = self.what.load(context)?;
        let rules: Vec<&Detection> = CATALOG.detections.iter().filter(|rule| rule.enabled).collect();
        let between = Between::default();
        // asked once, however often they are looked at
        let alerts = remembered(&store, "hunt_alerts", &detect::alerts(&rules, &between))?;
        let launches = remembered(&store, "hunt_launches", "FROM launches_after_deprecated_query()")?;
        let (alert_count, newest) = newest_alert(&store, &alerts)?;
        let launch_count = count(&store, &launches)?;
        let parts = [
            Part { key: "load", title: "Loaded".into(), sql: as_row(&summary), display: &[] },
            Part { key: "alerts", title: format!("Alerts: {alert_count}"), sql: alerts, display: &rules[0].display },
            Part {
                key: "launches",
                title: format!("Launches that followed within 24 hours: {launch_count}"),
                sql: launches,
                display: CATALOG.query("launches_after_deprecated_query").map_or(&[], |query| &query.display),
            },
            Part { key: "next", title: "Next".into(), sql: next_steps(context, newest.as_deref()), display: &[] },
        ];
        let mut to = io::stdout().lock();
        match self.format {
            Format::Table => self.page(context, &store, &in_words(&store, &summary)?, &parts, &mut to)?,
            Format::Markdown => self.markdown(context, &store, &parts, &mut to)?,
            Format::Ndjson => self.lines(context, &store, &parts, &mut to)?,
            _ => self.object(context, &store, &parts, &mut to)?,
        }
        to.flush()?;
        Ok(self.what.exit_code(&summary))
    }

    fn page(
        &self,
        context: &Context,
        store: &Store,
        loaded: &str,
        parts: &[Part],
        to: &mut dyn Write,
    ) -> anyhow::Result<()> {
        write!(to, "{loaded}")?;
        for part in &parts[1..] {
            writeln!(to, "\n{}", context.printer.title(&part.title))?;
            if part.key == "next" {
                let (_, rows) = store.collect(&part.sql)?;
                for row in rows {
                    if let [Cell::Text(command), Cell::Text(why)] = row.as_slice() {
                        writeln!(to, "  {command}\n      {why}")?;
                    }
                }
            } else if count(store, &part.sql)? > 0 {
                context.printer.print_to(to, store, &part.sql, &PrintArgs::all(Format::Table), part.display)?;
            }
        }
        Ok(())
    }

    fn markdown(&self, context: &Context, store: &Store, parts: &[Part], to: &mut dyn Write) -> anyhow::Result<()> {
        for part in parts {
            writeln!(to, "## {}\n", part.title)?;
            let args = PrintArgs { columns: part.display.to_vec(), ..PrintArgs::all(Format::Markdown) };
            context.printer.print_to(to, store, &part.sql, &args, &[])?;
            writeln!(to)?;
        }
        Ok(())
    }

    /// Each row of each part on a line, with the part it belongs to.
    fn lines(&self, context: &Context, store: &Store, parts: &[Part], to: &mut dyn Write) -> anyhow::Result<()> {
        for part in parts {
            let sql = format!("SELECT '{}' AS part, * FROM (\n{}\n)", part.key, part.sql);
            context.printer.print_to(to, store, &sql, &PrintArgs::all(Format::Ndjson), &[])?;
        }
        Ok(())
    }

    /// One object, with a list of rows for each part.
    fn object(&self, context: &Context, store: &Store, parts: &[Part], to: &mut dyn Write) -> anyhow::Result<()> {
        for (index, part) in parts.iter().enumerate() {
            write!(to, "{}\"{}\":", if index == 0 { "{" } else { "," }, part.key)?;
            context.printer.print_to(to, store, &part.sql, &PrintArgs::all(Format::Json), &[])?;
        }
        writeln!(to, "}}")?;
        Ok(())
    }
}

/// Keeps what a query returns, as long as the store is open. Returns the query for it.
fn remembered(store: &Store, table: &str, sql: &str) -> anyhow::Result<String> {
    store.connection.execute_batch(&format!("CREATE OR REPLACE TEMP TABLE {table} AS\n{sql}"))?;
    Ok(format!("FROM {table}"))
}

fn count(store: &Store, sql: &str) -> anyhow::Result<i64> {
    let (_, rows) = store.collect(&format!("SELECT count(*) FROM (\n{sql}\n)"))?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Cell::Integer(count)]) => *count,
        _ => 0,
    })
}

/// How many alerts there are, and the id of the newest.
fn newest_alert(store: &Store, alerts: &str) -> anyhow::Result<(i64, Option<String>)> {
    let (_, rows) = store.collect(&format!("SELECT count(*), arg_max(event_id, event_time) FROM (\n{alerts}\n)"))?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Cell::Integer(count), Cell::Text(id)]) => (*count, Some(id.clone())),
        _ => (0, None),
    })
}

/// Commands to run next, as rows. Nothing an attacker typed stands in them: events are named by their UUIDs.
fn next_steps(context: &Context, alert: Option<&str>) -> String {
    let db = context.db_argument();
    let mut steps = Vec::new();
    if let Some(id) = alert {
        steps.push((
            format!("trailduck{db} query activity_around --event_id {id}"),
            "what else happened around the newest alert",
        ));
        steps.push((format!("trailduck{db} detect --columns all --format json"), "the alerts with all they asked for"));
        steps.push((format!("trailduck{db} correlate --hours 168"), "launches up to a week later, query by query"));
    } else {
        steps.push((
            format!("trailduck{db} detect deprecated_ami_queries_any_owner"),
            "the wider rule: queries that name no owner count too",
        ));
        steps.push((format!("trailduck{db} sql 'FROM ami_queries'"), "every query for images"));
    }
    steps.push((format!("trailduck{db} query api_calls_by_principal"), "who is active in these logs"));
    steps.push((format!("trailduck{db} query"), "all companion queries"));
    let rows: Vec<_> = steps
        .iter()
        .map(|(command, why)| format!("({}, {})", crate::catalog::quote(command), crate::catalog::quote(why)))
        .collect();
    format!("FROM (VALUES {}) AS t(command, why)", rows.join(", "))
}
