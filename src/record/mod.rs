//! One CloudTrail record: a JSON object that says who called which API, when, from where, with what outcome.

mod convert;
mod damage;
pub mod envelope;
pub mod format;
pub mod json;
mod looks;
mod parse;
mod presto;
mod render;
pub mod schema;
mod table;
mod wrapped;

pub use parse::{Document, Invalid, parse};
pub use render::render;

use std::borrow::Cow;

/// A field's value, borrowed from the record's text where it can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Text(Cow<'a, str>),
    Bool(bool),
    /// Microseconds since the epoch, UTC.
    Time(i64),
    Uuid(uuid::Uuid),
    /// JSON text.
    Json(Cow<'a, str>),
    /// That the object is there; its members follow.
    Struct,
    /// How many elements the list has; they follow, each with its members.
    List(usize),
}

/// A value and the [node](schema::nodes) of its field.
pub type Cell<'a> = (u32, Value<'a>);

/// A record, taken apart into the columns of `events`.
#[derive(Debug, PartialEq)]
pub struct Record<'a> {
    /// The fields that are there, an object before its members.
    pub cells: Vec<Cell<'a>>,
    pub event_id: uuid::Uuid,
    /// Microseconds since the epoch, UTC.
    pub event_time: i64,
    /// What the cells do not hold, as JSON to be laid over them.
    pub extra: Option<String>,
    /// Names of the fields that were present and null, separated by commas.
    pub null_fields: Option<String>,
    /// The whole text, if cells and extra together would not give it back equal.
    pub original: Option<Cow<'a, str>>,
    /// Whether the event id was derived from the content.
    pub event_id_derived: bool,
}

impl Record<'_> {
    /// The same record, borrowing from nothing.
    pub fn into_owned(self) -> Record<'static> {
        Record {
            cells: self.cells.into_iter().map(|(node, value)| (node, value.into_owned())).collect(),
            event_id: self.event_id,
            event_time: self.event_time,
            extra: self.extra,
            null_fields: self.null_fields,
            original: self.original.map(|text| text.into_owned().into()),
            event_id_derived: self.event_id_derived,
        }
    }
}

impl Value<'_> {
    fn into_owned(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(text.into_owned().into()),
            Self::Bool(value) => Value::Bool(value),
            Self::Time(micros) => Value::Time(micros),
            Self::Uuid(id) => Value::Uuid(id),
            Self::Json(json) => Value::Json(json.into_owned().into()),
            Self::Struct => Value::Struct,
            Self::List(len) => Value::List(len),
        }
    }
}
