//! Output for people and for machines; values an attacker typed; errors and exit codes.

mod common;

use std::process::{Command, Stdio};

use common::{Place, log, record};
use serde_json::json;

const HOSTILE: &str = "=1+1\u{1b}[31m|`x`<img src=x>\u{202e}\u{9b}2J\r\n[link](https://e.example)";

fn hostile() -> Place {
    let place = Place::new();
    place.write("a.json", log(&[record(1, &json!({"userAgent": HOSTILE}))]));
    place.load(&["a.json"]);
    place
}

#[test]
fn no_value_acts_on_a_terminal() {
    let place = hostile();
    for format in ["table", "json", "ndjson", "csv", "markdown"] {
        for sql in ["SELECT user_agent FROM events", "SELECT {'a': user_agent} AS nested FROM events"] {
            let text = place.ok(&["sql", sql, "--format", format]);
            let acts = |char: char| (char.is_control() && char != '\n') || char == '\u{202e}';
            assert!(!text.contains(acts), "{format}: {text:?}");
        }
    }
    for format in ["cloudtrail", "ndjson"] {
        let text = place.ok(&["export", "--format", format]);
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']) && text.contains(r"\u202e"), "{text}");
    }
    let name = "\u{1b}[2J.json";
    let ran = place.run(&["load", name]);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}

#[test]
fn json_gives_values_back_unchanged() {
    let place = hostile();
    assert_eq!(place.sql("SELECT user_agent FROM events"), [json!({"user_agent": HOSTILE})]);
    let lines = place.ok(&["sql", "SELECT user_agent FROM events", "--format", "ndjson"]);
    assert_eq!(lines.lines().count(), 1);
}

#[test]
fn csv_begins_no_formula_and_markdown_no_markup() {
    let place = hostile();
    let csv = place.ok(&["sql", "SELECT user_agent, -5 AS n, NULL AS nothing FROM events", "--format", "csv"]);
    assert!(csv.starts_with("user_agent,n,nothing\n\"'=1+1"), "{csv}");
    assert!(csv.ends_with("\",-5,\n"), "{csv}");
    let markdown = place.ok(&["sql", "SELECT user_agent FROM events", "--format", "markdown"]);
    assert_eq!(markdown.lines().count(), 3);
    assert!(markdown.contains(r"\|\`x\`&lt;img src=x&gt;"), "{markdown}");
    assert!(markdown.contains(r"\[link\](https&#58;//e.example)"), "{markdown}");
}

#[test]
fn columns_and_limit_choose_what_is_printed() {
    let place = Place::with_fixtures();
    let rows = place.rows(&["detect", "--columns", "event_id,owners", "--limit", "1"]);
    assert_eq!(rows, [json!({"event_id": "a1e27003-e65c-4408-968f-ecee9c645d75", "owners": ["amazon"]})]);
    let ran = place.run(&["detect", "--columns", "typo"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no column typo: there are rule, severity"), "{}", ran.stderr);
    assert!(place.ok(&["detect", "--columns", "all"]).contains("request_parameters"));
    assert_eq!(place.ok(&["sql", "SELECT 1 AS a WHERE false", "--format", "json"]), "[]\n");
    assert_eq!(place.ok(&["sql", "SELECT 1 AS a WHERE false", "--format", "csv"]), "a\n");
}

#[test]
fn color_is_for_terminals_unless_told() {
    let place = Place::with_fixtures();
    assert!(!place.ok(&["detect"]).contains('\u{1b}'));
    assert!(place.ok(&["detect", "--color", "always"]).contains("\u{1b}[1m"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = Place::with_fixtures();
    let many = "SELECT * FROM events, range(200)";
    for args in [
        &["sql", many, "--format", "ndjson"][..],
        &["sql", many, "--format", "csv"],
        &["sql", many],
        &["export"],
        &["detect"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_trailduck"))
            .current_dir(place.path(""))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn errors_say_what_to_do() {
    let place = Place::new();
    let other = place.write("other.txt", "no database");
    for (args, code, message) in [
        (&["detect"][..], 1, "no store at trail.duckdb: make one with `trailduck load PATH`"),
        (&["--db", &other, "status"], 1, "cannot open other.txt as a DuckDB database"),
        (&["--db", "no/such/folder.duckdb", "load", "."], 1, "no/such/folder.duckdb"),
        (&["detct"], 2, "detect"),
        (&["load"], 2, "<PATH>"),
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn the_store_is_the_one_that_is_named() {
    let place = Place::new();
    place.write("a.json", log(&[record(1, &json!({}))]));
    place.ok(&["load", "a.json", "--db", "named.duckdb"]);
    let status =
        place.command(&["status", "--format", "json"]).env("TRAILDUCK_DB", "named.duckdb").output().expect("it runs");
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!((&status[0]["store"], &status[0]["events"]), (&json!("named.duckdb"), &json!(1)));
    assert!(!place.path("trail.duckdb").exists());
    assert!(place.ok(&["status", "--db", "named.duckdb"]).contains("2026-10-06T02:14:00Z"));
}

#[test]
fn a_store_that_is_in_use_says_so_and_readers_share_it() {
    let place = Place::with_fixtures();
    let path = place.path("trail.duckdb");
    let writer = trailduck::store::Store::open(&path, trailduck::store::Mode::Write).expect("it opens");
    let ran = place.run(&["detect"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("is in use by another program (process "), "{}", ran.stderr);
    drop(writer);
    let _reader = trailduck::store::Store::open(&path, trailduck::store::Mode::Read).expect("it opens");
    place.ok(&["detect"]);
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let place = Place::with_fixtures();
    place.ok(&["sql", "--write", "UPDATE store_info SET schema_version = 99"]);
    for args in [&["status"][..], &["load", "."]] {
        let ran = place.run(args);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("newer trailduck"), "{}", ran.stderr);
    }
}
