//! `trailduck shell` on a pipe: statements and dot commands in, results out.

mod common;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use common::{Place, Ran, log, record};
use serde_json::{Value, json};

fn shell(place: &Place, script: &str) -> Ran {
    place.run_with(&["shell"], script)
}

/// What a script prints that must succeed without a word.
fn printed(place: &Place, script: &str) -> String {
    let ran = shell(place, script);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{script}");
    ran.stdout
}

#[test]
fn results_are_written_in_the_format_that_was_chosen() {
    let place = Place::with_fixtures();
    let select = "SELECT 1 AS a, 'x|y' AS b, {'k': [1, 2]} AS c;";
    for (mode, expected) in [
        ("table", " a  b    c\n 1  x|y  {\"k\":[1,2]}\n"),
        ("json", "[\n{\"a\":1,\"b\":\"x|y\",\"c\":{\"k\":[1,2]}}\n]\n"),
        ("ndjson", "{\"a\":1,\"b\":\"x|y\",\"c\":{\"k\":[1,2]}}\n"),
        ("csv", "a,b,c\n1,x|y,\"{\"\"k\"\":[1,2]}\"\n"),
        ("markdown", "| a | b | c |\n|---|---|---|\n| 1 | x\\|y | {\"k\"&#58;\\[1,2\\]} |\n"),
        ("line", "a = 1\nb = x|y\nc = {\n      \"k\": [\n        1,\n        2\n      ]\n    }\n"),
    ] {
        assert_eq!(printed(&place, &format!(".mode {mode}\n{select}")), expected);
        let ran = place.run_with(&["shell", "--format", mode], select);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, expected, ""));
    }
}

#[test]
fn several_statements_a_line_and_one_on_several() {
    let place = Place::with_fixtures();
    let script = "\u{feff}-- what; this is\nSELECT 1 AS a; SELECT\n 2\n AS b; /* .quit\n.quit */ SELECT ';' AS c";
    assert_eq!(printed(&place, &format!(".mode csv\n{script}")), "a\n1\nb\n2\nc\n;\n");
    assert_eq!(printed(&place, ""), "");
    assert_eq!(printed(&place, ".quit\nSELECT nonsense;\n"), "");
}

#[test]
fn null_is_told_from_an_empty_string() {
    let place = Place::with_fixtures();
    let select = "SELECT NULL AS a, '' AS b;\n";
    assert_eq!(printed(&place, select), " a     b\n NULL\n");
    assert_eq!(printed(&place, &format!(".nullvalue -\n{select}")), " a  b\n -\n");
    assert_eq!(printed(&place, &format!(".mode line\n{select}")), "a = NULL\nb = \n");
    assert_eq!(printed(&place, &format!(".expanded on\n{select}")), "── 1 ──\n a  NULL\n b\n");
    assert_eq!(printed(&place, &format!(".mode csv\n{select}")), "a,b\n,\n");
    assert_eq!(printed(&place, &format!(".mode csv\n.nullvalue '(none)'\n{select}")), "a,b\n(none),\n");
    assert_eq!(printed(&place, &format!(".mode ndjson\n.nullvalue x\n{select}")), "{\"a\":null,\"b\":\"\"}\n");
}

#[test]
fn the_first_error_ends_it_and_names_its_line_and_place() {
    let place = Place::with_fixtures();
    let script =
        ".mode csv\n-- first\nSELECT 1 AS a;\nSELECT 2 AS b;\n\nSELECT\n  evnt_name\nFROM events;\nSELECT 3 AS c;\n";
    let ran = shell(&place, script);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "a\n1\nb\n2\n"));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("trailduck: line 6: Binder Error: ") && lines[0].contains("evnt_name"), "{lines:?}");
    assert!(lines[1].contains("\"event_name\""), "{lines:?}");
    assert_eq!(lines[2..], ["2 |   evnt_name", "      ^^^^^^^^^"]);

    let ran = place.run_with(&["shell", "--keep-going"], script);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "a\n1\nb\n2\nc\n3\n"));
    assert_eq!(ran.stderr.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn an_error_that_comes_while_rows_do_points_at_its_place_too() {
    let place = Place::with_fixtures();
    let ran = shell(&place, "SELECT event_time,\n  event_name::INTEGER AS x\nFROM events;");
    assert_eq!(ran.code, 1);
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("trailduck: line 1: Conversion Error: "), "{lines:?}");
    assert_eq!(lines[lines.len() - 2..], ["2 |   event_name::INTEGER AS x", "                ^^^^^^^^^"]);
}

