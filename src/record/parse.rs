//! From a record's text to its fields.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::envelope::Format;
use super::json::{self, Flaws, Keys, Next, Scanner, Str, SyntaxError};
use super::schema::{EVENT_ID, EVENT_SOURCE, EVENT_TIME, FIELDS, Field, Kind};
use super::{Record, Value};

/// What a JSON object turned out to be.
#[derive(Debug, PartialEq)]
pub enum Document<'a> {
    /// A record, and how many bytes its text has.
    Record(Record<'a>, usize),
    /// `{"Records": [...]}` and the like: its list begins at this byte.
    Envelope(usize, Format),
    /// An object whose member at this byte is an envelope.
    Outer(usize),
    /// A CloudTrail digest file, which vouches for log files and holds no events; its length.
    Digest(usize),
}

/// Why an object is no record. Where known, `at` is the byte that is wrong; `len` the length of the object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("{0}")]
    Syntax(#[from] SyntaxError),
    #[error("no eventTime: not a CloudTrail record")]
    NoEventTime { len: usize },
    #[error("eventTime is no time such as 2026-10-06T02:14:00Z")]
    BadEventTime { len: usize },
    #[error("Records is no list")]
    RecordsNoList { len: usize },
    #[error("an S3 event notification, not a CloudTrail record: load the object that it names")]
    S3Notification { len: usize },
}

/// Reads the object at the beginning of `text`.
pub fn parse(text: &str) -> Result<Document<'_>, Invalid> {
    let mut scanner = Scanner::new(text);
    let mut top = Members::new(FIELDS);
    let mut records_no_list = false;
    let read = scanner.object(|scanner, key| {
        if let Some(format) = list_of(key.raw) {
            // an object that has a time of its own is a record, whatever else it has
            let may_be = if format == Format::Records { !top.has("eventTime") } else { top.seen == 0 };
            match scanner.peek()? {
                Next::List if may_be => return Err(Stop::At(Document::Envelope(scanner.at(), format))),
                Next::Object if may_be && key.raw == "hits" => return Err(Stop::At(Document::Outer(scanner.at()))),
                _ => records_no_list |= format == Format::Records,
            }
        }
        top.member(scanner, key).map_err(Stop::Syntax)
    });
    match read {
        Ok(()) => {}
        Err(Stop::At(document)) => return Ok(document),
        Err(Stop::Syntax(error)) => return Err(error.into()),
    }
    let len = scanner.at();
    if !matches!(top.values[EVENT_TIME], Value::Time(_)) {
        return match () {
            () if records_no_list => Err(Invalid::RecordsNoList { len }),
            () if top.has("eventTime") => Err(Invalid::BadEventTime { len }),
            () if top.has("digestS3Object") && top.has("logFiles") => Ok(Document::Digest(len)),
            () => Err(Invalid::NoEventTime { len }),
        };
    }
    if top.values[EVENT_SOURCE] == Value::Text("aws:s3".into()) && top.has("s3") {
        return Err(Invalid::S3Notification { len });
    }
    let mut record = top.into_record(&text[..len], scanner.flaws);
    if !matches!(record.values[EVENT_ID], Value::Uuid(_)) {
        record.values[EVENT_ID] = Value::Uuid(derive_id(&text[..len], record.original.is_none()));
        record.event_id_derived = true;
    }
    Ok(Document::Record(record, len))
}

/// What a list of records is called: by CloudTrail itself, by `lookup-events`, `get-query-results`, CloudWatch Logs and its
/// Insights, SQS, Elasticsearch.
fn list_of(key: &str) -> Option<Format> {
    Some(match key {
        "Records" => Format::Records,
        "Events" => Format::LookupEvents,
        "QueryResultRows" => Format::Lake,
        "logEvents" | "events" | "results" => Format::CloudWatchLogs,
        "Messages" => Format::Sqs,
        "hits" => Format::Elasticsearch,
        _ => return None,
    })
}

enum Stop<'a> {
    Syntax(SyntaxError),
    At(Document<'a>),
}

impl From<SyntaxError> for Stop<'_> {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// The members of an object as they are read: values of known fields, the rest as an overlay.
struct Members<'a> {
    fields: &'static [Field],
    values: Vec<Value<'a>>,
    seen: u64,
    /// `"key":value` pairs that the values do not hold, separated by commas.
    overlay: String,
    /// Names of known fields that are null.
    nulls: String,
    unknown: Keys<'a>,
}

impl<'a> Members<'a> {
    fn new(fields: &'static [Field]) -> Self {
        Self {
            fields,
            values: vec![Value::Absent; fields.len()],
            seen: 0,
            overlay: String::new(),
            nulls: String::new(),
            unknown: Keys::default(),
        }
    }

