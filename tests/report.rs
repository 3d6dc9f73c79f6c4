//! The report: one document of what was found, for other people and programs.

mod common;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use common::{Place, Ran, fixtures, log, record};
use serde_json::{Value, json};

/// The fixtures with what can be known beside them: where addresses are, what images are.
fn investigated() -> Place {
    let place = Place::with_fixtures();
    let path = |name: &str| fixtures(name).to_str().expect("UTF-8").to_owned();
    place.ok(&["geoip", &path("geoip/Example-City.mmdb"), &path("geoip/Example-ASN.mmdb")]);
    place.ok(&["amis", "import", &path("describe-images.json")]);
    place
}

fn report(place: &Place, args: &[&str]) -> Value {
    serde_json::from_str(&place.ok(&[&["report", "--format", "json"], args].concat())).expect("JSON")
}

/// All tables, with where each stands.
fn tables(report: &Value) -> Vec<(String, &Value)> {
    let mut tables = Vec::new();
    for section in report["sections"].as_array().expect("sections") {
        for table in section["tables"].as_array().expect("tables") {
            tables.push((format!("{}/{}", section["key"], table["key"]).replace('"', ""), table));
        }
    }
    for alert in report["alerts"].as_array().expect("alerts") {
        for part in alert["parts"].as_array().expect("parts") {
            tables.push((format!("{}/{}", alert["event_id"], part["key"]).replace('"', ""), part));
        }
    }
    tables
}

fn table<'r>(report: &'r Value, key: &str) -> &'r Value {
    tables(report).into_iter().find(|(path, _)| path.ends_with(&format!("/{key}"))).expect(key).1
}

fn rows<'r>(report: &'r Value, key: &str) -> &'r Vec<Value> {
    table(report, key)["rows"].as_array().expect("rows")
}

fn column<'r>(report: &'r Value, key: &str, column: &str) -> Vec<&'r str> {
    rows(report, key).iter().map(|row| row[column].as_str().expect(column)).collect()
}

#[test]
fn the_report_of_the_story_as_markdown() {
    let place = investigated();
    let markdown = place.ok(&["report", "--until", "2026-10-08", "--triage", "1"]);
    insta::with_settings!({
        // when this test loaded them, and from where
        filters => [
            (r"\| \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z \| [^|]*AWSLogs \|", "| LOADED | AWSLogs |"),
        ],
    }, { insta::assert_snapshot!(markdown) });
}

#[test]
fn the_report_says_what_was_found() {
    let report = report(&investigated(), &["--until", "2026-10-08"]);
    let overview = &report["overview"];
    for (name, expected) in [
        ("events", 106),
        ("accounts", 1),
        ("files", 18),
        ("rejects", 0),
        ("alerts", 3),
        ("suppressed_alerts", 0),
        ("alerting_principals", 1),
        ("launches", 5),
        ("attempted_launches", 3),
        ("instances_running", 1),
    ] {
        assert_eq!(overview[name], expected, "{name}");
    }
    assert_eq!(report["title"], "CloudTrail report, 2026-10-01 to 2026-10-07");
    assert_eq!(column(&report, "who", "principal_name"), ["ops-admin/session-1791253040"]);
    assert_eq!(column(&report, "from_where", "source_ip_address"), ["192.0.2.77", "2001:db8:5:77::a1"]);
    let kinds = column(&report, "timeline", "kind");
    assert_eq!(kinds[..4], ["query", "query", "query", "attempt"]);
    assert!(column(&report, "timeline", "event_time").is_sorted());
    assert_eq!(rows(&report, "launches").len(), 8);
    let scores: Vec<_> = report["alerts"].as_array().expect("alerts").iter().map(|alert| &alert["score"]).collect();
    assert_eq!(scores.len(), 3);
    // the newest first, as each was followed by launches
    assert_eq!(report["alerts"][0]["event_id"], "a1e27003-e65c-4408-968f-ecee9c645d75");
    let signals = report["alerts"][0]["signals"].as_array().expect("signals");
    assert!(signals.contains(&json!("launch_followed")) && scores[0].as_i64() > Some(100), "{signals:?} {scores:?}");
    assert!(!rows(&report, "places").is_empty());
    assert_eq!(rows(&report, "images")[0]["state"], "deprecated");
}

