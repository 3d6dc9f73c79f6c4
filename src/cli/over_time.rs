//! Events and alerts over time, as a chart in the terminal.

use chrono::{NaiveDateTime, TimeDelta};
use clap::Args;

use super::print::Printer;
use crate::output::{Chart, ChartColumn, chart};
use crate::store::{Cell, Store};

// Arguments of commands that draw it. (No doc comment: see PrintArgs.)
#[derive(Debug, Clone, Copy, Args)]
pub struct ChartArgs {
    /// How the chart of events over time is drawn
    #[arg(long, value_enum, default_value = "blocks", value_name = "HOW")]
    pub chart: Chart,
}

impl ChartArgs {
    /// SQL for the intervals that the chart shows.
    pub fn sql(printer: &Printer) -> String {
        format!("FROM events_over_time(buckets := {})", printer.chart_columns())
    }

    /// The lines of the chart; none where there is none wanted, or nothing happened.
    pub fn lines(self, store: &Store, printer: &Printer) -> anyhow::Result<Vec<String>> {
        if self.chart == Chart::None {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT events, alerts, CAST(begin_time AS VARCHAR), CAST(end_time AS VARCHAR) FROM ({})",
            Self::sql(printer)
        );
        let (_, rows) = store.collect(&sql)?;
        let column = |row: &Vec<Cell>| match row.as_slice() {
            [Cell::Integer(events), Cell::Integer(alerts), ..] => {
                Some(ChartColumn { events: *events, alerts: *alerts })
            }
            _ => None,
        };
        let columns: Vec<_> = rows.iter().filter_map(column).collect();
        let caption = caption(&rows).unwrap_or_default();
        Ok(chart(&columns, &caption, self.chart))
    }
}

fn caption(rows: &[Vec<Cell>]) -> Option<String> {
    let moment = |cell: &Cell| match cell {
        Cell::Text(text) => NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok(),
        _ => None,
    };
    let (first, last) = (rows.first()?, rows.last()?);
    let (begin, end) = (moment(&first[2])?, moment(&last[3])?);
    let shown = |moment: NaiveDateTime| moment.format("%Y-%m-%dT%H:%MZ").to_string();
    Some(format!("{} to {}, {} a column", shown(begin), shown(end), width(moment(&first[3])? - begin)))
}

fn width(width: TimeDelta) -> String {
    let minutes = width.num_minutes();
    let (count, unit) = match minutes {
        _ if minutes % 1440 == 0 => (minutes / 1440, "day"),
        _ if minutes % 60 == 0 => (minutes / 60, "hour"),
        _ => (minutes, "minute"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_said_in_their_unit() {
        for (minutes, said) in
            [(1, "1 minute"), (30, "30 minutes"), (60, "1 hour"), (720, "12 hours"), (10080, "7 days")]
        {
            assert_eq!(width(TimeDelta::minutes(minutes)), said);
        }
    }
}
