//! One CloudTrail record: a JSON object that says who called which API, when, from where, with what outcome.

mod convert;
pub mod envelope;
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
    Absent,
    Text(Cow<'a, str>),
    Bool(bool),
    /// Microseconds since the epoch, UTC.
    Time(i64),
    Uuid(uuid::Uuid),
    /// JSON text.
    Json(Cow<'a, str>),
    Struct(Vec<Value<'a>>),
    List(Vec<Value<'a>>),
}

impl Value<'_> {
    fn into_owned(self) -> Value<'static> {
        match self {
            Self::Absent => Value::Absent,
            Self::Text(text) => Value::Text(text.into_owned().into()),
            Self::Bool(value) => Value::Bool(value),
            Self::Time(micros) => Value::Time(micros),
            Self::Uuid(id) => Value::Uuid(id),
            Self::Json(json) => Value::Json(json.into_owned().into()),
            Self::Struct(values) => Value::Struct(values.into_iter().map(Value::into_owned).collect()),
            Self::List(values) => Value::List(values.into_iter().map(Value::into_owned).collect()),
        }
    }
}

/// A record, taken apart into the columns of `events`.
#[derive(Debug, PartialEq)]
pub struct Record<'a> {
    /// One for each of [`schema::FIELDS`]; event id and time are always there.
    pub values: Vec<Value<'a>>,
    /// What the values do not hold, as JSON to be laid over them.
    pub extra: Option<String>,
    /// Names of the fields that were present and null, separated by commas.
    pub null_fields: Option<String>,
    /// The whole text, if values and extra together would not give it back equal.
    pub original: Option<Cow<'a, str>>,
    /// Whether the event id was derived from the content.
    pub event_id_derived: bool,
}

impl Record<'_> {
    /// The same record, borrowing from nothing.
    pub fn into_owned(self) -> Record<'static> {
        Record {
            values: self.values.into_iter().map(Value::into_owned).collect(),
            extra: self.extra,
            null_fields: self.null_fields,
            original: self.original.map(|text| text.into_owned().into()),
            event_id_derived: self.event_id_derived,
        }
    }

    pub fn event_id(&self) -> uuid::Uuid {
        match self.values[schema::EVENT_ID] {
            Value::Uuid(id) => id,
            _ => uuid::Uuid::nil(),
        }
    }

    /// Microseconds since the epoch, UTC.
    pub fn event_time(&self) -> i64 {
        match self.values[schema::EVENT_TIME] {
            Value::Time(time) => time,
            _ => 0,
        }
    }
}
