//! The column chart over time: events, and the alerts and launches among them, in panels of their own.

use serde::Serialize;
use serde_json::Value;

use super::scale::{Counts, grouped, many, moment, moments, seconds};

pub const WIDTH: f64 = 920.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 8.0;
const GAP: f64 = 30.0;

#[derive(Serialize)]
pub struct Columns {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    /// Below the last panel.
    bottom: f64,
    panels: Vec<Panel>,
    /// An interval's width in full height, to point at.
    intervals: Vec<Interval>,
    moments: Vec<Moment>,
    /// What is to be seen, in a sentence.
    summary: String,
}

#[derive(Serialize)]
struct Panel {
    key: &'static str,
    title: String,
    top: f64,
    bottom: f64,
    marks: Vec<Mark>,
    columns: Vec<Column>,
}

#[derive(Serialize)]
struct Mark {
    y: f64,
    text: String,
}

#[derive(Serialize)]
struct Column {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

#[derive(Serialize)]
struct Interval {
    x: f64,
    width: f64,
    text: String,
}

#[derive(Serialize)]
struct Moment {
    x: f64,
    text: String,
}

impl Columns {
    /// Draws rows of `begin_time`, `end_time` and counts; none if there are no events in them.
    pub fn of(rows: &[Value]) -> Option<Self> {
        let time = |row: &Value, name: &str| row[name].as_str().and_then(seconds);
        let (from, to) = (time(rows.first()?, "begin_time")?, time(rows.last()?, "end_time")?);
        let counts = |name: &str| rows.iter().map(|row| row[name].as_u64().unwrap_or(0)).collect::<Vec<_>>();
        let shown = [
            ("events", "Events", 130.0, counts("events")),
            ("alerts", "Alerts", 40.0, counts("alerts")),
            ("launches", "Launches", 40.0, counts("launches")),
        ];
        if to <= from || shown[0].3.iter().all(|&count| count == 0) {
            return None;
        }
        let slot = (WIDTH - LEFT - RIGHT) / rows.len() as f64;
        let summary = summary(&shown[0].3, rows);
        let (mut panels, mut top): (Vec<Panel>, f64) = (Vec::new(), 24.0);
        for (key, title, height, counts) in shown {
            // nothing else is worth an empty panel
            if key != "alerts" && counts.iter().all(|&count| count == 0) {
                continue;
            }
            let panel = Panel::new(key, title, top, height, slot, &counts);
            top = panel.bottom + GAP;
            panels.push(panel);
        }
        let bottom = top - GAP;
        let intervals = rows.iter().enumerate().map(|(index, row)| {
            let text = interval(row, time(row, "begin_time"), time(row, "end_time"));
            Interval { x: round(LEFT + slot * index as f64), width: round(slot), text }
        });
        let intervals = intervals.collect();
        let (times, step) = moments(from, to, 8);
        let place = |time: i64| LEFT + (WIDTH - LEFT - RIGHT) * (time - from) as f64 / (to - from) as f64;
        let times = times.into_iter().map(|time| Moment { x: round(place(time)), text: moment(time, step) });
        // none where the time zone is written
        let moments = times.filter(|moment| moment.x < WIDTH - 70.0).collect();
        let (left, right, height) = (LEFT, WIDTH - RIGHT, bottom + 26.0);
        Some(Self { width: WIDTH, height, left, right, bottom, panels, intervals, moments, summary })
    }
}

impl Panel {
    fn new(key: &'static str, title: &str, top: f64, height: f64, slot: f64, counts: &[u64]) -> Self {
        let scale = Counts::of(counts);
        let bottom = top + height;
        let mut columns = Vec::new();
        for (index, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            // one event is seen, whatever the scale
            let height = (height * scale.share(count)).max(1.5);
            let width = if slot > 4.0 { slot - 1.0 } else { slot * 0.8 };
            let x = LEFT + slot * index as f64;
            columns.push(Column { x: round(x), y: round(bottom - height), width: round(width), height: round(height) });
        }
        let some = counts.iter().any(|&count| count > 0);
        let marks = scale.marks().into_iter().filter(|_| some);
        let mark = |count: u64| Mark { y: round(bottom - height * scale.share(count)), text: grouped(count as i64) };
        let marks: Vec<_> = marks.map(mark).collect();
        // in a low panel there is room for one
        let marks = marks.into_iter().filter(|mark| height > 60.0 || mark.y <= top).collect();
        let title = match () {
            () if !some => format!("{title}: none"),
            () if scale.is_root() => format!("{title} (square-root scale)"),
            () => title.to_owned(),
        };
        Self { key, title, top, bottom, marks, columns }
    }
}

/// An interval and its counts, in words.
fn interval(row: &Value, begin: Option<i64>, end: Option<i64>) -> String {
    let (begin, end) = (begin.unwrap_or(0), end.unwrap_or(0));
    let step = (end - begin).min(3_600);
    let count = |name: &str, one| many(row[name].as_i64().unwrap_or(0), one);
    format!(
        "{} to {} UTC: {}, {}, {}",
        moment(begin, step),
        moment(end, step),
        count("events", "event"),
        count("alerts", "alert"),
        count("launches", "launch")
    )
}

fn summary(events: &[u64], rows: &[Value]) -> String {
    let most = events.iter().max().copied().unwrap_or(0);
    let busiest = events.iter().position(|&count| count == most).and_then(|index| rows.get(index));
    let begin = busiest.and_then(|row| row["begin_time"].as_str()).and_then(seconds).unwrap_or(0);
    let sum = |name: &str, one| many(rows.iter().filter_map(|row| row[name].as_i64()).sum(), one);
    format!(
        "{}, {} and {} in {} equal intervals; the busiest, from {} UTC, has {}.",
        sum("events", "event"),
        sum("alerts", "alert"),
        sum("launches", "launch"),
        rows.len(),
        moment(begin, 3_600),
        many(most as i64, "event")
    )
}

/// To a tenth: more cannot be seen.
pub fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(hour: u32, events: u64, alerts: u64, launches: u64) -> Value {
        let (begin, end) = (format!("2026-10-06T{hour:02}:00:00Z"), format!("2026-10-06T{:02}:00:00Z", hour + 1));
        json!({"begin_time": begin, "end_time": end, "events": events, "alerts": alerts, "launches": launches})
    }

    #[test]
    fn columns_stand_on_the_ground_and_within_the_panel() {
        let chart = Columns::of(&[row(0, 80, 0, 0), row(1, 40, 2, 0), row(2, 0, 0, 0)]).expect("a chart");
        let keys: Vec<_> = chart.panels.iter().map(|panel| panel.key).collect();
        assert_eq!(keys, ["events", "alerts"]);
        let [first, second] = &chart.panels[0].columns[..] else { panic!("two columns") };
        assert_eq!((first.height, second.height), (130.0, 65.0));
        assert_eq!(first.y + first.height, chart.panels[0].bottom);
        assert_eq!(chart.panels[1].columns[0].x, second.x);
        assert_eq!(chart.intervals[1].text, "6 Oct 01:00 to 6 Oct 02:00 UTC: 40 events, 2 alerts, 0 launches");
        assert_eq!(chart.intervals.len(), 3);
    }

    #[test]
    fn nothing_makes_no_chart() {
        assert!(Columns::of(&[]).is_none());
        assert!(Columns::of(&[row(0, 0, 0, 0)]).is_none());
        assert!(Columns::of(&[json!({"begin_time": null})]).is_none());
    }
}
