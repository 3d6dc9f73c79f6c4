//! Whatever was loaded comes back equal.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use common::{Place, fixtures, log, real_data, record};
use serde_json::{Value, json};

/// Records by event id, read by independent means.
fn records_below(folder: &Path) -> BTreeMap<String, Value> {
    let mut records = BTreeMap::new();
    for entry in
        walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file())
    {
        let bytes = fs::read(entry.path()).expect("a file");
        let mut text = String::new();
        let read = if bytes.starts_with(&[0x1f, 0x8b]) {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
        } else {
            bytes.as_slice().read_to_string(&mut text)
        };
        read.expect("text");
        let Ok(mut file) = serde_json::from_str::<Value>(&text) else { continue };
        if let Value::Array(list) = file["Records"].take() {
            records.extend(list.into_iter().map(|record| (record["eventID"].to_string(), record)));
        }
    }
    records
}

fn comes_back_equal(folder: &Path, count: usize) {
    let place = Place::new();
    place.ok(&["load", folder.to_str().expect("UTF-8")]);
    let exported: BTreeMap<_, _> =
        place.export().into_iter().map(|record| (record["eventID"].to_string(), record)).collect();
    let expected = records_below(folder);
    assert_eq!((exported.len(), expected.len()), (count, count));
    for (id, record) in expected {
        assert_eq!(exported.get(&id), Some(&record), "{id}");
    }
}

#[test]
fn every_record_of_the_fixtures() {
    comes_back_equal(&fixtures("AWSLogs"), 106);
}

#[test]
fn every_record_of_the_real_data() {
    if let Some(folder) = real_data() {
        comes_back_equal(&folder, 2900);
    }
}

#[test]
fn records_that_no_schema_foresees() {
    let odd = [
        json!({"newField": {"deep": [1, null, {"": ""}]}, "another": null}),
        json!({"requestParameters": null}),
        json!({"requestParameters": []}),
        json!({"requestParameters": "text"}),
        json!({"requestParameters": "{\"nested\": true}"}),
        json!({"requestParameters": {"": {"a.b": 1, "A": 2, "a": 3, "\"": 4, "é": "😀\u{0}"}}}),
        json!({"requestParameters": {"n": [0.1, 1e300, -1.5e-7, u64::MAX, i64::MIN, 0, 1.0, 6.98554236e-15, 1.174868912E-20, 89e172]}}),
        json!({"userIdentity": null}),
        json!({"userIdentity": {}}),
        json!({"userIdentity": {"type": null, "arn": 5, "unknown": {"x": 1}, "sessionContext": {"attributes": {"mfaAuthenticated": true, "creationDate": "today"}}}}),
        json!({"userIdentity": "nobody"}),
        json!({"resources": []}),
        json!({"resources": [{}, {"ARN": "a", "new": 1}]}),
        json!({"resources": {"ARN": "a"}}),
        json!({"readOnly": "true", "managementEvent": null, "apiVersion": 20140331}),
        json!({"eventTime": "2026-10-06T02:14:00.123Z"}),
        json!({"eventTime": "2026-10-06T04:14:00+02:00"}),
        json!({"tlsDetails": {"tlsVersion": "TLSv1.3", "keyExchange": "x25519"}}),
        json!({"extra": 1, "null_fields": 2, "original": 3, "event_id": 4}),
    ];
    let records: Vec<_> = odd.iter().zip(1..).map(|(fields, number)| record(number, fields)).collect();
    let place = Place::new();
    place.write("odd.json", log(&records));
    assert_eq!(place.load(&["odd.json"]), [1, 19, 19, 0, 0]);
    let mut exported = place.export();
    exported.sort_by_key(|record| record["eventID"].to_string());
    assert_eq!(exported, records);
}

#[test]
fn text_that_columns_would_change_is_kept_to_the_letter() {
    let odd = [
        r#"{"n": 123456789012345678901234567890}"#,
        r#"{"n": 1e999}"#,
        r#"{"n": 0.1000000000000000055511151231257827}"#,
        r#"{"n": -0}"#,
        r#"{"key": 1, "key": 2}"#,
        r#"{"s": "\ud800 alone"}"#,
        &format!("{}1{}", "[".repeat(5000), "]".repeat(5000)),
    ];
    let lines: Vec<_> = odd
        .iter()
        .zip(1..)
        .map(|(json, number)| {
            record(number, &json!({"requestParameters": "HERE"})).to_string().replace("\"HERE\"", json)
        })
        .collect();
    let place = Place::new();
    place.write("odd.ndjson", lines.join("\n"));
    assert_eq!(place.load(&["odd.ndjson"]), [1, 7, 7, 0, 0]);
    let exported = place.ok(&["export", "--format", "ndjson"]);
    let mut exported: Vec<_> = exported.lines().collect();
    exported.sort_by_key(|line| lines.iter().position(|expected| expected == line));
    assert_eq!(exported, lines);
}

