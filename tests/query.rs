//! Companion queries: each a file, a table macro and a command.

mod common;

use common::{Place, fixtures, log, record};
use serde_json::{Value, json};
use trailduck::alerts::Channel;
use trailduck::catalog::CATALOG;

#[test]
fn every_query_runs_and_has_the_columns_it_documents() {
    let place = Place::with_fixtures();
    // some only have an answer when it is known where addresses are, or when something was rejected
    place.write("bad.json", r#"{"Records": [7]}"#);
    place.ok(&["load", "bad.json"]);
    place.ok(&["geoip", fixtures("geoip/Example-City.mmdb").to_str().expect("UTF-8")]);
    place.ok(&["exceptions", "add", "e", "--reason", "r", "--author", "a", "--never", "--owner", "none"]);
    place.raise("2026-10-06T03:00:00Z", &[Channel::Webhook]);
    let listed = Place::new().rows(&["query"]);
    assert_eq!(listed.len(), CATALOG.queries.len());
    for query in &CATALOG.queries {
        let mut args = vec!["query".to_owned(), query.name.clone()];
        for parameter in query.parameters.iter().filter(|parameter| parameter.default.is_none()) {
            let value = match (query.name.as_str(), parameter.name.as_str()) {
                ("queries_before_launch", _) => "1a07c001-264e-4665-92eb-59bd0f21e6ee",
                ("alert_changes", _) => "aa379329-278a-8b95-a0de-2a8a8ffe2c08",
                (_, "event_id") => "a1e27001-4bc7-46d5-ab6e-e5d18726ff95",
                _ => "*",
            };
            args.extend([format!("--{}", parameter.name), value.to_owned()]);
        }
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let rows = place.rows(&args);
        let mut documented: Vec<_> = query.columns.keys().collect();
        documented.sort();
        let columns: Vec<_> = rows[0].as_object().expect("a row").keys().collect();
        assert_eq!(columns, documented, "{}", query.name);
        for column in &query.display {
            assert!(query.columns.contains_key(column), "{}: {column}", query.name);
        }
        assert!(!place.ok(&args).is_empty());
    }
}

#[test]
fn help_explains_a_query() {
    let help = Place::new().ok(&["query", "activity_around", "--help"]);
    for part in
        ["--event_id", "--minutes", "[default: 30]", "seconds_from_event:", "trailduck sql \"FROM activity_around("]
    {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn parameters_are_checked_and_quoted() {
    let place = Place::with_fixtures();
    for args in [
        &["query", "activity_by_ip"][..],
        &["query", "activity_around", "--event_id", "x", "--minutes", "1; DROP TABLE events"],
        &["query", "activity_by_ip", "--addres", "x"],
        &["query", "activity_by"],
    ] {
        assert_eq!(place.run(args).code, 2, "{args:?}");
    }
    let ran = place.run(&["query", "activity_around", "--event_id", "nonsense"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("not an event id such as"), "{}", ran.stderr);
    assert_eq!(place.rows(&["query", "activity_by_ip", "--address", "'; DROP TABLE events; --"]), Vec::<Value>::new());
}

#[test]
fn activity_of_a_principal_is_found_by_arn_by_pattern_and_by_role() {
    let place = Place::with_fixtures();
    let count = |arn: &str| place.rows(&["query", "activity_by_principal", "--arn", arn]).len();
    let session = "arn:aws:sts::111122223333:assumed-role/ops-admin/session-1791253040";
    let by_session = count(session);
    assert!(by_session > 10);
    assert_eq!(count("*assumed-role/ops-admin/*"), count("arn:aws:iam::111122223333:role/ops-admin"));
    assert!(count("*assumed-role/ops-admin/*") > by_session);
    assert_eq!(count("arn:aws:iam::111122223333:user/bo_"), 0, "only * is a wildcard");
    let times = place.rows(&["query", "activity_by_principal", "--arn", "*"]);
    assert!(times.is_sorted_by_key(|row| row["event_time"].as_str().map(str::to_owned)));
}

#[test]
fn rollups_count_calls_apis_errors_and_places() {
    let place = Place::new();
    place.write("a.json", log(&[
        record(1, &json!({"eventName": "ListUsers"})),
        record(2, &json!({"eventName": "ListUsers", "errorCode": "AccessDenied", "awsRegion": "eu-west-1"})),
        record(3, &json!({"eventName": "RunInstances", "sourceIPAddress": "10.0.0.1", "eventTime": "2026-10-07T00:00:00Z"})),
    ]));
    place.load(&["a.json"]);
    let alice = json!({
        "principal": "arn:aws:iam::111122223333:user/alice", "calls": 3, "distinct_apis": 2, "failures": 1,
        "first_seen": "2026-10-06T02:14:00Z", "last_seen": "2026-10-07T00:00:00Z", "regions": ["eu-west-1", "us-east-1"],
        "addresses": ["10.0.0.1", "192.0.2.77"], "user_agents": ["aws-cli/2.17.0"],
    });
    assert_eq!(place.rows(&["query", "api_calls_by_principal"]), [alice]);
    let by_ip = place.rows(&["query", "api_calls_by_ip", "--address", "10.*"]);
    assert_eq!((by_ip.len(), &by_ip[0]["source_kind"], &by_ip[0]["calls"]), (1, &json!("private"), &json!(1)));
    let by_region = place.rows(&["query", "geography_by_region", "--columns", "aws_region,calls"]);
    assert_eq!(
        by_region,
        [json!({"aws_region": "us-east-1", "calls": 2}), json!({"aws_region": "eu-west-1", "calls": 1})]
    );
    let by_kind = place.rows(&["query", "geography_by_source_kind", "--columns", "source_kind,calls"]);
    assert_eq!(by_kind, [json!({"source_kind": "public", "calls": 2}), json!({"source_kind": "private", "calls": 1})]);
}

#[test]
fn activity_around_an_event_is_linked_and_bounded() {
    let place = Place::with_fixtures();
    let around = |minutes: &str| {
        place.rows(&[
            "query",
            "activity_around",
            "--event-id",
            "a1e27001-4bc7-46d5-ab6e-e5d18726ff95",
            "--minutes",
            minutes,
        ])
    };
    let rows = around("5");
    let itself = rows.iter().filter(|row| row["link"] == "event").collect::<Vec<_>>();
    assert_eq!((itself.len(), &itself[0]["seconds_from_event"]), (1, &json!(0.0)));
    assert!(rows.iter().all(|row| row["seconds_from_event"].as_f64().is_some_and(|seconds| seconds.abs() <= 300.0)));
    // before the role was assumed it was bob's own key, which the session's come from
    assert!(rows.iter().any(|row| row["link"] == "session_chain" && row["event_name"] == "AssumeRole"));
    assert!(around("60").len() > rows.len());
}

#[test]
fn addresses_are_of_a_kind() {
    let place = Place::with_fixtures();
    for (kind, addresses) in [
        ("public", &["192.0.2.77", "8.8.8.8", "2001:db8::1", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8"][..]),
        (
            "private",
            &[
                "10.0.3.17",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "127.0.0.1",
                "169.254.1.1",
                "100.64.0.1",
                "fd00::1",
                "fe80::1",
                "::1",
            ],
        ),
        ("aws_service", &["ec2.amazonaws.com", "autoscaling.amazonaws.com", "s3.amazonaws.com.cn"]),
        ("aws_internal", &["AWS Internal"]),
        ("unknown", &["", "somewhere", "999.amazonaws.com.evil.example"]),
    ] {
        for address in addresses {
            let rows = place.sql(&format!("SELECT source_kind('{address}') AS kind"));
            assert_eq!(rows, [json!({"kind": kind})], "{address}");
        }
    }
}

#[test]
fn a_console_login_succeeds_or_fails_by_its_response() {
    let place = Place::new();
    place.write(
        "a.json",
        log(&[
            record(1, &json!({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}})),
            record(2, &json!({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Success"}})),
            record(3, &json!({"eventName": "AssumeRole", "responseElements": {"ConsoleLogin": "Failure"}})),
            record(4, &json!({"errorMessage": "refused"})),
            record(5, &json!({"errorMessage": "", "errorCode": ""})),
        ]),
    );
    place.load(&["a.json"]);
    let outcomes = place.sql("SELECT list(outcome ORDER BY event_id) AS outcomes FROM api_calls");
    assert_eq!(outcomes, [json!({"outcomes": ["failure", "success", "success", "failure", "success"]})]);
}

#[test]
fn every_object_of_the_store_is_documented() {
    let place = Place::with_fixtures();
    let undocumented = place.sql(
        "SELECT table_name AS name FROM duckdb_tables() WHERE NOT internal AND comment IS NULL
        UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NULL
        UNION ALL SELECT function_name FROM duckdb_functions() WHERE NOT internal AND comment IS NULL",
    );
    assert_eq!(undocumented, Vec::<Value>::new());
}

/// DuckDB refuses that for views of a certain form: see api_calls.event_id.
#[test]
fn every_view_can_be_read_by_a_macro_with_a_parameter_event_id() {
    let place = Place::with_fixtures();
    let views = place.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal");
    assert!(views.len() > 20);
    let script = |view: &Value| {
        let view = view["view_name"].as_str().expect("a name");
        format!(
            "CREATE TEMP MACRO read_{view}(event_id VARCHAR) AS TABLE
            WITH p AS (SELECT event_id AS id) SELECT v.* FROM p CROSS JOIN {view} AS v;
            SELECT count(*) FROM read_{view}('x');"
        )
    };
    place.ok(&["sql", &views.iter().map(script).collect::<String>()]);
}

#[test]
fn a_parameter_can_be_given_by_its_name() {
    let place = Place::with_fixtures();
    let around = |args: &[&str]| place.rows(&[&["query", "activity_around"], args].concat());
    let id = "a1e27001-4bc7-46d5-ab6e-e5d18726ff95";
    let by_flag = around(&["--event_id", id, "--minutes", "5"]);
    assert!(!by_flag.is_empty());
    assert_eq!(around(&["--param", &format!("event_id={id}"), "--param", "minutes=5"]), by_flag);
    for (args, error) in [
        (&["--param", "minutes=5"][..], "activity_around needs --event_id"),
        (&["--param", "event=x"], "has no parameter event: there are event_id, minutes"),
        (&["--event-id", id, "--param", "minutes=five"], "invalid value 'five' for minutes: not a whole number"),
        (&["--event-id", id, "--param", &format!("event_id={id}")], "event_id is given twice"),
    ] {
        let ran = place.run(&[&["query", "activity_around"], args].concat());
        assert_eq!((ran.code, ran.stderr.contains(error)), (2, true), "{error}: {}", ran.stderr);
    }
}