#[test]
fn a_mistyped_name_is_answered_with_the_nearest() {
    let place = Place::with_fixtures();
    for (script, said) in [
        (".nonsense", "no command .nonsense: .help lists them"),
        (".tabels", "no command .tabels: did you mean .tables?"),
        (".o x", ".o may be any of .once, .open, .output"),
        (".mode cvs", "no mode cvs: did you mean csv?"),
        (".expanded onn", "no setting onn: did you mean on?"),
        (".timezone Europe/Belrin", "no time zone Europe/Belrin: did you mean Europe/Berlin?"),
        (".run api_call_by_ip", "no companion query api_call_by_ip: did you mean api_calls_by_ip?"),
        (".run activity_around minuets=5", "no parameter minuets: did you mean minutes?"),
        (".run activity_around", "activity_around needs event_id=..."),
        (".run activity_around event_id=x", "event_id: x is not an event id"),
        (".schema evnts", "no table, view or macro evnts: did you mean events?"),
        ("FROM evnts;", "Did you mean \"events\"?"),
        (".width wide", "wide is no width"),
        (".once", "usage: .once FILE or |COMMAND"),
        (".mode 'csv", "the quote ' has no end"),
        (".triage x", "x: not an event id"),
        (".read nowhere.sql", "cannot read nowhere.sql"),
        (".open nowhere.duckdb", "no store at nowhere.duckdb"),
    ] {
        let ran = shell(&place, script);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{script}");
        assert!(ran.stderr.starts_with("trailduck: line 1: ") && ran.stderr.contains(said), "{script}: {}", ran.stderr);
    }
}

#[test]
fn the_store_is_changed_only_when_that_was_asked_for() {
    let place = Place::with_fixtures();
    let script = "CREATE TABLE notes (text VARCHAR); INSERT INTO notes VALUES ('seen');";
    let ran = shell(&place, script);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("read-only") && ran.stderr.contains("--write"), "{}", ran.stderr);

    let script = "CREATE TABLE notes (text VARCHAR); INSERT INTO notes VALUES ('seen');\n";
    let ran = place.run_with(&["shell", "--write"], script);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    assert_eq!(place.sql("FROM notes"), [json!({ "text": "seen" })]);
}

#[test]
fn several_shells_and_a_command_look_at_one_store_at_once() {
    let place = Place::with_fixtures();
    let mut first = Command::new(env!("CARGO_BIN_EXE_trailduck"));
    first.current_dir(place.path("")).args(["shell", "--format", "csv"]).env_remove("TRAILDUCK_DB");
    let mut first = first.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = first.stdin.take().expect("a pipe");
    stdin.write_all(b"SELECT count(*) AS events FROM events;\n").expect("it reads");
    let mut stdout = first.stdout.take().expect("a pipe");
    let mut answer = [0; 11];
    std::io::Read::read_exact(&mut stdout, &mut answer).expect("an answer");
    assert_eq!(&answer, b"events\n106\n");
    // the first is still there
    assert_eq!(printed(&place, ".mode csv\nSELECT count(*) AS events FROM events;"), "events\n106\n");
    assert_eq!(place.sql("SELECT count(*) AS events FROM events"), [json!({ "events": 106 })]);
    // whoever wants to change the store is told who holds it
    let ran = place.run_with(&["shell", "--write"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(&format!("process {}", first.id())) && ran.stderr.contains("--wait"), "{}", ran.stderr);
    drop(stdin);
    assert!(first.wait().expect("it ends").success());
}

#[test]
fn a_shell_waits_for_a_store_that_is_in_use_if_it_is_told_to() {
    let place = Place::with_fixtures();
    let mut holder = Command::new(env!("CARGO_BIN_EXE_trailduck"));
    holder.current_dir(place.path("")).args(["shell", "--write", "--format", "csv"]).env_remove("TRAILDUCK_DB");
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = holder.stdin.take().expect("a pipe");
    stdin.write_all(b"SELECT 1 AS a;\n").expect("it reads");
    let mut answer = [0; 4];
    std::io::Read::read_exact(holder.stdout.as_mut().expect("a pipe"), &mut answer).expect("an answer");

    let ran = shell(&place, "SELECT 1;");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("in use by another program (process "), "{}", ran.stderr);

    let mut waiting = Command::new(env!("CARGO_BIN_EXE_trailduck"));
    waiting.current_dir(place.path("")).args(["shell", "--wait", "--format", "csv"]).env_remove("TRAILDUCK_DB");
    let mut waiting =
        waiting.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    waiting.stdin.take().expect("a pipe").write_all(b"SELECT 2 AS b;").expect("it reads");
    let mut told = [0; 8];
    std::io::Read::read_exact(waiting.stderr.as_mut().expect("a pipe"), &mut told).expect("a word");
    assert_eq!(&told, b"waiting:");
    drop(stdin);
    assert!(holder.wait().expect("it ends").success());
    let ran: Ran = waiting.wait_with_output().expect("it ends").into();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "b\n2\n"));
}

