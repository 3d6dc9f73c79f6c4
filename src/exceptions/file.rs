//! Exceptions as a file for version control: TOML, one field a line, in the order of their names.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, SubsecRound};
use serde::Deserialize;

use super::{Conditions, Exception};
use crate::output::visible;

const HEADER: &str = "# Alerts known to be legitimate. To bring them into a store: trailduck exceptions import FILE\n";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    exception: Vec<Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    rule: Option<String>,
    principal: Option<String>,
    account_id: Option<String>,
    role: Option<String>,
    access_key_id: Option<String>,
    source_ip_address: Option<String>,
    user_agent: Option<String>,
    aws_region: Option<String>,
    owner: Option<String>,
    reason: String,
    author: Option<String>,
    created_at: Option<toml::Value>,
    expires_at: toml::Value,
}

/// An exception as a file has it; who writes one by hand need not say by whom and when.
#[derive(Debug)]
pub struct Entry {
    pub author: Option<String>,
    pub created_at: Option<NaiveDateTime>,
    /// With the above, or what stands in for them.
    pub exception: Exception,
}

/// The exceptions in the text of a file, checked. Author and time that are not given are `author` and `now`.
pub fn read(text: &str, author: Option<&str>, now: NaiveDateTime) -> Result<Vec<Entry>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut entries: Vec<Entry> = Vec::new();
    for (table, number) in file.exception.into_iter().zip(1..) {
        let name = table.name.clone();
        let wrong = |error: String| format!("exception {number}, {name:?}: {error}");
        let entry = entry(table, author, now).map_err(wrong)?;
        if entries.iter().any(|other| other.exception.name == name) {
            return Err(wrong("there is another of this name".to_owned()));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(table: Table, author: Option<&str>, now: NaiveDateTime) -> Result<Entry, String> {
    let created_at = table.created_at.as_ref().map(|value| time("created_at", value)).transpose()?;
    let mut exception = Exception {
        name: table.name,
        rule: table.rule,
        conditions: Conditions {
            principal: table.principal,
            account_id: table.account_id,
            role: table.role,
            access_key_id: table.access_key_id,
            source_ip_address: table.source_ip_address,
            user_agent: table.user_agent,
            aws_region: table.aws_region,
            owner: table.owner,
        },
        reason: table.reason,
        author: table.author.as_deref().or(author).ok_or("it names no author")?.to_owned(),
        created_at: created_at.unwrap_or(now),
        expires_at: match &table.expires_at {
            toml::Value::String(never) if never == "never" => None,
            value => Some(time("expires_at", value)?),
        },
    };
    exception.check()?;
    Ok(Entry { author: table.author, created_at, exception })
}

fn time(field: &str, value: &toml::Value) -> Result<NaiveDateTime, String> {
    let text = value.to_string();
    let date = || text.parse::<NaiveDate>().map(|date| date.and_time(NaiveTime::MIN));
    let time = value
        .as_datetime()
        .and_then(|_| DateTime::parse_from_rfc3339(&text).map(|time| time.naive_utc()).or_else(|_| date()).ok());
    let never = if field == "expires_at" { ", or \"never\"" } else { "" };
    // as exactly as the store keeps it
    time.map(|time| time.trunc_subsecs(6)).ok_or_else(|| format!("{field} = {text}: expected a date (2027-01-31) or a time with its zone (2027-01-31T14:00:00Z), without quotes{never}"))
}

/// The text of a file with these exceptions.
pub fn write(exceptions: &[Exception]) -> String {
    let mut text = HEADER.to_owned();
    for exception in exceptions {
        let Exception { name, rule, conditions, reason, author, created_at, expires_at } = exception;
        text.push_str("\n[[exception]]\n");
        let mut field = |name: &str, value: &str| {
            // writing to a String cannot fail
            let _ = writeln!(text, "{name} = {value}");
        };
        field("name", &string(name));
        for (condition, value) in [("rule", rule)].into_iter().chain(conditions.named()) {
            if let Some(value) = value {
                field(condition, &string(value));
            }
        }
        let rfc3339 = |time: &NaiveDateTime| time.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
        field("reason", &string(reason));
        field("author", &string(author));
        field("created_at", &rfc3339(created_at));
        field("expires_at", &expires_at.as_ref().map_or("\"never\"".to_owned(), rfc3339));
    }
    text
}

/// A TOML string in which nothing is hidden from who reviews it: not a line break, nor a character that acts.
fn string(text: &str) -> String {
    let mut string = String::from('"');
    for char in text.chars() {
        let alone = char.to_string();
        match char {
            '"' | '\\' => string.extend(['\\', char]),
            _ if visible(&alone) == alone => string.push(char),
            _ => {
                let _ = write!(string, "\\U{:08X}", u32::from(char));
            }
        }
    }
    string.push('"');
    string
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> NaiveDateTime {
        "2026-10-06T02:14:00".parse().expect("a time")
    }

    fn entry(fields: &str) -> Result<Vec<Exception>, String> {
        let text = format!("[[exception]]\nname = \"a\"\nreason = \"r\"\nprincipal = \"p\"\n{fields}\n");
        Ok(read(&text, Some("me"), now())?.into_iter().map(|entry| entry.exception).collect())
    }

    #[test]
    fn what_is_written_is_read_back_equal() {
        let hostile = "it's \"x\" \\ \u{1b}[31m\r\n\t\u{202e}\u{e0041} 😀 é = [[exception]] # '''";
        let some = || Some(hostile.to_owned());
        let mut exception = entry("expires_at = 2027-01-31T14:00:00.123456Z").expect("one").remove(0);
        exception.conditions =
            Conditions { principal: some(), user_agent: some(), owner: some(), ..Default::default() };
        exception.reason = hostile.to_owned();
        let never = Exception { name: "b".to_owned(), expires_at: None, ..exception.clone() };
        let written = write(&[exception.clone(), never.clone()]);
        assert!(!written.contains(['\u{1b}', '\u{202e}', '\r', '\t', '\u{e0041}']), "{written}");
        assert_eq!(written.lines().count(), 21);
        let read = read(&written, None, NaiveDateTime::default()).expect("exceptions");
        assert_eq!(read.into_iter().map(|entry| entry.exception).collect::<Vec<_>>(), [exception, never]);
    }

    #[test]
    fn times_are_dates_or_have_a_zone() {
        let expires = |value: &str| Ok::<_, String>(entry(&format!("expires_at = {value}"))?[0].expires_at);
        let shown = |value: &str| expires(value).map(|time| time.map(|time| time.to_string()));
        assert_eq!(shown("2027-01-31"), Ok(Some("2027-01-31 00:00:00".to_owned())));
        assert_eq!(shown("2027-01-31T14:00:00+02:00"), Ok(Some("2027-01-31 12:00:00".to_owned())));
        assert_eq!(shown("2027-01-31T14:00:00.123456789Z"), Ok(Some("2027-01-31 14:00:00.123456".to_owned())));
        assert_eq!(shown("\"never\""), Ok(None));
        for value in ["2027-01-31T14:00:00", "14:00:00", "\"2027-01-31\"", "\"soon\"", "7"] {
            let error = expires(value).expect_err(value);
            assert!(error.contains("exception 1, \"a\": expires_at = ") && error.contains("2027-01-31"), "{error}");
        }
    }

    #[test]
    fn errors_say_where() {
        let never = "expires_at = \"never\"";
        for (fields, parts) in [
            ("", &["line 1", "missing field `expires_at`"][..]),
            ("expires_at = ", &["line 5"]),
            ("expire_at = 2027-01-31", &["line 5", "unknown field `expire_at`", "`expires_at`"]),
            (&format!("{never}\nname = \"b\""), &["line 6", "duplicate key"]),
            (&format!("{never}\nrole = 7"), &["line 6", "invalid type"]),
            (&format!("{never}\nrole = \" \""), &["exception 1, \"a\": role: it is empty"]),
            (&format!("{never}\nrole = \"\\u0000\""), &["NUL"]),
            (&format!("{never}\nrule = \"typo\""), &["there is no rule typo", "deprecated_ami_discovery"]),
            (
                &format!("{never}\n[[exception]]\nname = \"a\"\nreason = \"r\"\nowner = \"o\"\n{never}"),
                &["exception 2, \"a\"", "another"],
            ),
        ] {
            let error = entry(fields).expect_err(fields);
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
