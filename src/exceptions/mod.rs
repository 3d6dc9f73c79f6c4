//! An exception: alerts known to be legitimate, by what they have in common. Which alerts it covers is decided in SQL
//! (`sql/views/006_exceptions.sql`); here it is checked, stored and read back.

mod file;

pub use file::{Entry, read, write};

use std::net::IpAddr;

use anyhow::{anyhow, bail};
use chrono::{DateTime, NaiveDateTime};
use ipnet::IpNet;

use crate::catalog::{CATALOG, quote};
use crate::store::{Cell, Store};

/// One row of the table exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    pub name: String,
    /// The only rule it applies to.
    pub rule: Option<String>,
    pub conditions: Conditions,
    pub reason: String,
    pub author: String,
    /// UTC, as all times.
    pub created_at: NaiveDateTime,
    /// None: never.
    pub expires_at: Option<NaiveDateTime>,
}

/// What an alert must be like to be covered: all of what is given here.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Conditions {
    /// Who called, mostly an ARN; * stands for anything, case matters
    #[arg(long, value_name = "PATTERN", value_parser = check_text)]
    pub principal: Option<String>,

    /// Account that received the call
    #[arg(long = "account", value_name = "ID", value_parser = check_account)]
    pub account_id: Option<String>,

    /// ARN of the role whose session called; * stands for anything
    #[arg(long, value_name = "PATTERN", value_parser = check_text)]
    pub role: Option<String>,

    /// Access key that was used
    #[arg(long = "access-key", value_name = "ID", value_parser = check_text)]
    pub access_key_id: Option<String>,

    /// Address the call came from, or a network: 203.0.113.0/24, 2001:db8::/32
    #[arg(long = "address", value_name = "ADDRESS", value_parser = check_address)]
    pub source_ip_address: Option<String>,

    /// User agent; * stands for anything
    #[arg(long, value_name = "PATTERN", value_parser = check_text)]
    pub user_agent: Option<String>,

    /// Region that was called
    #[arg(long = "region", value_name = "REGION", value_parser = check_text)]
    pub aws_region: Option<String>,

    /// Owner asked for; a query that names others too is not covered
    #[arg(long, value_name = "OWNER", value_parser = check_text)]
    pub owner: Option<String>,
}

impl Conditions {
    /// By the names of their columns.
    pub fn named(&self) -> [(&'static str, &Option<String>); 8] {
        [
            ("principal", &self.principal),
            ("account_id", &self.account_id),
            ("role", &self.role),
            ("access_key_id", &self.access_key_id),
            ("source_ip_address", &self.source_ip_address),
            ("user_agent", &self.user_agent),
            ("aws_region", &self.aws_region),
            ("owner", &self.owner),
        ]
    }

    /// Whether only one identity can meet them: an access key, a principal, or a role whatever the session.
    pub fn name_one_identity(&self) -> bool {
        let exact = |pattern: &Option<String>| pattern.as_deref().is_some_and(|pattern| !pattern.contains('*'));
        let sessions_of_one_role = self.principal.as_deref().and_then(|pattern| pattern.strip_suffix("/*"));
        let one_role = sessions_of_one_role.is_some_and(|role| role.contains(":assumed-role/") && !role.contains('*'));
        self.access_key_id.is_some() || exact(&self.principal) || exact(&self.role) || one_role
    }
}

impl Exception {
    /// Refuses what would not do what was meant. Addresses are brought into their usual form.
    pub fn check(&mut self) -> Result<(), String> {
        check_name(&self.name).map_err(|error| format!("name: {error}"))?;
        let texts = [("reason", &self.reason), ("author", &self.author)];
        let conditions = self.conditions.named();
        let conditions = conditions.iter().filter_map(|(field, value)| Some((*field, value.as_ref()?)));
        for (field, value) in texts.into_iter().chain(conditions.clone()) {
            check_text(value).map_err(|error| format!("{field}: {error}"))?;
        }
        if conditions.clone().all(|(_, value)| value.chars().all(|char| char == '*')) {
            return Err("without a condition it would hide every alert: add one at least".to_owned());
        }
        if let Some(rule) = &self.rule
            && CATALOG.detection(rule).is_none()
        {
            let rules: Vec<_> = CATALOG.detections.iter().map(|rule| rule.name.as_str()).collect();
            return Err(format!("there is no rule {rule}: there are {}", rules.join(", ")));
        }
        if let Some(account) = &self.conditions.account_id {
            check_account(account).map_err(|error| format!("account_id {account}: {error}"))?;
        }
        if let Some(address) = &mut self.conditions.source_ip_address {
            *address = check_address(address).map_err(|error| format!("source_ip_address {address}: {error}"))?;
        }
        Ok(())
    }
}

/// A name can be typed in a shell without quotes.
pub fn check_name(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|char| char.is_ascii_alphanumeric() || "._-".contains(char));
    if plain && text.starts_with(|char: char| char.is_ascii_alphanumeric()) && text.len() <= 64 {
        return Ok(text.to_owned());
    }
    Err("expected at most 64 letters, digits, dots, dashes and underscores, a letter or digit first".to_owned())
}

