//! Alerts that last: raised once, told until they are told, and what people make of them.

mod common;

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{Place, log, moment, record};
use serde_json::{Value, json};
use trailduck::alerts::{
    self, Channel, Delivery, Ended, Exec, Outcome, RaiseOptions, Raised, Receivers, Stdout, Webhook,
};
use trailduck::catalog::CATALOG;

/// Events of the fixtures that raise an alert, newest first.
const EVENTS: [&str; 3] = [
    "a1e27003-e65c-4408-968f-ecee9c645d75",
    "a1e27002-50b1-4553-94fa-d1183bf7d38e",
    "a1e27001-4bc7-46d5-ab6e-e5d18726ff95",
];

/// The alert of the first of them.
const ALERT: &str = "aa379329-278a-8b95-a0de-2a8a8ffe2c08";

const NOW: &str = "2026-10-06T03:00:00Z";

/// A call that raises an alert.
fn query(number: u64, time: &str) -> Value {
    let asked = json!({"includeDeprecated": true, "ownersSet": {"items": [{"owner": "self"}]}});
    record(number, &json!({"eventTime": time, "requestParameters": asked}))
}

fn raised(alerts: u64, suppressed: u64, waiting: u64) -> Raised {
    Raised { alerts, suppressed, waiting }
}

/// The ids of the events of alerts, in their order.
fn events(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["event_id"].as_str()).collect()
}

#[test]
fn each_match_is_raised_once() {
    let place = Place::with_fixtures();
    assert_eq!(place.raise(NOW, &[Channel::Stdout]), raised(3, 0, 3));
    for again in ["2026-10-06T03:00:00Z", "2026-10-06T03:05:00Z", "2026-10-05T00:00:00Z"] {
        assert_eq!(place.raise(again, &[Channel::Stdout]), raised(0, 0, 3));
    }
    let listed = place.rows(&["alerts"]);
    assert_eq!(events(&listed), EVENTS);
    // what the rule says, and when it was raised
    let found = place.rows(&["detect"]);
    for (alert, found) in listed.iter().zip(&found) {
        for column in ["rule", "severity", "risk_score", "event_time", "principal", "source_ip_address", "account_id"] {
            assert_eq!(alert[column], found[column], "{column}");
        }
        for fact in ["owners", "image_ids", "name_patterns", "other_filters", "principal_type", "source_kind"] {
            assert_eq!(alert["facts"][fact], found[fact], "{fact}");
        }
    }
    for (column, expected) in [
        ("alert_id", json!(ALERT)),
        ("first_seen", json!(NOW)),
        ("status", json!("open")),
        ("author", json!("trailduck")),
        ("event_source", json!("ec2.amazonaws.com")),
        ("event_name", json!("DescribeImages")),
        ("title", json!("EC2 deprecated AMI discovery")),
        ("technique", json!("Cloud Infrastructure Discovery (T1580)")),
        ("triage", json!(format!("trailduck triage {}", EVENTS[0]))),
        ("exception", Value::Null),
    ] {
        assert_eq!(listed[0][column], expected, "{column}");
    }
    assert_eq!(listed[0]["facts"].get("principal"), None, "what has a column of its own is there once");
    assert_eq!(place.rows(&["query", "alert_changes", "--alert", ALERT]).len(), 1);
}

#[test]
fn an_alert_has_the_same_id_in_every_store() {
    let expected = |rule: &str, event: &str| {
        use sha2::{Digest, Sha256};
        let hash = Sha256::digest(format!("{rule}/{event}"));
        uuid::Uuid::new_v8(hash[..16].try_into().expect("16 bytes")).to_string()
    };
    let place = Place::new();
    place.write("log.json", log(&(0..200).map(|number| query(number, "2026-10-06T02:14:00Z")).collect::<Vec<_>>()));
    place.load(&["log.json"]);
    assert_eq!(place.raise(NOW, &[]), raised(200, 0, 0));
    for row in place.rows(&["alerts"]) {
        let [rule, event, alert] = ["rule", "event_id", "alert_id"].map(|column| row[column].as_str().expect(column));
        assert_eq!(alert, expected(rule, event));
    }
    assert_eq!(expected("deprecated_ami_discovery", EVENTS[0]), ALERT);
}

#[test]
fn what_comes_late_or_twice_is_raised_once() {
    let place = Place::new();
    let load = |name: &str, numbers: &[u64], time: &str| {
        let records: Vec<_> = numbers.iter().map(|number| query(*number, time)).collect();
        place.write(name, log(&records));
        place.load(&[name]);
    };
    load("a.json", &[1, 2], "2026-10-06T02:14:00Z");
    assert_eq!(place.raise("2026-10-06T02:20:00Z", &[]).alerts, 2);
    // a year late, beside one that is known
    load("b.json", &[2, 3], "2025-10-06T02:14:00Z");
    assert_eq!(place.raise("2026-10-06T02:25:00Z", &[]).alerts, 1);
    // loaded by others, while no watch ran
    load("c.json", &[4], "2026-10-06T02:14:00Z");
    load("d.json", &[5, 1], "2026-10-06T02:14:00Z");
    assert_eq!(place.raise("2026-10-09T00:00:00Z", &[]).alerts, 2);
    // after the clock was put back
    load("e.json", &[6], "2026-10-06T02:14:00Z");
    assert_eq!(place.raise("2026-10-01T00:00:00Z", &[]).alerts, 1);
    assert_eq!(place.rows(&["alerts"]).len(), 6);
    let health = &place.rows(&["query", "alert_health"])[0];
    assert_eq!((&health["alerts"], &health["open"], &health["files_not_looked_at"]), (&json!(6), &json!(6), &json!(0)));
    load("f.json", &[7], "2026-10-06T02:14:00Z");
    assert_eq!(place.rows(&["query", "alert_health"])[0]["files_not_looked_at"], 1);
}

