//! How a watch is: kept beside the store, in `trail.duckdb.watch.json`, for `trailduck status`, and as metrics.

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::beside;

/// Counts are since the watch was started. Times are UTC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    pub process_id: u32,
    #[serde(with = "moment")]
    pub started_at: Option<DateTime<Utc>>,

    // ticks
    #[serde(with = "moment")]
    pub last_tick_at: Option<DateTime<Utc>>,
    pub last_tick_seconds: f64,
    pub ticks: u64,
    pub failed_ticks: u64,

    // what they did
    pub files_loaded: u64,
    pub events_loaded: u64,
    pub alerts_raised: u64,
    pub alerts_delivered: u64,
    pub failed_deliveries: u64,

    // what is to be done
    /// Files that are still being written, that cannot be opened, or that a tick failed to load.
    pub files_waiting: u64,
    /// Alerts that were not delivered yet, once for each receiver.
    pub deliveries_waiting: u64,

    // how far it is
    /// When something was loaded last, by whichever program.
    #[serde(with = "moment")]
    pub last_ingestion_at: Option<DateTime<Utc>>,
    /// The time of the newest event in the store.
    #[serde(with = "moment")]
    pub last_event_at: Option<DateTime<Utc>>,

    // what is wrong
    /// Whether the last tick met an error.
    pub failing: bool,
    pub last_error: Option<String>,
    #[serde(with = "moment")]
    pub last_error_at: Option<DateTime<Utc>>,
}

impl Health {
    /// As the watch on a store left it; none if there was none, or it cannot be read.
    pub fn read(store: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(beside(store, SUFFIX)).ok()?).ok()
    }

    /// Keeps it for others to read.
    pub fn write(&self, store: &Path) -> io::Result<()> {
        replace(&beside(store, SUFFIX), &serde_json::to_vec_pretty(self)?)
    }
}

const SUFFIX: &str = ".watch.json";

/// Writes a file such that whoever reads it finds all of it, as it was or as it is.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
}

/// Moments as RFC 3339.
mod moment {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(moment: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match moment {
            Some(moment) => serializer.serialize_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let parse = |text: String| DateTime::parse_from_rfc3339(&text).map(|moment| moment.to_utc());
        text.map(parse).transpose().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("trail.duckdb");
        assert_eq!(Health::read(&store), None);
        let health = Health {
            ticks: 3,
            last_tick_at: DateTime::from_timestamp(1_790_000_000, 5_000_000),
            last_error: Some("no".to_owned()),
            ..Health::default()
        };
        health.write(&store).expect("a file");
        assert_eq!(Health::read(&store), Some(health));
    }
}
