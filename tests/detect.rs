//! The rule, exactly, and the command that runs it.

mod common;

use std::fs;

use common::{Place, fixtures, log, record};
use serde_json::{Value, json};

const ALERTS: [&str; 3] = [
    "a1e27003-e65c-4408-968f-ecee9c645d75",
    "a1e27002-50b1-4553-94fa-d1183bf7d38e",
    "a1e27001-4bc7-46d5-ab6e-e5d18726ff95",
];

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["event_id"].as_str()).collect()
}

/// Each row of the table of cases: a DescribeImages call that differs from an ordinary one in what the case says.
#[test]
fn every_case_of_the_table_is_decided_as_it_says() {
    let cases = fs::read_to_string(fixtures("detection_cases.json")).expect("the cases");
    let cases: Vec<Value> = serde_json::from_str(&cases).expect("JSON");
    assert!(cases.len() >= 40);
    let records: Vec<_> = cases
        .iter()
        .zip(0..)
        .map(|(case, number)| {
            let mut record = record(number, &case["event"]);
            for absent in case["absent"].as_array().into_iter().flatten() {
                record.as_object_mut().expect("a record").remove(absent.as_str().expect("a field"));
            }
            record
        })
        .collect();
    let place = Place::new();
    place.write("cases.json", log(&records));
    assert_eq!(place.load(&["cases.json"]), [1, cases.len() as u64, cases.len() as u64, 0, 0]);
    for (rule, verdict) in [("deprecated_ami_discovery", "match"), ("deprecated_ami_queries_any_owner", "any_owner")] {
        let alerts = place.rows(&["detect", rule]);
        let alerts = ids(&alerts);
        for (case, record) in cases.iter().zip(&records) {
            let found = alerts.contains(&record["eventID"].as_str().expect("an id"));
            assert_eq!(found, case[verdict] == true, "{rule}, {}: {}", case["name"], case["why"]);
        }
    }
}

#[test]
fn alerts_of_the_fixtures_come_newest_first() {
    let place = Place::with_fixtures();
    assert_eq!(ids(&place.rows(&["detect"])), ALERTS);
    let wider = place.rows(&["detect", "deprecated_ami_queries_any_owner"]);
    assert_eq!(ids(&wider), [&ALERTS[..], &["dec07004-36f5-4ec7-bdfd-537d12b5f0ab"]].concat());
    let both = place.rows(&["detect", "deprecated_ami_discovery", "deprecated_ami_queries_any_owner"]);
    assert_eq!(both.len(), 7);
}

#[test]
fn an_alert_has_what_an_analyst_judges_it_by() {
    let place = Place::with_fixtures();
    let alerts = place.rows(&["detect"]);
    let request = json!({"executableBySet": {}, "filterSet": {}, "imagesSet": {"items": [{"imageId": "ami-0ab16d2016e5f7c01"}, {"imageId": "ami-0ab16d2016e5f7c02"}]}, "ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": "true"});
    for (column, expected) in [
        ("rule", json!("deprecated_ami_discovery")),
        ("severity", json!("low")),
        ("risk_score", json!(21)),
        ("event_time", json!("2026-10-06T02:27:33Z")),
        ("principal_arn", json!("arn:aws:sts::111122223333:assumed-role/ops-admin/session-1791253040")),
        ("principal_type", json!("AssumedRole")),
        ("principal_account_id", json!("111122223333")),
        ("account_id", json!("111122223333")),
        ("user_name", json!("ops-admin")),
        ("session_issuer_arn", json!("arn:aws:iam::111122223333:role/ops-admin")),
        ("access_key_id", json!("ASIAOPSADMIN1EXAMPLE")),
        ("mfa_authenticated", json!(false)),
        ("source_ip_address", json!("2001:db8:5:77::a1")),
        ("source_kind", json!("public")),
        ("aws_region", json!("us-east-1")),
        ("owners", json!(["amazon"])),
        ("image_ids", json!(["ami-0ab16d2016e5f7c01", "ami-0ab16d2016e5f7c02"])),
        ("name_patterns", json!([])),
        ("other_filters", json!([])),
        ("request_parameters", request),
    ] {
        assert_eq!(alerts[0][column], expected, "{column}");
    }
    assert!(alerts[0]["user_agent"].is_string());
    assert_eq!(alerts[2]["name_patterns"], json!(["amzn-ami-hvm-2016*"]));
}

#[test]
fn since_and_until_bound_the_alerts() {
    let place = Place::with_fixtures();
    for (args, expected) in [
        (&["--since", "2026-10-06T02:22:00Z"][..], &ALERTS[..2]),
        (&["--until", "2026-10-06T02:22:41Z"], &ALERTS[2..]),
        (&["--since", "2026-10-06T04:22:41+02:00", "--until", "2026-10-06T02:23:00Z"], &ALERTS[1..2]),
        (&["--until", "2026-10-06"], &[]),
    ] {
        assert_eq!(ids(&place.rows(&[&["detect"], args].concat())), expected, "{args:?}");
    }
    for bad in ["yesterday", "24", "2026-13-01"] {
        let ran = place.run(&["detect", "--since", bad]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains("24h, 7d"), "{}", ran.stderr);
    }
}

#[test]
fn findings_fail_only_when_asked() {
    let place = Place::with_fixtures();
    for (args, code) in [
        (&["detect"][..], 0),
        (&["detect", "--fail-on", "low"], 3),
        (&["detect", "--fail-on", "medium"], 0),
        (&["detect", "--fail-on", "low", "--until", "2026-10-06"], 0),
    ] {
        assert_eq!(place.run(args).code, code, "{args:?}");
    }
}

#[test]
fn a_rule_that_is_not_there_names_those_that_are() {
    let place = Place::with_fixtures();
    let ran = place.run(&["detect", "deprecated_ami"]);
    assert_eq!(ran.code, 2);
    let rules = "[possible values: deprecated_ami_discovery, deprecated_ami_queries_any_owner]";
    assert!(ran.stderr.contains(rules), "{}", ran.stderr);
    let rules = place.rows(&["detect", "--list"]);
    assert_eq!(rules[0]["rule"], "deprecated_ami_discovery");
    assert_eq!(rules[0]["technique"], "Cloud Infrastructure Discovery (T1580)");
}
