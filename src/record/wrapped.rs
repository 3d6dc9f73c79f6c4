//! Objects that are no records but carry them: events of EventBridge, messages of SNS, SQS and CloudWatch Logs, rows of
//! Athena and CloudTrail Lake, documents of Elasticsearch.

use std::borrow::Cow;

use super::convert;
use super::format::Format;
use super::json::{Scanner, Str, SyntaxError};

/// What an object carries.
#[derive(Debug, PartialEq)]
pub enum Carried<'a> {
    /// JSON text of a record, or of something that carries one in turn.
    Text(Cow<'a, str>),
    /// Nothing, as the sender meant it.
    Nothing,
    /// Something that is no record, for this reason.
    NoRecord(&'static str),
}

/// Looks into an object without eventTime; none if it is nothing that is known.
pub fn unwrap(object: &str) -> Option<(Format, Carried<'_>)> {
    use Carried::{NoRecord, Nothing, Text};
    let object = Members::of(object)?;
    if let Some(text) = object.string("CloudTrailEvent") {
        return Some((Format::LookupEvents, Text(text)));
    }
    if let Some(text) = object.string("eventJson").or_else(|| object.string("eventjson")) {
        return Some((Format::Lake, Text(text)));
    }
    if object.has("detail") && (object.has("detail-type") || object.has("source")) {
        return Some((Format::EventBridge, Text(object.raw("detail")?.into())));
    }
    if object.has("s3Bucket") && object.has("s3ObjectKey") {
        return Some((Format::Sns, NoRecord("says that a log file was delivered to S3: load that file")));
    }
    if object.has("Message") && object.has("TopicArn") {
        return Some(match object.string("Type").as_deref() {
            Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => (Format::Sns, Nothing),
            _ => (Format::Sns, Text(object.string("Message")?)),
        });
    }
    if object.has("Sns") {
        return Some((Format::Sns, Text(object.raw("Sns")?.into())));
    }
    if object.has("MessageId") || object.has("messageId") {
        let body = object.string("Body").or_else(|| object.string("body"))?;
        return Some((Format::Sqs, Text(body)));
    }
    if object.has("_source") {
        return Some((Format::Elasticsearch, Text(object.raw("_source")?.into())));
    }
    if let Some(original) = object.string("event.original") {
        return Some((Format::Elasticsearch, Text(original)));
    }
    if let Some(event) = object.raw("event").and_then(Members::of)
        && let Some(original) = event.string("original")
    {
        return Some((Format::Elasticsearch, Text(Cow::Owned(original.into_owned()))));
    }
    if object.has("@timestamp")
        && object.members.iter().any(|(key, _)| key == "aws" || key.starts_with("aws.cloudtrail"))
    {
        return Some((Format::Elasticsearch, Text(convert::ecs(object.text)?.into())));
    }
    if let Some(message) = object.string("message").or_else(|| object.string("@message")) {
        if message.starts_with("CWL CONTROL MESSAGE") {
            return Some((Format::CloudWatchLogs, Nothing));
        }
        if message.trim_start().starts_with('{') {
            return Some((Format::CloudWatchLogs, Text(message)));
        }
    }
    if object.has("eventtime") {
        return Some((Format::Athena, Text(convert::row(object.cells()).into())));
    }
    None
}

/// The record a row stands for that is a list of cells: `[{"eventID": "..."}, {"eventTime": "..."}]` as CloudTrail Lake
/// has them, `[{"field": "@message", "value": "..."}]` as CloudWatch Logs Insights does.
pub fn unwrap_row(list: &str) -> Option<(Format, Carried<'_>)> {
    let mut cells = Vec::new();
    let mut insights = false;
    Scanner::new(list)
        .list(|scanner| {
            let cell = scanner.value()?;
            if let Some(cell) = Members::of(cell) {
                match (cell.string("field"), cell.string("value")) {
                    (Some(field), Some(value)) => {
                        insights = true;
                        cells.push((field.into_owned(), value.into_owned()));
                    }
                    _ => cells.extend(cell.cells().map(|(name, text)| (name.to_owned(), text.into_owned()))),
                }
            }
            Ok::<_, SyntaxError>(())
        })
        .ok()?;
    let format = if insights { Format::CloudWatchLogs } else { Format::Lake };
    let whole = cells.iter().position(|(name, _)| ["eventjson", "message"].contains(&convert::normal(name).as_str()));
    if let Some(whole) = whole {
        return Some((format, Carried::Text(cells.swap_remove(whole).1.into())));
    }
    let known = cells.iter().any(|(name, _)| convert::normal(name) == "eventtime");
    let row = || convert::row(cells.iter().map(|(name, text)| (name.as_str(), text.as_str().into())));
    known.then(|| (format, Carried::Text(row().into())))
}

/// The keys of an object, for a message.
pub fn keys(object: &str) -> String {
    let Some(object) = Members::of(object) else { return String::new() };
    let keys: Vec<_> = object.members.iter().take(6).map(|(key, _)| key.as_ref()).collect();
    let more = if object.members.len() > keys.len() { ", ..." } else { "" };
    format!("{}{more}", keys.join(", "))
}

/// The members of an object, values unread.
struct Members<'a> {
    text: &'a str,
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Members<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut members = Vec::new();
        Scanner::new(text)
            .object(|scanner, key: Str<'a>| {
                members.push((key.decode(), scanner.value()?));
                Ok::<_, SyntaxError>(())
            })
            .ok()?;
        Some(Self { text, members })
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.members.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw)
    }

    fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    fn string(&self, name: &str) -> Option<Cow<'a, str>> {
        string(self.raw(name)?)
    }

    /// Names and texts: of a string its characters, of anything else its JSON.
    fn cells(&self) -> impl Iterator<Item = (&str, Cow<'a, str>)> {
        self.members.iter().map(|(key, raw)| (key.as_ref(), string(raw).unwrap_or(Cow::Borrowed(*raw))))
    }
}