#[test]
fn a_rule_runs_as_often_as_it_says_unless_told_otherwise() {
    let place = Place::new();
    let at = |time: &str, every: Option<u64>| {
        let every = every.map(Duration::from_secs);
        let options = RaiseOptions { every, ..RaiseOptions::default() };
        alerts::raise(&place.store(), moment(time), &options).expect("raised").alerts
    };
    let load = |number: u64| {
        let name = place.write(&format!("{number}.json"), log(&[query(number, "2026-10-06T02:14:00Z")]));
        place.load(&[&name]);
    };
    load(1);
    assert_eq!(at("2026-10-06T03:00:00Z", None), 1);
    load(2);
    assert_eq!(at("2026-10-06T03:04:58Z", None), 0, "it says every five minutes");
    assert_eq!(at("2026-10-06T03:04:59Z", None), 1, "a second early is on time");
    load(3);
    assert_eq!(at("2026-10-06T03:05:00Z", Some(60)), 0);
    assert_eq!(at("2026-10-06T03:06:00Z", Some(60)), 1);
}

#[test]
fn what_exceptions_suppress_is_kept_and_told_to_nobody() {
    let place = Place::with_fixtures();
    let add = ["exceptions", "add", "known", "--reason", "routine", "--author", "alice", "--never"];
    place.ok(&[&add[..], &["--address", "192.0.2.77"]].concat());
    assert_eq!(place.raise(NOW, &[Channel::Stdout, Channel::Webhook]), raised(1, 2, 2));
    assert_eq!(events(&place.rows(&["alerts"])), EVENTS[..1]);
    let suppressed = place.rows(&["alerts", "--suppressed"]);
    assert_eq!(events(&suppressed), EVENTS[1..]);
    assert!(suppressed.iter().all(|alert| alert["exception"] == "known"));
    let ran = place.run(&["alerts"]);
    assert!(ran.stderr.contains("2 suppressed by exceptions: --suppressed shows them"), "{}", ran.stderr);
    // they stay so when the exception is gone
    place.ok(&["exceptions", "remove", "known"]);
    assert_eq!(place.raise("2026-10-06T04:00:00Z", &[Channel::Stdout]), raised(0, 0, 2));
    assert_eq!(place.rows(&["alerts", "--suppressed"]).len(), 2);
}

#[test]
fn alerts_are_raised_all_or_none() {
    let place = Place::with_fixtures();
    let store = place.store();
    store.connection.execute_batch("ALTER TABLE alert_deliveries RENAME TO gone").expect("renamed");
    let options = RaiseOptions { channels: vec![Channel::Stdout], ..RaiseOptions::default() };
    let error = alerts::raise(&store, moment(NOW), &options).expect_err("no table to write to");
    assert!(format!("{error:#}").contains("the rule deprecated_ami_discovery"), "{error:#}");
    store.connection.execute_batch("ALTER TABLE gone RENAME TO alert_deliveries").expect("renamed");
    for table in ["alerts", "alert_history", "alert_deliveries", "rule_runs"] {
        assert_eq!(store.count(&format!("FROM {table}")).expect("a count"), 0, "{table}");
    }
    assert_eq!(alerts::raise(&store, moment(NOW), &options).expect("raised").alerts, 3);
}

#[test]
fn a_store_of_before_is_brought_up_to_date() {
    let place = Place::with_fixtures();
    place
        .store()
        .connection
        .execute_batch(
            "DROP TABLE objects; DROP TABLE alerts; DROP TABLE alert_history; DROP TABLE alert_deliveries; DROP TABLE rule_runs;
            CREATE VIEW alerts AS FROM deprecated_ami_discovery;
            CREATE VIEW alerts_with_suppressed AS FROM deprecated_ami_discovery_with_suppressed;
            UPDATE store_info SET schema_version = 5, catalog_hash = 'old'",
        )
        .expect("an older store");
    assert_eq!(place.rows(&["detect"]).len(), 3);
    assert_eq!(place.rows(&["alerts"]).len(), 0);
    assert_eq!(place.sql("FROM rule_matches").len(), 3);
    assert_eq!(place.raise(NOW, &[]).alerts, 3);
}

fn due(place: &Place, now: &str, channels: &[Channel], limit: u64) -> Vec<Delivery> {
    alerts::due(&place.store(), moment(now), channels, limit).expect("deliveries")
}

/// The events of deliveries, in their order.
fn told(deliveries: &[Delivery]) -> Vec<String> {
    let event = |delivery: &Delivery| {
        let alert: Value = serde_json::from_str(&delivery.alert).expect("JSON");
        alert["event_id"].as_str().expect("an event").to_owned()
    };
    deliveries.iter().map(event).collect()
}

