//! Records on their way into DuckDB: gathered row by row, handed over column by column in the order they are stored in.
//!
//! Most of a record's hundred columns are empty. So a row is a list of the cells it has, and the characters of all rows
//! lie one behind the other in one buffer, which DuckDB reads from without a copy between.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};

use super::chunk::Targets;
use super::seen::{Event, event};
use super::variant::Variants;
use crate::record::schema::{self, FIELDS, Field, Kind};
use crate::record::{Record, Value};

/// Rows that are sorted and written together: a row group of DuckDB. With half as many a load takes 100 MiB less, and a
/// detection twice as long: what it looks for lies in twice as many places.
const ROWS: usize = 122_880;

/// Characters and cells that a record usually has, and a bit.
const USUAL_CHARACTERS: usize = 1100;
const USUAL_CELLS: usize = 48;

/// Text of records that a batch may take in before it is full, in bytes.
const BYTES: usize = 256 << 20;

/// A batch of more bytes than this, of records that are longer than that on average, is [heavy](Batch::is_heavy).
const HEAVY: usize = 32 << 20;
const HEAVY_RECORD: usize = 8 << 10;

/// Rows of one chunk of DuckDB, at most.
const CHUNK: usize = 2048;

/// Characters of one chunk, unless a single row has more.
const CHUNK_CHARACTERS: usize = 16 << 20;

/// The columns beside [`FIELDS`], in their order.
#[derive(Debug, Clone, Copy)]
pub enum Beside {
    Extra,
    NullFields,
    Original,
    EventIdDerived,
    FileId,
}

pub const BESIDE: [(Beside, &str); 5] = [
    (Beside::Extra, "extra"),
    (Beside::NullFields, "null_fields"),
    (Beside::Original, "original"),
    (Beside::EventIdDerived, "event_id_derived"),
    (Beside::FileId, "file_id"),
];

/// How many [nodes](schema::nodes) the fields have; the columns beside them are counted on from here.
static FIELD_NODES: LazyLock<u32> = LazyLock::new(|| FIELDS.iter().map(|field| schema::nodes(&field.kind)).sum());

/// Names of a batch's columns.
pub fn names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.column).chain(BESIDE.iter().map(|(_, name)| *name))
}

/// DuckDB types of a batch's columns. VARIANT cannot be made from nothing: `variant` gives the one of a statement.
pub fn types(variant: &dyn Fn() -> LogicalTypeHandle) -> Vec<LogicalTypeHandle> {
    let fields = FIELDS.iter().map(|field| logical_type(&field.kind, variant));
    let beside = BESIDE.iter().map(|(beside, _)| match beside {
        Beside::Extra => variant(),
        Beside::NullFields | Beside::Original => LogicalTypeId::Varchar.into(),
        Beside::EventIdDerived => LogicalTypeId::Boolean.into(),
        Beside::FileId => LogicalTypeId::Integer.into(),
    });
    fields.chain(beside).collect()
}

fn logical_type(kind: &Kind, variant: &dyn Fn() -> LogicalTypeHandle) -> LogicalTypeHandle {
    match kind {
        Kind::Text => LogicalTypeId::Varchar.into(),
        Kind::Bool => LogicalTypeId::Boolean.into(),
        Kind::Time => LogicalTypeId::Timestamp.into(),
        Kind::Uuid => LogicalTypeId::Uuid.into(),
        Kind::Json => variant(),
        Kind::Struct(fields) => struct_type(fields, variant),
        Kind::List(fields) => LogicalTypeHandle::list(&struct_type(fields, variant)),
    }
}

fn struct_type(fields: &[Field], variant: &dyn Fn() -> LogicalTypeHandle) -> LogicalTypeHandle {
    let members: Vec<_> = fields.iter().map(|field| (field.column, logical_type(&field.kind, variant))).collect();
    LogicalTypeHandle::struct_type(&members)
}

/// A value in the column of a [node](schema::nodes). There are five million of them in a batch: six bytes each, not eight.
#[derive(Debug, Clone, Copy)]
#[repr(C, packed(2))]
pub struct Cell {
    pub node: u16,
    /// A text, a time, an id: its length in bytes, which lie behind those of the cells before it. A list: how many
    /// elements it has. A boolean, a number: itself.
    pub value: u32,
}

/// Where a row ends: how many cells and characters there are up to there.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    cells: usize,
    characters: usize,
}

/// Collects records row by row.
#[derive(Default)]
pub struct Batch {
    characters: Vec<u8>,
    cells: Vec<Cell>,
    /// For each row, where it ends.
    ends: Vec<End>,
    /// For each row, how many elements it has in lists.
    elements: Vec<u32>,
    order: Order,
    bytes: usize,
    /// For each row, which event it is, and of which file.
    events: Vec<Event>,
    file_ids: Vec<i32>,
    /// Rows by their places, once they are sorted; and how many were handed over.
    sorted: Vec<u32>,
    handed_over: usize,
    /// What the chunk that was filled last points into, for each VARIANT column.
    variants: Vec<Variants>,
}

