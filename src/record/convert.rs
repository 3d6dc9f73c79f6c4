//! Records that other tools took apart: put together again from their columns.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, SecondsFormat};
use serde_json::{Map, Value};

use super::json::{self, Scanner};
use super::presto;
use super::schema::{FIELDS, Field, Kind};

/// The text of the record that a row stands for. Columns are named after CloudTrail's fields, in any case, with any
/// spaces (`eventtime`, `Event time`); nested fields are JSON, or rows as Presto prints them. What is no field is kept
/// under its own name.
///
/// Sources: the CloudTrail Lake schema, Athena's table for CloudTrail logs, and the columns that the console's event
/// history downloads (all in the CloudTrail User Guide).
pub fn row<'a>(cells: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>) -> String {
    let mut members = Vec::new();
    let mut identity = Map::new();
    for (name, text) in cells {
        if text.is_empty() || text == "null" {
            continue;
        }
        match normal(name).as_str() {
            "username" => drop(identity.insert("userName".to_owned(), text.into())),
            "awsaccesskey" => drop(identity.insert("accessKeyId".to_owned(), text.into())),
            normal => {
                let field = FIELDS.iter().find(|field| field.json.eq_ignore_ascii_case(normal));
                let (key, value) = match field {
                    Some(field) => (field.json, value(&field.kind, &text)),
                    None => (name, string(&text)),
                };
                members.push(format!("{}:{value}", string(key)));
            }
        }
    }
    if !identity.is_empty() {
        members.push(format!("\"userIdentity\":{}", Value::from(identity)));
    }
    format!("{{{}}}", members.join(","))
}

/// A column's name without what differs from tool to tool.
pub fn normal(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn string(text: &str) -> String {
    Value::from(text).to_string()
}

/// A cell as JSON.
fn value(kind: &Kind, text: &str) -> String {
    match kind {
        Kind::Text | Kind::Uuid => string(text),
        Kind::Bool if text == "true" || text == "false" => text.to_owned(),
        Kind::Bool => string(text),
        Kind::Time => string(&time(text)),
        Kind::Json if is_json(text) => text.to_owned(),
        Kind::Json => presto::parse(text).map_or_else(|| string(text), |value| value.to_string()),
        Kind::Struct(_) | Kind::List(_) => {
            let json = if is_json(text) { serde_json::from_str(&json::repair(text)).ok() } else { None };
            match json.or_else(|| presto::parse(text)) {
                Some(value) => named(kind, value).to_string(),
                None => string(text),
            }
        }
    }
}

/// Whether a text is a JSON object or list.
fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && Scanner::new(text).value().is_ok_and(|value| value.len() == text.trim_end().len())
}

/// Gives nested fields the names CloudTrail writes them with.
fn named(kind: &Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Struct(fields), Value::Object(object)) => {
            let named = object.into_iter().map(|(key, value)| {
                let field = fields.iter().find(|field: &&Field| field.json.eq_ignore_ascii_case(&key));
                match field {
                    Some(field) => (field.json.to_owned(), named(&field.kind, value)),
                    None => (key, value),
                }
            });
            named.collect::<Map<_, _>>().into()
        }
        (Kind::List(fields), Value::Array(list)) => {
            list.into_iter().map(|value| named(&Kind::Struct(fields), value)).collect()
        }
        (Kind::Time, Value::String(text)) => time(&text).into(),
        (_, value) => value,
    }
}

/// A time as CloudTrail writes it, from the ways SQL engines do: `2026-10-06 02:14:00.000 UTC`.
fn time(text: &str) -> String {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return time.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
    }
    let bare = text.trim_end_matches(" UTC").trim_end_matches('Z');
    match NaiveDateTime::parse_from_str(bare, "%Y-%m-%d %H:%M:%S%.f") {
        Ok(time) => time.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true),
        Err(_) => text.to_owned(),
    }
}

