//! The time zone in which times are shown.

use std::fmt;

use anyhow::bail;
use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::nearest::nearest;

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    #[default]
    Utc,
    /// That of this machine.
    Local,
    Fixed(FixedOffset),
    Named(Tz),
}

impl Zone {
    /// `UTC`, `local`, `+02:00`, or a name of the IANA database.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        if ["utc", "z"].contains(&text.to_lowercase().as_str()) {
            return Ok(Self::Utc);
        }
        if text.eq_ignore_ascii_case("local") {
            return Ok(Self::Local);
        }
        if text.starts_with(['+', '-'])
            && let Ok(offset) = text.parse::<FixedOffset>()
        {
            return Ok(Self::Fixed(offset));
        }
        if let Some(zone) = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text)) {
            return Ok(Self::Named(*zone));
        }
        // of Europe/Berlin, people type the city
        let city = |name: &str| name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(text));
        let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
        match names().find(|name| city(name)).or_else(|| nearest(text, names())) {
            Some(name) => bail!("no time zone {text}: did you mean {name}?"),
            None => bail!("no time zone {text}: expected a name (Europe/Berlin), an offset (+02:00), UTC or local"),
        }
    }

    /// A moment as the store hands it over, `2026-10-06T02:14:00Z`, as it is in this zone. What is no such moment
    /// (infinity, a year of five digits) stays as it is: in UTC.
    pub fn shown(self, time: &str) -> String {
        let shift = || {
            let (seconds, fraction) = time.split_at_checked(19)?;
            let moment = NaiveDateTime::parse_from_str(seconds, "%Y-%m-%dT%H:%M:%S").ok()?;
            let fraction = fraction.strip_suffix('Z')?;
            Some(match self {
                Self::Utc => time.to_owned(),
                Self::Local => written(Local.from_utc_datetime(&moment), fraction),
                Self::Fixed(offset) => written(offset.from_utc_datetime(&moment), fraction),
                Self::Named(zone) => written(zone.from_utc_datetime(&moment), fraction),
            })
        };
        shift().unwrap_or_else(|| time.to_owned())
    }
}

/// RFC 3339, with the fraction of a second that was there.
fn written<Z: TimeZone<Offset: fmt::Display>>(time: DateTime<Z>, fraction: &str) -> String {
    format!("{}{fraction}{}", time.format("%Y-%m-%dT%H:%M:%S"), time.format("%:z"))
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Utc => f.write_str("UTC"),
            Self::Local => write!(f, "local time, {}", Local.offset_from_utc_datetime(&Utc::now().naive_utc())),
            Self::Fixed(offset) => write!(f, "{offset}"),
            Self::Named(zone) => f.write_str(zone.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_with_the_offset_of_the_zone() {
        for (zone, time, shown) in [
            ("utc", "2026-10-06T02:14:00Z", "2026-10-06T02:14:00Z"),
            ("+02:00", "2026-10-06T23:14:00.123456Z", "2026-10-07T01:14:00.123456+02:00"),
            ("-05:30", "2026-10-06T02:14:00Z", "2026-10-05T20:44:00-05:30"),
            ("europe/berlin", "2026-07-01T00:00:00Z", "2026-07-01T02:00:00+02:00"),
            ("Europe/Berlin", "2026-12-01T00:00:00Z", "2026-12-01T01:00:00+01:00"),
            ("Europe/Berlin", "infinity", "infinity"),
            ("Europe/Berlin", "12026-12-01T00:00:00Z", "12026-12-01T00:00:00Z"),
            ("Europe/Berlin", "é", "é"),
        ] {
            assert_eq!(Zone::parse(zone).expect(zone).shown(time), shown, "{zone}");
        }
    }

    #[test]
    fn a_mistyped_zone_is_answered_with_the_nearest() {
        for (typed, meant) in
            [("Europe/Berlni", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("+99", "Europe/Berlin")]
        {
            assert!(Zone::parse(typed).is_err_and(|error| error.to_string().contains(meant)), "{typed}");
        }
    }
}
