//! Loading from buckets: only what is wanted, once, whatever goes wrong in between.

mod common;
#[path = "common/s3.rs"]
mod s3;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::watching::{Watching, alerting, event_id, health, said, set_clock, told, until, write_settled};
use common::{Place, Ran, fixtures, gzip, log, record};
use s3::{BUCKET, Server};
use serde_json::{Value, json};
use trailduck::bucket::{Access, Buckets, Fetching, Known, Uri};
use trailduck::source::Narrow;

/// A place, and a bucket that it can get at.
struct Bench {
    place: Place,
    server: Server,
}

impl Bench {
    fn new() -> Self {
        Self { place: Place::new(), server: Server::start() }
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.place.command(args).envs(self.server.environment()).output().expect("it runs").into()
    }

    /// Loads what must succeed; returns files, events, new, duplicate, rejected.
    fn load(&self, args: &[&str]) -> [u64; 5] {
        let ran = self.run(&[&["load", "--format", "json"], args].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        let summary: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        ["files", "events", "new", "duplicate", "rejected"].map(|key| summary[0][key].as_u64().expect(key))
    }

    fn start(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_trailduck"))
            .current_dir(self.place.path(""))
            .args(args)
            .envs(self.server.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    }

    /// Puts `count` files of one record each, named as CloudTrail names them, an hour apart from 2026-10-01 on; numbered
    /// from `first`.
    fn put_hours(&self, account: &str, region: &str, first: u64, count: u64) {
        for number in 0..count {
            let (day, hour) = (1 + number / 24, number % 24);
            let fields = json!({"eventTime": format!("2026-10-{day:02}T{hour:02}:10:00Z"), "awsRegion": region});
            let file = gzip(&log(&[record(first + number, &fields)]));
            self.server.put(hour_key(account, region, number), file);
        }
    }
}

/// The key of the file of an hour from 2026-10-01 on.
fn hour_key(account: &str, region: &str, number: u64) -> String {
    let (day, hour) = (1 + number / 24, number % 24);
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/2026/10/{day:02}/\
         {account}_CloudTrail_{region}_202610{day:02}T{hour:02}15Z_{number}.json.gz"
    )
}

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

#[test]
fn a_bucket_is_loaded_as_a_folder_of_its_files_is_and_once() {
    let bench = Bench::new();
    let count = bench.server.put_folder(&fixtures("AWSLogs"), "AWSLogs/") as u64;
    let [files, events, new, duplicate, rejected] = bench.load(&["s3://my-trail"]);
    // the digest is not even fetched
    assert_eq!((files, events, new, duplicate, rejected), (count - 1, 108, 106, 2, 0));
    let asked = bench.server.asked();
    assert_eq!(asked.gets.len() as u64, count - 1);
    assert!(asked.gets.iter().all(|key| !key.contains("Digest")));
    let id = |record: &Value| record["eventID"].to_string();
    let sorted = |mut records: Vec<Value>| {
        records.sort_by_key(id);
        records
    };
    assert_eq!(sorted(bench.place.export()), sorted(Place::with_fixtures().export()));
    let paths = bench.place.sql("SELECT count(*) AS n FROM files WHERE path LIKE 's3://my-trail/AWSLogs/%'");
    assert_eq!(paths, [json!({"n": count - 1})]);
    let again = bench.run(&["load", "s3://my-trail"]);
    assert!(again.stdout.contains(&format!("{} loaded before", count - 1)), "{}", again.stdout);
    assert!(again.stdout.contains("0 new"), "{}", again.stdout);
    assert_eq!(bench.server.asked().gets, [""; 0]);
}

#[test]
fn only_what_is_wanted_is_listed_and_fetched() {
    let bench = Bench::new();
    let mut first = 0;
    for account in [ACCOUNT, OTHER] {
        for region in ["us-east-1", "eu-west-1"] {
            bench.put_hours(account, region, first, 24 * 20);
            first += 1000;
        }
    }
    bench.server.put("AWSLogs/111122223333/Config/us-east-1/2026/10/5/x.json.gz", gzip("{}"));
    let narrow = ["--account", ACCOUNT, "--region", "us-east-1", "--since", "2026-10-05T06:00:00Z"];
    let until = ["--until", "2026-10-05T12:00:00Z", "s3://my-trail/"];
    // from an hour before on, and until a day after
    assert_eq!(bench.load(&[narrow.as_slice(), &until].concat()), [31, 31, 31, 0, 0]);
    let asked = bench.server.asked();
    assert_eq!(asked.gets.len(), 31);
    assert!(asked.gets.iter().all(|key| key.contains("/111122223333/CloudTrail/us-east-1/2026/10/0")));
    assert!(asked.gets.iter().any(|key| key.contains("20261005T0515Z")), "{asked:?}");
    let others = |prefix: &String| prefix.contains(OTHER) || prefix.contains("eu-west-1") || prefix.contains("Config");
    assert!(!asked.lists.iter().any(others), "{:?}", asked.lists);
    assert!(asked.lists.len() <= 8, "{:?}", asked.lists);
    // what is further down needs fewer lists
    bench.load(&["s3://my-trail/AWSLogs/444455556666/CloudTrail/eu-west-1/2026/10/07"]);
    let asked = bench.server.asked();
    assert_eq!((asked.gets.len(), asked.lists.len()), (24, 2), "{asked:?}");
    // the same bounds hold for folders
    let place = Place::new();
    for day in ["05", "09"] {
        let name = format!("x/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/10/{day}/{day}.json");
        place.write(&name, log(&[record(day.parse().expect("a number"), &json!({}))]));
    }
    place.write("x/other.json", log(&[record(100, &json!({}))]));
    let ran = place.run(&["load", "x", "--since", "2026-10-08"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("2 files, 2 events"), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 files lie otherwise"), "{}", ran.stderr);
}

#[test]
fn folders_that_are_not_cloudtrails_are_listed_as_they_are() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 2);
    for (number, key) in
        ["aaa.json", "exports/x/b.json", "AWSLogs/c.json", "AWSLogs/mine/d.json", "zzz/e.json"].into_iter().enumerate()
    {
        bench.server.put(key, log(&[record(100 + number as u64, &json!({}))]));
    }
    bench.server.put("folder/", "");
    bench.server.put("zzz/notes.txt", "notes");
    let ran = bench.run(&["load", "s3://my-trail", "--since", "2026-10-02"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("5 files, 5 events"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 no CloudTrail log"), "{}", ran.stdout);
    assert!(ran.stderr.contains("6 files lie otherwise"), "{}", ran.stderr);
    // nothing is fetched twice, however often it is named
    let gets = bench.server.asked().gets.len();
    let nested = ["s3://my-trail/AWSLogs", "s3://my-trail", "s3://my-trail/exports/x/b.json", "s3://my-trail/zzz/"];
    let ran = bench.run(&[&["load", "--since", "2026-10-02", "--db", "nested.duckdb"], &nested[..]].concat());
    assert!(ran.stdout.contains("5 files, 5 events"), "{}", ran.stdout);
    assert_eq!(bench.server.asked().gets.len(), gets);
    // what holds no log is remembered, unless it is named
    assert_eq!(bench.load(&["s3://my-trail/zzz"]), [2, 0, 0, 0, 0]);
    assert_eq!(bench.server.asked().gets, [""; 0]);
    assert_eq!(bench.load(&["s3://my-trail/zzz/notes.txt"]), [1, 1, 0, 0, 1]);
    assert_eq!(bench.server.asked().gets, ["zzz/notes.txt"]);
    assert_eq!(bench.load(&["s3://my-trail/exports/x/b.json"])[..2], [1, 0], "an object, known");
}

#[test]
fn buckets_and_paths_go_together_and_content_that_is_known_is_not_loaded_again() {
    let bench = Bench::new();
    let (one, two) = (log(&[record(1, &json!({}))]), log(&[record(2, &json!({}))]));
    bench.place.write("logs/one.json", &one);
    bench.server.put("copies/one.json", one.as_str());
    bench.server.put("copies/two.json", two);
    assert_eq!(bench.load(&["logs", "s3://my-trail/copies"]), [3, 2, 2, 0, 0]);
    bench.server.asked();
    assert_eq!(bench.load(&["s3://my-trail/copies"])[..2], [2, 0]);
    assert_eq!(bench.server.asked().gets, [""; 0]);
    // another content under the same key is another file
    bench.server.put("copies/two.json", log(&[record(2, &json!({})), record(3, &json!({}))]));
    assert_eq!(bench.load(&["s3://my-trail/copies"]), [2, 2, 1, 1, 0]);
    assert_eq!(bench.server.asked().gets, ["copies/two.json"]);
}

#[test]
fn a_dry_run_says_what_would_be_fetched_and_what_that_costs() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 30);
    bench.put_hours(OTHER, "us-east-1", 1000, 20);
    bench.place.write("logs/one.json", log(&[record(5000, &json!({}))]));
    let dry_run = ["load", "--dry-run", "s3://my-trail", "logs"];
    let ran = bench.run(&dry_run);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("would read 51 files"), "{}", ran.stdout);
    assert!(ran.stdout.contains("and 50 for objects: $0.00"), "{}", ran.stdout);
    assert!(ran.stdout.contains("data transfer"), "{}", ran.stdout);
    assert!(!bench.place.path("trail.duckdb").exists());
    let asked = bench.server.asked();
    assert_eq!(asked.gets, [""; 0]);
    let plan: Value =
        serde_json::from_str(&bench.run(&[&dry_run[..], &["--format", "json"]].concat()).stdout).expect("JSON");
    assert_eq!(plan[0]["list_requests"], asked.lists.len() as u64);
    assert_eq!(plan[0]["groups"][1]["account_id"], ACCOUNT);
    assert_eq!(plan[0]["groups"][1]["last_day"], "2026-10-02");
    bench.load(&["s3://my-trail"]);
    let ran = bench.run(&dry_run);
    assert!(ran.stdout.contains("would read 1 files"), "{}", ran.stdout);
    assert!(ran.stdout.contains("50 more were fetched before"), "{}", ran.stdout);
}

#[test]
fn a_server_that_is_slow_throttles_and_breaks_connections_only_costs_time() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 100);
    let lines: Vec<_> = (1000..6000).map(|number| record(number, &json!({})).to_string()).collect();
    bench.server.put("AWSLogs/long.json", lines.join("\n"));
    {
        let mut faults = bench.server.faults();
        faults.slow_downs = 20;
        faults.delay = Duration::from_millis(5);
        faults.breaks.insert("AWSLogs/long.json".to_owned(), 3);
    }
    assert_eq!(bench.load(&["s3://my-trail"]), [101, 5100, 5100, 0, 0]);
    let asked = bench.server.asked();
    assert_eq!(asked.ranges.len(), 3, "it is gone on with where it broke");
    assert!(asked.ranges.windows(2).all(|pair| pair[0].0 < pair[1].0), "{:?}", asked.ranges);
}

