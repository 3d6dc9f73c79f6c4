//! A table function that DuckDB pulls records from.
//!
//! `INSERT INTO events SELECT ... FROM trailduck_intake()` lets DuckDB's own threads read, inflate and parse files, each
//! its own, and cast and write what comes out: one pipeline, no hand-over between pools of threads.

use std::collections::{HashMap, HashSet, VecDeque};
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use duckdb::arrow::array::{RecordBatch, UInt32Array};
use duckdb::arrow::compute::take_record_batch;
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::vtab::{BindInfo, InitInfo, TableFunctionInfo, VTab};
use duckdb::vtab::{record_batch_to_duckdb_data_chunk, to_duckdb_logical_type_for_field};
use sha2::{Digest, Sha256};

use super::batch::{self, Batch};
use super::progress::Progress;
use crate::record::envelope::{self, Format, Item, Reader, Reject};
use crate::source::{Source, inflate};

/// A name for the table function of one load: a connection keeps those it was given, and what they read from.
pub fn name() -> String {
    static LOADS: AtomicU64 = AtomicU64::new(1);
    format!("trailduck_intake_{}", LOADS.fetch_add(1, Ordering::Relaxed))
}

/// Rows of one chunk of DuckDB.
const CHUNK: usize = 2048;

/// Locks that the set of events seen is spread over, so that threads seldom wait for each other.
const SHARDS: usize = 64;

/// A file that was read to its end.
#[derive(Debug)]
pub struct FileReport {
    pub file_id: i32,
    pub path: String,
    pub size: u64,
    pub sha256: String,
    pub format: Format,
    pub new: u64,
    pub duplicate: u64,
    pub rejects: Vec<Reject>,
}

/// What the threads of a load share.
pub struct Intake {
    sources: Mutex<VecDeque<Source>>,
    /// SHA-256 of the files that are in the store or were read in this load.
    contents: Mutex<HashSet<[u8; 32]>>,
    /// Times and ids of the events of this transaction.
    seen: Vec<Mutex<HashSet<(i64, u128)>>>,
    hasher: RandomState,
    /// Workers that hold rows, by the thread they last worked on.
    workers: Mutex<HashMap<ThreadId, Worker>>,
    reports: Mutex<Vec<FileReport>>,
    /// Events this transaction may still take in.
    room: AtomicI64,
    next_file_id: AtomicI64,
    /// Files whose content was loaded before.
    pub known: AtomicU64,
    /// Files found in folders that are no CloudTrail logs.
    pub other: AtomicU64,
    progress: Arc<Progress>,
}

impl Intake {
    pub fn new(sources: Vec<Source>, contents: HashSet<[u8; 32]>, next_file_id: i64, progress: Arc<Progress>) -> Self {
        Progress::add(&progress.files_found, sources.len() as u64);
        Self {
            sources: Mutex::new(sources.into()),
            contents: Mutex::new(contents),
            seen: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            workers: Mutex::default(),
            reports: Mutex::default(),
            room: AtomicI64::new(0),
            next_file_id: AtomicI64::new(next_file_id),
            known: AtomicU64::new(0),
            other: AtomicU64::new(0),
            progress,
        }
    }

    /// Begins a transaction that opens no more files once it has `events` events.
    pub fn begin(&self, events: i64) {
        self.room.store(events, Ordering::Relaxed);
        self.seen.iter().for_each(|shard| lock(shard).clear());
    }

    /// Whether files are left to read.
    pub fn has_more(&self) -> bool {
        !self.progress.stopped() && !lock(&self.sources).is_empty()
    }

    /// How many files were not read.
    pub fn left(&self) -> usize {
        lock(&self.sources).len()
    }

    /// The files read since the last call, by id.
    pub fn take_reports(&self) -> Vec<FileReport> {
        let mut reports = std::mem::take(&mut *lock(&self.reports));
        reports.sort_by_key(|report| report.file_id);
        reports
    }

    /// Id the next file will get.
    pub fn next_file_id(&self) -> i64 {
        self.next_file_id.load(Ordering::Relaxed)
    }

