//! `trailduck sql`: any SQL, any type.

mod common;

use common::Place;
use serde_json::json;

#[test]
fn every_column_of_events_can_be_selected() {
    let place = Place::with_fixtures();
    let rows = place.sql("SELECT * FROM events WHERE event_id = 'a1e27003-e65c-4408-968f-ecee9c645d75'");
    assert_eq!(rows[0]["request_parameters"]["ownersSet"], json!({"items": [{"owner": "amazon"}]}));
    assert_eq!(rows[0]["user_identity"]["session_context"]["session_issuer"]["user_name"], "ops-admin");
    for format in ["table", "csv", "markdown", "ndjson"] {
        let text = place.ok(&["sql", "SELECT * FROM events", "--format", format]);
        assert!(text.contains("ownersSet"), "{format}");
    }
}

#[test]
fn types_stay_what_they_are() {
    let place = Place::with_fixtures();
    let rows = place.sql(
        "SELECT 1 AS i, 0.5::DOUBLE AS f, true AS b, NULL AS n, 'x' AS t, 12345678901234567890123::HUGEINT AS h, 1.50::DECIMAL(5,2) AS d,
            TIMESTAMP '2026-10-06 02:14:00.5' AS ts, DATE '2026-10-06' AS date, INTERVAL '90' MINUTE AS iv, [1, 2] AS l, {'a': 1} AS s,
            MAP {'k': 'v'} AS m, '{\"j\": [1]}'::JSON AS j, {'v': 1::VARIANT} AS nested, 'NaN'::DOUBLE AS nan, 'infinity'::TIMESTAMP AS inf, 1 AS i",
    );
    let number: serde_json::Value = serde_json::from_str("12345678901234567890123").expect("a number");
    for (column, value) in [
        ("f", json!(0.5)),
        ("b", json!(true)),
        ("n", json!(null)),
        ("t", json!("x")),
        ("h", number),
        ("d", json!(1.5)),
        ("ts", json!("2026-10-06T02:14:00.5Z")),
        ("date", json!("2026-10-06")),
        ("iv", json!("01:30:00")),
        ("l", json!([1, 2])),
        ("s", json!({"a": 1})),
        ("m", json!({"k": "v"})),
        ("j", json!({"j": [1]})),
        ("nested", json!({"v": 1})),
        ("nan", json!("NaN")),
        ("inf", json!("infinity")),
        ("i", json!(1)),
    ] {
        assert_eq!(rows[0][column], value, "{column}");
    }
}

#[test]
fn scripts_come_from_the_argument_a_file_or_standard_input() {
    let place = Place::with_fixtures();
    let script = "SELECT 'a;b' AS x; -- two; statements\nSELECT 2 AS y -- the end\n";
    place.write("script.sql", script);
    let expected = "{\"x\":\"a;b\"}\n{\"y\":2}\n";
    assert_eq!(place.ok(&["sql", script, "--format", "ndjson"]), expected);
    assert_eq!(place.ok(&["sql", "-f", "script.sql", "--format", "ndjson"]), expected);
    assert_eq!(place.run_with(&["sql", "--format", "ndjson"], script).stdout, expected);
    for (args, message) in [
        (&["sql", " -- nothing"][..], "no SQL"),
        (&["sql", "-f", "typo.sql"], "cannot read typo.sql"),
        (&["sql", "SELEC 1"], "syntax error"),
        (&["sql", "SELECT nothing FROM events"], "nothing"),
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
}

#[test]
fn statements_that_are_no_queries_run_too() {
    let place = Place::with_fixtures();
    for sql in [
        "EXPLAIN SELECT 1",
        "SHOW TABLES",
        "DESCRIBE events",
        "SUMMARIZE files",
        "PRAGMA database_list",
        "SET threads = 1",
    ] {
        place.ok(&["sql", sql]);
    }
    assert_eq!(place.sql("CREATE TEMP TABLE t AS SELECT 1 AS a; FROM t").last(), Some(&json!({"a": 1})));
}

#[test]
fn evidence_is_changed_only_when_asked() {
    let place = Place::with_fixtures();
    let ran = place.run(&["sql", "DELETE FROM events"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("--write"), "{}", ran.stderr);
    place.ok(&["sql", "--write", "CREATE VIEW mine AS SELECT 1 AS a"]);
    assert_eq!(place.sql("FROM mine"), [json!({"a": 1})]);
}

#[test]
fn parameters_are_bound_as_text_and_never_become_sql() {
    let place = Place::with_fixtures();
    let hostile = "x' OR true; DROP TABLE events; --";
    let sql = "SELECT $v AS v, $V::VARCHAR AS again, count(*) AS events FROM events WHERE event_name = $v";
    let param = format!("v={hostile}");
    let rows = place.rows(&["sql", sql, "--param", &param]);
    assert_eq!(rows, [json!({"v": hostile, "again": hostile, "events": 0})]);
    // each statement takes those it has
    let script = "SELECT $a || 'b' AS one; SELECT $n::INTEGER + 1 AS two; SELECT 3 AS three";
    let lines = place.ok(&["sql", script, "--param", "a=A=", "--param", "n=41", "--format", "ndjson"]);
    assert_eq!(lines, "{\"one\":\"A=b\"}\n{\"two\":42}\n{\"three\":3}\n");
}

#[test]
fn a_parameter_without_a_value_is_named() {
    let place = Place::with_fixtures();
    let ran = place.run(&["sql", "FROM api_calls WHERE principal = $arn", "--param", "anr=x"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("$arn") && ran.stderr.contains("--param NAME=VALUE"), "{}", ran.stderr);
    for param in ["no-value", "=x", "a b=c"] {
        let ran = place.run(&["sql", "SELECT 1", "--param", param]);
        assert_eq!((ran.code, ran.stderr.contains("expected NAME=VALUE")), (2, true), "{}", ran.stderr);
    }
}

#[test]
fn a_limit_limits_whatever_is_asked() {
    let place = Place::with_fixtures();
    for relation in
        ["deprecated_ami_discovery", "events", "(SELECT 1 FROM events WHERE (SELECT count(*) FROM rejects) = 0)"]
    {
        assert_eq!(place.sql(&format!("FROM {relation} LIMIT 2")).len(), 2, "{relation}");
    }
}
