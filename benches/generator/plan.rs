//! Which files there are, how large they are, and what must be in them.

use super::events::{Events, Planted, image};
use super::identities::Place;
use super::text::{Weighted, seeded};
use fastrand::Rng;

/// 2025-03-01T00:00:00Z: when the first events happen.
const BEGIN: i64 = 1_740_787_200;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// CloudTrail delivers what happened in five minutes.
pub const SLOT: i64 = 300;

const RECORDS_PER_FILE: usize = 500;

/// One of so many files is of a second trail, which delivers some events once more.
const SECOND_TRAIL: usize = 9;

/// Share of the records that are queries for deprecated images the detection must find.
const ALERTS: f64 = 0.000_12;

/// One or two files that are delivered for a slot of an account and region.
pub struct Delivery<'a> {
    pub place: Place,
    pub slot: i64,
    /// Events that are new in the first file.
    pub events: usize,
    pub second: Option<Second>,
    pub planted: Vec<Planted<'a>>,
}

/// The file of a second trail: some new events, and some of the first file.
pub struct Second {
    pub events: usize,
    pub repeated: usize,
}

impl Second {
    /// Of so many records, after a first file of so many.
    fn new(records: usize, first: usize) -> Self {
        let repeated = records.min(first) * 3 / 4;
        Self { events: records - repeated, repeated }
    }
}

/// The deliveries of `records` records in all, and the events that must be among them.
pub fn plan(events: &Events, records: usize) -> Vec<Delivery<'_>> {
    let rng = &mut seeded("plan", 0);
    let mut sizes = sizes(records);
    rng.shuffle(&mut sizes);
    // For each place the sizes of its files, and of a second file where there is one.
    let mut places: Vec<_> = Place::all().into_iter().map(|place| (place, Vec::new())).collect();
    let busy = Weighted::new((1..=places.len()).map(|rank| 1.0 / rank as f64));
    let mut current = 0;
    for (number, size) in sizes.into_iter().enumerate() {
        if (number + 1) % SECOND_TRAIL == 0 {
            let (_, second) = places[current].1.last_mut().expect("the file before this one");
            *second = Some(size);
        } else {
            current = busy.draw(rng);
            places[current].1.push((size, None));
        }
    }

    let span = (5 * DAY * records as i64 / 1_000_000).max(2 * DAY);
    let mut deliveries = Vec::new();
    for (place, files) in places {
        let stride = span / files.len().max(1) as i64;
        for (number, (events, second)) in files.into_iter().enumerate() {
            // At least one slot from one to the next.
            let start = number as i64 * stride + rng.i64(0..=(stride - SLOT).max(0));
            deliveries.push(Delivery {
                place,
                slot: BEGIN + start / SLOT * SLOT,
                events,
                second: second.map(|size| Second::new(size, events)),
                planted: Vec::new(),
            });
        }
    }
    plant(events, &mut deliveries, records, rng);
    deliveries
}

/// Sizes of the files of so many records, long-tailed: one to about 10,000.
fn sizes(records: usize) -> Vec<usize> {
    let files = records.div_ceil(RECORDS_PER_FILE);
    let relative = |file| {
        let rank = (file as f64 + 0.5) / files as f64;
        (1.0 - rank).ln().powi(2).clamp(0.005, 40.0)
    };
    let scale = records as f64 / (0..files).map(relative).sum::<f64>();
    let (mut sum, mut sizes) = (0.0, Vec::new());
    for file in 0..files {
        let before = sum;
        sum += relative(file) * scale;
        sizes.push(sum.round() as usize - before.round() as usize);
    }
    sizes
}

/// Puts the queries for deprecated images into the plan, and launches after about half of them.
fn plant<'a>(events: &'a Events, deliveries: &mut [Delivery<'a>], records: usize, rng: &mut Rng) {
    let by_size = Weighted::new(deliveries.iter().map(|delivery| delivery.events as f64));
    let alerts = (records as f64 * ALERTS).ceil() as usize;
    let mut planted = 0;
    while planted < alerts {
        let at = by_size.draw(rng);
        let Delivery { place, slot, events: size, .. } = deliveries[at];
        if deliveries[at].planted.len() == size {
            continue;
        }
        let principal = events.population.draw_quiet(place, rng);
        let time = slot + rng.i64(0..SLOT);
        let session = principal.session_at(time);
        let image = image("deprecated image", 60, rng);
        let query = Planted { principal, session, time, image, launch: false };
        deliveries[at].planted.push(query.clone());
        planted += 1;

        let soon = time + HOUR..time + 20 * HOUR - SLOT;
        let mut later: Vec<_> = deliveries
            .iter_mut()
            .filter(|other| other.place == place && soon.contains(&other.slot))
            .filter(|other| other.planted.len() < other.events)
            .collect();
        if later.is_empty() || rng.bool() {
            continue;
        }
        let launched = later.swap_remove(rng.usize(..later.len()));
        let time = launched.slot + rng.i64(0..SLOT);
        // A role comes back in the same session or a new one, others with the key they have.
        let renewed = principal.is_role() && rng.bool();
        let session = if renewed { principal.session_at(time) } else { session };
        launched.planted.push(Planted { session, time, launch: true, ..query });
    }
}