#[test]
fn results_go_to_files() {
    let place = Place::with_fixtures();
    let script = ".mode csv\n.once 'one file.csv'\nSELECT 1 AS a;\nSELECT 2 AS b;\n.output all.csv\nSELECT 3 AS c;\nSELECT 4 AS d;\n.output\nSELECT 5 AS e;\n";
    assert_eq!(printed(&place, script), "b\n2\ne\n5\n");
    assert_eq!(fs::read_to_string(place.path("one file.csv")).expect("a file"), "a\n1\n");
    assert_eq!(fs::read_to_string(place.path("all.csv")).expect("a file"), "c\n3\nd\n4\n");
    for script in [".output trail.duckdb", ".once ./trail.duckdb", ".output ./trail.duckdb.wal/x"] {
        let ran = shell(&place, script);
        assert_eq!(ran.code, 1, "{script}");
    }
    assert_eq!(place.sql("SELECT count(*) AS events FROM events"), [json!({ "events": 106 })]);
}

#[test]
fn the_name_of_a_file_says_how_a_result_is_written() {
    let place = Place::with_fixtures();
    let read = |name: &str| fs::read_to_string(place.path(name)).expect("a file");
    let select = "SELECT 1 AS a, NULL AS b;\n";
    let script =
        format!(".once a.csv\n{select}.once a.ndjson\n{select}.mode csv\n.output a.md\n{select}.once a.txt\n{select}");
    assert_eq!(printed(&place, &script), "");
    assert_eq!(read("a.csv"), "a,b\n1,\n");
    assert_eq!(read("a.ndjson"), "{\"a\":1,\"b\":null}\n");
    assert_eq!(read("a.md"), "| a | b |\n|---|---|\n| 1 | NULL |\n");
    assert_eq!(read("a.txt"), "a,b\n1,\n");
}

#[test]
fn a_file_keeps_what_it_holds_until_there_is_a_result() {
    let place = Place::with_fixtures();
    place.write("kept.csv", "old\n");
    assert_eq!(shell(&place, ".once kept.csv\nSELECT nothing;").code, 1);
    assert_eq!(fs::read_to_string(place.path("kept.csv")).expect("a file"), "old\n");
    assert_eq!(printed(&place, ".once kept.csv\nSELECT 1 AS a;"), "");
    assert_eq!(fs::read_to_string(place.path("kept.csv")).expect("a file"), "a\n1\n");
}

#[test]
fn a_result_goes_to_a_command() {
    let place = Place::with_fixtures();
    let script =
        "  .mode csv\n.once | sed 's/^/> /' | head -n 2\nSELECT range AS a FROM range(100000);\nSELECT 2 AS b;\n";
    assert_eq!(printed(&place, script), "> a\n> 0\nb\n2\n");
}

#[test]
fn scripts_are_read_and_their_errors_named() {
    let place = Place::with_fixtures();
    place.write("inner.sql", "SELECT 'inner' AS a;\nSELECT nonsense;\n");
    place.write("outer.sql", ".mode csv\n\n.read inner.sql\nSELECT 'not reached' AS b;\n");
    let ran = shell(&place, ".read outer.sql\nSELECT 'not reached' AS c;\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "a\ninner\n"));
    assert!(ran.stderr.starts_with("trailduck: inner.sql, line 2: Binder Error: "), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("trailduck").count(), 1, "{}", ran.stderr);

    place.write("itself.sql", ".read itself.sql\n");
    let ran = shell(&place, ".read itself.sql\n");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("16 scripts read each other already"), "{}", ran.stderr);

    place.write("init.sql", ".mode ndjson\n");
    let ran = place.run_with(&["shell", "--init", "init.sql"], "SELECT 1 AS a");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "{\"a\":1}\n"));
    let ran = place.run_with(&["shell", "--init", "inner.sql"], "SELECT 'not reached' AS a");
    assert_eq!((ran.code, ran.stdout.contains("not reached")), (1, false));
    let ran = place.run_with(&["shell"], b"SELECT 1 AS a;\n\xff\n".to_vec());
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("line 2 is not UTF-8 text"), "{}", ran.stderr);
}