fn settle(place: &Place, now: &str, deliveries: &[Delivery], ended: &Ended) {
    let outcome =
        |delivery: &Delivery| Outcome { alert_id: delivery.alert_id, channel: delivery.channel, ended: ended.clone() };
    let outcomes: Vec<_> = deliveries.iter().map(outcome).collect();
    alerts::settle(&place.store(), &outcomes, moment(now)).expect("settled");
}

#[test]
fn the_oldest_alerts_are_told_first_and_the_rest_waits() {
    let place = Place::with_fixtures();
    let channels = [Channel::Stdout, Channel::Webhook];
    place.raise(NOW, &channels);
    let first = due(&place, NOW, &channels, 2);
    assert_eq!(told(&first), [EVENTS[2], EVENTS[1], EVENTS[2], EVENTS[1]]);
    assert!(due(&place, "2026-10-06T02:59:59Z", &channels, 2).is_empty(), "not before they are due");
    assert!(due(&place, NOW, &[Channel::Exec], 2).is_empty());
    settle(&place, NOW, &first, &Ended::Delivered);
    assert_eq!(told(&due(&place, NOW, &channels, 2)), [EVENTS[0], EVENTS[0]]);
    // once more, late: what is delivered stays so
    let next_attempt_at = moment("2026-10-06T05:00:00Z");
    settle(&place, NOW, &first, &Ended::Failed { error: "late".to_owned(), next_attempt_at });
    assert_eq!(place.rows(&["query", "alert_waiting"]).len(), 2);
    let health = &place.rows(&["query", "alert_health"])[0];
    assert_eq!((&health["delivered"], &health["waiting"], &health["failing"]), (&json!(4), &json!(2), &json!(0)));
    assert_eq!(place.raise("2026-10-06T04:00:00Z", &channels).waiting, 2);
}

#[test]
fn what_fails_is_tried_again_when_it_is_time() {
    let place = Place::with_fixtures();
    place.raise(NOW, &[Channel::Webhook]);
    let deliveries = due(&place, NOW, &[Channel::Webhook], 100);
    let next_attempt_at = moment("2026-10-06T03:10:00Z");
    settle(&place, NOW, &deliveries[..1], &Ended::Failed { error: "it's dead".to_owned(), next_attempt_at });
    settle(&place, NOW, &deliveries[1..2], &Ended::PutOff { next_attempt_at });
    settle(&place, NOW, &deliveries[2..], &Ended::NotTried);
    assert_eq!(told(&due(&place, "2026-10-06T03:09:59Z", &[Channel::Webhook], 100)), [EVENTS[0]]);
    let again = due(&place, "2026-10-06T03:10:00Z", &[Channel::Webhook], 100);
    assert_eq!(told(&again), [EVENTS[2], EVENTS[1], EVENTS[0]]);
    assert_eq!(again.iter().map(|delivery| delivery.attempts).collect::<Vec<_>>(), [1, 0, 0]);
    let waiting = place.rows(&["query", "alert_waiting"]);
    let failed = waiting.iter().find(|row| row["attempts"] == 1).expect("one that failed");
    assert_eq!((&failed["last_error"], &failed["event_id"]), (&json!("it's dead"), &json!(EVENTS[2])));
    let shown = place.ok(&["alerts", "show", EVENTS[2]]);
    assert!(shown.contains("it's dead"), "{shown}");
}

fn deliver(receivers: &mut Receivers, deliveries: Vec<Delivery>) -> Vec<Ended> {
    let outcomes = alerts::deliver(deliveries, receivers, moment(NOW), &AtomicBool::new(false));
    outcomes.into_iter().map(|outcome| outcome.ended).collect()
}

/// So many alerts that wait for a channel.
fn waiting(channel: Channel, count: u64) -> Vec<Delivery> {
    let place = Place::new();
    place.write("log.json", log(&(0..count).map(|number| query(number, "2026-10-06T02:14:00Z")).collect::<Vec<_>>()));
    place.load(&["log.json"]);
    place.raise(NOW, &[channel]);
    due(&place, NOW, &[channel], count)
}

/// A stream that others look at.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream that fails.
struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn standard_output_has_an_object_a_line_as_the_list_has_it() {
    let place = Place::with_fixtures();
    place.raise(NOW, &[Channel::Stdout]);
    let stream = Shared::default();
    let mut receivers = Receivers { stdout: Some(Stdout::new(Box::new(stream.clone()))), ..Receivers::default() };
    assert_eq!(receivers.channels(), [Channel::Stdout]);
    let deliveries = due(&place, NOW, &receivers.channels(), 100);
    let ended = deliver(&mut receivers, deliveries);
    assert_eq!(ended, [Ended::Delivered, Ended::Delivered, Ended::Delivered]);
    let text = String::from_utf8(stream.0.lock().expect("no panic").clone()).expect("UTF-8");
    let mut lines: Vec<_> = text.lines().collect();
    lines.reverse();
    assert_eq!(lines, place.ok(&["alerts", "--format", "ndjson"]).lines().collect::<Vec<_>>());
    let alert: Value = serde_json::from_str(lines[0]).expect("JSON");
    let documented: BTreeSet<_> = CATALOG.query("alert_list").expect("the query").columns.keys().cloned().collect();
    let keys: BTreeSet<_> = alert.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(keys, documented);
    assert_eq!((&alert["format"], &alert["version"]), (&json!("trailduck-alert"), &json!(1)));
}