#[test]
fn an_hour_without_events_of_an_account_is_a_gap() {
    let place = Place::new();
    let event = |number, time: &str, account: &str| {
        record(number, &json!({ "eventTime": time, "recipientAccountId": account }))
    };
    let events = [
        event(1, "2026-10-06T01:59:59Z", "111122223333"),
        event(2, "2026-10-06T02:00:00Z", "444455556666"),
        event(3, "2026-10-06T07:30:00Z", "111122223333"),
        event(4, "2026-10-06T02:30:00Z", "111122223333"),
    ];
    place.write("log.json", log(&events));
    place.load(&["log.json"]);
    let found = report(&place, &[]);
    let gaps: Vec<_> = rows(&found, "gaps")
        .iter()
        .map(|gap| {
            (gap["account_id"].as_str(), gap["gap_start"].as_str(), gap["gap_end"].as_str(), gap["hours"].as_u64())
        })
        .map(|(account, start, end, hours)| {
            (account.unwrap(), &start.unwrap()[11..13], &end.unwrap()[11..13], hours.unwrap())
        })
        .collect();
    // the span is that of all accounts
    assert_eq!(
        gaps,
        [("444455556666", "03", "08", 5), ("111122223333", "03", "07", 4), ("444455556666", "01", "02", 1)]
    );
    assert_eq!(found["overview"]["hours_without_files"], 10);
    let accounts = rows(&found, "accounts");
    assert_eq!((&accounts[0]["hours"], &accounts[0]["hours_without_files"]), (&json!(7), &json!(4)));
    // within bounds the span is that of what is in them
    let early = report(&place, &["--until", "2026-10-06T03:00:00Z"]);
    assert_eq!(early["overview"]["hours_without_files"], 1);
    let of_one = report(&place, &["--account", "4444*"]);
    assert_eq!(of_one["overview"]["hours_without_files"], 0);
}

#[test]
fn time_is_divided_into_equal_intervals_without_holes() {
    let place = Place::with_fixtures();
    for buckets in [2, 7, 12, 96, 10000] {
        let intervals = place.rows(&["query", "events_over_time", "--buckets", &buckets.to_string()]);
        assert!(intervals.len() <= buckets, "{buckets}: {}", intervals.len());
        for pair in intervals.windows(2) {
            assert_eq!(pair[0]["end_time"], pair[1]["begin_time"]);
        }
        let sum = |name: &str| intervals.iter().filter_map(|row| row[name].as_u64()).sum::<u64>();
        assert_eq!((sum("events"), sum("alerts")), (106, 3), "{buckets}");
        assert!(intervals[0]["events"] != 0 && intervals[intervals.len() - 1]["events"] != 0);
    }
    // weeks begin on Mondays
    let far_apart = |number: u64, time: &str| record(number, &json!({ "eventTime": time }));
    let place = Place::new();
    place.write("a.json", log(&[far_apart(1, "2026-01-07T00:00:00Z"), far_apart(2, "2026-12-01T00:00:00Z")]));
    place.load(&["a.json"]);
    let weeks = place.rows(&["query", "events_over_time", "--buckets", "60"]);
    assert_eq!((weeks.len(), weeks[0]["begin_time"].as_str()), (48, Some("2026-01-05T00:00:00Z")));
    // whatever clock was wrong
    place.write("b.json", log(&[far_apart(3, "0001-01-01T00:00:00Z"), far_apart(4, "9999-12-31T00:00:00Z")]));
    place.load(&["b.json"]);
    let all = place.rows(&["query", "events_over_time"]);
    assert!((2..=96).contains(&all.len()), "{all:?}");
    assert_eq!(place.rows(&["query", "events_over_time", "--arn", "nobody"]).len(), 0);
}

#[test]
fn each_statement_gives_the_rows_of_its_table() {
    let place = investigated();
    let report = report(&place, &["--since", "2026-10-02", "--account", "1111*", "--principal", "*", "--triage", "1"]);
    for (path, table) in tables(&report) {
        let statement = table["statement"].as_str().expect("a statement");
        let all = place.sql(statement);
        let shown = table["rows"].as_array().expect("rows");
        let left_out = table["rows_left_out"].as_u64().expect("a count") as usize;
        assert_eq!(
            (table["rows_total"].as_u64(), shown.len()),
            (Some(all.len() as u64), all.len() - left_out),
            "{path}"
        );
        assert_eq!(shown[..], all[..shown.len()], "{path}: {statement}");
    }
}