    /// Whether a known field, or a key of the overlay, was there.
    fn has(&self, name: &str) -> bool {
        match self.fields.iter().position(|field| field.json == name) {
            Some(index) => self.seen & (1 << index) != 0,
            None => self.overlay.contains(&format!("\"{name}\":")),
        }
    }

    fn member(&mut self, scanner: &mut Scanner<'a>, key: Str<'a>) -> Result<(), SyntaxError> {
        let name = key.decode();
        let Some(index) = self.fields.iter().position(|field| field.json == name) else {
            scanner.flaws.inexact |= self.unknown.repeats(key);
            let value = scanner.value()?;
            self.lay_over(key.raw, value);
            return Ok(());
        };
        scanner.flaws.inexact |= self.seen & (1 << index) != 0;
        self.seen |= 1 << index;
        if scanner.peek()? == Next::Null {
            scanner.value()?;
            self.values[index] = Value::Absent;
            if !self.nulls.is_empty() {
                self.nulls.push(',');
            }
            self.nulls.push_str(&name);
            return Ok(());
        }
        let (value, rest) = read(scanner, &self.fields[index].kind)?;
        self.values[index] = value;
        if let Some(rest) = rest {
            self.lay_over(key.raw, &rest);
        }
        Ok(())
    }

    fn lay_over(&mut self, raw_key: &str, json: &str) {
        if !self.overlay.is_empty() {
            self.overlay.push(',');
        }
        self.overlay.push('"');
        self.overlay.push_str(raw_key);
        self.overlay.push_str("\":");
        self.overlay.push_str(json);
    }

    /// The overlay of an object inside a record: its nulls stand in it.
    fn into_nested(mut self) -> (Vec<Value<'a>>, Option<String>) {
        for name in std::mem::take(&mut self.nulls).split_terminator(',') {
            self.lay_over(name, "null");
        }
        let overlay = (!self.overlay.is_empty()).then(|| format!("{{{}}}", self.overlay));
        (self.values, overlay)
    }

    fn into_record(self, text: &'a str, flaws: Flaws) -> Record<'a> {
        let extra = (!self.overlay.is_empty()).then(|| {
            let extra = format!("{{{}}}", self.overlay);
            if flaws.refused { json::repair(&extra) } else { extra }
        });
        Record {
            values: self.values,
            extra,
            null_fields: (!self.nulls.is_empty()).then_some(self.nulls),
            original: flaws.any().then_some(text.into()),
            event_id_derived: false,
        }
    }
}

/// Reads a value that is not null: what fits its column, and what has to be laid over it to be equal.
fn read<'a>(scanner: &mut Scanner<'a>, kind: &Kind) -> Result<(Value<'a>, Option<Cow<'a, str>>), SyntaxError> {
    let next = scanner.peek()?;
    match (kind, next) {
        (Kind::Text, Next::String) => Ok((Value::Text(scanner.string()?.decode()), None)),
        (Kind::Text, Next::Other) => {
            let raw = scanner.value()?;
            Ok((Value::Text(raw.into()), Some(raw.into())))
        }
        (Kind::Bool, Next::Other) => {
            let raw = scanner.value()?;
            let value = boolean(raw);
            let rest = (value == Value::Absent).then_some(raw.into());
            Ok((value, rest))
        }
        (Kind::Bool | Kind::Time | Kind::Uuid, Next::String) => {
            let string = scanner.string()?;
            let text = string.decode();
            let (value, canonical) = match kind {
                Kind::Bool => (boolean(&text), false),
                Kind::Time => time(&text),
                _ => id(&text),
            };
            let rest = (!canonical).then(|| format!("\"{}\"", string.raw).into());
            Ok((value, rest))
        }
        (Kind::Json, Next::String) => {
            let raw = scanner.value()?;
            match nested(raw) {
                Some(json) => Ok((Value::Json(json.into()), Some(raw.into()))),
                None => Ok((Value::Json(acceptable(raw, scanner.flaws)), None)),
            }
        }
        (Kind::Json, _) => {
            let before = std::mem::take(&mut scanner.flaws);
            let raw = scanner.value()?;
            let value = Value::Json(acceptable(raw, scanner.flaws));
            scanner.flaws.inexact |= before.inexact;
            scanner.flaws.refused |= before.refused;
            Ok((value, None))
        }
        (Kind::Struct(fields), Next::Object) => {
            let mut members = Members::new(fields);
            scanner.object(|scanner, key| members.member(scanner, key))?;
            let (values, overlay) = members.into_nested();
            Ok((Value::Struct(values), overlay.map(Cow::Owned)))
        }
        (Kind::List(fields), Next::List) => list(scanner, fields),
        _ => Ok((Value::Absent, Some(scanner.value()?.into()))),
    }
}