impl Batch {
    /// Empties it; memory is kept for the next rows.
    pub fn clear(&mut self) {
        self.characters.clear();
        self.characters.shrink_to(2 * BYTES);
        self.cells.clear();
        self.ends.clear();
        self.elements.clear();
        self.order = Order::default();
        self.bytes = 0;
        self.events.clear();
        self.file_ids.clear();
        self.sorted.clear();
        self.handed_over = 0;
    }

    /// Takes in a record whose text has `bytes` bytes.
    pub fn push(&mut self, record: &Record, file_id: i32, bytes: usize) {
        if self.characters.capacity() == 0 {
            // what is not used costs no memory; growing step by step would cost twice as much
            self.characters.reserve(ROWS * USUAL_CHARACTERS);
            self.cells.reserve(ROWS * USUAL_CELLS);
        }
        self.order.push(record);
        let mut elements = 0;
        for (node, value) in &record.cells {
            let node = *node as u16;
            match value {
                Value::Text(text) | Value::Json(text) => self.raw(node, text.as_bytes()),
                Value::Bool(value) => self.cells.push(Cell { node, value: (*value).into() }),
                Value::Time(micros) => self.raw(node, &micros.to_ne_bytes()),
                // DuckDB keeps ids as signed numbers of 128 bits, the first bit turned over so that they sort
                Value::Uuid(id) => self.raw(node, &(id.as_u128() ^ (1 << 127)).to_ne_bytes()),
                Value::Struct => self.cells.push(Cell { node, value: 0 }),
                Value::List(len) => {
                    elements += *len as u32;
                    self.cells.push(Cell { node, value: *len as u32 });
                }
            }
        }
        let texts = [record.extra.as_deref(), record.null_fields.as_deref(), record.original.as_deref()];
        let beside = *FIELD_NODES as u16;
        for (text, node) in texts.into_iter().zip(beside..) {
            if let Some(text) = text {
                self.raw(node, text.as_bytes());
            }
        }
        self.cells.push(Cell { node: beside + 3, value: record.event_id_derived.into() });
        self.cells.push(Cell { node: beside + 4, value: file_id.cast_unsigned() });
        self.ends.push(End { cells: self.cells.len(), characters: self.characters.len() });
        self.elements.push(elements);
        self.events.push(event(record.event_time, record.event_id));
        self.file_ids.push(file_id);
        self.bytes += bytes;
    }

    fn raw(&mut self, node: u16, bytes: &[u8]) {
        self.cells.push(Cell { node, value: bytes.len() as u32 });
        self.characters.extend_from_slice(bytes);
    }

    /// Whether it is of long records: DuckDB holds as many of them as it does of short ones.
    pub fn is_heavy(&self) -> bool {
        self.bytes > HEAVY && self.bytes / HEAVY_RECORD > self.ends.len()
    }

    pub fn is_full(&self) -> bool {
        self.ends.len() >= ROWS || self.bytes >= BYTES
    }

    /// Times of the rows' events, in microseconds since the epoch.
    pub fn times(&self) -> impl Iterator<Item = i64> {
        self.order.keys.iter().map(|(_, time)| *time)
    }

    /// Sorts the rows into the order they are best stored in. Those of events that are stored already are left out;
    /// `repeated` is called with the file of each.
    pub fn sort(&mut self, stored: &HashSet<Event>, mut repeated: impl FnMut(i32)) {
        self.sorted = self.order.sort();
        if !stored.is_empty() {
            let mut sorted = std::mem::take(&mut self.sorted);
            sorted.retain(|&row| {
                let new = !stored.contains(&self.events[row as usize]);
                if !new {
                    repeated(self.file_ids[row as usize]);
                }
                new
            });
            self.sorted = sorted;
        }
    }

