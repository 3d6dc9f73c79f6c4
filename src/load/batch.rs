//! Records as columns: what DuckDB takes them in as.

use std::collections::HashMap;
use std::sync::Arc;

use duckdb::arrow::array::{
    ArrayRef, BooleanBufferBuilder, BooleanBuilder, FixedSizeBinaryBuilder, Int32Builder, ListArray, RecordBatch,
    StringBuilder, StructArray, TimestampMicrosecondBuilder, UInt32Array,
};
use duckdb::arrow::buffer::{NullBuffer, OffsetBuffer};
use duckdb::arrow::datatypes::{DataType, Field as ArrowField, Fields, Schema, TimeUnit};

use crate::record::schema::{self, FIELDS, Kind};
use crate::record::{Record, Value};

/// Rows that are sorted and written together: half a row group of DuckDB. A whole one takes 100 MiB more, and makes the
/// store neither smaller nor faster to ask.
const ROWS: usize = 61_440;

/// Text of records that a batch may take in before it is full, in bytes.
const BYTES: usize = 96 << 20;

/// Collects records column by column.
pub struct Batch {
    columns: Vec<Column>,
    extra: StringBuilder,
    null_fields: StringBuilder,
    original: StringBuilder,
    event_id_derived: BooleanBuilder,
    file_id: Int32Builder,
    order: Order,
    bytes: usize,
}

impl Batch {
    pub fn new() -> Self {
        Self {
            columns: FIELDS.iter().map(|field| Column::new(&field.kind)).collect(),
            extra: StringBuilder::new(),
            null_fields: StringBuilder::new(),
            original: StringBuilder::new(),
            event_id_derived: BooleanBuilder::new(),
            file_id: Int32Builder::new(),
            order: Order::default(),
            bytes: 0,
        }
    }

    /// Takes in a record whose text has `bytes` bytes.
    pub fn push(&mut self, record: &Record, file_id: i32, bytes: usize) {
        self.order.push(record);
        for (column, value) in self.columns.iter_mut().zip(&record.values) {
            column.push(value);
        }
        self.extra.append_option(record.extra.as_deref());
        self.null_fields.append_option(record.null_fields.as_deref());
        self.original.append_option(record.original.as_deref());
        self.event_id_derived.append_value(record.event_id_derived);
        self.file_id.append_value(file_id);
        self.bytes += bytes;
    }

    pub fn is_empty(&self) -> bool {
        self.order.keys.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.order.keys.len() >= ROWS || self.bytes >= BYTES
    }

    /// The columns, and in which order their rows are best stored.
    pub fn finish(mut self) -> Result<(RecordBatch, UInt32Array), duckdb::arrow::error::ArrowError> {
        let mut arrays: Vec<_> = self.columns.iter_mut().map(Column::finish).collect();
        arrays.push(Arc::new(self.extra.finish()));
        arrays.push(Arc::new(self.null_fields.finish()));
        arrays.push(Arc::new(self.original.finish()));
        arrays.push(Arc::new(self.event_id_derived.finish()));
        arrays.push(Arc::new(self.file_id.finish()));
        Ok((RecordBatch::try_new(Arc::new(schema()), arrays)?, self.order.finish()))
    }
}

/// Names and Arrow types of a batch's columns. VARIANT columns travel as JSON text.
pub fn schema() -> Schema {
    let mut fields: Vec<_> = FIELDS.iter().map(|field| arrow_field(field.column, &field.kind)).collect();
    for name in ["extra", "null_fields", "original"] {
        fields.push(ArrowField::new(name, DataType::Utf8, true));
    }
    fields.push(ArrowField::new("event_id_derived", DataType::Boolean, false));
    fields.push(ArrowField::new("file_id", DataType::Int32, false));
    Schema::new(fields)
}

/// Whether a column of the schema is a VARIANT in the table.
pub fn is_variant(column: &str) -> bool {
    column == "extra" || FIELDS.iter().any(|field| field.column == column && matches!(field.kind, Kind::Json))
}

fn arrow_field(name: &str, kind: &Kind) -> ArrowField {
    let field = ArrowField::new(name, data_type(kind), true);
    match kind {
        // the canonical Arrow extension that DuckDB knows as its UUID
        Kind::Uuid => field.with_metadata(HashMap::from([("ARROW:extension:name".into(), "arrow.uuid".into())])),
        _ => field,
    }
}

fn data_type(kind: &Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Bool => DataType::Boolean,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
        Kind::Uuid => DataType::FixedSizeBinary(16),
        Kind::Struct(fields) => DataType::Struct(struct_fields(fields)),
        Kind::List(fields) => DataType::List(Arc::new(element_field(fields))),
    }
}

fn struct_fields(fields: &[schema::Field]) -> Fields {
    fields.iter().map(|field| arrow_field(field.column, &field.kind)).collect()
}

fn element_field(fields: &[schema::Field]) -> ArrowField {
    ArrowField::new("item", DataType::Struct(struct_fields(fields)), true)
}