#[test]
fn an_object_that_cannot_be_had_is_said_and_stops_nothing_else() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 10);
    let key = |hour| hour_key(ACCOUNT, "us-east-1", hour);
    let kms =
        "User: arn:aws:iam::111122223333:user/a is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:x";
    {
        let mut faults = bench.server.faults();
        faults.vanished.push(key(1));
        faults.changed.push(key(2));
        faults.denied.insert(key(3), kms.to_owned());
        faults.denied.insert(key(4), "Access Denied".to_owned());
    }
    let ran = bench.run(&["load", "s3://my-trail"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("6 new, 0 duplicate, 4 rejected"), "{}", ran.stdout);
    let rejects = bench.place.sql("SELECT path, reason FROM rejects JOIN files USING (file_id) ORDER BY path");
    for (reject, (hour, reason)) in
        rejects.iter().zip([(1, "deleted"), (2, "changed"), (3, "may not use: kms:Decrypt"), (4, "s3:GetObject")])
    {
        assert_eq!(reject["path"], format!("s3://my-trail/{}", key(hour)));
        assert!(reject["reason"].as_str().expect("text").contains(reason), "{reject}");
    }
    // under --strict that undoes all, and later they may be there
    assert_eq!(bench.run(&["load", "--strict", "s3://my-trail", "--db", "strict.duckdb"]).code, 1);
    bench.server.asked();
    *bench.server.faults() = s3::Faults::default();
    assert_eq!(bench.load(&["s3://my-trail"]), [10, 4, 4, 0, 0]);
    assert_eq!(bench.server.asked().gets.len(), 4);
    assert_eq!(bench.place.sql("FROM rejects"), [Value::Null; 0]);
}

