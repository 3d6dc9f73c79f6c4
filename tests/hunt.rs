//! The main job: one page.

mod common;

use common::{Place, fixtures, record};
use serde_json::{Value, json};

#[test]
fn the_page_of_the_fixtures() {
    let place = Place::new();
    let logs = fixtures("AWSLogs");
    let page = place.ok(&["hunt", logs.to_str().expect("UTF-8")]);
    insta::with_settings!({filters => vec![(r"in \d+\.\d s \(\d+ events/s\)", "in [seconds]")]}, {
        insta::assert_snapshot!(page);
    });
}

#[test]
fn the_page_for_machines_has_the_same_parts() {
    let place = Place::new();
    let logs = fixtures("AWSLogs");
    let args = ["hunt", logs.to_str().expect("UTF-8"), "--format"];
    let page: Value = serde_json::from_str(&place.ok(&[&args[..], &["json"]].concat())).expect("JSON");
    let counts =
        ["load", "activity", "alerts", "launches", "next"].map(|part| page[part].as_array().map_or(0, Vec::len));
    assert_eq!(counts, [1, 50, 3, 8, 6]);
    assert_eq!(page["load"][0]["new"], 106);
    let lines = place.ok(&[&args[..], &["ndjson"]].concat());
    assert_eq!(lines.lines().count(), 68);
    let markdown = place.ok(&[&args[..], &["markdown"]].concat());
    assert!(markdown.contains("## Events over time\n\n```text\n        30 ┤"), "{markdown}");
    assert!(markdown.contains("## Alerts: 3\n\n| event\\_time |"), "{markdown}");
    let values = place.ok(&[&args[..], &["csv"]].concat());
    assert!(values.starts_with("part,row,field,value\nload,1,files,18\n"), "{values}");
    assert!(values.contains("\nlaunches,8,instance_ids,\"[\"\"i-0f25f477f58a91de9\"\"]\"\n"), "{values}");
}

#[test]
fn the_chart_is_plain_or_left_out_as_asked() {
    let place = Place::with_fixtures();
    for command in [&["hunt", fixtures("AWSLogs").to_str().expect("UTF-8")][..], &["status"]] {
        let with = |chart| place.ok(&[command, &["--chart", chart]].concat());
        let (blocks, ascii, none) = (with("blocks"), with("ascii"), with("none"));
        assert!(blocks.contains("\n        30 ┤ ") && blocks.contains("2026-10-01T06:00Z to "), "{blocks}");
        assert!(ascii.contains("\n        30 | ") && ascii.contains("\n    alerts   "), "{ascii}");
        let chart = |page: &str| page.lines().filter(|line| line.contains(" 0 +--")).all(str::is_ascii);
        assert!(chart(&ascii) && !none.contains("Events over time"), "{none}");
    }
    // nothing happened in an empty store
    place.ok(&["load", "--db", "empty.duckdb", &place.write("none.json", "[]")]);
    assert!(!place.ok(&["status", "--db", "empty.duckdb"]).contains("over time"));
}

#[test]
fn a_second_hunt_finds_the_same_and_loads_nothing() {
    let place = Place::with_fixtures();
    let logs = fixtures("AWSLogs");
    let page = place.ok(&["hunt", logs.to_str().expect("UTF-8")]);
    assert!(page.contains(": 0 new, 0 duplicate, 0 rejected"), "{page}");
    assert!(page.contains("Alerts: 3"), "{page}");
}

#[test]
fn what_to_run_next_runs() {
    let place = Place::with_fixtures();
    let logs = fixtures("AWSLogs");
    let page: Value =
        serde_json::from_str(&place.ok(&["hunt", logs.to_str().expect("UTF-8"), "--format", "json"])).expect("JSON");
    for step in page["next"].as_array().expect("steps") {
        let command = step["command"].as_str().expect("a command");
        let args: Vec<_> = command.split(' ').skip(1).collect();
        assert!(!place.ok(&args).is_empty(), "{command}");
    }
}

/// Loading lets DuckDB store rows in any order; asking right afterwards must not.
#[test]
fn many_alerts_come_newest_first_right_after_the_load() {
    let place = Place::new();
    let asked = json!({"ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": true});
    let time = |number: u64| format!("2026-10-06T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60);
    let alert = |number| record(number, &json!({"requestParameters": asked, "eventTime": time(number)})).to_string();
    // in no order of their own
    let lines: Vec<_> = (0..20_000).map(|number| alert(number * 7919 % 20_000)).collect();
    place.write("many.ndjson", lines.join("\n"));
    let page: Value = serde_json::from_str(&place.ok(&["hunt", "many.ndjson", "--format", "json"])).expect("JSON");
    let times: Vec<_> =
        page["alerts"].as_array().expect("alerts").iter().map(|alert| alert["event_time"].as_str()).collect();
    assert!(times.len() == 20_000 && times.is_sorted_by(|earlier, later| earlier >= later));
}
