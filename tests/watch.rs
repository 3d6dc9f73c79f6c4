//! Keeping watch: each alert once, whatever happens in between.

#![cfg(unix)]

mod common;

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use common::watching::{
    Mood, Receiver, Watching, alerting, event_id, health, said, set_clock, set_modified, told, until, write_settled,
};
use common::{Place, gzip, log, record};
use rustix::process::{Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::{Value, json};

/// The events of the alerts that a tick tells.
fn once(place: &Place, args: &[&str]) -> Vec<String> {
    let stdout = place.ok(&[&["watch", "--once"], args].concat());
    let event =
        |line: &str| serde_json::from_str::<Value>(line).expect("NDJSON")["event_id"].as_str().map(str::to_owned);
    stdout.lines().map(|line| event(line).expect("an event")).collect()
}

/// The events of the alerts that the store has; each has been told by every receiver, once.
fn settled_alerts(place: &Place, receivers: u64) -> Vec<String> {
    let rows = place.sql(
        "SELECT event_id::VARCHAR AS event_id, count(*) AS deliveries, count(delivered_at) AS delivered
        FROM alerts JOIN alert_deliveries USING (alert_id) GROUP BY alert_id, event_id ORDER BY event_id",
    );
    for row in &rows {
        assert_eq!((&row["deliveries"], &row["delivered"]), (&json!(receivers), &json!(receivers)), "{row}");
    }
    rows.iter().map(|row| row["event_id"].as_str().expect("an id").to_owned()).collect()
}

fn noon() -> DateTime<Utc> {
    "2026-10-06T12:00:00Z".parse().expect("a time")
}

#[test]
fn an_event_raises_one_alert_over_restarts_duplicates_and_however_late_it_comes() {
    let place = Place::new();
    write_settled(&place, "logs/a.json", log(&[alerting(1), record(2, &json!({}))]));
    assert_eq!(once(&place, &["logs"]), [event_id(1)]);
    assert_eq!(once(&place, &["logs"]), [""; 0], "nothing is new");
    write_settled(&place, "logs/copy.json.gz", gzip(&log(&[alerting(1)])));
    assert_eq!(once(&place, &["logs"]), [""; 0], "it was told");
    let mut late = alerting(3);
    late["eventTime"] = json!("2026-09-01T00:00:00Z");
    write_settled(&place, "logs/b.json", log(&[late]));
    assert_eq!(once(&place, &["logs"]), [event_id(3)], "it came a month late");
    // whoever loads it, and whether or not the file is watched
    write_settled(&place, "elsewhere.json", log(&[alerting(4)]));
    place.load(&["elsewhere.json"]);
    assert_eq!(once(&place, &["logs"]), [event_id(4)]);
    assert_eq!(settled_alerts(&place, 1), [1, 3, 4].map(event_id));
}

#[test]
fn a_file_that_is_being_written_is_waited_for() {
    let place = Place::new();
    place.write("a.json", log(&[alerting(1)]));
    assert_eq!(once(&place, &["a.json"]), [event_id(1)]);
    place.write("b.json", log(&[alerting(2)]));
    set_modified(&place.path("b.json"), SystemTime::now() + Duration::from_secs(1));
    assert_eq!(once(&place, &["b.json"]), [""; 0], "it is written all the time");
    assert_eq!(health(&place)["files_waiting"], 1);
}

#[test]
fn a_file_that_was_cut_short_is_loaded_for_the_rest_when_it_is_complete() {
    let place = Place::new();
    // more than one block of deflate
    let line = |number| {
        let mut record = alerting(number);
        let filler: String = std::iter::repeat_with(fastrand::alphanumeric).take(4000).collect();
        record["requestParameters"]["filler"] = json!(filler);
        format!("{record}\n")
    };
    let whole = gzip(&(1..=40).map(line).collect::<String>());
    write_settled(&place, "logs/a.json.gz", &whole[..whole.len() / 2]);
    let first = once(&place, &["logs"]);
    write_settled(&place, "logs/a.json.gz", &whole);
    let second = once(&place, &["logs"]);
    assert!(!first.is_empty() && !second.is_empty(), "{} and {}", first.len(), second.len());
    let mut all = [first, second].concat();
    all.sort();
    assert_eq!(all, (1..=40).map(event_id).collect::<Vec<_>>());
}

#[test]
fn what_comes_while_it_runs_is_told_and_it_ends_with_sigterm() {
    let place = Place::new();
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    let watching = Watching::start(&place, &["logs", "--every", "1s"]);
    until("what was there", &place, || told(&place) == [event_id(1)]);
    place.write("logs/new/folder/b.json", log(&[alerting(2)]));
    until("what came", &place, || told(&place).len() == 2);
    assert_eq!(watching.terminate(), Some(0), "{}", said(&place));
    assert_eq!(settled_alerts(&place, 1), [1, 2].map(event_id));
    assert!(said(&place).contains("1 files, 1 new events, 1 alerts, 1 delivered"), "{}", said(&place));
}

#[test]
fn a_second_signal_ends_it_at_once_unless_it_is_the_echo_of_the_first() {
    // as `timeout` sends two
    for (seconds, pause, code) in [(2, 0, Some(0)), (20, 900, Some(130))] {
        let place = Place::new();
        write_settled(&place, "logs/a.json", log(&[alerting(1)]));
        let watching = Watching::start(&place, &["logs", "--exec", &format!("touch begun; sleep {seconds}")]);
        until("the command runs", &place, || place.path("begun").exists());
        kill_process(watching.pid(), Signal::TERM).expect("it runs");
        sleep(Duration::from_millis(pause));
        assert_eq!(watching.terminate(), code, "{}", said(&place));
    }
}

#[test]
fn a_file_event_wakes_it_long_before_the_next_tick() {
    let place = Place::new();
    write_settled(&place, "logs/a.json", log(&[record(1, &json!({}))]));
    let watching = Watching::start(&place, &["logs", "--every", "1h"]);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    if said(&place).contains("file events are missing") {
        println!("skipped: {}", said(&place));
        return;
    }
    place.write("logs/b.json", log(&[alerting(2)]));
    until("the alert", &place, || told(&place) == [event_id(2)]);
    assert_eq!(watching.terminate(), Some(0));
}

#[test]
fn a_second_watch_on_the_store_says_who_is_first_and_stops() {
    let place = Place::new();
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    let watching = Watching::start(&place, &["logs"]);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    let refused = place.run(&["watch", "logs"]);
    assert_eq!(refused.code, 1);
    let first = format!("another watch keeps trail.duckdb already (process {})", watching.child.id());
    assert!(refused.stderr.contains(&first), "{}", refused.stderr);
    assert_eq!(place.sql("SELECT count(*) AS alerts FROM alerts"), [json!({"alerts": 1})], "others get at the store");
    watching.kill();
    assert_eq!(once(&place, &["logs"]), [""; 0], "the lock died with its process");
}

#[test]
fn a_watch_that_is_killed_or_terminated_anywhere_and_started_again_tells_everything() {
    let place = Place::new();
    let mut number = 0;
    for round in 0..12_u64 {
        for file in 0..20 {
            let records =
                (0..50).map(|at| if at == 7 { alerting(number + at) } else { record(number + at, &json!({})) });
            write_settled(&place, &format!("logs/{round}/{file}.json.gz"), gzip(&log(&records.collect::<Vec<_>>())));
            number += 50;
        }
        let watching = Watching::start(&place, &["logs", "--max-alerts", "1000"]);
        sleep(Duration::from_millis(15 * round));
        if round % 2 == 0 {
            watching.kill();
        } else {
            // before it can handle the signal, it is ended by it
            let code = watching.terminate();
            assert!(matches!(code, None | Some(0)), "{code:?} {}", said(&place));
        }
    }
    let watching = Watching::start(&place, &["logs", "--max-alerts", "1000"]);
    until("everything", &place, || {
        health(&place)["deliveries_waiting"] == 0 && health(&place)["process_id"] == watching.child.id()
    });
    assert_eq!(watching.terminate(), Some(0));
    let alerts = settled_alerts(&place, 1);
    let expected: Vec<_> = (0..12 * 20).map(|file| event_id(file * 50 + 7)).collect();
    assert_eq!(alerts, expected);
    let mut told = told(&place);
    told.sort();
    told.dedup();
    assert_eq!(told, expected);
}

#[test]
fn alerts_for_a_receiver_that_is_dead_are_kept_until_it_lives() {
    let place = Place::new();
    let receiver = Receiver::start(Mood::Dead);
    set_clock(&place, noon());
    write_settled(&place, "logs/a.json", log(&[alerting(1), alerting(2)]));
    let webhook = format!("http://user:hunter2@{}/alerts?token=hunter2", receiver.address);
    let args = ["logs", "--clock", "now", "--webhook", &webhook];
    let header = [("TRAILDUCK_WEBHOOK_HEADER", "X-Api-Key: hunter2")];
    let watching = Watching::start_with(&place, &args, &header);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    assert_eq!(told(&place), [1, 2].map(event_id), "standard output lives");
    assert_eq!((&health(&place)["deliveries_waiting"], &health(&place)["failing"]), (&json!(2), &json!(true)));
    set_clock(&place, noon() + TimeDelta::hours(2));
    until("another attempt", &place, || health(&place)["failed_deliveries"] == 2);
    receiver.be(Mood::Failing);
    set_clock(&place, noon() + TimeDelta::hours(4));
    until("a third attempt", &place, || health(&place)["failed_deliveries"] == 3);
    assert_eq!(watching.terminate(), Some(0));
    // another process goes on where the first ended
    receiver.be(Mood::Alive);
    set_clock(&place, noon() + TimeDelta::hours(6));
    let watching = Watching::start_with(&place, &args, &header);
    until("the delivery", &place, || health(&place)["deliveries_waiting"] == 0);
    assert_eq!(watching.terminate(), Some(0));
    assert_eq!(receiver.told(), [1, 2].map(event_id));
    assert!(receiver.requests().iter().all(|request| request.to_lowercase().contains("x-api-key: hunter2")));
    assert_eq!(settled_alerts(&place, 2), [1, 2].map(event_id));
    let files = ["said.txt", "trail.duckdb.watch.json", "alerts.ndjson"];
    for text in files.map(|name| fs::read_to_string(place.path(name)).expect("a file")) {
        assert!(!text.contains("hunter2"), "a secret was said: {text}");
    }
    assert!(said(&place).contains("500 Internal Server Error"), "{}", said(&place));
}

#[test]
fn a_command_gets_each_alert_and_the_limit_of_a_tick_keeps_the_rest_for_the_next() {
    let place = Place::new();
    set_clock(&place, noon());
    write_settled(&place, "logs/a.json", log(&(1..=5).map(alerting).collect::<Vec<_>>()));
    let watching =
        Watching::start(&place, &["logs", "--clock", "now", "--max-alerts", "2", "--exec", "cat >> commands.ndjson"]);
    for (tick, delivered) in [(1, 4), (2, 8), (3, 10)] {
        until("a tick", &place, || health(&place)["ticks"] == tick);
        assert_eq!(health(&place)["alerts_delivered"], delivered);
        set_clock(&place, noon() + TimeDelta::minutes(5 * tick));
    }
    assert_eq!(watching.terminate(), Some(0));
    assert_eq!(settled_alerts(&place, 2), [1, 2, 3, 4, 5].map(event_id));
    assert_eq!(fs::read_to_string(place.path("commands.ndjson")).expect("a file").lines().count(), 5);
    assert!(said(&place).contains("6 kept for the next tick (--max-alerts)"), "{}", said(&place));
}

#[test]
fn a_full_disk_stops_nothing_for_longer_than_it_is_full() {
    let place = Place::new();
    set_clock(&place, noon());
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    let watching = Watching::start(&place, &["logs", "--clock", "now"]);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    let size = fs::metadata(place.path("trail.duckdb")).expect("a store").len();
    let limit = |bytes| prlimit(Some(watching.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None });
    if let Err(error) = limit(Some(size)) {
        println!("skipped: the size of files cannot be limited: {error}");
        return;
    }
    let filler = format!("{:060000}", fastrand::u128(..));
    let records = (0..200).map(|number| record(1000 + number, &json!({"requestParameters": {"filler": filler}})));
    write_settled(&place, "logs/b.json", log(&records.chain([alerting(2)]).collect::<Vec<_>>()));
    for tick in 1..=3 {
        set_clock(&place, noon() + TimeDelta::minutes(5 * tick));
        until("a tick", &place, || health(&place)["ticks"] == 1 + tick);
        assert_eq!((&health(&place)["failing"], told(&place).len()), (&json!(true), 1), "{}", said(&place));
    }
    assert_eq!(said(&place).matches("Could not write").count(), 1, "it is said once: {}", said(&place));
    limit(None).expect("it was limited before");
    set_clock(&place, noon() + TimeDelta::minutes(20));
    until("the alert", &place, || told(&place).len() == 2);
    until("the tick", &place, || health(&place)["ticks"] == 5);
    assert_eq!((&health(&place)["failing"], &health(&place)["files_waiting"]), (&json!(false), &json!(0)));
    assert_eq!(watching.terminate(), Some(0));
    assert_eq!(settled_alerts(&place, 1), [1, 2].map(event_id));
}

#[test]
fn others_get_at_the_store_between_ticks() {
    let place = Place::new();
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    let watching = Watching::start(&place, &["logs", "--every", "1s"]);
    until("the first alert", &place, || told(&place).len() == 1);
    for number in 2..12 {
        write_settled(&place, &format!("logs/{number}.json"), log(&[alerting(number)]));
        place.ok(&["status"]);
        place.ok(&["sql", "--write", "CREATE OR REPLACE TABLE notes (note VARCHAR)"]);
    }
    until("all alerts", &place, || told(&place).len() == 11);
    assert_eq!(watching.terminate(), Some(0));
}

#[test]
fn a_store_that_is_in_use_is_said_once_and_caught_up_with() {
    let place = Place::new();
    set_clock(&place, noon());
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    let watching = Watching::start(&place, &["logs", "--clock", "now"]);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    let held = duckdb::Connection::open(place.path("trail.duckdb")).expect("it is free");
    write_settled(&place, "logs/b.json", log(&[alerting(2)]));
    set_clock(&place, noon() + TimeDelta::minutes(5));
    until("that it waits", &place, || said(&place).contains("waiting: "));
    sleep(Duration::from_millis(500));
    assert!(health(&place)["last_error"].as_str().is_some_and(|error| error.contains("in use")));
    drop(held);
    until("the alert", &place, || told(&place).len() == 2);
    assert_eq!(watching.terminate(), Some(0));
    assert_eq!(said(&place).matches("waiting: ").count(), 1, "{}", said(&place));
}

#[test]
fn a_tick_with_nothing_to_do_does_not_open_the_store() {
    let place = Place::new();
    set_clock(&place, noon());
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    let watching = Watching::start(&place, &["logs", "--clock", "now"]);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    let reads = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).expect("a mode");
    let held = duckdb::Connection::open_with_flags(place.path("trail.duckdb"), reads).expect("it is free");
    for tick in 1..=3 {
        set_clock(&place, noon() + TimeDelta::minutes(5 * tick));
        until("a tick", &place, || health(&place)["ticks"] == 1 + tick);
    }
    drop(held);
    // what another program writes is looked at, and then no more
    place.ok(&["sql", "--write", "CREATE TABLE notes (note VARCHAR)"]);
    for tick in 4..=6 {
        set_clock(&place, noon() + TimeDelta::minutes(5 * tick));
        until("a tick", &place, || health(&place)["ticks"] == 1 + tick);
    }
    assert!(!said(&place).contains("waiting: "), "{}", said(&place));
    assert_eq!(watching.terminate(), Some(0));
}