#[test]
fn what_cannot_work_fails_at_once_and_leaves_no_store() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 1);
    let fails = |args: &[&str], environment: &[(&str, &str)], says: &[&str]| {
        let mut command = bench.place.command(&[&["load"], args].concat());
        command.envs(bench.server.environment());
        for (name, value) in environment {
            match *value {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        let ran = Ran::from(command.output().expect("it runs"));
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.stdout);
        for text in says {
            assert!(ran.stderr.contains(text), "{args:?}: {}", ran.stderr);
        }
        assert!(!bench.place.path("trail.duckdb").exists(), "{args:?}");
    };
    let all = "s3://my-trail";
    fails(&[all], &[("AWS_SECRET_ACCESS_KEY", "wrong")], &[all, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"]);
    fails(&[all], &[("AWS_ACCESS_KEY_ID", "AKIAWRONG")], &[all, "not signed up"]);
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    fails(&[all], &none, &["no AWS credentials", "--profile", "aws sso login"]);
    fails(&[all, "--no-sign-request"], &[], &[all, "Signature is required", "s3:ListBucket"]);
    fails(&[all, "--profile", "typo"], &[], &["no AWS profile typo"]);
    fails(&["s3://another-trail/AWSLogs"], &[], &["s3://another-trail/AWSLogs", "no such bucket"]);
    fails(&["s3://my-trail/AWSLogz/"], &[], &["s3://my-trail/AWSLogz/", "no such object"]);
    fails(&[all], &[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")], &[all]);
    assert_eq!(bench.run(&["load", "s3://my trail"]).code, 2);
    assert_eq!(bench.run(&["load", all, "--account", "12"]).code, 2);
}

#[test]
fn credentials_that_expire_end_the_load_and_the_next_goes_on() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 100);
    bench.server.faults().expires_after = Some(60);
    let ran = bench.run(&["load", "s3://my-trail", "--concurrency", "1", "--commit-every", "10"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stderr.contains("ExpiredToken") && ran.stderr.contains("aws sso login"), "{}", ran.stderr);
    assert!(ran.stderr.contains("goes on from there"), "{}", ran.stderr);
    assert_eq!(bench.place.sql("SELECT count(*) AS n FROM events"), [json!({"n": 60})]);
    *bench.server.faults() = s3::Faults::default();
    bench.server.asked();
    assert_eq!(bench.load(&["s3://my-trail"])[..3], [100, 40, 40]);
    assert_eq!(bench.server.asked().gets.len(), 40);
}

#[test]
fn an_interrupt_ends_a_load_whose_server_says_nothing_more() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 20);
    let mut child = bench.start(&["load", "s3://my-trail", "--quiet"]);
    while bench.server.asked().lists.is_empty() {
        sleep(Duration::from_millis(1));
    }
    bench.server.faults().delay = Duration::from_secs(3600);
    sleep(Duration::from_secs(1));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .expect("it runs");
    let code = child.wait().expect("it ends").code();
    // it may have been done before
    assert!(matches!(code, None | Some(0 | 130)), "{code:?}");
}

#[test]
fn requester_pays_and_public_buckets_have_their_options() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 2);
    bench.server.faults().requester_pays = true;
    let ran = bench.run(&["load", "s3://my-trail"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("--request-payer"), "{}", ran.stderr);
    assert_eq!(bench.load(&["s3://my-trail", "--request-payer"])[..3], [2, 2, 2]);
    *bench.server.faults() = s3::Faults { public: true, ..s3::Faults::default() };
    let db = ["--db", "public.duckdb", "s3://my-trail", "--no-sign-request"];
    assert_eq!(bench.load(&db)[..3], [2, 2, 2]);
}

