//! The events as Parquet, for engines that know nothing of the store: a folder in Hive's layout that grows with it.
//!
//! ```text
//! DIR/events/date=2026-10-06/account=111122223333/region=us-east-1/00001-0.parquet
//! DIR/tables/ip_geo.parquet      the other tables, written anew each time
//! DIR/manifest.json              what was exported, and up to which file of the store
//! ```
//!
//! An event is in the folder once: files of the store are numbered in the order in which they were committed, and each
//! export takes those behind the last one's. A partition that grew has a file more.

mod columns;
mod folder;

pub use columns::tables;

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::catalog::quote;
use crate::store::{Store, number};
use folder::{Export, Folder, Manifest};

/// Events in a file, at most: of real trails 50 to 200 MB, which one task of Spark reads in seconds.
const EVENTS_A_FILE: i64 = 2_000_000;

/// Events that are sorted at once, if no day has more: what takes a gigabyte and a half of memory.
const EVENTS_A_SORT: i64 = 250_000;

/// How deep the folders of an export go. Each level divides the files; those of a small store are best not divided at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// date
    Date,
    /// date and account
    Account,
    /// date, account and region
    Region,
}

impl Depth {
    /// The partition columns, each with what it is made of.
    fn columns(self) -> &'static [(&'static str, &'static str)] {
        let all = &[
            ("date", "CAST(events.event_time AS DATE)"),
            ("account", "recipient_account_id"),
            ("region", "aws_region"),
        ];
        match self {
            Self::Date => &all[..1],
            Self::Account => &all[..2],
            Self::Region => all,
        }
    }
}

/// What an export wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    pub events: i64,
    pub partitions: usize,
    pub files: usize,
    /// On disk, tables not counted.
    pub bytes: u64,
    /// Files of earlier exports that are not there any more.
    pub missing: usize,
}

/// Writes what is new since the last export to this folder, as deep as was asked for, else as before.
///
/// Fails if the folder is another store's, or holds something else, or is of another depth, or another export is writing
/// to it.
pub fn export(store: &Store, path: &Path, depth: Option<Depth>, now: DateTime<Utc>) -> anyhow::Result<Exported> {
    let folder = Folder::open(path)?;
    let manifest = folder.manifest()?;
    let depth = match (manifest.depth, depth) {
        (Some(made), Some(asked)) if made != asked => {
            anyhow::bail!(
                "{} is divided in another way: leave out --partitions, or export to another folder",
                path.display()
            )
        }
        (made, asked) => made.or(asked).unwrap_or(Depth::Region),
    };
    let after = manifest.last_file_id();
    if manifest.files_sha256 != digest(store, after)? {
        anyhow::bail!(
            "{} holds what another store exported, or this one before it was made anew: export to another folder",
            path.display()
        );
    }
    let last = number(&store.connection, "SELECT coalesce(max(file_id), 0) FROM files")?;
    let days = days(store, after)?;
    let events = days.iter().map(|(_, events)| events).sum();
    let export = Export {
        number: manifest.exports.len() + 1,
        exported_at: now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        last_file_id: last,
        events,
        files: 0,
    };
    let spill = folder.spill().display().to_string();
    store.connection.execute_batch(&format!("SET temp_directory = {}", quote(&spill)))?;
    let written: usize = manifest.exports.iter().map(|export| export.files).sum();
    let missing = written.saturating_sub(folder.files());
    let mut exported = Exported { events, partitions: 0, files: 0, bytes: 0, missing };
    for days in batches(&days) {
        let [(first, _), .., (until, _)] = [days[0].clone(), days[days.len() - 1].clone()];
        sort(store, depth, after, &first, &until)?;
        // values that differ may share a folder: NULL with '', and long ones
        let mut files_in = HashMap::new();
        for partition in partitions(store, depth)? {
            let index: &mut usize = files_in.entry(partition.folder.to_lowercase()).or_default();
            exported.partitions += usize::from(*index == 0);
            for rows in partition.rows(EVENTS_A_FILE) {
                let to = folder.stage(&partition.folder, &format!("{:05}-{index}.parquet", export.number))?;
                copy(
                    store,
                    &format!(
                        "SELECT * EXCLUDE ({}) FROM sorted WHERE rowid BETWEEN {} AND {}",
                        names(depth),
                        rows.0,
                        rows.1
                    ),
                    &to,
                    true,
                )?;
                *index += 1;
                exported.files += 1;
                exported.bytes += std::fs::metadata(&to)?.len();
            }
        }
    }
    store.connection.execute_batch("DROP TABLE IF EXISTS sorted")?;
    for (table, select) in columns::tables(store)? {
        copy(store, &select, &folder.stage_table(&table)?, false)?;
    }
    let files_sha256 = digest(store, last)?;
    folder.publish(manifest.with(depth, Export { files: exported.files, ..export }, files_sha256))?;
    Ok(exported)
}

