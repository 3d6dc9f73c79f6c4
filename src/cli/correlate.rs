use clap::Args;

use super::print::{PrintArgs, note};
use super::time::Between;
use super::{Context, exit};
use crate::catalog::CATALOG;
use crate::output::Format;
use crate::store::Mode;

/// Show the instances that were launched after a deprecated-AMI query
///
/// One row per query and launch, linked by the strongest of: access key, principal, role, address. --since and --until
/// bound the queries, not the launches.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck correlate
  trailduck correlate --hours 72 --format csv
  trailduck correlate --columns all")]
pub struct Correlate {
    /// How long after the query a launch still counts
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16))]
    hours: u16,

    /// Whether queries that named no owner count too
    #[arg(long)]
    any_owner: bool,

    #[command(flatten)]
    between: Between,

    #[command(flatten)]
    print: PrintArgs,
}

impl Correlate {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Read)?;
        let Self { hours, any_owner, .. } = self;
        let condition = self.between.condition("query_time");
        let sql = format!(
            "FROM launches_after_deprecated_query(hours := {hours}, any_owner := {any_owner}) WHERE {condition}"
        );
        let display = CATALOG.query("launches_after_deprecated_query").map_or(&[][..], |query| &query.display);
        let rows = context.printer.print(&store, &sql, &self.print, display)?;
        if rows == 0 && self.print.format == Format::Table {
            note("no launches followed");
        }
        Ok(exit::DONE)
    }
}