/// A list of objects. An element that does not fit makes the whole list its own overlay: lists are replaced, not merged.
fn list<'a>(
    scanner: &mut Scanner<'a>,
    fields: &'static [Field],
) -> Result<(Value<'a>, Option<Cow<'a, str>>), SyntaxError> {
    let begin = scanner.at();
    let mut elements = Vec::new();
    let mut fits = true;
    scanner.list(|scanner| {
        if scanner.peek()? != Next::Object {
            fits = false;
            return scanner.value().map(drop);
        }
        let mut members = Members::new(fields);
        scanner.object(|scanner, key| members.member(scanner, key))?;
        let (values, overlay) = members.into_nested();
        fits &= overlay.is_none();
        elements.push(Value::Struct(values));
        Ok::<_, SyntaxError>(())
    })?;
    let rest = (!fits).then(|| scanner.since(begin).into());
    Ok((Value::List(elements), rest))
}

fn acceptable(raw: &str, flaws: Flaws) -> Cow<'_, str> {
    if flaws.refused { json::repair(raw).into() } else { raw.into() }
}

/// The object or list that a JSON string holds, as exports of other tools have it.
fn nested(raw: &str) -> Option<String> {
    // the first character behind the quote decides most cases without decoding
    if !raw[1..].trim_start().starts_with(['{', '[', '\\']) {
        return None;
    }
    let text = Scanner::new(raw).string().ok()?.decode();
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut scanner = Scanner::new(text);
    let whole = scanner.value().is_ok_and(|value| value.len() == text.len());
    whole.then(|| acceptable(text, scanner.flaws).into_owned())
}

fn boolean<'a>(text: &str) -> Value<'a> {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::Absent,
    }
}

/// A time, and whether it is written as CloudTrail does: `2026-10-06T02:14:00Z`.
fn time<'a>(text: &str) -> (Value<'a>, bool) {
    if let Some(micros) = cloudtrail_time(text) {
        return (Value::Time(micros), true);
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => (Value::Time(time.timestamp_micros()), false),
        Err(_) => (Value::Absent, false),
    }
}

fn cloudtrail_time(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .try_fold(0u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if !separators.iter().all(|&(at, separator)| bytes[at] == separator) {
        return None;
    }
    // SQL has no year 0
    let year = Some(number(0..4)?.cast_signed()).filter(|&year| year > 0)?;
    let date = NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?;
    let time = date.and_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?)?;
    Some(time.and_utc().timestamp_micros())
}

/// An event id, and whether it is written as CloudTrail does: lower case, with hyphens.
fn id<'a>(text: &str) -> (Value<'a>, bool) {
    match Uuid::try_parse(text) {
        Ok(id) => {
            let canonical = id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
            (Value::Uuid(id), canonical)
        }
        Err(_) => (Value::Absent, false),
    }
}

