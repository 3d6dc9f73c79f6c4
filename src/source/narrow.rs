//! Which files are wanted, judged by where they lie.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::layout::Layout;

/// How long after its time an event may still be delivered and be looked for. CloudTrail delivers within five minutes on
/// average, and is late by hours at times.
const LATE: TimeDelta = TimeDelta::hours(24);

/// How long before the time in a file's name its delivery may have begun: names are rounded, and clocks differ.
const EARLY: TimeDelta = TimeDelta::hours(1);

/// Bounds on the files that are wanted; by default all are.
///
/// Times are those of events, and are compared with the time a file was delivered: an event is delivered after it was, so
/// files delivered from `since` (less an hour) until `until` (and a day) may hold events between the two. Files are taken
/// whole.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// UTC.
    pub since: Option<NaiveDateTime>,
    /// UTC.
    pub until: Option<NaiveDateTime>,
    /// Ids of accounts; none for all.
    pub accounts: Vec<String>,
    /// Names of regions; none for all.
    pub regions: Vec<String>,
}

/// What [`Narrow`] has to say of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wanted,
    Unwanted,
    /// Its path does not tell.
    Unknown,
}

impl Narrow {
    /// Whether there is a bound at all.
    pub fn is_bounded(&self) -> bool {
        self.since.is_some() || self.until.is_some() || !self.accounts.is_empty() || !self.regions.is_empty()
    }

    pub fn judge(&self, path: &str) -> Verdict {
        let Some(layout) = Layout::of(path) else {
            return if self.is_bounded() { Verdict::Unknown } else { Verdict::Wanted };
        };
        let (first, last) = match layout.delivered {
            Some(minute) => (minute, minute),
            None => (layout.day.and_time(NaiveTime::MIN), layout.day.and_time(NaiveTime::MIN) + TimeDelta::days(1)),
        };
        let in_time = self.from().is_none_or(|from| last >= from) && self.to().is_none_or(|to| first < to);
        let wanted = in_time && self.account(layout.account) && self.region(layout.region);
        if wanted { Verdict::Wanted } else { Verdict::Unwanted }
    }

    pub fn account(&self, account: &str) -> bool {
        self.accounts.is_empty() || self.accounts.iter().any(|wanted| wanted == account)
    }

    pub fn region(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|wanted| wanted == region)
    }

    /// The days of delivery to look at, first and last.
    pub fn days(&self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let last = self.to().map(|to| (to - TimeDelta::seconds(1)).date());
        (self.from().map(|from| from.date()), last)
    }

    fn from(&self) -> Option<NaiveDateTime> {
        self.since.and_then(|since| since.checked_sub_signed(EARLY))
    }

    fn to(&self) -> Option<NaiveDateTime> {
        self.until.and_then(|until| until.checked_add_signed(LATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<NaiveDateTime> {
        Some(text.parse().expect("a time"))
    }

    #[test]
    fn files_are_wanted_that_may_hold_events_of_the_time() {
        let narrow =
            Narrow { since: time("2026-10-05T12:00:00"), until: time("2026-10-06T00:00:00"), ..Narrow::default() };
        for (name, expected) in [
            ("05/x_20261005T1055Z_a.json", Verdict::Unwanted),
            ("05/x_20261005T1100Z_a.json", Verdict::Wanted),
            ("06/x_20261006T0010Z_a.json", Verdict::Wanted),
            ("06/x_20261006T2355Z_a.json", Verdict::Wanted),
            ("07/x_20261007T0000Z_a.json", Verdict::Unwanted),
            ("04/renamed.json", Verdict::Unwanted),
            ("05/renamed.json", Verdict::Wanted),
            ("06/renamed.json", Verdict::Wanted),
            ("07/renamed.json", Verdict::Unwanted),
        ] {
            let path = format!("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/{name}");
            assert_eq!(narrow.judge(&path), expected, "{path}");
        }
        assert_eq!(narrow.judge("elsewhere/x_20261005T1055Z_a.json"), Verdict::Unknown);
        assert_eq!(Narrow::default().judge("elsewhere/a.json"), Verdict::Wanted);
    }

    #[test]
    fn accounts_and_regions_are_those_of_the_folders() {
        let path = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/06/a.json";
        let narrow = |accounts: &[&str], regions: &[&str]| Narrow {
            accounts: accounts.iter().map(ToString::to_string).collect(),
            regions: regions.iter().map(ToString::to_string).collect(),
            ..Narrow::default()
        };
        assert_eq!(narrow(&["111122223333"], &["us-east-1", "eu-west-1"]).judge(path), Verdict::Wanted);
        assert_eq!(narrow(&["444455556666"], &[]).judge(path), Verdict::Unwanted);
        assert_eq!(narrow(&[], &["us-east-1"]).judge(path), Verdict::Unwanted);
    }
}
