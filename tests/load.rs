//! Loading: what comes in, once, and what cannot.

mod common;

use common::{Place, fixtures, gzip, log, record};
use serde_json::{Value, json};

fn two() -> [Value; 2] {
    [record(1, &json!({})), record(2, &json!({"eventTime": "2026-10-06T02:15:00Z"}))]
}

#[test]
fn every_format_is_recognised_by_content_not_by_name() {
    let [a, b] = two();
    let pretty = serde_json::to_string_pretty(&json!({"Records": [a, b]})).expect("JSON");
    for (format, text) in [
        ("records", log(&two())),
        ("records", pretty),
        ("records", format!("{}\n{}\n", log(&two()[..1]), log(&two()[1..]))),
        ("ndjson", format!("{a}\n{b}\n")),
        ("ndjson", format!("{a}\r\n\r\n{b}\r\n")),
        ("array", json!([a, b]).to_string()),
    ] {
        for bytes in [text.clone().into_bytes(), gzip(&text)] {
            let place = Place::new();
            place.write("misnamed.txt", bytes);
            assert_eq!(place.load(&["misnamed.txt"]), [1, 2, 2, 0, 0], "{text}");
            assert_eq!(
                place.sql("SELECT format, records, new FROM files"),
                [json!({"format": format, "records": 2, "new": 2})]
            );
        }
    }
    let place = Place::new();
    place.write("single.json", a.to_string());
    assert_eq!(place.load(&["single.json"]), [1, 1, 1, 0, 0]);
}

#[test]
fn standard_input_folders_and_patterns_are_sources() {
    let [a, b] = two();
    let place = Place::new();
    let ran = place.run_with(&["load", "-"], gzip(&log(std::slice::from_ref(&a))));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(place.sql("SELECT path FROM files"), [json!({"path": "-"})]);
    place.write("logs/deep/b.json", log(&[b]));
    place.write("logs/a.json.gz", gzip(&log(&[a])));
    assert_eq!(place.load(&["logs/**/*.json"]), [1, 1, 1, 0, 0]);
    assert_eq!(place.load(&["logs"]), [2, 0, 0, 0, 0], "both contents are known");
}

#[test]
fn the_same_content_is_loaded_once_whatever_its_name() {
    let place = Place::new();
    for name in ["a.json", "b.json"] {
        place.write(name, log(&two()));
    }
    assert_eq!(place.load(&["a.json", "b.json"]), [2, 2, 2, 0, 0]);
    assert_eq!(place.load(&["b.json"]), [1, 0, 0, 0, 0]);
    let text = place.ok(&["load", "a.json"]);
    assert!(text.contains("1 loaded before"), "{text}");
}

#[test]
fn an_event_seen_in_two_files_is_stored_once() {
    let [a, b] = two();
    let c = record(3, &json!({}));
    let place = Place::new();
    place.write("one.json", log(&[a.clone(), b.clone(), a.clone()]));
    place.write("two.json", log(&[b.clone(), c.clone()]));
    place.write("later.json", log(&[a, c, record(4, &json!({}))]));
    assert_eq!(place.load(&["one.json", "two.json"]), [2, 5, 3, 2, 0]);
    assert_eq!(place.load(&["later.json"]), [1, 3, 1, 2, 0]);
    assert_eq!(
        place.sql("SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events"),
        [json!({"n": 4, "ids": 4})]
    );
    let balance = "SELECT bool_and(records = new + duplicate + rejected) AS even, sum(new)::INTEGER AS new FROM files";
    assert_eq!(place.sql(balance), [json!({"even": true, "new": 4})]);
}

