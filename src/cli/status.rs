use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;

use super::over_time::ChartArgs;
use super::print::PrintArgs;
use super::{Context, exit};
use crate::catalog::quote;
use crate::output::Format;
use crate::store::Mode;
use crate::watch::{Health, Lock};

/// Say what the store holds, and how its watch is
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck status
  trailduck status --chart none
  trailduck status --format json")]
pub struct Status {
    #[command(flatten)]
    print: PrintArgs,

    #[command(flatten)]
    chart: ChartArgs,
}

impl Status {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Read)?;
        let size = std::fs::metadata(store.path())?.len();
        let status = format!(
            "SELECT
                {} AS store,
                {size} AS size_bytes,
                (SELECT schema_version FROM store_info) AS schema_version,
                (SELECT count(*) FROM loads) AS loads,
                (SELECT strftime(max(finished_at), '%Y-%m-%dT%H:%M:%SZ') FROM loads) AS last_load,
                (SELECT count(*) FROM files) AS files,
                (SELECT count(*) FROM rejects) AS rejects,
                count(*) AS events,
                strftime(min(event_time), '%Y-%m-%dT%H:%M:%SZ') AS first_event_time,
                strftime(max(event_time), '%Y-%m-%dT%H:%M:%SZ') AS last_event_time,
                count(DISTINCT recipient_account_id) AS accounts,
                count(DISTINCT aws_region) AS regions,
                (SELECT count(*) FROM principals) AS principals,
                (SELECT count(*) FROM sources) AS source_addresses,
                (SELECT count(*) FROM deprecated_ami_discovery) AS alerts,
                (SELECT count(*) FROM deprecated_ami_discovery_with_suppressed WHERE suppressed_by IS NOT NULL) AS suppressed_alerts,
                (SELECT count(*) FROM alerts) AS alerts_raised,
                (SELECT count(*) FROM exceptions_in_force) AS exceptions_in_force,
                (SELECT count(*) FROM ip_geo) AS located_addresses,
                (SELECT count(*) FROM amis) AS described_images,
                {}
            FROM events",
            quote(&store.path().display().to_string()),
            watch(store.path())
        );
        // one row with many columns reads better upright
        let upright =
            "FROM (UNPIVOT (SELECT columns(*)::VARCHAR FROM status) ON columns(*) INTO NAME status VALUE value)";
        let sql = match self.print.format {
            Format::Table => format!("WITH status AS ({status}) {upright}"),
            _ => status,
        };
        context.printer.print(&store, &sql, &self.print, &[])?;
        if self.print.format == Format::Table && self.print.columns.is_empty() {
            let chart = self.chart.lines(&store, &context.printer)?;
            if !chart.is_empty() {
                writeln!(io::stdout(), "\n{}\n{}", context.printer.title("Events over time"), chart.join("\n"))?;
            }
        }
        Ok(exit::DONE)
    }
}

/// Columns on the watch of a store; null where it never had one. The lag is the age of the newest event.
fn watch(store: &Path) -> String {
    let running = Lock::holder(store);
    let health = Health::read(store).or_else(|| running.map(|_| Health::default()));
    let (process_id, health, was_watched) = match health {
        Some(health) => (running, health, true),
        None => (None, Health::default(), false),
    };
    let text = |value: Option<String>| value.map_or("NULL::VARCHAR".to_owned(), |value| quote(&value));
    let number = |value: Option<u64>| value.map_or("NULL::BIGINT".to_owned(), |value| value.to_string());
    let moment = |value: Option<DateTime<Utc>>| text(value.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)));
    let watched = |value: u64| was_watched.then_some(value);
    format!(
        "{} AS watch_running,
        {} AS watch_process_id,
        {} AS watch_last_tick,
        {} AS watch_ticks,
        CASE WHEN {was_watched} THEN round(epoch(utc_now()) - epoch(max(event_time)), 1) END AS watch_lag_seconds,
        {} AS watch_files_waiting,
        CASE WHEN {was_watched} THEN (SELECT count(*) FROM alert_waiting()) END AS watch_deliveries_waiting,
        {} AS watch_failing,
        {} AS watch_last_error,
        {} AS watch_last_error_at",
        if was_watched { running.is_some().to_string() } else { "NULL::BOOLEAN".to_owned() },
        number(process_id.map(u64::from)),
        moment(health.last_tick_at),
        number(watched(health.ticks)),
        number(watched(health.files_waiting)),
        if was_watched { health.failing.to_string() } else { "NULL::BOOLEAN".to_owned() },
        text(health.last_error),
        moment(health.last_error_at),
    )
}
