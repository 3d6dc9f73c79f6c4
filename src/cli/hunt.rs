use std::io::{self, Write};

use clap::Args;

use super::load::{What, as_row, in_words};
use super::over_time::ChartArgs;
use super::page::{Layout, Pages, Part};
use super::time::Between;
use super::{Context, detect};
use crate::catalog::{CATALOG, quote};
use crate::output::Format;
use crate::store::{Cell, Store};

/// Load, detect and correlate in one go: one page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck hunt ~/aws/AWSLogs
  trailduck hunt s3://my-trail/AWSLogs/ --since 7d
  trailduck hunt --chart ascii ~/aws/AWSLogs > page.txt
  trailduck hunt --format json incident.json.gz | jq .alerts")]
pub struct Hunt {
    #[command(flatten)]
    what: What,

    /// How the page is written; csv has a line for each value
    #[arg(long, value_enum, default_value = "table")]
    format: Format,

    #[command(flatten)]
    chart: ChartArgs,
}

impl Hunt {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let (store, summary) = self.what.load(context)?;
        let rules = CATALOG.enabled_detections();
        let between = Between::default();
        let alerts = store.remember("hunt_alerts", &detect::alerts(&rules, &between))?;
        let launches = store.remember("hunt_launches", "FROM launches_after_deprecated_query()")?;
        let (alert_count, newest) = newest_alert(&store, &alerts)?;
        let suppressed = match detect::suppressed(&store, &rules, &between)? {
            0 => String::new(),
            count => format!(", and {count} suppressed by exceptions (trailduck detect --include-suppressed)"),
        };
        let launch_count = store.count(&launches)?;
        let launches_display = CATALOG.query("launches_after_deprecated_query").map_or(&[][..], |query| &query.display);
        let part = |key, title: String, sql, layout| Part { key, title, sql, layout, empty: "", all: None };
        let chart = self.chart.lines(&store, &context.printer)?;
        let next = next_steps(context, newest.as_deref());
        let mut parts = vec![
            part("load", "Loaded".into(), as_row(&summary), Layout::Table(&[])),
            part("activity", "Events over time".into(), ChartArgs::sql(&context.printer), Layout::Chart(&chart)),
            part("alerts", format!("Alerts: {alert_count}{suppressed}"), alerts, Layout::Table(&rules[0].display)),
            part(
                "launches",
                format!("Launches that followed within 24 hours: {launch_count}"),
                launches,
                Layout::Table(launches_display),
            ),
            part("next", "Next".into(), next, Layout::Steps),
        ];
        if chart.is_empty() && matches!(self.format, Format::Table | Format::Markdown) {
            parts.remove(1);
        }
        let mut to = io::stdout().lock();
        if self.format == Format::Table {
            // said in words instead
            parts.remove(0);
            writeln!(to, "{}", in_words(&store, &summary)?)?;
        }
        let mut page = Pages::new(&context.printer, self.format, false);
        page.write(&store, &parts, &[], &mut to)?;
        page.end(&mut to)?;
        Ok(self.what.exit_code(&summary))
    }
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
        steps.push((format!("trailduck{db} triage {id}"), "the newest alert, investigated to its end"));
        steps.push((format!("trailduck{db} detect --columns all --format json"), "the alerts with all they asked for"));
        steps.push((format!("trailduck{db} correlate --hours 168"), "launches up to a week later"));
        steps.push((format!("trailduck{db} amis"), "the images in use, deprecated ones first"));
    } else {
        steps.push((
            format!("trailduck{db} detect deprecated_ami_queries_any_owner"),
            "the wider rule: queries that name no owner count too",
        ));
        steps.push((format!("trailduck{db} sql 'FROM ami_queries'"), "every query for images"));
    }
    steps.push((format!("trailduck{db} query api_calls_by_principal"), "who is active in these logs"));
    steps.push((format!("trailduck{db} query"), "all companion queries"));
    let rows: Vec<_> = steps.iter().map(|(command, step)| format!("({}, {})", quote(command), quote(step))).collect();
    format!("FROM (VALUES {}) AS t(command, step)", rows.join(", "))
}