#[test]
fn what_is_wrong_is_said_and_the_next_tick_goes_on() {
    let place = Place::new();
    set_clock(&place, noon());
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    write_settled(&place, "more/b.json", log(&[alerting(2)]));
    let watching = Watching::start(&place, &["logs", "more", "--clock", "now"]);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    let mut ticks = 0;
    let mut tick = || {
        ticks += 1;
        set_clock(&place, noon() + TimeDelta::minutes(5 * ticks));
        until("a tick", &place, || health(&place)["ticks"] == ticks + 1);
    };
    // a path that vanishes, and another that goes on
    fs::remove_dir_all(place.path("more")).expect("our folder");
    write_settled(&place, "logs/c.json", log(&[alerting(3)]));
    tick();
    until("it to be said", &place, || said(&place).contains("more: No such file"));
    until("the third alert", &place, || told(&place).len() == 3);
    write_settled(&place, "more/d.json", log(&[alerting(4)]));
    tick();
    // a store that is damaged
    let good = fs::read(place.path("trail.duckdb")).expect("a store");
    fs::write(place.path("trail.duckdb"), b"words, words, words".repeat(1000)).expect("our file");
    tick();
    assert_eq!(health(&place)["failing"], true);
    until("it to be said", &place, || said(&place).contains("cannot open trail.duckdb as a DuckDB database"));
    fs::write(place.path("trail.duckdb"), good).expect("our file");
    write_settled(&place, "logs/e.json", log(&[alerting(5)]));
    tick();
    assert_eq!(health(&place)["failing"], false, "{}", said(&place));
    // a store that is gone: everything is loaded, and told, into the next
    fs::remove_file(place.path("trail.duckdb")).expect("our file");
    tick();
    assert_eq!(watching.terminate(), Some(0));
    assert_eq!(settled_alerts(&place, 1), [1, 3, 4, 5].map(event_id), "{}", said(&place));
}

