//! Which files are new. What was loaded is remembered by path, size, times and inode, as one number a file, so that a tick
//! reads what changed and nothing else.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use crate::source::{self, Found, Narrow, Source};

/// A file that was changed less than this ago may still be being written.
pub const SETTLING: TimeDelta = TimeDelta::seconds(2);

/// A file that is written all the time is loaded as it is after so long.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// The files of the paths that are watched.
pub struct Files {
    paths: Vec<PathBuf>,
    narrow: Narrow,
    own: Own,
    /// Of its own kind in each process: no one can make two files that are taken for one.
    hasher: RandomState,
    /// What was loaded. What is not there any more is forgotten at the next scan.
    loaded: HashSet<u64>,
    /// The files that were still being written at the last look, by their paths, and since when they are.
    written: HashMap<u64, DateTime<Utc>>,
}

/// What a look at the paths found.
#[derive(Default)]
pub struct Scan {
    /// What is to be loaded.
    pub found: Found,
    /// Files that will be: they are still being written, or cannot be opened.
    pub waiting: u64,
    /// When the first of those that are being written will be taken for complete.
    pub settled_at: Option<DateTime<Utc>>,
    /// Paths and files that could not be looked at, with the reason.
    pub problems: Vec<String>,
    /// Whether there was anything at any of the paths.
    pub any: bool,
    /// What is loaded, once what was found is.
    loaded: HashSet<u64>,
    /// The names of what was found, and what stands for each in `loaded`.
    given: Vec<(u64, u64)>,
}

impl Files {
    pub fn new(paths: Vec<PathBuf>, narrow: Narrow, own: Own) -> Self {
        Self { paths, narrow, own, hasher: RandomState::new(), loaded: HashSet::new(), written: HashMap::new() }
    }

    /// Looks what there is, at the time `now`.
    pub fn scan(&mut self, now: DateTime<Utc>) -> Scan {
        let mut scan = Scan::default();
        let mut all = Found::default();
        for path in &self.paths {
            match source::find(std::slice::from_ref(path)) {
                Ok(mut found) => {
                    scan.any = true;
                    found.narrow(&self.narrow);
                    all.sources.extend(found.sources);
                    all.unreadable.extend(found.unreadable);
                }
                Err(error) => scan.problems.push(error.to_string()),
            }
        }
        // a file at two of the paths is one
        let mut seen = HashSet::new();
        let mut written = HashMap::new();
        for source in all.sources {
            let Source::File { path, .. } = &source else { continue };
            let name = self.hasher.hash_one(path);
            if self.own.is(path) || !seen.insert(name) {
                continue;
            }
            let since = self.written.get(&name).copied().unwrap_or(now);
            if self.look_at(source, now, since, &mut scan) {
                written.insert(name, since);
            }
        }
        self.written = written;
        for (path, reason) in all.unreadable {
            let mark = self.hasher.hash_one((&path, &reason));
            if scan.loaded.insert(mark) && !self.loaded.contains(&mark) {
                scan.problems.push(reason.clone());
                scan.found.unreadable.push((path, reason));
            }
        }
        scan
    }

    /// Looks at a file that may have been written since `since`. Returns whether it still is.
    fn look_at(&self, source: Source, now: DateTime<Utc>, since: DateTime<Utc>, scan: &mut Scan) -> bool {
        let Source::File { path, .. } = &source else { return false };
        let metadata = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => {
                scan.problems.push(format!("{}: neither a file nor a folder", path.display()));
                return false;
            }
            // gone since it was found
            Err(_) => return false,
        };
        let mark = self.hasher.hash_one((path, State::of(&metadata)));
        if self.loaded.contains(&mark) {
            scan.loaded.insert(mark);
            return false;
        }
        let changed_at = metadata.modified().map_or(DateTime::UNIX_EPOCH, DateTime::<Utc>::from);
        let settled_at = changed_at + SETTLING;
        // a time far ahead is another machine's clock: it tells nothing
        if now < settled_at && changed_at < now + SETTLING && now < since + PATIENCE {
            scan.waiting += 1;
            scan.settled_at = Some(scan.settled_at.map_or(settled_at, |earliest| earliest.min(settled_at)));
            return true;
        }
        if let Err(error) = File::open(path) {
            scan.waiting += 1;
            scan.problems.push(format!("{}: {error}", path.display()));
            return false;
        }
        scan.loaded.insert(mark);
        scan.given.push((self.hasher.hash_one(source.name()), mark));
        scan.found.sources.push(source);
        false
    }

    /// Remembers that what a scan found is loaded, but for the files of the names in `unread`.
    pub fn remember<'n>(&mut self, scan: Scan, unread: impl IntoIterator<Item = &'n String>) {
        let Scan { mut loaded, given, .. } = scan;
        let unread: HashSet<_> = unread.into_iter().map(|name| self.hasher.hash_one(name)).collect();
        for (_, mark) in given.iter().filter(|(name, _)| unread.contains(name)) {
            loaded.remove(mark);
        }
        self.loaded = loaded;
    }

    /// Forgets what was loaded: the next scan finds everything.
    pub fn forget(&mut self) {
        self.loaded.clear();
    }
}

