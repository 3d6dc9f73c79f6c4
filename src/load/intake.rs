//! A table function that DuckDB pulls records from.
//!
//! `INSERT INTO events SELECT ... FROM trailduck_intake()` lets DuckDB's own threads read, inflate and parse files, each
//! its own, and cast and write what comes out: one pipeline, no hand-over between pools of threads.

use std::collections::{HashMap, HashSet, VecDeque};
use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use duckdb::core::DataChunkHandle;
use duckdb::vtab::{BindInfo, InitInfo, TableFunctionInfo, VTab};

use super::batch::{self, Batch};
use super::lock;
use super::progress::Progress;
use super::report::{FetchedObject, FileReport, hex};
use super::seen::Seen;
use super::stored::Stored;
use crate::record::envelope::{Item, Reader, Step};
use crate::record::format::Format;
use crate::source::{Archive, Arriving, Budget, Content, Limits, Member, Source, Text, Unpacked, unpack};

/// A name for the table function of one load: a connection keeps those it was given, and what they read from.
pub fn name() -> String {
    static LOADS: AtomicU64 = AtomicU64::new(1);
    format!("trailduck_intake_{}", LOADS.fetch_add(1, Ordering::Relaxed))
}

/// Archives may lie in archives, so deep.
const MAX_DEPTH: usize = 4;

/// What the threads of a load share.
pub struct Intake {
    sources: Mutex<VecDeque<Source>>,
    arriving: Option<Arriving>,
    archives: Mutex<Archives>,
    limits: Limits,
    /// SHA-256 of the files that are in the store or were read in this load.
    contents: Mutex<HashSet<[u8; 32]>>,
    /// The events of this transaction.
    seen: Seen,
    /// Those of the transactions before it.
    stored: Stored,
    /// Whether there are any.
    any_stored: AtomicBool,
    /// Whether this transaction has so long records that its memory is not limited.
    is_heavy: AtomicBool,
    /// How many events of a file turned out to be stored.
    repeated: Mutex<HashMap<i32, u64>>,
    /// Workers that hold rows, by the chunk they fill: each of DuckDB's tasks has one of its own, whatever thread it is
    /// on.
    workers: Mutex<HashMap<usize, Worker>>,
    reports: Mutex<Vec<FileReport>>,
    /// Objects of buckets that were fetched in this transaction.
    objects: Mutex<Vec<FetchedObject>>,
    /// Files whose rows did not all reach the store before the load was stopped.
    cut_short: Mutex<HashSet<i32>>,
    /// Events this transaction may still take in.
    room: AtomicI64,
    next_file_id: AtomicI64,
    /// Files whose content was loaded before.
    pub known: AtomicU64,
    /// Files found in folders that are no CloudTrail logs.
    pub other: AtomicU64,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Archives {
    /// The one opened last is read first.
    open: Vec<OpenArchive>,
    /// Read to their end, but perhaps not what lies in them.
    read: Vec<ReadArchive>,
}

struct OpenArchive {
    archive: Archive,
    read: ReadArchive,
}

struct ReadArchive {
    report: FileReport,
    hash: [u8; 32],
    object: Option<FetchedObject>,
    /// Whether any CloudTrail log was found in it.
    has_logs: Arc<AtomicBool>,
    /// The archives it lies in, the outermost first, and the same of them; they may have been read to their end.
    above: Vec<(i32, Arc<AtomicBool>)>,
}

/// Where a file was found.
struct Place {
    /// Ids of the archives it lies in, the outermost first, and whether they have logs.
    within: Vec<(i32, Arc<AtomicBool>)>,
    budget: Arc<Budget>,
}

impl Intake {
    pub fn new(
        sources: Vec<Source>,
        arriving: Option<Arriving>,
        contents: HashSet<[u8; 32]>,
        next_file_id: i64,
        stored: Stored,
        limits: Limits,
        progress: Arc<Progress>,
    ) -> Self {
        Progress::add(&progress.files_found, sources.len() as u64);
        Self {
            sources: Mutex::new(sources.into()),
            arriving,
            archives: Mutex::default(),
            limits,
            contents: Mutex::new(contents),
            seen: Seen::default(),
            stored,
            any_stored: AtomicBool::new(next_file_id > 1),
            is_heavy: AtomicBool::new(false),
            repeated: Mutex::default(),
            workers: Mutex::default(),
            reports: Mutex::default(),
            objects: Mutex::default(),
            cut_short: Mutex::default(),
            room: AtomicI64::new(0),
            next_file_id: AtomicI64::new(next_file_id),
            known: AtomicU64::new(0),
            other: AtomicU64::new(0),
            progress,
        }
    }

