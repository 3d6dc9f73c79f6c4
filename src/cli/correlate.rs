use chrono::NaiveDateTime;
use clap::Args;

use super::print::{PrintArgs, note};
use super::time::Between;
use super::{Context, exit};
use crate::catalog::CATALOG;
use crate::output::Format;
use crate::store::Mode;

/// Show what was launched after a deprecated-AMI query
///
/// Each call by which an image becomes an instance once, with all that links it to a query, strongest first: image,
/// access key, session chain, principal, role, address, on behalf. --since and --until bound the queries, not the
/// launches.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck correlate
  trailduck correlate --hours 72 --format csv
  trailduck correlate --pairs --columns query_time,launch_time,link,lag_seconds
  trailduck query queries_before_launch --help")]
pub struct Correlate {
    /// How long after the query a launch still counts
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16))]
    hours: u16,

    /// Whether queries that named no owner count too
    #[arg(long)]
    any_owner: bool,

    /// Show a row for each query, launch and link
    #[arg(long)]
    pairs: bool,

    #[command(flatten)]
    between: Between,

    #[command(flatten)]
    print: PrintArgs,
}

impl Correlate {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        self.between.check()?;
        let store = context.open(Mode::Read)?;
        let Self { hours, any_owner, .. } = self;
        let arguments = format!("hours := {hours}, any_owner := {any_owner}");
        let (name, sql) = if self.pairs {
            let condition = self.between.condition("query_time");
            ("launch_links", format!("FROM launch_links({arguments}) WHERE {condition}"))
        } else {
            let name = "launches_after_deprecated_query";
            let bound =
                |name, moment: NaiveDateTime| format!(", {name} := '{}'", moment.format("%Y-%m-%d %H:%M:%S%.6f"));
            let since = self.between.since.map(|moment| bound("since", moment)).unwrap_or_default();
            let until = self.between.until.map(|moment| bound("until", moment)).unwrap_or_default();
            (name, format!("FROM {name}({arguments}{since}{until})"))
        };
        let display = CATALOG.query(name).map_or(&[][..], |query| &query.display);
        let rows = context.printer.print(&store, &sql, &self.print, display)?;
        if rows == 0 && self.print.format == Format::Table {
            note("no launches followed");
        }
        Ok(exit::DONE)
    }
}