#[test]
fn the_command_below_a_table_shows_all_rows() {
    let place = investigated();
    let report = report(&place, &["--principal", "arn:aws:iam::*:role/ops-admin", "--triage", "1"]);
    let mut checked = 0;
    for (path, table) in tables(&report) {
        let Some(command) = table["all"].as_str() else { continue };
        let output = std::process::Command::new("sh")
            .args(["-c", &command.replace("trailduck ", &format!("{} ", env!("CARGO_BIN_EXE_trailduck")))])
            .args(["--", "--format", "json"])
            .current_dir(place.path("."))
            .output()
            .expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{path}: {command}: {stderr}");
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn the_same_store_and_arguments_give_the_same_bytes() {
    let place = investigated();
    for format in ["json", "markdown", "html"] {
        for args in [&[][..], &["--since", "2026-10-06", "--until", "2026-10-07"]] {
            let once = place.ok(&[&["report", "--format", format], args].concat());
            sleep(Duration::from_millis(1100));
            assert_eq!(once, place.ok(&[&["report", "--format", format], args].concat()));
            // nothing of where the store is
            assert!(!once.contains(&*place.path("").to_string_lossy()) && !once.contains("trail.duckdb"), "{once}");
        }
    }
}

#[test]
fn a_report_is_narrowed_in_all_its_parts() {
    let place = investigated();
    let by_time = report(&place, &["--since", "2026-10-06T02:22:00Z", "--until", "2026-10-06T02:25:00Z"]);
    assert_eq!(column(&by_time, "alerts", "event_id"), ["a1e27002-50b1-4553-94fa-d1183bf7d38e"]);
    assert_eq!(by_time["scope"]["since"], "2026-10-06T02:22:00Z");
    assert_eq!(by_time["scope"]["as_of"], "2026-10-06T02:25:00Z");
    assert_eq!(
        (by_time["overview"]["alerts"].as_u64(), by_time["alerts"].as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    // the bounds are those of the queries: launches may be later
    assert!(column(&by_time, "launches", "launch_time").iter().all(|time| *time > "2026-10-06T02:25:00Z"));
    assert_eq!(rows(&by_time, "launches").len(), 8);
    // half-open
    let at = |since, until| report(&place, &["--since", since, "--until", until])["overview"]["alerts"].clone();
    assert_eq!(at("2026-10-06T02:21:09Z", "2026-10-06T02:22:41Z"), 1);
    assert_eq!(at("2026-10-06T02:21:10Z", "2026-10-06T02:22:42Z"), 1);

    let role = report(&place, &["--principal", "arn:aws:iam::*:role/ops-admin", "--title", "INC-42"]);
    assert_eq!((role["title"].as_str(), role["overview"]["alerts"].as_u64()), (Some("INC-42"), Some(3)));
    assert!(role["overview"]["events"].as_u64() < Some(40));
    for (scope, key) in [("--principal", "principal"), ("--account", "account_id")] {
        let none = report(&place, &[scope, "nobody"]);
        assert_eq!(none["scope"][key], "nobody");
        for name in ["events", "alerts", "launches"] {
            assert_eq!(none["overview"][name], 0, "{scope} {name}");
        }
        for empty in ["activity", "alerts", "who", "from_where", "with_what", "timeline", "launches", "places"] {
            assert!(rows(&none, empty).is_empty() && table(&none, empty)["note"].is_string(), "{scope} {empty}");
        }
        assert_eq!(rows(&none, "images").is_empty(), scope == "--account");
        // says so where it does not count
        let note = table(&none, "loads")["note"].as_str().expect("a note").to_owned();
        assert!(note.contains("whatever"), "{note}");
    }
    let relative = report(&place, &["--since", "36500d"]);
    let since = relative["scope"]["since"].as_str().expect("resolved").to_owned();
    assert!(since.starts_with("19") && since.ends_with('Z'), "{since}");
    let command = table(&relative, "alerts")["all"].as_str().expect("a command");
    assert!(command.contains("--since '19"), "{command}");
}

#[test]
fn images_are_judged_at_the_end_of_the_report_not_at_present() {
    let place = investigated();
    // one that is in use becomes deprecated on 16 November
    let image = "ami-0c1f0e5a2b7d94e31";
    for (until, state) in [("2026-10-08", "available"), ("2026-12-01", "deprecated")] {
        let report = report(&place, &["--until", until, "--triage", "1"]);
        for (path, table) in tables(&report).iter().filter(|(path, _)| path.ends_with("/images")) {
            let rows = table["rows"].as_array().expect("rows");
            let row = rows.iter().find(|row| row["image_id"] == image).expect("the image");
            assert_eq!(row["state"], state, "{path} until {until}");
        }
    }
}

#[test]
fn what_exceptions_suppress_is_counted_and_not_shown() {
    let place = Place::with_fixtures();
    let add = ["exceptions", "add", "known", "--reason", "routine", "--author", "alice", "--never"];
    place.ok(&[&add[..], &["--address", "192.0.2.77"]].concat());
    let report = report(&place, &[]);
    assert_eq!((&report["overview"]["alerts"], &report["overview"]["suppressed_alerts"]), (&json!(1), &json!(2)));
    assert_eq!(column(&report, "alerts", "event_id"), ["a1e27003-e65c-4408-968f-ecee9c645d75"]);
    assert!(table(&report, "alerts")["note"].as_str().is_some_and(|note| note.contains("2 suppressed")));
    let exception = &rows(&report, "exceptions")[0];
    assert_eq!((&exception["name"], &exception["covers"]), (&json!("known"), &json!(2)));
    // its timeline has no queries but that one
    assert_eq!(column(&report, "timeline", "kind").iter().filter(|kind| **kind == "query").count(), 1);
    let markdown = place.ok(&["report"]);
    assert!(markdown.contains("**1 alert** by 1 principal, and 2 suppressed by exceptions."), "{markdown}");
}

/// So many alerts, one a second, each of a user of its own; the first was followed by a launch.
fn alerts(count: u64) -> Vec<Value> {
    let query = |number: u64| {
        record(
            number,
            &json!({
                "eventTime": format!("2026-10-06T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60),
                "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:user/u{number}")},
                "requestParameters": {"includeDeprecated": true, "ownersSet": {"items": [{"owner": "self"}]}},
                "sourceIPAddress": format!("192.0.2.{}", number % 250),
            }),
        )
    };
    let launch = record(
        1_000_000,
        &json!({
            "eventTime": "2026-10-06T20:00:00Z",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/u1"},
            "eventName": "RunInstances",
            "readOnly": false,
            "sourceIPAddress": "198.51.100.1",
            "requestParameters": {"instancesSet": {"items": [{"imageId": "ami-0a"}]}},
            "responseElements": {"instancesSet": {"items": [{"imageId": "ami-0a", "instanceId": "i-0a"}]}},
        }),
    );
    (1..=count).map(query).chain([launch]).collect()
}

#[test]
fn a_long_report_says_what_it_left_out() {
    let place = Place::new();
    place.write("log.json", log(&alerts(250)));
    place.load(&["log.json"]);
    let found = report(&place, &["--triage", "2"]);
    let alerts = table(&found, "alerts");
    assert_eq!((&alerts["rows_total"], &alerts["rows_left_out"]), (&json!(250), &json!(50)));
    assert_eq!((rows(&found, "alerts").len(), rows(&found, "who").len()), (200, 100));
    assert_eq!(alerts["all"], "trailduck query report_alerts");
    assert_eq!(place.rows(&["query", "report_alerts"]).len(), 250);
    // the one that a launch followed, then the newest
    let investigated = found["alerts"].as_array().expect("alerts");
    let who: Vec<_> = investigated.iter().filter_map(|alert| alert["principal"].as_str()).collect();
    assert_eq!(who, ["arn:aws:iam::111122223333:user/u1", "arn:aws:iam::111122223333:user/u250"]);
    assert_eq!(found["alerts_left_out"], 248);
    assert!(found["alerts_note"].as_str().is_some_and(|note| note.contains("trailduck triage")));
    let markdown = place.ok(&["report", "--triage", "0"]);
    assert!(markdown.contains("... and 50 more: ``` trailduck query report\u{5f}alerts ```"), "{markdown}");
    assert!(markdown.contains("250 alerts are in the table of alerts only"));
    let ran = place.run(&["report", "--triage", "1", "-o", "r.md"]);
    assert!(
        ran.stderr.contains("250 alerts, 1 of them investigated; ") && ran.stderr.contains("left out"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_store_without_events_or_alerts_gives_a_report_that_says_so() {
    let place = Place::new();
    place.write("empty.json", log(&[]));
    place.load(&["empty.json"]);
    let empty = report(&place, &[]);
    assert_eq!((&empty["title"], &empty["overview"]["events"]), (&json!("CloudTrail report"), &json!(0)));
    for (path, table) in tables(&empty) {
        assert!(path.ends_with("/loads") || table["note"].is_string(), "{path}");
    }
    let markdown = place.ok(&["report"]);
    for said in
        ["No event is in scope.", "**No alerts**.", "Nothing was rejected.", "No exceptions.", "No launch of an image"]
    {
        assert!(markdown.contains(said), "{said}: {markdown}");
    }
    assert!(!markdown.contains("### Who raised them") && !markdown.contains("## Alerts, investigated"), "{markdown}");

    place.write("quiet.json", log(&[record(1, &json!({}))]));
    place.load(&["quiet.json"]);
    let quiet = report(&place, &[]);
    assert_eq!((&quiet["overview"]["events"], &quiet["overview"]["alerts"]), (&json!(1), &json!(0)));
    assert_eq!(table(&quiet, "alerts")["note"], "No alerts.");
    assert!(table(&quiet, "places")["note"].as_str().is_some_and(|note| note.contains("trailduck geoip")));
}

#[test]
fn what_was_rejected_is_told_by_file_and_reason() {
    let place = Place::new();
    place.write("bad.json", r#"{"Records": [{"eventTime": "never"}, {"eventTime": "never"}, 7]}"#);
    place.load(&["bad.json"]);
    let report = report(&place, &[]);
    let rejects = rows(&report, "rejects");
    assert!(!rejects.is_empty() && rejects.iter().all(|row| row["path"] == "bad.json"), "{rejects:?}");
    let sum: u64 = rejects.iter().filter_map(|row| row["rejects"].as_u64()).sum();
    assert_eq!(json!(sum), report["overview"]["rejects"]);
}

/// Values that would do something, were they not escaped.
fn hostile() -> Vec<(&'static str, String)> {
    vec![
        ("script", "<script>alert(1)</script><img src=x onerror=alert(1)>".to_owned()),
        ("markdown", "[x](https://e.example) ![y](z) | `a` ``` </details> **b** # h".to_owned()),
        ("direction", "\u{202e}gpj.exe\u{2066}\u{200b}".to_owned()),
        ("control", "a\u{1b}[31mb\r\nc\u{0}d".to_owned()),
        ("quotes", "'\"; DROP TABLE events; --".to_owned()),
        ("long", "x".repeat(10_000)),
    ]
}

#[test]
fn hostile_values_are_shown_as_text() {
    let place = Place::new();
    let events: Vec<_> = hostile()
        .iter()
        .enumerate()
        .map(|(number, (_, value))| {
            record(
                number as u64 + 1,
                &json!({
                    "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::1:assumed-role/r/{value}")},
                    "userAgent": value,
                    "sourceIPAddress": value,
                    "requestParameters": {
                        "includeDeprecated": true,
                        "ownersSet": {"items": [{"owner": value}]},
                        "filterSet": {"items": [{"name": "name", "valueSet": {"items": [{"value": value}]}}]},
                    },
                }),
            )
        })
        .collect();
    place.write("hostile.json", log(&events));
    place.load(&["hostile.json"]);
    let title = "<b>`|`\u{1b}[1m";
    let found = report(&place, &["--title", title]);
    assert_eq!((found["title"].as_str(), &found["overview"]["alerts"]), (Some(title), &json!(hostile().len())));
    for (name, value) in hostile() {
        assert!(column(&found, "with_what", "user_agent").contains(&&*value), "{name}: JSON has it whole");
    }
    for args in [&["report", "--title", title][..], &["report", "--format", "json", "--title", title]] {
        let text = place.ok(args);
        let acts = |char: &char| (char.is_control() && *char != '\n') || "\u{202e}\u{2066}\u{200b}".contains(*char);
        assert_eq!(text.chars().find(acts), None);
    }
    let markdown = place.ok(&["report", "--title", title]);
    let tags: BTreeSet<_> = markdown.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
    // our own, and those that stand in fenced commands
    let outside = outside_fences(&markdown);
    let tags_outside: BTreeSet<_> = outside.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
    assert_eq!(tags_outside, BTreeSet::from(["/details", "/summary", "details", "summary"]), "of {tags:?}");
    assert!(!outside.replace("\\]", "").contains("](") && !outside.contains("**b**"), "{outside}");
    assert!(markdown.contains("(8000 more characters)"), "a long value is cut");
    assert!(!markdown.contains(&"x".repeat(2_500)));
}

/// Markdown without what stands between fences.
fn outside_fences(markdown: &str) -> String {
    let mut outside = String::new();
    let mut fence: Option<String> = None;
    for line in markdown.lines() {
        let run: String = line.trim_start().chars().take_while(|char| *char == '`').collect();
        match &fence {
            Some(open) if run.len() >= open.len() && line.trim() == run => fence = None,
            Some(_) => {}
            None if run.len() >= 3 => fence = Some(run),
            None => {
                outside.push_str(line);
                outside.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a fence is not closed");
    outside
}

#[test]
fn json_stays_small_by_cutting_its_values() {
    let place = Place::new();
    let mut events = alerts(150);
    for event in &mut events {
        event["userAgent"] = json!(format!("{} {}", event["eventID"], "x".repeat(15_000)));
    }
    place.write("log.json", log(&events));
    place.load(&["log.json"]);
    let text = place.ok(&["report", "--format", "json", "--triage", "1"]);
    assert!(text.len() < 2_000_000, "{}", text.len());
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["longest_value"], 2000);
    assert!(column(&report, "with_what", "user_agent")[0].ends_with("more characters)"));
}

#[test]
fn the_document_is_as_its_schema_says() {
    let place = investigated();
    let schema: Value = serde_json::from_str(&place.ok(&["report", "--schema"])).expect("JSON");
    assert_eq!(schema["$id"], "urn:trailduck:report:2");
    described(&schema, "");
    place.write("empty.json", log(&[]));
    place.ok(&["load", "--db", "empty.duckdb", "empty.json"]);
    let all = report(&place, &[]);
    for document in [&all, &report(&place, &["--db", "empty.duckdb"]), &report(&place, &["--account", "nobody"])] {
        let mut used = BTreeSet::new();
        conforms(document, &schema, &schema, "", &mut used);
        if document == &all {
            let defined: BTreeSet<_> = schema["$defs"].as_object().expect("definitions").keys().cloned().collect();
            assert_eq!(used, defined, "definitions that are used");
        }
    }
    for (path, table) in tables(&all) {
        let names: Vec<_> =
            table["columns"].as_array().expect("columns").iter().map(|column| &column["name"]).collect();
        for row in table["rows"].as_array().expect("rows") {
            assert_eq!(row.as_object().expect("a row").len(), names.len(), "{path}");
            assert!(names.iter().all(|name| row.get(name.as_str().expect("a name")).is_some()), "{path}");
        }
        for shown in table["display"].as_array().expect("display") {
            assert!(names.contains(&shown), "{path}: {shown}");
        }
        for column in table["columns"].as_array().expect("columns") {
            assert!(column["meaning"].is_string(), "{path}: {column}");
        }
    }
}

/// Each field that a schema names is described.
fn described(schema: &Value, path: &str) {
    for group in ["properties", "$defs"] {
        for (name, field) in schema[group].as_object().into_iter().flatten() {
            // or is where it is defined
            assert!(field["description"].is_string() || field["$ref"].is_string(), "{path}/{name} is not described");
            described(field, &format!("{path}/{name}"));
        }
    }
}

/// The part of JSON Schema that the schema uses; objects must have all fields that it names, and no others.
fn conforms(value: &Value, schema: &Value, root: &Value, path: &str, used: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => {
            let name = reference.strip_prefix("#/$defs/").expect("a definition");
            used.insert(name.to_owned());
            &root["$defs"][name]
        }
        None => schema,
    };
    assert!(schema.is_object(), "{path}: no schema");
    if let Some(constant) = schema.get("const") {
        assert_eq!(value, constant, "{path}");
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{path}: {value}");
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match &schema["type"] {
        Value::String(wanted) => assert_eq!(kind, wanted, "{path}"),
        Value::Array(wanted) => assert!(wanted.contains(&json!(kind)), "{path}: {kind}"),
        _ => assert!(schema.get("const").or(schema.get("enum")).is_some(), "{path}: of any type"),
    }
    if let (Some(fields), Value::Bool(false)) = (value.as_object(), &schema["additionalProperties"]) {
        let properties = schema["properties"].as_object().expect("properties");
        let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(fields), names(properties), "{path}");
        let required = schema["required"].as_array().expect("required").iter();
        let required: BTreeSet<_> = required.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        assert_eq!(names(fields), required, "{path}");
        for (name, field) in fields {
            conforms(field, &properties[name], root, &format!("{path}/{name}"), used);
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        conforms(item, &schema["items"], root, &format!("{path}/{index}"), used);
    }
}

#[test]
fn the_name_of_the_file_says_how_it_is_written() {
    let place = Place::with_fixtures();
    for (name, begins) in [("a.md", "# "), ("a.MARKDOWN", "# "), ("a.json", "{\n")] {
        let ran = place.run(&["report", "-o", name]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert!(
            ran.stderr.starts_with(&format!("wrote {name}: ")) && ran.stderr.lines().count() == 1,
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("3 alerts, 3 of them investigated"), "{}", ran.stderr);
        assert!(std::fs::read_to_string(place.path(name)).expect("a file").starts_with(begins), "{name}");
    }
    place.ok(&["report", "-o", "a.txt", "--format", "json"]);
    assert!(std::fs::read_to_string(place.path("a.txt")).expect("a file").starts_with('{'));
    assert_eq!(std::fs::read_to_string(place.path("a.txt")).ok(), std::fs::read_to_string(place.path("a.json")).ok());
    // to standard output Markdown, unless told
    assert!(place.ok(&["report"]).starts_with("# CloudTrail report"));
    for name in ["a.pdf", "report", "trail.duckdb"] {
        let Ran { code, stderr, .. } = place.run(&["report", "-o", name]);
        assert_eq!(code, 2, "{name}: {stderr}");
        for ending in [".html", ".md", ".json", "--format"] {
            assert!(stderr.contains(ending), "{name}: {stderr}");
        }
    }
    assert_eq!(place.run(&["report", "--format", "pdf"]).code, 2);
    assert_eq!(place.run(&["report", "--since", "yesterday"]).code, 2);
}

#[cfg(unix)]
#[test]
fn a_report_is_for_its_owner_only_and_replaces_the_old_one_when_it_is_whole() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_fixtures();
    place.write("r.md", "the old one");
    place.ok(&["report", "-o", "r.md"]);
    let path = place.path("r.md");
    assert!(std::fs::read_to_string(&path).expect("a file").starts_with("# CloudTrail report"));
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    let before = std::fs::read_to_string(&path).expect("a file");
    for args in [
        &["report", "-o", "r.md", "--db", "nowhere.duckdb"][..],
        &["report", "-o", "r.md", "--db", "r.md"],
        &["report", "-o", "trail.duckdb", "--format", "json"],
        &["report", "-o", "no/such/folder/r.md"],
    ] {
        let ran = place.run(args);
        assert!(ran.code == 1 && !ran.stderr.is_empty(), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(std::fs::read_to_string(&path).ok(), Some(before));
    assert_eq!(place.sql("SELECT count(*) AS n FROM events")[0]["n"], 106);
    let left: Vec<_> = std::fs::read_dir(place.path(".")).expect("a folder").filter_map(Result::ok).collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().contains(".tmp")), "{left:?}");
}

#[test]
fn a_report_waits_for_a_load_if_told() {
    let place = Place::new();
    let start = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trailduck"));
        command.current_dir(place.path(".")).args(args).env_remove("TRAILDUCK_DB");
        command.env_remove("TRAILDUCK_GEOIP").env("TRAILDUCK_GEOIP_FOLDERS", "");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
    };
    let mut load = start(&["load", "-"]);
    let refused = (0..500).find_map(|_| {
        sleep(Duration::from_millis(20));
        let ran = place.run(&["report"]);
        ran.stderr.contains("in use").then_some(ran)
    });
    assert_eq!(refused.expect("the store is in use").code, 1);
    let mut waiting = start(&["report", "--wait"]);
    sleep(Duration::from_millis(300));
    assert!(waiting.try_wait().expect("a process").is_none(), "it waits");
    let mut stdin = load.stdin.take().expect("a pipe");
    stdin.write_all(log(&[record(1, &json!({}))]).as_bytes()).expect("it reads");
    drop(stdin);
    assert!(load.wait().expect("it ends").success());
    let output = waiting.wait_with_output().expect("it ends");
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("waiting"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 event from"));
}
