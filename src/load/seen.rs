//! The events of a transaction: the same event in a second file is a duplicate.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use uuid::Uuid;

use super::lock;

/// Locks that the events are spread over, so that threads seldom wait for each other.
const SHARDS: usize = 64;

/// An event's id in halves, and its time. (As a u128 the id would be aligned to, and so cost, half as much again.)
pub type Event = (u64, u64, i64);

/// The event of this time, in microseconds since the epoch, and id.
pub fn event(time: i64, id: Uuid) -> Event {
    let (high, low) = id.as_u64_pair();
    (high, low, time)
}

/// Which file had which event first.
pub struct Seen {
    shards: Vec<Mutex<HashMap<Event, i32>>>,
    /// Files with an event that another file, the second, had first.
    repeats: Mutex<HashSet<(i32, i32)>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), repeats: Mutex::default() }
    }
}

impl Seen {
    pub fn clear(&self) {
        self.shards.iter().for_each(|shard| lock(shard).clear());
        lock(&self.repeats).clear();
    }

    /// Whether an event is new in this transaction; it is not the next time.
    pub fn is_new(&self, time: i64, id: Uuid, file_id: i32) -> bool {
        let event = event(time, id);
        // ids that are chosen to meet in one shard slow nothing down but its lock
        let shard = event.1 as usize % SHARDS;
        let first = match lock(&self.shards[shard]).entry(event) {
            Entry::Vacant(entry) => {
                entry.insert(file_id);
                return true;
            }
            Entry::Occupied(entry) => *entry.get(),
        };
        if first != file_id {
            lock(&self.repeats).insert((file_id, first));
        }
        false
    }

    /// `files`, and those with events that are only in files of `files`.
    pub fn with_dependants(&self, mut files: HashSet<i32>) -> HashSet<i32> {
        let repeats = lock(&self.repeats);
        loop {
            let before = files.len();
            let more: Vec<i32> =
                repeats.iter().filter(|(_, first)| files.contains(first)).map(|(file, _)| *file).collect();
            files.extend(more);
            if files.len() == before {
                return files;
            }
        }
    }
}
