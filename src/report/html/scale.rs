//! Scales: where a count or a moment stands in a chart, and which of them are written beside it.

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use crate::output::visible;

/// Seconds since 1970 of a time as the document writes it.
pub fn seconds(time: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(time).ok().map(|time| time.timestamp())
}

/// A moment in words, as far as it is told apart from others `step` seconds away.
pub fn moment(seconds: i64, step: i64) -> String {
    let format = match step {
        DAYS_27.. => "%b %Y",
        86_400.. => "%-d %b",
        60.. => "%-d %b %H:%M",
        _ => "%-d %b %H:%M:%S",
    };
    DateTime::from_timestamp(seconds, 0).map_or_else(String::new, |time| time.format(format).to_string())
}

/// Of a month, at least; `%b %Y` tells any two of them apart.
const DAYS_27: i64 = 27 * 86_400;

const STEPS: [i64; 17] = [
    1,
    5,
    15,
    60,
    300,
    900,
    3_600,
    3 * 3_600,
    6 * 3_600,
    12 * 3_600,
    86_400,
    2 * 86_400,
    7 * 86_400,
    14 * 86_400,
    // calendar months: 1, 3, 12
    30 * 86_400,
    91 * 86_400,
    365 * 86_400,
];

/// At most `most` round moments from `from` to `to`, and the step between them.
pub fn moments(from: i64, to: i64, most: i64) -> (Vec<i64>, i64) {
    let enough = |step: &&i64| (to - from) / **step < most;
    let Some(&step) = STEPS.iter().find(enough) else { return (Vec::new(), 365 * 86_400) };
    if step < DAYS_27 {
        // weeks begin on Mondays, as 1970 did not
        let origin = if step % (7 * 86_400) == 0 { 4 * 86_400 } else { 0 };
        let first = from + (step - (from - origin).rem_euclid(step)) % step;
        return ((first..=to).step_by(step as usize).collect(), step);
    }
    (months(from, to, (step / DAYS_27).clamp(1, 12) as u32), step)
}