    /// Ends the load: what it holds of the store is given back.
    pub fn close_store(&self) {
        self.stored.close();
    }

    /// Begins a transaction that opens no more files once it has `events` events.
    pub fn begin(&self, events: i64) {
        self.is_heavy.store(false, Ordering::Relaxed);
        self.room.store(events, Ordering::Relaxed);
        self.seen.clear();
    }

    /// Whether files are left to read.
    pub fn has_more(&self) -> bool {
        let more = !lock(&self.sources).is_empty()
            || !lock(&self.archives).open.is_empty()
            || self.arriving.as_ref().is_some_and(|arriving| !arriving.ended());
        more && !self.progress.stopped()
    }

    /// Why not all that was to be fetched was.
    pub fn failure(&self) -> Option<String> {
        self.arriving.as_ref().and_then(Arriving::failure)
    }

    /// How many files, archives counted as one, were not read to their end. What is still to be fetched counts as far as
    /// it is listed, and at least as one.
    pub fn left(&self) -> usize {
        let arriving = self.arriving.as_ref().filter(|arriving| !arriving.ended());
        let to_come = arriving.map_or(0, |_| {
            let found = self.progress.files_found.load(Ordering::Relaxed);
            let read = self.progress.files.load(Ordering::Relaxed) + lock(&self.sources).len() as u64;
            found.saturating_sub(read).max(1) as usize
        });
        to_come
            + lock(&self.sources).len()
            + lock(&self.archives).open.iter().filter(|open| open.read.report.within.is_empty()).count()
    }

    /// The files of this transaction whose rows are all in the store, by id; and the ids of those whose rows are not. An
    /// event that was passed over because a file of the latter kind had it keeps its file out of the store as well.
    pub fn take_reports(&self) -> (Vec<FileReport>, Vec<i32>) {
        let mut reports = std::mem::take(&mut *lock(&self.reports));
        let cut_short = self.seen.with_dependants(std::mem::take(&mut *lock(&self.cut_short)));
        let mut archives = lock(&self.archives);
        for read in std::mem::take(&mut archives.read) {
            if archives.open.iter().any(|open| open.read.report.within.contains(&read.report.file_id)) {
                archives.read.push(read);
                continue;
            }
            let ReadArchive { mut report, hash, object, has_logs, .. } = read;
            if cut_short.contains(&report.file_id) {
                continue;
            }
            if !has_logs.load(Ordering::Relaxed) && report.rejected == 0 {
                if !report.named {
                    self.pass_over(hash, object);
                    continue;
                }
                report.reject_file("no CloudTrail log in it".to_owned(), 0);
            }
            self.fetched(object, false);
            reports.push(report);
        }
        let lacking: HashSet<i32> = reports
            .iter()
            .filter(|report| cut_short.contains(&report.file_id))
            .flat_map(|report| report.within.clone())
            .chain(cut_short.iter().copied())
            .collect();
        self.any_stored.store(true, Ordering::Relaxed);
        let repeated = std::mem::take(&mut *lock(&self.repeated));
        for report in &mut reports {
            let repeated = repeated.get(&report.file_id).copied().unwrap_or_default();
            report.new -= repeated;
            report.duplicate += repeated;
        }
        reports.retain(|report| !lacking.contains(&report.file_id));
        reports.sort_by_key(|report| report.file_id);
        (reports, cut_short.into_iter().collect())
    }

