//! A watch's health in the Prometheus text format (version 0.0.4), in a file as node_exporter's textfile collector reads it.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::health::{Health, replace};

/// Writes them; whoever may read the folder may read them, unlike the store.
pub fn write(health: &Health, path: &Path, now: DateTime<Utc>) -> io::Result<()> {
    replace(path, text(health, now).map_err(io::Error::other)?.as_bytes())?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    Ok(())
}

fn text(health: &Health, now: DateTime<Utc>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("trailduck_watch");
    for (name, help, value) in [
        ("ticks", "Ticks since the watch was started", health.ticks),
        ("failed_ticks", "Ticks that met an error", health.failed_ticks),
        ("files_loaded", "Files loaded", health.files_loaded),
        ("events_loaded", "New events loaded", health.events_loaded),
        ("alerts_raised", "Alerts raised that no exception suppresses", health.alerts_raised),
        ("alerts_delivered", "Alerts delivered, once for each receiver", health.alerts_delivered),
        ("failed_deliveries", "Attempts to deliver an alert that failed", health.failed_deliveries),
    ] {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
    let since = |moment: Option<DateTime<Utc>>| moment.map(|moment| (now - moment).as_seconds_f64());
    let at = |moment: Option<DateTime<Utc>>| moment.map(|moment| moment.timestamp_millis() as f64 / 1e3);
    for (name, help, value) in [
        ("start_time_seconds", "When the watch was started, as Unix time", at(health.started_at)),
        ("last_tick_timestamp_seconds", "When the last tick began, as Unix time", at(health.last_tick_at)),
        ("last_tick_duration_seconds", "How long the last tick took", Some(health.last_tick_seconds)),
        (
            "last_ingestion_timestamp_seconds",
            "When something was loaded last, as Unix time",
            at(health.last_ingestion_at),
        ),
        (
            "last_event_timestamp_seconds",
            "The time of the newest event in the store, as Unix time",
            at(health.last_event_at),
        ),
        ("lag_seconds", "How old the newest event was at the last tick", since(health.last_event_at)),
        ("files_waiting", "Files that are being written, or cannot be loaded", Some(health.files_waiting as f64)),
        (
            "deliveries_waiting",
            "Alerts not delivered yet, once for each receiver",
            Some(health.deliveries_waiting as f64),
        ),
        ("failing", "Whether the last tick met an error", Some(f64::from(u8::from(health.failing)))),
        ("last_error_timestamp_seconds", "When an error was met last, as Unix time", at(health.last_error_at)),
    ] {
        // what is not known yet has no sample
        let Some(value) = value else { continue };
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_says_what_it_is() {
        let at = DateTime::from_timestamp(1_790_000_000, 500_000_000);
        let health = Health { ticks: 7, last_tick_at: at, last_event_at: at, ..Health::default() };
        let text = text(&health, DateTime::from_timestamp(1_790_000_060, 0).expect("a moment")).expect("memory");
        for line in [
            "# HELP trailduck_watch_ticks_total Ticks since the watch was started.",
            "# TYPE trailduck_watch_ticks_total counter",
            "trailduck_watch_ticks_total 7",
            "# TYPE trailduck_watch_lag_seconds gauge",
            "trailduck_watch_lag_seconds 59.5",
            "trailduck_watch_last_tick_timestamp_seconds 1790000000.5",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
        assert!(!text.contains("last_error_timestamp"), "there was none");
    }
}
