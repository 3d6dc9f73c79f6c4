//! The forms that CloudTrail records arrive in. Each file of `fixtures/formats` carries the same three events.

mod common;

use std::fs;
use std::io::{Cursor, Write};

use common::{Place, fixtures, gzip, record};
use serde_json::{Value, json};

/// A file, its format as the table `files` names it, and whether the records in it are whole.
const FILES: [(&str, &str, bool); 20] = [
    ("athena.csv", "csv", false),
    ("athena.ndjson", "athena", false),
    ("cloudtrail-lake.csv", "csv", false),
    ("cloudtrail-lake.json", "cloudtrail-lake", false),
    ("cloudtrail-lake-event-json.json", "cloudtrail-lake", true),
    ("cloudwatch-logs-events.json", "cloudwatch-logs", true),
    ("cloudwatch-logs-export.log", "cloudwatch-logs", true),
    ("cloudwatch-logs-insights.json", "cloudwatch-logs", true),
    ("cloudwatch-logs-subscription.json", "cloudwatch-logs", true),
    ("elasticsearch.ndjson", "elasticsearch", true),
    ("elasticsearch-ecs.ndjson", "elasticsearch", false),
    ("elasticsearch-ecs-dotted.ndjson", "elasticsearch", false),
    ("elasticsearch-search.json", "elasticsearch", true),
    ("event-history.csv", "csv", false),
    ("event-history.json", "records", true),
    ("eventbridge.json", "eventbridge", true),
    ("lookup-events.json", "lookup-events", true),
    ("sns.json", "sns", true),
    ("sqs.json", "sqs", true),
    ("sqs-lambda.json", "sqs", true),
];

/// The only one that does not say what was asked for.
const WITHOUT_PARAMETERS: &str = "event-history.csv";

const ALERT: &str = "a1e27f01-8c4d-4a7b-b2e1-5f60d93c1a78";

fn path(name: &str) -> String {
    fixtures("formats").join(name).to_str().expect("UTF-8").to_owned()
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).expect("a fixture")
}

/// The three records as CloudTrail writes them, the newest first.
fn records() -> Vec<Value> {
    let log: Value = serde_json::from_str(&text("event-history.json")).expect("JSON");
    log["Records"].as_array().expect("a list").clone()
}

fn alerts(place: &Place) -> Vec<Value> {
    place.sql("SELECT event_id, owners, name_patterns FROM deprecated_ami_discovery")
}

