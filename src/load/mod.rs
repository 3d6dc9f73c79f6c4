//! The pipeline: sources -> records -> batches -> store.
//!
//! Files are read in transactions of about a million events. A transaction holds whole files: what a killed load leaves
//! behind is what its finished transactions stored.

mod batch;
mod chunk;
mod intake;
mod progress;
mod report;
mod seen;
mod stored;
mod variant;

pub use progress::Progress;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, bail};
use duckdb::{Connection, params};

use crate::bucket::Known;
use crate::catalog::quote;
use crate::record::envelope::Reject;
use crate::record::format::Format;
use crate::source::{Found, Limits, Source};
use crate::store::{Store, number};
use intake::{Intake, TableFunction};
use report::{FetchedObject, FileReport};
use stored::Stored;

/// The usual [`Options::events_per_transaction`]: bounds memory, and what a killed load loses.
pub const EVENTS_PER_TRANSACTION: i64 = 1_000_000;

/// DuckDB's settings for a load. Rows may be stored in any order: only then do its threads write side by side. Shredding
/// makes a column of every path that occurs in a VARIANT: 1,300 of them in the benchmark's logs, with which a load took more
/// than five GiB before it was half done. One value of 16 KiB keeps a whole column of its row group from being compressed
/// as a dictionary: then Zstandard does, which DuckDB would otherwise leave to columns of long values. Row groups are
/// written as soon as they are full, so that few are in memory; without a limit, the pages in which duplicates were looked
/// for would stay there too. (A few thousand long records would not fit: for them the limit is lifted.)
fn settings() -> String {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    format!(
        "SET preserve_insertion_order = false;
        SET variant_minimum_shredding_size = -1;
        SET zstd_min_string_length = 16;
        SET write_buffer_row_group_count = 1;
        SET memory_limit = '{}MB';",
        MEMORY_PER_THREAD * threads.max(2)
    )
}

/// What DuckDB may use for each of its threads, in MB. Below 200, a load gets slower.
const MEMORY_PER_THREAD: usize = 200;

/// How to load.
#[derive(Debug, Clone)]
pub struct Options {
    /// The paths as they were given, for the table `loads`.
    pub arguments: Vec<PathBuf>,
    /// Whether anything that cannot be read fails the whole load.
    pub strict: bool,
    /// Events after which a transaction opens no more files.
    pub events_per_transaction: i64,
    /// How much a compressed file may become.
    pub limits: Limits,
}

/// What a load did.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Summary {
    /// CloudTrail files: loaded now or before, or damaged.
    pub files: u64,
    /// Of these: content that was loaded before.
    pub files_known: u64,
    /// Of these: CloudTrail digest files.
    pub digests: u64,
    /// Of these: files of which not a byte could be had.
    pub unreadable: u64,
    /// Beside these: files in a folder that are not CloudTrail logs.
    pub other: u64,
    /// Records found in the files that were loaded: new + duplicate + rejected.
    pub events: u64,
    pub new: u64,
    pub duplicate: u64,
    pub rejected: u64,
    /// The first few rejects, with the paths of their files.
    pub rejects: Vec<(String, Reject)>,
    /// Whether nothing was kept, because [`Options::strict`] allows no reject.
    pub undone: bool,
    /// Files that were not read because the load was stopped.
    pub left: u64,
    pub seconds: f64,
}

/// How many rejects a summary shows.
const REJECTS_SHOWN: usize = 5;

