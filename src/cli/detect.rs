use clap::Args;
use clap::builder::PossibleValuesParser;

use super::print::{PrintArgs, note};
use super::time::Between;
use super::{Context, exit};
use crate::catalog::{CATALOG, Detection, Severity};
use crate::output::Format;
use crate::store::{Mode, Store};

/// Run the detections and print alerts, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck detect
  trailduck detect --since 24h --fail-on low     exit code 3 when there is an alert
  trailduck detect deprecated_ami_queries_any_owner --format json
  trailduck detect --include-suppressed          what `trailduck exceptions` hides too
  trailduck detect --list")]
pub struct Detect {
    /// Rules to run; those that are enabled unless told
    #[arg(value_name = "RULE", value_parser = PossibleValuesParser::new(CATALOG.detections.iter().map(|rule| rule.name.as_str())))]
    rules: Vec<String>,

    #[command(flatten)]
    between: Between,

    /// Show the alerts that exceptions suppress too, each with its exception
    #[arg(long)]
    include_suppressed: bool,

    /// Exit with code 3 when there is an alert of this severity or above that is not suppressed
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
        self.between.check()?;
        let rules = select(&self.rules);
        if self.list {
            context.printer.print(&Store::in_memory()?, &CATALOG.select_rules(), &self.print, &[])?;
            return Ok(exit::DONE);
        }
        let store = context.open(Mode::Read)?;
        let mut display = rules[0].display.clone();
        let rows = if self.include_suppressed {
            display.push("suppressed_by".to_owned());
            with_suppressed(&rules, &self.between)
        } else {
            alerts(&rules, &self.between)
        };
        let rows = context.printer.print(&store, &rows, &self.print, &display)?;
        if self.print.format == Format::Table {
            if rows == 0 && self.print.limit != Some(0) {
                note("no alerts");
            }
            if !self.include_suppressed {
                match suppressed(&store, &rules, &self.between)? {
                    0 => {}
                    count => note(&format!("{count} suppressed by exceptions: --include-suppressed shows them")),
                }
            }
        }
        let Some(threshold) = self.fail_on else { return Ok(exit::DONE) };
        let severe: Vec<_> = rules.into_iter().filter(|rule| rule.severity >= threshold).collect();
        if severe.is_empty() {
            return Ok(exit::DONE);
        }
        let none = store.count(&alerts(&severe, &self.between))? == 0;
        Ok(if none { exit::DONE } else { exit::FINDINGS })
    }
}

/// The rules of these names, or all that are enabled.
fn select(names: &[String]) -> Vec<&'static Detection> {
    if names.is_empty() {
        return CATALOG.enabled_detections();
    }
    CATALOG.detections.iter().filter(|rule| names.contains(&rule.name)).collect()
}

/// All alerts of some rules, newest first.
pub fn alerts(rules: &[&Detection], between: &Between) -> String {
    newest_first(rules, "", between)
}

/// As [`alerts`], with those that exceptions suppress and a column that says which.
fn with_suppressed(rules: &[&Detection], between: &Between) -> String {
    newest_first(rules, "_with_suppressed", between)
}

fn newest_first(rules: &[&Detection], suffix: &str, between: &Between) -> String {
    let condition = between.condition("event_time");
    let of = |rule: &&Detection| format!("SELECT * FROM {}{suffix} WHERE {condition}", rule.name);
    let alerts: Vec<_> = rules.iter().map(of).collect();
    format!("{} ORDER BY event_time DESC, event_id", alerts.join(" UNION ALL BY NAME "))
}

/// How many alerts are not among [`alerts`], because exceptions suppress them.
pub fn suppressed(store: &Store, rules: &[&Detection], between: &Between) -> anyhow::Result<i64> {
    // mostly there are none, and the rules need not be asked again
    if store.count("FROM exceptions_in_force")? == 0 {
        return Ok(0);
    }
    store.count(&format!("FROM ({}) WHERE suppressed_by IS NOT NULL", with_suppressed(rules, between)))
}