#[test]
fn an_export_can_be_loaded_again() {
    let place = Place::with_fixtures();
    for format in ["cloudtrail", "ndjson"] {
        place.ok(&["export", "--format", format, "-o", "copy"]);
        let copy = Place::new();
        let path = place.path("copy");
        assert_eq!(copy.load(&[path.to_str().expect("UTF-8")]), [1, 106, 106, 0, 0]);
    }
    let launches =
        place.ok(&["export", "--format", "ndjson", "--where", "event_name = 'RunInstances'", "--until", "2026-10-06"]);
    assert!(launches.lines().count() > 0 && launches.lines().all(|line| line.contains("\"RunInstances\"")));
}

#[test]
fn an_export_that_fails_leaves_what_was_there() {
    let place = Place::with_fixtures();
    place.write("keep.json", "precious");
    let store = std::fs::read(place.path("trail.duckdb")).expect("a file");
    for args in [&["export", "-o", "keep.json", "--where", "nope"][..], &["export", "-o", "trail.duckdb"]] {
        assert_eq!(place.run(args).code, 1);
    }
    assert_eq!(std::fs::read(place.path("keep.json")).expect("a file"), b"precious");
    assert_eq!(std::fs::read(place.path("trail.duckdb")).expect("a file"), store);
}

/// JSON of any shape.
fn any_json(rng: &mut fastrand::Rng, depth: u32) -> Value {
    let text = |rng: &mut fastrand::Rng| -> String {
        let chars = ["a", "key", "é", "😀", "\"", "\\", "\n", "\u{0}", "longer than twelve bytes", " "];
        (0..rng.usize(0..4)).map(|_| chars[rng.usize(0..chars.len())]).collect()
    };
    match rng.u32(0..if depth == 0 { 7 } else { 10 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => rng.u64(..).into(),
        3 => rng.i64(..).into(),
        4 => (rng.i32(..) as f64 / 1024.0).into(),
        5 => rng.i8(..).into(),
        6 => text(rng).into(),
        7 => (0..rng.usize(0..20)).map(|_| any_json(rng, depth - 1)).collect(),
        _ => Value::Object((0..rng.usize(0..20)).map(|_| (text(rng), any_json(rng, depth - 1))).collect()),
    }
}

#[test]
fn nested_columns_are_what_duckdb_makes_of_the_same_json() {
    let mut rng = fastrand::Rng::with_seed(7);
    let lines: Vec<_> = (0..3000)
        .map(|number| {
            let json = any_json(&mut rng, 4);
            let json = if number == 0 { json!({"a": {"b": [1, {"c": "d"}]}}) } else { json };
            // a text would be taken for JSON that somebody made a text of
            let json = if json.is_string() || json.is_null() { json!([json]) } else { json };
            record(number, &json!({"requestParameters": json, "userAgent": json.to_string()})).to_string()
        })
        .chain([record(3000, &json!({"requestParameters": "HERE", "userAgent": r#"{"a":2,"b":3}"#}))
            .to_string()
            .replace("\"HERE\"", r#"{"a":1,"b":3,"a":2}"#)])
        .collect();
    let place = Place::new();
    place.write("a.ndjson", lines.join("\n"));
    assert_eq!(place.load(&["a.ndjson"]), [1, 3001, 3001, 0, 0]);
    let compared = place.sql(
        "WITH both_ways AS (SELECT request_parameters AS ours, user_agent::JSON::VARIANT AS theirs FROM events)
        SELECT count(*) AS n,
            count(*) FILTER (to_json(ours)::VARCHAR IS DISTINCT FROM to_json(theirs)::VARCHAR) AS other_json,
            count(*) FILTER (variant_typeof(ours) IS DISTINCT FROM variant_typeof(theirs)) AS other_types,
            count(*) FILTER (ours IS DISTINCT FROM theirs) AS other_values,
            count(*) FILTER (ours.key IS DISTINCT FROM theirs.key) AS other_members,
            max(ours.a.b::JSON::VARCHAR) AS path
        FROM both_ways",
    );
    let path = r#"[1,{"c":"d"}]"#;
    assert_eq!(
        compared,
        [json!({"n": 3001, "other_json": 0, "other_types": 0, "other_values": 0, "other_members": 0, "path": path})]
    );
}
