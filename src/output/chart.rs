//! Counts over time as a chart of columns, in lines of text.

use indicatif::HumanCount;

/// What a chart is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Chart {
    /// With block characters
    Blocks,
    /// With plain characters
    Ascii,
    /// Without a chart
    None,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub events: i64,
    pub alerts: i64,
}

/// Lines that the columns are high.
const HEIGHT: usize = 5;

/// What stands before the columns, in characters.
const MARGIN: usize = 12;

/// How many columns fit a terminal of this width.
pub fn fit(width: Option<u16>) -> usize {
    width.map_or(60, |width| usize::from(width).saturating_sub(MARGIN + 2).clamp(12, 60))
}

/// The chart, line by line: events as columns, under each with alerts how many these are, and `caption`.
pub fn chart(columns: &[Column], caption: &str, chart: Chart) -> Vec<String> {
    if chart == Chart::None || columns.is_empty() {
        return Vec::new();
    }
    let blocks = chart == Chart::Blocks;
    let most = columns.iter().map(|column| column.events).max().unwrap_or(0);
    // a few columns are drawn wide
    let wide = (60 / columns.len()).clamp(1, 4);
    let (top, side, corner, line) = if blocks { ('┤', '│', '┼', '─') } else { ('|', '|', '+', '-') };
    let row = |label: &str, edge: char, cells: &mut dyn Iterator<Item = char>| {
        let cells: String = cells.flat_map(|cell| std::iter::repeat_n(cell, wide)).collect();
        format!("{label:>width$} {edge}{cells}", width = MARGIN - 2).trim_end().to_owned()
    };
    let mut lines = Vec::new();
    for level in (0..HEIGHT).rev() {
        let (label, edge) =
            if level == HEIGHT - 1 { (HumanCount(most as u64).to_string(), top) } else { (String::new(), side) };
        let cell = |column: &Column| cell(column.events, most, level, blocks);
        lines.push(row(&label, edge, &mut columns.iter().map(cell)));
    }
    lines.push(row("0", corner, &mut columns.iter().map(|_| line)));
    if columns.iter().any(|column| column.alerts > 0) {
        // a count under the beginning of its column; what has more digits than there is room is a +
        let count = |column: &Column| match column.alerts {
            0 => " ".repeat(wide),
            alerts if alerts.to_string().len() <= wide => format!("{alerts:<wide$}"),
            _ => format!("{:<wide$}", '+'),
        };
        let counts: String = columns.iter().map(count).collect();
        lines.push(format!("{:>width$}  {counts}", "alerts", width = MARGIN - 2).trim_end().to_owned());
    }
    lines.push(format!("{:MARGIN$}{caption}", ""));
    lines
}

/// What a column of so many events shows at a level.
fn cell(events: i64, most: i64, level: usize, blocks: bool) -> char {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const PLAIN: [char; 9] = [' ', '.', '.', ':', ':', ':', '#', '#', '#'];
    let high = (events as f64 / most.max(1) as f64 * (HEIGHT * 8) as f64).round() as usize;
    // what is there is seen
    let high = high.max(usize::from(events > 0));
    let eighths = high.saturating_sub(level * 8).min(8);
    if blocks { EIGHTHS[eighths] } else { PLAIN[eighths] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(counts: &[(i64, i64)]) -> Vec<Column> {
        counts.iter().map(|&(events, alerts)| Column { events, alerts }).collect()
    }

    #[test]
    fn events_are_columns_and_alerts_are_counted_below() {
        // forty columns, an eighth of a line higher each
        let counts: Vec<_> = (1..=40).map(|at| (at * 1000, [0, 0, 3, 12][at as usize % 4])).collect();
        assert_eq!(
            chart(&columns(&counts), "caption", Chart::Blocks),
            [
                "    40,000 ┤                                ▁▂▃▄▅▆▇█",
                "           │                        ▁▂▃▄▅▆▇█████████",
                "           │                ▁▂▃▄▅▆▇█████████████████",
                "           │        ▁▂▃▄▅▆▇█████████████████████████",
                "           │▁▂▃▄▅▆▇█████████████████████████████████",
                "         0 ┼────────────────────────────────────────",
                "    alerts   3+  3+  3+  3+  3+  3+  3+  3+  3+  3+",
                "            caption",
            ]
        );
    }

    #[test]
    fn few_columns_are_wide_and_what_is_rare_is_seen() {
        assert_eq!(
            chart(&columns(&[(1000, 0), (1, 1), (0, 0), (500, 12)]), "caption", Chart::Ascii),
            [
                "     1,000 |####",
                "           |####",
                "           |####        ::::",
                "           |####        ####",
                "           |####....    ####",
                "         0 +----------------",
                "    alerts      1       12",
                "            caption",
            ]
        );
    }

    #[test]
    fn there_is_no_chart_of_nothing_or_where_none_is_wanted() {
        assert!(chart(&[], "caption", Chart::Blocks).is_empty());
        assert!(chart(&columns(&[(1, 0)]), "caption", Chart::None).is_empty());
    }
}
