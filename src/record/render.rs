//! From a row of `events` back to the record.

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::schema::{FIELDS, Field, Kind};

/// The record that a row came from, equal as JSON, on one line.
///
/// `row` is the row as a JSON object, column names as keys (`to_json(events)` in SQL).
pub fn render(mut row: Map<String, Value>) -> String {
    if row.get("event_id_derived") == Some(&Value::Bool(true)) {
        row.remove("event_id");
    }
    let mut record = object(FIELDS, &mut row);
    if let Some(Value::String(names)) = row.get("null_fields") {
        for name in names.split(',') {
            record.insert(name.to_owned(), Value::Null);
        }
    }
    let mut record = Value::Object(record);
    if let Some(extra @ Value::Object(_)) = row.remove("extra") {
        lay_over(&mut record, extra);
    }
    record.to_string()
}

fn object(fields: &[Field], row: &mut Map<String, Value>) -> Map<String, Value> {
    let mut object = Map::new();
    for field in fields {
        match row.remove(field.column) {
            None | Some(Value::Null) => {}
            Some(value) => {
                object.insert(field.json.to_owned(), value_of(&field.kind, value));
            }
        }
    }
    object
}

fn value_of(kind: &Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Time, Value::String(text)) => time(&text).into(),
        (Kind::Struct(fields), Value::Object(mut row)) => object(fields, &mut row).into(),
        (Kind::List(fields), Value::Array(elements)) => {
            let object_of = |element| value_of(&Kind::Struct(fields), element);
            elements.into_iter().map(object_of).collect()
        }
        (_, value) => value,
    }
}

/// SQL's `2026-10-06 02:14:00` as CloudTrail writes it.
fn time(sql: &str) -> String {
    match NaiveDateTime::parse_from_str(sql, "%Y-%m-%d %H:%M:%S%.f") {
        Ok(time) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => sql.to_owned(),
    }
}

/// Objects are merged; anything else replaces what it is laid over.
fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                lay_over(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_nulls_and_extra_make_the_record() {
        let row = json!({
            "event_id": "00000000-0000-4000-8000-000000000001",
            "event_time": "2026-10-06 02:14:00",
            "error_code": null,
            "null_fields": "responseElements",
            "user_identity": {"type": "Root", "arn": null, "session_context": {"attributes": {"creation_date": "2026-10-06 01:00:00"}}},
            "resources": [{"arn": "a", "account_id": null, "type": null}],
            "extra": {"eventTime": "2026-10-06T02:14:00.000Z", "userIdentity": {"new": 1}},
        });
        let Value::Object(row) = row else { unreachable!() };
        let record: Value = serde_json::from_str(&render(row)).expect("JSON");
        assert_eq!(
            record,
            json!({
                "eventID": "00000000-0000-4000-8000-000000000001",
                "eventTime": "2026-10-06T02:14:00.000Z",
                "responseElements": null,
                "userIdentity": {"type": "Root", "new": 1, "sessionContext": {"attributes": {"creationDate": "2026-10-06T01:00:00Z"}}},
                "resources": [{"ARN": "a"}],
            })
        );
    }
}
