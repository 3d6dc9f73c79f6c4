//! From deprecated-AMI queries to the instances that followed.

mod common;

use common::{Place, log, record};
use serde_json::{Value, json};

const ALERTS: [&str; 3] = ["a1e27001", "a1e27002", "a1e27003"];

/// The first word of an event id of the fixtures.
fn short(row: &Value, column: &str) -> String {
    row[column].as_str().expect("an id").chars().take(8).collect()
}

#[test]
fn launches_of_the_fixtures_are_linked_as_their_readme_says() {
    let place = Place::with_fixtures();
    let rows = place.rows(&["correlate"]);
    let expected = [
        ("1a07c001", ["access_key"; 3]),
        ("1a07c002", ["access_key"; 3]),
        ("1a07c003", ["access_key"; 3]),
        ("1a07c004", ["access_key"; 3]),
        ("1a07c005", ["access_key"; 3]),
        ("1a07c006", ["address", "address", ""]),
        ("1a07c007", ["role"; 3]),
        ("1a07c008", ["principal"; 3]),
    ];
    let mut pairs = Vec::new();
    for (query, alert) in ALERTS.iter().enumerate() {
        for (launch, links) in expected {
            if !links[query].is_empty() {
                pairs.push((alert.to_string(), launch.to_owned(), links[query].to_owned()));
            }
        }
    }
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            (short(row, "query_event_id"), short(row, "launch_event_id"), row["link"].as_str().unwrap_or("").to_owned())
        })
        .collect();
    assert_eq!(found, pairs);
    let asked_for = rows.iter().filter(|row| row["image_asked_for"] == true);
    assert_eq!(
        asked_for.map(|row| short(row, "launch_event_id")).collect::<Vec<_>>(),
        ["1a07c001", "1a07c002", "1a07c003", "1a07c004", "1a07c007", "1a07c008"]
    );
}

#[test]
fn a_pair_says_what_was_launched_and_when() {
    let place = Place::with_fixtures();
    let rows = place.rows(&["correlate"]);
    for (index, expected) in [
        (
            0,
            json!({"lag_seconds": 1133.0, "outcome": "dry_run", "error_code": "Client.DryRunOperation", "instance_ids": []}),
        ),
        (
            1,
            json!({"lag_seconds": 1208.0, "outcome": "failure", "error_code": "Client.UnauthorizedOperation", "instance_ids": []}),
        ),
        (
            3,
            json!({"outcome": "success", "instance_ids": ["i-034ff696182e906fa", "i-0f991d68387db2f6e"], "instance_type": "c5.4xlarge", "instance_count": 2}),
        ),
        // through a launch template: the image is in the response only
        (4, json!({"outcome": "success", "image_ids": ["ami-0e0716a04c5d6e708"], "aws_region": "eu-west-1"})),
    ] {
        for (column, value) in expected.as_object().expect("columns") {
            assert_eq!(rows[index][column], *value, "row {index}, {column}");
        }
    }
}

#[test]
fn the_window_is_as_long_as_told() {
    let place = Place::with_fixtures();
    assert_eq!(place.rows(&["correlate", "--hours", "1"]).len(), 15);
    assert_eq!(place.rows(&["correlate", "--hours", "48"]).len(), 26);
    assert_eq!(place.rows(&["correlate", "--since", "2026-10-06T02:25:00Z"]).len(), 7);
    assert_eq!(place.run(&["correlate", "--hours", "soon"]).code, 2);
}

#[test]
fn each_launch_is_shown_once_by_linked_launches() {
    let place = Place::with_fixtures();
    let rows = place.rows(&["query", "linked_launches"]);
    assert_eq!(rows.len(), 8);
    assert_eq!((&rows[5]["link"], &rows[5]["queries"]), (&json!("address"), &json!(2)));
}

#[test]
fn what_both_lack_links_nothing() {
    let place = Place::new();
    let service = json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com", "accessKeyId": ""});
    let query = json!({
        "userIdentity": service, "sourceIPAddress": "autoscaling.amazonaws.com",
        "requestParameters": {"ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": true},
    });
    let launch = json!({
        "userIdentity": service, "sourceIPAddress": "autoscaling.amazonaws.com",
        "eventName": "RunInstances", "eventTime": "2026-10-06T02:15:00Z",
    });
    place.write("a.json", log(&[record(1, &query), record(2, &launch)]));
    place.load(&["a.json"]);
    assert_eq!(place.rows(&["detect"]).len(), 1);
    assert_eq!(place.rows(&["correlate"]), Vec::<Value>::new());
}

#[test]
fn queries_without_an_owner_count_when_asked() {
    let place = Place::new();
    let query = json!({"requestParameters": {"ownersSet": {}, "includeDeprecated": true}});
    let launch = json!({"eventName": "RunInstances", "eventTime": "2026-10-06T02:15:00Z"});
    place.write("a.json", log(&[record(1, &query), record(2, &launch)]));
    place.load(&["a.json"]);
    assert_eq!(place.rows(&["correlate"]).len(), 0);
    assert_eq!(place.rows(&["correlate", "--any-owner"]).len(), 1);
}