    /// The next text; none if there is no more, or the transaction is full.
    fn open(&self) -> Option<OpenFile> {
        loop {
            if self.progress.stopped() || self.room.load(Ordering::Relaxed) <= 0 {
                return None;
            }
            let (content, place) = match self.next_member() {
                Some(Some(member)) => member,
                Some(None) => continue,
                None => match self.next_source()? {
                    Some(source) => source,
                    None => continue,
                },
            };
            if let Some(file) = self.unpack(content, place) {
                return Some(file);
            }
        }
    }

    /// The next file that the user gave; inside, none if it cannot be read.
    fn next_source(&self) -> Option<Option<(Content, Place)>> {
        let Some(source) = lock(&self.sources).pop_front() else {
            let arrival = self.arriving.as_ref()?.next(|| self.progress.stopped())?;
            let name = arrival.name.clone();
            return Some(self.begun(&name, arrival.read()));
        };
        let may_wait = u64::from(source.may_wait());
        self.progress.waiting.fetch_add(may_wait, Ordering::Relaxed);
        let read = source.read();
        self.progress.waiting.fetch_sub(may_wait, Ordering::Relaxed);
        Some(self.begun(&source.name(), read))
    }

    fn begun(&self, name: &str, read: io::Result<Content>) -> Option<(Content, Place)> {
        Progress::add(&self.progress.files, 1);
        match read {
            Ok(content) => {
                Progress::add(&self.progress.bytes, content.size);
                let budget = Budget::new(content.size, self.limits);
                Some((content, Place { within: Vec::new(), budget }))
            }
            Err(error) => {
                lock(&self.reports).push(self.unreadable(name, &error.to_string(), Vec::new()));
                None
            }
        }
    }

    /// The next file of an archive that is open; inside, none if it cannot be read.
    fn next_member(&self) -> Option<Option<(Content, Place)>> {
        let mut archives = lock(&self.archives);
        let OpenArchive { archive, read } = archives.open.last_mut()?;
        let ReadArchive { report, has_logs, above, .. } = read;
        let within = above.iter().cloned().chain([(report.file_id, has_logs.clone())]).collect();
        let place = Place { within, budget: archive.budget().clone() };
        match archive.next_member() {
            Some(Member::Content(content)) => return Some(Some((content, place))),
            Some(Member::Unreadable(name, reason)) => {
                place.has_logs();
                lock(&self.reports).push(self.unreadable(&name, &reason, place.ids()));
            }
            Some(Member::Damage(reason)) => report.reject_file(reason, 0),
            None => {
                let OpenArchive { read, .. } = archives.open.pop()?;
                archives.read.push(read);
            }
        }
        Some(None)
    }

    /// Gets at the text of a file; none if it is known, or an archive, which is then open.
    fn unpack(&self, mut content: Content, place: Place) -> Option<OpenFile> {
        let hash = content.sha256;
        let object = content.etag.take().map(|etag| FetchedObject {
            uri: content.name.clone(),
            etag,
            size: content.size,
            sha256: hex(&hash),
            passed_over: false,
        });
        if !lock(&self.contents).insert(hash) {
            self.known.fetch_add(1, Ordering::Relaxed);
            self.fetched(object, false);
            place.has_logs();
            return None;
        }
        let mut report = self.report(content.name.clone(), content.size, hex(&hash), content.named, place.ids());
        match unpack(content, &place.budget) {
            Unpacked::Text(text) => Some(OpenFile { report, text, reader: Reader::default(), place, hash, object }),
            Unpacked::Archive(_) if place.within.len() >= MAX_DEPTH => {
                place.has_logs();
                report.reject_file(format!("archives in archives, more than {MAX_DEPTH} deep"), 0);
                lock(&self.reports).push(report);
                None
            }
            Unpacked::Archive(archive) => {
                report.format = archive.format();
                let read = ReadArchive { report, hash, object, has_logs: Arc::default(), above: place.within };
                lock(&self.archives).open.push(OpenArchive { archive: *archive, read });
                None
            }
        }
    }