/// What changes when a file does: size, times and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    size: u64,
    modified_at: Option<SystemTime>,
    /// The time of the last change of its inode, which cannot be set back and tells of changed permissions too.
    changed_at: (i64, i64),
    pub inode: u64,
}

impl State {
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let changed_at = (metadata.ctime(), metadata.ctime_nsec());
        Self { size: metadata.len(), modified_at: metadata.modified().ok(), changed_at, inode: metadata.ino() }
    }

    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified_at: metadata.modified().ok(), changed_at: (0, 0), inode: 0 }
    }
}

/// The files that the watch writes itself: the store with what lies beside it, and the metrics.
#[derive(Debug, Clone)]
pub struct Own {
    files: Vec<PathBuf>,
}

impl Own {
    pub fn new(store: &Path, metrics: Option<&Path>) -> Self {
        Self { files: [Some(store), metrics].into_iter().flatten().map(absolute).collect() }
    }

    /// Whether a file is one of them: of their names, or of these with a dot and more behind them (`.wal`, `.watch`).
    pub fn is(&self, path: &Path) -> bool {
        let Some(name) = path.file_name() else { return false };
        let begins = |own: &Path| {
            let own = own.file_name().unwrap_or_default().as_encoded_bytes();
            let rest = name.as_encoded_bytes().strip_prefix(own);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
        };
        self.files.iter().any(|own| begins(own) && absolute(path).parent() == own.parent())
    }
}

/// The path with its folder spelled as it is without links; the file itself need not be there.
fn absolute(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(scan: &Scan) -> Vec<String> {
        scan.found
            .sources
            .iter()
            .map(|source| source.name().rsplit('/').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn what_changed_is_found_once_it_is_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let mut files = Files::new(
            vec![folder.path().to_owned(), at("a.json")],
            Narrow::default(),
            Own::new(&at("trail.duckdb"), Some(&at("m.prom"))),
        );
        for name in ["a.json", "trail.duckdb", "trail.duckdb.watch.json", "m.prom", "m.promise"] {
            fs::write(at(name), "1").expect("a file");
        }
        let written = Utc::now();
        let later = written + SETTLING * 2;
        let scan = files.scan(written);
        assert_eq!((names(&scan).len(), scan.waiting, scan.any), (0, 2, true), "a.json is at two paths");
        assert!(scan.settled_at.is_some_and(|at| at > written && at < later));
        let scan = files.scan(later);
        assert_eq!(names(&scan), ["a.json", "m.promise"]);
        assert_eq!(names(&files.scan(later)), ["a.json", "m.promise"], "until they are loaded");
        files.remember(scan, &[at("m.promise").display().to_string()]);
        assert_eq!(names(&files.scan(later)), ["m.promise"], "it could not be read");
        let scan = files.scan(later);
        files.remember(scan, &[]);
        assert_eq!(names(&files.scan(later)), [""; 0]);
        fs::write(at("a.json"), "12").expect("a file");
        assert_eq!(names(&files.scan(later + SETTLING)), ["a.json"]);
        files.forget();
        assert_eq!(names(&files.scan(later + SETTLING)), ["a.json", "m.promise"]);
    }

    #[test]
    fn a_file_that_is_written_all_the_time_is_found_after_a_minute() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.ndjson");
        let mut files =
            Files::new(vec![path.clone()], Narrow::default(), Own::new(&folder.path().join("trail.duckdb"), None));
        let begun = Utc::now();
        let mut found = Vec::new();
        for second in 0..130 {
            let now = begun + TimeDelta::seconds(second);
            fs::write(&path, second.to_string()).expect("a file");
            File::options().write(true).open(&path).and_then(|file| file.set_modified(now.into())).expect("our file");
            let scan = files.scan(now);
            if !names(&scan).is_empty() {
                found.push(second);
                files.remember(scan, &[]);
            }
        }
        assert_eq!(found, [60, 121]);
    }

    #[test]
    fn a_path_that_vanishes_is_said_and_what_was_there_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let logs = folder.path().join("logs");
        let write = || {
            fs::create_dir_all(&logs).expect("a folder");
            fs::write(logs.join("a.json"), "1").expect("a file");
        };
        write();
        let mut files =
            Files::new(vec![logs.clone()], Narrow::default(), Own::new(&folder.path().join("trail.duckdb"), None));
        let later = Utc::now() + SETTLING * 2;
        let scan = files.scan(later);
        files.remember(scan, &[]);
        assert_eq!(files.loaded.len(), 1);
        fs::remove_dir_all(&logs).expect("our folder");
        let scan = files.scan(later);
        assert!(!scan.any && scan.problems.len() == 1, "{:?}", scan.problems);
        files.remember(scan, &[]);
        assert_eq!(files.loaded.len(), 0);
        write();
        assert_eq!(names(&files.scan(later)), ["a.json"]);
    }
}