#[test]
fn where_nobody_reads_standard_output_alerts_stay() {
    let broken = |kind| Receivers { stdout: Some(Stdout::new(Box::new(Broken(kind)))), ..Receivers::default() };
    let deliveries = waiting(Channel::Stdout, 2);
    let mut closed = broken(io::ErrorKind::BrokenPipe);
    assert_eq!(deliver(&mut closed, deliveries.clone()), [Ended::NotTried, Ended::NotTried]);
    assert!(closed.stdout.is_some_and(|stdout| stdout.is_closed()));
    let ended = deliver(&mut broken(io::ErrorKind::StorageFull), deliveries.clone());
    let next_attempt_at = moment("2026-10-06T03:00:30Z");
    assert!(matches!(&ended[0], Ended::Failed { error, .. } if error.contains("standard output")), "{ended:?}");
    assert_eq!(ended[1], Ended::PutOff { next_attempt_at });
    // for a channel without a receiver, too
    assert_eq!(deliver(&mut Receivers::default(), deliveries), [Ended::NotTried, Ended::NotTried]);
}

#[test]
fn all_that_is_left_when_it_is_stopped_stays() {
    let stream = Shared::default();
    let mut receivers = Receivers { stdout: Some(Stdout::new(Box::new(stream.clone()))), ..Receivers::default() };
    let outcomes = alerts::deliver(waiting(Channel::Stdout, 2), &mut receivers, moment(NOW), &AtomicBool::new(true));
    assert!(outcomes.iter().all(|outcome| outcome.ended == Ended::NotTried));
    assert!(stream.0.lock().expect("no panic").is_empty());
}

fn exec(command: &str, limit: Duration) -> Receivers {
    Receivers { exec: Some(Exec::new(command, limit)), ..Receivers::default() }
}

#[cfg(unix)]
#[test]
fn a_command_is_run_for_each_alert() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let command = format!("cat >> '{}'; echo this goes to standard error", log.display());
    let deliveries = waiting(Channel::Exec, 3);
    let expected: String = deliveries.iter().map(|delivery| format!("{}\n", delivery.alert)).collect();
    let ended = deliver(&mut exec(&command, Duration::from_secs(20)), deliveries);
    assert!(ended.iter().all(|ended| *ended == Ended::Delivered), "{ended:?}");
    assert_eq!(fs::read_to_string(log).expect("what it wrote"), expected);
}

#[cfg(unix)]
#[test]
fn a_command_that_does_not_read_takes_an_alert_all_the_same() {
    let mut delivery = waiting(Channel::Exec, 1).remove(0);
    delivery.alert = format!("\"{}\"", "x".repeat(10_000_000));
    assert_eq!(deliver(&mut exec("exit 0", Duration::from_secs(20)), vec![delivery]), [Ended::Delivered]);
}

#[cfg(unix)]
#[test]
fn the_exit_code_of_a_command_decides() {
    let failed = |ended: &Ended, expected: &str| {
        assert!(matches!(ended, Ended::Failed { error, .. } if error.contains(expected)), "{ended:?}");
    };
    let limit = Duration::from_secs(20);
    let deliveries = waiting(Channel::Exec, 2);
    // it may be this alert: the next one is tried
    let ended = deliver(&mut exec("grep -q 000000000001", limit), deliveries.clone());
    assert_eq!(ended.iter().filter(|ended| **ended == Ended::Delivered).count(), 1, "{ended:?}");
    failed(ended.iter().find(|ended| **ended != Ended::Delivered).expect("one"), "exit status: 1");
    // it is not: it is not tried
    let ended = deliver(&mut exec("/no/such/command", limit), deliveries.clone());
    failed(&ended[0], "exit status: 127");
    assert!(matches!(ended[1], Ended::PutOff { .. }), "{ended:?}");
    let ended = deliver(&mut exec("kill -9 $$", limit), deliveries);
    failed(&ended[0], "signal: 9");
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let [lock, mark] = ["lock", "mark"].map(|name| folder.path().join(name));
    let command =
        format!("(trap '' TERM; exec 9>'{}'; flock 9; sleep 60; touch '{}') & wait", lock.display(), mark.display());
    let ended = deliver(&mut exec(&command, Duration::from_millis(500)), waiting(Channel::Exec, 2));
    assert!(matches!(&ended[0], Ended::Failed { error, .. } if error.contains("after 0.5 seconds")), "{ended:?}");
    assert!(matches!(ended[1], Ended::PutOff { .. }), "{ended:?}");
    // free as soon as what it started is gone
    fs::File::create(lock).expect("a file").lock().expect("a lock");
    assert!(!mark.exists());
}

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Answer {
    /// Status, and more headers.
    Status(u16, &'static str),
    /// None within a minute.
    Slow,
    /// It closes the connection.
    Close,
}

/// A server on loopback that does as it is told, and afterwards answers 204.
struct Server {
    address: SocketAddr,
    /// Heads and bodies of the requests.
    requests: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    fn new(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let seen = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answers) = (seen.clone(), answers.clone());
                thread::spawn(move || serve(stream, &seen, &answers));
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> Vec<(String, String)> {
        self.requests.lock().expect("no panic").clone()
    }

    fn receivers(&self) -> Receivers {
        webhook(&format!("http://user:hunter2@{}/hook/hunter2?token=hunter2", self.address))
    }
}

/// Serves the requests of one connection.
fn serve(stream: TcpStream, seen: &Mutex<Vec<(String, String)>>, answers: &Mutex<VecDeque<Answer>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        seen.lock().ok()?.push((head, String::from_utf8(body).ok()?));
        let answer = answers.lock().ok()?.pop_front().unwrap_or(Answer::Status(204, ""));
        match answer {
            Answer::Status(status, headers) => {
                write!(writer, "HTTP/1.1 {status} X\r\n{headers}content-length: 0\r\n\r\n").ok()?;
            }
            Answer::Slow => thread::sleep(Duration::from_secs(60)),
            Answer::Close => return None,
        }
    }
}