    /// The report on a folder or file that could not even be looked at.
    pub fn unreadable(&self, path: &str, reason: &str, within: Vec<i32>) -> FileReport {
        let mut report = self.report(path.to_owned(), 0, String::new(), true, within);
        report.reject_file(reason.to_owned(), 0);
        report
    }

    fn report(&self, path: String, size: u64, sha256: String, named: bool, within: Vec<i32>) -> FileReport {
        let file_id = self.next_file_id.fetch_add(1, Ordering::Relaxed);
        FileReport {
            file_id: i32::try_from(file_id).unwrap_or(i32::MAX),
            path,
            size,
            sha256,
            named,
            within,
            format: Format::Other.name(),
            new: 0,
            duplicate: 0,
            rejected: 0,
            rejects: Vec::new(),
        }
    }

    /// Forgets a file that is no log: should it be named some day, it is read again.
    fn pass_over(&self, hash: [u8; 32], object: Option<FetchedObject>) {
        lock(&self.contents).remove(&hash);
        self.other.fetch_add(1, Ordering::Relaxed);
        self.fetched(object, true);
    }

    /// Remembers a file that was fetched from a bucket, if it was.
    fn fetched(&self, object: Option<FetchedObject>, passed_over: bool) {
        lock(&self.objects).extend(object.map(|object| FetchedObject { passed_over, ..object }));
    }

    /// The objects of buckets that were fetched in this transaction; some may be of files that were not kept.
    pub fn take_objects(&self) -> Vec<FetchedObject> {
        std::mem::take(&mut *lock(&self.objects))
    }

    fn close(&self, file: OpenFile) {
        let OpenFile { mut report, text, reader, place, hash, object } = file;
        let format = reader.format();
        report.format = format.name();
        let no_record = report.new + report.duplicate == 0;
        if let Some(reason) = text.damage() {
            report.reject_file(reason.to_owned(), reader.position());
        } else if no_record && !report.named && report.is_no_log(format) {
            self.pass_over(hash, object);
            return;
        } else if no_record && format == Format::Other {
            if report.rejected == 0 {
                report.reject_file("the file is empty".to_owned(), 0);
            }
            // of a file that is something else, once is enough
            report.rejected = 1;
            report.rejects.truncate(1);
        }
        place.has_logs();
        self.fetched(object, false);
        lock(&self.reports).push(report);
    }
}

impl Place {
    fn ids(&self) -> Vec<i32> {
        self.within.iter().map(|(id, _)| *id).collect()
    }

    fn has_logs(&self) {
        self.within.iter().for_each(|(_, has_logs)| has_logs.store(true, Ordering::Relaxed));
    }
}

struct OpenFile {
    report: FileReport,
    text: Text,
    reader: Reader,
    place: Place,
    hash: [u8; 32],
    /// If it was fetched from a bucket.
    object: Option<FetchedObject>,
}

/// Turns files into sorted rows, one batch after the other.
#[derive(Default)]
struct Worker {
    file: Option<OpenFile>,
    batch: Batch,
}

impl Worker {
    /// Fills a chunk. Returns its rows; none if there is nothing left to read.
    ///
    /// # Safety
    /// DuckDB is done with the chunk before the worker is called again, or dropped.
    unsafe fn fill(&mut self, intake: &Intake, chunk: &DataChunkHandle) -> duckdb::Result<usize> {
        // SAFETY: until the next call nothing changes the batch
        let rows = unsafe { self.batch.hand_over(chunk) };
        if rows > 0 {
            return Ok(rows);
        }
        // a batch may turn out to be stored already, all of it
        while self.read(intake)? {
            // SAFETY: as above
            let rows = unsafe { self.batch.hand_over(chunk) };
            if rows > 0 {
                return Ok(rows);
            }
        }
        Ok(0)
    }

