//! The first screen: what happened in a sentence, the counts behind it, and what the report stands on.

use serde::Serialize;
use serde_json::Value;

use super::scale::{grouped, many};

#[derive(Serialize)]
pub struct Overview {
    verdict: String,
    /// Whether there is something to be alarmed of.
    alarming: bool,
    tiles: Vec<Tile>,
    /// What was looked at, in words.
    coverage: String,
    /// What was not, in words.
    gaps: Vec<String>,
}

#[derive(Serialize)]
struct Tile {
    label: &'static str,
    value: String,
    /// What its colour says.
    tone: &'static str,
}

/// The counts that matter, what one and what many of them are called, and the tone of those that are not 0.
const TILES: [(&str, &str, &str, &str); 8] = [
    ("alerts", "alert", "alerts", "alert"),
    ("alerting_principals", "principal alerted on", "principals alerted on", ""),
    ("launches", "launch that followed", "launches that followed", "launch"),
    ("attempted_launches", "launch refused or rehearsed", "launches refused or rehearsed", ""),
    ("instances_running", "instance still running", "instances still running", "launch"),
    ("deprecated_images_in_use", "deprecated image in use", "deprecated images in use", ""),
    ("suppressed_alerts", "alert suppressed", "alerts suppressed", ""),
    ("exceptions_in_force", "exception in force", "exceptions in force", ""),
];

impl Overview {
    pub fn of(counts: &Value) -> Self {
        let count = |name: &str| counts[name].as_i64().unwrap_or(0);
        let tile = |(name, one, many, tone): (&str, _, _, _)| {
            let value = counts[name].as_i64()?;
            let label = if value == 1 { one } else { many };
            Some(Tile { label, value: grouped(value), tone: if value == 0 { "" } else { tone } })
        };
        Self {
            verdict: verdict(count),
            alarming: count("alerts") > 0,
            tiles: TILES.into_iter().filter_map(tile).collect(),
            coverage: coverage(counts, count),
            gaps: gaps(count),
        }
    }
}

fn verdict(count: impl Fn(&str) -> i64) -> String {
    if count("events") == 0 {
        return "No event is in scope.".to_owned();
    }
    let (launches, running) = (count("launches"), count("instances_running"));
    let mut verdict = match count("alerts") {
        0 => "No alerts".to_owned(),
        alerts => format!("{} by {}", many(alerts, "alert"), many(count("alerting_principals"), "principal")),
    };
    verdict += &match (launches, running) {
        (0, 0) if count("alerts") == 0 => ".".to_owned(),
        (0, 0) => "; no launch followed.".to_owned(),
        (_, 0) => format!("; {} followed, and no instance of them still runs.", many(launches, "launch")),
        (_, 1) => format!("; {} followed, and 1 instance still runs.", many(launches, "launch")),
        _ => format!("; {} followed, and {} still run.", many(launches, "launch"), many(running, "instance")),
    };
    verdict
}

fn coverage(counts: &Value, count: impl Fn(&str) -> i64) -> String {
    if count("events") == 0 {
        return "No events.".to_owned();
    }
    let time = |name: &str| counts[name].as_str().unwrap_or("?").replace('T', " ").replace('Z', "");
    let kinds = [
        ("accounts", "account"),
        ("regions", "region"),
        ("principals", "principal"),
        ("source_addresses", "source address"),
        ("files", "file"),
    ];
    let of: Vec<_> =
        kinds.into_iter().filter(|(name, _)| count(name) > 0).map(|(name, one)| many(count(name), one)).collect();
    format!(
        "{} from {} to {} UTC: {}.",
        many(count("events"), "event"),
        time("first_event_time"),
        time("last_event_time"),
        of.join(", ")
    )
}

fn gaps(count: impl Fn(&str) -> i64) -> Vec<String> {
    let mut gaps = Vec::new();
    match count("hours_without_files") {
        0 => {}
        1 => gaps.push("1 hour has no files: what happened then is not in here.".to_owned()),
        hours => gaps.push(format!("{} hours have no files: what happened then is not in here.", grouped(hours))),
    }
    match count("rejects") {
        0 => {}
        1 => gaps.push("1 record or file could not be read.".to_owned()),
        rejects => gaps.push(format!("{} records or files could not be read.", grouped(rejects))),
    }
    match count("alerts_without_events") {
        0 => {}
        1 => gaps.push("1 alert was raised elsewhere, and the log with its event was not loaded.".to_owned()),
        alerts => gaps.push(format!(
            "{} alerts were raised elsewhere, and the log with their events was not loaded.",
            grouped(alerts)
        )),
    }
    match count("unknown_images_in_use") {
        0 => {}
        1 => gaps.push("Whether 1 image in use is deprecated is not known: an inventory is missing.".to_owned()),
        images => gaps.push(format!(
            "Whether {} images in use are deprecated is not known: an inventory is missing.",
            grouped(images)
        )),
    }
    gaps
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(alerts: i64, principals: i64, launches: i64, running: i64) -> String {
        let counts = json!({"events": 1, "alerts": alerts, "alerting_principals": principals, "launches": launches,
            "instances_running": running});
        Overview::of(&counts).verdict
    }

    #[test]
    fn the_verdict_is_a_sentence() {
        assert_eq!(verdict(0, 0, 0, 0), "No alerts.");
        assert_eq!(verdict(1, 1, 0, 0), "1 alert by 1 principal; no launch followed.");
        assert_eq!(verdict(3, 2, 1, 1), "3 alerts by 2 principals; 1 launch followed, and 1 instance still runs.");
        assert_eq!(
            verdict(3, 1, 8, 1_200),
            "3 alerts by 1 principal; 8 launches followed, and 1,200 instances still run."
        );
        let stopped = "3 alerts by 1 principal; 8 launches followed, and no instance of them still runs.";
        assert_eq!(verdict(3, 1, 8, 0), stopped);
    }

    #[test]
    fn what_is_missing_is_said() {
        let counts = json!({"events": 2, "first_event_time": "2026-10-06T00:00:00Z", "regions": 1, "source_addresses": 2,
            "last_event_time": "2026-10-07T00:00:00Z", "hours_without_files": 1_234, "rejects": 1});
        let overview = Overview::of(&counts);
        let coverage = "2 events from 2026-10-06 00:00:00 to 2026-10-07 00:00:00 UTC: 1 region, 2 source addresses.";
        assert_eq!(overview.coverage, coverage);
        assert_eq!(
            overview.gaps,
            ["1,234 hours have no files: what happened then is not in here.", "1 record or file could not be read."]
        );
    }
}