/// Values of one field.
enum Column {
    Text(StringBuilder),
    Bool(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Uuid(FixedSizeBinaryBuilder),
    Struct { fields: &'static [schema::Field], children: Vec<Column>, valid: BooleanBufferBuilder },
    List { fields: &'static [schema::Field], elements: Box<Column>, lengths: Vec<usize>, valid: BooleanBufferBuilder },
}

impl Column {
    fn new(kind: &Kind) -> Self {
        match kind {
            Kind::Text | Kind::Json => Self::Text(StringBuilder::new()),
            Kind::Bool => Self::Bool(BooleanBuilder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new()),
            Kind::Uuid => Self::Uuid(FixedSizeBinaryBuilder::new(16)),
            Kind::Struct(fields) => Self::structs(fields),
            Kind::List(fields) => Self::List {
                fields,
                elements: Box::new(Self::structs(fields)),
                lengths: Vec::new(),
                valid: BooleanBufferBuilder::new(0),
            },
        }
    }

    fn structs(fields: &'static [schema::Field]) -> Self {
        let children = fields.iter().map(|field| Self::new(&field.kind)).collect();
        Self::Struct { fields, children, valid: BooleanBufferBuilder::new(0) }
    }

    /// Takes in a value of this column's kind; one of another kind, which the parser does not make, counts as absent.
    fn push(&mut self, value: &Value) {
        match (self, value) {
            (Self::Text(column), Value::Text(text) | Value::Json(text)) => column.append_value(text),
            (Self::Text(column), _) => column.append_null(),
            (Self::Bool(column), Value::Bool(value)) => column.append_value(*value),
            (Self::Bool(column), _) => column.append_null(),
            (Self::Time(column), Value::Time(micros)) => column.append_value(*micros),
            (Self::Time(column), _) => column.append_null(),
            (Self::Uuid(column), Value::Uuid(id)) => {
                // the builder is 16 wide, and so is a UUID
                let _ = column.append_value(id.as_bytes());
            }
            (Self::Uuid(column), _) => column.append_null(),
            (Self::Struct { children, valid, .. }, Value::Struct(values)) => {
                children.iter_mut().zip(values).for_each(|(child, value)| child.push(value));
                valid.append(true);
            }
            (Self::Struct { children, valid, .. }, _) => {
                children.iter_mut().for_each(|child| child.push(&Value::Absent));
                valid.append(false);
            }
            (Self::List { elements, lengths, valid, .. }, Value::List(values)) => {
                values.iter().for_each(|value| elements.push(value));
                lengths.push(values.len());
                valid.append(true);
            }
            (Self::List { lengths, valid, .. }, _) => {
                lengths.push(0);
                valid.append(false);
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Bool(column) => Arc::new(column.finish()),
            Self::Time(column) => Arc::new(column.finish()),
            Self::Uuid(column) => Arc::new(column.finish()),
            Self::Struct { fields, children, valid } => {
                let arrays = children.iter_mut().map(Column::finish).collect();
                Arc::new(StructArray::new(struct_fields(fields), arrays, Some(NullBuffer::new(valid.finish()))))
            }
            Self::List { fields, elements, lengths, valid } => Arc::new(ListArray::new(
                Arc::new(element_field(fields)),
                OffsetBuffer::from_lengths(lengths.drain(..)),
                elements.finish(),
                Some(NullBuffer::new(valid.finish())),
            )),
        }
    }
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
        for index in [schema::EVENT_SOURCE, schema::EVENT_NAME] {
            if let Value::Text(text) = &record.values[index] {
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
        self.keys.push((number, record.event_time()));
    }

    fn finish(self) -> UInt32Array {
        let mut names: Vec<_> = self.numbers.into_iter().collect();
        names.sort_unstable();
        let mut rank = vec![0; names.len()];
        for (place, (_, number)) in names.into_iter().enumerate() {
            rank[number as usize] = place;
        }
        let mut rows: Vec<_> =
            self.keys.into_iter().zip(0u32..).map(|((number, time), row)| (rank[number as usize], time, row)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, _, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Document, parse};
    use duckdb::arrow::array::AsArray;

    #[test]
    fn rows_are_ordered_by_source_name_and_time() {
        let mut batch = Batch::new();
        for (source, name, second) in [("s3", "Get", 5), ("ec2", "Run", 9), ("ec2", "Describe", 7), ("ec2", "Run", 3)] {
            let text = format!(
                r#"{{"eventTime":"2026-10-06T02:14:0{second}Z","eventSource":"{source}","eventName":"{name}","resources":[{{"ARN":"a"}}]}}"#
            );
            let Ok(Document::Record(record, len)) = parse(&text) else { panic!("{text}") };
            batch.push(&record, 1, len);
        }
        let (columns, order) = batch.finish().expect("well-formed columns");
        assert_eq!(order.values(), &[2, 3, 1, 0]);
        assert_eq!(columns.num_rows(), 4);
        assert_eq!(columns["event_name"].as_string::<i32>().value(2), "Describe");
        assert_eq!(columns["resources"].as_list::<i32>().value_length(0), 1);
    }
}