#[test]
fn profiles_give_credentials_and_go_before_the_environment() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 1);
    let keys = format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", s3::ACCESS_KEY, s3::SECRET_KEY);
    let process = format!(
        "#!/bin/sh\necho '{{\"Version\": 1, \"AccessKeyId\": \"{}\", \"SecretAccessKey\": \"{}\"}}'\n",
        s3::ACCESS_KEY,
        s3::SECRET_KEY
    );
    bench.place.write("process.sh", process);
    bench.place.write("credentials", format!("[keys]\n{keys}"));
    let config = format!(
        "[profile process]\ncredential_process = sh {}\n\n[profile endpoint]\n{keys}endpoint_url = {}\n",
        bench.place.path("process.sh").display(),
        bench.server.endpoint()
    );
    bench.place.write("config", config);
    for (number, profile) in ["keys", "process", "endpoint"].into_iter().enumerate() {
        for by_option in [true, false] {
            let db = format!("{number}-{by_option}.duckdb");
            let mut command = bench.place.command(&["load", "s3://my-trail", "--db", &db]);
            command
                .envs(bench.server.environment())
                .env("AWS_CONFIG_FILE", bench.place.path("config"))
                .env("AWS_SHARED_CREDENTIALS_FILE", bench.place.path("credentials"));
            match by_option {
                true => command.args(["--profile", profile]).env("AWS_ACCESS_KEY_ID", "wrong"),
                false => command.env("AWS_PROFILE", profile).env_remove("AWS_ACCESS_KEY_ID"),
            };
            if profile == "endpoint" {
                command.env_remove("AWS_ENDPOINT_URL_S3");
            }
            let ran = Ran::from(command.output().expect("it runs"));
            assert_eq!(ran.code, 0, "{profile}, {by_option}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_load_that_is_killed_goes_on_where_its_commits_ended() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 400);
    bench.server.faults().delay = Duration::from_millis(20);
    let mut child = bench.start(&["load", "s3://my-trail", "--commit-every", "20", "--concurrency", "8", "--quiet"]);
    while bench.server.asked().gets.is_empty() {
        assert!(child.try_wait().expect("a process").is_none());
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(400));
    child.kill().expect("SIGKILL");
    child.wait().expect("it ends");
    let committed = bench.place.sql("SELECT count(*) AS n FROM objects")[0]["n"].as_u64().expect("a number");
    println!("{committed} of 400 objects were committed");
    assert!(committed < 400);
    bench.server.faults().delay = Duration::ZERO;
    bench.server.asked();
    assert_eq!(bench.load(&["s3://my-trail"])[..3], [400, 400 - committed, 400 - committed]);
    assert_eq!(bench.server.asked().gets.len() as u64, 400 - committed);
    let events = "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events";
    assert_eq!(bench.place.sql(events), [json!({"n": 400, "ids": 400})]);
}

#[test]
fn a_load_that_is_interrupted_keeps_what_it_read_and_says_that_more_is_left() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 400);
    bench.server.faults().delay = Duration::from_millis(100);
    let mut child = bench.start(&["load", "s3://my-trail", "--concurrency", "2"]);
    let mut asked = 0;
    while asked < 40 {
        assert!(child.try_wait().expect("a process").is_none());
        asked += bench.server.asked().gets.len();
        sleep(Duration::from_millis(5));
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .expect("it runs");
    let code = child.wait().expect("it ends").code();
    let mut stderr = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("stopping"), "{stderr}");
    let kept = bench.place.sql("SELECT count(*) AS n FROM objects")[0]["n"].as_u64().expect("a number");
    // of 40 that were asked for, some were still being fetched, or waited
    assert!((20..400).contains(&kept), "{kept}");
    bench.server.faults().delay = Duration::ZERO;
    bench.load(&["s3://my-trail"]);
    let events = "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events";
    assert_eq!(bench.place.sql(events), [json!({"n": 400, "ids": 400})]);
}