/// The first days of every month, every third or every twelfth.
fn months(from: i64, to: i64, every: u32) -> Vec<i64> {
    let Some(mut day) = DateTime::<Utc>::from_timestamp(from, 0).map(|time| time.date_naive()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    while let Some(time) = day.and_hms_opt(0, 0, 0).map(|time| time.and_utc().timestamp()).filter(|&time| time <= to) {
        if time >= from && day.day() == 1 && day.month0() % every == 0 {
            found.push(time);
        }
        day += TimeDelta::days(1);
    }
    found
}

/// A scale of counts from 0: in proportion, or by the square root where the most would make the rest vanish.
pub struct Counts {
    top: u64,
    root: bool,
}

/// The most is so many times the middle.
const VANISHING: u64 = 20;

impl Counts {
    pub fn of(counts: &[u64]) -> Self {
        let mut some: Vec<_> = counts.iter().copied().filter(|&count| count > 0).collect();
        some.sort_unstable();
        let most = some.last().copied().unwrap_or(1);
        let middle = some.get(some.len() / 2).copied().unwrap_or(1);
        Self { top: round_up(most), root: most > VANISHING * middle }
    }

    pub fn is_root(&self) -> bool {
        self.root
    }

    /// Where a count stands between 0 and 1.
    pub fn share(&self, count: u64) -> f64 {
        let share = count as f64 / self.top as f64;
        if self.root { share.sqrt() } else { share }
    }

    /// Counts to write beside it, 0 not among them.
    pub fn marks(&self) -> Vec<u64> {
        if !self.root {
            let half = self.top / 2;
            return if half > 0 && self.top.is_multiple_of(2) { vec![half, self.top] } else { vec![self.top] };
        }
        let tenths = std::iter::successors(Some(self.top), |mark| (mark % 10 == 0).then_some(mark / 10));
        let mut marks: Vec<_> = tenths.take(3).filter(|&mark| self.share(mark) > 0.08).collect();
        marks.reverse();
        marks
    }
}

/// The next of 1, 2, 4, 5, 6, 8, 10, 20, ...
fn round_up(count: u64) -> u64 {
    let mut ten = 1;
    while ten * 10 < count {
        ten *= 10;
    }
    [1, 2, 4, 5, 6, 8, 10].map(|digit| digit * ten).into_iter().find(|&round| round >= count).unwrap_or(count)
}

/// A number as people read it: `1,234,567`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "\u{2212}" } else { "" });
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text's beginning, where there is room for so many characters, with what would act spelled out.
pub fn short(text: &str, most: usize) -> String {
    // none becomes shorter when it is spelled out
    let text = visible(text.get(..text.ceil_char_boundary(4 * most)).unwrap_or(text));
    match text.char_indices().nth(most) {
        None => text,
        Some(_) => text.chars().take(most - 1).chain(['\u{2026}']).collect(),
    }
}

/// How many there are of something: `1 launch`, `2 launches`.
pub fn many(count: i64, one: &str) -> String {
    let ending = match count {
        1 => "",
        _ if one.ends_with('s') || one.ends_with("ch") => "es",
        _ => "s",
    };
    match one.strip_suffix("ry") {
        Some(query) if count != 1 => format!("{} {query}ries", grouped(count)),
        _ => format!("{} {one}{ending}", grouped(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(from: &str, to: &str) -> Vec<String> {
        let (moments, step) = moments(seconds(from).expect("a time"), seconds(to).expect("a time"), 8);
        moments.into_iter().map(|time| moment(time, step)).collect()
    }

    #[test]
    fn moments_are_round_and_few() {
        let day = written("2026-10-05T23:10:00Z", "2026-10-06T20:00:00Z");
        assert_eq!(
            day,
            ["6 Oct 00:00", "6 Oct 03:00", "6 Oct 06:00", "6 Oct 09:00", "6 Oct 12:00", "6 Oct 15:00", "6 Oct 18:00"]
        );
        let minute = written("2026-10-06T02:14:00Z", "2026-10-06T02:14:20Z");
        assert_eq!(minute[..2], ["6 Oct 02:14:00", "6 Oct 02:14:05"]);
        assert_eq!(
            written("2026-08-20T00:00:00Z", "2026-11-02T00:00:00Z"),
            ["31 Aug", "14 Sep", "28 Sep", "12 Oct", "26 Oct"]
        );
        assert_eq!(
            written("2025-11-20T00:00:00Z", "2026-11-02T00:00:00Z"),
            ["Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"]
        );
        assert_eq!(written("2026-10-06T00:00:00Z", "2026-10-06T00:00:00Z"), ["6 Oct 00:00:00"]);
    }

    #[test]
    fn counts_are_in_proportion_unless_they_vanish() {
        let even = Counts::of(&[0, 30, 72]);
        assert_eq!((even.marks(), even.share(40)), (vec![40, 80], 0.5));
        let spike = Counts::of(&[1, 4, 4, 950]);
        assert!(spike.is_root());
        assert_eq!((spike.marks(), spike.share(10)), (vec![10, 100, 1000], 0.1));
        let nothing = Counts::of(&[0, 0]);
        assert_eq!((nothing.marks(), nothing.share(0)), (vec![1], 0.0));
    }

    #[test]
    fn texts_are_cut_where_room_ends() {
        assert_eq!(
            [short("alice", 5), short("alice", 4), short("\u{202e}", 4)],
            ["alice", "ali\u{2026}", "\\u{\u{2026}"]
        );
        assert_eq!(short(&"é".repeat(10_000), 9).chars().count(), 9);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([many(1, "query"), many(2, "query"), many(0, "launch")], ["1 query", "2 queries", "0 launches"]);
        assert_eq!(
            [0, 999, 1_000, 1_234_567, -1_000].map(grouped),
            ["0", "999", "1,000", "1,234,567", "\u{2212}1,000"]
        );
    }
}
