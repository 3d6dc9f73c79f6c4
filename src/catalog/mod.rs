//! `sql/`, embedded in the binary.
//!
//! A detection or companion query is one file: front matter in TOML between `/* ---` and `--- */`, then one SELECT.
//! The store installs a detection as a view and a query as a table macro; the command line and the documentation
//! follow from the front matter. Adding one is adding a file.

mod install;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use sha2::{Digest, Sha256};

static SQL: Dir = include_dir!("$CARGO_MANIFEST_DIR/sql");

/// Everything in `sql/`.
pub static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::read);

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A rule: what it finds, how much that matters, what to do about it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    pub select: String,
    pub title: String,
    pub description: String,
    pub severity: Severity,
    /// 0 to 100, as Elastic's detection rules have it.
    pub risk_score: u8,
    /// How often it should run.
    pub schedule: String,
    /// How far back each run looks.
    pub lookback: String,
    /// MITRE ATT&CK tactic, with its id.
    pub tactic: String,
    /// MITRE ATT&CK technique, with its id.
    pub technique: String,
    /// Whether it runs without being asked for by name.
    pub enabled: bool,
    pub false_positives: Vec<String>,
    pub investigation: Vec<String>,
    pub response: Vec<String>,
    pub references: Vec<String>,
    /// Columns of the table shown to people; the other formats have all.
    pub display: Vec<String>,
}

/// A companion query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    pub select: String,
    pub title: String,
    pub description: String,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// What each column means, in the order of the columns.
    pub columns: toml::Table,
    /// Columns of the table shown to people; the other formats have all. Empty: all.
    #[serde(default)]
    pub display: Vec<String>,
}

/// A parameter of a companion query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: String,
    /// SQL type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// SQL literal, or NULL; a parameter without one is required.
    pub default: Option<String>,
    /// A value to show how it is used, of a parameter that is required.
    pub example: Option<String>,
    pub description: String,
}

/// The SQL types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    Varchar,
    Integer,
    Boolean,
    Uuid,
}

impl Kind {
    /// The type that the macro declares.
    pub fn name(self) -> &'static str {
        match self {
            // a macro's parameter of type UUID takes no string literal
            Self::Varchar | Self::Uuid => "VARCHAR",
            Self::Integer => "INTEGER",
            Self::Boolean => "BOOLEAN",
        }
    }

    /// A value as SQL writes it, if it is one of this type.
    pub fn value(self, value: &str) -> Result<String, String> {
        match self {
            Self::Varchar => Ok(value.to_owned()),
            Self::Integer => match value.parse::<i32>() {
                Ok(number) => Ok(number.to_string()),
                Err(_) => Err("not a whole number".to_owned()),
            },
            Self::Boolean => match value {
                "true" | "false" => Ok(value.to_owned()),
                _ => Err("neither true nor false".to_owned()),
            },
            Self::Uuid => match uuid::Uuid::try_parse(value) {
                Ok(id) => Ok(id.to_string()),
                Err(_) => Err("not an event id such as a1e27003-e65c-4408-968f-ecee9c645d75".to_owned()),
            },
        }
    }

    /// A value as a SQL literal, if it is one of this type.
    pub fn literal(self, value: &str) -> Result<String, String> {
        let value = self.value(value)?;
        Ok(match self {
            Self::Varchar | Self::Uuid => quote(&value),
            Self::Integer | Self::Boolean => value,
        })
    }
}

/// All SQL objects of a store.
pub struct Catalog {
    /// Statements that bring the tables from one schema version to the next; the first makes version 1.
    pub migrations: Vec<&'static str>,
    /// Statements that create the views and macros all else stands on, in order.
    pub views: Vec<&'static str>,
    pub detections: Vec<Detection>,
    pub queries: Vec<Query>,
}

impl Catalog {
    /// Panics where a file of `sql/` is malformed, which a test of this module rules out.
    fn read() -> Self {
        let mut detections: Vec<Detection> = objects("detections", |detection: &mut Detection, name, select| {
            (detection.name, detection.select) = (name, select);
        });
        // what runs unasked comes first
        detections.sort_by_key(|detection| !detection.enabled);
        Self {
            migrations: files("schema").into_iter().map(|(_, text)| text).collect(),
            views: files("views").into_iter().map(|(_, text)| text).collect(),
            detections,
            queries: objects("queries", |query: &mut Query, name, select| {
                (query.name, query.select) = (name, select);
            }),
        }
    }

    /// Statements that create the views and functions for Spark, in order: a file of `sql/spark` takes the place of that of
    /// the same name in `sql/views`; what has none runs on both engines.
    pub fn spark_views(&self) -> Vec<&'static str> {
        let views: BTreeMap<_, _> = files("views").into_iter().chain(files("spark")).collect();
        views.into_values().collect()
    }

    /// Changes whenever what is installed does.
    pub fn hash(&self) -> String {
        let queries = self.queries.iter().map(Query::install);
        let installed = self.install().into_iter().chain(queries);
        let hash = installed.fold(Sha256::new(), |hash, statements| hash.chain_update(statements));
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The detections that run without being asked for by name.
    pub fn enabled_detections(&self) -> Vec<&Detection> {
        self.detections.iter().filter(|rule| rule.enabled).collect()
    }

    pub fn detection(&self, name: &str) -> Option<&Detection> {
        self.detections.iter().find(|detection| detection.name == name)
    }

    pub fn query(&self, name: &str) -> Option<&Query> {
        self.queries.iter().find(|query| query.name == name)
    }
}