#[test]
fn a_file_that_may_not_be_read_is_said_and_loaded_when_it_may() {
    let place = Place::new();
    set_clock(&place, noon());
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    fs::set_permissions(place.path("logs/a.json"), Permissions::from_mode(0o000)).expect("our file");
    if fs::read(place.path("logs/a.json")).is_ok() {
        println!("skipped: whoever runs this may read any file");
        return;
    }
    let watching = Watching::start(&place, &["logs", "--clock", "now"]);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    assert_eq!(health(&place)["files_waiting"], 1);
    assert!(said(&place).contains("a.json: Permission denied"), "{}", said(&place));
    fs::set_permissions(place.path("logs/a.json"), Permissions::from_mode(0o600)).expect("our file");
    set_clock(&place, noon() + TimeDelta::minutes(5));
    until("the alert", &place, || told(&place) == [event_id(1)]);
    assert_eq!(watching.terminate(), Some(0));
}

#[test]
fn names_that_are_not_utf8_are_names() {
    let place = Place::new();
    let folder = place.path("logs").join(OsStr::from_bytes(b"caf\xe9"));
    let made = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join(OsStr::from_bytes(b"\xff.json")), log(&[alerting(1)])));
    if let Err(error) = made {
        println!("skipped: this file system has no such names: {error}");
        return;
    }
    let mut command = place.command(&["watch", "--once", "logs"]);
    let output = command.arg(&folder).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1, "one alert");
    assert_eq!(once(&place, &["logs"]), [""; 0]);
}

