//! A day of watching with all that may happen in it, at a clock that is moved: files in order, late, twice and cut short;
//! kills, full disks, dead receivers.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use common::watching::{Mood, Receiver, Watching, alerting, health, said, set_clock, set_modified, told, until};
use common::{Place, gzip, log, record};
use fastrand::Rng;
use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::{Value, json};

/// Ticks of five minutes in a day, and then some more until every receiver has been tried again.
const DAY: i64 = 288;
const AFTER: i64 = 40;

/// Something that comes at a tick.
struct Arrival {
    tick: i64,
    name: String,
    bytes: Vec<u8>,
}

/// The files of a day: none to two for each five minutes.
fn arrivals(random: &mut Rng) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut number = 0;
    let mut last: Option<Value> = None;
    for slot in 0..DAY {
        for part in 0..random.i64(0..=2) {
            let mut records: Vec<_> = (0..random.u64(5..30))
                .map(|_| {
                    number += 1;
                    let mut record = if random.u8(..20) == 0 { alerting(number) } else { record(number, &json!({})) };
                    let time = midnight() + TimeDelta::minutes(5 * slot) + TimeDelta::seconds(random.i64(0..300));
                    record["eventTime"] = json!(time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
                    record["requestParameters"]["filler"] = json!(format!("{:0800}", random.u128(..)));
                    record
                })
                .collect();
            // an event that another file has too
            records.extend(last.clone().filter(|_| random.u8(..4) == 0));
            last = records
                .iter()
                .find(|record| record["requestParameters"]["includeDeprecated"] == true)
                .cloned()
                .or(last);
            let time = midnight() + TimeDelta::minutes(5 * slot);
            let name = format!("logs/{}/x_{}_{part}.json.gz", slot / 12, time.format("%Y%m%dT%H%MZ"));
            let lines = random.bool();
            let text = if lines { records.iter().map(|record| format!("{record}\n")).collect() } else { log(&records) };
            let bytes = gzip(&text);
            // CloudTrail takes some minutes; now and then it takes hours
            let tick = slot + if random.u8(..12) == 0 { random.i64(6..80) } else { random.i64(1..3) };
            match random.u8(..10) {
                // partly written, completed later
                0 | 1 => {
                    let part = bytes[..random.usize(1..bytes.len())].to_vec();
                    arrivals.push(Arrival { tick, name: name.clone(), bytes: part });
                    arrivals.push(Arrival { tick: tick + random.i64(1..8), name, bytes });
                }
                // twice: the same content, or the same events in another form
                2 => {
                    let again = if random.bool() { bytes.clone() } else { log(&records).into_bytes() };
                    let later = tick + random.i64(0..60);
                    arrivals.push(Arrival { tick: later, name: format!("{name}.again"), bytes: again });
                    arrivals.push(Arrival { tick, name, bytes });
                }
                _ => arrivals.push(Arrival { tick, name, bytes }),
            }
        }
    }
    arrivals.retain(|arrival| arrival.tick < DAY + AFTER / 2 || !arrival.name.ends_with(".again"));
    arrivals.iter_mut().for_each(|arrival| arrival.tick = arrival.tick.min(DAY + AFTER / 2));
    arrivals
}

fn midnight() -> DateTime<Utc> {
    "2026-10-06T00:00:00Z".parse().expect("a time")
}

/// The watch, with what happens to it.
struct Day {
    place: Place,
    receiver: Receiver,
    watching: Option<Watching>,
    /// Bytes a file may have at most, while the disk is full.
    limit: Option<u64>,
    starts: u32,
}

impl Day {
    fn start(&mut self) {
        let webhook = self.receiver.url();
        let args = ["logs", "--clock", "now", "--webhook", &webhook, "--max-alerts", "20"];
        self.watching = Some(Watching::start(&self.place, &args));
        self.starts += 1;
        self.limit_files();
    }

    fn limit_files(&self) {
        let Some(watching) = &self.watching else { return };
        prlimit(Some(watching.pid()), Resource::Fsize, Rlimit { current: self.limit, maximum: None }).expect("a limit");
    }

    /// Moves the clock, and waits until the watch has ticked.
    fn tick(&self, now: DateTime<Utc>) {
        set_clock(&self.place, now);
        until("a tick", &self.place, || self.has_ticked(now));
    }

    fn has_ticked(&self, now: DateTime<Utc>) -> bool {
        let health = health(&self.place);
        let last: Option<DateTime<Utc>> = health["last_tick_at"].as_str().and_then(|time| time.parse().ok());
        self.watching.as_ref().is_some_and(|watching| health["process_id"] == watching.child.id()) && last >= Some(now)
    }

    fn kill(&mut self) {
        self.watching.take().expect("it runs").kill();
    }
}

