//! The rows of a statement on their way to where they are shown.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::Stopped;
use super::watch::Interrupt;
use super::zone::Zone;
use crate::output::Output;
use crate::store::{Cell, Column, Rows, Store};

/// How long rows that are not shown are counted.
const COUNTING: Duration = Duration::from_millis(500);

/// Hands rows on: times in the zone that was chosen, no more than are shown. Counts them.
pub struct Results<'o> {
    output: Box<dyn Output + 'o>,
    zone: Zone,
    interrupt: Option<&'o Interrupt>,
    /// How many rows are shown at most; 0 for all.
    bound: usize,
    /// Names of the columns that are shown; all if empty.
    display: &'o [String],
    /// Indexes of those columns.
    shown: Vec<usize>,
    times: Vec<bool>,
    counting_since: Option<Instant>,
    pub counts: Counts,
}

/// What a statement returned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whether there was a result at all.
    pub begun: bool,
    /// Rows that were shown.
    pub shown: usize,
    /// Rows that were not shown, as far as they were counted.
    pub more: usize,
    /// Whether not all rows were counted.
    pub uncounted: bool,
    /// Whether the pager was left before all rows had come.
    pub left: bool,
    /// Rows that were changed.
    pub changed: Option<i64>,
    pub columns: usize,
    pub columns_shown: usize,
    /// Whether there were times among them.
    pub times: bool,
}

impl<'o> Results<'o> {
    pub fn new(
        output: Box<dyn Output + 'o>,
        zone: Zone,
        bound: usize,
        display: &'o [String],
        interrupt: Option<&'o Interrupt>,
    ) -> Self {
        Self {
            output,
            zone,
            interrupt,
            bound,
            display,
            shown: Vec::new(),
            times: Vec::new(),
            counting_since: None,
            counts: Counts::default(),
        }
    }

    /// When what is shown was complete, if the rest was only counted.
    pub fn counting_since(&self) -> Option<Instant> {
        self.counting_since
    }

    pub fn end(&mut self) -> anyhow::Result<()> {
        if self.counts.begun { self.output.end() } else { Ok(()) }
    }

    /// DuckDB notices an interrupt only while it is at work.
    fn check(&self) -> anyhow::Result<()> {
        if self.interrupt.is_some_and(Interrupt::is_asked) { Err(Stopped.into()) } else { Ok(()) }
    }
}

impl Rows for Results<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        self.check()?;
        let named = |name: &String| columns.iter().position(|column| column.name == *name);
        self.shown = self.display.iter().filter_map(named).collect();
        if self.shown.is_empty() {
            self.shown = (0..columns.len()).collect();
        }
        let shown: Vec<_> = self.shown.iter().map(|&index| columns[index].clone()).collect();
        self.times = shown.iter().map(Column::is_time).collect();
        self.counts = Counts {
            begun: true,
            columns: columns.len(),
            columns_shown: shown.len(),
            times: self.times.contains(&true),
            ..self.counts
        };
        self.output.columns(&shown)
    }

    fn row(&mut self, mut cells: Vec<Cell>) -> anyhow::Result<bool> {
        self.check()?;
        if self.bound > 0 && self.counts.shown == self.bound {
            return Ok(false);
        }
        let zoned = |(&index, &time): (&usize, &bool)| match std::mem::replace(&mut cells[index], Cell::Null) {
            Cell::Text(text) if time && self.zone != Zone::Utc => Cell::Text(self.zone.shown(&text)),
            cell => cell,
        };
        let cells = self.shown.iter().zip(&self.times).map(zoned).collect();
        self.counts.shown += 1;
        self.output.row(cells)
    }

    fn uncounted(&mut self, rows: usize) -> anyhow::Result<bool> {
        self.check()?;
        self.counts.more += rows;
        let since = *self.counting_since.get_or_insert_with(Instant::now);
        self.counts.uncounted = since.elapsed() > COUNTING;
        Ok(!self.counts.uncounted)
    }

    fn changed(&mut self, rows: i64) {
        self.counts.changed = Some(rows);
    }
}