/// An id that equal records share, however they are written: version 8 (RFC 9562), from SHA-256 of the record with
/// sorted keys and no white space; of its very text where a parser would change what it says.
fn derive_id(text: &str, exact: bool) -> Uuid {
    let canonical = exact.then(|| serde_json::from_str::<serde_json::Value>(text).ok()).flatten();
    let canonical = canonical.map(|value| value.to_string());
    let hash = Sha256::digest(canonical.as_deref().unwrap_or(text));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::new_v8(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Record<'_> {
        match parse(text) {
            Ok(Document::Record(record, len)) => {
                assert_eq!(len, text.len());
                record
            }
            other => panic!("{other:?}"),
        }
    }

    fn value<'r, 'a>(record: &'r Record<'a>, json: &str) -> &'r Value<'a> {
        let index = FIELDS.iter().position(|field| field.json == json).expect("a field");
        &record.values[index]
    }

    const HEAD: &str = r#""eventTime":"2026-10-06T02:14:00Z","eventID":"00000000-0000-4000-8000-000000000001""#;

    #[test]
    fn fields_find_their_columns() {
        let text = format!(r#"{{{HEAD},"eventName":"Describe\u0049mages","readOnly":true,"errorCode":null}}"#);
        let record = record(&text);
        assert_eq!(record.event_time(), 1_791_252_840_000_000);
        assert_eq!(record.event_id().to_string(), "00000000-0000-4000-8000-000000000001");
        assert_eq!(value(&record, "eventName"), &Value::Text("DescribeImages".into()));
        assert_eq!(value(&record, "readOnly"), &Value::Bool(true));
        assert_eq!(record.null_fields.as_deref(), Some("errorCode"));
        assert_eq!((record.extra, record.original, record.event_id_derived), (None, None, false));
    }

    #[test]
    fn what_no_column_holds_is_laid_over() {
        for (members, extra) in [
            (r#""newField":{"a":1}"#, r#"{"newField":{"a":1}}"#),
            (r#""readOnly":"true""#, r#"{"readOnly":"true"}"#),
            (r#""readOnly":1"#, r#"{"readOnly":1}"#),
            (r#""eventName":7"#, r#"{"eventName":7}"#),
            (r#""userIdentity":"x""#, r#"{"userIdentity":"x"}"#),
            (r#""userIdentity":{"type":"Root","new":[1],"arn":null}"#, r#"{"userIdentity":{"new":[1],"arn":null}}"#),
            (r#""resources":[{"ARN":"a"},{"ARNPrefix":"b"}]"#, r#"{"resources":[{"ARN":"a"},{"ARNPrefix":"b"}]}"#),
            (r#""requestParameters":"{\"a\":1}""#, r#"{"requestParameters":"{\"a\":1}"}"#),
        ] {
            let text = format!("{{{HEAD},{members}}}");
            let record = record(&text);
            assert_eq!((record.extra.as_deref(), record.original), (Some(extra), None), "{members}");
        }
    }

    #[test]
    fn request_parameters_in_a_string_become_nested() {
        for (members, json) in [
            (r#""requestParameters":"{\"a\":1}""#, r#"{"a":1}"#),
            (r#""requestParameters":"\u007b\"a\":\"\\ud800\"}""#, "{\"a\":\"\u{FFFD}\"}"),
            (r#""requestParameters":"{not json""#, r#""{not json""#),
            (r#""requestParameters":{"a":[1e999]}"#, r#"{"a":["1e999"]}"#),
        ] {
            let text = format!("{{{HEAD},{members}}}");
            assert_eq!(value(&record(&text), "requestParameters"), &Value::Json(json.into()), "{members}");
        }
    }

    #[test]
    fn a_record_its_columns_would_change_keeps_its_text() {
        for members in [
            r#""requestParameters":{"n":-0}"#,
            r#""requestParameters":{"n":1,"n":2}"#,
            r#""eventName":"a","eventName":"b""#,
            r#""userAgent":"\ud800""#,
            r#""new":1,"new":2"#,
        ] {
            let text = format!("{{{HEAD},{members}}}");
            assert_eq!(record(&text).original.as_deref(), Some(text.as_str()));
        }
    }

    #[test]
    fn times_are_utc_whatever_their_offset() {
        for (text, micros, canonical) in [
            ("2026-10-06T02:14:00Z", 1_791_252_840_000_000, true),
            ("2026-10-06T04:14:00.5+02:00", 1_791_252_840_500_000, false),
        ] {
            assert_eq!(time(text), (Value::Time(micros), canonical));
        }
        for text in ["2026-13-06T02:14:00Z", "2026-10-06", "", "now", "2026-10-06T24:00:00Z"] {
            assert_eq!(time(text), (Value::Absent, false), "{text}");
        }
    }

    #[test]
    fn an_id_is_derived_where_there_is_none() {
        let one = r#"{"eventTime":"2026-10-06T02:14:00Z","eventName":"A"}"#;
        let same = r#"{ "eventName": "A", "eventTime": "2026-10-06T02:14:00Z" }"#;
        let other = r#"{"eventTime":"2026-10-06T02:14:00Z","eventName":"B"}"#;
        let id = record(one).event_id();
        assert!(record(one).event_id_derived && id.get_version_num() == 8);
        assert_eq!(id, record(same).event_id());
        assert_ne!(id, record(other).event_id());
        let named = format!(r#"{{"eventTime":"2026-10-06T02:14:00Z","eventID":"{}"}}"#, "not-a-uuid");
        assert_eq!(record(&named).extra.as_deref(), Some(r#"{"eventID":"not-a-uuid"}"#));
    }

    #[test]
    fn what_is_no_record_says_why() {
        let why = |text| parse(text).map_err(|invalid| invalid.to_string());
        assert_eq!(why(r#"{"Records": [1]}"#), Ok(Document::Envelope(12, Format::Records)));
        assert_eq!(why(r#"{"digestS3Object":"x","logFiles":[]}"#), Ok(Document::Digest(36)));
        assert_eq!(why(r#"{"Records": 5}"#), Err("Records is no list".into()));
        assert_eq!(why(r#"{"a": 5}"#), Err("no eventTime: not a CloudTrail record".into()));
        let notification = format!(r#"{{{HEAD},"eventSource":"aws:s3","s3":{{}}}}"#);
        assert!(why(&notification).is_err_and(|why| why.starts_with("an S3 event notification")));
        assert!(why(r#"{"eventTime": "soon"}"#).is_err_and(|why| why.starts_with("eventTime is no time")));
        assert!(why(r#"{"eventTime": "#).is_err_and(|why| why.contains("ends in the middle")));
    }
}