fn string(raw: &str) -> Option<Cow<'_, str>> {
    raw.starts_with('"').then(|| Scanner::new(raw).string().ok().map(Str::decode)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_by_its_keys() {
        for (object, format, carried) in [
            (r#"{"EventId":"1","CloudTrailEvent":"{\"a\":1}"}"#, Format::LookupEvents, r#"{"a":1}"#),
            (r#"{"detail-type":"x","detail":{"n":1e999}}"#, Format::EventBridge, r#"{"n":1e999}"#),
            (r#"{"id":"1","timestamp":1,"message":"{}"}"#, Format::CloudWatchLogs, "{}"),
            (r#"{"Type":"Notification","TopicArn":"t","Message":"{}"}"#, Format::Sns, "{}"),
            (r#"{"messageId":"1","body":"{}"}"#, Format::Sqs, "{}"),
            (r#"{"_id":"1","_source":{"event":{}}}"#, Format::Elasticsearch, r#"{"event":{}}"#),
            (r#"{"event":{"original":"{}"}}"#, Format::Elasticsearch, "{}"),
            (r#"{"event.original":"{}"}"#, Format::Elasticsearch, "{}"),
            (r#"{"eventJson":"{}","eventTime2":"x"}"#, Format::Lake, "{}"),
            (r#"{"eventtime":"t","useragent":"u"}"#, Format::Athena, r#"{"eventTime":"t","userAgent":"u"}"#),
        ] {
            assert_eq!(unwrap(object), Some((format, Carried::Text(carried.into()))), "{object}");
        }
        assert_eq!(unwrap(r#"{"a":1}"#), None);
        assert_eq!(keys(r#"{"a":1,"b":{"c":2}}"#), "a, b");
    }

    #[test]
    fn rows_that_are_lists_of_cells() {
        let row = unwrap_row(r#"[{"eventTime":"t"},{"eventName":"n"}]"#);
        assert_eq!(row, Some((Format::Lake, Carried::Text(r#"{"eventTime":"t","eventName":"n"}"#.into()))));
        let row = unwrap_row(r#"[{"field":"@ptr","value":"x"},{"field":"@message","value":"{}"}]"#);
        assert_eq!(row, Some((Format::CloudWatchLogs, Carried::Text("{}".into()))));
        assert_eq!(unwrap_row("[1,2]"), None);
    }
}