/// How many rows a query has, if DuckDB can say so without working them all out: where it takes longer than
/// [`COUNTING`], none.
pub fn count_quickly(store: &Store, sql: &str) -> Option<usize> {
    let stop = store.connection.interrupt_handle();
    let (done, waits) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let mut limit = COUNTING;
        while waits.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            stop.interrupt();
            // it is forgotten if the query had not really begun
            limit = Duration::from_millis(20);
        }
    });
    let count = store.count(sql);
    drop(done);
    // a watch that failed is no reason to fail
    let _ = watch.join();
    count.ok().map(|count| count as usize)
}

/// What is said below a result.
pub fn footer(counts: Counts, time: Option<Duration>, zone: Zone, file: Option<&str>) -> String {
    let mut said = Vec::new();
    match counts {
        Counts { begun: false, changed: Some(rows), .. } => said.push(format!("{} changed", rows_of(rows as usize))),
        Counts { begun: false, .. } => said.push("done".to_owned()),
        Counts { left: true, shown, .. } => said.push(format!("left after {}", rows_of(shown))),
        Counts { more: 0, shown, .. } => said.push(rows_of(shown)),
        Counts { shown, more, uncounted, .. } => {
            let of = if uncounted { "more than " } else { "" };
            said.push(format!(
                "the first {} of {of}{}: `.maxrows 0` shows all, `.once FILE` writes them to a file",
                grouped(shown),
                rows_of(shown + more)
            ));
        }
    }
    if counts.columns_shown < counts.columns {
        let (shown, all) = (counts.columns_shown, counts.columns);
        said.push(format!("{shown} of {all} columns: `.expanded on` shows all"));
    }
    if let Some(file) = file {
        said.push(format!("to {file}"));
    }
    if counts.times && zone != Zone::Utc {
        said.push(format!("times in {zone}"));
    }
    said.extend(time.map(duration));
    said.join("; ")
}

fn rows_of(count: usize) -> String {
    format!("{} {}", grouped(count), if count == 1 { "row" } else { "rows" })
}

/// A number as people read it: 1,234,567.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time as people read it.
pub fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        short if short < 1.0 => format!("{:.0} ms", short * 1000.0),
        seconds if seconds < 60.0 => format!("{seconds:.2} s"),
        long => format!("{} min {} s", long as u64 / 60, long as u64 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_footer_says_what_is_not_shown() {
        let counts = Counts { begun: true, shown: 1, columns: 2, columns_shown: 2, times: true, ..Counts::default() };
        let said = |counts, zone| footer(counts, Some(Duration::from_millis(34)), zone, None);
        assert_eq!(said(counts, Zone::Utc), "1 row; 34 ms");
        assert_eq!(said(counts, Zone::Named(chrono_tz::Europe::Berlin)), "1 row; times in Europe/Berlin; 34 ms");
        let some = Counts { shown: 1000, more: 1_000_000, columns: 5, ..counts };
        let (first, columns) = ("the first 1,000 of ", "; 2 of 5 columns: `.expanded on` shows all; 34 ms");
        let all = "1,001,000 rows: `.maxrows 0` shows all, `.once FILE` writes them to a file";
        assert_eq!(said(some, Zone::Utc), format!("{first}{all}{columns}"));
        let unknown = Counts { uncounted: true, ..some };
        assert_eq!(said(unknown, Zone::Utc), format!("{first}more than {all}{columns}"));
        assert_eq!(said(Counts { left: true, more: 0, ..some }, Zone::Utc), format!("left after 1,000 rows{columns}"));
        assert_eq!(said(Counts { changed: Some(2), ..Counts::default() }, Zone::Utc), "2 rows changed; 34 ms");
        assert_eq!(said(Counts::default(), Zone::Utc), "done; 34 ms");
    }
}
