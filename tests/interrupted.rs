//! Exactly once, through anything: kills, interrupts, two loads at once, a full disk, a damaged store.

#![cfg(unix)]

mod common;

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{Place, gzip, log, record};
use serde_json::{Value, json};

const FILES: u64 = 24;
const RECORDS: u64 = 300;

/// Logs in which each file repeats a tenth of the one before, and one line in each cannot be read.
fn place_with_logs() -> Place {
    let place = Place::new();
    for file in 0..FILES {
        let first = file * RECORDS - file.min(1) * RECORDS / 10;
        let lines = (first..(file + 1) * RECORDS).map(|number| {
            let time = format!("2026-10-{:02}T{:02}:14:00Z", 1 + number / 1000, number % 24);
            let parameters = json!({"number": number, "filler": format!("{number:0300}")});
            record(number, &json!({"eventTime": time, "requestParameters": parameters})).to_string()
        });
        let text = lines.collect::<Vec<_>>().join("\n") + "\n{\"eventTime\": soon}\n";
        place.write(&format!("logs/{file:02}.json.gz"), gzip(&text));
    }
    place
}

fn start(place: &Place, db: &str, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_trailduck"))
        .current_dir(place.path(""))
        .args(["--db", db, "load", "--commit-every", "1000"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// What a store holds, whichever file an event that is in two came from.
fn content(place: &Place, db: &str) -> Vec<Value> {
    place.rows(&[
        "sql",
        "--db",
        db,
        "SELECT (SELECT count(*) FROM events) AS events,
            (SELECT bit_xor(hash(event_id, event_time, event_name, to_json(request_parameters)::VARCHAR, user_identity)) FROM events)::VARCHAR AS fingerprint,
            (SELECT list((path, size, sha256, records, rejected) ORDER BY path) FROM files)::VARCHAR AS files,
            (SELECT list((path, record, byte_offset, reason) ORDER BY path) FROM rejects JOIN files USING (file_id))::VARCHAR AS rejects",
    ])
}

/// Files and events of a store; every event is one of a file that is there.
fn consistent(place: &Place, db: &str) -> (u64, u64) {
    let rows = place.rows(&[
        "sql",
        "--db",
        db,
        "SELECT (SELECT count(*) FROM files) AS files, (SELECT count(*) FROM events) AS events,
            (SELECT coalesce(sum(new), 0)::BIGINT FROM files) AS new,
            (SELECT count(DISTINCT event_id) FROM events) AS ids,
            (SELECT count(*) FROM events ANTI JOIN files USING (file_id)) AS orphans,
            (SELECT coalesce(bool_and(records = new + duplicate + rejected), true) FROM files) AS even",
    ]);
    let number = |key: &str| rows[0][key].as_u64().expect("a number");
    assert_eq!((number("new"), number("ids"), number("orphans")), (number("events"), number("events"), 0), "{rows:?}");
    assert_eq!(rows[0]["even"], true);
    (number("files"), number("events"))
}

#[test]
fn a_load_that_is_killed_and_run_again_ends_as_one_that_was_not() {
    let place = place_with_logs();
    let begun = Instant::now();
    assert!(start(&place, "whole.duckdb", &["logs"]).wait().expect("it ends").success());
    let usual = begun.elapsed();
    let expected = content(&place, "whole.duckdb");
    assert_eq!(expected[0]["events"], FILES * RECORDS);
    let mut partly = 0;
    for kill in 0..20 {
        let db = format!("killed-{kill}.duckdb");
        let after = usual.mul_f64(fastrand::f64());
        let mut child = start(&place, &db, &["logs"]);
        sleep(after);
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");
        let left = if place.path(&db).exists() && place.run(&["status", "--db", &db]).code == 0 {
            let (files, events) = consistent(&place, &db);
            partly += u32::from(files > 0 && files < FILES);
            format!("{files} files, {events} events")
        } else {
            "no store yet".to_owned()
        };
        place.ok(&["load", "logs", "--db", &db]);
        assert_eq!(content(&place, &db), expected, "killed after {after:?} with {left}");
        println!("killed after {after:>8.1?}: {left}; run again: equal");
    }
    println!("{partly} of 20 kills found a load partly committed; unkilled it takes {usual:.1?}");
}

#[test]
fn a_load_that_is_interrupted_keeps_whole_files_and_goes_on() {
    let place = place_with_logs();
    assert!(start(&place, "whole.duckdb", &["logs"]).wait().expect("it ends").success());
    let expected = content(&place, "whole.duckdb");
    for (number, millis) in [60, 120, 200, 300].into_iter().enumerate() {
        let db = format!("interrupted-{number}.duckdb");
        let child = start(&place, &db, &["logs"]);
        sleep(Duration::from_millis(millis));
        interrupt(&child);
        let output = child.wait_with_output().expect("it ends");
        let code = output.status.code();
        let stderr = String::from_utf8_lossy(&output.stderr);
        // before it can handle an interrupt, it is killed by it; a load that is done is done
        assert!(matches!(code, None | Some(0 | 130)), "{code:?}: {stderr}");
        // before there is a store, there is nothing to keep
        if code == Some(0) || stderr.contains("stopping") {
            consistent(&place, &db);
        }
        place.ok(&["load", "logs", "--db", &db]);
        assert_eq!(content(&place, &db), expected);
    }
}

#[test]
fn an_interrupt_ends_a_load_that_waits_for_a_pipe() {
    let place = Place::new();
    let mut child = start(&place, "trail.duckdb", &["-"]);
    let _open = child.stdin.take();
    until_in_use(&place);
    until_at_rest(&place);
    interrupt(&child);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("stopped while waiting for a pipe"));
}

#[test]
fn of_two_loads_at_once_the_second_says_who_holds_the_store_or_waits() {
    let place = Place::new();
    place.write("b.json", log(&[record(2, &json!({}))]));
    let mut first = start(&place, "trail.duckdb", &["-"]);
    let refused = until_in_use(&place);
    assert!(refused.contains(&format!("in use by another program (process {})", first.id())), "{refused}");
    let mut second = start(&place, "trail.duckdb", &["--wait", "b.json"]);
    sleep(Duration::from_millis(300));
    assert!(second.try_wait().expect("a process").is_none(), "it waits");
    let mut stdin = first.stdin.take().expect("a pipe");
    stdin.write_all(log(&[record(1, &json!({}))]).as_bytes()).expect("it reads");
    drop(stdin);
    assert!(first.wait().expect("it ends").success());
    assert!(second.wait().expect("it ends").success());
    assert_eq!(consistent(&place, "trail.duckdb"), (2, 2));
}

/// Waits until the store is held by a load; returns what another is told.
fn until_in_use(place: &Place) -> String {
    for _ in 0..200 {
        let ran = place.run(&["status"]);
        if ran.stderr.contains("in use") {
            return ran.stderr;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("the store was never in use");
}

/// Until the store is made: nothing is written to it for a second.
fn until_at_rest(place: &Place) {
    let size = |name: &str| place.path(name).metadata().map_or(0, |metadata| metadata.len());
    let mut last = (0, 0);
    for _ in 0..60 {
        sleep(Duration::from_secs(1));
        let now = (size("trail.duckdb"), size("trail.duckdb.wal"));
        if now == last && now != (0, 0) {
            return;
        }
        last = now;
    }
    panic!("the store is written all the time");
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
}

#[test]
fn a_file_that_grew_or_changed_is_loaded_for_what_is_new() {
    let place = Place::new();
    let records: Vec<_> = (1..=4).map(|number| record(number, &json!({}))).collect();
    place.write("a.json", log(&records[..2]));
    assert_eq!(place.load(&["a.json"]), [1, 2, 2, 0, 0]);
    place.write("a.json", log(&records[..3]));
    assert_eq!(place.load(&["a.json"]), [1, 3, 1, 2, 0]);
    place.write("a.json", log(&records[1..]));
    assert_eq!(place.load(&["a.json"]), [1, 3, 1, 2, 0]);
    assert_eq!(consistent(&place, "trail.duckdb").1, 4);
}

#[test]
fn a_disk_that_is_full_leaves_the_store_as_it_was() {
    let place = place_with_logs();
    place.write("one.json", log(&[record(1_000_000, &json!({}))]));
    place.ok(&["load", "one.json"]);
    let before = content(&place, "trail.duckdb");
    // the size of files is limited to 3 MiB, which is full as a disk is
    let load = format!("trap '' XFSZ; ulimit -f 6144; exec {} load logs", env!("CARGO_BIN_EXE_trailduck"));
    let output = Command::new("sh").arg("-c").arg(load).current_dir(place.path("")).output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("Could not write") && stderr.contains("is kept"), "{stderr}");
    assert_eq!(content(&place, "trail.duckdb"), before);
    place.ok(&["load", "logs"]);
    assert_eq!(consistent(&place, "trail.duckdb").1, (FILES * RECORDS) + 1);
}

#[test]
fn a_store_that_cannot_be_used_says_why() {
    let place = Place::new();
    place.write("a.json", log(&[record(1, &json!({}))]));
    place.ok(&["load", "a.json"]);
    let good = std::fs::read(place.path("trail.duckdb")).expect("a file");
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    for (what, bytes) in [
        ("no database", b"words, words, words".repeat(1000)),
        ("a header of zeros", with(&|bytes| bytes[..4096].fill(0))),
        ("headers of zeros", with(&|bytes| bytes[..12288].fill(0))),
        ("cut off", with(&|bytes| bytes.truncate(8000))),
        ("cut in half", with(&|bytes| bytes.truncate(bytes.len() / 2))),
        ("overwritten", with(&|bytes| bytes[12288..].fill(0xAB))),
    ] {
        for args in [&["load", "a.json"][..], &["status"], &["detect"]] {
            place.write("bad.duckdb", &bytes);
            let ran = place.run(&[args, &["--db", "bad.duckdb"]].concat());
            assert_eq!(ran.code, 1, "{what}, {args:?}: {} {}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains("bad.duckdb"), "{what}, {args:?}: {}", ran.stderr);
            assert!(ran.stderr.lines().count() <= 3, "{what}, {args:?}: {}", ran.stderr);
            assert_eq!(std::fs::read(place.path("bad.duckdb")).expect("a file"), bytes, "{what}: it is left as it was");
        }
    }
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let place = Place::new();
    place.write("a.json", log(&[record(1, &json!({}))]));
    place.ok(&["load", "a.json"]);
    let store = duckdb::Connection::open(place.path("trail.duckdb")).expect("a store");
    store.execute_batch("UPDATE store_info SET schema_version = 999").expect("SQL");
    drop(store);
    let before = std::fs::read(place.path("trail.duckdb")).expect("a file");
    for args in [&["load", "a.json"][..], &["status"]] {
        let ran = place.run(args);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("made by a newer trailduck"), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read(place.path("trail.duckdb")).expect("a file"), before);
}

#[test]
fn a_store_that_is_read_only_can_be_read_and_says_why_it_is_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("a.json", log(&[record(1, &json!({}))]));
    place.ok(&["load", "a.json"]);
    let store = place.path("trail.duckdb");
    std::fs::set_permissions(&store, PermissionsExt::from_mode(0o400)).expect("our file");
    if std::fs::OpenOptions::new().write(true).open(&store).is_ok() {
        println!("skipped: whoever runs this may write to any file");
        return;
    }
    let ran = place.run(&["load", "a.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("trail.duckdb") && ran.stderr.contains("ermission"), "{}", ran.stderr);
    assert_eq!(consistent(&place, "trail.duckdb").1, 1);
}

#[test]
fn an_archive_of_which_a_load_was_interrupted_is_read_again() {
    let place = place_with_logs();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("logs", place.path("logs")).expect("memory");
    place.write("logs.tar", tar.into_inner().expect("memory"));
    for (number, millis) in [60, 120, 180, 240, 300].into_iter().enumerate() {
        let db = format!("archive-{number}.duckdb");
        let child = start(&place, &db, &["logs.tar"]);
        sleep(Duration::from_millis(millis));
        interrupt(&child);
        child.wait_with_output().expect("it ends");
        place.ok(&["load", "logs.tar", "--db", &db]);
        assert_eq!(consistent(&place, &db).1, FILES * RECORDS);
    }
}
