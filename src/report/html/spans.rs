//! The coverage: a bar for each account from its first event to its last, open where there are no files.

use serde::Serialize;
use serde_json::Value;

use super::columns::{WIDTH, round};
use super::scale::{many, moment, moments, seconds, short};

/// More are in the table alone.
const MOST: usize = 12;
/// Characters of an account's number, which has 12 digits.
const NAME: usize = 14;
const LEFT: f64 = 118.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 6.0;
const LINE: f64 = 24.0;

#[derive(Serialize)]
pub struct Spans {
    width: f64,
    height: f64,
    bottom: f64,
    accounts: Vec<Account>,
    moments: Vec<Moment>,
    left_out: usize,
    summary: String,
}

#[derive(Serialize)]
struct Account {
    name: String,
    y: f64,
    bar: Bar,
    gaps: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    x: f64,
    width: f64,
    what: String,
}

#[derive(Serialize)]
struct Moment {
    x: f64,
    text: String,
}

impl Spans {
    /// Draws rows of `first_event_time` and `last_event_time`, and those of `gap_start` and `gap_end`; none if there are no
    /// times.
    pub fn of(accounts: &[Value], gaps: &[Value]) -> Option<Self> {
        let time = |row: &Value, name: &str| row[name].as_str().and_then(seconds);
        let rows = accounts
            .iter()
            .filter_map(|row| Some((row, time(row, "first_event_time")?, time(row, "last_event_time")?)));
        let rows: Vec<_> = rows.collect();
        let from = rows.iter().map(|row| row.1).min()?;
        let to = rows.iter().map(|row| row.2).max().filter(|&to| to > from)?;
        let place = |time: i64| LEFT + (WIDTH - LEFT - RIGHT) * (time - from) as f64 / (to - from) as f64;
        let bar = |begin: i64, end: i64, what: String| {
            let (begin, end) = (begin.clamp(from, to), end.clamp(from, to));
            Bar { x: round(place(begin)), width: round((place(end) - place(begin)).max(1.5)), what }
        };
        let account = |(index, &(row, begin, end)): (usize, &(&Value, i64, i64))| {
            let name = short(row["account_id"].as_str().unwrap_or("unknown"), NAME);
            let events = row["events"].as_i64().unwrap_or(0);
            let what = format!("{name}: {}, {} to {} UTC", many(events, "event"), moment(begin, 60), moment(end, 60));
            let gaps = gaps.iter().filter(|gap| gap["account_id"] == row["account_id"]).filter_map(|gap| {
                let (begin, end) = (time(gap, "gap_start")?, time(gap, "gap_end")?);
                Some(bar(begin, end, format!("no files from {} to {} UTC", moment(begin, 60), moment(end, 60))))
            });
            Account { name, y: TOP + LINE * index as f64, bar: bar(begin, end, what), gaps: gaps.collect() }
        };
        let left_out = rows.len().saturating_sub(MOST);
        let shown: Vec<_> = rows.iter().take(MOST).enumerate().map(account).collect();
        let bottom = TOP + LINE * shown.len() as f64;
        let (times, step) = moments(from, to, 8);
        let times = times.into_iter().map(|time| Moment { x: round(place(time)), text: moment(time, step) });
        let moments = times.filter(|moment| moment.x < WIDTH - 70.0).collect();
        let holes: usize = shown.iter().map(|account| account.gaps.len()).sum();
        let summary = format!(
            "{}, each a bar from its first event to its last; {}.",
            many(shown.len() as i64, "account"),
            match holes {
                0 => "no hour is without files".to_owned(),
                _ => format!("broken in {}, where hours have no files", many(holes as i64, "place")),
            }
        );
        Some(Self { width: WIDTH, height: bottom + 24.0, bottom, accounts: shown, moments, left_out, summary })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn gaps_lie_in_the_bar_of_their_account() {
        let account = |id: &str, first: &str, last: &str| {
            json!({"account_id": id, "events": 5, "first_event_time": format!("2026-10-{first}T00:00:00Z"),
                "last_event_time": format!("2026-10-{last}T00:00:00Z")})
        };
        let accounts = [account("1", "01", "11"), account("2", "06", "11")];
        let gap = json!({"account_id": "2", "gap_start": "2026-10-08T00:00:00Z", "gap_end": "2026-10-09T00:00:00Z"});
        let chart = Spans::of(&accounts, &[gap]).expect("a chart");
        let [first, second] = &chart.accounts[..] else { panic!("two accounts") };
        assert_eq!((first.bar.x, first.gaps.len()), (LEFT, 0));
        assert_eq!(second.bar.x, LEFT + first.bar.width / 2.0);
        assert_eq!(second.gaps[0].what, "no files from 8 Oct 00:00 to 9 Oct 00:00 UTC");
        assert!(second.gaps[0].x > second.bar.x && second.gaps[0].width < second.bar.width);
    }

    #[test]
    fn nothing_makes_no_chart() {
        assert!(Spans::of(&[], &[]).is_none());
        assert!(Spans::of(&[json!({"account_id": "1", "first_event_time": null})], &[]).is_none());
    }
}
