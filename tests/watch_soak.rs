//! Weeks of watching: neither memory nor open files grow.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::watching::{alerting, write_settled};
use common::{Place, log, record};
use serde_json::{Value, json};
use trailduck::alerts::{RaiseOptions, Receivers, Stdout};
use trailduck::load::Progress;
use trailduck::source::Narrow;
use trailduck::watch::{Clock, Options, Watch};

/// Ticks: five weeks of every five minutes.
const TICKS: u64 = 10_000;
/// Ticks from one that finds a file to the next.
const NEWS: u64 = 100;

/// A clock that is moved by hand: seconds of Unix time.
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).expect("a time")
    }

    fn patience(&self) -> Duration {
        Duration::ZERO
    }
}

/// What is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Memory in use, in MiB, and open files.
fn usage() -> (f64, usize) {
    let status = fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    (kib / 1024.0, fs::read_dir("/proc/self/fd").expect("procfs").count())
}

#[test]
fn ten_thousand_ticks_leave_memory_and_open_files_as_they_were() {
    let place = Place::new();
    fs::create_dir(place.path("logs")).expect("a folder");
    let clock = Arc::new(MovedClock(AtomicI64::new(Utc::now().timestamp())));
    let told = Told::default();
    let receivers = Receivers { stdout: Some(Stdout::new(Box::new(told.clone()))), ..Receivers::default() };
    let options = Options {
        store: place.path("trail.duckdb"),
        arguments: Vec::new(),
        paths: vec![place.path("logs")],
        narrow: Narrow::default(),
        every: Duration::from_secs(300),
        longest_schedule: Duration::from_secs(300),
        raise: RaiseOptions { channels: receivers.channels(), ..RaiseOptions::default() },
        max_alerts: 100,
        metrics: Some(place.path("trailduck.prom")),
        databases: Box::new(|_| Ok(Arc::new([]))),
    };
    let progress = Arc::new(Progress::default());
    let mut watch = Watch::start(options, None, clock.clone(), receivers, progress, |_| {}).expect("it starts");
    let mut usages = Vec::new();
    for tick in 0..TICKS {
        if tick % NEWS == 0 {
            let number = tick * 100;
            let mut records: Vec<Value> = (1..20).map(|at| record(number + at, &json!({}))).collect();
            records.push(alerting(number));
            write_settled(&place, &format!("logs/{:03}/{tick}.json", tick / 500), log(&records));
        }
        clock.0.fetch_add(300, Ordering::Relaxed);
        let done = watch.tick(false);
        assert!(done.problems.is_empty(), "tick {tick}: {:?}", done.problems);
        assert_eq!(done.delivered, u64::from(tick % NEWS == 0), "tick {tick}");
        if tick % 1000 == 999 {
            let (memory, files) = usage();
            println!("after {:>5} ticks: {memory:.1} MiB, {files} open files", tick + 1);
            usages.push((memory, files));
        }
    }
    let alerts = told.0.lock().expect("no panic").split(|byte| *byte == b'\n').count() - 1;
    assert_eq!(alerts as u64, TICKS / NEWS);
    // what the allocator holds goes up and down: a later thousand must have been as low as an early one
    let least = |usages: &[(f64, usize)]| usages.iter().map(|(memory, _)| *memory).fold(f64::INFINITY, f64::min);
    let most = |usages: &[(f64, usize)]| usages.iter().map(|(memory, _)| *memory).fold(0.0, f64::max);
    let (early, late) = usages.split_at(usages.len() / 2);
    assert!(least(late) <= most(early), "{usages:?}");
    assert!(usages.iter().all(|(_, files)| *files == usages[0].1), "{usages:?}");
}
