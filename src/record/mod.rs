//! One CloudTrail record: a JSON object that says who called which API, when, from where, with what outcome.

pub mod envelope;
pub mod json;
mod parse;
mod render;
pub mod schema;

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
    pub original: Option<&'a str>,
    /// Whether the event id was derived from the content.
    pub event_id_derived: bool,
}

impl Record<'_> {
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