    /// The next file, inflated; none if there is no more, or the transaction is full.
    fn open(&self) -> Option<OpenFile> {
        loop {
            if self.progress.stopped() || self.room.load(Ordering::Relaxed) <= 0 {
                return None;
            }
            let source = lock(&self.sources).pop_front()?;
            let opened = self.read(&source);
            Progress::add(&self.progress.files, 1);
            match opened {
                Some(file) => return Some(file),
                None => self.known.fetch_add(1, Ordering::Relaxed),
            };
        }
    }

    /// Reads a file; none if its content is known.
    fn read(&self, source: &Source) -> Option<OpenFile> {
        let (bytes, error) = match source.read() {
            Ok(bytes) => (bytes, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let size = bytes.len() as u64;
        Progress::add(&self.progress.bytes, size);
        let mut hash = None;
        if error.is_none() {
            let sha256: [u8; 32] = Sha256::digest(&bytes).into();
            if !lock(&self.contents).insert(sha256) {
                return None;
            }
            hash = Some(sha256);
        }
        let inflated = inflate(bytes);
        Some(OpenFile {
            report: self.report(source.name(), size, hash.as_ref().map(|hash| hex(hash)).unwrap_or_default()),
            text: envelope::text(inflated.bytes),
            reader: Reader::default(),
            damage: error.or(inflated.damage),
            named: source.named(),
            hash,
        })
    }

    /// The report on a folder or file that could not even be looked at.
    pub fn unreadable(&self, path: &str, reason: &str) -> FileReport {
        let reject = Reject { record: None, byte_offset: 0, reason: reason.to_owned(), excerpt: String::new() };
        let mut report = self.report(path.to_owned(), 0, String::new());
        report.rejects.push(reject);
        report
    }

    fn report(&self, path: String, size: u64, sha256: String) -> FileReport {
        let file_id = self.next_file_id.fetch_add(1, Ordering::Relaxed);
        FileReport {
            file_id: i32::try_from(file_id).unwrap_or(i32::MAX),
            path,
            size,
            sha256,
            format: Format::Other,
            new: 0,
            duplicate: 0,
            rejects: Vec::new(),
        }
    }

    /// Whether an event is new in this transaction; it is not the next time.
    fn is_new(&self, time: i64, id: u128) -> bool {
        let shard = self.hasher.hash_one((time, id)) as usize % SHARDS;
        lock(&self.seen[shard]).insert((time, id))
    }

    fn close(&self, file: OpenFile) {
        let OpenFile { mut report, text, reader, damage, named, hash } = file;
        report.format = reader.format();
        let no_record = report.new + report.duplicate == 0;
        if let Some(reason) = damage {
            let byte_offset = text.len() as u64;
            report.rejects.push(Reject { record: None, byte_offset, reason, excerpt: String::new() });
        } else if no_record && !named && is_no_log(&report) {
            // nothing of it is in the store: should it be named some day, it is read again
            if let Some(hash) = hash {
                lock(&self.contents).remove(&hash);
            }
            self.other.fetch_add(1, Ordering::Relaxed);
            return;
        } else if no_record && report.format == Format::Other && report.rejects.is_empty() {
            let reason = "the file is empty".to_owned();
            report.rejects.push(Reject { record: None, byte_offset: 0, reason, excerpt: String::new() });
        }
        lock(&self.reports).push(report);
    }
}

/// Whether a file without a single good record is something else that happens to lie in a folder of logs, rather than a
/// damaged log.
fn is_no_log(report: &FileReport) -> bool {
    let begins_like_a_record = |reject: &Reject| {
        ["\"eventVersion\"", "\"eventTime\"", "\"eventID\""].iter().any(|key| reject.excerpt.contains(key))
    };
    matches!(report.format, Format::Other | Format::Record | Format::Ndjson)
        && !report.rejects.iter().any(begins_like_a_record)
}

/// A lock is only held for moments in which nothing panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct OpenFile {
    report: FileReport,
    text: String,
    reader: Reader,
    damage: Option<String>,
    /// Whether the user named this very file.
    named: bool,
    hash: Option<[u8; 32]>,
}

/// Turns files into sorted rows, one batch after the other.
#[derive(Default)]
struct Worker {
    file: Option<OpenFile>,
    rows: Option<SortedRows>,
}

struct SortedRows {
    columns: RecordBatch,
    order: UInt32Array,
    at: usize,
}

impl Worker {
    /// Fills a chunk. Returns its rows; none if there is nothing left to read.
    fn fill(&mut self, intake: &Intake, chunk: &mut DataChunkHandle) -> Result<usize, Box<dyn Error>> {
        if self.rows.is_none() {
            self.rows = self.batch(intake)?;
        }
        let Some(SortedRows { columns, order, at }) = &mut self.rows else { return Ok(0) };
        let len = CHUNK.min(order.len() - *at);
        record_batch_to_duckdb_data_chunk(&take_record_batch(columns, &order.slice(*at, len))?, chunk)?;
        *at += len;
        if *at == order.len() {
            self.rows = None;
        }
        Ok(len)
    }

