//! Moments as people type them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use clap::Args;

use super::Usage;

// Arguments that bound a time: the interval is half-open, [since, until). (No doc comment: see PrintArgs.)
#[derive(Debug, Clone, Default, Args)]
pub struct Between {
    /// From this moment on: 24h, 7d, 2026-10-01, 2026-10-01T14:00:00Z
    #[arg(long, value_name = "T", value_parser = moment)]
    pub since: Option<NaiveDateTime>,

    /// Before this moment
    #[arg(long, value_name = "T", value_parser = moment)]
    pub until: Option<NaiveDateTime>,
}

impl Between {
    /// Whether anything can lie in it.
    pub(super) fn check(&self) -> Result<(), Usage> {
        match (self.since, self.until) {
            (Some(since), Some(until)) if since >= until => {
                Err(Usage("--until: nothing lies before it and from --since on: it must be the later of the two"))
            }
            _ => Ok(()),
        }
    }

    /// A condition on a column of times.
    pub fn condition(&self, column: &str) -> String {
        let bound = |operator, moment: &NaiveDateTime| {
            format!("{column} {operator} TIMESTAMP '{}'", moment.format("%Y-%m-%d %H:%M:%S%.6f"))
        };
        let since = self.since.iter().map(|moment| bound(">=", moment));
        let until = self.until.iter().map(|moment| bound("<", moment));
        let bounds: Vec<_> = since.chain(until).collect();
        if bounds.is_empty() { "true".to_owned() } else { bounds.join(" AND ") }
    }
}

/// A moment in UTC: so long ago (`90s`, `30m`, `24h`, `7d`, `2w`), a date (its beginning), or RFC 3339.
pub fn moment(text: &str) -> Result<NaiveDateTime, String> {
    parse(text, |now, duration| now.checked_sub_signed(duration)).ok_or_else(|| {
        "expected how long ago (30m, 24h, 7d, 2w), a date (2026-10-01) or a time (2026-10-01T14:00:00Z)".to_owned()
    })
}

/// A moment to come: so long from now, a date (its beginning), or RFC 3339.
pub fn moment_to_come(text: &str) -> Result<NaiveDateTime, String> {
    let moment = parse(text, |now, duration| now.checked_add_signed(duration))
        // what comes later cannot be written as RFC 3339
        .filter(|moment| moment.year() <= 9999)
        .ok_or("expected how long from now (24h, 30d, 12w), a date (2027-01-31) or a time (2027-01-31T14:00:00Z)")?;
    if moment <= Utc::now().naive_utc() {
        return Err("that is in the past".to_owned());
    }
    Ok(moment)
}

/// A duration is put to the present by `apply`.
fn parse(text: &str, apply: impl Fn(NaiveDateTime, TimeDelta) -> Option<NaiveDateTime>) -> Option<NaiveDateTime> {
    if let Some(unit) = text.chars().last().filter(char::is_ascii_alphabetic)
        && let Ok(count) = text[..text.len() - 1].parse::<u32>()
    {
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            'w' => 7 * 86400,
            _ => return None,
        };
        return apply(Utc::now().naive_utc(), TimeDelta::seconds(i64::from(count) * seconds));
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_time(chrono::NaiveTime::MIN));
    }
    DateTime::parse_from_rfc3339(text).map(|time| time.naive_utc()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_utc() {
        let shown = |text| moment(text).map(|moment| moment.to_string());
        assert_eq!(shown("2026-10-01"), Ok("2026-10-01 00:00:00".to_owned()));
        assert_eq!(shown("2026-10-01T14:00:00Z"), Ok("2026-10-01 14:00:00".to_owned()));
        assert_eq!(shown("2026-10-01T14:00:00+02:00"), Ok("2026-10-01 12:00:00".to_owned()));
        let ago = Utc::now().naive_utc() - moment("7d").expect("a moment");
        assert!((TimeDelta::days(7) - ago).abs() < TimeDelta::minutes(1));
    }

    #[test]
    fn what_is_no_moment_is_refused_with_examples() {
        for text in ["", "yesterday", "7", "d", "7x", "-7d", "2026-13-01", "2026-10-01T14:00:00", "99999999999d", "7é"]
        {
            assert!(moment(text).is_err_and(|error| error.contains("24h")), "{text}");
        }
    }

    #[test]
    fn a_moment_to_come_is_counted_from_now_and_not_past() {
        let to_come = moment_to_come("12w").expect("a moment") - Utc::now().naive_utc();
        assert!((TimeDelta::weeks(12) - to_come).abs() < TimeDelta::minutes(1));
        let shown = |text| moment_to_come(text).map(|moment| moment.to_string());
        assert_eq!(shown("9999-12-31"), Ok("9999-12-31 00:00:00".to_owned()));
        assert_eq!(shown("9999-12-31T14:00:00+02:00"), Ok("9999-12-31 12:00:00".to_owned()));
        for past in ["2020-01-01", "2020-01-01T00:00:00Z", "0d"] {
            assert_eq!(shown(past), Err("that is in the past".to_owned()), "{past}");
        }
        for text in ["", "tomorrow", "30", "30y", "-1d", "2999-02-30", "4294967295w", "3000000d", "10000-01-01"] {
            assert!(moment_to_come(text).is_err_and(|error| error.contains("30d")), "{text}");
        }
    }

    #[test]
    fn bounds_become_a_condition() {
        assert_eq!(Between::default().condition("event_time"), "true");
        let between = Between { since: moment("2026-10-01").ok(), until: moment("2026-10-02").ok() };
        assert_eq!(
            between.condition("event_time"),
            "event_time >= TIMESTAMP '2026-10-01 00:00:00.000000' AND event_time < TIMESTAMP '2026-10-02 00:00:00.000000'"
        );
    }
}