#[test]
fn another_store_is_opened() {
    let place = Place::with_fixtures();
    place.write("one.json", log(&[record(1, &json!({}))]));
    place.ok(&["--db", "other.duckdb", "load", "one.json"]);
    let count = "SELECT count(*) AS events FROM events;\n";
    let script = format!(".mode csv\n{count}.open other.duckdb\n{count}");
    assert_eq!(printed(&place, &script), "events\n106\nevents\n1\n");
    let ran = shell(&place, ".open other.duckdb\nDROP TABLE events;");
    assert!(ran.code == 1 && ran.stderr.contains("--write"), "{}", ran.stderr);
}

#[test]
fn companion_queries_are_run_with_their_arguments() {
    let place = Place::with_fixtures();
    let script = ".mode ndjson\n.run api_calls_by_principal arn='arn:aws:*' \n";
    let rows: Vec<Value> =
        printed(&place, script).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let expected = place.rows(&["query", "api_calls_by_principal", "--arn", "arn:aws:*"]);
    assert!(!expected.is_empty());
    assert_eq!(rows, expected);
    // a table has the columns for people, unless there is room for all
    let header = |script: &str| printed(&place, script).lines().next().expect("a header").to_owned();
    let shown = header(".run activity_around event_id=a1e27001-4bc7-46d5-ab6e-e5d18726ff95 minutes=5");
    let all = header(".mode csv\n.run activity_around event_id=a1e27001-4bc7-46d5-ab6e-e5d18726ff95 minutes=5");
    assert!(shown.split_whitespace().count() < all.split(',').count(), "{shown}\n{all}");
    // an argument is a value, whatever it is made of
    assert_eq!(
        printed(&place, ".mode csv\n.run api_calls_by_ip address=\"'); DROP TABLE events; --\"").lines().count(),
        1
    );
}

#[test]
fn alerts_and_their_triage_are_those_of_the_commands() {
    let place = Place::with_fixtures();
    let alerts = place.ok(&["detect", "--format", "csv"]);
    assert!(alerts.lines().count() > 2);
    assert_eq!(printed(&place, ".mode csv\n.alerts\n"), alerts);
    assert_eq!(printed(&place, ".alerts 2030-01-01\n").lines().count(), 1);
    assert_eq!(printed(&place, ".mode json\n.triage latest\n"), place.ok(&["triage", "--latest", "--format", "json"]));
    let id = "a1e27001-4bc7-46d5-ab6e-e5d18726ff95";
    assert_eq!(printed(&place, &format!(".mode json\n.triage {id}\n")), place.ok(&["triage", id, "--format", "json"]));
}

#[test]
fn a_triage_hides_no_view_from_what_comes_after_it() {
    let place = Place::with_fixtures();
    let launches = "SELECT count(*) AS n, count(request_parameters) AS whole FROM ami_launches;\n";
    let temporary = "SELECT count(*) AS t FROM duckdb_tables() WHERE temporary;\n";
    let before = printed(&place, &format!(".mode csv\n{launches}{temporary}"));
    assert!(before.starts_with("n,whole\n") && !before.contains("n,whole\n0,0"), "{before}");
    let after = printed(
        &place,
        &format!(".mode csv\n.once page\n.triage latest\n{launches}{temporary}.once page\n.triage latest\n"),
    );
    assert_eq!(after, before);
}

#[test]
fn times_are_utc_unless_told_and_say_so() {
    let place = Place::with_fixtures();
    let select =
        "SELECT TIMESTAMP '2026-07-01 23:30:00.25' AS t, '2026-07-01T23:30:00Z' AS text, DATE '2026-07-01' AS d;\n";
    let shown = |zone: &str| {
        let printed = printed(&place, &format!(".mode csv\n.timezone {zone}\n{select}"));
        printed.lines().nth(1).expect("a row").to_owned()
    };
    let rest = "2026-07-01T23:30:00Z,2026-07-01";
    assert_eq!(shown("UTC"), format!("2026-07-01T23:30:00.25Z,{rest}"));
    assert_eq!(shown("Europe/Berlin"), format!("2026-07-02T01:30:00.25+02:00,{rest}"));
    assert_eq!(shown("-05:30"), format!("2026-07-01T18:00:00.25-05:30,{rest}"));
    assert_eq!(printed(&place, ".timezone america/new_york\n.timezone\n"), "America/New_York\n");
    assert_eq!(printed(&place, ".timezone\n"), "UTC\n");
}

