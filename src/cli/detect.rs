use clap::Args;
use clap::builder::PossibleValuesParser;

use super::print::{PrintArgs, note};
use super::time::Between;
use super::{Context, exit};
use crate::catalog::{CATALOG, Detection, Severity, one_line, quote};
use crate::output::Format;
use crate::store::{Cell, Mode, Store};

/// Run the detections and print alerts, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck detect
  trailduck detect --since 24h --fail-on low     exit code 3 when there is an alert
  trailduck detect deprecated_ami_queries_any_owner --format json
  trailduck detect --list")]
pub struct Detect {
    /// Rules to run; those that are enabled unless told
    #[arg(value_name = "RULE", value_parser = PossibleValuesParser::new(CATALOG.detections.iter().map(|rule| rule.name.as_str())))]
    rules: Vec<String>,

    #[command(flatten)]
    between: Between,

    /// Exit with code 3 when there is an alert of this severity or above
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<Severity>,

    /// List the rules instead
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    print: PrintArgs,
}

impl Detect {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let rules = select(&self.rules);
        if self.list {
            context.printer.print(&Store::in_memory()?, &list(), &self.print, &[])?;
            return Ok(exit::DONE);
        }
        let store = context.open(Mode::Read)?;
        let alerts = alerts(&rules, &self.between);
        let rows = context.printer.print(&store, &alerts, &self.print, &rules[0].display)?;
        if rows == 0 && self.print.limit != Some(0) && self.print.format == Format::Table {
            note("no alerts");
        }
        let Some(threshold) = self.fail_on else { return Ok(exit::DONE) };
        let severe: Vec<_> = rules.into_iter().filter(|rule| rule.severity >= threshold).collect();
        if severe.is_empty() {
            return Ok(exit::DONE);
        }
        let count = format!("SELECT count(*) FROM ({})", self::alerts(&severe, &self.between));
        let (_, counted) = store.collect(&count)?;
        let none = counted == [[Cell::Integer(0)]];
        Ok(if none { exit::DONE } else { exit::FINDINGS })
    }
}

/// The rules of these names, or all that are enabled.
fn select(names: &[String]) -> Vec<&'static Detection> {
    if names.is_empty() {
        return CATALOG.detections.iter().filter(|rule| rule.enabled).collect();
    }
    CATALOG.detections.iter().filter(|rule| names.contains(&rule.name)).collect()
}

/// All alerts of some rules, newest first.
pub fn alerts(rules: &[&Detection], between: &Between) -> String {
    let of = |rule: &&Detection| format!("SELECT * FROM {} WHERE {}", rule.name, between.condition("event_time"));
    let alerts: Vec<_> = rules.iter().map(of).collect();
    format!("{} ORDER BY event_time DESC, event_id", alerts.join(" UNION ALL BY NAME "))
}

/// The rules themselves, as rows.
fn list() -> String {
    let row = |rule: &Detection| {
        let texts = [
            &rule.name,
            rule.severity.name(),
            &rule.title,
            &rule.tactic,
            &rule.technique,
            &rule.schedule,
            &rule.lookback,
        ];
        let texts = texts.map(quote).join(", ");
        let description = quote(&one_line(&rule.description));
        format!("({texts}, {}, {}, {description})", rule.risk_score, rule.enabled)
    };
    let rows: Vec<_> = CATALOG.detections.iter().map(row).collect();
    format!(
        "FROM (VALUES {}) AS t(rule, severity, title, tactic, technique, schedule, lookback, risk_score, enabled, description)",
        rows.join(", ")
    )
}
