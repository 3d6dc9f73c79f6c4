//! From a record's text to its fields.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::format::Format;
use super::json::{self, Flaws, Keys, Next, Scanner, Str, SyntaxError};
use super::schema::{self, EVENT_ID, EVENT_SOURCE, EVENT_TIME, Kind, PLAN, Plan};
use super::{Cell, Record, Value};

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

/// Room for the cells that a record usually has.
const USUAL_CELLS: usize = 48;

impl Invalid {
    /// How many bytes were read: the whole object, but of one that is no JSON.
    pub fn read(&self) -> usize {
        match self {
            Self::Syntax(error) => error.at,
            Self::NoEventTime { len }
            | Self::BadEventTime { len }
            | Self::RecordsNoList { len }
            | Self::S3Notification { len } => *len,
        }
    }
}

/// Reads the object at the beginning of `text`.
pub fn parse(text: &str) -> Result<Document<'_>, Invalid> {
    let mut scanner = Scanner::new(text);
    let mut cells = Vec::with_capacity(USUAL_CELLS);
    let mut top = Members::new(&PLAN, 0);
    let mut records_no_list = false;
    let read = scanner.object(|scanner, key| {
        if let Some(format) = list_of(key.raw) {
            // an object that has a time of its own is a record, whatever else it has
            let may_be = if format == Format::Records { !top.has("eventTime") } else { top.seen == 0 };
            match scanner.peek()? {
                Next::List if may_be => return Err(Stop::List(scanner.at(), format)),
                Next::Object if may_be && key.raw == "hits" => return Err(Stop::Outer(scanner.at())),
                _ => records_no_list |= format == Format::Records,
            }
        }
        top.member(scanner, key, &mut cells).map_err(Stop::Syntax)
    });
    match read {
        Ok(()) => {}
        Err(Stop::List(at, format)) => return Ok(Document::Envelope(at, format)),
        Err(Stop::Outer(at)) => return Ok(Document::Outer(at)),
        Err(Stop::Syntax(error)) => return Err(error.into()),
    }
    let len = scanner.at();
    let find = |wanted: u32| cells.iter().find(|(node, _)| *node == wanted).map(|(_, value)| value);
    let Some(&Value::Time(event_time)) = find(EVENT_TIME) else {
        return match () {
            () if records_no_list => Err(Invalid::RecordsNoList { len }),
            () if top.has("eventTime") => Err(Invalid::BadEventTime { len }),
            () if top.has("digestS3Object") && top.has("logFiles") => Ok(Document::Digest(len)),
            () => Err(Invalid::NoEventTime { len }),
        };
    };
    if matches!(find(EVENT_SOURCE), Some(Value::Text(source)) if source == "aws:s3") && top.has("s3") {
        return Err(Invalid::S3Notification { len });
    }
    let id = match find(EVENT_ID) {
        Some(Value::Uuid(id)) => Some(*id),
        _ => None,
    };
    let text = &text[..len];
    let flaws = scanner.flaws;
    let event_id = id.unwrap_or_else(|| derive_id(text, !flaws.any()));
    if id.is_none() {
        cells.push((EVENT_ID, Value::Uuid(event_id)));
    }
    let extra = top.overlay().map(|extra| if flaws.refused { json::repair(&extra) } else { extra });
    let record = Record {
        cells,
        event_id,
        event_time,
        extra,
        null_fields: (!top.nulls.is_empty()).then_some(top.nulls),
        original: flaws.any().then_some(text.into()),
        event_id_derived: id.is_none(),
    };
    Ok(Document::Record(record, len))
}

