//! The events that the store had before: the same event in a later load is a duplicate.
//!
//! They are looked for batch by batch before rows are handed over: DuckDB moves the rows of a transaction into the table
//! as they are, unless some of them were deleted again, and then writes all of them anew.

use std::collections::HashSet;
use std::sync::Mutex;

use duckdb::Connection;
use duckdb::core::LogicalTypeHandle;
use uuid::Uuid;

use super::batch;
use super::lock;
use super::seen::{Event, event};

/// Microseconds without an event that are worth a second look-up.
const GAP: i64 = 3_600_000_000;

/// Look-ups for one batch, at most.
const LOOK_UPS: usize = 16;

/// What other transactions stored.
pub struct Stored {
    connection: Mutex<Option<Connection>>,
}

impl Stored {
    /// `connection` must be another than the one that loads.
    pub fn new(connection: Connection) -> Self {
        Self { connection: Mutex::new(Some(connection)) }
    }

    /// Ends the look-ups: while its connection is open, so is the store.
    pub fn close(&self) {
        lock(&self.connection).take();
    }

    /// Lets DuckDB take the memory there is, until the limit is set again.
    pub fn lift_memory_limit(&self) -> duckdb::Result<()> {
        let connection = lock(&self.connection);
        connection.as_ref().map_or(Ok(()), |connection| connection.execute_batch("RESET memory_limit"))
    }

    /// The types of a batch's columns.
    pub fn types(&self) -> duckdb::Result<Vec<LogicalTypeHandle>> {
        let connection = lock(&self.connection);
        let Some(connection) = connection.as_ref() else { return Ok(Vec::new()) };
        let statement = connection.prepare("SELECT NULL::VARIANT")?;
        Ok(batch::types(&|| statement.column_logical_type(0)))
    }

    /// The events that have times as these. The same event has the same time in every file, so only row groups of
    /// these times are looked at.
    pub fn events(&self, times: impl Iterator<Item = i64>) -> duckdb::Result<HashSet<Event>> {
        let connection = lock(&self.connection);
        let mut events = HashSet::new();
        let Some(connection) = connection.as_ref() else { return Ok(events) };
        for (first, last) in spans(times.collect()) {
            // not as parameters: with these DuckDB would read all row groups
            let mut statement = connection.prepare(&format!(
                "SELECT epoch_us(event_time), event_id::VARCHAR FROM events
                WHERE event_time BETWEEN make_timestamp({first}) AND make_timestamp({last})"
            ))?;
            let rows = statement.query_map([], |row| {
                let id: String = row.get(1)?;
                Ok(event(row.get(0)?, Uuid::try_parse(&id).unwrap_or_default()))
            })?;
            for event in rows {
                events.insert(event?);
            }
        }
        Ok(events)
    }
}

/// The spans in which the times lie, first and last of each; apart where the gaps between them are largest.
fn spans(mut times: Vec<i64>) -> Vec<(i64, i64)> {
    times.sort_unstable();
    let mut gaps: Vec<(i64, usize)> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).zip(1..).collect();
    gaps.retain(|(gap, _)| *gap > GAP);
    gaps.sort_unstable();
    let mut begins: Vec<usize> = gaps.iter().rev().take(LOOK_UPS - 1).map(|(_, begin)| *begin).collect();
    begins.push(0);
    begins.sort_unstable();
    let ends = begins.iter().skip(1).copied().chain([times.len()]);
    begins
        .iter()
        .zip(ends)
        .filter(|(begin, end)| *begin < end)
        .map(|(&begin, end)| (times[begin], times[end - 1]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_far_apart_are_looked_up_apart() {
        assert_eq!(spans(vec![]), []);
        assert_eq!(spans(vec![5, 3, 4]), [(3, 5)]);
        assert_eq!(spans(vec![0, 1, GAP + 2, GAP + 3, i64::MAX]), [(0, 1), (GAP + 2, GAP + 3), (i64::MAX, i64::MAX)]);
        let many: Vec<_> = (0..100).map(|number| number * number * 2 * GAP).collect();
        assert_eq!(spans(many).len(), LOOK_UPS);
    }
}