/// Fields of a record, and where Elastic's CloudTrail integration puts them (its ingest pipeline; names are ECS).
const ECS: &[(&str, &[&str])] = &[
    ("eventVersion", &["aws.cloudtrail.event_version"]),
    ("eventTime", &["@timestamp"]),
    ("eventSource", &["event.provider"]),
    ("eventName", &["event.action"]),
    ("eventID", &["event.id"]),
    ("awsRegion", &["cloud.region"]),
    ("sourceIPAddress", &["source.address", "source.ip"]),
    ("userAgent", &["user_agent.original"]),
    ("errorCode", &["aws.cloudtrail.error_code"]),
    ("errorMessage", &["aws.cloudtrail.error_message"]),
    ("requestID", &["aws.cloudtrail.request_id"]),
    ("eventType", &["aws.cloudtrail.event_type"]),
    ("eventCategory", &["aws.cloudtrail.event_category"]),
    ("apiVersion", &["aws.cloudtrail.api_version"]),
    ("managementEvent", &["aws.cloudtrail.management_event"]),
    ("readOnly", &["aws.cloudtrail.read_only"]),
    ("recipientAccountId", &["aws.cloudtrail.recipient_account_id"]),
    ("sharedEventID", &["aws.cloudtrail.shared_event_id"]),
    ("vpcEndpointId", &["aws.cloudtrail.vpc_endpoint_id"]),
    ("requestParameters", &["aws.cloudtrail.flattened.request_parameters", "aws.cloudtrail.request_parameters"]),
    ("responseElements", &["aws.cloudtrail.flattened.response_elements", "aws.cloudtrail.response_elements"]),
    ("additionalEventData", &["aws.cloudtrail.flattened.additional_eventdata", "aws.cloudtrail.additional_eventdata"]),
    (
        "serviceEventDetails",
        &["aws.cloudtrail.flattened.service_event_details", "aws.cloudtrail.service_event_details"],
    ),
    ("userIdentity.type", &["aws.cloudtrail.user_identity.type"]),
    ("userIdentity.principalId", &["user.id"]),
    ("userIdentity.arn", &["aws.cloudtrail.user_identity.arn"]),
    ("userIdentity.accountId", &["cloud.account.id"]),
    ("userIdentity.accessKeyId", &["aws.cloudtrail.user_identity.access_key_id"]),
    ("userIdentity.userName", &["user.name"]),
    ("userIdentity.invokedBy", &["aws.cloudtrail.user_identity.invoked_by"]),
    (
        "userIdentity.sessionContext.attributes.mfaAuthenticated",
        &["aws.cloudtrail.user_identity.session_context.mfa_authenticated"],
    ),
    (
        "userIdentity.sessionContext.attributes.creationDate",
        &["aws.cloudtrail.user_identity.session_context.creation_date"],
    ),
    (
        "userIdentity.sessionContext.sessionIssuer.type",
        &["aws.cloudtrail.user_identity.session_context.session_issuer.type"],
    ),
    (
        "userIdentity.sessionContext.sessionIssuer.principalId",
        &["aws.cloudtrail.user_identity.session_context.session_issuer.principal_id"],
    ),
    (
        "userIdentity.sessionContext.sessionIssuer.arn",
        &["aws.cloudtrail.user_identity.session_context.session_issuer.arn"],
    ),
    (
        "userIdentity.sessionContext.sessionIssuer.accountId",
        &["aws.cloudtrail.user_identity.session_context.session_issuer.account_id"],
    ),
];