/// What a list of records is called: by CloudTrail itself, by `lookup-events`, `get-query-results`, CloudWatch Logs and its
/// Insights, SQS, Elasticsearch.
pub fn list_of(key: &str) -> Option<Format> {
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

enum Stop {
    Syntax(SyntaxError),
    /// At a list of records.
    List(usize, Format),
    /// At an object that has one.
    Outer(usize),
}

impl From<SyntaxError> for Stop {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// The members of an object as they are read: what goes into cells is told from the rest, an overlay.
struct Members<'a> {
    plan: &'static Plan,
    /// Where this object's cells begin.
    first_cell: usize,
    /// Bits of the fields that were there.
    seen: u64,
    /// `"key":value` pairs that the cells do not hold, separated by commas.
    overlay: String,
    /// Names of known fields that are null.
    nulls: String,
    unknown: Keys<'a>,
}

impl<'a> Members<'a> {
    fn new(plan: &'static Plan, first_cell: usize) -> Self {
        Self { plan, first_cell, seen: 0, overlay: String::new(), nulls: String::new(), unknown: Keys::default() }
    }

    /// Whether a known field, or a key of the overlay, was there.
    fn has(&self, name: &str) -> bool {
        match self.plan.find(name) {
            Some(position) => self.seen & (1 << position) != 0,
            None => self.overlay.contains(&format!("\"{name}\":")),
        }
    }

    fn member(
        &mut self,
        scanner: &mut Scanner<'a>,
        key: Str<'a>,
        cells: &mut Vec<Cell<'a>>,
    ) -> Result<(), SyntaxError> {
        let decoded;
        let name = if key.escaped {
            decoded = key.decode();
            decoded.as_ref()
        } else {
            key.raw
        };
        let Some(position) = self.plan.find(name) else {
            scanner.flaws.inexact |= self.unknown.repeats(key);
            let value = scanner.value()?;
            self.lay_over(key.raw, value);
            return Ok(());
        };
        let (node, kind) = (self.plan.nodes[position], &self.plan.fields[position].kind);
        if self.seen & (1 << position) != 0 {
            // the last one counts
            scanner.flaws.inexact = true;
            let mut own = cells.split_off(self.first_cell);
            own.retain(|(other, _)| !(node..node + schema::nodes(kind)).contains(other));
            cells.append(&mut own);
        }
        self.seen |= 1 << position;
        if scanner.peek()? == Next::Null {
            scanner.value()?;
            if !self.nulls.is_empty() {
                self.nulls.push(',');
            }
            self.nulls.push_str(name);
            return Ok(());
        }
        if let Some(rest) = read(scanner, node, kind, self.plan.inside[position].as_ref(), cells)? {
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

    /// The overlay as an object, if there is any.
    fn overlay(&self) -> Option<String> {
        (!self.overlay.is_empty()).then(|| format!("{{{}}}", self.overlay))
    }

    /// The overlay of an object inside a record: its nulls stand in it.
    fn nested_overlay(mut self) -> Option<String> {
        for name in std::mem::take(&mut self.nulls).split_terminator(',') {
            self.lay_over(name, "null");
        }
        self.overlay()
    }
}

/// Reads a value that is not null: what fits its column becomes cells; returned is what has to be laid over it to be
/// equal.
fn read<'a>(
    scanner: &mut Scanner<'a>,
    node: u32,
    kind: &Kind,
    inside: Option<&'static Plan>,
    cells: &mut Vec<Cell<'a>>,
) -> Result<Option<Cow<'a, str>>, SyntaxError> {
    let next = scanner.peek()?;
    match (kind, next, inside) {
        (Kind::Text, Next::String, _) => {
            cells.push((node, Value::Text(scanner.string()?.decode())));
            Ok(None)
        }
        (Kind::Text, Next::Other, _) => {
            let raw = scanner.value()?;
            cells.push((node, Value::Text(raw.into())));
            Ok(Some(raw.into()))
        }
        (Kind::Bool, Next::Other, _) => {
            let raw = scanner.value()?;
            let value = boolean(raw);
            let rest = value.is_none().then_some(raw.into());
            cells.extend(value.map(|value| (node, value)));
            Ok(rest)
        }
        (Kind::Bool | Kind::Time | Kind::Uuid, Next::String, _) => {
            let string = scanner.string()?;
            let text = string.decode();
            let (value, canonical) = match kind {
                Kind::Bool => (boolean(&text), false),
                Kind::Time => time(&text),
                _ => id(&text),
            };
            cells.extend(value.map(|value| (node, value)));
            Ok((!canonical).then(|| format!("\"{}\"", string.raw).into()))
        }
        (Kind::Json, Next::String, _) => {
            let raw = scanner.value()?;
            match nested(raw) {
                Some(json) => {
                    cells.push((node, Value::Json(json.into())));
                    Ok(Some(raw.into()))
                }
                None => {
                    cells.push((node, Value::Json(acceptable(raw, scanner.flaws))));
                    Ok(None)
                }
            }
        }
        (Kind::Json, _, _) => {
            let before = std::mem::take(&mut scanner.flaws);
            let raw = scanner.value()?;
            cells.push((node, Value::Json(acceptable(raw, scanner.flaws))));
            scanner.flaws.inexact |= before.inexact;
            scanner.flaws.refused |= before.refused;
            Ok(None)
        }
        (Kind::Struct(_), Next::Object, Some(plan)) => {
            cells.push((node, Value::Struct));
            let mut members = Members::new(plan, cells.len());
            scanner.object(|scanner, key| members.member(scanner, key, cells))?;
            Ok(members.nested_overlay().map(Cow::Owned))
        }
        (Kind::List(_), Next::List, Some(plan)) => list(scanner, node, plan, cells),
        _ => Ok(Some(scanner.value()?.into())),
    }
}

/// A list of objects. An element that does not fit makes the whole list its own overlay: lists are replaced, not merged.
fn list<'a>(
    scanner: &mut Scanner<'a>,
    node: u32,
    plan: &'static Plan,
    cells: &mut Vec<Cell<'a>>,
) -> Result<Option<Cow<'a, str>>, SyntaxError> {
    let begin = scanner.at();
    let place = cells.len();
    cells.push((node, Value::List(0)));
    let mut len = 0;
    let mut fits = true;
    scanner.list(|scanner| {
        if scanner.peek()? != Next::Object {
            fits = false;
            return scanner.value().map(drop);
        }
        len += 1;
        cells.push((node + 1, Value::Struct));
        let mut members = Members::new(plan, cells.len());
        scanner.object(|scanner, key| members.member(scanner, key, cells))?;
        fits &= members.nested_overlay().is_none();
        Ok::<_, SyntaxError>(())
    })?;
    cells[place].1 = Value::List(len);
    Ok((!fits).then(|| scanner.since(begin).into()))
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