#[test]
fn a_large_object_is_fetched_in_parts() {
    let bench = Bench::new();
    let lines = (0..60_000)
        .map(|number| record(number, &json!({"requestParameters": {"filler": format!("{number:0800}")}})).to_string());
    let text = lines.collect::<Vec<_>>().join("\n");
    assert!(text.len() > 80 << 20);
    bench.server.put("big.json", text.into_bytes());
    bench.server.faults().breaks.insert("big.json".to_owned(), 2);
    let ran = bench.run(&["load", "s3://my-trail/big.json", "--dry-run"]);
    assert!(ran.stdout.contains("and 11 for objects"), "{}", ran.stdout);
    assert_eq!(bench.load(&["s3://my-trail/big.json"]), [1, 60_000, 60_000, 0, 0]);
    let asked = bench.server.asked();
    assert!(asked.ranges.iter().all(|(begin, end)| end - begin <= 8 << 20), "{:?}", asked.ranges);
    assert_eq!(asked.ranges.len(), 13);
}

#[test]
fn a_hundred_thousand_keys_are_listed_page_by_page() {
    let bench = Bench::new();
    let body = gzip(&log(&[record(1, &json!({}))]));
    for number in 0..100_000 {
        let (day, minute) = (1 + number / 10_000, number % 1440);
        bench.server.put(
            format!(
                "AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/10/{day:02}/{ACCOUNT}_CloudTrail_us-east-1_202610{day:02}T{:02}{:02}Z_{number:06}.json.gz",
                minute / 60,
                minute % 60
            ),
            body.clone(),
        );
    }
    let ran = bench.run(&["load", "--dry-run", "s3://my-trail"]);
    assert!(ran.stdout.contains("would read 100,000 files"), "{} {}", ran.stdout, ran.stderr);
    let mut child = bench.start(&["load", "--dry-run", "s3://my-trail"]);
    let mut peak = 0;
    while child.try_wait().expect("a process").is_none() {
        peak = peak.max(peak_mib(&child));
        sleep(Duration::from_millis(2));
    }
    println!("peak memory: {peak} MiB");
    assert!(peak < 128, "{peak} MiB");
    bench.server.asked();
    bench.run(&["load", "--dry-run", "s3://my-trail"]);
    let lists = bench.server.asked().lists.len();
    assert!((100..110).contains(&lists), "{lists}");
    let narrow = ["s3://my-trail", "--since", "2026-10-10T23:30:00Z", "--dry-run"];
    let ran = bench.run(&[&["load"], &narrow[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lists = bench.server.asked().lists.len();
    assert!(lists < 20, "{lists}");
}

/// Peak memory of a process so far; 0 where that cannot be known.
fn peak_mib(process: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) >> 10
}

#[test]
fn a_key_that_cannot_be_asked_for_is_said_and_the_rest_is_loaded() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 30);
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/10/01");
    let nameless =
        [format!("{folder}/{ACCOUNT}//"), format!("{folder}/a/../"), format!("{folder}/b/."), "AWSLogs//".to_owned()];
    for name in &nameless {
        let objects =
            if name.ends_with('/') { vec![format!("{name}x"), format!("{name}y/z")] } else { vec![name.clone()] };
        for key in objects {
            bench.server.put(key, gzip(&log(&[record(9000, &json!({}))])));
        }
    }
    let ran = bench.run(&["load", "s3://my-trail"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("30 new, 0 duplicate, 4 rejected"), "{}", ran.stdout);
    let rejects = bench.place.sql("SELECT path, reason FROM rejects JOIN files USING (file_id) ORDER BY path");
    let mut expected: Vec<_> = nameless.iter().map(|name| format!("s3://my-trail/{name}")).collect();
    expected.sort();
    assert_eq!(rejects.iter().map(|reject| reject["path"].as_str().expect("text")).collect::<Vec<_>>(), expected);
    assert!(rejects.iter().all(|reject| reject["reason"].as_str().is_some_and(|reason| reason.contains("aws s3 cp"))));
    for (uri, hint) in
        [("s3://my-trail//AWSLogs/", "or is s3://my-trail/AWSLogs/ meant?"), ("s3://my-trail/a/../", "copy")]
    {
        let ran = bench.run(&["load", uri, "--db", "other.duckdb"]);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
    assert!(!bench.place.path("other.duckdb").exists());
}

#[test]
fn a_bucket_of_which_nothing_may_be_read_is_a_failure() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 3);
    for hour in 0..3 {
        bench.server.faults().denied.insert(hour_key(ACCOUNT, "us-east-1", hour), "Access Denied".to_owned());
    }
    let ran = bench.run(&["load", "s3://my-trail"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("nothing of this could be read"), "{}", ran.stdout);
}

#[test]
fn bounds_within_which_nothing_lies_are_said() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 3);
    for args in [&["--region", "us-est-1"][..], &["--account", OTHER, "--dry-run"], &["--since", "2026-12-01"]] {
        let ran = bench.run(&[&["load", "s3://my-trail"], args].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("no file there is of what"), "{args:?}: {}", ran.stderr);
    }
    let ran = bench.run(&["load", "s3://my-trail", "--since", "2026-10-08", "--until", "2026-10-01"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn an_endpoint_that_is_no_url_is_refused_wherever_it_is_named() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "us-east-1", 0, 3);
    let config = bench.place.write("aws-config", "[default]\nendpoint_url = 127.0.0.1:9\n");
    for (name, value, named) in [
        ("AWS_ENDPOINT_URL_S3", "127.0.0.1:9", "AWS_ENDPOINT_URL_S3 is"),
        ("AWS_ENDPOINT_URL", "localhost:9", "AWS_ENDPOINT_URL is"),
        ("AWS_CONFIG_FILE", config.as_str(), "endpoint_url of the profile default is"),
    ] {
        let mut command = bench.place.command(&["load", "s3://my-trail"]);
        command.envs(bench.server.environment()).env_remove("AWS_ENDPOINT_URL_S3").env(name, value);
        let ran: Ran = command.output().expect("it runs").into();
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(named) && ran.stderr.contains("expected http://host:port"), "{}", ran.stderr);
    }
}