fn webhook(url: &str) -> Receivers {
    let webhook = Webhook::new(url, Duration::from_millis(500), Some("X-Secret: hunter2")).expect("a webhook");
    Receivers { webhook: Some(webhook), ..Receivers::default() }
}

/// The pause before the next attempt, in seconds, and the error.
fn failed(ended: &Ended) -> (i64, String) {
    match ended {
        Ended::Failed { error, next_attempt_at } => ((*next_attempt_at - moment(NOW)).num_seconds(), error.clone()),
        ended => panic!("{ended:?}"),
    }
}

#[test]
fn a_webhook_is_posted_each_alert() {
    let server = Server::new(&[]);
    let deliveries = waiting(Channel::Webhook, 3);
    let ended = deliver(&mut server.receivers(), deliveries.clone());
    assert!(ended.iter().all(|ended| *ended == Ended::Delivered), "{ended:?}");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for (delivery, (head, body)) in deliveries.iter().zip(requests) {
        assert_eq!(body, delivery.alert);
        let head = head.to_lowercase();
        for expected in [
            "post /hook/hunter2?token=hunter2 http/1.1",
            "content-type: application/json",
            "x-secret: hunter2",
            &format!("idempotency-key: {}", delivery.alert_id),
            "user-agent: trailduck/",
        ] {
            assert!(head.contains(expected), "{expected}: {head}");
        }
    }
}