#[test]
fn what_cannot_be_watched_is_refused_and_leaves_no_store() {
    let place = Place::new();
    let ran = place.run(&["watch", "typo"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("typo: No such file"), "{}", ran.stderr);
    assert!(!place.path("trail.duckdb").exists());
    for args in [
        &["watch", "-"][..],
        &["watch", "logs", "--every", "0s"],
        &["watch", "logs", "--every", "often"],
        &["watch", "logs", "--lookback", "6"],
        &["watch", "logs", "--max-alerts", "0"],
        &["watch"],
    ] {
        assert_eq!(place.run(args).code, 2, "{args:?}");
    }
    place.write("logs/a.json", "");
    assert_eq!(place.run(&["watch", "logs", "--webhook", "gopher://x"]).code, 1);
}

#[test]
fn a_closed_standard_output_ends_it_and_what_nobody_read_is_told_by_the_next() {
    let place = Place::new();
    write_settled(&place, "logs/a.json", log(&[alerting(1)]));
    let watch = format!("{{ {} watch logs; echo $? > code; }} | true", env!("CARGO_BIN_EXE_trailduck"));
    let output = Command::new("sh").args(["-c", &watch]).current_dir(place.path("")).output().expect("sh");
    assert!(output.status.success());
    until("the end", &place, || place.path("code").exists());
    sleep(Duration::from_millis(50));
    assert_eq!(fs::read_to_string(place.path("code")).expect("a file"), "0\n");
    assert_eq!(once(&place, &["logs"]), [event_id(1)]);
}

#[test]
fn how_the_watch_is_is_in_the_status_and_in_the_metrics() {
    let place = Place::new();
    write_settled(&place, "logs/a.json", log(&[alerting(1), record(2, &json!({}))]));
    let before = &place.run(&["load", "logs", "--format", "json"]);
    assert_eq!(before.code, 0);
    let never = &place.rows(&["status"])[0];
    assert_eq!((&never["watch_running"], &never["watch_last_tick"]), (&Value::Null, &Value::Null));
    let watching = Watching::start(&place, &["logs", "--metrics", "trailduck.prom", "--exec", "false"]);
    until("the first tick", &place, || health(&place)["ticks"].as_u64() >= Some(1));
    let status = &place.rows(&["status"])[0];
    assert_eq!(status["watch_running"], true);
    assert_eq!(status["watch_process_id"], watching.child.id());
    assert_eq!((&status["watch_files_waiting"], &status["watch_deliveries_waiting"]), (&json!(0), &json!(1)));
    assert_eq!(status["watch_failing"], true);
    assert!(
        status["watch_last_error"].as_str().is_some_and(|error| error.contains("exec: exit status: 1")),
        "{status}"
    );
    assert!(status["watch_lag_seconds"].as_f64().is_some_and(|lag| lag > 0.0), "{status}");
    let last_tick: DateTime<Utc> = status["watch_last_tick"].as_str().expect("a time").parse().expect("a time");
    assert!(Utc::now() - last_tick < TimeDelta::minutes(1));
    let metrics = fs::read_to_string(place.path("trailduck.prom")).expect("metrics");
    for line in [
        "# TYPE trailduck_watch_ticks_total counter",
        "trailduck_watch_alerts_raised_total 1",
        "trailduck_watch_alerts_delivered_total 1",
        "trailduck_watch_failed_deliveries_total 1",
        "# TYPE trailduck_watch_deliveries_waiting gauge",
        "trailduck_watch_failing 1.0",
    ] {
        assert!(metrics.lines().any(|there| there == line), "{line}\n{metrics}");
    }
    let mode = fs::metadata(place.path("trailduck.prom")).expect("metrics").permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "a collector of another user reads it");
    assert!(place.ok(&["status"]).contains("watch_last_error"));
    assert_eq!(watching.terminate(), Some(0));
    let status = &place.rows(&["status"])[0];
    assert_eq!((&status["watch_running"], &status["watch_process_id"]), (&json!(false), &Value::Null));
}