#[test]
fn a_pipe_is_told_times_and_counts_only_when_it_asks() {
    let place = Place::with_fixtures();
    let ran = shell(&place, ".timer on\nFROM range(3);");
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 4));
    assert!(ran.stderr.starts_with("3 rows; ") && ran.stderr.ends_with("ms\n"), "{}", ran.stderr);
}

#[test]
fn all_rows_come_out_of_a_pipe() {
    let place = Place::with_fixtures();
    assert_eq!(printed(&place, "FROM range(5000);").lines().filter(|line| !line.contains("range")).count(), 5000);
}

#[test]
fn tables_queries_and_schemas_are_listed() {
    let place = Place::with_fixtures();
    let tables = printed(&place, ".mode csv\n.tables\n");
    assert!(tables.contains("\nevents,table,") && tables.contains("\napi_calls,view,"), "{tables}");
    assert_eq!(printed(&place, ".mode csv\n.tables role%\n").lines().count(), 2);
    assert_eq!(printed(&place, ".mode csv\n.tables *_LAUNCHES\n"), printed(&place, ".mode csv\n.tables %_launches\n"));
    let queries = printed(&place, ".mode csv\n.queries around\n");
    assert!(queries.contains("activity_around,event_id minutes=") && queries.lines().count() == 2, "{queries}");
    assert!(printed(&place, ".schema store_info\n").starts_with("CREATE TABLE store_info(schema_version INTEGER"));
    assert!(printed(&place, ".schema api_calls\n").starts_with("CREATE VIEW api_calls AS "));
    assert!(
        printed(&place, ".schema api_calls_by_ip\n").starts_with("CREATE MACRO api_calls_by_ip(address) AS TABLE ")
    );
    assert!(printed(&place, ".help\n").contains(".run NAME [ARG=VALUE]..."));
    assert!(printed(&place, ".help mode\n").contains("ndjson"));
}

#[test]
fn settings_say_what_they_are() {
    let place = Place::with_fixtures();
    let script = ".mode line\n.mode\n.expanded off\n.expanded\n.timer\n.nullvalue\n.width 10 0 5\n.width\n.maxrows 5\n.maxrows\n";
    assert_eq!(printed(&place, script), "line\noff\noff\n'NULL'\n10 0 5\n5\n");
    let wide = ".width 5\nSELECT repeat('x', 12) AS a, repeat('y', 12) AS b;";
    assert_eq!(printed(&place, wide), " a      b\n xxxxx  yyyyyyyyyyyy\n xxxxx\n xx\n");
}

#[test]
fn what_an_attacker_wrote_is_shown_and_does_nothing() {
    let place = Place::new();
    let nasty = "\u{1b}]0;owned\u{7}\u{202e}<script>=cmd|' /C calc'!A0\r\n.quit\n; DROP TABLE events;";
    place.write("nasty.json", log(&[record(1, &json!({ "userAgent": nasty, "eventName": nasty }))]));
    place.ok(&["load", "nasty.json"]);
    for mode in ["table", "json", "ndjson", "csv", "markdown", "line"] {
        let select = "SELECT user_agent, {'a': event_name} AS nested FROM events;";
        for script in [
            format!(".mode {mode}\n{select}"),
            format!(".mode {mode}\n.expanded on\n{select}"),
            format!(".mode {mode}\nPIVOT events ON event_name USING count(*) GROUP BY event_id;"),
        ] {
            let printed = printed(&place, &script);
            let acts = |char: char| char.is_control() && char != '\n' || char == '\u{202e}';
            assert!(!printed.contains(acts) && printed.contains("owned"), "{mode}: {printed:?}");
        }
    }
    // nor in an error
    for script in ["SELECT '\u{1b}[2J\u{202e}'::INTEGER;", ".run \u{1b}[2J", ".read \u{1b}[2J", ".timezone \u{1b}[2J"] {
        let ran = shell(&place, script);
        assert_eq!(ran.code, 1);
        assert!(!ran.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.stderr);
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::with_fixtures();
    let mut shell = Command::new(env!("CARGO_BIN_EXE_trailduck"));
    shell.current_dir(place.path("")).args(["shell", "--format", "csv"]).env_remove("TRAILDUCK_DB");
    let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(shell.stdout.take());
    shell.stdin.take().expect("a pipe").write_all(b"FROM range(1000000);\n").expect("it reads");
    let ran: Ran = shell.wait_with_output().expect("it ends").into();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
