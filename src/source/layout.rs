//! What a file's path tells of it, where it lies as CloudTrail delivers files.

use chrono::{NaiveDate, NaiveDateTime};

/// Folders of digest files, which hold no events.
pub const DIGESTS: &str = "CloudTrail-Digest";

/// The folders a file lies in: `AWSLogs/[organisation/]account/CloudTrail/region/yyyy/mm/dd/file`, below whatever folder.
///
/// Source: CloudTrail User Guide, "Finding your CloudTrail log files".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout<'p> {
    /// Twelve digits.
    pub account: &'p str,
    /// `CloudTrail`, `CloudTrail-Insight` or `CloudTrail-Digest`.
    pub kind: &'p str,
    pub region: &'p str,
    /// The day of delivery, UTC.
    pub day: NaiveDate,
    /// The minute of delivery, UTC, if the file's name tells it.
    pub delivered: Option<NaiveDateTime>,
}

impl<'p> Layout<'p> {
    /// Of a path, whose folders are separated by `/` (or `\`, on Windows); none if it lies otherwise.
    pub fn of(path: &'p str) -> Option<Self> {
        let mut parts = path.rsplit(['/', std::path::MAIN_SEPARATOR]);
        let mut part = || parts.next();
        let (name, day, month, year) = (part()?, part()?, part()?, part()?);
        let (region, kind, account) = (part()?, part()?, part()?);
        if !kind.starts_with("CloudTrail") || !is_account(account) || (year.len(), month.len(), day.len()) != (4, 2, 2)
        {
            return None;
        }
        let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        let delivered = time_in_name(name).and_then(|time| NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%MZ").ok());
        Some(Self { account, kind, region, day, delivered })
    }
}

/// Whether a folder's name is an account's id.
pub fn is_account(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// CloudTrail's delivery time in a file's name (`..._20261006T0215Z_...`): read in this order, events that are close in
/// time are close in the store, whatever region or account they are from.
pub fn time_in_name(name: &str) -> Option<&str> {
    name.split('_').find(|part| {
        let bytes = part.as_bytes();
        part.len() == 14
            && (bytes[8], bytes[13]) == (b'T', b'Z')
            && bytes.iter().enumerate().all(|(at, byte)| at == 8 || at == 13 || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_account_region_and_time() {
        let path = "s3://logs/team/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/10/06/\
                    111122223333_CloudTrail_eu-west-1_20261006T0215Z_x.json.gz";
        let layout = Layout::of(path).expect("the layout");
        assert_eq!((layout.account, layout.kind, layout.region), ("111122223333", "CloudTrail", "eu-west-1"));
        assert_eq!(layout.day.to_string(), "2026-10-06");
        assert_eq!(layout.delivered.map(|time| time.to_string()), Some("2026-10-06 02:15:00".to_owned()));
        let renamed = Layout::of("111122223333/CloudTrail-Insight/eu-west-1/2026/10/06/a.json").expect("the layout");
        assert_eq!((renamed.kind, renamed.delivered), ("CloudTrail-Insight", None));
    }

    #[test]
    fn other_paths_tell_nothing() {
        for path in [
            "",
            "a.json",
            "111122223333/Config/eu-west-1/2026/10/06/a.json",
            "11112222333/CloudTrail/eu-west-1/2026/10/06/a.json",
            "111122223333/CloudTrail/eu-west-1/2026/13/06/a.json",
            "111122223333/CloudTrail/eu-west-1/2026/1/6/a.json",
            "111122223333/CloudTrail/eu-west-1/2026/10/06/deeper/a.json",
        ] {
            assert_eq!(Layout::of(path), None, "{path}");
        }
    }
}