/// Loads what was found into `store`.
pub fn load(store: &Store, found: Found, options: &Options, progress: Arc<Progress>) -> anyhow::Result<Summary> {
    let begun = Instant::now();
    progress.begun.store(true, Ordering::Relaxed);
    let Found { mut sources, unreadable, arriving } = found;
    // its pages are full of records already, and of what attackers wrote
    sources.retain(|source| !matches!(source, Source::File { path, .. } if store.owns(path)));
    let connection = &store.connection;
    let contents = contents(connection, options.strict)?;
    let next_file_id = number(connection, "SELECT coalesce(max(file_id), 0) + 1 FROM files")?;
    let load_id = number(connection, "SELECT coalesce(max(load_id), 0) + 1 FROM loads")?;
    let stored = Stored::new(connection.try_clone()?);
    let intake = Arc::new(Intake::new(sources, arriving, contents, next_file_id, stored, options.limits, progress));

    let intake_name = intake::name();
    connection.register_table_function_with_extra_info::<TableFunction, _>(&intake_name, &intake)?;
    let arguments: Vec<_> = options.arguments.iter().map(|path| quote(&path.to_string_lossy())).collect();
    let mut summary = Summary::default();

    connection.execute_batch("BEGIN")?;
    connection.execute(
        &format!("INSERT INTO loads VALUES (?, make_timestamp(epoch_us(now())), NULL, ?, [{}])", arguments.join(", ")),
        params![load_id, env!("CARGO_PKG_VERSION")],
    )?;
    let outcome = transactions(connection, &intake, &intake_name, load_id, &unreadable, options, &mut summary);
    intake.close_store();
    outcome.context("the load failed; what it had committed is kept, and the same command goes on from there")?;
    store.delete_unfinished()?;
    summary.files_known = intake.known.load(Ordering::Relaxed);
    summary.files += summary.files_known;
    summary.other = intake.other.load(Ordering::Relaxed);
    summary.left += intake.left() as u64;
    if options.strict && summary.rejected > 0 {
        summary.undone = true;
    } else {
        let finish = "UPDATE loads SET finished_at = make_timestamp(epoch_us(now())) WHERE load_id = ?";
        connection.execute(finish, [load_id])?;
    }
    // queries that follow keep their order, and may take the memory there is
    connection.execute_batch("RESET preserve_insertion_order; RESET memory_limit")?;
    summary.seconds = begun.elapsed().as_secs_f64();
    Ok(summary)
}

/// Reads and stores, transaction after transaction; the first is begun.
fn transactions(
    connection: &Connection,
    intake: &Intake,
    intake_name: &str,
    load_id: i64,
    unreadable: &[(String, String)],
    options: &Options,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let mut first = true;
    while first || intake.has_more() {
        if !first {
            connection.execute_batch("BEGIN")?;
        }
        connection.execute_batch(&settings())?;
        intake.begin(if options.strict { i64::MAX } else { options.events_per_transaction });
        let inserted = connection.execute(&insert_statement(intake_name), [])? as u64;
        let (mut reports, cut_short) = intake.take_reports();
        let read: u64 = reports.iter().map(|report| report.new).sum();
        let cut_short: Vec<_> = cut_short.iter().map(i32::to_string).collect();
        let cut_short_list = cut_short.join(", ");
        let lost = match cut_short.is_empty() {
            true => 0,
            false => number(connection, &format!("SELECT count(*) FROM events WHERE file_id IN ({cut_short_list})"))?,
        };
        let kept = inserted - lost as u64;
        if kept != read {
            bail!("{kept} events were stored where {read} were read: nothing of these files is kept");
        }
        summary.left += cut_short.len() as u64;
        if first {
            reports.extend(unreadable.iter().map(|(path, reason)| intake.unreadable(path, reason, Vec::new())));
        }
        summary.add(&reports);
        let failure = intake.failure();
        if options.strict && (summary.rejected > 0 || failure.is_some()) {
            connection.execute_batch("ROLLBACK")?;
            if let Some(failure) = failure {
                bail!("{failure}: nothing is kept, as --strict demands");
            }
            break;
        }
        store_reports(connection, load_id, &reports)?;
        store_objects(connection, load_id, &intake.take_objects())?;
        if !cut_short.is_empty() {
            connection.execute(&format!("INSERT INTO unfinished_files SELECT unnest([{cut_short_list}])"), [])?;
        }
        connection.execute_batch("COMMIT")?;
        if let Some(failure) = failure {
            bail!(failure);
        }
        first = false;
    }
    Ok(())
}

impl Summary {
    fn add(&mut self, reports: &[FileReport]) {
        for report in reports {
            self.files += u64::from(!report.is_archive());
            self.unreadable += u64::from(report.sha256.is_empty());
            self.digests += u64::from(report.format == Format::Digest.name());
            self.events += report.new + report.duplicate + report.rejected;
            self.new += report.new;
            self.duplicate += report.duplicate;
            self.rejected += report.rejected;
            let room = REJECTS_SHOWN.saturating_sub(self.rejects.len());
            self.rejects.extend(report.rejects.iter().take(room).map(|reject| (report.path.clone(), reject.clone())));
        }
    }