#[test]
fn every_file_is_in_the_table() {
    let mut found: Vec<_> = fs::read_dir(fixtures("formats"))
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"))
        .collect();
    let mut known = FILES.map(|(name, ..)| name);
    found.sort_unstable();
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn every_format_gives_the_same_events_and_gives_them_once() {
    for (name, format, whole) in FILES {
        let place = Place::new();
        assert_eq!(place.load(&[&path(name)]), [1, 3, 3, 0, 0], "{name}");
        let file = "SELECT format, records, new, duplicate, rejected FROM files";
        assert_eq!(
            place.sql(file),
            [json!({"format": format, "records": 3, "new": 3, "duplicate": 0, "rejected": 0})],
            "{name}"
        );
        assert_eq!(place.load(&[&path(name)]), [1, 0, 0, 0, 0], "{name}");
        says_what_happened(name, &place);
        if name != WITHOUT_PARAMETERS {
            says_who_and_how(name, &place);
            says_what_was_asked_and_answered(name, &place);
        }
        if whole {
            gives_the_records_back_equal(name, &place);
        }
    }
}

fn says_what_happened(name: &str, place: &Place) {
    let what = "SELECT event_id, event_time::VARCHAR AS time, event_source, event_name, aws_region, error_code
                FROM events ORDER BY event_time";
    let event = |id, time, source, name, error: Value| {
        json!({"event_id": id, "time": time, "event_source": source, "event_name": name,
               "aws_region": "us-east-1", "error_code": error})
    };
    let (iam, ec2) = ("iam.amazonaws.com", "ec2.amazonaws.com");
    assert_eq!(
        place.sql(what),
        [
            event("fa11ed01-2b6c-4f0e-9d35-71c8e04a5b92", "2026-10-06 02:19:48", iam, "GetUser", "AccessDenied".into()),
            event(ALERT, "2026-10-06 02:21:09", ec2, "DescribeImages", Value::Null),
            event("1a07cf01-63e9-4d52-8f7a-0c2b9e1d4a36", "2026-10-06 02:45:52", ec2, "RunInstances", Value::Null),
        ],
        "{name}"
    );
}

fn says_who_and_how(name: &str, place: &Place) {
    let who = "SELECT principal_type, principal_arn, principal_id, principal_account_id, access_key_id,
                   session_issuer_arn, session_created_at::VARCHAR AS session_created_at, mfa_authenticated
               FROM api_calls ORDER BY event_time";
    let bob = json!({
        "principal_type": "IAMUser", "principal_arn": "arn:aws:iam::111122223333:user/bob",
        "principal_id": "AIDABOBBOBBOB1EXAMPLE", "principal_account_id": "111122223333",
        "access_key_id": "AKIAFORMATS001EXAMPLE", "session_issuer_arn": null, "session_created_at": null,
        "mfa_authenticated": null,
    });
    let session = json!({
        "principal_type": "AssumedRole",
        "principal_arn": "arn:aws:sts::111122223333:assumed-role/ops-admin/session-1791253040",
        "principal_id": "AROAOPSADMIN01EXAMPLE:session-1791253040", "principal_account_id": "111122223333",
        "access_key_id": "ASIAFORMATS001EXAMPLE",
        "session_issuer_arn": "arn:aws:iam::111122223333:role/ops-admin",
        "session_created_at": "2026-10-06 02:17:20", "mfa_authenticated": false,
    });
    assert_eq!(place.sql(who), [&bob, &session, &session].map(Clone::clone), "{name}");
    let how = "SELECT source_ip_address, parse_filename(user_agent) AS command, read_only, event_type,
                   event_category, account_id, error_message
               FROM api_calls ORDER BY event_time";
    let call = |command, read_only, message: Value| {
        json!({"source_ip_address": "192.0.2.77", "command": command, "read_only": read_only,
               "event_type": "AwsApiCall", "event_category": "Management", "account_id": "111122223333",
               "error_message": message})
    };
    let refused = "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: iam:GetUser on resource: \
                   user alice, because no identity-based policy allows the iam:GetUser action";
    assert_eq!(
        place.sql(how),
        [
            call("command#iam.get-user", true, refused.into()),
            call("command#ec2.describe-images", true, Value::Null),
            call("command#ec2.run-instances", false, Value::Null),
        ],
        "{name}"
    );
}

fn says_what_was_asked_and_answered(name: &str, place: &Place) {
    assert_eq!(
        alerts(place),
        [json!({"event_id": ALERT, "owners": ["amazon"], "name_patterns": ["amzn-ami-hvm-2016*"]})],
        "{name}"
    );
    assert_eq!(
        place.sql("SELECT image_ids, instance_ids, instance_type, instance_count FROM ami_launches"),
        [json!({"image_ids": ["ami-0ab16d2016e5f7c01"], "instance_ids": ["i-09b3e7c51d2f8a640"],
                "instance_type": "c5.4xlarge", "instance_count": 1})],
        "{name}"
    );
}

fn gives_the_records_back_equal(name: &str, place: &Place) {
    let by_id = |mut records: Vec<Value>| {
        records.sort_by_key(|record| record["eventID"].to_string());
        records
    };
    assert_eq!(by_id(place.export()), by_id(records()), "{name}");
}

#[test]
fn the_event_history_as_csv_says_who_but_not_what() {
    let place = Place::new();
    place.load(&[&path(WITHOUT_PARAMETERS)]);
    let rows = place.sql(
        "SELECT user_identity.user_name AS user_name, user_identity.access_key_id AS access_key_id, source_ip_address,
             read_only, request_parameters, extra.\"Resource name\" AS resources
         FROM events ORDER BY event_time",
    );
    let call = |user, key, read_only, resources: Value| {
        json!({"user_name": user, "access_key_id": key, "source_ip_address": "192.0.2.77", "read_only": read_only,
               "request_parameters": null, "resources": resources})
    };
    let (session, key) = ("session-1791253040", "ASIAFORMATS001EXAMPLE");
    assert_eq!(
        rows,
        [
            call("bob", "AKIAFORMATS001EXAMPLE", true, Value::Null),
            call(session, key, true, Value::Null),
            call(session, key, false, "ami-0ab16d2016e5f7c01, i-09b3e7c51d2f8a640".into()),
        ]
    );
    assert_eq!(alerts(&place), Vec::<Value>::new());
}

#[test]
fn an_event_that_arrives_in_every_form_is_stored_once() {
    let place = Place::new();
    let files = FILES.len() as u64;
    assert_eq!(place.load(&[&path("")]), [files, 3 * files, 3, 3 * files - 3, 0]);
    let stored = "SELECT count(*) AS events, count(DISTINCT event_id) AS ids FROM events";
    assert_eq!(place.sql(stored), [json!({"events": 3, "ids": 3})]);
    let one_by_one = Place::new();
    one_by_one.load(&[&path("lookup-events.json")]);
    for name in ["athena.csv", "elasticsearch-ecs.ndjson", "event-history.csv", "sqs.json"] {
        assert_eq!(one_by_one.load(&[&path(name)]), [1, 3, 0, 3, 0], "{name}");
    }
    assert_eq!(one_by_one.sql(stored), [json!({"events": 3, "ids": 3})]);
    assert_eq!(alerts(&one_by_one).len(), 1);
}

#[test]
fn a_record_that_no_parser_keeps_is_kept_to_the_letter_in_every_wrapping() {
    let odd = r#"{"n": 123456789012345678901234567890, "s": "\ud800 alone", "é": "😀 \\ \" \u0000"}"#;
    let record = record(1, &json!({"requestParameters": "HERE"})).to_string().replace("\"HERE\"", odd);
    let string = |text: &str| Value::from(text).to_string();
    let quoted = string(&record);
    let event = format!(r#"{{"detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "detail": {record}}}"#);
    let notification =
        format!(r#"{{"Type": "Notification", "TopicArn": "arn:aws:sns:::x", "Message": {}}}"#, string(&event));
    for (format, text) in [
        ("records", format!(r#"{{"Records": [{record}]}}"#)),
        ("lookup-events", format!(r#"{{"Events": [{{"EventName": "DescribeImages", "CloudTrailEvent": {quoted}}}]}}"#)),
        ("cloudtrail-lake", format!(r#"{{"QueryResultRows": [[{{"eventJson": {quoted}}}]]}}"#)),
        ("csv", format!("eventID,eventJson\n1,\"{}\"\n", record.replace('"', "\"\""))),
        ("eventbridge", event.clone()),
        ("cloudwatch-logs", format!("2026-10-06T02:14:00.000Z {record}\n")),
        ("cloudwatch-logs", format!(r#"{{"messageType": "DATA_MESSAGE", "logEvents": [{{"message": {quoted}}}]}}"#)),
        ("cloudwatch-logs", format!(r#"{{"events": [{{"timestamp": 1, "message": {quoted}}}]}}"#)),
        ("cloudwatch-logs", format!(r#"{{"results": [[{{"field": "@message", "value": {quoted}}}]]}}"#)),
        ("sns", notification.clone()),
        ("sns", format!(r#"{{"Records": [{{"EventSource": "aws:sns", "Sns": {notification}}}]}}"#)),
        ("sqs", format!(r#"{{"Messages": [{{"MessageId": "1", "Body": {}}}]}}"#, string(&notification))),
        ("sqs", format!(r#"{{"Records": [{{"messageId": "1", "body": {}}}]}}"#, string(&event))),
        ("elasticsearch", format!(r#"{{"_id": "1", "_source": {{"event": {{"original": {quoted}}}}}}}"#)),
        ("elasticsearch", format!(r#"{{"@timestamp": "2026-10-06T02:14:00Z", "event.original": {quoted}}}"#)),
        ("elasticsearch", format!(r#"{{"hits": {{"hits": [{{"_source": {{"event.original": {quoted}}}}}]}}}}"#)),
    ] {
        let place = Place::new();
        place.write("wrapped", &text);
        assert_eq!(place.load(&["wrapped"]), [1, 1, 1, 0, 0], "{text}");
        assert_eq!(place.sql("SELECT format FROM files"), [json!({"format": format})], "{text}");
        assert_eq!(place.ok(&["export", "--format", "ndjson"]).trim_end(), record, "{text}");
    }
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).expect("memory");
    }
    tar.into_inner().expect("memory")
}

fn gzip_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory")
}

fn utf16(text: &str, encode: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{FEFF}{text}").encode_utf16().flat_map(encode).collect()
}

#[test]
fn records_are_found_in_whatever_they_are_packed_in() {
    let log = text("event-history.json");
    let lines: Vec<_> = records().iter().map(|record| format!("{record}\n")).collect();
    let [one, two, three] = [&lines[0], &lines[1], &lines[2]].map(|line| line.as_bytes());
    let members = [("one.json", one), ("logs/two.json", two), ("three", three)];
    let packed = [gzip(&lines[0]), gzip(&lines[1]), gzip(&lines[2])];
    let gzipped = [("one.json.gz", &*packed[0]), ("two.json.gz", &*packed[1]), ("three.json.gz", &*packed[2])];
    for (what, bytes, files) in [
        ("gzip", gzip(&log), &["packed records"][..]),
        ("several gzip members", packed.concat(), &["packed ndjson"]),
        ("gzip in gzip", gzip_bytes(&gzip(&log)), &["packed records"]),
        ("zstd", zstd(log.as_bytes()), &["packed records"]),
        ("UTF-16, little-endian", utf16(&log, u16::to_le_bytes), &["packed records"]),
        ("UTF-16, big-endian", utf16(&log, u16::to_be_bytes), &["packed records"]),
        ("UTF-16 CSV", utf16(&text("athena.csv"), u16::to_le_bytes), &["packed csv"]),
        (
            "zip",
            zip(&members),
            &["packed zip", "packed!/logs/two.json record", "packed!/one.json record", "packed!/three record"],
        ),
        (
            "tar",
            tar(&members),
            &["packed tar", "packed!/logs/two.json record", "packed!/one.json record", "packed!/three record"],
        ),
        ("tar.gz", gzip_bytes(&tar(&[("log.json", log.as_bytes())])), &["packed tar", "packed!/log.json records"]),
        ("tar.zst", zstd(&tar(&[("log.json", log.as_bytes())])), &["packed tar", "packed!/log.json records"]),
        (
            "zip of .json.gz",
            zip(&gzipped),
            &["packed zip", "packed!/one.json.gz record", "packed!/three.json.gz record", "packed!/two.json.gz record"],
        ),
        (
            "zip in tar.gz",
            gzip_bytes(&tar(&[("inner.zip", &zip(&[("log.json", log.as_bytes())]))])),
            &["packed tar", "packed!/inner.zip zip", "packed!/inner.zip!/log.json records"],
        ),
        (
            "zip with a read-me",
            zip(&[("README", b"Logs of October."), ("log.json", log.as_bytes())]),
            &["packed zip", "packed!/log.json records"],
        ),
    ] {
        let place = Place::new();
        place.write("packed", bytes);
        let texts = files.iter().filter(|file| !file.ends_with(" zip") && !file.ends_with(" tar")).count();
        assert_eq!(place.load(&["packed"]), [texts as u64, 3, 3, 0, 0], "{what}");
        let found = place.sql("SELECT path || ' ' || format AS file FROM files ORDER BY path");
        let found: Vec<_> = found.iter().filter_map(|row| row["file"].as_str()).collect();
        assert_eq!(found, files, "{what}");
        assert_eq!(alerts(&place).len(), 1, "{what}");
        assert_eq!(place.load(&["packed"]), [1, 0, 0, 0, 0], "{what}");
    }
}

/// Named by the user, each of these is refused with a reason that says what to do or what it looks like.
#[test]
fn what_holds_no_records_is_refused_for_what_it_is() {
    let s3 = json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-10-06T02:35:11.402Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AROATRAIL00001EXAMPLE"},
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "logs-example"}, "object": {"key": "AWSLogs/x.json.gz"}},
    }]});
    let delivered = json!({"s3Bucket": "logs-example", "s3ObjectKey": ["AWSLogs/x.json.gz"]});
    let topic = "arn:aws:sns:us-east-1:111122223333:trail";
    let notification =
        |message: &Value| json!({"Type": "Notification", "TopicArn": topic, "Message": message.to_string()});
    let load_the_object = "an S3 event notification, not a CloudTrail record: load the object that it names";
    let load_the_file = "says that a log file was delivered to S3: load that file";
    for (text, reason) in [
        (s3.to_string(), load_the_object),
        (notification(&s3).to_string(), load_the_object),
        (json!({"Messages": [{"MessageId": "1", "Body": s3.to_string()}]}).to_string(), load_the_object),
        (delivered.to_string(), load_the_file),
        (notification(&delivered).to_string(), load_the_file),
        ("PAR1\u{15}\u{4}\u{15}\u{20}PAR1".to_owned(), "this looks like a Parquet file"),
        ("<?xml version=\"1.0\"?><Event/>".to_owned(), "this looks like XML"),
        (
            "id,name,size\n1,a,2\n".to_owned(),
            "this looks like a table whose columns are not those of CloudTrail (id,name,size)",
        ),
        (json!({"a": 1, "b": 2}).to_string(), "no eventTime: not a CloudTrail record, but an object with a, b"),
    ] {
        let place = Place::new();
        place.write("other", &text);
        let ran = place.run(&["load", "other"]);
        assert_eq!(ran.code, 0, "{text}: {}", ran.stderr);
        assert!(ran.stdout.contains(reason), "{text}: {}", ran.stdout);
        assert_eq!(place.sql("SELECT count(*) AS n FROM events"), [json!({"n": 0})], "{text}");
        let first =
            place.sql("SELECT path, reason FROM rejects JOIN files USING (file_id) ORDER BY byte_offset LIMIT 1");
        assert_eq!(first[0]["path"], "other", "{text}");
        assert!(first[0]["reason"].as_str().is_some_and(|said| said.ends_with(reason)), "{text}: {first:?}");
    }
}