#[test]
fn keys_that_begin_with_a_slash_are_said_and_the_rest_of_the_bucket_is_loaded() {
    let bench = Bench::new();
    for (number, key) in ["-a.json", "/AWSLogs/b.json", "/c.json", "0/d.json", "é/e.json"].iter().enumerate() {
        bench.server.put(*key, log(&[record(number as u64, &json!({}))]));
    }
    let ran = bench.run(&["load", "s3://my-trail"]);
    assert!(ran.stdout.contains("3 new, 0 duplicate, 1 rejected"), "{} {}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("s3://my-trail//"), "{}", ran.stdout);
}

#[test]
fn a_dry_run_passes_over_what_may_not_be_listed_as_a_load_does() {
    let bench = Bench::new();
    bench.put_hours(ACCOUNT, "eu-west-1", 0, 3);
    bench.put_hours(ACCOUNT, "us-east-1", 10, 4);
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/");
    bench.server.faults().denied.insert(folder.clone(), "Access Denied".to_owned());
    let ran = bench.run(&["load", "--dry-run", "s3://my-trail"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("would read 4 files"), "{}", ran.stdout);
    assert!(ran.stderr.contains(&format!("not in it: s3://my-trail/{folder}: Access Denied")), "{}", ran.stderr);
    assert_eq!(bench.load(&["s3://my-trail"]), [5, 5, 4, 0, 1]);
}

#[test]
fn whoever_looks_often_asks_for_what_is_new() {
    let server = Server::start();
    let access = Access { endpoint: Some(server.endpoint()), anonymous: true, ..Access::default() };
    server.faults().public = true;
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/10/");
    let name = |day: u32| format!("{folder}{day:02}/{ACCOUNT}_CloudTrail_us-east-1_202610{day:02}T0215Z_x.json");
    for day in 1..=20 {
        server.put(name(day), log(&[record(day.into(), &json!({}))]));
    }
    let uri = Uri { bucket: BUCKET.to_owned(), key: String::new() };
    let buckets = Buckets::open(&[uri], &access).expect("a bucket");
    let mut known = Known::default();
    let new = buckets.new_objects(&Narrow::default(), &known, || false).expect("a list");
    assert_eq!((new.objects.len(), new.problems.len()), (20, 0));
    for object in &new.objects {
        known.insert(&object.uri(), &object.etag, object.size, false);
    }
    server.put(name(21), log(&[record(21, &json!({}))]));
    let narrow = Narrow { since: "2026-10-20T00:00:00".parse().ok(), ..Narrow::default() };
    let new = buckets.new_objects(&narrow, &known, || false).expect("a list").objects;
    assert_eq!(new.iter().map(|object| object.key.clone()).collect::<Vec<_>>(), [name(21)]);
    let fetching = Fetching { known, concurrency: 4, on_new: Box::new(|_| ()), on_known: Box::new(|_| ()) };
    let arriving = buckets.fetch(new.into(), fetching);
    let arrival = arriving.next(|| false).expect("an object");
    assert_eq!(arrival.name, format!("s3://my-trail/{}", name(21)));
    assert!(arrival.read().is_ok_and(|content| content.size > 100));
    assert!(arriving.next(|| false).is_none());
    assert_eq!(arriving.failure(), None);
}

/// The key of a file that CloudTrail delivered at this time.
fn delivered(at: DateTime<Utc>, number: u64) -> String {
    format!(
        "AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/{}/{ACCOUNT}_CloudTrail_us-east-1_{}_{number}.json.gz",
        at.format("%Y/%m/%d"),
        at.format("%Y%m%dT%H%MZ")
    )
}

fn noon() -> DateTime<Utc> {
    "2026-10-06T12:00:00Z".parse().expect("a time")
}

#[test]
fn a_bucket_is_watched_and_each_object_fetched_once() {
    let Bench { place, server } = Bench::new();
    let put = |at, number| server.put(delivered(at, number), gzip(&log(&[alerting(number)])));
    let minutes = TimeDelta::minutes;
    set_clock(&place, noon());
    put(noon() - TimeDelta::days(9), 1);
    put(noon() - minutes(1), 2);
    let env = server.environment();
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let args = ["s3://my-trail", "--every", "5m", "--clock", "now"];
    let watching = Watching::start_with(&place, &args, &env);
    until("what was there", &place, || told(&place) == [1, 2].map(event_id));
    until("the end of the tick", &place, || health(&place)["ticks"] == 1);
    assert_eq!(server.asked().gets.len(), 2);

    put(noon() + minutes(1), 3);
    put(noon() - TimeDelta::days(9), 4);
    set_clock(&place, noon() + minutes(5));
    until("what came", &place, || told(&place).len() == 3);
    let asked = server.asked();
    assert_eq!(asked.gets, [delivered(noon() + minutes(1), 3)]);
    // delivered long ago by its name, as a copy is: once a day all is looked at
    set_clock(&place, noon() + TimeDelta::hours(25));
    until("the copy", &place, || told(&place).len() == 4);

    // what another program loaded is not fetched again
    until("the end of the tick", &place, || health(&place)["ticks"] == 3);
    put(noon() + TimeDelta::hours(25), 5);
    let ran = place.command(&["load", "--wait", "s3://my-trail"]).envs(server.environment()).output().expect("it runs");
    assert!(ran.status.success());
    set_clock(&place, noon() + TimeDelta::hours(26));
    until("its alert", &place, || told(&place) == (1..=5).map(event_id).collect::<Vec<_>>());
    assert_eq!(server.asked().gets.len(), 2, "objects 4 and 5");

    // a tick with nothing new opens no store
    until("the end of the tick", &place, || health(&place)["ticks"] == 4);
    let loads = "SELECT count(*) AS loads FROM loads";
    let before = place.sql(loads);
    set_clock(&place, noon() + TimeDelta::hours(27));
    until("a tick", &place, || health(&place)["ticks"] == 5);
    assert_eq!(place.sql(loads), before);
    assert_eq!(watching.terminate(), Some(0), "{}", said(&place));
    assert!(!said(&place).contains("waiting: "), "{}", said(&place));
}

#[test]
fn a_bucket_that_cannot_be_had_for_a_while_is_caught_up_with() {
    let Bench { place, server } = Bench::new();
    set_clock(&place, noon());
    let env = server.environment();
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let watching = Watching::start_with(&place, &["s3://my-trail", "--every", "5m", "--clock", "now"], &env);
    until("the first tick", &place, || health(&place)["ticks"] == 1);
    server.faults().requester_pays = true;
    server.put(delivered(noon(), 1), gzip(&log(&[alerting(1)])));
    set_clock(&place, noon() + TimeDelta::minutes(5));
    until("the failure", &place, || said(&place).contains("s3://my-trail/AWSLogs/: Access Denied"));
    assert_eq!(health(&place)["failing"], true);
    server.faults().requester_pays = false;
    let vanished = delivered(noon(), 2);
    server.put(vanished.clone(), "");
    server.put(vanished.clone(), gzip(&log(&[alerting(2)])));
    server.faults().vanished.push(vanished.clone());
    set_clock(&place, noon() + TimeDelta::minutes(10));
    until("one alert", &place, || told(&place) == [event_id(1)]);
    until("the reason", &place, || said(&place).contains(&format!("{vanished}: there is no such object")));
    server.faults().vanished.clear();
    set_clock(&place, noon() + TimeDelta::minutes(15));
    until("the other", &place, || told(&place) == [1, 2].map(event_id));
    until("health", &place, || health(&place)["failing"] == false);
    assert_eq!(watching.terminate(), Some(0), "{}", said(&place));
}

#[test]
fn what_is_old_and_could_not_be_had_is_asked_for_again_in_an_hour() {
    let Bench { place, server } = Bench::new();
    set_clock(&place, noon());
    let env = server.environment();
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (old, damaged) = (delivered(noon() - TimeDelta::days(9), 1), delivered(noon() - TimeDelta::days(9), 2));
    server.put(old.clone(), gzip(&log(&[alerting(1)])));
    server.put(damaged, gzip("{\"Records\":[1,2,3,4,5,6,7,8]}"));
    server.faults().denied.insert(old.clone(), "Access Denied".to_owned());
    let watching = Watching::start_with(&place, &["s3://my-trail", "--every", "5m", "--clock", "now"], &env);
    // however many others are rejected
    until("the reason", &place, || said(&place).contains(&format!("{old}: Access Denied")));
    until("health", &place, || health(&place)["failing"] == true);
    server.faults().denied.clear();
    set_clock(&place, noon() + TimeDelta::minutes(65));
    until("its alert", &place, || told(&place) == [event_id(1)]);
    until("health", &place, || health(&place)["failing"] == false);
    assert_eq!(watching.terminate(), Some(0), "{}", said(&place));
}

#[test]
fn a_tick_takes_what_is_new_in_a_bucket_and_in_folders() {
    let bench = Bench::new();
    bench.server.put(delivered(noon(), 1), gzip(&log(&[alerting(1)])));
    bench.server.put(delivered(noon() - TimeDelta::days(3), 2), gzip(&log(&[alerting(2)])));
    write_settled(&bench.place, "logs/a.json", log(&[alerting(3)]));
    let args = ["watch", "--once", "logs", "s3://my-trail", "--since", "2026-10-05", "--quiet"];
    for expected in [&[1, 3][..], &[]] {
        let ran = bench.run(&args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let alerts: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let events: Vec<_> = alerts.iter().map(|alert| alert["event_id"].as_str().expect("an id")).collect();
        assert_eq!(events, expected.iter().map(|number| event_id(*number)).collect::<Vec<_>>());
    }
    assert_eq!(bench.server.asked().gets.len(), 1);
}

#[test]
fn what_cannot_be_watched_in_a_bucket_is_refused_and_leaves_no_store() {
    let bench = Bench::new();
    bench.server.put("a.json", log(&[alerting(1)]));
    for (uri, reason) in [
        ("s3://my-trail/a.json", "an object: use `trailduck load`, and watch the folder"),
        ("s3://my-trail/typo/", "no folder of this name"),
        ("s3://my-tail", "there is no such bucket"),
    ] {
        let ran = bench.run(&["watch", uri]);
        assert_eq!(ran.code, 1, "{uri}");
        assert!(ran.stderr.contains(reason), "{}", ran.stderr);
    }
    assert!(!bench.place.path("trail.duckdb").exists());
}

#[test]
fn an_object_that_may_not_be_read_is_not_said_to_be_missing() {
    let bench = Bench::new();
    bench.server.put("a.json", log(&[alerting(1)]));
    bench.server.faults().denied.insert("a.json".to_owned(), "Access Denied".to_owned());
    let ran = bench.run(&["load", "s3://my-trail/a.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("s3:GetObject"), "{}", ran.stderr);
}

#[test]
fn the_end_of_the_calendar_bounds_nothing() {
    let bench = Bench::new();
    bench.server.put(delivered(noon(), 1), gzip(&log(&[alerting(1)])));
    let ran = bench.run(&["load", "s3://my-trail", "--until", "9999-12-31"]);
    assert!(ran.stdout.contains("1 new"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let bench = Bench::new();
    let ran = bench.run(&["load", "s3://my-trail/AWSLogs/", "--endpoint-url", "http://127.0.0.1:1"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("Connection refused") && ran.stderr.contains("http://127.0.0.1:1"), "{}", ran.stderr);
}