#[test]
fn what_a_receiver_says_decides_when_it_is_asked_again() {
    const HOUR: i64 = 3600;
    let deliveries = waiting(Channel::Webhook, 2);
    for (answer, pause, next_is_tried, said) in [
        (Answer::Status(500, ""), 30, false, "500 Internal Server Error"),
        (Answer::Status(503, "retry-after: 120\r\n"), 120, false, "503 Service Unavailable"),
        (Answer::Status(429, "retry-after: Tue, 06 Oct 2026 03:10:00 GMT\r\n"), 600, false, "429 Too Many Requests"),
        (Answer::Status(429, "retry-after: soon\r\n"), 30, false, "429"),
        (Answer::Status(429, "retry-after: 99999999\r\n"), 24 * HOUR, false, "429"),
        (Answer::Status(408, ""), 30, false, "408 Request Timeout"),
        (Answer::Status(425, ""), 30, false, "425 Too Early"),
        (Answer::Status(400, ""), HOUR, true, "400 Bad Request: it will not take the alert as things are"),
        (Answer::Status(413, ""), HOUR, true, "413 Payload Too Large: it will not"),
        (Answer::Status(401, ""), HOUR, false, "check the URL and TRAILDUCK_WEBHOOK_HEADER"),
        (Answer::Status(404, "retry-after: 5\r\n"), HOUR, false, "404 Not Found: it will not"),
        (
            Answer::Status(302, "location: http://127.0.0.1:1/\r\n"),
            HOUR,
            false,
            "302 Found: it redirects, which is not followed",
        ),
        (Answer::Close, 30, false, ""),
        (Answer::Slow, 30, false, "it did not answer in time"),
    ] {
        let server = Server::new(&[answer]);
        let ended = deliver(&mut server.receivers(), deliveries.clone());
        let (found, error) = failed(&ended[0]);
        assert_eq!(found, pause, "{error}");
        assert!(error.starts_with(&format!("webhook http://{}: ", server.address)) && error.contains(said), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        if next_is_tried {
            assert_eq!(ended[1], Ended::Delivered, "{error}");
        } else {
            let next_attempt_at = moment(NOW) + chrono::TimeDelta::seconds(pause);
            assert_eq!(ended[1], Ended::PutOff { next_attempt_at }, "{error}");
        }
    }
}

#[test]
fn a_dead_receiver_loses_nothing() {
    let place = Place::with_fixtures();
    // a port at which nobody listens
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    place.raise(NOW, &[Channel::Webhook]);
    let tick = |now: &str, receivers: &mut Receivers| {
        let deliveries = due(&place, now, &receivers.channels(), 100);
        let count = deliveries.len();
        let outcomes = alerts::deliver(deliveries, receivers, moment(now), &AtomicBool::new(false));
        alerts::settle(&place.store(), &outcomes, moment(now)).expect("settled");
        count
    };
    let mut dead = webhook(&format!("http://{address}/hunter2"));
    assert_eq!(tick("2026-10-06T03:00:00Z", &mut dead), 3);
    assert_eq!(tick("2026-10-06T03:00:29Z", &mut dead), 0);
    assert_eq!(tick("2026-10-06T03:00:30Z", &mut dead), 3);
    assert_eq!(tick("2026-10-06T03:01:29Z", &mut dead), 0);
    let waiting = place.rows(&["query", "alert_waiting"]);
    let attempts: Vec<_> = waiting.iter().map(|row| row["attempts"].as_u64()).collect();
    assert_eq!(attempts, [Some(2), Some(0), Some(0)], "one attempt a time is enough to know");
    let error = waiting[0]["last_error"].as_str().expect("an error");
    assert!(error.starts_with(&format!("webhook http://{address}: ")) && !error.contains("hunter2"), "{error}");
    let alive = Server::new(&[]);
    assert_eq!(tick("2026-10-06T03:01:30Z", &mut alive.receivers()), 3);
    assert_eq!(place.rows(&["query", "alert_waiting"]).len(), 0);
    assert_eq!(alive.requests().len(), 3);
    assert_eq!(place.rows(&["query", "alert_health"])[0]["last_error"], Value::Null);
}

/// A store with the alerts of the fixtures.
fn with_alerts() -> Place {
    let place = Place::with_fixtures();
    place.raise(NOW, &[]);
    place
}

#[test]
fn alerts_are_listed_by_what_they_are() {
    let place = with_alerts();
    place.ok(&["alerts", "ack", EVENTS[0]]);
    place.ok(&["alerts", "close", EVENTS[1]]);
    for (args, expected) in [
        (&[][..], &EVENTS[..]),
        (&["--status", "open"], &EVENTS[2..]),
        (&["--status", "acknowledged,closed"], &EVENTS[..2]),
        (&["--rule", "deprecated_ami_discovery"], &EVENTS),
        (&["--rule", "another"], &[]),
        (&["--severity", "low"], &EVENTS),
        (&["--severity", "medium"], &[]),
        (&["--principal", "*:assumed-role/ops-admin/*"], &EVENTS),
        (&["--principal", "*/ops_admin/*"], &[]),
        (&["--account", "1111*"], &EVENTS),
        (&["--account", "1111"], &[]),
        (&["--since", NOW], &EVENTS),
        (&["--until", NOW], &[]),
        (&["--limit", "1"], &EVENTS[..1]),
        (&["--suppressed"], &[]),
    ] {
        assert_eq!(events(&place.rows(&[&["alerts"], args].concat())), expected, "{args:?}");
    }
    let csv = place.ok(&["alerts", "--format", "csv", "--columns", "status,event_id"]);
    assert!(csv.starts_with(&format!("status,event_id\nacknowledged,{}\n", EVENTS[0])), "{csv}");
    let ran = Place::with_fixtures().run(&["alerts"]);
    assert!(ran.code == 0 && ran.stderr.starts_with("no alerts: `trailduck watch` raises them"), "{}", ran.stderr);
}

#[test]
fn an_alert_is_found_by_its_id_or_its_events_or_how_they_begin() {
    let place = with_alerts();
    for id in [ALERT, &ALERT[..8], EVENTS[0], &EVENTS[0][..13], &EVENTS[0].to_uppercase()] {
        let shown: Value = serde_json::from_str(&place.ok(&["alerts", "show", id, "--format", "json"])).expect("JSON");
        assert_eq!(
            (&shown["alert"][0]["alert_id"], &shown["alert"][0]["event_id"]),
            (&json!(ALERT), &json!(EVENTS[0]))
        );
        assert_eq!(shown["history"][0]["author"], "trailduck");
        assert_eq!(shown["next"][0]["command"], format!("trailduck triage {}", EVENTS[0]));
    }
    for (id, expected) in [
        ("aa37932", "8 characters"),
        ("nonsense", "expected the id"),
        ("' OR true --", "expected the id"),
        ("00000000", "no alert 00000000: `trailduck alerts` lists"),
    ] {
        for args in [&["alerts", "show", id][..], &["alerts", "ack", ALERT, id]] {
            let ran = place.run(args);
            assert_eq!(ran.code, 1, "{args:?}");
            assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        }
    }
    assert_eq!(place.rows(&["alerts", "--status", "open"]).len(), 3, "nothing was changed");
    // two rules about one event
    let alert = json!({"rule": "another", "event_id": EVENTS[0], "event_time": "2026-10-06T02:27:33Z", "severity": "high", "risk_score": 73});
    place.write("more.ndjson", alert.to_string());
    place.ok(&["alerts", "import", "more.ndjson"]);
    let ran = place.run(&["alerts", "show", EVENTS[0]]);
    assert!(ran.code == 1 && ran.stderr.contains("2 alerts have ids") && ran.stderr.contains(ALERT), "{}", ran.stderr);
    place.ok(&["alerts", "show", ALERT]);
}

#[test]
fn what_people_make_of_an_alert_is_kept() {
    let place = with_alerts();
    let history = || {
        let rows = place.rows(&["query", "alert_changes", "--alert", ALERT]);
        let step = |row: &Value| {
            let text = |column: &str| row[column].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {}", text("status"), text("verdict"), text("author"), text("note"))
        };
        rows.iter().map(step).collect::<Vec<_>>()
    };
    let principal = "arn:aws:sts::111122223333:assumed-role/ops-admin/session-1791253040";
    let what = format!("{ALERT} (deprecated_ami_discovery, {principal})");
    let by = |args: &[&str]| place.run(&[&["alerts"], args, &["--author", "alice"]].concat());
    assert_eq!(by(&["ack", ALERT, "--note", "asking"]).stdout, format!("acknowledged {what}\n"));
    assert_eq!(by(&["ack", ALERT]).stdout, format!("{what} is acknowledged already\n"));
    assert_eq!(
        by(&["ack", ALERT, "--note", "no answer"]).stdout,
        format!("{what} is acknowledged already: added the note\n")
    );
    assert_eq!(by(&["close", ALERT, "--as", "benign", "--note", "it's CHG-1042"]).stdout, format!("closed {what}\n"));
    // closed, and closed in the same way
    assert_eq!(by(&["close", ALERT]).code, 0);
    assert_eq!(by(&["close", ALERT, "--as", "benign"]).stdout, format!("{what} is closed already\n"));
    for wrong in [&["close", ALERT, "--as", "true-positive"][..], &["ack", ALERT]] {
        let ran = by(wrong);
        assert_eq!(ran.code, 1, "{wrong:?}");
        assert!(ran.stderr.contains(&format!("trailduck alerts reopen {ALERT}")), "{}", ran.stderr);
    }
    assert_eq!(by(&["reopen", ALERT]).stdout, format!("reopened {what}\n"));
    assert_eq!(by(&["reopen", ALERT]).stdout, format!("{what} is open already\n"));
    assert_eq!(
        history(),
        [
            "open - trailduck -",
            "acknowledged - alice asking",
            "acknowledged - alice no answer",
            "closed benign alice it's CHG-1042",
            "open - alice -",
        ]
    );
    let alert = &place.rows(&["alerts"])[0];
    assert_eq!(
        (&alert["status"], &alert["verdict"], &alert["note"]),
        (&json!("open"), &Value::Null, &json!("it's CHG-1042"))
    );
    // raising does not undo it
    place.ok(&["alerts", "close", ALERT]);
    place.raise("2026-10-06T05:00:00Z", &[]);
    assert_eq!(place.rows(&["alerts"])[0]["status"], "closed");
}

#[test]
fn several_alerts_are_changed_together_or_not_at_all() {
    let place = with_alerts();
    let ran = place.run(&[&["alerts", "close"], &EVENTS[..], &[ALERT], &["--as", "false-positive"]].concat());
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 3), "{}", ran.stderr);
    place.ok(&["alerts", "reopen", EVENTS[0]]);
    assert_eq!(place.run(&["alerts", "ack", EVENTS[0], EVENTS[1]]).code, 1);
    assert_eq!(place.rows(&["alerts"])[0]["status"], "open");
    assert_eq!(place.run(&["alerts", "ack"]).code, 2);
    assert_eq!(place.run(&["alerts", "close", ALERT, "--as", "nothing"]).code, 2);
    assert_eq!(place.run(&["alerts", "close", ALERT, "--note", " "]).code, 2);
}