    pub fn events_per_second(&self) -> u64 {
        (self.events as f64 / self.seconds.max(1e-9)) as u64
    }
}

/// `INSERT INTO events` from the intake.
fn insert_statement(intake_name: &str) -> String {
    let names: Vec<_> = batch::names().collect();
    format!("INSERT INTO events ({}) FROM {intake_name}()", names.join(", "))
}

fn store_reports(connection: &Connection, load_id: i64, reports: &[FileReport]) -> anyhow::Result<()> {
    let mut files = connection.appender("files")?;
    let mut rejects = connection.appender("rejects")?;
    for report in reports {
        files.append_row(params![
            report.file_id,
            load_id,
            report.path,
            report.size,
            report.sha256,
            report.format,
            report.new + report.duplicate + report.rejected,
            report.new,
            report.duplicate,
            report.rejected,
        ])?;
        for reject in &report.rejects {
            rejects.append_row(params![
                report.file_id,
                reject.record,
                reject.byte_offset,
                reject.reason,
                reject.excerpt,
            ])?;
        }
    }
    files.flush()?;
    rejects.flush()?;
    // what could not be read the last time and still cannot is said once, and what now can no more
    let earlier = "file_id IN (
        SELECT file_id FROM files AS earlier SEMI JOIN files AS later
        ON later.path = earlier.path AND later.file_id > earlier.file_id
        WHERE earlier.sha256 = ''
    )";
    connection.execute_batch(&format!("DELETE FROM rejects WHERE {earlier}; DELETE FROM files WHERE {earlier}"))?;
    Ok(())
}

/// Remembers what was fetched from buckets. An object whose content is that of a file of this transaction is known only if
/// the file was kept.
fn store_objects(connection: &Connection, load_id: i64, objects: &[FetchedObject]) -> anyhow::Result<()> {
    if objects.is_empty() {
        return Ok(());
    }
    connection.execute_batch("CREATE TEMP TABLE fetched_objects AS FROM objects LIMIT 0")?;
    let mut fetched = connection.appender("fetched_objects")?;
    for FetchedObject { uri, etag, size, sha256, passed_over } in objects {
        fetched.append_row(params![uri, etag, size, sha256, passed_over, load_id])?;
    }
    fetched.flush()?;
    drop(fetched);
    connection.execute_batch(
        "INSERT INTO objects FROM fetched_objects AS object
        WHERE (passed_over OR sha256 IN (SELECT sha256 FROM files))
            AND NOT EXISTS (
                FROM objects AS known
                WHERE known.uri = object.uri AND known.etag = object.etag AND known.size = object.size
                    AND known.passed_over = object.passed_over
            );
        DROP TABLE fetched_objects;",
    )?;
    Ok(())
}

/// The objects of buckets that need not be fetched again. Under `strict` those are that were damaged, and archives.
pub fn known_objects(store: &Store, strict: bool) -> anyhow::Result<Known> {
    let sql = format!(
        "SELECT uri, etag, objects.size, passed_over FROM objects LEFT JOIN files USING (sha256)
        WHERE passed_over OR rejected = 0 AND format NOT IN ('zip', 'tar') OR NOT {strict}"
    );
    let mut known = Known::default();
    let mut statement = store.connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (uri, etag): (String, String) = (row.get(0)?, row.get(1)?);
        known.insert(&uri, &etag, row.get(2)?, row.get(3)?);
    }
    Ok(known)
}

/// SHA-256 of all files that are in the store. Under `strict` those that were damaged are looked at again, and archives,
/// whose members may be.
fn contents(connection: &Connection, strict: bool) -> anyhow::Result<HashSet<[u8; 32]>> {
    let sql = format!(
        "SELECT unhex(sha256) FROM files
        WHERE sha256 <> '' AND (rejected = 0 AND format NOT IN ('zip', 'tar') OR NOT {strict})"
    );
    let mut statement = connection.prepare(&sql)?;
    let hashes = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    hashes.map(|hash| hash?.try_into().map_err(|_| anyhow::anyhow!("a malformed sha256 in the table files"))).collect()
}

/// A lock is only held for moments in which nothing panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
