//! Deterministic synthetic CloudTrail logs to measure with: as varied as the logs of an
//! organization are, so that neither compression nor shredding looks better than it is.
//!
//! A plan says which files there are and what must be in them; each delivery of the plan is then
//! written with randomness of its own, so that it does not matter which thread does it.

mod events;
mod identities;
mod parameters;
mod plan;
mod services;
mod styles;
mod text;

use events::{Events, Scene};
use fastrand::Rng;
use libdeflater::{CompressionLvl, Compressor};
use plan::{Delivery, SLOT, plan};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use text::{Scope, filled, in_utc, seeded};

/// Part of the folder's name: what an older generator made is not taken for this one's.
const VERSION: u32 = 1;

/// Within a file, records are in order but for so many seconds.
const JITTER: i64 = 30;

/// A generated data set.
#[derive(Debug)]
pub struct DataSet {
    pub folder: PathBuf,
    pub files: usize,
    /// Records, those delivered twice counted twice.
    pub events: usize,
    pub distinct: usize,
    pub json_bytes: u64,
    pub gzip_bytes: u64,
    /// Distinct successful DescribeImages with includeDeprecated and an owner.
    pub alerts: usize,
    /// Alerts that a successful RunInstances of the same access key, role session or role follows
    /// within twenty hours, as planned. Chance adds a few.
    pub launches: usize,
}

/// Generates `events` records in a folder of `cache`, unless they are there already.
pub fn data_set(cache: &Path, events: usize) -> io::Result<DataSet> {
    let folder = cache.join(format!("events-{events}-v{VERSION}"));
    let manifest = folder.join("manifest.json");
    if !manifest.exists() {
        // What an interrupted run left.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let described = generate(&folder, events)?;
        let unfinished = folder.join("manifest.json.part");
        fs::write(&unfinished, serde_json::to_vec_pretty(&described)?)?;
        fs::rename(unfinished, &manifest)?;
    }
    let described: Value = serde_json::from_slice(&fs::read(manifest)?)?;
    let number = |name: &str| described[name].as_u64().ok_or(io::ErrorKind::InvalidData);
    Ok(DataSet {
        files: number("files")? as usize,
        events: number("events")? as usize,
        distinct: number("distinct")? as usize,
        json_bytes: number("json_bytes")?,
        gzip_bytes: number("gzip_bytes")?,
        alerts: number("alerts")? as usize,
        launches: number("launches")? as usize,
        folder,
    })
}

/// Generates everything but the manifest, which is returned.
fn generate(folder: &Path, records: usize) -> io::Result<Value> {
    let events = Events::new();
    let deliveries = plan(&events, records);
    let next = AtomicUsize::new(0);
    let (json_bytes, gzip_bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> io::Result<()> {
        let mut compressor = Compressor::new(CompressionLvl::new(6).expect("6 is a level"));
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(delivery) = deliveries.get(number) else {
                return Ok(());
            };
            for file in write(&events, delivery, number) {
                let packed = gzip(&mut compressor, file.json.as_bytes())?;
                let path = folder.join(file.path);
                fs::create_dir_all(path.parent().expect("a file in a folder"))?;
                fs::write(path, &packed)?;
                json_bytes.fetch_add(file.json.len(), Ordering::Relaxed);
                gzip_bytes.fetch_add(packed.len(), Ordering::Relaxed);
            }
        }
    };
    let threads = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut done = workers.into_iter().map(|worker| worker.join().expect("no panic"));
        done.try_for_each(|result| result)
    })?;
    let seconds = || deliveries.iter().filter_map(|delivery| delivery.second.as_ref());
    let planted = |launch| {
        let all = deliveries.iter().flat_map(|delivery| &delivery.planted);
        all.filter(|planted| planted.launch == launch).count()
    };
    Ok(json!({
        "files": deliveries.len() + seconds().count(),
        "events": records,
        "distinct": records - seconds().map(|second| second.repeated).sum::<usize>(),
        "json_bytes": json_bytes.into_inner(),
        "gzip_bytes": gzip_bytes.into_inner(),
        "alerts": planted(false),
        "launches": planted(true),
    }))
}

/// A file before it is compressed.
struct File {
    path: PathBuf,
    json: String,
}

/// Writes the files of a delivery.
fn write(events: &Events, delivery: &Delivery, number: usize) -> Vec<File> {
    let rng = &mut seeded("delivery", number as u64);
    let &Delivery { place, slot, .. } = delivery;
    let seconds = slot..slot + SLOT;
    let beginning = events.population.sessions_beginning(place, seconds.clone(), rng);
    let mut scene = Scene { place, seconds, beginning, last: None };

    // Records one after another, and for each its place in the file and in this text.
    let mut text = String::new();
    let mut first = Vec::with_capacity(delivery.events);
    for planted in &delivery.planted {
        let start = text.len();
        events.write_planted(&mut text, planted, place, rng);
        first.push((planted.time + rng.i64(0..JITTER), start..text.len()));
    }
    let mut more = |count: usize, rng: &mut Rng| -> Vec<Record> {
        (0..count)
            .map(|_| {
                let start = text.len();
                let time = events.write_any(&mut text, &mut scene, rng);
                (time + rng.i64(0..JITTER), start..text.len())
            })
            .collect()
    };
    first.extend(more(delivery.events - delivery.planted.len(), rng));
    let mut trails = vec![first];
    if let Some(second) = &delivery.second {
        let mut records = more(second.events, rng);
        records.extend(rng.choose_multiple(trails[0].iter().cloned(), second.repeated));
        trails.push(records);
    }
    let file = |records| File { path: path(delivery, rng), json: document(&text, records) };
    trails.into_iter().map(file).collect()
}

/// Seconds since 1970 that sort a record into its file, and where its text is.
type Record = (i64, Range<usize>);

fn document(text: &str, mut records: Vec<Record>) -> String {
    records.sort_by_key(|(order, record)| (*order, record.start));
    let records: Vec<&str> = records.into_iter().map(|(_, record)| &text[record]).collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

/// Where S3 has a file of a delivery: it comes some minutes after what happened.
fn path(delivery: &Delivery, rng: &mut Rng) -> PathBuf {
    let (account, region) = (delivery.place.account(), delivery.place.region());
    let time = delivery.slot + SLOT * rng.i64(2..=3);
    let (day, minute) = (in_utc(time).format("%Y/%m/%d"), in_utc(time).format("%Y%m%dT%H%MZ"));
    let suffix = filled("{alnum}", rng, Scope::new(0, &[]));
    let name = format!("{account}_CloudTrail_{region}_{minute}_{suffix}.json.gz");
    format!("AWSLogs/{account}/CloudTrail/{region}/{day}/{name}").into()
}

fn gzip(compressor: &mut Compressor, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut packed).map_err(io::Error::other)?;
    packed.truncate(length);
    Ok(packed)
}