/// `text` as a SQL string literal.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Prose of several lines as one.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A span of time as front matter and command lines write it: `90s`, `5m`, `6h`, `7d`, `2w`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.chars().last().and_then(|unit| {
        let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
        let unit = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            'w' => 7 * 86400,
            _ => return None,
        };
        Some(u64::from(count) * unit)
    });
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a span of time such as 90s, 5m, 6h or 7d".to_owned())
}

/// Names and texts of the files in a folder of `sql/`, by name.
fn files(folder: &str) -> Vec<(&'static str, &'static str)> {
    let files = SQL.get_dir(folder).into_iter().flat_map(|folder| folder.files());
    let mut files: Vec<_> =
        files.filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?))).collect();
    files.sort_unstable();
    files
}

fn objects<T: for<'de> Deserialize<'de>>(folder: &str, named: impl Fn(&mut T, String, String)) -> Vec<T> {
    let object = |(name, text): (&str, &str)| {
        let (front_matter, select) = split(text)
            .unwrap_or_else(|| panic!("sql/{folder}/{name}.sql: expected front matter between `/* ---` and `--- */`"));
        let mut object = toml::from_str(front_matter)
            .unwrap_or_else(|error| panic!("{}: {error}", Path::new("sql").join(folder).join(name).display()));
        named(&mut object, name.to_owned(), select.trim().to_owned());
        object
    };
    files(folder).into_iter().map(object).collect()
}

fn split(text: &str) -> Option<(&str, &str)> {
    text.trim_start().strip_prefix("/* ---")?.split_once("--- */")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_on_disk_is_embedded_and_well_formed() {
        for folder in ["schema", "views", "spark", "detections", "queries"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql").join(folder);
            let on_disk = std::fs::read_dir(path).expect("the folder").count();
            assert_eq!(files(folder).len(), on_disk, "{folder}: touch src/catalog/mod.rs to embed a new file");
        }
        assert!(!CATALOG.queries.is_empty() && !CATALOG.migrations.is_empty() && !CATALOG.views.is_empty());
    }

    #[test]
    fn every_detection_says_what_an_analyst_needs() {
        for detection in &CATALOG.detections {
            let Detection { false_positives, investigation, response, references, .. } = detection;
            for list in [false_positives, investigation, response, references, &detection.display] {
                assert!(!list.is_empty(), "{}", detection.name);
            }
            assert!(detection.tactic.contains("(TA") && detection.technique.contains("(T1"), "{}", detection.name);
            assert!(detection.risk_score <= 100);
            assert!(
                duration(&detection.schedule).is_ok() && duration(&detection.lookback).is_ok(),
                "{}",
                detection.name
            );
        }
        let rule = CATALOG.detection("deprecated_ami_discovery").expect("the rule");
        assert_eq!((rule.severity, rule.risk_score, rule.enabled), (Severity::Low, 21, true));
        assert_eq!((rule.schedule.as_str(), rule.lookback.as_str()), ("5m", "6m"));
    }

    #[test]
    fn a_span_of_time_has_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("6h", 21600), ("7d", 604_800), ("2w", 1_209_600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "m", "5x", "-5m", "1.5h", "5 m", "99999999999s", "5é"] {
            assert!(duration(text).is_err_and(|error| error.contains("5m")), "{text}");
        }
    }

    #[test]
    fn parameters_have_a_default_or_an_example_of_their_type() {
        for query in &CATALOG.queries {
            for Parameter { name, kind, default, example, .. } in &query.parameters {
                match (default, example) {
                    (Some(default), None) if default == "NULL" => {}
                    (Some(default), None) => {
                        let bare = default.trim_matches('\'');
                        assert_eq!(kind.literal(bare).as_ref(), Ok(default), "{}({name})", query.name);
                    }
                    (None, Some(example)) => assert!(kind.value(example).is_ok(), "{}({name})", query.name),
                    _ => panic!("{}({name}) has both or neither", query.name),
                }
            }
        }
    }

    #[test]
    fn a_value_becomes_a_literal_of_its_type_or_is_refused() {
        assert_eq!(Kind::Varchar.literal("it's"), Ok("'it''s'".to_owned()));
        assert_eq!(Kind::Integer.literal("24"), Ok("24".to_owned()));
        assert!(Kind::Integer.literal("24; DROP TABLE events").is_err());
        assert!(Kind::Boolean.literal("yes").is_err());
        assert!(Kind::Uuid.literal("'; --").is_err());
    }
}