    /// Reads files until the batch is full; a file that does not fit is gone on with later. Returns whether there was
    /// anything to read. Once the load is stopped the file that is being read is given up; those before it are not.
    fn read(&mut self, intake: &Intake) -> duckdb::Result<bool> {
        self.batch.clear();
        while !self.batch.is_full() {
            let Some(mut file) = self.file.take().or_else(|| intake.open()) else { break };
            if read_records(&mut file, &mut self.batch, intake) {
                intake.close(file);
            } else {
                self.file = Some(file);
            }
            if intake.progress.stopped() {
                self.cut_short(intake);
                break;
            }
        }
        if self.batch.is_heavy() && !intake.is_heavy.swap(true, Ordering::Relaxed) {
            intake.stored.lift_memory_limit()?;
        }
        let stored = match intake.any_stored.load(Ordering::Relaxed) {
            true => intake.stored.events(self.batch.times())?,
            false => HashSet::new(),
        };
        self.batch.sort(&stored, |file_id| *lock(&intake.repeated).entry(file_id).or_default() += 1);
        Ok(self.batch.times().next().is_some())
    }

    /// Gives up the file that is being read.
    fn cut_short(&mut self, intake: &Intake) {
        if let Some(OpenFile { report, .. }) = self.file.take() {
            let mut cut_short = lock(&intake.cut_short);
            // the archives it lies in may have been read to their end: they are to be read again
            cut_short.extend(report.within);
            cut_short.insert(report.file_id);
        }
    }
}

/// Moves records from a file into a batch until one of them ends, or the load is stopped. Returns whether it was the
/// file.
fn read_records(file: &mut OpenFile, batch: &mut Batch, intake: &Intake) -> bool {
    let OpenFile { report, text, reader, .. } = file;
    let before = report.new;
    let mut ended = false;
    while !batch.is_full() && !intake.progress.stopped() {
        match reader.next(text.window(), text.is_last()) {
            Step::End => {
                ended = true;
                break;
            }
            Step::More => {
                let read = reader.release();
                text.advance(read);
            }
            Step::Item(Item::Record(record, bytes)) => {
                if intake.seen.is_new(record.event_time, record.event_id, report.file_id) {
                    batch.push(&record, report.file_id, bytes);
                    report.new += 1;
                } else {
                    report.duplicate += 1;
                }
            }
            Step::Item(Item::Reject(reject)) => report.reject(reject),
            Step::Item(Item::Digest) => {}
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
        let intake: *const Arc<Intake> = bind.get_extra_info();
        // SAFETY: the function is registered with an Arc<Intake>, which lives as long as it does
        let intake = unsafe { intake.as_ref() }.cloned().ok_or("the intake was not registered")?;
        for (name, logical_type) in batch::names().zip(intake.stored.types()?) {
            bind.add_result_column(name, logical_type);
        }
        Ok(intake)
    }

    fn init(init: &InitInfo) -> Result<(), Box<dyn Error>> {
        init.set_max_threads(thread::available_parallelism().map_or(1, usize::from) as u64);
        Ok(())
    }

    fn func(info: &TableFunctionInfo<Self>, chunk: &mut DataChunkHandle) -> Result<(), Box<dyn Error>> {
        let intake = info.get_bind_data();
        let task = chunk.get_ptr() as usize;
        let mut worker = lock(&intake.workers).remove(&task).unwrap_or_default();
        // SAFETY: DuckDB asks for rows again when it is done with those it got. The worker is this chunk's own, and lives
        // until then
        let rows = unsafe { worker.fill(intake, chunk)? };
        if rows > 0 {
            lock(&intake.workers).insert(task, worker);
        }
        chunk.set_len(rows);
        Ok(())
    }
}