#[test]
fn what_was_typed_by_anyone_does_nothing_to_a_terminal() {
    let place = Place::new();
    let hostile = "arn:aws:iam::1:user/\u{1b}[31m\u{202e}=cmd|x`<b>";
    let mut event = query(1, "2026-10-06T02:14:00Z");
    event["userIdentity"]["arn"] = json!(hostile);
    event["userAgent"] = json!("=HYPERLINK(1)");
    place.write("log.json", log(&[event]));
    place.load(&["log.json"]);
    place.raise(NOW, &[Channel::Stdout]);
    let id = place.rows(&["alerts"])[0]["alert_id"].as_str().expect("an id").to_owned();
    let note = place.ok(&["alerts", "ack", &id, "--note", "\u{1b}[2J\u{202e}", "--author", "=\u{7}"]);
    let delivered = due(&place, NOW, &[Channel::Stdout], 1).remove(0).alert;
    let mut outputs = vec![note, delivered];
    for format in ["table", "json", "ndjson", "csv", "markdown"] {
        outputs.push(place.ok(&["alerts", "--columns", "all", "--format", format]));
        outputs.push(place.ok(&["alerts", "show", &id, "--format", format]));
    }
    for output in outputs {
        assert!(!output.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{output:?}");
        assert!(!output.contains(",=HYPERLINK"), "{output}");
    }
}

#[test]
fn alerts_of_elsewhere_are_imported_once() {
    let [here, there] = [with_alerts(), with_alerts()];
    there.ok(&["alerts", "close", ALERT, "--as", "benign", "--note", "seen"]);
    let text = there.ok(&["alerts", "--format", "ndjson"]);
    here.write("alerts.ndjson", &text);
    let imported = |place: &Place, paths: &[&str]| {
        let row = place.rows(&[&["alerts", "import"], paths].concat()).remove(0);
        ["files", "alerts", "new", "known"].map(|column| row[column].as_u64().expect(column))
    };
    assert_eq!(imported(&here, &["alerts.ndjson"]), [1, 3, 0, 3]);
    assert_eq!(here.rows(&["alerts"])[0]["status"], "open", "what is known stays as it is");
    // in a store that has none of the events, nor anything else
    let empty = Place::new();
    empty.write("alerts.ndjson", &text);
    assert_eq!(imported(&empty, &["alerts.ndjson"]), [1, 3, 3, 0]);
    assert_eq!(imported(&empty, &["alerts.ndjson"]), [1, 3, 0, 3]);
    let mut expected = there.rows(&["alerts"]);
    let mut found = empty.rows(&["alerts"]);
    assert_eq!(found[0]["note"], "imported from alerts.ndjson");
    for rows in [&mut expected, &mut found] {
        for row in rows.iter_mut() {
            // what is of the history
            for column in ["changed_at", "author", "note"] {
                row.as_object_mut().expect("a row").remove(column);
            }
        }
    }
    assert_eq!(found, expected);
    let shown = empty.ok(&["alerts", "show", ALERT]);
    assert!(shown.contains("its event is not in this store"), "{shown}");
    // by a pipe
    let piped = Place::new();
    let ran = piped.run_with(&["alerts", "import", "-"], text);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 files, 3 alerts: 3 new, 0 known\n"), "{}", ran.stderr);
    // the event comes later: it is the same alert
    piped.ok(&["load", common::fixtures("AWSLogs").to_str().expect("UTF-8")]);
    assert_eq!(piped.raise(NOW, &[Channel::Stdout]), raised(0, 0, 0));
}

#[test]
fn alerts_are_imported_from_parquet() {
    let place = with_alerts();
    // as other engines write it: times with a zone, facts as text, one alert twice
    place.ok(&[
        "sql",
        "COPY (
            SELECT * REPLACE (CAST(event_time AS TIMESTAMPTZ) AS event_time, facts::VARCHAR AS facts) FROM alert_list()
            UNION ALL BY NAME
            SELECT * REPLACE (CAST(event_time AS TIMESTAMPTZ) AS event_time, facts::VARCHAR AS facts) FROM alert_list()
            ORDER BY 1
        ) TO 'a [1].parquet'",
    ]);
    let bytes = fs::read(place.path("a [1].parquet")).expect("a file");
    let other = Place::new();
    other.write("in/a [1].parquet", bytes);
    // what Spark leaves beside it
    for name in ["_SUCCESS", "._SUCCESS.crc", ".a [1].parquet.crc"] {
        other.write(&format!("in/{name}"), b"\0\xff");
    }
    assert_eq!(other.ok(&["alerts", "import", "in"]), "1 files, 6 alerts: 3 new, 3 known\n");
    for (found, expected) in other.rows(&["alerts"]).iter().zip(place.rows(&["alerts"])) {
        for column in ["alert_id", "event_time", "first_seen", "facts", "principal"] {
            assert_eq!(found[column], expected[column], "{column}");
        }
    }
}