    /// Reads files until a batch is full; a file that does not fit is gone on with later.
    fn batch(&mut self, intake: &Intake) -> Result<Option<SortedRows>, Box<dyn Error>> {
        let mut batch = Batch::new();
        while !batch.is_full() {
            let Some(mut file) = self.file.take().or_else(|| intake.open()) else { break };
            if read_records(&mut file, &mut batch, intake) {
                intake.close(file);
            } else {
                self.file = Some(file);
            }
        }
        if batch.is_empty() {
            return Ok(None);
        }
        let (columns, order) = batch.finish()?;
        Ok(Some(SortedRows { columns, order, at: 0 }))
    }
}

/// Moves records from a file into a batch until one of them ends. Returns whether it was the file.
fn read_records(file: &mut OpenFile, batch: &mut Batch, intake: &Intake) -> bool {
    let OpenFile { report, text, reader, .. } = file;
    let before = report.new;
    let mut ended = false;
    while !batch.is_full() {
        let begin = reader.at();
        match reader.next(text) {
            None => {
                ended = true;
                break;
            }
            Some(Item::Record(record)) => {
                if intake.is_new(record.event_time(), record.event_id().as_u128()) {
                    batch.push(&record, report.file_id, reader.at() - begin);
                    report.new += 1;
                } else {
                    report.duplicate += 1;
                }
            }
            Some(Item::Reject(reject)) => report.rejects.push(reject),
            Some(Item::Digest) => {}
        }
    }
    let events = report.new - before;
    intake.room.fetch_sub(events.cast_signed(), Ordering::Relaxed);
    Progress::add(&intake.progress.events, events);
    ended
}

/// The table function.
pub struct TableFunction;

impl VTab for TableFunction {
    type BindData = Arc<Intake>;
    type InitData = ();

    fn bind(bind: &BindInfo) -> Result<Arc<Intake>, Box<dyn Error>> {
        for field in batch::schema().fields() {
            let logical_type = if batch::is_variant(field.name()) {
                // text that is declared to be JSON is not checked again before it becomes a VARIANT
                let mut json = LogicalTypeHandle::from(LogicalTypeId::Varchar);
                json.set_alias("JSON");
                json
            } else {
                to_duckdb_logical_type_for_field(field)?
            };
            bind.add_result_column(field.name(), logical_type);
        }
        let intake: *const Arc<Intake> = bind.get_extra_info();
        // SAFETY: registered below with an Arc<Intake>, which lives as long as the function does
        unsafe { intake.as_ref() }.cloned().ok_or_else(|| "the intake was not registered".into())
    }

    fn init(init: &InitInfo) -> Result<(), Box<dyn Error>> {
        init.set_max_threads(thread::available_parallelism().map_or(1, usize::from) as u64);
        Ok(())
    }

    fn func(info: &TableFunctionInfo<Self>, chunk: &mut DataChunkHandle) -> Result<(), Box<dyn Error>> {
        let intake = info.get_bind_data();
        let this = thread::current().id();
        let mut worker = lock(&intake.workers).remove(&this).unwrap_or_default();
        loop {
            let len = worker.fill(intake, chunk)?;
            if len > 0 {
                lock(&intake.workers).insert(this, worker);
                chunk.set_len(len);
                return Ok(());
            }
            // DuckDB may have moved a task to another thread: what its worker still holds is handed over here
            let mut workers = lock(&intake.workers);
            let other = workers.keys().next().copied();
            match other.and_then(|other| workers.remove(&other)) {
                Some(other) => worker = other,
                None => break,
            }
        }
        chunk.set_len(0);
        Ok(())
    }
}