/// Rules and events of the alerts, in order.
fn pairs(rows: &[Value]) -> Vec<String> {
    let mut pairs: Vec<_> =
        rows.iter().map(|row| format!("{} {}", row["rule"], row["event_id"]).replace('"', "")).collect();
    pairs.sort();
    pairs
}

#[test]
fn a_day_with_all_that_may_happen_ends_with_the_alerts_of_one_load_each_told_and_marked_once() {
    let mut random = Rng::with_seed(6);
    let arrivals = arrivals(&mut random);
    let mut day =
        Day { place: Place::new(), receiver: Receiver::start(Mood::Alive), watching: None, limit: None, starts: 0 };
    fs::create_dir(day.place.path("logs")).expect("a folder");
    set_clock(&day.place, midnight());
    day.start();
    let (mut kills, mut failed) = (0, 0);
    for tick in 1..=DAY + AFTER {
        let now = midnight() + TimeDelta::minutes(5 * tick);
        for arrival in arrivals.iter().filter(|arrival| arrival.tick == tick) {
            day.place.write(&arrival.name, &arrival.bytes);
            // most were written before the tick, some are being written
            let age = if random.u8(..10) == 0 { Duration::ZERO } else { Duration::from_secs(30) };
            set_modified(&day.place.path(&arrival.name), SystemTime::from(now) - age);
        }
        let over = tick > DAY + AFTER / 2;
        let full = !over && [60..66, 150..158, 240..243].iter().any(|period| period.contains(&tick));
        let size = || fs::metadata(day.place.path("trail.duckdb")).map_or(0, |store| store.len());
        let limit = full.then(|| day.limit.unwrap_or_else(size));
        if limit != day.limit {
            day.limit = limit;
            day.limit_files();
        }
        day.receiver.be(match tick {
            _ if over => Mood::Alive,
            30..45 | 155..190 => Mood::Dead,
            100..110 | 260..275 => Mood::Failing,
            _ => Mood::Alive,
        });
        if !over && day.watching.is_some() && random.u8(..8) == 0 {
            // killed at some moment of the tick, or between the delivery of an alert and its being marked so
            let taken = day.receiver.requests().len();
            set_clock(&day.place, now);
            if random.bool() {
                sleep(Duration::from_millis(random.u64(0..250)));
            } else {
                until("a delivery, or the end of the tick", &day.place, || {
                    day.receiver.requests().len() > taken || day.has_ticked(now)
                });
            }
            day.kill();
            kills += 1;
            if random.bool() {
                // it is down for a while: a few ticks are missed
                continue;
            }
        }
        if day.watching.is_none() {
            day.start();
        }
        day.tick(now);
        failed += u32::from(health(&day.place)["failing"] == true);
    }
    let last = health(&day.place);
    assert_eq!(
        (&last["files_waiting"], &last["deliveries_waiting"], &last["failing"]),
        (&json!(0), &json!(0), &json!(false))
    );
    assert_eq!(day.watching.take().expect("it runs").terminate(), Some(0));

    // one load of everything
    let place = &day.place;
    place.ok(&["load", "logs", "--db", "whole.duckdb"]);
    let expected = pairs(&place.rows(&["detect", "--db", "whole.duckdb"]));
    assert!(expected.len() > 150, "{}", expected.len());
    assert_eq!(pairs(&place.sql("SELECT rule, event_id FROM alerts")), expected, "{}", said(place));
    let events = "SELECT count(*) AS events,
        bit_xor(hash(event_id, event_time, to_json(request_parameters)::VARCHAR))::VARCHAR AS fingerprint FROM events";
    assert_eq!(place.sql(events), place.rows(&["sql", "--db", "whole.duckdb", events]));
    // each was told, and marked once for each receiver
    let rows = place.sql(
        "SELECT channel, count(*) AS deliveries, count(DISTINCT alert_id) AS alerts, count(delivered_at) AS delivered
        FROM alert_deliveries GROUP BY channel ORDER BY channel",
    );
    let count = expected.len();
    let marked = |channel: &str| json!({"channel": channel, "deliveries": count, "alerts": count, "delivered": count});
    assert_eq!(rows, [marked("stdout"), marked("webhook")]);
    let events: BTreeSet<_> =
        expected.iter().filter_map(|pair| pair.split_once(' ')).map(|(_, id)| id.to_owned()).collect();
    let (told, taken) = (told(place), day.receiver.told());
    assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), events);
    assert_eq!(taken.iter().cloned().collect::<BTreeSet<_>>(), events);
    println!(
        "{} arrivals, {count} alerts; {kills} kills, {} starts, {failed} ticks with an error; told {} times on standard output and {} times by webhook",
        arrivals.len(),
        day.starts,
        told.len(),
        taken.len()
    );
}