pub fn check_text(text: &str) -> Result<String, String> {
    match text {
        text if text.trim().is_empty() => Err("it is empty".to_owned()),
        text if text.contains('\0') => Err("it has a NUL character".to_owned()),
        text => Ok(text.to_owned()),
    }
}

fn check_account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("expected 12 digits".to_owned())
}

fn check_address(text: &str) -> Result<String, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    match text.parse::<IpNet>() {
        Ok(network) if network.addr() == network.network() => Ok(network.to_string()),
        Ok(network) => {
            let address = network.addr();
            Err(format!("did you mean the network {}, or the one address {address}?", network.trunc()))
        }
        Err(_) => Err("expected an address or a network (203.0.113.7, 203.0.113.0/24, 2001:db8::/32)".to_owned()),
    }
}

/// All exceptions of a store, by name.
pub fn all(store: &Store) -> anyhow::Result<Vec<Exception>> {
    let (_, rows) = store.collect(
        "SELECT name, reason, author, created_at, expires_at, rule, principal, account_id, role, access_key_id,
            source_ip_address, user_agent, aws_region, owner
        FROM exceptions ORDER BY name",
    )?;
    rows.into_iter().map(from_row).collect()
}

fn from_row(row: Vec<Cell>) -> anyhow::Result<Exception> {
    let mut cells = row.into_iter().map(|cell| match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    });
    let mut next = || cells.next().flatten();
    let [name, reason, author, created_at] = [next(), next(), next(), next()].map(Option::unwrap_or_default);
    let time = |text: &str| {
        let time = DateTime::parse_from_rfc3339(text).map(|time| time.naive_utc());
        time.map_err(|_| anyhow!("exception {name}: {text} is no time that can be written to a file"))
    };
    Ok(Exception {
        created_at: time(&created_at)?,
        expires_at: next().map(|text| time(&text)).transpose()?,
        rule: next(),
        conditions: Conditions {
            principal: next(),
            account_id: next(),
            role: next(),
            access_key_id: next(),
            source_ip_address: next(),
            user_agent: next(),
            aws_region: next(),
            owner: next(),
        },
        name,
        reason,
        author,
    })
}

/// A statement that stores an exception, in place of one of the same name.
pub fn upsert(exception: &Exception) -> String {
    let Exception { name, rule, conditions, reason, author, created_at, expires_at } = exception;
    let time = |time: &NaiveDateTime| format!("TIMESTAMP '{}'", time.format("%Y-%m-%d %H:%M:%S%.6f"));
    let mut values = vec![
        ("name", quote(name)),
        ("reason", quote(reason)),
        ("author", quote(author)),
        ("created_at", time(created_at)),
        ("expires_at", expires_at.as_ref().map_or("NULL".to_owned(), time)),
    ];
    let options = [("rule", rule)].into_iter().chain(conditions.named());
    values.extend(options.map(|(column, value)| (column, value.as_deref().map_or("NULL".to_owned(), quote))));
    let columns: Vec<_> = values.iter().map(|(column, _)| *column).collect();
    let updates: Vec<_> = columns[1..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let values: Vec<_> = values.into_iter().map(|(_, value)| value).collect();
    format!(
        "INSERT INTO exceptions (exception_id, {})
        SELECT (SELECT coalesce(max(exception_id), 0) + 1 FROM exceptions), {}
        ON CONFLICT (name) DO UPDATE SET {}",
        columns.join(", "),
        values.join(", "),
        updates.join(", ")
    )
}

pub fn is_there(store: &Store, name: &str) -> anyhow::Result<bool> {
    let sql = format!("SELECT count(*) > 0 FROM exceptions WHERE name = {}", quote(name));
    Ok(store.connection.query_row(&sql, [], |row| row.get(0))?)
}

/// Fails where there is no exception of this name.
pub fn expect(store: &Store, name: &str) -> anyhow::Result<()> {
    if !is_there(store, name)? {
        bail!("there is no exception {name}: `trailduck exceptions list` shows those there are");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_brought_into_their_usual_form() {
        for (typed, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8:0:0::A1", "2001:db8::a1"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
        ] {
            assert_eq!(check_address(typed).as_deref(), Ok(expected), "{typed}");
        }
        let wrong = check_address("203.0.113.7/24");
        assert_eq!(wrong, Err("did you mean the network 203.0.113.0/24, or the one address 203.0.113.7?".to_owned()));
        for typed in ["", "203.0.113", "203.0.113.0/33", "2001:db8::/129", "AWS Internal", "203.0.113.*", "1.2.3.4 "] {
            assert!(check_address(typed).is_err_and(|error| error.contains("expected an address")), "{typed}");
        }
    }

    #[test]
    fn conditions_may_name_one_identity() {
        let principal = |pattern: &str| Conditions { principal: Some(pattern.to_owned()), ..Conditions::default() };
        assert!(principal("arn:aws:iam::111122223333:user/alice").name_one_identity());
        assert!(principal("arn:aws:sts::111122223333:assumed-role/scanner/*").name_one_identity());
        assert!(!principal("arn:aws:sts::111122223333:assumed-role/*").name_one_identity());
        assert!(!principal("arn:aws:iam::111122223333:user/*").name_one_identity());
        assert!(!Conditions { owner: Some("amazon".to_owned()), ..Conditions::default() }.name_one_identity());
    }
}