#[test]
fn a_record_without_an_id_is_known_by_its_content() {
    let mut nameless = record(1, &json!({}));
    nameless.as_object_mut().expect("an object").remove("eventID");
    let pretty = serde_json::to_string_pretty(&nameless).expect("JSON");
    let place = Place::new();
    place.write("a.json", nameless.to_string());
    place.write("b.json", pretty);
    assert_eq!(place.load(&["a.json"]), [1, 1, 1, 0, 0]);
    assert_eq!(place.load(&["b.json"]), [1, 1, 0, 1, 0]);
    assert_eq!(place.export(), [nameless]);
}

#[test]
fn what_cannot_be_read_is_kept_beside_what_can() {
    let [a, b] = two();
    let place = Place::new();
    place.write("bad.ndjson", format!("{a}\n{{\"eventTime\": soon}}\nnot json\n{b}\n"));
    place.write("cut.json.gz", &gzip(&log(&two()))[..120]);
    let ran = place.run(&["load", "bad.ndjson", "cut.json.gz"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let first = a.to_string().len() as u64 + 1;
    assert_eq!(
        place.sql("SELECT record, byte_offset, reason, excerpt FROM rejects JOIN files USING (file_id) WHERE path = 'bad.ndjson' ORDER BY byte_offset"),
        [
            json!({"record": 2, "byte_offset": first, "reason": format!("expected a value, at byte {}", first + 14), "excerpt": format!("{{\"eventTime\": soon}}\nnot json\n{b}\n").chars().take(200).collect::<String>()}),
            json!({"record": null, "byte_offset": first + 20, "reason": "expected a JSON object or list", "excerpt": format!("not json\n{b}\n").chars().take(200).collect::<String>()}),
        ]
    );
    assert!(ran.stdout.contains("rejected: bad.ndjson, record 2, byte "), "{}", ran.stdout);
    assert!(ran.stdout.contains("rejected: cut.json.gz, byte ") && ran.stdout.contains("gzip: "), "{}", ran.stdout);
    assert_eq!(place.sql("SELECT count(*) AS n FROM events"), [json!({"n": 2})]);
}

#[test]
fn strict_loads_all_or_nothing() {
    let place = Place::new();
    place.write("good.json", log(&two()));
    place.write("bad.json", "{\"Records\": [{\"eventTime\": 1}]}");
    let ran = place.run(&["load", "--strict", "good.json", "bad.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("rejected: bad.json, record 1, byte 13: eventTime is no time"), "{}", ran.stdout);
    assert!(ran.stdout.contains("nothing was loaded"), "{}", ran.stdout);
    let left =
        "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM files) + (SELECT count(*) FROM rejects) AS n";
    assert_eq!(place.sql(left), [json!({"n": 0})]);
    assert_eq!(place.run(&["load", "--strict", "good.json"]).code, 0);
}

#[test]
fn digests_hold_no_events_and_insights_are_events() {
    let place = Place::with_fixtures();
    assert_eq!(
        place.sql(
            "SELECT format, count(*) AS files, sum(records)::INTEGER AS records FROM files GROUP BY ALL ORDER BY ALL"
        ),
        [
            json!({"format": "digest", "files": 1, "records": 0}),
            json!({"format": "records", "files": 17, "records": 108}),
        ]
    );
    assert_eq!(
        place.sql(
            "SELECT insight_details.state::VARCHAR AS state FROM events WHERE event_category = 'Insight' ORDER BY state"
        ),
        [json!({"state": "End"}), json!({"state": "Start"})]
    );
}

#[test]
fn files_that_are_no_logs_are_passed_over_in_folders_and_rejected_by_name() {
    let place = Place::new();
    place.write("logs/a.json", log(&two()));
    place.write("logs/LICENSE", "Permission is hereby granted");
    place.write("logs/config.json", "{\"fileVersion\": \"1.0\", \"configurationItems\": []}");
    assert_eq!(place.load(&["logs"]), [1, 2, 2, 0, 0]);
    assert_eq!(place.load(&["logs/LICENSE"]), [1, 1, 0, 0, 1]);
    place.write("empty.json", "");
    assert_eq!(place.load(&["empty.json"]), [1, 1, 0, 0, 1]);
    let reasons = place.sql("SELECT reason FROM rejects ORDER BY reason");
    assert_eq!(
        reasons,
        [
            json!({"reason": "expected a JSON object or list, or CSV with CloudTrail's columns; this looks like text (Permission is hereby granted)"}),
            json!({"reason": "the file is empty"}),
        ]
    );
}

#[test]
fn a_path_that_is_not_there_fails_before_anything_is_loaded() {
    let place = Place::new();
    place.write("a.json", log(&two()));
    for (path, message) in [("typo.json", "typo.json: No such file"), ("*.gz", "*.gz: no file matches")] {
        let ran = place.run(&["load", "a.json", path]);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
    assert!(!place.path("trail.duckdb").exists());
}

#[test]
fn every_event_knows_its_file_and_every_file_its_load() {
    let place = Place::new();
    place.write("a.json", log(&two()));
    place.load(&["a.json"]);
    let lineage = place.sql(
        "SELECT path, size, sha256, version, arguments, finished_at IS NOT NULL AS finished
         FROM events JOIN files USING (file_id) JOIN loads USING (load_id) LIMIT 1",
    );
    let text = log(&two());
    let sha256 = {
        use sha2::Digest;
        sha2::Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(
        lineage,
        [json!({
            "path": "a.json", "size": text.len(), "sha256": sha256,
            "version": env!("CARGO_PKG_VERSION"), "arguments": ["a.json"], "finished": true,
        })]
    );
}

#[test]
fn the_fixtures_hold_what_their_readme_says() {
    let place = Place::new();
    let logs = fixtures("AWSLogs");
    assert_eq!(place.load(&[logs.to_str().expect("UTF-8")]), [18, 108, 106, 2, 0]);
    let by_day = place.sql("SELECT list(n ORDER BY day) AS days FROM (SELECT event_time::DATE AS day, count(*) AS n FROM events GROUP BY day)");
    assert_eq!(by_day, [json!({"days": [21, 10, 5, 4, 21, 37, 8]})]);
    let figures = place.sql(
        "SELECT
            (SELECT count(*) FROM ami_queries) AS ami_queries,
            (SELECT count(*) FROM ami_launches) AS ami_launches,
            (SELECT count(*) FROM ami_launches WHERE outcome = 'success') AS launched,
            (SELECT count(*) FROM api_calls WHERE outcome = 'failure') AS failures,
            (SELECT count(*) FROM events WHERE user_identity IS NULL) AS without_identity",
    );
    assert_eq!(
        figures,
        [json!({"ami_queries": 11, "ami_launches": 16, "launched": 13, "failures": 11, "without_identity": 2})]
    );
}

#[cfg(unix)]
#[test]
fn the_store_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.ok(&["load", &place.write("a.json", log(&[record(1, &json!({}))]))]);
    let mode = std::fs::metadata(place.path("trail.duckdb")).expect("the store").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_store_is_no_source_of_its_own() {
    let place = Place::new();
    let forged = record(9, &json!({"eventName": "Forged"}));
    let planted = record(1, &json!({"userAgent": format!("x\n{forged}\n")}));
    place.write("a.json", log(&[planted]));
    assert_eq!(place.load(&["."]), [1, 1, 1, 0, 0]);
    assert_eq!(place.load(&["."]), [1, 0, 0, 0, 0]);
}

#[test]
fn damaged_logs_in_a_folder_are_rejected_not_passed_over() {
    let [a, _] = two();
    for text in [a.to_string()[..200].to_owned(), "{\"eventVersion\": \"1.11\"}\n".to_owned()] {
        let place = Place::new();
        place.write("logs/a.json", text);
        assert_eq!(place.load(&["logs"]), [1, 1, 0, 0, 1]);
        assert_eq!(place.run(&["load", "--strict", "logs", "--db", "other.duckdb"]).code, 1);
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_rejected_once() {
    let place = Place::new();
    place.write("logs/a.json", log(&two()));
    std::os::unix::fs::symlink("nowhere", place.path("logs/broken")).expect("a link");
    assert_eq!(place.load(&["logs"]), [2, 3, 2, 0, 1]);
    assert_eq!(place.load(&["logs"]), [2, 1, 0, 0, 1]);
    assert_eq!(place.sql("SELECT count(*) AS n FROM rejects"), [json!({"n": 1})]);
}

#[test]
fn a_database_that_is_no_store_is_left_alone() {
    let place = Place::new();
    duckdb::Connection::open(place.path("foreign.db"))
        .expect("it opens")
        .execute_batch("CREATE TABLE t(a INT)")
        .expect("SQL");
    let before = std::fs::read(place.path("foreign.db")).expect("a file");
    for args in [&["status"][..], &["sql", "SHOW TABLES"], &["sql", "--write", "DROP TABLE t"]] {
        let ran = place.run(&[args, &["--db", "foreign.db"]].concat());
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("no trailduck store"), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read(place.path("foreign.db")).expect("a file"), before);
    place.write("empty.db", "");
    place.write("a.json", log(&two()));
    place.ok(&["load", "a.json", "--db", "empty.db"]);
}

#[test]
fn transactions_do_not_show() {
    use trailduck::load::{Options, load};
    use trailduck::store::{Mode, Store};
    let place = Place::new();
    for file in 0..5 {
        // each file repeats an event of the one before it
        let records: Vec<_> = (0..3).map(|number| record(file * 2 + number, &json!({}))).collect();
        place.write(&format!("logs/{file}.json"), log(&records));
    }
    std::fs::create_dir(place.path("logs/empty")).expect("a folder");
    let store = Store::open(&place.path("trail.duckdb"), Mode::Create).expect("a store");
    let arguments = vec![place.path("logs")];
    let found = trailduck::source::find(&arguments).expect("files");
    let options = Options { arguments, strict: false, events_per_transaction: 2, limits: Default::default() };
    let summary = load(&store, found, &options, Default::default()).expect("a load");
    assert_eq!((summary.files, summary.events, summary.new, summary.duplicate), (5, 15, 11, 4));
    drop(store);
    let even = "SELECT bool_and(records = new + duplicate + rejected) AS even, sum(new)::INTEGER AS new, (SELECT count(*) FROM events) AS events FROM files";
    assert_eq!(place.sql(even), [json!({"even": true, "new": 11, "events": 11})]);
}

#[test]
fn a_load_that_is_stopped_goes_on_when_it_is_run_again() {
    use std::sync::{Arc, atomic::Ordering};
    use trailduck::load::{EVENTS_PER_TRANSACTION, Options, Progress, load};
    use trailduck::store::{Mode, Store};
    let place = Place::new();
    place.write("a.json", log(&two()));
    let store = Store::open(&place.path("trail.duckdb"), Mode::Create).expect("a store");
    let arguments = vec![place.path("a.json")];
    let options = Options {
        arguments,
        strict: false,
        events_per_transaction: EVENTS_PER_TRANSACTION,
        limits: Default::default(),
    };
    let progress = Arc::new(Progress::default());
    progress.stop.store(true, Ordering::Relaxed);
    let found = || trailduck::source::find(&options.arguments).expect("files");
    let summary = load(&store, found(), &options, progress).expect("a load");
    assert_eq!((summary.left, summary.new), (1, 0));
    let summary = load(&store, found(), &options, Default::default()).expect("a load");
    assert_eq!((summary.left, summary.new), (0, 2));
}

#[test]
fn strict_looks_again_at_what_was_damaged() {
    let place = Place::new();
    place.write("bad.json", format!("{}\nwords\n", two()[0]));
    place.ok(&["load", "bad.json"]);
    assert_eq!(place.run(&["load", "--strict", "bad.json"]).code, 1);
}