/// The text of the record that an Elasticsearch document stands for. The document itself is kept as the record's field
/// `_source`: not all of it has a place elsewhere.
pub fn ecs(text: &str) -> Option<String> {
    let document: Value = serde_json::from_str(&json::repair(text)).ok()?;
    let mut record = Value::Object(Map::new());
    for (to, from) in ECS {
        let Some(value) = from.iter().find_map(|path| at(&document, path)).filter(|value| !value.is_null()) else {
            continue;
        };
        let value = match value {
            Value::Array(list) if list.len() == 1 => list[0].clone(),
            value => value.clone(),
        };
        let value = match (*to, value) {
            ("eventTime" | "userIdentity.sessionContext.attributes.creationDate", Value::String(text)) => {
                time(&text).into()
            }
            ("requestParameters" | "responseElements" | "additionalEventData" | "serviceEventDetails", value) => {
                match value {
                    Value::String(text) if !is_json(&text) => presto::parse(&text).unwrap_or(text.into()),
                    value => value,
                }
            }
            (_, value) => value,
        };
        let mut place = &mut record;
        for key in to.split('.') {
            place = &mut place[key];
        }
        *place = value;
    }
    let mut record = record.to_string();
    record.truncate(record.len() - 1);
    if record.len() > 1 {
        record.push(',');
    }
    // as it came: a parser may have changed what it says
    Some(format!("{record}\"_source\":{text}}}"))
}

/// What a document has at a path: objects in objects, or keys with dots in them.
fn at<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    if let Some(value) = document.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| at(document.get(&path[..dot])?, &path[dot + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of_row(cells: &[(&'static str, &'static str)]) -> Value {
        let text = row(cells.iter().map(|&(name, text)| (name, text.into())));
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn columns_find_their_fields_in_any_spelling() {
        assert_eq!(
            of_row(&[
                ("eventtime", "2026-10-06 02:14:00.000"),
                ("Event ID", "00000000-0000-4000-8000-000000000001"),
                (
                    "useridentity",
                    "{type=IAMUser, accountid=1, sessioncontext={attributes={creationdate=2026-10-06 02:10:00.000, mfaauthenticated=false}}}"
                ),
                ("requestParameters", "{includeDeprecated=true, n={\"a\":1}}"),
                ("responseelements", "{\"big\":123456789012345678901234567890}"),
                ("readOnly", "true"),
                ("errorcode", ""),
                ("year", "2026"),
            ]),
            json!({
                "eventTime": "2026-10-06T02:14:00Z",
                "eventID": "00000000-0000-4000-8000-000000000001",
                "userIdentity": {"type": "IAMUser", "accountId": "1", "sessionContext": {"attributes": {"creationDate": "2026-10-06T02:10:00Z", "mfaAuthenticated": "false"}}},
                "requestParameters": {"includeDeprecated": "true", "n": {"a": 1}},
                "responseElements": {"big": serde_json::from_str::<Value>("123456789012345678901234567890").expect("a number")},
                "readOnly": true,
                "year": "2026",
            })
        );
        assert_eq!(
            of_row(&[("User name", "alice"), ("AWS access key", "AKIA"), ("Resource name", "x")]),
            json!({"userIdentity": {"userName": "alice", "accessKeyId": "AKIA"}, "Resource name": "x"})
        );
    }

    #[test]
    fn documents_find_their_fields_nested_or_dotted() {
        let document = json!({
            "@timestamp": "2026-10-06T02:14:00.000Z",
            "event": {"id": "1", "action": "DescribeImages", "provider": "ec2.amazonaws.com"},
            "aws.cloudtrail.user_identity.arn": "a",
            "aws": {"cloudtrail": {"flattened": {"request_parameters": {"includeDeprecated": true}}, "error_code": ["X"]}},
        });
        let text = ecs(&document.to_string()).expect("a document");
        assert_eq!(
            serde_json::from_str::<Value>(&text).expect("JSON"),
            json!({
                "eventTime": "2026-10-06T02:14:00Z", "eventID": "1", "eventName": "DescribeImages",
                "eventSource": "ec2.amazonaws.com", "userIdentity": {"arn": "a"}, "errorCode": "X",
                "requestParameters": {"includeDeprecated": true}, "_source": document,
            })
        );
    }
}