/// What tells one store's files from another's: a digest of those up to a number. Those that could not be read are not in
/// it: they hold no events, and are forgotten when they are read again.
fn digest(store: &Store, last_file_id: i64) -> anyhow::Result<String> {
    let sql = "SELECT sha256(coalesce(string_agg(concat(file_id, ':', sha256), ' ' ORDER BY file_id), ''))
        FROM files WHERE file_id <= ? AND sha256 <> ''";
    Ok(store.connection.query_row(sql, [last_file_id], |row| row.get(0))?)
}

/// Days (UTC) of the events that are new, with how many these are.
fn days(store: &Store, after: i64) -> anyhow::Result<Vec<(String, i64)>> {
    let sql = "SELECT CAST(CAST(event_time AS DATE) AS VARCHAR), count(*) FROM events WHERE file_id > ? GROUP BY 1 ORDER BY 1";
    let mut statement = store.connection.prepare(sql)?;
    Ok(statement.query_map([after], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Days in a row that are sorted together.
fn batches(days: &[(String, i64)]) -> Vec<&[(String, i64)]> {
    let mut batches = Vec::new();
    let (mut begin, mut events) = (0, 0);
    for (index, (_, of_day)) in days.iter().enumerate() {
        if index > begin && events + of_day > EVENTS_A_SORT {
            batches.push(&days[begin..index]);
            (begin, events) = (index, 0);
        }
        events += of_day;
    }
    if begin < days.len() {
        batches.push(&days[begin..]);
    }
    batches
}

/// The new events of some days as the temporary table `sorted`, in the order in which they are written.
fn sort(store: &Store, depth: Depth, after: i64, first: &str, last: &str) -> anyhow::Result<()> {
    let columns = columns::select(store, "events")?;
    let partition = depth.columns().iter().map(|(name, made_of)| format!("{made_of} AS \"{name}\""));
    let order = depth.columns().iter().map(|(_, made_of)| *made_of);
    store.connection.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE sorted AS
        SELECT {columns}, {}
        FROM events
        WHERE file_id > {after}
          AND event_time >= DATE '{first}'
          AND event_time < DATE '{last}' + INTERVAL 1 DAY
        ORDER BY {}, event_source, event_name, events.event_time, events.event_id",
        partition.collect::<Vec<_>>().join(", "),
        order.collect::<Vec<_>>().join(", ")
    ))?;
    Ok(())
}

/// Names of the partition columns, as a list of SQL's.
fn names(depth: Depth) -> String {
    let names: Vec<_> = depth.columns().iter().map(|(name, _)| format!("\"{name}\"")).collect();
    names.join(", ")
}

/// Events of one partition, which lie together in the table `sorted`.
struct Partition {
    folder: String,
    first: i64,
    last: i64,
}

impl Partition {
    fn events(&self) -> i64 {
        self.last - self.first + 1
    }

    /// Its rows, so many to a file; shared out evenly, so that none is left with a few.
    fn rows(&self, limit: i64) -> impl Iterator<Item = (i64, i64)> {
        let files = (self.events() + limit - 1) / limit;
        let (first, events) = (self.first, self.events());
        (0..files).map(move |file| (first + events * file / files, first + events * (file + 1) / files - 1))
    }
}

fn partitions(store: &Store, depth: Depth) -> anyhow::Result<Vec<Partition>> {
    let sql = format!(
        "SELECT min(rowid), max(rowid), CAST(COLUMNS([{}]) AS VARCHAR) FROM sorted GROUP BY {} ORDER BY min(rowid)",
        names(depth).replace('"', "'"),
        names(depth)
    );
    let mut statement = store.connection.prepare(&sql)?;
    let partition = |row: &duckdb::Row| {
        let level = |(index, (name, _)): (usize, &(&str, &str))| {
            let value: Option<String> = row.get(index + 2)?;
            Ok(format!("{name}={}", hive(value.as_deref())))
        };
        let levels = depth.columns().iter().enumerate().map(level).collect::<duckdb::Result<Vec<_>>>()?;
        Ok(Partition { folder: levels.join("/"), first: row.get(0)?, last: row.get(1)? })
    };
    Ok(statement.query_map([], partition)?.collect::<Result<_, _>>()?)
}

/// A value as Hive writes it in the name of a folder: what is neither a letter, a digit nor `-_.` by its bytes. Whoever
/// wrote a log wrote this, too.
fn hive(value: Option<&str>) -> String {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return "__HIVE_DEFAULT_PARTITION__".to_owned();
    };
    // a name has 255 bytes at most; a value that long is no account and no region
    let value = value.char_indices().take_while(|(at, _)| *at < 60).map(|(_, char)| char);
    let escaped = |char: char| match char {
        char if char.is_ascii_alphanumeric() || "-_.".contains(char) => char.to_string(),
        char => char.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
    };
    value.map(escaped).collect()
}