    /// Fills a chunk, which must have [`types`], with the next rows. Returns how many; none when all were handed over.
    ///
    /// # Safety
    /// The chunk points into this batch: until DuckDB is done with it, the batch is neither changed nor dropped.
    pub unsafe fn hand_over(&mut self, chunk: &DataChunkHandle) -> usize {
        let rows = &self.sorted[self.handed_over..];
        let mut characters = 0;
        let fits = rows.iter().take(CHUNK).take_while(|&&row| {
            let (begin, end) = bounds(&self.ends, row);
            let first = characters == 0;
            characters += end.characters - begin.characters;
            first || characters <= CHUNK_CHARACTERS
        });
        let rows = &rows[..fits.count()];
        let elements = rows.iter().map(|&row| self.elements[row as usize] as usize).sum();
        self.variants.iter_mut().for_each(Variants::clear);
        // SAFETY: the chunk's vectors have the types of `types` and room for CHUNK rows
        let mut targets = unsafe { Targets::of(chunk, rows.len(), elements, &mut self.variants) };
        let original = *FIELD_NODES as u16 + Beside::Original as u16;
        for (place, &row) in rows.iter().enumerate() {
            let (begin, end) = bounds(&self.ends, row);
            let mut characters = &self.characters[begin.characters..end.characters];
            let cells = &self.cells[begin.cells..end.cells];
            // a record that repeats a key, in whatever object, keeps its text
            let exact = cells.iter().rev().take(BESIDE.len()).all(|cell| cell.node != original);
            for cell in cells {
                // SAFETY: `place` is below the number of rows that the targets were made for
                unsafe { targets.write(place, *cell, &mut characters, exact) };
            }
        }
        // SAFETY: as for this function
        unsafe { targets.finish(rows.len()) };
        self.handed_over += rows.len();
        rows.len()
    }
}

/// Where a row begins and ends.
fn bounds(ends: &[End], row: u32) -> (End, End) {
    let row = row as usize;
    (row.checked_sub(1).map_or_else(End::default, |before| ends[before]), ends[row])
}

/// The order rows are stored in: by event source, name and time. Rows that a question is about then lie together, and
/// values that are alike compress together.
#[derive(Default)]
struct Order {
    /// For each row: number of its source and name, time.
    keys: Vec<(u32, i64)>,
    numbers: HashMap<String, u32>,
    name: String,
}

impl Order {
    fn push(&mut self, record: &Record) {
        self.name.clear();
        for wanted in [schema::EVENT_SOURCE, schema::EVENT_NAME] {
            if let Some((_, Value::Text(text))) = record.cells.iter().find(|(node, _)| *node == wanted) {
                self.name.push_str(text);
            }
            self.name.push('\0');
        }
        let number = match self.numbers.get(&self.name) {
            Some(&number) => number,
            None => {
                let number = self.numbers.len() as u32;
                self.numbers.insert(self.name.clone(), number);
                number
            }
        };
        self.keys.push((number, record.event_time));
    }

    fn sort(&self) -> Vec<u32> {
        let mut names: Vec<_> = self.numbers.iter().collect();
        names.sort_unstable();
        let mut rank = vec![0; names.len()];
        for (place, (_, &number)) in names.into_iter().enumerate() {
            rank[number as usize] = place;
        }
        let mut rows: Vec<_> =
            self.keys.iter().zip(0u32..).map(|(&(number, time), row)| (rank[number as usize], time, row)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, _, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Document, parse};

    fn batch_of(texts: &[String]) -> Batch {
        let mut batch = Batch::default();
        for text in texts {
            let Ok(Document::Record(record, len)) = parse(text) else { panic!("{text}") };
            batch.push(&record, 7, len);
        }
        batch.sort(&HashSet::new(), |_| {});
        batch
    }

    #[test]
    fn rows_are_ordered_by_source_name_and_time() {
        let text = |(source, name, second): (&str, &str, u8)| {
            format!(r#"{{"eventTime":"2026-10-06T02:14:0{second}Z","eventSource":"{source}","eventName":"{name}"}}"#)
        };
        let batch =
            batch_of(&[("s3", "Get", 5), ("ec2", "Run", 9), ("ec2", "Describe", 7), ("ec2", "Run", 3)].map(text));
        assert_eq!(batch.sorted, [2, 3, 1, 0]);
    }

    #[test]
    fn events_that_are_stored_are_left_out() {
        let text = |id: u8| {
            format!(r#"{{"eventTime":"2026-10-06T02:14:00Z","eventID":"00000000-0000-4000-8000-00000000000{id}"}}"#)
        };
        let mut batch = batch_of(&[1, 2, 3].map(text));
        let mut repeated = Vec::new();
        batch.sort(&HashSet::from([batch.events[1]]), |file_id| repeated.push(file_id));
        assert_eq!((batch.sorted, repeated), (vec![0, 2], vec![7]));
    }

    #[test]
    fn a_node_is_a_column_or_one_inside_it() {
        let arns = format!("[{}]", [r#"{"ARN":"arn:aws:s3:::a-bucket"}"#; 3].join(","));
        let batch = batch_of(&[format!(r#"{{"eventTime":"2026-10-06T02:14:00Z","resources":{arns}}}"#)]);
        let last: Vec<_> = batch.cells.iter().rev().take(2).map(|cell| cell.node).collect();
        assert_eq!(last, [*FIELD_NODES + 4, *FIELD_NODES + 3].map(|node| node as u16));
        assert_eq!(names().count(), types(&|| LogicalTypeId::Varchar.into()).len());
    }
}