fn boolean<'a>(text: &str) -> Option<Value<'a>> {
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// A time, and whether it is written as CloudTrail does: `2026-10-06T02:14:00Z`.
fn time<'a>(text: &str) -> (Option<Value<'a>>, bool) {
    if let Some(micros) = cloudtrail_time(text) {
        return (Some(Value::Time(micros)), true);
    }
    // SQL has no year 0
    let time = DateTime::parse_from_rfc3339(text).ok().filter(|time| time.to_utc().year() > 0);
    (time.map(|time| Value::Time(time.timestamp_micros())), false)
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
fn id<'a>(text: &str) -> (Option<Value<'a>>, bool) {
    match Uuid::try_parse(text) {
        Ok(id) => {
            let canonical = id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
            (Some(Value::Uuid(id)), canonical)
        }
        Err(_) => (None, false),
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
        let wanted = PLAN.nodes[PLAN.find(json).expect("a field")];
        record.cells.iter().find(|(node, _)| *node == wanted).map(|(_, value)| value).expect("a value")
    }

    const HEAD: &str = r#""eventTime":"2026-10-06T02:14:00Z","eventID":"00000000-0000-4000-8000-000000000001""#;

    #[test]
    fn fields_find_their_columns() {
        let text = format!(r#"{{{HEAD},"eventName":"Describe\u0049mages","readOnly":true,"errorCode":null}}"#);
        let record = record(&text);
        assert_eq!(record.event_time, 1_791_252_840_000_000);
        assert_eq!(record.event_id.to_string(), "00000000-0000-4000-8000-000000000001");
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
            assert_eq!(time(text), (Some(Value::Time(micros)), canonical));
        }
        for text in ["2026-13-06T02:14:00Z", "2026-10-06", "", "now", "2026-10-06T24:00:00Z"] {
            assert_eq!(time(text), (None, false), "{text}");
        }
    }

    #[test]
    fn an_id_is_derived_where_there_is_none() {
        let one = r#"{"eventTime":"2026-10-06T02:14:00Z","eventName":"A"}"#;
        let same = r#"{ "eventName": "A", "eventTime": "2026-10-06T02:14:00Z" }"#;
        let other = r#"{"eventTime":"2026-10-06T02:14:00Z","eventName":"B"}"#;
        let id = record(one).event_id;
        assert!(record(one).event_id_derived && id.get_version_num() == 8);
        assert_eq!(id, record(same).event_id);
        assert_ne!(id, record(other).event_id);
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