fn copy(store: &Store, select: &str, to: &Path, shredded: bool) -> anyhow::Result<()> {
    let shredding = if shredded { columns::SHREDDING } else { "" };
    let to = to.display();
    store
        .connection
        .execute_batch(&format!(
            "COPY ({select}) TO {} (FORMAT parquet, COMPRESSION zstd{shredding})",
            quote(&to.to_string())
        ))
        .with_context(|| format!("cannot write {to}"))
}

impl Manifest {
    /// The manifest after another export.
    fn with(mut self, depth: Depth, export: Export, files_sha256: String) -> Self {
        self.depth = Some(depth);
        self.exports.push(export);
        self.files_sha256 = files_sha256;
        self
    }

    /// Up to which file of the store events are in the folder.
    fn last_file_id(&self) -> i64 {
        self.exports.last().map_or(0, |export| export.last_file_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_shared_out_evenly() {
        let rows = |events: i64, limit| {
            Partition { folder: String::new(), first: 10, last: 9 + events }.rows(limit).collect::<Vec<_>>()
        };
        assert_eq!(rows(1, 3), [(10, 10)]);
        assert_eq!(rows(3, 3), [(10, 12)]);
        assert_eq!(rows(7, 3), [(10, 11), (12, 13), (14, 16)]);
    }

    #[test]
    fn days_are_sorted_together_up_to_a_quarter_of_a_million_events() {
        let days = |counts: &[i64]| counts.iter().map(|&events| ("2026-10-06".to_owned(), events)).collect::<Vec<_>>();
        let sizes = |counts: &[i64]| batches(&days(counts)).into_iter().map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&[5, 5]), [2]);
        assert_eq!(sizes(&[150_000, 150_000, 1]), [1, 2]);
        assert_eq!(sizes(&[5, 3_000_000, 5]), [1, 1, 1]);
    }

    #[test]
    fn a_value_leaves_its_partition_s_folder_by_no_path() {
        assert_eq!(hive(Some("us-east-1")), "us-east-1");
        assert_eq!(hive(Some("../../etc")), "..%2F..%2Fetc");
        assert_eq!(hive(Some("a=b é\0")), "a%3Db%20%C3%A9%00");
        assert_eq!(hive(Some("")), "__HIVE_DEFAULT_PARTITION__");
        assert_eq!(hive(None), "__HIVE_DEFAULT_PARTITION__");
        assert!(hive(Some(&"é".repeat(1000))).len() <= 255);
    }
}