#[test]
fn a_file_that_is_not_all_alerts_is_not_imported_at_all() {
    let place = Place::new();
    let alert = json!({"rule": "r", "event_id": EVENTS[0], "event_time": "2026-10-06T02:00:00Z", "severity": "low", "risk_score": 21});
    let with = |column: &str, value: Value| {
        let mut alert = alert.clone();
        alert[column] = value;
        alert.to_string()
    };
    for (second, said) in [
        ("{".to_owned(), "bad.ndjson"),
        ("[1]".to_owned(), "alert 2: rule is missing"),
        (with("rule", json!("")), "alert 2: rule is missing"),
        (with("event_id", json!("7")), "alert 2: event_id is missing, or no UUID"),
        (with("event_time", json!("yesterday")), "alert 2: event_time is missing"),
        (with("severity", json!("bad")), "alert 2: severity is missing"),
        (with("risk_score", json!(101)), "alert 2: risk_score is missing"),
        (with("status", json!("new")), "alert 2: status is not"),
        (with("verdict", json!("new")), "alert 2: verdict is not"),
    ] {
        place.write("bad.ndjson", format!("{alert}\n{second}\n"));
        let ran = place.run(&["alerts", "import", "bad.ndjson"]);
        assert_eq!(ran.code, 1, "{second}");
        assert!(ran.stderr.contains(said) && ran.stderr.contains("nothing of it was imported"), "{}", ran.stderr);
        assert_eq!(place.rows(&["alerts"]).len(), 0, "{second}");
    }
    assert_eq!(place.run(&["alerts", "import", "no.ndjson"]).code, 1);
}

#[test]
fn triage_report_and_shell_show_what_became_of_an_alert() {
    let place = with_alerts();
    place.ok(&["alerts", "close", ALERT, "--as", "benign", "--note", "CHG-1042", "--author", "alice"]);
    let triage = place.ok(&["triage", EVENTS[0]]);
    for expected in ["closed", "benign", "2026-10-06T03:00:00Z", "CHG-1042"] {
        assert!(triage.contains(expected), "{expected}: {triage}");
    }
    let report: Value = serde_json::from_str(&place.ok(&["report", "--format", "json"])).expect("JSON");
    assert_eq!(report["version"], 2);
    let alerts = report["alerts"].as_array().expect("alerts");
    let state = |alert: &Value| ["status", "verdict", "first_seen", "note"].map(|column| alert[column].clone());
    assert_eq!(state(&alerts[0]), [json!("closed"), json!("benign"), json!(NOW), json!("CHG-1042")]);
    assert_eq!(state(&alerts[1]), [json!("open"), Value::Null, json!(NOW), Value::Null]);
    let markdown = place.ok(&["report"]);
    assert!(markdown.contains("- Status: closed (benign), raised 2026-10-06T03:00:00Z: CHG-1042"), "{markdown}");
    let html = place.ok(&["report", "--format", "html"]);
    assert!(html.contains("<strong>Status</strong>") && html.contains("CHG-1042"), "{html}");
    let shell = place.run_with(&["shell", "--format", "json"], ".alerts\n").stdout;
    let rows: Vec<Value> = serde_json::from_str(&shell).expect("JSON");
    assert_eq!(
        rows.iter().map(|row| row["status"].as_str()).collect::<Vec<_>>(),
        [Some("closed"), Some("open"), Some("open")]
    );
}
