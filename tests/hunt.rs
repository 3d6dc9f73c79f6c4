//! The main job: one page.

mod common;

use common::{Place, fixtures};
use serde_json::Value;

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
    let counts = ["load", "alerts", "launches", "next"].map(|part| page[part].as_array().map_or(0, Vec::len));
    assert_eq!(counts, [1, 3, 8, 5]);
    assert_eq!(page["load"][0]["new"], 106);
    let lines = place.ok(&[&args[..], &["ndjson"]].concat());
    assert_eq!(lines.lines().count(), 17);
    let markdown = place.ok(&[&args[..], &["markdown"]].concat());
    assert!(markdown.contains("## Alerts: 3\n\n| event\\_time |"), "{markdown}");
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
